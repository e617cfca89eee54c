package binding_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plantroom"
	"plantroom/gateway/binding"
)

const noon = plantroom.Instant(1_772_452_800_000_000_000)

func binder(t *testing.T, rules []binding.Rule, ignore ...string) *binding.Binder {
	t.Helper()
	b, err := binding.New(rules, ignore)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sample(address, signal string, v plantroom.Value) plantroom.Sample {
	return plantroom.Sample{Address: address, Signal: signal, Value: v, At: noon}
}

func TestAnAddressBecomesTheDeviceThatTheFileSays(t *testing.T) {
	b := binder(t, []binding.Rule{
		{Match: "b1-*-leak"},
		{Address: "24e124535b316056", Device: "b1-bin-1-level"},
		{Address: "test-bench"},
	}, "test-*", "b1-old-*")
	for _, c := range []struct {
		address string
		device  plantroom.DeviceID // "": ignored
		code    plantroom.Code
	}{
		{address: "b1-l3-leak", device: "b1-l3-leak"},
		{address: "24e124535b316056", device: "b1-bin-1-level"},
		{address: "test-bench", device: "test-bench"}, // an exact address goes before ignore
		{address: "test-other"},
		{address: "b1-old-leak"}, // and ignore before a glob
		{address: "stranger", code: plantroom.CodeNotFound},
		{address: "b1-Ü-leak", code: plantroom.CodeInvalid}, // no device id
	} {
		r, keep, err := b.Bind(sample(c.address, "state", plantroom.String("wet")))
		if plantroom.CodeOf(err) != c.code || keep != (c.device != "") || r.Device != c.device {
			t.Errorf("%s: got device %q, keep %v, error %v; want device %q, code %q", c.address, r.Device, keep, err, c.device, c.code)
		}
	}
}

func TestASignalIsRenamedMappedScaledOrDropped(t *testing.T) {
	b := binder(t, []binding.Rule{{Address: "relay", Device: "b1-l1-relay", Map: map[string]binding.Signal{
		"contact": {To: "fault", Values: map[string]plantroom.Value{
			"true": plantroom.String("controller_fault"), "false": plantroom.String("none")}},
		"distance_mm": {To: "distance_m", Scale: 0.001, Offset: 0.05},
		"offset":      {Offset: -3},
		"action":      {Drop: true},
	}}})
	for _, c := range []struct {
		signal string
		value  plantroom.Value
		to     string
		want   plantroom.Value
	}{
		{"contact", plantroom.Bool(true), "fault", plantroom.String("controller_fault")},
		{"contact", plantroom.Bool(false), "fault", plantroom.String("none")},
		{"distance_mm", plantroom.Float(1500), "distance_m", plantroom.Float(1.55)},
		{"offset", plantroom.Float(5), "offset", plantroom.Float(2)},
		{"battery_pct", plantroom.Float(80), "battery_pct", plantroom.Float(80)},
	} {
		r, keep, err := b.Bind(sample("relay", c.signal, c.value))
		if err != nil || !keep || r.Signal != c.to || r.Value != c.want {
			t.Errorf("%s %s: got %s %s, keep %v, error %v; want %s %s", c.signal, c.value, r.Signal, r.Value, keep, err, c.to, c.want)
		}
	}
	if _, keep, err := b.Bind(sample("relay", "action", plantroom.String("click"))); keep || err != nil {
		t.Errorf("a dropped signal: got keep %v, error %v", keep, err)
	}
	_, _, err := b.Bind(sample("relay", "contact", plantroom.String("maybe")))
	if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), `"maybe"`) {
		t.Errorf("a value that the map does not list: got %v", err)
	}
}

// A controller has hundreds of metrics, of which a few count; their names need
// not be names of ours.
func TestOfADeviceThatSaysTooMuchOnlyWhatTheMapListsIsKept(t *testing.T) {
	b := binder(t, []binding.Rule{{Address: "Block1/Pumps/plc", Device: "b1-pumps", Only: true, Map: map[string]binding.Signal{
		"Inputs/Leak": {To: "state", Values: map[string]plantroom.Value{"true": plantroom.String("wet"), "false": plantroom.String("dry")}},
		"online":      {},
	}}})
	for i := range 3 * binding.MaxSignals {
		if _, keep, err := b.Bind(sample("Block1/Pumps/plc", fmt.Sprint("Spare/", i), plantroom.Float(1))); keep || err != nil {
			t.Fatalf("metric %d: keep %v, error %v", i, keep, err)
		}
	}
	for signal, want := range map[string]string{"Inputs/Leak": "state", "online": "online"} {
		r, keep, err := b.Bind(sample("Block1/Pumps/plc", signal, plantroom.Bool(true)))
		if err != nil || !keep || r.Signal != want || r.Device != "b1-pumps" {
			t.Errorf("%s: %+v, keep %v, error %v", signal, r, keep, err)
		}
	}
}

