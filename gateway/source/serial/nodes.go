package serial

import (
	"log/slog"
	"slices"
	"sync"

	"plantroom"
	"plantroom/firmware-bridge/node"
)

// NodesOptions says what a line's bytes become.
type NodesOptions struct {
	Port   string // in messages
	Intake Intake
	Say    func(node.Message) // sends to a node; must not wait, and may lose the message
	Done   func(node.Message) // hears what became of a command; nil: nobody waits
	Logger *slog.Logger       // nil: silent
}

// Nodes is the heart of a Source: what a gateway knows of the nodes on one line,
// what it takes in of what they say, and when it acknowledges it. It has no
// port, no goroutine and no clock. Its methods may be called concurrently, but
// for Opened and Feed, which are for whoever reads the line.
type Nodes struct {
	o     NodesOptions
	split node.Splitter

	mu      sync.Mutex
	nodes   map[uint16]*peer
	storing int           // readings on their way to the disk
	settled chan struct{} // storing came to 0; buffered
	state   State         // of it the counts alone
}

// peer is a node, and when it was last heard.
type peer struct {
	node.Peer
	last plantroom.Instant
}

// NewNodes makes a Nodes that has heard nothing.
func NewNodes(o NodesOptions) *Nodes {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Nodes{o: o, nodes: map[uint16]*peer{}, settled: make(chan struct{}, 1)}
}

// Opened forgets the half of a frame that the line had brought before it was
// lost.
func (n *Nodes) Opened() { n.split = node.Splitter{} }

// Feed takes what has come over the line.
func (n *Nodes) Feed(p []byte, received plantroom.Instant) {
	n.split.Feed(p, func(f []byte) { n.frame(f, received) }, nil)
}

// frame takes what stood between two delimiters.
func (n *Nodes) frame(f []byte, received plantroom.Instant) {
	msg := plantroom.Message{Topic: n.o.Port, Payload: slices.Clone(f), Received: received}
	m, err := node.Decode(f)
	n.mu.Lock()
	n.state.Messages++
	if node.IsNoise(err) {
		n.state.Noise++
		n.mu.Unlock()
		return
	}
	var v node.Verdict
	if err == nil {
		v, err = n.hear(m, received)
	}
	n.mu.Unlock()
	if err == nil && m.Kind == node.Done && n.o.Done != nil {
		n.o.Done(m)
	}
	switch {
	case v.Ack:
		n.acknowledge(m)
	case v.Store:
		n.o.Intake.Take(msg, v.Samples, nil, func(err error) { n.stored(m, err) })
	case err != nil || len(v.Samples) > 0:
		n.o.Intake.Take(msg, v.Samples, err, nil)
	}
}

// hear has the node's peer judge a message.
func (n *Nodes) hear(m node.Message, received plantroom.Instant) (node.Verdict, error) {
	p := n.nodes[m.Node]
	if p == nil {
		if len(n.nodes) >= maxNodes {
			return node.Verdict{}, plantroom.Errorf(plantroom.CodeTooLarge, "node %d would be number %d on this line: at most %d", m.Node, maxNodes+1, maxNodes)
		}
		p = &peer{}
		n.nodes[m.Node] = p
	}
	p.last = received
	if m.Kind == node.Hello && m.Dropped != p.Dropped() {
		n.o.Logger.Warn("a node had no room for readings", "node", m.Node, "dropped", m.Dropped)
	}
	v := p.Hear(m, received)
	if v.Store {
		n.storing++
	}
	return v, nil
}

// stored acknowledges a reading, or has its node send it again. The spool's
// goroutine calls it.
func (n *Nodes) stored(m node.Message, err error) {
	n.mu.Lock()
	p := n.nodes[m.Node]
	if err == nil {
		p.Stored(m.Boot, m.Seq)
	} else {
		p.Failed(m.Boot, m.Seq)
		n.state.Failed++
	}
	n.mu.Unlock()
	if err == nil {
		n.acknowledge(m)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.storing--; n.storing == 0 {
		select {
		case n.settled <- struct{}{}:
		default:
		}
	}
}

func (n *Nodes) acknowledge(m node.Message) {
	n.o.Say(node.Message{Kind: node.Ack, Node: m.Node, Boot: m.Boot, Seq: m.Seq})
}

// waiting is how many readings are on their way to the disk.
func (n *Nodes) waiting() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.storing
}

// fill adds what is known of the nodes to a snapshot.
func (n *Nodes) fill(st *State) {
	n.mu.Lock()
	defer n.mu.Unlock()
	st.Messages, st.Noise, st.Failed = n.state.Messages, n.state.Noise, n.state.Failed
	for number, p := range n.nodes {
		st.Nodes = append(st.Nodes, NodeState{number, p.Firmware(), p.last, p.Dropped(), p.Missing()})
	}
	slices.SortFunc(st.Nodes, func(a, b NodeState) int { return int(a.Node) - int(b.Node) })
}
