package influx

import (
	"math"
	"strings"
	"testing"
	"time"

	protocol "github.com/influxdata/line-protocol"

	"plantroom"
)

func render(t testing.TB, p plantroom.Point) (string, error) {
	t.Helper()
	var b batch
	if _, err := b.line([]plantroom.Point{p}, new(seriesCache)); err != nil {
		if len(b.text) > 0 {
			t.Errorf("an error left %q behind", b.text)
		}
		return "", err
	}
	return string(b.text), nil
}

func TestALineCarriesMeasurementTagsFieldAndNanoseconds(t *testing.T) {
	lift := &plantroom.Series{Measurement: "lift", Estate: "story", Building: "b1", Asset: "b1-l1", Device: "b1-l1-relay"}
	tests := []struct {
		name  string
		point plantroom.Point
		want  string
	}{
		{"a number", plantroom.Point{Series: lift, Signal: "floor", Value: plantroom.Float(3), At: 17},
			"lift,asset=b1-l1,building=b1,device=b1-l1-relay,estate=story floor=3 17\n"},
		{"a large number", plantroom.Point{Series: lift, Signal: "cycles", Value: plantroom.Float(12345678), At: 17},
			"lift,asset=b1-l1,building=b1,device=b1-l1-relay,estate=story cycles=1.2345678e+07 17\n"},
		{"a truth is a number", plantroom.Point{Series: lift, Signal: "car_occupied", Value: plantroom.Bool(true), At: 17},
			"lift,asset=b1-l1,building=b1,device=b1-l1-relay,estate=story car_occupied=1 17\n"},
		{"a state", plantroom.Point{Series: lift, Signal: "door", Value: plantroom.String("open"), At: 17},
			"lift,asset=b1-l1,building=b1,device=b1-l1-relay,estate=story door=\"open\" 17\n"},
		{"a doubtful value says so", plantroom.Point{Series: lift, Signal: "floor", Value: plantroom.Float(3), Quality: plantroom.Suspect, At: 17},
			"lift,asset=b1-l1,building=b1,device=b1-l1-relay,estate=story floor=3,quality=\"suspect\" 17\n"},
		{"what needs escaping", plantroom.Point{
			Series: &plantroom.Series{Measurement: "a b,c", Asset: "x=y", Device: `d-e f`}, Signal: "s,t=u v", Value: plantroom.String(`say "\"`), At: -1},
			`a\ b\,c,asset=x\=y,device=d-e\ f s\,t\=u\ v="say \"\\\"" -1` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := render(t, tt.point)
			if err != nil || got != tt.want {
				t.Errorf("got  %s %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestNeighboursOfOneSeriesAndTimeShareALine(t *testing.T) {
	bin := &plantroom.Series{Measurement: "bin", Asset: "b", Device: "d"}
	other := &plantroom.Series{Measurement: "bin", Asset: "c", Device: "e"}
	p := func(s *plantroom.Series, signal string, v float64, q plantroom.Quality, at plantroom.Instant) plantroom.Point {
		return plantroom.Point{Series: s, Signal: signal, Value: plantroom.Float(v), Quality: q, At: at}
	}
	var b batch
	b.render([]plantroom.Point{
		p(bin, "distance_m", 0.9, plantroom.Suspect, 7),
		p(bin, "fill", 0.4, plantroom.Suspect, 7),
		p(bin, "tilt_deg", 3, plantroom.Good, 7), // of another quality
		p(bin, "tilt_deg", 4, plantroom.Good, 7), // a second value of one field
		p(bin, "lid", math.NaN(), plantroom.Good, 7),
		p(bin, "lid", 1, plantroom.Good, 7),
		p(bin, "fill", 0.4, plantroom.Good, 8),
		p(other, "fill", 0.5, plantroom.Good, 8),
		p(bin, "distance_m", 0.9, plantroom.Good, 8), // no neighbour
	}, new(seriesCache))
	want := `bin,asset=b,device=d distance_m=0.9,fill=0.4,quality="suspect" 7
bin,asset=b,device=d tilt_deg=3 7
bin,asset=b,device=d tilt_deg=4 7
bin,asset=b,device=d lid=1 7
bin,asset=b,device=d fill=0.4 8
bin,asset=c,device=e fill=0.5 8
bin,asset=b,device=d distance_m=0.9 8
`
	if got := string(b.text); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for i, first := range []int{0, 2, 3, 5, 6, 7, 8} {
		if l := b.lines[i]; l.first != first || l.end != len(strings.Join(strings.SplitAfterN(want, "\n", i+2)[:i+1], "")) {
			t.Errorf("line %d is %+v", i, l)
		}
	}
	if len(b.refused) != 1 || b.refused[0].Index != 4 {
		t.Errorf("refused %v", b.refused)
	}
}

func TestWhatLineProtocolCannotCarryIsRefusedHere(t *testing.T) {
	ok := &plantroom.Series{Measurement: "lift", Asset: "a"}
	tests := map[string]plantroom.Point{
		"NaN":                     {Series: ok, Signal: "f", Value: plantroom.Float(math.NaN())},
		"infinity":                {Series: ok, Signal: "f", Value: plantroom.Float(math.Inf(-1))},
		"no value":                {Series: ok, Signal: "f"},
		"no signal":               {Series: ok, Value: plantroom.Float(1)},
		"no measurement":          {Series: &plantroom.Series{Asset: "a"}, Signal: "f", Value: plantroom.Float(1)},
		"a line break in a tag":   {Series: &plantroom.Series{Measurement: "m", Asset: "a\nb"}, Signal: "f", Value: plantroom.Float(1)},
		"a backslash in a tag":    {Series: &plantroom.Series{Measurement: "m", Asset: `a\b`}, Signal: "f", Value: plantroom.Float(1)},
		"a comment":               {Series: &plantroom.Series{Measurement: "#m"}, Signal: "f", Value: plantroom.Float(1)},
		"a state that is no text": {Series: ok, Signal: "f", Value: plantroom.String("\xff")},
		"a key beyond its limit":  {Series: &plantroom.Series{Measurement: strings.Repeat("m", 70_000)}, Signal: "f", Value: plantroom.Float(1)},
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			if line, err := render(t, p); plantroom.CodeOf(err) == "" || err == nil {
				t.Errorf("got %q", line)
			}
		})
	}
}

// FuzzLine holds the renderer against InfluxData's own parser: what is
// rendered is one line, and says what was put in.
func FuzzLine(f *testing.F) {
	f.Add("lift", "b1-l1", "floor", "open", 3.5, int64(1700000000000000000))
	f.Add(`m\`, `a\,b`, `s\ t`, `v\`, math.MaxFloat64, int64(math.MinInt64))
	f.Add("m\r", "a=b", "f\x00", "two\nlines", math.Copysign(0, -1), int64(0))
	f.Add("#", "é,", "日 本", `"`, math.SmallestNonzeroFloat64, int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, measurement, asset, signal, state string, num float64, at int64) {
		s := &plantroom.Series{Measurement: measurement, Asset: plantroom.AssetID(asset), Device: "d"}
		for _, v := range []plantroom.Value{plantroom.String(state), plantroom.Float(num)} {
			p := plantroom.Point{Series: s, Signal: signal, Value: v, At: plantroom.Instant(at)}
			line, err := render(t, p)
			if err != nil || strings.ContainsFunc(state, control) {
				continue
			}
			checkParsed(t, line, p)
		}
	})
}

// control is what influxd takes within a string (see TestRealInfluxDB), and
// InfluxData's parser does not.
func control(r rune) bool { return r < ' ' && r != '\n' }

func checkParsed(t *testing.T, line string, p plantroom.Point) {
	t.Helper()
	parser := protocol.NewParser(protocol.NewMetricHandler())
	ms, err := parser.Parse([]byte(line))
	if err != nil || len(ms) != 1 {
		t.Fatalf("%q gives %d lines, %v", line, len(ms), err)
	}
	m := ms[0]
	if m.Name() != p.Series.Measurement {
		t.Errorf("%q: measurement %q, want %q", line, m.Name(), p.Series.Measurement)
	}
	if asset := string(p.Series.Asset); asset != "" && m.TagList()[0].Value != asset {
		t.Errorf("%q: asset %q, want %q", line, m.TagList()[0].Value, asset)
	}
	field := m.FieldList()[0]
	want := any(p.Value.Num())
	if p.Value.Kind() == plantroom.StringKind {
		want = p.Value.Str()
	}
	if field.Key != p.Signal || field.Value != want {
		t.Errorf("%q: field %q = %v, want %q = %v", line, field.Key, field.Value, p.Signal, want)
	}
	if !m.Time().Equal(time.Unix(0, int64(p.At))) {
		t.Errorf("%q: time %v, want %v", line, m.Time(), p.At)
	}
}
