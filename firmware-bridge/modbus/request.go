package modbus

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// defaultPeriod is how often a block is read whose map does not say.
const defaultPeriod = 10 * time.Second

// Request is one question to a device, and what the answer holds.
type Request struct {
	Table   Table
	Address uint16
	Count   uint16
	Period  time.Duration
	Points  []*Point // by address
	Map     string   // the name of the map, for messages
}

// String gives "input registers 8000 to 8003".
func (r *Request) String() string {
	what := string(r.Table) + " register"
	switch r.Table {
	case Coil:
		what = "coil"
	case Discrete:
		what = "discrete input"
	}
	if r.Count == 1 {
		return fmt.Sprintf("%s %d", what, r.Address)
	}
	return fmt.Sprintf("%ss %d to %d", what, r.Address, int(r.Address)+int(r.Count)-1)
}

// Requests plans how to read the points that keep wants, with as few requests
// as the protocol, the map's Most and its blocks permit: blocks that touch and
// have one period are read together, and no value is torn into two requests.
// The map must have no Problems.
func (m *Map) Requests(keep func(*Point) bool) []Request {
	var out []Request
	blocks := make([]*Block, len(m.Blocks))
	for i := range m.Blocks {
		blocks[i] = &m.Blocks[i]
	}
	slices.SortStableFunc(blocks, func(a, b *Block) int {
		return cmp.Or(cmp.Compare(a.period(), b.period()), cmp.Compare(a.Table, b.Table), cmp.Compare(a.Address, b.Address))
	})
	for i := 0; i < len(blocks); {
		points := blocks[i].wanted(nil, keep)
		last := blocks[i]
		for i++; i < len(blocks) && last.touches(blocks[i]); i++ {
			last = blocks[i]
			points = last.wanted(points, keep)
		}
		out = m.cut(out, last, points)
	}
	return out
}

func (b *Block) period() time.Duration {
	if b.Period <= 0 {
		return defaultPeriod
	}
	return time.Duration(b.Period)
}

// touches reports whether b may be read on into the next block.
func (b *Block) touches(next *Block) bool {
	return b.Table == next.Table && b.period() == next.period() && int(b.Address)+int(b.Count) == int(next.Address)
}

func (b *Block) wanted(to []*Point, keep func(*Point) bool) []*Point {
	first := len(to)
	for i := range b.Points {
		if p := &b.Points[i]; keep(p) {
			to = append(to, p)
		}
	}
	slices.SortStableFunc(to[first:], func(a, b *Point) int { return cmp.Compare(a.Address, b.Address) })
	return to
}

// cut makes requests of the points of one run of registers.
func (m *Map) cut(out []Request, of *Block, points []*Point) []Request {
	most := MaxBits
	if !of.Table.Bits() {
		most = MaxRegisters
		if m.Most > 0 {
			most = max(int(m.Most), 2) // a value of 32 bits is never torn
		}
	}
	for len(points) > 0 {
		start, end, n := int(points[0].Address), 0, 0
		for _, p := range points {
			after := max(end, int(p.Address)+p.registers())
			if after-start > most {
				break
			}
			end, n = after, n+1
		}
		out = append(out, Request{
			Table: of.Table, Address: uint16(start), Count: uint16(end - start), Period: of.period(), Points: points[:n:n], Map: m.Name,
		})
		points = points[n:]
	}
	return out
}
