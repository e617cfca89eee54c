package plainjson_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/plainjson"
)

const (
	received = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z
	topic    = "plantroom-device/bin-7"
)

// sample is one of bin-7, at the time of receipt.
func sample(signal string, v plantroom.Value) plantroom.Sample {
	return plantroom.Sample{Address: "bin-7", Signal: signal, Value: v, At: received}
}

func at(t plantroom.Instant, q plantroom.Quality, samples ...plantroom.Sample) []plantroom.Sample {
	for i := range samples {
		samples[i].At, samples[i].Quality = t, q
	}
	return samples
}

var cases = []struct {
	name     string
	topic    string // "": topic
	payload  string
	retained bool
	want     []plantroom.Sample
	err      string // part of the error; then want is nil
}{
	{name: "a number", payload: `{"v":{"distance_m":0.82}}`,
		want: []plantroom.Sample{sample("distance_m", plantroom.Float(0.82))}},
	{name: "several signals keep their order", payload: `{"v":{"state":"wet","distance_m":-12e-1,"occupied":true,"contact":false}}`,
		want: []plantroom.Sample{
			sample("state", plantroom.String("wet")), sample("distance_m", plantroom.Float(-1.2)),
			sample("occupied", plantroom.Bool(true)), sample("contact", plantroom.Bool(false)),
		}},
	{name: "white space", payload: " {\t\"v\" : {\r\n\"fill\" :0 } }\n",
		want: []plantroom.Sample{sample("fill", plantroom.Float(0))}},
	{name: "time as text", payload: `{"t":"2026-03-02T08:00:01.5+08:00","v":{"fill":1}}`,
		want: at(received+1_500_000_000, plantroom.Good, sample("fill", plantroom.Float(1)))},
	{name: "time in milliseconds, last", payload: `{"v":{"fill":1},"t":1772409601500}`,
		want: at(received+1_500_000_000, plantroom.Good, sample("fill", plantroom.Float(1)))},
	{name: "time before 1970", payload: `{"t":-1,"v":{"fill":1}}`,
		want: at(-1_000_000, plantroom.Good, sample("fill", plantroom.Float(1)))},
	{name: "suspect", payload: `{"q":"suspect","v":{"fill":1}}`,
		want: at(received, plantroom.Suspect, sample("fill", plantroom.Float(1)))},
	{name: "historical", payload: `{"q":"historical","t":1772409600000,"v":{"fill":1}}`,
		want: at(received, plantroom.Historical, sample("fill", plantroom.Float(1)))},
	{name: "retained without time", payload: `{"v":{"fill":1}}`, retained: true,
		want: at(received, plantroom.EstimatedTime, sample("fill", plantroom.Float(1)))},
	{name: "retained and suspect", payload: `{"q":"suspect","v":{"fill":1}}`, retained: true,
		want: at(received, plantroom.Suspect, sample("fill", plantroom.Float(1)))},
	{name: "retained with time", payload: `{"t":1772409600000,"v":{"fill":1}}`, retained: true,
		want: at(received, plantroom.Good, sample("fill", plantroom.Float(1)))},
	{name: "escapes", payload: `{"v":{"fault":"door\u005fclose \"x\" \\"}}`,
		want: []plantroom.Sample{sample("fault", plantroom.String(`door_close "x" \`))}},
	{name: "Chinese", payload: `{"v":{"fault":"门"}}`,
		want: []plantroom.Sample{sample("fault", plantroom.String("门"))}},
	{name: "an empty state", payload: `{"v":{"fault":""}}`,
		want: []plantroom.Sample{sample("fault", plantroom.String(""))}},
	{name: "the largest double", payload: `{"v":{"x":1.7976931348623157e+308}}`,
		want: []plantroom.Sample{sample("x", plantroom.Float(math.MaxFloat64))}},

	{name: "another topic", topic: "zigbee2mqtt/bin-7", payload: `{}`},
	{name: "a topic below", topic: "plantroom-device/bin-7/x", payload: `{}`},
	{name: "a topic without address", topic: "plantroom-device/", payload: `{}`},
	{name: "an empty payload deletes a retained message", payload: ""},

	{name: "nothing but white space", payload: "  ", err: "ends where '{'"},
	{name: "not an object", payload: `[1]`, err: `'[' where '{'`},
	{name: "an empty object", payload: `{}`, err: "v, the values, is missing"},
	{name: "only a time", payload: `{"t":1}`, err: "v, the values, is missing"},
	{name: "no values", payload: `{"v":{}}`, err: "no signal"},
	{name: "an unknown key", payload: `{"v":{"x":1},"w":1}`, err: `"w" is not known`},
	{name: "a key in the wrong case", payload: `{"V":{"x":1}}`, err: `"V" is not known`},
	{name: "a repeated key", payload: `{"t":1,"v":{"x":1},"t":2}`, err: `"t" is there twice`},
	{name: "repeated values", payload: `{"v":{"x":1},"v":{"x":2}}`, err: `"v" is there twice`},
	{name: "a repeated signal", payload: `{"v":{"x":1,"x":2}}`, err: `"x" is there twice`},
	{name: "a signal in capitals", payload: `{"v":{"Fill":1}}`, err: "id \"Fill\""},
	{name: "an empty signal", payload: `{"v":{"":1}}`, err: "id is empty"},
	{name: "null", payload: `{"v":{"x":null}}`, err: "x is not a number"},
	{name: "an array", payload: `{"v":{"x":[1]}}`, err: "x is not a number"},
	{name: "an object", payload: `{"v":{"x":{"y":1}}}`, err: "x is not a number"},
	{name: "NaN", payload: `{"v":{"x":NaN}}`, err: "x is not a number"},
	{name: "a half-written true", payload: `{"v":{"x":tru}}`, err: "x is not a number"},
	{name: "a number that is too large", payload: `{"v":{"x":1e999}}`, err: "too large"},
	{name: "a leading zero", payload: `{"v":{"x":01}}`, err: `'1' where '}'`},
	{name: "a leading plus", payload: `{"v":{"x":+1}}`, err: "x is not a number"},
	{name: "a lone minus", payload: `{"v":{"x":-}}`, err: "lacks digits"},
	{name: "a bare point", payload: `{"v":{"x":1.}}`, err: "lacks digits"},
	{name: "a bare exponent", payload: `{"v":{"x":1e}}`, err: "lacks digits"},
	{name: "hexadecimal", payload: `{"v":{"x":0x10}}`, err: `'x' where '}'`},
	{name: "a trailing comma", payload: `{"v":{"x":1,}}`, err: `'}' where '"'`},
	{name: "something behind", payload: `{"v":{"x":1}}{}`, err: "something follows"},
	{name: "a zero byte behind", payload: "{\"v\":{\"x\":1}}\x00", err: "something follows"},
	{name: "cut in a string", payload: `{"v":{"x":"we`, err: "does not end"},
	{name: "cut in an escape", payload: `{"v":{"x":"we\`, err: "does not end"},
	{name: "cut in a number", payload: `{"v":{"x":1`, err: `ends where '}'`},
	{name: "a wrong escape", payload: `{"v":{"x":"\q"}}`, err: "wrong escape"},
	{name: "a control character", payload: "{\"v\":{\"x\":\"a\nb\"}}", err: "control character"},
	{name: "not UTF-8", payload: "{\"v\":{\"x\":\"\xff\"}}", err: "not UTF-8"},
	{name: "too long a state", payload: `{"v":{"x":"` + strings.Repeat("x", 129) + `"}}`, err: "129 bytes"},
	{name: "too many signals", payload: `{"v":{` + manySignals(65) + `}}`, err: "more than 64"},
	{name: "too large a payload", payload: strings.Repeat(" ", 64<<10) + "{}", err: "at most 65536"},
	{name: "time as words", payload: `{"t":"today","v":{"x":1}}`, err: "t is not RFC 3339"},
	{name: "time without zone", payload: `{"t":"2026-03-02T08:00:00","v":{"x":1}}`, err: "t is not RFC 3339"},
	{name: "an empty time", payload: `{"t":"","v":{"x":1}}`, err: "t is not RFC 3339"},
	{name: "a time beyond 64 bits", payload: `{"t":"2611-03-02T08:00:00Z","v":{"x":1}}`, err: "t is not RFC 3339"},
	{name: "milliseconds beyond 64 bits", payload: `{"t":9223372036855,"v":{"x":1}}`, err: "t is neither"},
	{name: "half a millisecond", payload: `{"t":0.5,"v":{"x":1}}`, err: "t is neither"},
	{name: "time 0", payload: `{"t":0,"v":{"x":1}}`, err: "t is neither"},
	{name: "an unknown quality", payload: `{"q":"great","v":{"x":1}}`, err: "q is not one of"},
	{name: "quality as a number", payload: `{"q":2,"v":{"x":1}}`, err: `'2' where '"'`},
}

func manySignals(n int) string {
	var s []string
	for i := range n {
		s = append(s, fmt.Sprintf(`"s%d":1`, i))
	}
	return strings.Join(s, ",")
}

func TestDecode(t *testing.T) {
	d := plainjson.New("")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := plantroom.Message{Topic: topic, Payload: []byte(c.payload), Retained: c.retained, Received: received}
			if c.topic != "" {
				m.Topic = c.topic
			}
			got, err := d.Decode(m)
			if c.err == "" {
				if err != nil {
					t.Fatal(err)
				}
			} else {
				if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want one that says %q", err, c.err)
				}
				if !strings.Contains(err.Error(), "bin-7") {
					t.Errorf("error %v does not name the address", err)
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestAPrefixOfItsOwn(t *testing.T) {
	if got := plainjson.Topics("site/a/"); !reflect.DeepEqual(got, []string{"site/a/+"}) {
		t.Errorf("topics %q", got)
	}
	got, err := plainjson.New("site/a").Decode(plantroom.Message{Topic: "site/a/x", Payload: []byte(`{"v":{"y":1}}`), Received: received})
	if err != nil || len(got) != 1 || got[0].Address != "x" {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.payload), c.retained)
	}
	d := plainjson.New("")
	f.Fuzz(func(t *testing.T, payload []byte, retained bool) {
		got, err := d.Decode(plantroom.Message{Topic: topic, Payload: payload, Retained: retained, Received: received})
		if err != nil && (got != nil || plantroom.CodeOf(err) != plantroom.CodeInvalid) {
			t.Fatalf("%+v besides %v", got, err)
		}
		if len(got) > 64 || err == nil && len(payload) > 0 && len(got) == 0 {
			t.Fatalf("%d samples", len(got))
		}
		for _, s := range got {
			if s.Address != "bin-7" || plantroom.ValidID(s.Signal) != nil || s.Value.Kind() == plantroom.NoValue || s.At.IsZero() {
				t.Fatalf("%+v", s)
			}
			if f := s.Value.Num(); math.IsNaN(f) || math.IsInf(f, 0) {
				t.Fatalf("%+v is not finite", s)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	d := plainjson.New("")
	m := plantroom.Message{Topic: topic, Payload: []byte(`{"t":1772409600000,"v":{"distance_m":0.82}}`), Received: received}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(m); err != nil {
			b.Fatal(err)
		}
	}
}
