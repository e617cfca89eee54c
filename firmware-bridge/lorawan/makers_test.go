package lorawan

import (
	"encoding/hex"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plantroom"
)

// is makes the sample that a case wants.
func is(signal string, v any) plantroom.Sample {
	switch v := v.(type) {
	case float64:
		return put(signal, plantroom.Float(v))
	case bool:
		return put(signal, plantroom.Bool(v))
	}
	return put(signal, plantroom.String(v.(string)))
}

func with(q plantroom.Quality, seconds int64, s plantroom.Sample) plantroom.Sample {
	s.Quality, s.At = q, plantroom.Instant(seconds*1e9)
	return s
}

// vectors drives the makers' decoders. Cases marked "maker's example" are the
// ones that the source of the layout gives.
var vectors = []struct {
	model, name string
	port        int
	hex         string
	want        []plantroom.Sample
	err         string // part of the error, next to want
}{
	{"milesight-ws301", "maker's example", 85, "017564 030001 040001", []plantroom.Sample{is("battery_pct", 100.0), is("contact", false), is("tamper", true)}, ""},
	{"milesight-ws301", "closed", 85, "030000 040000", []plantroom.Sample{is("contact", true), is("tamper", false)}, ""},
	{"milesight-ws301", "bytes that are neither", 85, "030002 040007", nil, ""},
	{"milesight-ws301", "cut", 85, "030000 04", []plantroom.Sample{is("contact", true)}, "ends within an element"},

	{"milesight-em300-mcs", "maker's example", 85, "01755C 03673401 046865 060001", []plantroom.Sample{is("battery_pct", 92.0), is("contact", false)}, ""},
	{"milesight-em300-mcs", "maker's example of history", 85, "20CE9E74466310015D01", []plantroom.Sample{with(plantroom.Historical, 1665561758, is("contact", false))}, ""},
	{"milesight-em300-mcs", "cut in history", 85, "060000 20CE9E74", []plantroom.Sample{is("contact", true)}, "ends within element 20 ce"},

	{"milesight-em300-mld", "maker's example", 85, "01755C 050000", []plantroom.Sample{is("battery_pct", 92.0), is("state", "dry")}, ""},
	{"milesight-em300-mld", "maker's example of history", 85, "20CE9E74466300000001", []plantroom.Sample{with(plantroom.Historical, 1665561758, is("state", "wet"))}, ""},
	{"milesight-em300-mld", "wet", 85, "050001", []plantroom.Sample{is("state", "wet")}, ""},
	{"milesight-em300-mld", "a byte that is neither makes no leak", 85, "0500FF", []plantroom.Sample{is("state", "unknown")}, ""},
	{"milesight-em300-mld", "cut", 85, "0500", nil, "ends within element 05 00"},

	{"milesight-em400-mud", "maker's example", 85, "01755C 03670101 04824408 050001",
		[]plantroom.Sample{is("battery_pct", 92.0), with(plantroom.Suspect, 0, is("distance_m", 2.116))}, ""},
	{"milesight-em400-mud", "maker's example of alarms", 85, "8367E80001 8482410601", []plantroom.Sample{is("distance_m", 1.601)}, ""},
	{"milesight-em400-mud", "a location", 85, "0688 36BF7701F000090722 04824408", []plantroom.Sample{is("distance_m", 2.116)}, ""},
	{"milesight-em400-mud", "cut", 85, "048244", nil, "ends within element 04 82"},
	{"milesight-em400-tld", "level", 85, "03670101 0482D204 050000", []plantroom.Sample{is("distance_m", 1.234)}, ""},
	{"milesight-em400-tld", "another model's element", 85, "03824408", nil, "element 03 82 is not known"},

	{"milesight-em500-udl", "maker's example", 85, "017564 03821E00", []plantroom.Sample{is("battery_pct", 100.0), is("distance_m", 0.03)}, ""},
	{"milesight-em500-udl", "alarm", 85, "83E91E00040001", []plantroom.Sample{is("distance_m", 0.03)}, ""},
	{"milesight-em500-udl", "history", 85, "20CE9E7446634408", []plantroom.Sample{with(plantroom.Historical, 1665561758, is("distance_m", 2.116))}, ""},
	{"milesight-em500-udl", "history without a clock", 85, "20CE000000004408", nil, ""},

	{"dragino-lds02", "maker's example", 10, "0B88 01 001BB3 000000 00", []plantroom.Sample{is("battery_v", 2.952), is("contact", true)}, ""},
	{"dragino-lds02", "open", 10, "8B88 01 001BB3 000002 01", []plantroom.Sample{is("battery_v", 2.952), is("contact", false)}, ""},
	{"dragino-lds02", "another port", 5, "01", nil, ""},
	{"dragino-lds02", "cut", 10, "0B8801", nil, "at least 10"},
	{"dragino-lwl02", "maker's example", 10, "0C1E 02 000004 000000 00", []plantroom.Sample{is("battery_v", 3.102), is("state", "dry")}, ""},
	{"dragino-lwl02", "leak", 10, "4C1E 02 000005 000000 00", []plantroom.Sample{is("battery_v", 3.102), is("state", "wet")}, ""},
	{"dragino-lwl02", "both", 10, "CC1E 03 000000 000000 01", []plantroom.Sample{is("battery_v", 3.102), is("contact", false), is("state", "wet")}, ""},
	{"dragino-lwl02", "no mode", 10, "4C1E 00 000000 000000 00", []plantroom.Sample{is("battery_v", 3.102)}, "mode 0"},

	{"dragino-ldds75", "maker's example", 2, "0D0A 07E9 00 0000 01", []plantroom.Sample{is("battery_v", 3.338), is("distance_m", 2.025)}, ""},
	{"dragino-ldds75", "nothing measured", 2, "0D0A 0014 00 0000 01", []plantroom.Sample{is("battery_v", 3.338)}, ""},
	{"dragino-ldds75", "no sensor", 2, "0D0A 0000 00 0000 00", []plantroom.Sample{is("battery_v", 3.338)}, "no sensor connected"},
	{"dragino-ldds75", "another port", 5, "0D0A07E9", nil, ""},
	{"dragino-ldds75", "cut", 2, "0D0A07", nil, "at least 4"},

	{"elsys", "maker's example with supply", 5, "0100C6 022A 070E0A", []plantroom.Sample{is("battery_v", 3.594)}, ""},
	{"elsys", "maker's example of a digital input", 5, "0100D2 0D01", []plantroom.Sample{is("contact", true)}, ""},
	{"elsys", "maker's example of relative pulses", 5, "0A002A", nil, ""},
	{"elsys", "water, distance, pulses", 5, "1200 0E04D2 0B00010000", []plantroom.Sample{is("state", "dry"), is("distance_m", 1.234), is("pulses", 65536.0)}, ""},
	{"elsys", "wet", 5, "12FF", []plantroom.Sample{is("state", "wet")}, ""},
	{"elsys", "an input that is neither", 5, "0D07", nil, ""},
	{"elsys", "behind an unknown type", 5, "0D00 FE 1201", []plantroom.Sample{is("contact", false)}, "type fe is not known"},
	{"elsys", "cut", 5, "1201 070E", []plantroom.Sample{is("state", "wet")}, "ends within type 07"},
	{"elsys", "empty", 5, "", nil, "at least 1"},

	{"netvox-r311w", "maker's example of versions", 6, "0106 00 64 0B 20191112 0000", nil, ""},
	{"netvox-r311w", "maker's example", 6, "0106 01 1E 00 01 0000000000", []plantroom.Sample{is("battery_v", 3.0), is("state", "wet")}, ""},
	{"netvox-r311w", "dry, and the battery is low", 6, "0106 01 98 00 00 0000000000", []plantroom.Sample{is("battery_v", 2.4), is("state", "dry")}, ""},
	{"netvox-r311w", "maker's example of an answer", 7, "8106 00 00 00 00 0000000000", nil, ""},
	{"netvox-r311w", "another device", 6, "0102 01 1E 01 00 0000000000", nil, "no leak detector"},
	{"netvox-r311w", "cut", 6, "0106011E00", nil, "at least 6"},
	{"netvox-r718wa", "wet", 6, "0132 01 1E 01 00 0000000000", []plantroom.Sample{is("battery_v", 3.0), is("state", "wet")}, ""},
	{"netvox-r718wb", "one rope only", 6, "0112 01 1E 00 01 0000000000", []plantroom.Sample{is("battery_v", 3.0), is("state", "dry")}, ""},

	{"decentlab-dl-mbx", "maker's example", 1, "02 012F 0003 04D2 0001 0BB1", []plantroom.Sample{is("distance_m", 1.234), is("battery_v", 2.993)}, ""},
	{"decentlab-dl-mbx", "maker's example without a distance", 1, "02 012F 0002 0BB1", []plantroom.Sample{is("battery_v", 2.993)}, ""},
	{"decentlab-dl-mbx", "no valid sample", 1, "02 012F 0001 04D2 0000", []plantroom.Sample{with(plantroom.Suspect, 0, is("distance_m", 1.234))}, ""},
	{"decentlab-dl-mbx", "another version", 1, "03 012F 0003 04D2 0001 0BB1", nil, "version 3"},
	{"decentlab-dl-mbx", "cut in the distance", 1, "02 012F 0003 04D2 00", nil, "at least 9"},
	{"decentlab-dl-mbx", "cut in the battery", 1, "02 012F 0003 04D2 0001 0B", []plantroom.Sample{is("distance_m", 1.234)}, "at least 11"},

	{"browan-merryiot-dw10", "maker's example", 120, "000F151C0000D22500", []plantroom.Sample{is("contact", true), is("tamper", false), is("battery_v", 3.6)}, ""},
	{"browan-merryiot-dw10", "open and tampered with, ten bytes", 120, "050FD2001C0000D22500", []plantroom.Sample{is("contact", false), is("tamper", true), is("battery_v", 3.6)}, ""},
	{"browan-merryiot-dw10", "cut", 120, "000F", nil, "9 or 10"},
	{"browan-merryiot-dw10", "another port", 204, "00", nil, ""},

	{"vutility-pulsedrop", "maker's example", 3, "1CC57D 00000DE8 00000000",
		[]plantroom.Sample{is("battery_v", 3.8627450980392157), is("device_temp_c", 18.823529411764703), is("pulses", 3560.0)}, ""},
	{"vutility-pulsedrop", "the meter does not answer", 3, "1CC57D 00000000 00000001",
		[]plantroom.Sample{is("battery_v", 3.8627450980392157), is("device_temp_c", 18.823529411764703)}, "no valid answer"},
	{"vutility-pulsedrop", "another packet", 3, "32C57D 00000DE8 00000000", nil, "no count"},
	{"vutility-pulsedrop", "cut", 3, "1CC57D", nil, "no count"},
}

