package device

import (
	"math/rand/v2"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/node"
)

// Node is a sensor node as docs/node.md describes it: it keeps what it has
// measured and sends the oldest of it until it is acknowledged. It knows no
// time but that since its start.
type Node struct {
	id     uint16
	random *rand.Rand

	boot    uint32
	started time.Time
	slow    float64 // the part of its time that its clock misses
	seq     uint32
	dropped uint32
	queue   []waiting
	due     time.Time // of the oldest reading
	pause   time.Duration
	hello   time.Time
	split   node.Splitter
}

// waiting is a reading in the queue.
type waiting struct {
	seq    uint32
	signal string
	value  plantroom.Value
	at     uint32 // ms of uptime
}

// The pace of a node (docs/node.md), and the length of its queue in the
// library in C.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 8 * time.Second
	helloEvery   = time.Minute
	queueLength  = 16
	firmware     = "1.4.0"
)

// NewNode switches a node on.
func NewNode(id uint16, now time.Time, random *rand.Rand) *Node {
	n := &Node{id: id, random: random}
	n.Restart(now, 0, 0)
	return n
}

// Restart resets the node: what it has not sent is gone, and it counts from 1
// in a boot of its own. Its clock says that it has been up for a time, and
// misses a part of the time that passes.
func (n *Node) Restart(now time.Time, up time.Duration, slow float64) {
	*n = Node{id: n.id, random: n.random, boot: n.random.Uint32(), slow: slow, hello: now, pause: firstPause}
	n.started = now.Add(-time.Duration(float64(up) / (1 - slow)))
}

// uptime is what the node takes for its uptime, in ms; it wraps after 49 days.
func (n *Node) uptime(now time.Time) uint32 {
	return uint32(uint64(float64(now.Sub(n.started).Milliseconds()) * (1 - n.slow)))
}

// Measure puts a reading into the queue. A full one drops its oldest.
func (n *Node) Measure(now time.Time, signal string, v plantroom.Value) {
	if len(n.queue) == queueLength {
		n.queue = n.queue[1:]
		n.dropped++
		n.next(now)
	}
	if len(n.queue) == 0 {
		n.next(now)
	}
	n.seq++
	n.queue = append(n.queue, waiting{n.seq, signal, v, n.uptime(now)})
}

// next makes the oldest reading due at once.
func (n *Node) next(now time.Time) { n.due, n.pause = now, firstPause }

// Next is when the node will say something.
func (n *Node) Next() time.Time {
	if len(n.queue) > 0 && n.due.Before(n.hello) {
		return n.due
	}
	return n.hello
}

// Speak returns what the node puts on the line at the time that Next has
// given.
func (n *Node) Speak(now time.Time) ([]byte, error) {
	if len(n.queue) == 0 || !n.due.Before(n.hello) {
		n.hello = now.Add(n.longer(helloEvery))
		return node.Append(nil, node.Message{Kind: node.Hello, Node: n.id, Boot: n.boot, Firmware: firmware, Uptime: n.uptime(now), Dropped: n.dropped})
	}
	w := n.queue[0]
	n.due = now.Add(n.longer(n.pause))
	n.pause = min(2*n.pause, longestPause)
	return node.Append(nil, node.Message{Kind: node.Reading, Node: n.id, Boot: n.boot, Seq: w.seq, Signal: w.signal, Value: w.value,
		At: w.at, Age: n.uptime(now) - w.at})
}

// longer adds up to a quarter, so that two nodes do not stay together.
func (n *Node) longer(d time.Duration) time.Duration {
	return d + time.Duration(n.random.Int64N(int64(d/4)))
}

// Hear takes what comes over the line, which may be meant for another node.
func (n *Node) Hear(now time.Time, p []byte) {
	n.split.Feed(p, func(f []byte) {
		m, err := node.Decode(f)
		if err == nil && m.Kind == node.Ack && m.Node == n.id && m.Boot == n.boot && len(n.queue) > 0 && m.Seq == n.queue[0].seq {
			n.queue = n.queue[1:]
			n.next(now)
		}
	}, nil)
}
