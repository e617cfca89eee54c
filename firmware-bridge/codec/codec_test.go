package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"plantroom"
)

const noon = plantroom.Instant(1772409600_250000000) // 2026-03-02T00:00:00.25Z

func program(t testing.TB) *Program {
	t.Helper()
	p, err := Read("x.js", []byte("function decodeUplink(input) { return {data: {}} }"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// written lists samples as "signal=value".
func written(samples []plantroom.Sample) string {
	var out []string
	for _, s := range samples {
		out = append(out, s.Signal+"="+s.Value.String())
	}
	return strings.Join(out, " ")
}

func mapping(t testing.TB, text string) Mapping {
	t.Helper()
	var m Mapping
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAMappingTakesWhatItNamesAndNothingElse(t *testing.T) {
	const data = `{"battery": 92, "leakage_status": "leak", "distance": 1234, "gpio": [{"level": "on"}], "a.b": 1, "nested": {"x": {"y": true}}, "none": null, "long": "` + "0123456789" + `", "other": 5}`
	for _, c := range []struct{ name, mapping, want, err string }{
		{"no mapping: what has a signal's name", `null`, "battery=92 distance=1234 leakage_status=leak long=0123456789 other=5", ""},
		{"an empty mapping takes nothing", `{}`, "", ""},
		{"by name", `{"battery": {}}`, "battery=92", ""},
		{"renamed, within its range", `{"battery": {"to": "battery_pct", "min": 0, "max": 100}}`, "battery_pct=92", ""},
		{"a state", `{"leakage_status": {"to": "state", "values": {"normal": "dry", "leak": "wet"}}}`, "state=wet", ""},
		{"scaled", `{"distance": {"to": "distance_m", "scale": 0.001, "offset": -0.2, "min": 0, "max": 5}}`, "distance_m=1.034", ""},
		{"within a list", `{"gpio.0.level": {"to": "contact", "values": {"on": true, "off": false}}}`, "contact=true", ""},
		{"within objects", `{"nested.x.y": {"to": "occupied"}}`, "occupied=true", ""},
		{"a key with a dot", `{"a.b": {"to": "ab"}}`, "ab=1", ""},
		{"what is absent or null gives nothing", `{"gone": {}, "none": {}, "gpio.7.level": {"to": "x"}, "battery.0": {"to": "y"}, "gpio.level": {"to": "z"}}`, "", ""},
		{"out of range, and the others stand", `{"battery": {"max": 50}, "distance": {}}`, "distance=1234", "battery: 92 is out of the range"},
		{"a state that is not listed", `{"leakage_status": {"to": "state", "values": {"normal": "dry"}}}`, "", `does not list the value "leak"`},
		{"text where a number is wanted", `{"leakage_status": {"to": "x", "min": 0}}`, "", "wants a number"},
		{"an object", `{"nested": {}}`, "", "is no number"},
	} {
		m := mapping(t, c.mapping)
		if err := m.Check(); err != nil {
			t.Errorf("%s: the mapping itself: %v", c.name, err)
		}
		got, err := m.Samples(object(t, data))
		if written(got) != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %q, %v; want %q, %q", c.name, written(got), err, c.want, c.err)
		}
	}
	many := map[string]any{}
	for i := range MaxSignals + 1 {
		many[fmt.Sprintf("s%d", i)] = 1.0
	}
	if got, err := Mapping(nil).Samples(many); err == nil || got != nil {
		t.Errorf("%d signals without a mapping: got %d, %v", len(many), len(got), err)
	}
}

func TestAMappingThatCannotWorkIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"Battery": {}}`:                                  "no name for a signal",
		`{"gpio.0.level": {}}`:                             "name one with to",
		`{"a": {"to": "A"}}`:                               "no name for a signal",
		`{"a": {"values": {"1": true}, "scale": 2}}`:       "values excludes",
		`{"a": {"min": 2, "max": 1}}`:                      "above max",
		`{"a": {"values": {"1": null}}}`:                   "maps to nothing",
		`{"a": {"to": "` + strings.Repeat("a", 65) + `"}}`: "no name",
	} {
		if err := mapping(t, text).Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestWhatIsReturnedHasToBeWhatTS013AsksFor(t *testing.T) {
	deep := strings.Repeat(`{"a":`, MaxDepth) + "1" + strings.Repeat("}", MaxDepth)
	wide := "[" + strings.Repeat("1,", MaxValues) + "1]"
	for _, c := range []struct{ raw, errors, fault string }{
		{`{"data":{"a":1}}`, "", ""},
		{`{"data":{},"errors":[],"warnings":["w"]}`, "", ""},
		{`{"errors":["unknown port"]}`, "unknown port", ""},
		{`{"data":{"a":1},"errors":["x",{"y":1}]}`, `x|{"y":1}`, ""},
		{`{"data":{},"errors":"one text"}`, "one text", ""},
		{`{}`, "", "neither data nor errors"},
		{`{"data":[1]}`, "", "neither data nor errors"},
		{`{"data":null,"errors":[]}`, "", "neither data nor errors"},
		{`null`, "", "no object with data, but null"},
		{`[1]`, "", "no object"},
		{`"text"`, "", "no object"},
		{`{"data":`, "", "no JSON"},
		{``, "", "no JSON"},
		{`{"data":{"a":1e999}}`, "", "no JSON"},
		{`{"data":` + deep + `}`, "", "objects within each other"},
		{`{"data":{"a":` + wide + `}}`, "", "more than 4096 values"},
		{`{"data":{"a":"` + strings.Repeat("x", MaxOutput) + `"}}`, "", "at most 65536"},
	} {
		out, err := Parse(json.RawMessage(c.raw))
		if strings.Join(out.Errors, "|") != c.errors || (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%.60s: got %v, %v; want %q, %q", c.raw, out, err, c.errors, c.fault)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"data":{"a":1,"b":[{"c":true}]},"errors":[]}`, "b.0.c")
	f.Add(`{"data":{"a":{"":"x"}}}`, "a.")
	f.Add(`[[[[`, "-1")
	f.Fuzz(func(t *testing.T, raw, path string) {
		out, err := Parse(json.RawMessage(raw))
		if err != nil || out.Data == nil {
			return
		}
		for _, m := range []Mapping{nil, {path: {To: "x"}}, {path: {To: "x", Scale: 1e308}}} {
			samples, _ := m.Samples(out.Data)
			if len(samples) > MaxSignals {
				t.Fatalf("%d signals", len(samples))
			}
			for _, s := range samples {
				if !name.MatchString(s.Signal) || s.Value.Kind() == plantroom.NoValue || math.IsInf(s.Value.Num(), 0) || math.IsNaN(s.Value.Num()) {
					t.Fatalf("sample %+v", s)
				}
			}
		}
	})
}

// fails is a runner that does what the test says.
type fails struct {
	calls int
	err   error
}

func (f *fails) run(*Program, Call) (json.RawMessage, error) {
	f.calls++
	return json.RawMessage(`{"data":{"n":1}}`), f.err
}

func TestACodecThatFailsThriceIsSetAsideAndTriedAgainLater(t *testing.T) {
	f := &fails{err: plantroom.Errorf(plantroom.CodeInvalid, "it took longer than 100ms")}
	c := New(program(t), nil, f.run)
	now := noon
	decode := func() string {
		s, err := c.Decode(now, now, 1, []byte{1})
		if err != nil {
			return err.Error()
		}
		return written(s)
	}
	for i := range Strikes {
		if got := decode(); got != "codec x.js: it took longer than 100ms" {
			t.Fatalf("failure %d: %s", i+1, got)
		}
	}
	aside := decode()
	for _, part := range []string{"codec x.js: it is set aside until 2026-03-02T00:01:01Z after 3 failures in a row", "it took longer than 100ms", "repair or replace the file"} {
		if !strings.Contains(aside, part) {
			t.Errorf("set aside: %s; want it to say %q", aside, part)
		}
	}
	if f.calls != Strikes {
		t.Errorf("it was called %d times", f.calls)
	}
	for _, pause := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour} {
		before := f.calls
		now = now.Add(pause - 1)
		decode()
		if f.calls != before {
			t.Fatalf("it was tried before %s had passed", pause)
		}
		now = now.Add(1)
		decode()
		if f.calls != before+1 {
			t.Fatalf("it was not tried after %s", pause)
		}
	}
	f.err = nil
	now = now.Add(time.Hour)
	if got := decode(); got != "n=1" {
		t.Fatalf("after it has been repaired: %s", got)
	}
	f.err = errors.New("again")
	for range Strikes - 1 {
		decode()
	}
	f.err = nil
	if got := decode(); got != "n=1" {
		t.Errorf("two failures set it aside: %s", got)
	}
}

func TestAClockThatIsSetBackSetsNothingAsideForLong(t *testing.T) {
	f := &fails{err: errors.New("no")}
	c := New(program(t), nil, f.run)
	for range Strikes {
		_, _ = c.Decode(noon, noon, 1, nil)
	}
	_, _ = c.Decode(noon.Add(-24*time.Hour), noon, 1, nil)
	if f.calls != Strikes+1 {
		t.Errorf("it was called %d times, want %d", f.calls, Strikes+1)
	}
}

func TestAFrameThatTheCodecRefusesIsNoFailureOfTheCodec(t *testing.T) {
	refuses := true
	c := New(program(t), nil, func(*Program, Call) (json.RawMessage, error) {
		if refuses {
			return json.RawMessage(`{"errors":["unknown port"]}`), nil
		}
		return json.RawMessage(`{"data":{"n":1}}`), nil
	})
	for range 2 * Strikes {
		if _, err := c.Decode(noon, noon, 2, []byte{1}); err == nil || err.Error() != "codec x.js: it says: unknown port" {
			t.Fatalf("got %v", err)
		}
	}
	refuses = false
	if got, err := c.Decode(noon, noon, 1, []byte{1}); err != nil || written(got) != "n=1" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAFileThatIsNoCodecIsRefusedWithoutAnEngine(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"function encode() {}", "x.js has no function decodeUplink, Decode or Decoder"},
		{"", "x.js has no function"},
		{"decodeUplink" + strings.Repeat(" ", MaxFile), "at most 262144"},
	} {
		if _, err := Read("x.js", []byte(c.source)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: got %v, want %s", c.source, err, c.want)
		}
	}
}

func TestTroubleWithTheSandboxIsNoFailureOfTheCodec(t *testing.T) {
	f := &fails{err: plantroom.Errorf(plantroom.CodeUnavailable, "no process")}
	c := New(program(t), nil, f.run)
	for range 2 * Strikes {
		_, _ = c.Decode(noon, noon, 1, nil)
	}
	if f.calls != 2*Strikes {
		t.Errorf("it was tried %d times, want %d", f.calls, 2*Strikes)
	}
}
