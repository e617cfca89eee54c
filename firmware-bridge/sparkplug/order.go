package sparkplug

import (
	"bytes"
	"hash/fnv"
	"slices"
	"strings"

	"plantroom"
)

// order is the sequence of one node's messages.
type order struct {
	next     byte // the seq that has to come
	waiting  []waiting
	deadline plantroom.Instant // for the missing message; zero: none is missing
	recent   [16]heard         // by seq; what was used last
}

// waiting is a message that came before its turn.
type waiting struct {
	seq      byte
	topic    topic
	raw      []byte
	received plantroom.Instant
}

// heard is the mark of a message that was used.
type heard struct {
	seq  byte
	mark uint64 // 0: none
}

func mark(raw []byte) uint64 {
	h := fnv.New64a()
	h.Write(raw)
	return h.Sum64() | 1
}

// begin starts a sequence at a birth.
func (o *order) begin(seq byte, raw []byte) {
	o.recent = [16]heard{}
	o.used(seq, raw)
}

func (o *order) used(seq byte, raw []byte) {
	o.next = seq + 1
	o.recent[seq%16] = heard{seq, mark(raw)}
}

// twice reports a message that was used already, or waits already.
func (o *order) twice(seq byte, raw []byte) bool {
	if h := o.recent[seq%16]; h.seq == seq && h.mark == mark(raw) {
		return true
	}
	return slices.ContainsFunc(o.waiting, func(w waiting) bool { return w.seq == seq && bytes.Equal(w.raw, raw) })
}

func split(address string) (group, edge string) {
	group, edge, _ = strings.Cut(address, "/")
	return group, edge
}

// sequenced takes a message that has its place in a node's sequence.
func (d *decoder) sequenced(n *node, t topic, p *payload, c *collector) {
	switch seq := byte(p.seq); {
	case !p.hasSeq:
		c.fail("%s has no seq", t.verb)
	case !n.born:
		d.ask(n, c.now)
		c.fail("%s before a birth was heard: a rebirth is requested", t.verb)
	case seq == n.next:
		d.inTurn(n, t, p, c)
		d.follow(n, c)
	case n.twice(seq, p.raw):
	case p.timestamp != 0 && p.timestamp < n.bornAt: // of an earlier session
	default:
		d.hold(n, waiting{seq, t, p.raw, c.now}, c)
	}
}

// hold lets a message wait for those before it
// (tck-id-operational-behavior-host-reordering-start).
func (d *decoder) hold(n *node, w waiting, c *collector) {
	w.raw = bytes.Clone(w.raw)
	n.waiting = append(n.waiting, w)
	d.held += len(w.raw)
	if len(n.waiting) > maxHeld || d.held > maxHeldBytes {
		d.giveUp(n, c)
		return
	}
	if n.deadline == 0 {
		n.deadline = c.now.Add(d.reorder)
		d.soon(n.deadline)
	}
}

// drop forgets the messages that wait.
func (d *decoder) drop(n *node) {
	for _, w := range n.waiting {
		d.held -= len(w.raw)
	}
	n.waiting, n.deadline = nil, 0
}

// follow uses the messages whose turn has come, and ends or moves the deadline
// (tck-id-operational-behavior-host-reordering-success).
func (d *decoder) follow(n *node, c *collector) {
	for {
		i := slices.IndexFunc(n.waiting, func(w waiting) bool { return w.seq == n.next })
		if i < 0 {
			break
		}
		w := n.waiting[i]
		n.waiting = slices.Delete(n.waiting, i, i+1)
		d.release(n, w, c)
	}
	n.deadline = 0
	for _, w := range n.waiting {
		if at := w.received.Add(d.reorder); n.deadline == 0 || at < n.deadline {
			n.deadline = at
		}
	}
	d.soon(n.deadline)
}

// release uses one message that has waited.
func (d *decoder) release(n *node, w waiting, c *collector) {
	d.held -= len(w.raw)
	p, err := readPayload(w.raw)
	if err != nil {
		return // it was read before it had to wait
	}
	received := c.received
	c.received = w.received
	d.inTurn(n, w.topic, &p, c)
	c.received = received
}

// giveUp waits no longer for a missing message: a rebirth is requested
// (tck-id-operational-behavior-host-reordering-rebirth), and what has waited is
// used in its order. The missing message may have been a birth that gave the
// aliases another meaning, so they are forgotten.
func (d *decoder) giveUp(n *node, c *collector) {
	d.ask(n, c.now)
	n.aliases = nil
	late := n.waiting
	n.waiting, n.deadline = nil, 0
	first := n.next
	slices.SortStableFunc(late, func(a, b waiting) int { return int(a.seq-first) - int(b.seq-first) })
	for _, w := range late {
		d.release(n, w, c)
	}
}

// inTurn uses a message.
func (d *decoder) inTurn(n *node, t topic, p *payload, c *collector) {
	n.used(byte(p.seq), p.raw)
	switch t.verb {
	case "NDATA":
		d.data(n, &n.own, p, c)
	case "DDATA":
		dev := n.devices[t.device]
		if dev == nil || !dev.online || !dev.reborn {
			d.ask(n, c.now)
			c.fail("DDATA before the device's birth was heard: a rebirth is requested")
			return
		}
		d.data(n, dev, p, c)
	case "DBIRTH":
		d.deviceBirth(n, t, p, c)
	case "DDEATH":
		c.online(t.address(), false)
		if dev := n.devices[t.device]; dev != nil {
			d.unlearn(n, dev)
			dev.online = false
		}
	}
}

func (d *decoder) deviceBirth(n *node, t topic, p *payload, c *collector) {
	dev := n.devices[t.device]
	if dev == nil {
		if d.devices >= maxDevices {
			n.full = true
			c.fail("device number %d of this source", maxDevices+1)
			return
		}
		dev = &device{address: t.address()}
		n.devices[t.device] = dev
		d.devices++
	}
	d.unlearn(n, dev)
	d.birth(n, dev, p, c)
}

// timers does what is due at a node, and notes what will be.
func (d *decoder) timers(n *node, c *collector) {
	for _, t := range []struct {
		at   *plantroom.Instant
		most plantroom.Instant // farther away only after the clock was set back
		do   func()
	}{
		{&n.deadline, c.now.Add(d.reorder), func() { d.giveUp(n, c) }},
		{&n.want, c.now.Add(askAgain), func() {
			if n.want = 0; c.now.Sub(n.heard) < forgotten {
				d.ask(n, c.now)
			}
		}},
		{&n.awaits, c.now.Add(births), func() { n.awaits = 0; n.missing(c) }},
	} {
		*t.at = min(*t.at, t.most)
		if *t.at != 0 && c.now >= *t.at {
			t.do()
		}
		d.soon(*t.at)
	}
}

// missing ends the devices that were not born again after their node.
func (n *node) missing(c *collector) {
	for _, dev := range n.devices {
		if dev.online && !dev.reborn {
			dev.online = false
			c.online(dev.address, false)
		}
	}
}
