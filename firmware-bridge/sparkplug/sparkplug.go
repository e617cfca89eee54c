package sparkplug

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"plantroom"
)

const (
	// Namespace is the first level of all topics (chapter 4).
	Namespace = "spBv1.0"
	// DefaultHost is the host id where none is given.
	DefaultHost = "plantroom"
	// DefaultReorder is how long a message waits for those before it. The
	// specification asks for a parameter and leaves its value open ("a couple
	// of seconds" in typical environments).
	DefaultReorder = 5 * time.Second
)

// Limits on what strangers can make a host remember.
const (
	maxNodes     = 1000
	maxDevices   = 10_000  // of all nodes
	maxKnown     = 20_000  // metrics of all births
	maxAddress   = 256     // bytes
	maxHeld      = 32      // messages of one node that wait
	maxHeldBytes = 2 << 20 // of all nodes
)

// Paces of a host.
const (
	askAgain    = time.Minute           // between two rebirth requests to one node
	forgotten   = 5 * time.Minute       // a node that has been silent so long is asked no more
	catchUpPace = 20 * time.Millisecond // between the requests to two nodes after a lost connection
	births      = 30 * time.Second      // after a node's birth, for those of its devices (ours; the specification has no number)
)

// Options says how to listen. The zero Options are good ones.
type Options struct {
	Prefix  string        // first levels of the topics in the place of Namespace, as behind a bridge
	Host    string        // the host id: unique among the host applications of a broker, without / + #
	Reorder time.Duration // how long a message waits for those before it; 0: DefaultReorder
}

func (o *Options) base() string {
	if o.Prefix == "" {
		return Namespace + "/"
	}
	return strings.TrimSuffix(o.Prefix, "/") + "/"
}

func (o *Options) state() string {
	host := o.Host
	if host == "" {
		host = DefaultHost
	}
	return o.base() + "STATE/" + host
}

// Topics gives the subscriptions: the messages of all nodes and devices, and
// the host's own state (tck-id-host-topic-phid-birth-sub-required).
func Topics(o Options) []string {
	var topics []string
	for _, verb := range []string{"NBIRTH/+", "NDATA/+", "NDEATH/+", "DBIRTH/+/+", "DDATA/+/+", "DDEATH/+/+"} {
		topics = append(topics, o.base()+"+/"+verb)
	}
	return append(topics, o.state())
}

// New makes a host application.
func New(o Options) plantroom.Speaker {
	if o.Reorder <= 0 {
		o.Reorder = DefaultReorder
	}
	return &decoder{base: o.base(), state: o.state(), reorder: o.Reorder, nodes: map[string]*node{}}
}

type decoder struct {
	base, state string
	reorder     time.Duration

	since int64 // ms: the time in the will of this connection
	say   []plantroom.Publication
	due   plantroom.Instant // the next turn; zero: none. It may be too early, never too late

	nodes          map[string]*node
	devices, known int // of all nodes
	held           int // bytes of messages that wait
}

// topic is one of a node's messages.
type topic struct {
	verb   string
	node   string // address: group/edge
	device string // "" for N-messages
}

// parse reads {group}/{verb}/{edge}[/{device}].
func parse(s string) (t topic, ok bool) {
	group, rest, _ := strings.Cut(s, "/")
	verb, rest, _ := strings.Cut(rest, "/")
	edge, device, deep := strings.Cut(rest, "/")
	switch verb {
	case "NBIRTH", "NDATA", "NDEATH":
		ok = !deep
	case "DBIRTH", "DDATA", "DDEATH":
		ok = deep && device != "" && !strings.Contains(device, "/")
	}
	return topic{verb: verb, node: group + "/" + edge, device: device}, ok && group != "" && edge != ""
}

// address is that of the samples.
func (t *topic) address() string {
	if t.device == "" {
		return t.node
	}
	return t.node + "/" + t.device
}

// Decode implements plantroom.Decoder. A message whose metrics are partly of no
// use gives the samples of the others together with an error.
func (d *decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	if m.Topic == d.state {
		d.contradict(m)
		return nil, nil
	}
	rest, ok := strings.CutPrefix(m.Topic, d.base)
	if !ok || len(m.Payload) == 0 {
		return nil, nil
	}
	t, ok := parse(rest)
	if !ok {
		return nil, nil
	}
	c := collector{now: m.Received, received: m.Received}
	switch p, err := readPayload(m.Payload); {
	case len(t.node)+len(t.device) > maxAddress:
		c.fail("an address of %d bytes: at most %d", len(t.node)+len(t.device), maxAddress)
	case m.Retained:
		c.fail("%s is retained: Sparkplug forbids that, and its time is not known", t.verb)
	case err != nil:
		c.fail("%w", err)
	default:
		d.hear(t, &p, &c)
	}
	if c.err != nil {
		return c.samples, plantroom.Errorf(plantroom.CodeInvalid, "sparkplug %.80s: %w", t.address(), c.err)
	}
	return c.samples, nil
}