func TestAFaultyRuleIsRefusedByName(t *testing.T) {
	one := map[string]binding.Signal{}
	for _, c := range []struct {
		name  string
		rules []binding.Rule
		want  string
	}{
		{"empty", []binding.Rule{{}}, "needs match or address"},
		{"both", []binding.Rule{{Match: "*", Address: "a"}}, "give one of them"},
		{"one device for many", []binding.Rule{{Match: "*", Device: "a"}}, "cannot name one device"},
		{"id", []binding.Rule{{Address: "A", Device: "Lift 1"}}, `"Lift 1" holds "L"`},
		{"address as id", []binding.Rule{{Address: "Kitchen"}}, `"Kitchen" holds "K"`},
		{"twice", []binding.Rule{{Address: "a"}, {Address: "a"}}, "rule 2: address \"a\" is bound twice"},
		{"nan", []binding.Rule{{Address: "a", Map: map[string]binding.Signal{"x": {Scale: math.NaN()}}}}, "finite"},
		{"values and scale", []binding.Rule{{Address: "a", Map: map[string]binding.Signal{"x": {Scale: 2, Values: map[string]plantroom.Value{}}}}}, "exclude"},
		{"only, and nothing listed", []binding.Rule{{Address: "a", Only: true}}, "needs a map"},
		{"null", []binding.Rule{{Address: "a", Map: map[string]binding.Signal{"x": {Values: map[string]plantroom.Value{"1": {}}}}}}, "maps to nothing"},
	} {
		if _, err := binding.New(c.rules, nil); plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", c.name, err, c.want)
		}
	}
	if _, err := binding.New([]binding.Rule{{Address: "a", Map: one}}, nil); err != nil {
		t.Errorf("a good rule: %v", err)
	}
}

func TestReadingsOfOneTickGetTimesOfTheirOwnInOrder(t *testing.T) {
	b := binder(t, []binding.Rule{{Match: "*"}})
	at := func(s plantroom.Instant) plantroom.Instant {
		r, _, err := b.Bind(plantroom.Sample{Address: "d", Signal: "contact", Value: plantroom.Bool(true), At: s})
		if err != nil {
			t.Fatal(err)
		}
		return r.At
	}
	for i, c := range []struct{ in, want plantroom.Instant }{
		{noon, noon},
		{noon, noon + 1},
		{noon + 1, noon + 2}, // its own time is taken
		{noon + 10, noon + 10},
		{noon - 3600e9, noon - 3600e9}, // late: an hour is not a tick
		{noon - 3600e9, noon - 3600e9 + 1},
		{noon + 11, noon + 11},
	} {
		if got := at(c.in); got != c.want {
			t.Errorf("reading %d at %d: got %d, want %d", i, c.in, got, c.want)
		}
	}
}

func TestTimesOfASeriesNeverRepeatWhateverTheDeviceSends(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, _ := binding.New([]binding.Rule{{Address: "a", Device: "d"}, {Address: "b", Device: "d"}}, nil)
		seen := map[plantroom.Instant]bool{}
		now := noon
		for range rapid.IntRange(1, 200).Draw(t, "readings") {
			now += plantroom.Instant(rapid.SampledFrom([]int64{0, 0, 1, 1000, 2_000_000}).Draw(t, "step"))
			address := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "address")
			r, _, err := b.Bind(plantroom.Sample{Address: address, Signal: "s", Value: plantroom.Float(1), At: now})
			if err != nil || seen[r.At] || r.At < now {
				t.Fatalf("at %d: got %d again or earlier, error %v", now, r.At, err)
			}
			seen[r.At] = true
		}
	})
}

// A clock that is set back must not give an hour of readings one instant, a
// nanosecond apart, and must not hold them up.
func TestReadingsKeepTheirTimesWhenTheClockIsSetBackOrForward(t *testing.T) {
	const hour = plantroom.Instant(3600_000_000_000)
	for name, step := range map[string]plantroom.Instant{"an hour back": -hour, "an hour forward": hour} {
		b := binder(t, []binding.Rule{{Match: "*"}})
		for i := range plantroom.Instant(7200) { // a reading a second; after half an hour the clock is set
			s := sample("d", "x", plantroom.Float(float64(i)))
			s.At = noon + i*1_000_000_000
			if i >= 1800 {
				s.At += step + 1
			}
			r, keep, err := b.Bind(s)
			if err != nil || !keep || r.At != s.At {
				t.Fatalf("%s: reading %d of %s got the time %s, %v, %v", name, i, s.At, r.At, keep, err)
			}
		}
	}
}

func TestAChangedFileContinuesTheTimes(t *testing.T) {
	old := binder(t, []binding.Rule{{Match: "*"}})
	s := sample("d", "contact", plantroom.Bool(true))
	if _, _, err := old.Bind(s); err != nil {
		t.Fatal(err)
	}
	b := binder(t, []binding.Rule{{Address: "d"}})
	b.Continue(old)
	if r, _, _ := b.Bind(s); r.At != noon+1 {
		t.Errorf("the first reading after the change is at %d, want %d", r.At, noon+1)
	}
}

func TestStrangersCannotFillTheMemory(t *testing.T) {
	b := binder(t, []binding.Rule{{Match: "*"}})
	var err error
	for i := 0; i <= binding.MaxSignals && err == nil; i++ {
		_, _, err = b.Bind(sample("d", "s"+strings.Repeat("x", i), plantroom.Float(1)))
	}
	var e *plantroom.Error
	if !errors.As(err, &e) || e.Code != plantroom.CodeTooLarge {
		t.Errorf("signal number %d: got %v, want too_large", binding.MaxSignals+1, err)
	}
}

func BenchmarkBind(b *testing.B) {
	bind, err := binding.New([]binding.Rule{{Match: "*"}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	s := sample("b1-l1-fault", "distance_m", plantroom.Float(1))
	b.ReportAllocs()
	for b.Loop() {
		s.At++
		if _, _, err := bind.Bind(s); err != nil {
			b.Fatal(err)
		}
	}
}
