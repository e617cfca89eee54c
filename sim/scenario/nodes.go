package scenario

import (
	"slices"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/node"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/source/serial"
	"plantroom/sim/device"
)

// nodeLine is a serial line with its nodes, which have power of their own, and
// what the gateway makes of them while it has power. The line has a time of
// its own: a frame comes some milliseconds after it was sent.
type nodeLine struct {
	port  string
	baud  int
	nodes map[uint16]*device.Node
	order []uint16
	cut   Way

	gateway *serial.Nodes // nil: it has no power
	intake  *awaited
	mu      sync.Mutex
	answers []node.Message // of the gateway, not yet sent
}

// Way is a direction in which a line is cut.
type Way string

// The ways.
const (
	Whole    Way = ""
	Both     Way = "both" // pulled out
	FromNode Way = "from_node"
	ToNode   Way = "to_node"
)

// lines makes the serial lines of a file, with their nodes switched on.
func lines(now plantroom.Instant, seed uint64, c config.Config) map[string]*nodeLine {
	out := map[string]*nodeLine{}
	for _, l := range c.Serial {
		line := &nodeLine{port: l.Port, baud: l.Baud, nodes: map[uint16]*device.Node{}}
		if line.baud == 0 {
			line.baud = serial.DefaultBaud
		}
		for _, d := range l.Devices {
			line.nodes[d.Node] = device.NewNode(d.Node, now.Time(), dice(seed, string(d.Device)))
			line.order = append(line.order, d.Node)
		}
		out[l.Port] = line
	}
	return out
}

// power gives the line to a gateway that has just started.
func (l *nodeLine) power(c config.Line, spool intake.Spool) error {
	var rules []binding.Rule
	for _, n := range c.Devices {
		rules = append(rules, binding.Rule{Address: node.Address(n.Node), Device: n.Device, Map: n.Map})
	}
	binder, err := binding.New(rules, nil)
	if err != nil {
		return err
	}
	l.answers = nil
	l.intake = &awaited{Intake: intake.New(spool, binder)}
	l.gateway = serial.NewNodes(serial.NodesOptions{Port: c.Port, Intake: l.intake, Say: l.say})
	return nil
}

// awaited is an intake of which the stage waits for what it has taken.
type awaited struct {
	*intake.Intake
	taken receipts // of the present frame
}

// Take implements serial.Intake.
func (a *awaited) Take(m plantroom.Message, samples []plantroom.Sample, why error, done func(error)) {
	settled := a.taken()
	a.Intake.Take(m, samples, why, func(err error) {
		if done != nil {
			done(err)
		}
		settled(err)
	})
}

// say keeps an answer until what is on its way to the disk is there. The
// spool's goroutine calls it.
func (l *nodeLine) say(m node.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers = append(l.answers, m)
}

// flight is longer than a frame takes: what a node says within it is left to
// the next step, which knows all of what comes of it.
const flight = 20 * time.Millisecond

// toDisk is how long a reading is on its way to the disk: the spool's linger.
const toDisk = 20 * time.Millisecond

// until lets the nodes speak up to a moment. settle returns when what its
// argument has taken in is on disk.
func (l *nodeLine) until(now plantroom.Instant, settle func(func(receipts)) error) error {
	for {
		n, at := l.first()
		if n == nil || at.Add(flight).After(now.Time()) {
			return nil
		}
		b, err := n.Speak(at)
		if err != nil {
			return err
		}
		if l.gateway == nil || l.cut == Both || l.cut == FromNode {
			continue
		}
		at = at.Add(l.takes(b))
		if err := settle(func(taken receipts) {
			l.intake.taken = taken
			l.gateway.Feed(b, plantroom.At(at))
		}); err != nil {
			return err
		}
		if err := l.answer(at.Add(toDisk)); err != nil {
			return err
		}
	}
}

// first finds the node that speaks next; of two, that which stands first in the
// gateway's file.
func (l *nodeLine) first() (next *device.Node, at time.Time) {
	for _, id := range l.order {
		if n := l.nodes[id]; next == nil || n.Next().Before(at) {
			next, at = n, n.Next()
		}
	}
	return next, at
}

// answer sends what the gateway has to say, which all nodes of the line hear.
func (l *nodeLine) answer(at time.Time) error {
	l.mu.Lock()
	answers := slices.Clone(l.answers)
	l.answers = l.answers[:0]
	l.mu.Unlock()
	if l.cut == ToNode {
		return nil
	}
	for _, m := range answers {
		b, err := node.Append(nil, m)
		if err != nil {
			return err
		}
		at = at.Add(l.takes(b))
		for _, id := range l.order {
			l.nodes[id].Hear(at, b)
		}
	}
	return nil
}

// takes is how long bytes are on the line: ten bits each.
func (l *nodeLine) takes(b []byte) time.Duration {
	return time.Duration(len(b)) * 10 * time.Second / time.Duration(l.baud)
}