func TestMakersDevicesAreUnderstood(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range vectors {
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
	for model := range makers {
		if !seen[model] {
			t.Errorf("decoder %s has no frames in the table", model)
		}
	}
	if _, err := Native("milesight", 1, nil); plantroom.CodeOf(err) != plantroom.CodeNotFound || !strings.Contains(err.Error(), "milesight-ws301") {
		t.Errorf("an unknown model: %v", err)
	}
}

// known is what the makers' decoders may say, beside what any device says of
// itself.
var known = append([]plantroom.Signal{
	{Name: "state", Kind: plantroom.StringKind, Values: []string{"dry", "wet", "unknown"}},
	{Name: "distance_m", Kind: plantroom.FloatKind, Max: 65.535},
	{Name: "contact", Kind: plantroom.BoolKind},
	{Name: "pulses", Kind: plantroom.FloatKind, Max: math.MaxUint32},
}, plantroom.DeviceSignals()...)

func FuzzMakers(f *testing.F) {
	for _, c := range vectors {
		data, _ := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		f.Add(uint8(c.port), data)
	}
	f.Fuzz(func(t *testing.T, port uint8, data []byte) {
		for model := range makers {
			got, err := Native(model, int(port), data)
			if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
				t.Fatalf("%s: %v", model, err)
			}
			if len(got) > len(data)+3 {
				t.Fatalf("%s: %d samples of %d bytes", model, len(got), len(data))
			}
			for _, s := range got {
				i := slices.IndexFunc(known, func(k plantroom.Signal) bool { return k.Name == s.Signal })
				// A battery may well say 255 % or 65 V: the services judge that.
				if i < 0 || !strings.HasPrefix(s.Signal, "battery") && known[i].Check(s.Value) != nil {
					t.Fatalf("%s: %+v", model, s)
				}
			}
		}
	})
}

func BenchmarkNative(b *testing.B) {
	frames := map[string]string{"milesight-ws301": "017564030001040001", "dragino-lwl02": "4C1E0200000500000000", "elsys": "0100C6022A070E0A0D01", "decentlab-dl-mbx": "02012F000304D200010BB1"}
	for model, text := range frames {
		data, _ := hex.DecodeString(text)
		port := 85
		if strings.HasPrefix(model, "dragino") {
			port = 10
		}
		b.Run(model, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if s, err := Native(model, port, data); err != nil || len(s) == 0 {
					b.Fatal(s, err)
				}
			}
		})
	}
}
