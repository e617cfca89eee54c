package modbus_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/modbus"
)

func TestEveryFaultOfAMapIsNamedWithItsPlace(t *testing.T) {
	good := func() *modbus.Map {
		return &modbus.Map{Name: "test", Blocks: []modbus.Block{
			{Table: modbus.Input, Address: 10, Count: 10, Points: []modbus.Point{{Signal: "a", Address: 10, Type: modbus.Float32}, {Signal: "b", Address: 12, Type: modbus.Uint16}}},
			{Table: modbus.Coil, Address: 0, Count: 8, Points: []modbus.Point{{Signal: "c", Address: 7}}},
		}}
	}
	if p := good().Problems(); len(p) > 0 {
		t.Fatalf("the good map: %v", p)
	}
	for _, c := range []struct {
		name string
		harm func(m *modbus.Map, p *modbus.Point)
		path string
		want string
	}{
		{"too many at once", func(m *modbus.Map, _ *modbus.Point) { m.Most = 126 }, "/max_registers", "126 registers do not fit"},
		{"no blocks", func(m *modbus.Map, _ *modbus.Point) { m.Blocks = nil }, "/blocks", "no blocks"},
		{"a table", func(m *modbus.Map, _ *modbus.Point) { m.Blocks[0].Table = "3x" }, "/blocks/0/table", `no table "3x"`},
		{"past the end", func(m *modbus.Map, _ *modbus.Point) { m.Blocks[0].Count = 65535 }, "/blocks/0/count", "from 10 to 65544"},
		{"a period", func(m *modbus.Map, _ *modbus.Point) { m.Blocks[0].Period = plantroom.Duration(time.Millisecond) }, "/blocks/0/period", "1ms"},
		{"no points", func(m *modbus.Map, _ *modbus.Point) { m.Blocks[1].Points = nil }, "/blocks/1/points", "nothing is read"},
		{"blocks that overlap", func(m *modbus.Map, _ *modbus.Point) {
			b := m.Blocks[0]
			b.Address, b.Points = 19, []modbus.Point{{Signal: "d", Address: 20, Type: modbus.Uint16}}
			m.Blocks = append(m.Blocks, b)
		}, "/blocks/2/address", "overlaps another one"},
		{"a signal twice", func(_ *modbus.Map, p *modbus.Point) { p.Signal = "a" }, "/blocks/0/points/1/signal", "stands twice"},
		{"no signal", func(_ *modbus.Map, p *modbus.Point) { p.Signal = "" }, "/blocks/0/points/1/signal", "0 characters"},
		{"outside the block", func(_ *modbus.Map, p *modbus.Point) { p.Address = 20 }, "/blocks/0/points/1/address", "outside its block"},
		{"half outside the block", func(_ *modbus.Map, p *modbus.Point) { p.Address, p.Type = 19, modbus.Uint32 }, "/blocks/0/points/1/address", "outside its block"},
		{"half of another value", func(_ *modbus.Map, p *modbus.Point) { p.Address = 11 }, "/blocks/0/points/1/address", "only a part of its registers"},
		{"a type", func(_ *modbus.Map, p *modbus.Point) { p.Type = "float" }, "/blocks/0/points/1/type", `no type "float"`},
		{"no type in registers", func(_ *modbus.Map, p *modbus.Point) { p.Type = "" }, "/blocks/0/points/1/type", `no type ""`},
		{"a number in a table of bits", func(m *modbus.Map, _ *modbus.Point) { m.Blocks[1].Points[0].Type = modbus.Int16 }, "/blocks/1/points/0/type", "holds bits, not int16"},
		{"a bit of a number", func(_ *modbus.Map, p *modbus.Point) { p.Bit = 3 }, "/blocks/0/points/1/bit", "bit 3 does not fit"},
		{"a bit beyond the register", func(_ *modbus.Map, p *modbus.Point) { p.Type, p.Bit = modbus.Bit, 16 }, "/blocks/0/points/1/bit", "bit 16"},
		{"an order", func(_ *modbus.Map, p *modbus.Point) { p.Order = "middle" }, "/blocks/0/points/1/order", `no order "middle"`},
		{"a mask of a signed number", func(_ *modbus.Map, p *modbus.Point) { p.Type, p.Mask = modbus.Int16, 1 }, "/blocks/0/points/1/mask", "0x1"},
		{"a mask wider than the number", func(_ *modbus.Map, p *modbus.Point) { p.Mask = 0x10000 }, "/blocks/0/points/1/mask", "0x10000"},
		{"an infinite scale", func(_ *modbus.Map, p *modbus.Point) { p.Scale = math.Inf(1) }, "/blocks/0/points/1/scale", "not a number"},
		{"an empty range", func(_ *modbus.Map, p *modbus.Point) { p.Min, p.Max = float(2), float(1) }, "/blocks/0/points/1/min", "above max"},
		{"a scaled state", func(_ *modbus.Map, p *modbus.Point) { p.Scale, p.Values = 2, map[string]string{"1": "on"} }, "/blocks/0/points/1", "is a state and no number"},
		{"states of a float", func(m *modbus.Map, _ *modbus.Point) {
			m.Blocks[0].Points[0].Values = map[string]string{"1": "on"}
		}, "/blocks/0/points/0/values", "no list of states"},
		{"a state by a word", func(_ *modbus.Map, p *modbus.Point) { p.Values = map[string]string{"true": "on"} }, "/blocks/0/points/1/values", `"true" is not a whole number`},
		{"a state by a number that is never met", func(_ *modbus.Map, p *modbus.Point) { p.Values = map[string]string{"01": "on"} }, "/blocks/0/points/1/values", `"01" is not a whole number`},
		{"an empty state", func(_ *modbus.Map, p *modbus.Point) { p.Values = map[string]string{"1": ""} }, "/blocks/0/points/1/values", "0 characters"},
		{"too many absent values", func(_ *modbus.Map, p *modbus.Point) { p.Absent = make([]uint32, 17) }, "/blocks/0/points/1", "too many values"},
		{"too many points", func(m *modbus.Map, _ *modbus.Point) {
			m.Blocks[0].Count = 200
			for i := range 59 {
				m.Blocks[0].Points = append(m.Blocks[0].Points, modbus.Point{Signal: fmt.Sprint("s", i), Address: uint16(20 + i), Type: modbus.Uint16})
			}
		}, "/blocks", "62 points"},
	} {
		m := good()
		c.harm(m, &m.Blocks[0].Points[1])
		got := m.Problems()
		if len(got) != 1 || got[0].Path != c.path || !strings.Contains(got[0].Problem, c.want) || got[0].Remedy == "" {
			t.Errorf("%s: got %v, want one at %s with %q and a remedy", c.name, got, c.path, c.want)
		}
	}
}
