package modbus_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/modbus"
)

const now = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z

func all(*modbus.Point) bool { return true }

func always(p *modbus.Point) bool { return !p.OnlyMapped }

// one makes a map of one point in registers 100 and 101.
func one(p modbus.Point) *modbus.Map {
	p.Signal, p.Address = "x", 100
	return &modbus.Map{Name: "test", Blocks: []modbus.Block{{Table: modbus.Input, Address: 100, Count: 2, Points: []modbus.Point{p}}}}
}

func float(f float64) *float64 { return &f }

var none plantroom.Value

// The contents are of registers 100 and 101.
var contents = []struct {
	name  string
	point modbus.Point
	words [2]uint16
	want  plantroom.Value // none: no sample
	err   string
}{
	{"bit 0 set", modbus.Point{Type: modbus.Bit}, [2]uint16{1}, plantroom.Bool(true), ""},
	{"bit 0 clear beside others", modbus.Point{Type: modbus.Bit}, [2]uint16{0xfffe}, plantroom.Bool(false), ""},
	{"bit 15", modbus.Point{Type: modbus.Bit, Bit: 15}, [2]uint16{0x8000}, plantroom.Bool(true), ""},
	{"a bit as a state", modbus.Point{Type: modbus.Bit, Bit: 1, Values: map[string]string{"0": "closed", "1": "open"}}, [2]uint16{2}, plantroom.String("open"), ""},
	{"a bit in bytes the other way round", modbus.Point{Type: modbus.Bit, Order: modbus.Little}, [2]uint16{0x0100}, plantroom.Bool(true), ""},

	{"uint16", modbus.Point{Type: modbus.Uint16}, [2]uint16{0xffff}, plantroom.Float(65535), ""},
	{"uint16, little", modbus.Point{Type: modbus.Uint16, Order: modbus.Little}, [2]uint16{0x0102}, plantroom.Float(0x0201), ""},
	{"int16", modbus.Point{Type: modbus.Int16}, [2]uint16{0xffff}, plantroom.Float(-1), ""},
	{"int16, least", modbus.Point{Type: modbus.Int16}, [2]uint16{0x8000}, plantroom.Float(-32768), ""},
	{"tenths are tenths", modbus.Point{Type: modbus.Int16, Scale: 0.1}, [2]uint16{2301}, plantroom.Float(230.1), ""},
	{"scale and offset", modbus.Point{Type: modbus.Uint16, Scale: 0.5, Offset: -40}, [2]uint16{100}, plantroom.Float(10), ""},
	{"offset alone", modbus.Point{Type: modbus.Uint16, Offset: -40}, [2]uint16{30}, plantroom.Float(-10), ""},

	{"uint32, big", modbus.Point{Type: modbus.Uint32}, [2]uint16{0x0102, 0x0304}, plantroom.Float(0x01020304), ""},
	{"uint32, swapped", modbus.Point{Type: modbus.Uint32, Order: modbus.Swapped}, [2]uint16{0x0304, 0x0102}, plantroom.Float(0x01020304), ""},
	{"uint32, little", modbus.Point{Type: modbus.Uint32, Order: modbus.Little}, [2]uint16{0x0403, 0x0201}, plantroom.Float(0x01020304), ""},
	{"uint32, greatest", modbus.Point{Type: modbus.Uint32, Order: modbus.Big}, [2]uint16{0xffff, 0xffff}, plantroom.Float(4294967295), ""},
	{"int32", modbus.Point{Type: modbus.Int32}, [2]uint16{0xffff, 0xfffe}, plantroom.Float(-2), ""},
	{"int32, swapped, scaled", modbus.Point{Type: modbus.Int32, Order: modbus.Swapped, Scale: 0.001}, [2]uint16{0xfc18, 0xffff}, plantroom.Float(-1), ""},

	{"float32", modbus.Point{Type: modbus.Float32}, [2]uint16{0x4366, 0x199a}, plantroom.Float(230.1), ""},
	{"float32, swapped", modbus.Point{Type: modbus.Float32, Order: modbus.Swapped}, [2]uint16{0x199a, 0x4366}, plantroom.Float(230.1), ""},
	{"float32, little", modbus.Point{Type: modbus.Float32, Order: modbus.Little}, [2]uint16{0x9a19, 0x6643}, plantroom.Float(230.1), ""},
	{"float32, the published example of a flow meter", modbus.Point{Type: modbus.Float32, Order: modbus.Swapped}, [2]uint16{0x0651, 0x3f9e}, plantroom.Float(1.2345678), ""},
	{"float32, not a number", modbus.Point{Type: modbus.Float32}, [2]uint16{0x7fc0, 0}, none, ""},
	{"float32, infinite", modbus.Point{Type: modbus.Float32}, [2]uint16{0xff80, 0}, none, ""},
	{"float32, minus zero", modbus.Point{Type: modbus.Float32}, [2]uint16{0x8000, 0}, plantroom.Float(math.Copysign(0, -1)), ""},
	{"float32 beyond a double when scaled", modbus.Point{Type: modbus.Float32, Scale: 1e300}, [2]uint16{0x7f7f, 0xffff}, none, "outside its range"},

	{"a mask moves down", modbus.Point{Type: modbus.Uint16, Mask: 0x0f00}, [2]uint16{0x5a55}, plantroom.Float(10), ""},
	{"a mask in 32 bits", modbus.Point{Type: modbus.Uint32, Mask: 0x00ff0000}, [2]uint16{0x1234, 0x5678}, plantroom.Float(0x34), ""},
	{"a state by a masked number", modbus.Point{Type: modbus.Uint16, Mask: 7, Values: map[string]string{"5": "wet"}}, [2]uint16{0xfffd}, plantroom.String("wet"), ""},
	{"a state by a negative number", modbus.Point{Type: modbus.Int16, Values: map[string]string{"-1": "unknown"}}, [2]uint16{0xffff}, plantroom.String("unknown"), ""},
	{"a number without a state", modbus.Point{Type: modbus.Uint16, Values: map[string]string{"1": "on"}}, [2]uint16{2}, none, "reads 2, for which the map has no state"},

	{"absent", modbus.Point{Type: modbus.Uint16, Absent: []uint32{0xfffe, 0xffff}}, [2]uint16{0xffff}, none, ""},
	{"absent, 32 bits", modbus.Point{Type: modbus.Int32, Absent: []uint32{0x80000000}}, [2]uint16{0x8000, 0}, none, ""},
	{"not absent", modbus.Point{Type: modbus.Uint16, Absent: []uint32{0xffff}}, [2]uint16{0}, plantroom.Float(0), ""},

	{"at the limit", modbus.Point{Type: modbus.Uint16, Min: float(5), Max: float(5)}, [2]uint16{5}, plantroom.Float(5), ""},
	{"below the limit", modbus.Point{Type: modbus.Int16, Min: float(0)}, [2]uint16{0xffff}, none, "x reads -1 , which is outside its range"},
	{"above the limit", modbus.Point{Type: modbus.Uint16, Max: float(100), Scale: 0.1, Unit: "m"}, [2]uint16{1001}, none, "x reads 100.1 m, which is outside its range"},
}

