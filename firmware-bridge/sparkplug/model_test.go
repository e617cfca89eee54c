package sparkplug_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
)

// edge is the model of an edge node with two devices, and of a network that
// drops, doubles and reorders what it says.
type edge struct {
	seq, bdSeq int
	values     map[string]uint32 // by address and metric: what the node holds
	queue      []packet          // on its way
	clock      uint64            // ms
}

type packet struct {
	topic   string
	payload []byte
}

var outlets = []struct{ address, metric, birth, data string }{
	{node, "a", nBirth, nData},
	{plc, "b", dBirth, dData},
	{node + "/other", "c", "spBv1.0/Block1/DBIRTH/Pumps/other", "spBv1.0/Block1/DDATA/Pumps/other"},
}

func (e *edge) send(topic string, metrics ...pb) {
	e.clock++
	e.queue = append(e.queue, packet{topic, says(e.clock, e.seq%256, metrics...)})
	e.seq++
}

// births says everything anew, each metric under an alias that depends on the
// session, so that an alias of an earlier one means something else.
func (e *edge) births() {
	e.seq = 0
	for i, o := range outlets {
		metrics := []pb{m(o.metric, 7).alias(e.aliasOf(i)).at(e.clock).int(e.values[o.metric])}
		if i == 0 {
			metrics = append(metrics, m("bdSeq", 8).at(e.clock).long(uint64(e.bdSeq)))
		}
		e.send(o.birth, metrics...)
	}
}

func (e *edge) aliasOf(outlet int) uint64 { return uint64((outlet + e.bdSeq) % len(outlets)) }

// change sets a value and says so.
func (e *edge) change(outlet int, to uint32) {
	o := outlets[outlet]
	e.values[o.metric] = to
	e.send(o.data, m("", 0).alias(e.aliasOf(outlet)).at(e.clock).int(to))
}

// Whatever a network does to a node's messages: in the end the host has the
// node's last values, or has asked for them. With the request answered it has
// them.
func TestTheHostEndsWithTheNodesValuesOrAsksForThem(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := newHost(t)
		e := &edge{values: map[string]uint32{}, clock: ms}
		got := map[string]uint32{}
		take := func(samples []plantroom.Sample) {
			for _, s := range samples {
				if s.Signal == "online" {
					continue
				}
				known := false
				for _, o := range outlets {
					known = known || o.address == s.Address && o.metric == s.Signal
				}
				if !known {
					r.Fatalf("%s has no metric %s: an alias was taken for another", s.Address, s.Signal)
				}
				got[s.Signal] = uint32(s.Value.Num())
			}
		}
		deliver := func(p packet) {
			s, err := h.hear(p.topic, p.payload)
			take(s)
			_ = err // data before a birth
		}
		e.births()
		for range rapid.IntRange(1, 120).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"change", "change", "change", "deliver", "deliver", "deliver", "swap", "drop", "double", "restart", "wait"}).Draw(r, "step") {
			case "change":
				e.change(rapid.IntRange(0, 2).Draw(r, "outlet"), rapid.Uint32Range(0, 1000).Draw(r, "value"))
			case "deliver":
				if len(e.queue) > 0 {
					deliver(e.queue[0])
					e.queue = e.queue[1:]
				}
			case "swap":
				if n := len(e.queue); n > 1 {
					i := rapid.IntRange(0, n-2).Draw(r, "at")
					e.queue[i], e.queue[i+1] = e.queue[i+1], e.queue[i]
				}
			case "drop":
				if n := len(e.queue); n > 0 {
					i := rapid.IntRange(0, n-1).Draw(r, "at")
					e.queue = append(e.queue[:i:i], e.queue[i+1:]...)
				}
			case "double":
				if n := len(e.queue); n > 0 {
					i := rapid.IntRange(0, n-1).Draw(r, "at")
					e.queue = append(e.queue[:i+1:i+1], e.queue[i:]...)
				}
			case "restart":
				dead := uint64(e.bdSeq)
				e.bdSeq++
				e.births()
				e.queue = append(e.queue, packet{nDeath, ndeath(e.clock, dead)}) // the will of the old session, late
			case "wait":
				take(h.wait(time.Duration(rapid.IntRange(1, 9000).Draw(r, "ms")) * time.Millisecond))
			}
		}
		for _, p := range e.queue {
			deliver(p)
		}
		h.rebirths()
		// One more message shows whether any before it is missing.
		e.queue = nil
		e.change(0, 2000)
		deliver(e.queue[0])
		take(h.wait(2 * time.Minute))
		if same(got, e.values) {
			return
		}
		if h.rebirths() == 0 {
			r.Fatalf("the host has %v, the node %v, and no rebirth was requested", got, e.values)
		}
		e.queue = nil
		e.births()
		for _, p := range e.queue {
			deliver(p)
		}
		if !same(got, e.values) {
			r.Fatalf("after the rebirth the host has %v, the node %v", got, e.values)
		}
		if h.wait(5 * time.Minute); h.rebirths() != 0 {
			r.Fatal("a rebirth was requested after the birth")
		}
	})
}

// same ignores values that the node has never had.
func same(got, want map[string]uint32) bool {
	for k, v := range want {
		if got[k] != v {
			return false
		}
	}
	return true
}
