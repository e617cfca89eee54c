package lorawan

import (
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plantroom"
)

func m(signal string, v any) plantroom.Sample {
	switch v := v.(type) {
	case float64:
		return plantroom.Sample{Signal: signal, Value: plantroom.Float(v)}
	case bool:
		return plantroom.Sample{Signal: signal, Value: plantroom.Bool(v)}
	default:
		return plantroom.Sample{Signal: signal, Value: plantroom.String(v.(string))}
	}
}

func suspect(x plantroom.Sample) plantroom.Sample {
	x.Quality = plantroom.Suspect
	return x
}

func past(seconds int64, x plantroom.Sample) plantroom.Sample {
	x.Quality, x.At = plantroom.Historical, plantroom.Instant(seconds*1e9)
	return x
}

// frames drives the native decoders. Cases marked "maker's example" are the
// ones that the source of the layout gives.
var frames = []struct {
	model, name string
	port        int
	hex         string
	want        []plantroom.Sample
	err         string // part of the error, next to want
}{
	{model: "milesight-em300-sld", name: "maker's example", port: 85, hex: "01755C 03673401 046865 050000",
		want: []plantroom.Sample{m("battery_pct", 92.0), m("state", "dry")}},
	{model: "milesight-em300-sld", name: "maker's example of history", port: 85, hex: "20CE9E74466310015D01",
		want: []plantroom.Sample{past(1665561758, m("state", "wet"))}},
	{model: "milesight-em300-sld", name: "wet", port: 85, hex: "050001", want: []plantroom.Sample{m("state", "wet")}},
	{model: "milesight-em300-sld", name: "a byte that is neither makes no leak", port: 85, hex: "0500FF", want: []plantroom.Sample{m("state", "unknown")}},
	{model: "milesight-em300-sld", name: "history without a clock", port: 85, hex: "20CE0000000010015D01"},
	{model: "milesight-em300-sld", name: "switched on", port: 85, hex: "FF0BFF FF0101 FF166136C40091605408 FF090300 FF0A0101 FF0F00 FFFF0100 FFFE01",
		want: []plantroom.Sample{m("heartbeat", true)}},
	{model: "milesight-em300-sld", name: "an empty frame", port: 85, hex: "", err: "frame of 0 bytes"},
	{model: "milesight-em300-sld", name: "cut in an element's head", port: 85, hex: "050000 05", want: []plantroom.Sample{m("state", "dry")}, err: "byte 3: the frame ends"},
	{model: "milesight-em300-sld", name: "cut in an element's data", port: 85, hex: "0500", err: "ends within element 05 00"},
	{model: "milesight-em300-sld", name: "cut in history", port: 85, hex: "20CE9E74466310015D", err: "ends within element 20 ce"},
	{model: "milesight-em300-sld", name: "an unknown element behind a leak", port: 85, hex: "050001 077700", want: []plantroom.Sample{m("state", "wet")}, err: "element 07 77 is not known"},
	{model: "milesight-em300-sld", name: "the answer to a downlink", port: 85, hex: "FE0210", err: "element fe 02"},
	{model: "milesight-em300-sld", name: "another model's distance", port: 85, hex: "03824408", err: "element 03 82"},

	{model: "milesight-em310-udl", name: "maker's example", port: 85, hex: "01755C 03824408 040001",
		want: []plantroom.Sample{m("battery_pct", 92.0), suspect(m("distance_m", 2.116))}},
	{model: "milesight-em310-udl", name: "level", port: 85, hex: "03821E00 040000", want: []plantroom.Sample{m("distance_m", 0.03)}},
	{model: "milesight-em310-udl", name: "the largest distance", port: 85, hex: "0382FFFF", want: []plantroom.Sample{m("distance_m", 65.535)}},
	{model: "milesight-em310-udl", name: "cut", port: 85, hex: "01755C 038244", want: []plantroom.Sample{m("battery_pct", 92.0)}, err: "ends within element 03 82"},

	{model: "milesight-em300-di", name: "low", port: 85, hex: "03673401 046865 050000", want: []plantroom.Sample{m("contact", false)}},
	{model: "milesight-em300-di", name: "high", port: 85, hex: "050001", want: []plantroom.Sample{m("contact", true)}},
	{model: "milesight-em300-di", name: "alarm", port: 85, hex: "85000101", want: []plantroom.Sample{m("contact", true)}},
	{model: "milesight-em300-di", name: "released", port: 85, hex: "85000000", want: []plantroom.Sample{m("contact", false)}},
	{model: "milesight-em300-di", name: "a level that is none", port: 85, hex: "050002"},
	{model: "milesight-em300-di", name: "pulses and water", port: 85, hex: "05C800010000 05E10A000A0000000000 85E10A000A000000000001"},
	{model: "milesight-em300-di", name: "maker's example, history of pulses", port: 85, hex: "01755C 03673401 046865 20CE9E74466310015D020000010000",
		want: []plantroom.Sample{m("battery_pct", 92.0)}},
	{model: "milesight-em300-di", name: "history of levels", port: 85, hex: "20CE9E74466310015D010100000000",
		want: []plantroom.Sample{past(1665561758, m("contact", true))}},
	{model: "milesight-em300-di", name: "history of levels, second form", port: 85, hex: "21CE9E74466310015D0501000000000000000000",
		want: []plantroom.Sample{past(1665561758, m("contact", false))}},

	{model: "nwave-nps405", name: "maker's example of a change", port: 1, hex: "95",
		want: []plantroom.Sample{m("occupied", true), m("occupied_s", 74*60.0)}},
	{model: "nwave-nps405", name: "free after 89 minutes", port: 1, hex: "B2", want: []plantroom.Sample{m("occupied", false), m("occupied_s", 89*60.0)}},
	{model: "nwave-nps405", name: "free after 90 minutes", port: 1, hex: "B4", want: []plantroom.Sample{m("occupied", false), m("occupied_s", 90*60.0)}},
	{model: "nwave-nps405", name: "free after 235 minutes", port: 1, hex: "EE", want: []plantroom.Sample{m("occupied", false), m("occupied_s", 235*60.0)}},
	{model: "nwave-nps405", name: "free after 4 hours", port: 1, hex: "F0", want: []plantroom.Sample{m("occupied", false), m("occupied_s", 240*60.0)}},
	{model: "nwave-nps405", name: "free after 10 hours", port: 1, hex: "FC", want: []plantroom.Sample{m("occupied", false), m("occupied_s", 600*60.0)}},
	{model: "nwave-nps405", name: "free after who knows how long", port: 1, hex: "FE", want: []plantroom.Sample{m("occupied", false)}},
	{model: "nwave-nps405", name: "maker's example of a heartbeat", port: 2, hex: "00D3D800590B",
		want: []plantroom.Sample{m("occupied", false), m("heartbeat", true), m("battery_v", 3.344), m("device_temp_c", -10.0)}},
	{model: "nwave-nps405", name: "maker's example of a start", port: 3, hex: "0204090200", want: []plantroom.Sample{suspect(m("occupied", false))}},
	{model: "nwave-nps405", name: "maker's example of a tag", port: 10, hex: "D11F345678",
		want: []plantroom.Sample{m("occupied", true), m("occupied_s", 160*60.0)}},
	{model: "nwave-nps405", name: "a tag without parking", port: 10, hex: "001F345678"},
	{model: "nwave-nps405", name: "debugging", port: 6, hex: "00"},
	{model: "nwave-nps405", name: "an empty change", port: 1, hex: "", err: "frame of 0 bytes"},
	{model: "nwave-nps405", name: "a heartbeat cut short", port: 2, hex: "01D3", err: "at least 3"},
	{model: "nwave-nps405", name: "a start cut short", port: 3, hex: "02040902", err: "at least 5"},
	{model: "nwave-nps405", name: "a tag cut short", port: 10, hex: "D1", err: "at least 5"},

	{model: "bosch-tpl110", name: "occupied", port: 1, hex: "01", want: []plantroom.Sample{m("occupied", true)}},
	{model: "bosch-tpl110", name: "free", port: 1, hex: "00", want: []plantroom.Sample{m("occupied", false)}},
	{model: "bosch-tpl110", name: "heartbeat", port: 2, hex: "01", want: []plantroom.Sample{m("occupied", true), m("heartbeat", true)}},
	{model: "bosch-tpl110", name: "heartbeat with frost", port: 2, hex: "00F6",
		want: []plantroom.Sample{m("occupied", false), m("heartbeat", true), m("device_temp_c", -10.0)}},
	{model: "bosch-tpl110", name: "start", port: 3, hex: "0000000000000000000000000017 03 02 01", want: []plantroom.Sample{suspect(m("occupied", true))}},
	{model: "bosch-tpl110", name: "device information", port: 4, hex: "0102"},
	{model: "bosch-tpl110", name: "an empty change", port: 1, hex: "", err: "at least 1"},
	{model: "bosch-tpl110", name: "a start cut short", port: 3, hex: "000000000000000000000000001703", err: "at least 17"},
}

