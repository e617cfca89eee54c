package node

import (
	"strconv"
	"time"

	"plantroom"
)

// Peer is what a gateway remembers of one node. It is pure: it decides from a
// message and the time at which it came. The zero Peer has heard nothing.
//
// A node sends its oldest reading until that is acknowledged, and then the
// next; so the newest sequence number that is safe tells a repeated reading
// from a new one, and a number that is left out is one that the node had no
// room for.
type Peer struct {
	boot     uint32
	heard    bool
	stored   uint32 // the newest reading of this boot that is safe; 0: none yet
	storing  uint32 // the reading that is on its way to the disk; 0: none
	clock    clock
	firmware string
	dropped  uint32
	missing  uint64
}

// Verdict is what a gateway has to do about a message.
type Verdict struct {
	Samples []plantroom.Sample // to be taken in
	Store   bool               // say Stored once they are durable, or Failed
	Ack     bool               // acknowledge it now: it is safe already
}

// Address is the address of a node's samples: its number.
func Address(node uint16) string { return strconv.Itoa(int(node)) }

// Hear takes a message that came from the node. Acks and commands, which come
// from nobody but gateways, change nothing.
func (p *Peer) Hear(m Message, received plantroom.Instant) Verdict {
	if m.Kind != Hello && m.Kind != Reading && m.Kind != Done {
		return Verdict{}
	}
	if !p.heard || p.boot != m.Boot {
		*p = Peer{heard: true, boot: m.Boot, firmware: p.firmware, missing: p.missing}
	}
	switch m.Kind {
	case Hello:
		p.firmware, p.dropped = m.Firmware, m.Dropped
		p.clock.see(m.Uptime, received)
		return Verdict{Samples: []plantroom.Sample{{
			Address: Address(m.Node), Signal: "heartbeat", Value: plantroom.Bool(true), At: received,
		}}}
	case Reading:
		return p.reading(m, received)
	}
	return Verdict{}
}

func (p *Peer) reading(m Message, received plantroom.Instant) Verdict {
	sent := p.clock.see(m.At+m.Age, received)
	switch {
	case m.Seq <= p.stored:
		return Verdict{Ack: true}
	case m.Seq == p.storing:
		return Verdict{} // its acknowledgement comes when it is on disk
	}
	p.storing = m.Seq
	return Verdict{Store: true, Samples: []plantroom.Sample{{
		Address: Address(m.Node), Signal: m.Signal, Value: m.Value, At: sent.Add(-time.Duration(m.Age) * time.Millisecond),
	}}}
}

// Stored notes that a reading is durable, so that it is acknowledged and not
// taken again.
func (p *Peer) Stored(boot, seq uint32) {
	if p.boot != boot || p.storing != seq {
		return // the node has started anew, or gone on
	}
	if p.stored > 0 {
		p.missing += uint64(seq - p.stored - 1)
	}
	p.stored, p.storing = seq, 0
}

// Failed notes that a reading could not be stored: the node will send it again.
func (p *Peer) Failed(boot, seq uint32) {
	if p.boot == boot && p.storing == seq {
		p.storing = 0
	}
}

// Firmware is the version that the node last told.
func (p *Peer) Firmware() string { return p.firmware }

// Dropped is how many readings the node says that it had no room for since
// its start, and Missing how many sequence numbers were left out, over all of
// its starts. They differ while a hello or a reading is outstanding.
func (p *Peer) Dropped() uint32 { return p.dropped }

// Missing: see Dropped.
func (p *Peer) Missing() uint64 { return p.missing }

// clock places a node's uptime on the gateway's clock. A frame never comes
// before it was sent, so the least difference that was seen is the best one;
// it may creep upwards, since a node's clock may be slow (a resonator within
// 0.5 %, an RC oscillator within 2 %), and jumps where the gateway's own clock
// was set.
type clock struct {
	seen   bool
	uptime uint32            // of the last frame's sending, ms
	total  int64             // the same without wrapping
	last   plantroom.Instant // when that frame came
	offset time.Duration     // gateway's clock less the node's uptime
}

// What differences are believed.
const (
	creep  = 50              // one part in so many: 2 %
	delay  = 5 * time.Second // longer is no delay of a frame but a clock that was set
	origin = plantroom.Instant(0)
)

// see notes that a frame which was sent at an uptime has come, and returns
// when it was sent on the gateway's clock.
func (c *clock) see(uptime uint32, received plantroom.Instant) plantroom.Instant {
	c.total += int64(int32(uptime - c.uptime)) // a frame that waited goes back a little
	c.uptime = uptime
	if !c.seen {
		c.total = int64(uptime)
	}
	since := time.Duration(c.total) * time.Millisecond
	now := received.Sub(origin) - since
	grown := c.offset + max(0, received.Sub(c.last))/creep
	if !c.seen || now < grown || now-grown > delay {
		grown = now
	}
	c.seen, c.last, c.offset = true, received, grown
	return origin.Add(grown + since)
}
