package modbus

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Problem is one thing that is wrong with a map.
type Problem struct {
	Path    string // JSON pointer in the map: /blocks/0/points/2
	Problem string
	Remedy  string
}

// Error gives "path: problem; remedy".
func (p Problem) Error() string { return p.Path + ": " + p.Problem + "; " + p.Remedy }

// checker collects problems.
type checker struct {
	found   []Problem
	signals map[string]bool
	points  int
}

func (c *checker) add(path, remedy, format string, args ...any) {
	c.found = append(c.found, Problem{path, fmt.Sprintf(format, args...), remedy})
}

// Problems lists what is wrong with a map beyond its schema; nil: nothing.
func (m *Map) Problems() []Problem {
	c := &checker{signals: map[string]bool{}}
	if m.Most > MaxRegisters {
		c.add("/max_registers", "use at most 125", "%d registers do not fit into one answer", m.Most)
	}
	for i := range m.Blocks {
		c.block(fmt.Sprintf("/blocks/%d", i), &m.Blocks[i])
		for j := range m.Blocks[:i] {
			c.apart(fmt.Sprintf("/blocks/%d", i), &m.Blocks[j], &m.Blocks[i])
		}
	}
	if len(m.Blocks) == 0 {
		c.add("/blocks", "add one", "the map has no blocks")
	}
	if c.points > MaxPoints {
		c.add("/blocks", fmt.Sprintf("use at most %d, or two maps", MaxPoints), "the map has %d points", c.points)
	}
	return c.found
}

// apart wants that two blocks of a table do not overlap.
func (c *checker) apart(path string, a, b *Block) {
	if a.Table == b.Table && int(a.Address) < int(b.Address)+int(b.Count) && int(b.Address) < int(a.Address)+int(a.Count) {
		c.add(path+"/address", "make one block of them, or correct address and count", "the block overlaps another one of the table %s, at %d", a.Table, a.Address)
	}
}

func (c *checker) block(path string, b *Block) {
	switch b.Table {
	case Holding, Input, Coil, Discrete:
	default:
		c.add(path+"/table", "use holding, input, coil or discrete", "there is no table %.20q", b.Table)
	}
	if end := int(b.Address) + int(b.Count); b.Count == 0 || end > 1<<16 {
		c.add(path+"/count", "addresses are 0 to 65535", "the block goes from %d to %d", b.Address, end-1)
	}
	if d := time.Duration(b.Period); d != 0 && (d < 100*time.Millisecond || d > 24*time.Hour) {
		c.add(path+"/period", "use 100ms to 24h", "a period of %s is no use", d)
	}
	if len(b.Points) == 0 {
		c.add(path+"/points", "add one, or remove the block", "nothing is read from the block")
	}
	c.points += len(b.Points)
	if len(b.Points) > MaxPoints {
		return // said for the whole map
	}
	for i := range b.Points {
		at := fmt.Sprintf("%s/points/%d", path, i)
		c.point(at, b, &b.Points[i])
		for j := range b.Points[:i] {
			c.agree(at, &b.Points[j], &b.Points[i])
		}
	}
}

// agree wants two points to take the same registers or different ones: half of
// another value is never a value.
func (c *checker) agree(path string, a, b *Point) {
	a0, a1 := int(a.Address), int(a.Address)+a.registers()
	b0, b1 := int(b.Address), int(b.Address)+b.registers()
	if a0 < b1 && b0 < a1 && (a0 != b0 || a1 != b1) {
		c.add(path+"/address", "correct address or type of one of them", "%.40q shares only a part of its registers with %.40q", b.Signal, a.Signal)
	}
}

func (c *checker) point(path string, b *Block, p *Point) {
	if p.Signal == "" || len(p.Signal) > 64 {
		c.add(path+"/signal", "use 1 to 64 characters", "the signal's name has %d characters", len(p.Signal))
	}
	if c.signals[p.Signal] {
		c.add(path+"/signal", "give it another name", "the signal %.40q stands twice in the map", p.Signal)
	}
	c.signals[p.Signal] = true
	if p.Address < b.Address || int(p.Address)+p.registers() > int(b.Address)+int(b.Count) {
		c.add(path+"/address", "correct the address, or the block's address and count", "the point lies outside its block, which goes from %d to %d", b.Address, int(b.Address)+int(b.Count)-1)
	}
	c.kind(path, b.Table, p)
	c.numbers(path, p)
	c.states(path, p)
}

// kind checks the type and what goes with some types only.
func (c *checker) kind(path string, t Table, p *Point) {
	unsigned := p.Type == Uint16 || p.Type == Uint32
	switch p.Type {
	case Bit, Uint16, Int16, Uint32, Int32, Float32:
		if t.Bits() && p.Type != Bit {
			c.add(path+"/type", "leave the type out", "the table %s holds bits, not %s", t, p.Type)
		}
	default:
		if p.Type != "" || !t.Bits() {
			c.add(path+"/type", "use bit, uint16, int16, uint32, int32 or float32", "there is no type %.20q", p.Type)
		}
	}
	if p.Bit > 15 || p.Bit > 0 && (p.Type != Bit || t.Bits()) {
		c.add(path+"/bit", "only a bit of a register has one, 0 to 15", "bit %d does not fit here", p.Bit)
	}
	switch p.Order {
	case "", Big, Swapped, Little:
	default:
		c.add(path+"/order", "use big, swapped or little", "there is no order %.20q", p.Order)
	}
	if p.Mask != 0 && !unsigned || p.Type == Uint16 && p.Mask > math.MaxUint16 {
		c.add(path+"/mask", "use it with uint16 or uint32, and not wider than those", "a mask of 0x%x does not fit here", p.Mask)
	}
}

func (c *checker) numbers(path string, p *Point) {
	for key, f := range map[string]*float64{"scale": &p.Scale, "offset": &p.Offset, "min": p.Min, "max": p.Max} {
		if f != nil && (math.IsNaN(*f) || math.IsInf(*f, 0)) {
			c.add(path+"/"+key, "use a finite number", "%s is not a number", key)
		}
	}
	if p.Min != nil && p.Max != nil && *p.Min > *p.Max {
		c.add(path+"/min", "exchange them", "min %v is above max %v", *p.Min, *p.Max)
	}
	state := p.Type == Bit || p.Type == "" || p.Values != nil
	if state && (p.Scale != 0 || p.Offset != 0 || p.Min != nil || p.Max != nil) {
		c.add(path, "leave scale, offset, min and max out", "%.40q is a state and no number", p.Signal)
	}
}

func (c *checker) states(path string, p *Point) {
	if p.Values != nil && p.Type == Float32 {
		c.add(path+"/values", "leave values out", "a float has no list of states")
	}
	if len(p.Values) > 256 || len(p.Absent) > 16 {
		c.add(path, "use at most 256 states and 16 absent values", "%.40q has too many values", p.Signal)
		return
	}
	for key, state := range p.Values {
		if n, err := strconv.ParseInt(key, 10, 64); err != nil || strconv.FormatInt(n, 10) != key {
			c.add(path+"/values", "write the register's number, as in \"3\": wet", "%.20q is not a whole number", key)
		}
		if state == "" || len(state) > 64 {
			c.add(path+"/values", "use 1 to 64 characters", "the state of %.20s has %d characters", key, len(state))
		}
	}
}