func TestNativeDecoders(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range frames {
		seen[c.model] = true
		t.Run(c.model+"/"+c.name, func(t *testing.T) {
			data, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Native(c.model, c.port, data)
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err)):
				t.Fatalf("error %v, want one that says %q", err, c.err)
			}
			if len(got) != len(c.want) || len(got) > 0 && !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
	for model := range natives {
		if !seen[model] {
			t.Errorf("native decoder %s has no frames in the table", model)
		}
	}
}

// signalOf finds what plantroom and this family promise of a signal.
func signalOf(t *testing.T, name string) *plantroom.Signal {
	t.Helper()
	i := slices.IndexFunc(generic, func(s plantroom.Signal) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("%s is not a generic signal", name)
	}
	return &generic[i]
}

func FuzzNative(f *testing.F) {
	for _, c := range frames {
		data, _ := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		f.Add(uint8(c.port), data)
	}
	f.Fuzz(func(t *testing.T, port uint8, data []byte) {
		for model := range natives {
			got, err := Native(model, int(port), data)
			if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
				t.Fatalf("%s: %v", model, err)
			}
			for _, x := range got {
				s := signalOf(t, x.Signal)
				if x.Value.Kind() != s.Kind {
					t.Fatalf("%s: %s is the %s %s", model, x.Signal, x.Value.Kind(), x.Value)
				}
				// A battery byte may well say 255 %: ranges are judged later, words here.
				if s.Kind == plantroom.StringKind && s.Check(x.Value) != nil {
					t.Fatalf("%s: %s is %s", model, x.Signal, x.Value)
				}
			}
		}
	})
}
