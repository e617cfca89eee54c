package history

import (
	"encoding/binary"
	"math"

	"plantroom"
)

// coder writes values behind each other, or reads them in the same order: what is
// kept of a row is said once, and both ways follow it. Numbers are little-endian.
type coder struct {
	b       []byte
	reading bool
	short   bool // there was less to read than was wanted; what was read since is zero
}

// next is the next n bytes, to be written or read.
func (c *coder) next(n int) []byte {
	if !c.reading {
		c.b = append(c.b, make([]byte, n)...)
		return c.b[len(c.b)-n:]
	}
	if len(c.b) < n {
		c.short, c.b = true, nil
		return make([]byte, n)
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *coder) u8(v *uint8) {
	if b := c.next(1); c.reading {
		*v = b[0]
	} else {
		b[0] = *v
	}
}

func (c *coder) u16(v *uint16) {
	if b := c.next(2); c.reading {
		*v = binary.LittleEndian.Uint16(b)
	} else {
		binary.LittleEndian.PutUint16(b, *v)
	}
}

func (c *coder) u32(v *uint32) {
	if b := c.next(4); c.reading {
		*v = binary.LittleEndian.Uint32(b)
	} else {
		binary.LittleEndian.PutUint32(b, *v)
	}
}

func (c *coder) f32(v *float32) {
	n := math.Float32bits(*v)
	c.u32(&n)
	*v = math.Float32frombits(n)
}

func (c *coder) i64(v *int64) {
	if b := c.next(8); c.reading {
		*v = int64(binary.LittleEndian.Uint64(b))
	} else {
		binary.LittleEndian.PutUint64(b, uint64(*v))
	}
}

func (c *coder) instant(v *plantroom.Instant) { c.i64((*int64)(v)) }

func (c *coder) bytes(v []byte) {
	if b := c.next(len(v)); c.reading {
		copy(v, b)
	} else {
		copy(b, v)
	}
}

// text is at most 65,535 bytes long; what is longer is cut off.
func (c *coder) text(v *string) {
	n := uint16(min(len(*v), math.MaxUint16))
	c.u16(&n)
	if b := c.next(int(n)); c.reading {
		*v = string(b)
	} else {
		copy(b, *v)
	}
}

// code writes or reads a row of an order.
func (r *orderRow) code(c *coder) {
	for _, v := range []*plantroom.Instant{&r.raised, &r.acknowledged, &r.attended, &r.restored, &r.verified, &r.closed, &r.eta, &r.due} {
		c.instant(v)
	}
	c.f32(&r.used)
	for k := range r.took {
		c.f32(&r.took[k])
	}
	for _, v := range []*uint32{&r.asset, &r.building, &r.domain, &r.rule, &r.cause, &r.holder} {
		c.u32(v)
	}
	c.u16((*uint16)(&r.clocks))
	for _, v := range []*uint8{&r.state, &r.severity, &r.worst, &r.reopens, &r.wrong} {
		c.u8(v)
	}
}

// code writes or reads a row of an incident.
func (r *incidentRow) code(c *coder) {
	c.instant(&r.begin)
	c.instant(&r.end)
	c.bytes(r.key[:])
	for _, v := range []*uint32{&r.asset, &r.building, &r.domain, &r.rule, &r.cause, &r.order} {
		c.u32(v)
	}
	c.u8(&r.severity)
	c.u8(&r.state)
}