func TestRegistersBecomeValues(t *testing.T) {
	for _, c := range contents {
		m := one(c.point)
		if p := m.Problems(); len(p) > 0 {
			t.Errorf("%s: the map of the case: %v", c.name, p)
			continue
		}
		r := m.Requests(all)[0]
		got, err := r.Decode(modbus.Answer{Words: c.words[:r.Count]}, "dev", now)
		var want []plantroom.Sample
		if c.want != none {
			want = []plantroom.Sample{{Address: "dev", Signal: "x", Value: c.want, At: now}}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", c.name, got, want)
		}
		if (c.err == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), c.err) || plantroom.CodeOf(err) != plantroom.CodeInvalid) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
	}
}

func TestOneBadValueLeavesTheOthersStanding(t *testing.T) {
	m := &modbus.Map{Name: "test", Blocks: []modbus.Block{{Table: modbus.Holding, Count: 3, Points: []modbus.Point{
		{Signal: "c", Address: 2, Type: modbus.Uint16}, {Signal: "a", Type: modbus.Uint16}, {Signal: "b", Address: 1, Type: modbus.Uint16, Max: float(9)},
	}}}}
	r := m.Requests(all)[0]
	got, err := r.Decode(modbus.Answer{Words: []uint16{1, 10, 3}}, "dev", now)
	if len(got) != 2 || got[0].Signal != "a" || got[1].Signal != "c" || err == nil || !strings.Contains(err.Error(), "map test: b reads 10") {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAnErrorIsBoundedHoweverManyValuesAreBad(t *testing.T) {
	b := modbus.Block{Table: modbus.Holding, Count: 50}
	for i := range 50 {
		b.Points = append(b.Points, modbus.Point{Signal: fmt.Sprint("s", i), Address: uint16(i), Type: modbus.Uint16, Max: float(0)})
	}
	r := (&modbus.Map{Name: "test", Blocks: []modbus.Block{b}}).Requests(all)[0]
	_, err := r.Decode(modbus.Answer{Words: slices.Repeat([]uint16{1}, 50)}, "dev", now)
	if err == nil || !strings.HasSuffix(err.Error(), "and 45 more") || len(err.Error()) > 400 {
		t.Errorf("got %v", err)
	}
}

func TestAnAnswerOfAnotherLengthIsRefused(t *testing.T) {
	words := one(modbus.Point{Type: modbus.Uint32}).Requests(all)[0]
	contacts, err := modbus.ByName("contacts-8")
	if err != nil {
		t.Fatal(err)
	}
	bits := contacts.Requests(all)[0]
	for _, c := range []struct {
		r *modbus.Request
		a modbus.Answer
	}{
		{&words, modbus.Answer{}}, {&words, modbus.Answer{Words: make([]uint16, 1)}}, {&words, modbus.Answer{Words: make([]uint16, 3)}},
		{&words, modbus.Answer{Bits: make([]bool, 2)}}, {&bits, modbus.Answer{Bits: make([]bool, 7)}}, {&bits, modbus.Answer{Words: make([]uint16, 8)}},
	} {
		if got, err := c.r.Decode(c.a, "dev", now); len(got) != 0 || plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%v of %v: got %v, %v", c.r, c.a, got, err)
		}
	}
}

func shipped(t *testing.T, name string) *modbus.Map {
	t.Helper()
	m, err := modbus.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryShippedMapIsListedAndHasNoProblems(t *testing.T) {
	entries, err := os.ReadDir("maps")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		files = append(files, strings.TrimSuffix(e.Name(), ".json"))
	}
	if !slices.Equal(files, modbus.Names()) {
		t.Errorf("the files are %v, the list is %v", files, modbus.Names())
	}
	for _, name := range modbus.Names() {
		m := shipped(t, name)
		if p := m.Problems(); len(p) > 0 || m.Name != name || m.Source == "" || m.Doc == "" {
			t.Errorf("%s: named %q, source %q, problems %v", name, m.Name, m.Source, p)
		}
	}
	if _, err := modbus.ByName("sdm"); plantroom.CodeOf(err) != plantroom.CodeNotFound || !strings.Contains(err.Error(), "eastron-sdm120") {
		t.Errorf("an unknown map: %v", err)
	}
}

func TestALeakUnitTellsItsStateAndWhereTheWaterIs(t *testing.T) {
	m := shipped(t, "aqualeak-10k")
	requests := m.Requests(always)
	if len(requests) != 2 || requests[0].String() != "input register 0" || requests[1].String() != "input registers 8000 to 8001" {
		t.Fatalf("requests are %v", requests)
	}
	for status, want := range map[uint16]string{
		0: "dry", 1: "wet", 2: "cable_break", 4: "contaminated", 3: "wet", 5: "wet", 6: "cable_break", 7: "wet",
		9: "wet", 8: "dry", 0xfff0: "dry", // the summary and the spare bits say nothing new
	} {
		got, err := requests[0].Decode(modbus.Answer{Words: []uint16{status}}, "leak", now)
		if err != nil || len(got) != 1 || got[0].Signal != "state" || got[0].Value != plantroom.String(want) {
			t.Errorf("status %#x: got %v, %v; want %s", status, got, err, want)
		}
	}
	// 123.4 m is 0x42f6cccd.
	got, err := requests[1].Decode(modbus.Answer{Words: []uint16{0xcccd, 0x42f6}}, "leak", now)
	if err != nil || len(got) != 1 || got[0].Signal != "distance_m" || got[0].Value != plantroom.Float(123.4) {
		t.Errorf("distance: got %v, %v", got, err)
	}
	whole := m.Requests(all)
	got, err = whole[1].Decode(modbus.Answer{Words: []uint16{0xcccd, 0x42f6, 0, 0x43fa}}, "leak", now)
	if err != nil || len(got) != 2 || got[1].Signal != "cable_length_m" || got[1].Value != plantroom.Float(500) {
		t.Errorf("cable length: got %v, %v", got, err)
	}
}

func TestABoardsInputsAreReportedWhereTheyAreMapped(t *testing.T) {
	m := shipped(t, "contacts-8")
	if got := m.Requests(always); len(got) != 0 {
		t.Errorf("unmapped inputs are asked for: %v", got)
	}
	got := m.Requests(func(p *modbus.Point) bool { return p.Signal == "input_2" || p.Signal == "input_7" })
	if len(got) != 1 || got[0].String() != "discrete inputs 1 to 6" {
		t.Fatalf("requests are %v", got)
	}
	samples, err := got[0].Decode(modbus.Answer{Bits: []bool{true, false, false, false, false, false}}, "board", now)
	want := []plantroom.Sample{
		{Address: "board", Signal: "input_2", Value: plantroom.Bool(true), At: now},
		{Address: "board", Signal: "input_7", Value: plantroom.Bool(false), At: now},
	}
	if err != nil || !slices.Equal(samples, want) {
		t.Errorf("got %v, %v; want %v", samples, err, want)
	}
}

func TestAMeterIsReadWithinWhatItTakesAtOnce(t *testing.T) {
	for _, name := range []string{"eastron-sdm120", "eastron-sdm630"} {
		m := shipped(t, name)
		points := 0
		for _, r := range m.Requests(all) {
			if r.Count > 60 {
				t.Errorf("%s: %s are %d at once", name, &r, r.Count)
			}
			points += len(r.Points)
		}
		if want := len(m.Blocks[0].Points) + len(m.Blocks[1].Points) + len(m.Blocks[2].Points); name == "eastron-sdm120" && points != want {
			t.Errorf("%s: %d points are read, want %d", name, points, want)
		}
	}
}

func TestRequestsAreFewAndTearNoValue(t *testing.T) {
	second := plantroom.Duration(time.Second)
	block := func(table modbus.Table, address, count uint16, period plantroom.Duration, points ...modbus.Point) modbus.Block {
		return modbus.Block{Table: table, Address: address, Count: count, Period: period, Points: points}
	}
	at := func(signal string, address uint16, typ modbus.Type) modbus.Point {
		return modbus.Point{Signal: signal, Address: address, Type: typ}
	}
	for _, c := range []struct {
		name   string
		most   uint16
		blocks []modbus.Block
		want   string
	}{
		{"blocks that touch are one request", 0, []modbus.Block{
			block(modbus.Input, 10, 10, second, at("b", 10, modbus.Uint16)), block(modbus.Input, 0, 10, second, at("a", 0, modbus.Uint16)),
		}, "input registers 0 to 10 (a b)"},
		{"but not across a hole", 0, []modbus.Block{
			block(modbus.Input, 0, 10, second, at("a", 9, modbus.Uint16)), block(modbus.Input, 11, 10, second, at("b", 11, modbus.Uint16)),
		}, "input register 9 (a); input register 11 (b)"},
		{"nor across tables", 0, []modbus.Block{
			block(modbus.Input, 0, 1, second, at("a", 0, modbus.Uint16)), block(modbus.Holding, 1, 1, second, at("b", 1, modbus.Uint16)),
		}, "holding register 1 (b); input register 0 (a)"},
		{"nor across periods", 0, []modbus.Block{
			block(modbus.Input, 0, 1, 2*second, at("a", 0, modbus.Uint16)), block(modbus.Input, 1, 1, second, at("b", 1, modbus.Uint16)),
		}, "input register 1 (b); input register 0 (a)"},
		{"at most 125 registers", 0, []modbus.Block{
			block(modbus.Input, 0, 300, second, at("a", 0, modbus.Uint16), at("b", 124, modbus.Uint16), at("c", 125, modbus.Uint16), at("d", 299, modbus.Uint16)),
		}, "input registers 0 to 124 (a b); input register 125 (c); input register 299 (d)"},
		{"a value at the cut moves whole", 0, []modbus.Block{
			block(modbus.Input, 0, 300, second, at("a", 0, modbus.Uint16), at("b", 124, modbus.Float32)),
		}, "input register 0 (a); input registers 124 to 125 (b)"},
		{"fewer where the device takes fewer", 3, []modbus.Block{
			block(modbus.Input, 0, 8, second, at("a", 0, modbus.Float32), at("b", 2, modbus.Float32), at("c", 4, modbus.Float32)),
		}, "input registers 0 to 1 (a); input registers 2 to 3 (b); input registers 4 to 5 (c)"},
		{"bits of one register are one request", 0, []modbus.Block{
			block(modbus.Holding, 7, 1, second, at("a", 7, modbus.Bit), modbus.Point{Signal: "b", Address: 7, Type: modbus.Bit, Bit: 3}),
		}, "holding register 7 (a b)"},
		{"2,000 coils at once", 0, []modbus.Block{
			block(modbus.Coil, 0, 3000, second, at("a", 0, ""), at("b", 1999, ""), at("c", 2000, "")),
		}, "coils 0 to 1999 (a b); coil 2000 (c)"},
		{"the last register of all", 0, []modbus.Block{
			block(modbus.Input, 65534, 2, second, at("a", 65534, modbus.Float32)),
		}, "input registers 65534 to 65535 (a)"},
	} {
		m := &modbus.Map{Name: "test", Most: c.most, Blocks: c.blocks}
		if p := m.Problems(); len(p) > 0 {
			t.Errorf("%s: %v", c.name, p)
		}
		var got []string
		for _, r := range m.Requests(all) {
			var names []string
			for _, p := range r.Points {
				names = append(names, p.Signal)
			}
			got = append(got, fmt.Sprintf("%s (%s)", &r, strings.Join(names, " ")))
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, text, c.want)
		}
	}
}