// hear takes a message that is well-formed.
func (d *decoder) hear(t topic, p *payload, c *collector) {
	n := d.admit(t.node, c.now)
	if n == nil {
		c.fail("more than %d edge nodes: let topics name those of this site", maxNodes)
		return
	}
	n.heard = c.now
	switch t.verb {
	case "NBIRTH":
		d.nodeBirth(n, p, c)
	case "NDEATH":
		d.nodeDeath(n, p, c)
	default:
		d.sequenced(n, t, p, c)
	}
}

// contradict says again that the host is online where its topic says that it
// is not: the will of an earlier connection came late
// (tck-id-message-flow-hid-sparkplug-state-message-delivered).
func (d *decoder) contradict(m plantroom.Message) {
	var said struct {
		Online *bool `json:"online"`
	}
	if len(m.Payload) > 1024 || json.Unmarshal(m.Payload, &said) != nil || said.Online == nil || *said.Online {
		return
	}
	d.say = append(d.say, d.publication(true))
}

// publication is the host's state (chapter 4, "Sparkplug Host Application Birth
// Message"), retained and at QoS 1.
func (d *decoder) publication(online bool) plantroom.Publication {
	return plantroom.Publication{
		Topic: d.state, QoS: 1, Retain: true,
		Payload: fmt.Appendf(nil, `{"online":%t,"timestamp":%d}`, online, d.since),
	}
}

// Will implements plantroom.Speaker. The birth of the same connection carries
// the same time (tck-id-host-topic-phid-birth-payload-timestamp).
func (d *decoder) Will(now plantroom.Instant) *plantroom.Publication {
	d.since = int64(now / 1_000_000)
	p := d.publication(false)
	return &p
}

// Turn implements plantroom.Speaker: it says that the host is online, asks for
// rebirths, and lets nobody wait for ever.
func (d *decoder) Turn(now plantroom.Instant, connected bool) plantroom.Turn {
	var t plantroom.Turn
	if connected {
		t.Publish = append(t.Publish, d.publication(true))
		d.catchUp(now)
	}
	c := collector{now: now, received: now}
	if d.due != 0 && (now >= d.due || d.due.Sub(now) > 2*askAgain) { // or the clock was set back
		d.due = 0
		for _, n := range d.nodes {
			d.timers(n, &c)
		}
	}
	if c.err != nil {
		t.Err = plantroom.Errorf(plantroom.CodeInvalid, "sparkplug: %w", c.err)
	}
	t.Samples, t.Next = c.samples, d.due
	t.Publish, d.say = append(t.Publish, d.say...), nil
	return t
}

// catchUp has all living nodes born again after a connection was lost: what
// they published meanwhile, at QoS 0, is gone, and a node that speaks only of
// changes would not show the gap for hours. They are asked one after the other.
func (d *decoder) catchUp(now plantroom.Instant) {
	at := now
	for _, n := range d.nodes {
		if n.born && n.want == 0 {
			at = at.Add(catchUpPace)
			n.want, n.heard = at, now
			d.soon(at)
		}
	}
}

// soon notes that there is something to do at a time.
func (d *decoder) soon(at plantroom.Instant) {
	if at != 0 && (d.due == 0 || at < d.due) {
		d.due = at
	}
}

// collector gathers what comes of a message.
type collector struct {
	now      plantroom.Instant
	received plantroom.Instant // of the message, which may have waited
	samples  []plantroom.Sample
	err      error
}

func (c *collector) add(address, signal string, v plantroom.Value, at plantroom.Instant, q plantroom.Quality) {
	c.samples = append(c.samples, plantroom.Sample{Address: address, Signal: signal, Value: v, At: at, Quality: q})
}

func (c *collector) online(address string, is bool) {
	c.add(address, "online", plantroom.Bool(is), c.received, plantroom.Good)
}

// fail notes the first fault.
func (c *collector) fail(format string, args ...any) {
	if c.err == nil {
		c.err = plantroom.Errorf(plantroom.CodeInvalid, format, args...)
	}
}
