package tasmota_test

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"plantroom"
	"plantroom/firmware-bridge/tasmota"
)

const (
	received = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z, 08:00 in Shanghai
	heard    = received - 2_000_000_000                // what the messages below give as Time
	now      = `"Time":"2026-03-02T07:59:58"`
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func samples(at plantroom.Instant, q plantroom.Quality, pairs ...any) []plantroom.Sample {
	var out []plantroom.Sample
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, plantroom.Sample{Address: "b1-pump", Signal: pairs[i].(string), Value: pairs[i+1].(plantroom.Value), At: at, Quality: q})
	}
	return out
}

// said is what the device has said at its own time, good what it said without one.
func said(pairs ...any) []plantroom.Sample { return samples(heard, plantroom.Good, pairs...) }
func good(pairs ...any) []plantroom.Sample { return samples(received, plantroom.Good, pairs...) }

func num(f float64) plantroom.Value { return plantroom.Float(f) }

var on, off = plantroom.Bool(true), plantroom.Bool(false)

var cases = []struct {
	name     string
	topic    string // "": tele/b1-pump/SENSOR
	payload  string
	retained bool
	want     []plantroom.Sample
	err      string // part of the error, next to want
}{
	{name: "switches", payload: `{` + now + `,"Switch1":"ON","Switch2":"OFF","Switch12":"ON"}`, want: said("switch1", on, "switch2", off, "switch12", on)},
	{name: "an analog input", payload: `{` + now + `,"ANALOG":{"A0":1024}}`, want: said("analog_a0", num(1024))},
	{name: "analog inputs of other kinds", payload: `{` + now + `,"ANALOG":{"A1":7,"Range2":-3.5,"Illuminance1":90}}`, want: said("analog_a1", num(7), "analog_range2", num(-3.5))},
	{name: "counters", payload: `{` + now + `,"COUNTER":{"C1":0,"C2":40012}}`, want: said("counter_c1", num(0), "counter_c2", num(40012))},
	{name: "a thermometer", payload: `{` + now + `,"DS18B20":{"Temperature":49.7},"TempUnit":"C"}`, want: said("ds18b20_c", num(49.7))},
	{name: "a thermometer in Fahrenheit", payload: `{` + now + `,"DS18B20":{"Temperature":212},"TempUnit":"F"}`, want: said("ds18b20_c", num(100))},
	{name: "a thermometer below zero with an id", payload: `{` + now + `,"DS18S20":{"Id":"01131B123ABC","Temperature":-3.5},"TempUnit":"C"}`, want: said("ds18s20_01131b123abc_c", num(-3.5))},
	{name: "several thermometers", payload: `{` + now + `,"DS18B20-1":{"Id":"00000566CC39","Temperature":13.3},"DS18B20-2":{"Temperature":12},"DS1822_3":{"Temperature":1},"TempUnit":"C"}`,
		want: said("ds18b20_00000566cc39_c", num(13.3), "ds18b20_2_c", num(12), "ds1822_3_c", num(1))},
	{name: "a thermometer with an odd id", payload: `{` + now + `,"DS18B20-1":{"Id":"../../x","Temperature":13.3},"TempUnit":"C"}`, want: said("ds18b20_1_c", num(13.3))},
	{name: "a thermometer that does not answer", payload: `{` + now + `,"DS18B20":{"Id":"01131B123456","Temperature":null},"TempUnit":"C"}`},
	{name: "the chip's own temperature", payload: `{` + now + `,"ESP32":{"Temperature":53.3},"TempUnit":"C"}`, want: said("device_temp_c", num(53.3))},
	{name: "a distance by sound", payload: `{` + now + `,"SR04":{"Distance":59.3}}`, want: said("distance_m", num(0.593))},
	{name: "two distances", payload: `{` + now + `,"SR04-1":{"Distance":59.3},"SR04-2":{"Distance":100}}`, want: said("distance_m", num(0.593), "distance_2_m", num(1))},
	{name: "a distance by light", payload: `{` + now + `,"VL53L0X":{"Distance":263}}`, want: said("distance_m", num(0.263))},
	{name: "sensors that are not known", payload: `{` + now + `,"BME280":{"Temperature":21},"ENERGY":{"Power":5},"PN532":{"UID":"5B24"},"Switch":"ON","Switch1x":"ON","Switch123":"ON","TempUnit":"C"}`},
	{name: "STATE", topic: "tele/b1-pump/STATE", payload: `{` + now + `,"Uptime":"0T00:10:11","POWER":"OFF","Wifi":{"AP":1,"RSSI":44,"Signal":-78,"LinkCount":1}}`,
		want: said("heartbeat", on, "power1", off, "rssi_dbm", num(-78))},
	{name: "STATE of two relays on a cable", topic: "tele/b1-pump/STATE", payload: `{` + now + `,"POWER1":"ON","POWER2":"OFF"}`, want: said("heartbeat", on, "power1", on, "power2", off)},
	{name: "STATE of old firmware, which has percent only", topic: "tele/b1-pump/STATE", payload: `{` + now + `,"Wifi":{"RSSI":44}}`, want: said("heartbeat", on)},
	{name: "STATUS10", topic: "stat/b1-pump/STATUS10", payload: `{"StatusSNS":{` + now + `,"Switch1":"ON"}}`, want: said("switch1", on)},
	{name: "STATUS8", topic: "stat/b1-pump/STATUS8", payload: `{"StatusSNS":{` + now + `,"ANALOG":{"A0":3}}}`, want: said("analog_a0", num(3))},
	{name: "STATUS11", topic: "stat/b1-pump/STATUS11", payload: `{"StatusSTS":{` + now + `,"Wifi":{"Signal":-60}}}`, want: said("heartbeat", on, "rssi_dbm", num(-60))},
	{name: "a relay", topic: "stat/b1-pump/POWER", payload: `ON`, want: good("power1", on)},
	{name: "a second relay", topic: "stat/b1-pump/POWER2", payload: "OFF\n", want: good("power2", off)},
	{name: "a relay with SetOption4", topic: "stat/b1-pump/POWER2", payload: `{"POWER2":"ON"}`, want: good("power2", on)},
	{name: "a relay, retained", topic: "stat/b1-pump/POWER", payload: `ON`, retained: true, want: samples(received, plantroom.EstimatedTime, "power1", on)},
	{name: "a detached switch", topic: "stat/b1-pump/RESULT", payload: `{"Switch1":{"Action":"ON"}}`, want: good("switch1", on)},
	{name: "a detached switch with SetOption4", topic: "stat/b1-pump/SWITCH1", payload: `{"Switch1":{"Action":"OFF"}}`, want: good("switch1", off)},
	{name: "a push button tells of no state", topic: "stat/b1-pump/RESULT", payload: `{"Switch1":{"Action":"TOGGLE"}}`},
	{name: "a relay's result comes as POWER too", topic: "stat/b1-pump/RESULT", payload: `{"POWER":"ON"}`},
	{name: "the answer to a command", topic: "stat/b1-pump/RESULT", payload: `{"TelePeriod":300}`},
	{name: "online", topic: "tele/b1-pump/LWT", payload: `Online`, want: good("online", on)},
	{name: "offline, retained", topic: "tele/b1-pump/LWT", payload: "Offline\n", retained: true, want: samples(received, plantroom.EstimatedTime, "online", off)},

	{name: "retained with a time", payload: `{` + now + `,"Switch1":"ON"}`, retained: true, want: said("switch1", on)},
	{name: "retained without a time", payload: `{"Switch1":"ON"}`, retained: true, want: samples(received, plantroom.EstimatedTime, "switch1", on)},
	{name: "no time", payload: `{"Switch1":"ON"}`, want: good("switch1", on)},
	{name: "a clock that was never set", payload: `{"Time":"1970-01-01T00:00:12","Switch1":"ON"}`, want: good("switch1", on)},
	{name: "a time with its offset (SetOption52)", payload: `{"Time":"2026-03-02T01:59:58+02:00","Switch1":"ON"}`, want: said("switch1", on)},
	{name: "a time with the time since 1970 (Time 2)", payload: `{"Time":"2026-03-01T00:00:00","Epoch":1772409598,"Switch1":"ON"}`, want: said("switch1", on)},
	{name: "the time since 1970 alone (Time 3)", payload: `{"Time":1772409598,"Switch1":"ON"}`, want: said("switch1", on)},
	{name: "a time with milliseconds (Time 4)", payload: `{"Time":"2026-03-02T07:59:59.250","Switch1":"ON"}`, want: samples(received-750_000_000, plantroom.Good, "switch1", on)},
	{name: "a time that is a little ahead", payload: `{"Time":"2026-03-02T08:14:00","Switch1":"ON"}`, want: samples(received+14*60_000000000, plantroom.Good, "switch1", on)},
	{name: "a time in another zone", payload: `{"Time":"2026-03-02T13:00:00","Switch1":"ON"}`, want: samples(received, plantroom.EstimatedTime, "switch1", on), err: "lies 5h0m0s ahead: set the zone"},
	{name: "time that is none", payload: `{"Time":"noon","Switch1":"ON"}`, want: samples(received, plantroom.EstimatedTime, "switch1", on), err: `Time "noon" is not a time`},
	{name: "time as an object", payload: `{"Time":{},"Switch1":"ON"}`, want: samples(received, plantroom.EstimatedTime, "switch1", on), err: "is not a time"},
	{name: "time beyond the clock", payload: `{"Time":1e300,"Switch1":"ON"}`, want: samples(received, plantroom.EstimatedTime, "switch1", on), err: "is not a time"},
	{name: "a year that cannot be", payload: `{"Time":"9999-03-02T07:59:58","Switch1":"ON"}`, want: samples(received, plantroom.EstimatedTime, "switch1", on), err: "is not a time"},

	{name: "a command", topic: "cmnd/b1-pump/POWER", payload: `ON`},
	{name: "a device's description", topic: "tele/b1-pump/INFO1", payload: `{"Info1":{"Module":"Sonoff"}}`},
	{name: "uptime", topic: "tele/b1-pump/UPTIME", payload: `{}`},
	{name: "no device", topic: "tele//SENSOR", payload: `{}`},
	{name: "another topic", topic: "zigbee2mqtt/b1-pump", payload: `{}`},
	{name: "a longer topic", topic: "tele/b1-pump/SENSOR/x", payload: `{}`},
	{name: "SENSOR where no device sends it", topic: "stat/b1-pump/SENSOR", payload: `{"Switch1":"ON"}`},
	{name: "an empty payload deletes a retained message", payload: ``},
	{name: "nothing of use", payload: `{` + now + `}`},

	{name: "a switch in other words", payload: `{` + now + `,"Switch1":"ZU","Switch2":"ON"}`, want: said("switch2", on), err: `switch1 is "ZU", neither ON nor OFF`},
	{name: "a switch as a number", payload: `{` + now + `,"Switch1":1}`, err: "neither ON nor OFF"},
	{name: "an analog input as text", payload: `{` + now + `,"ANALOG":{"A0":"1024","A1":5}}`, want: said("analog_a1", num(5)), err: "analog_a0 is \"1024\", not a number"},
	{name: "a temperature in no unit", payload: `{` + now + `,"DS18B20":{"Temperature":49.7},"Switch1":"ON"}`, want: said("switch1", on), err: "neither C nor F"},
	{name: "a temperature beyond numbers", payload: `{` + now + `,"DS18B20":{"Temperature":1e999},"TempUnit":"C"}`, err: "not a number"},
	{name: "last will in other words", topic: "tele/b1-pump/LWT", payload: `gone`, err: "neither Online nor Offline"},
	{name: "a relay in other words", topic: "stat/b1-pump/POWER", payload: `BLINK`, err: "invalid character"},
	{name: "a list", payload: `[1]`, err: "not a JSON object"},
	{name: "cut short", payload: `{` + now + `,"Switch1":"ON"`, err: "unexpected end"},
	{name: "a state that is cut short", topic: "tele/b1-pump/STATE", payload: `{`, err: "unexpected end"},
	{name: "a status that is cut short", topic: "stat/b1-pump/STATUS10", payload: `{"StatusSNS":{`, err: "unexpected end"},
	{name: "a status that holds a word", topic: "stat/b1-pump/STATUS10", payload: `{"StatusSNS":"x"}`, err: "not a JSON object"},
	{name: "too large", payload: `{"x":"` + strings.Repeat("x", 16<<10) + `"}`, err: "at most 16384"},
	{name: "more values than a device has", payload: `{"COUNTER":{"C1":1` + strings.Repeat(`,"C1":1`, 100) + `}}`,
		want: good(slices.Repeat([]any{"counter_c1", num(1)}, 64)...), err: "more than 64 values"},
	{name: "deeply nested", payload: strings.Repeat("[", 16000), err: "depth"},
}

func TestDecode(t *testing.T) {
	d := tasmota.New(tasmota.Options{Zone: zone(t, "Asia/Shanghai")})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := plantroom.Message{Topic: c.topic, Payload: []byte(c.payload), Retained: c.retained, Received: received}
			if m.Topic == "" {
				m.Topic = "tele/b1-pump/SENSOR"
			}
			got, err := d.Decode(m)
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err)):
				t.Fatalf("error %v, want one that says %q", err, c.err)
			case c.err != "" && !strings.Contains(err.Error(), "b1-pump"):
				t.Errorf("error %v does not name the device", err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestWhereClocksChangeTheOrderIsKept(t *testing.T) {
	utc := func(text string) plantroom.Instant {
		var at plantroom.Instant
		if err := at.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		zone, wall, received, want string
		quality                    plantroom.Quality
	}{
		// Berlin puts its clocks back on 2026-10-25 at 01:00 UTC, from 03:00 to 02:00.
		{"Europe/Berlin", "2026-10-25T01:59:59", "2026-10-25T00:00:00Z", "2026-10-24T23:59:59Z", plantroom.Good},
		{"Europe/Berlin", "2026-10-25T02:00:00", "2026-10-25T00:00:01Z", "2026-10-25T00:00:00Z", plantroom.Good},
		{"Europe/Berlin", "2026-10-25T02:59:59", "2026-10-25T01:00:00Z", "2026-10-25T00:59:59Z", plantroom.Good},
		{"Europe/Berlin", "2026-10-25T02:00:00", "2026-10-25T01:00:01Z", "2026-10-25T01:00:00Z", plantroom.Good},
		{"Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T01:29:30Z", "2026-10-25T01:30:00Z", plantroom.Good}, // its clock is half a minute ahead
		{"Europe/Berlin", "2026-10-25T02:59:59", "2026-10-25T02:00:00Z", "2026-10-25T01:59:59Z", plantroom.Good},
		{"Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:01Z", "2026-10-25T02:00:00Z", plantroom.Good},
		{"Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T09:00:00Z", "2026-10-25T01:30:00Z", plantroom.Good}, // hours late: the later one
		// It puts them forward on 2026-03-29 at 01:00 UTC, from 02:00 to 03:00.
		{"Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T01:00:00Z", "2026-03-29T00:59:59Z", plantroom.Good},
		{"Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z", plantroom.EstimatedTime},
		{"Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:01Z", "2026-03-29T01:00:00Z", plantroom.Good},
		// Lord Howe Island moves by half an hour; New York is behind UTC.
		{"Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:46:00Z", "2026-04-04T14:45:00Z", plantroom.Good},
		{"Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T15:16:00Z", "2026-04-04T15:15:00Z", plantroom.Good},
		{"America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:31:00Z", "2026-11-01T05:30:00Z", plantroom.Good},
		{"America/New_York", "2026-11-01T01:30:00", "2026-11-01T06:31:00Z", "2026-11-01T06:30:00Z", plantroom.Good},
		{"Asia/Shanghai", "2026-10-25T02:30:00", "2026-10-24T18:30:01Z", "2026-10-24T18:30:00Z", plantroom.Good},
		{"", "2026-10-25T02:30:00", "2026-10-25T02:30:01Z", "2026-10-25T02:30:00Z", plantroom.Good},
	} {
		o := tasmota.Options{}
		if c.zone != "" {
			o.Zone = zone(t, c.zone)
		}
		m := plantroom.Message{Topic: "tele/b1-pump/SENSOR", Payload: []byte(`{"Time":"` + c.wall + `","Switch1":"ON"}`), Received: utc(c.received)}
		got, err := tasmota.New(o).Decode(m)
		if want := samples(utc(c.want), c.quality, "switch1", on); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s in %q, heard at %s: got %+v, %v; want %s, %s", c.wall, c.zone, c.received, got, err, c.want, c.quality)
		}
	}
}

func TestAFullTopicOfTheirOwn(t *testing.T) {
	for _, c := range []struct {
		prefix, full string
		topics       []string
		tele, stat   string // topics of b1-pump
		foreign      []string
	}{
		{"", "", []string{"tele/+/+", "stat/+/+"}, "tele/b1-pump/SENSOR", "stat/b1-pump/POWER", []string{"x/b1-pump/SENSOR", "tele/SENSOR"}},
		{"site/", "", []string{"site/tele/+/+", "site/stat/+/+"}, "site/tele/b1-pump/SENSOR", "site/stat/b1-pump/POWER", []string{"tele/b1-pump/SENSOR"}},
		{"", "building/%topic%/%prefix%/", []string{"building/+/tele/+", "building/+/stat/+"}, "building/b1-pump/tele/SENSOR", "building/b1-pump/stat/POWER",
			[]string{"building/b1-pump/cmnd/POWER", "tele/b1-pump/SENSOR", "other/b1-pump/tele/SENSOR"}},
		{"", "%topic%/%prefix%", []string{"+/tele/+", "+/stat/+"}, "b1-pump/tele/SENSOR", "b1-pump/stat/POWER", []string{"b1-pump/cmnd/POWER"}},
		{"", "house/tas_%topic%_x/%hostname%/%prefix%/", []string{"house/+/+/tele/+", "house/+/+/stat/+"}, "house/tas_b1-pump_x/any/tele/SENSOR", "house/tas_b1-pump_x/any/stat/POWER",
			[]string{"house/b1-pump/any/tele/SENSOR", "house/tas__x/any/tele/SENSOR"}},
		{"", "house/%topic%/", []string{"house/+/+"}, "house/b1-pump/SENSOR", "house/b1-pump/POWER", []string{"house/b1-pump/cmnd/POWER"}},
	} {
		o := tasmota.Options{Prefix: c.prefix, FullTopic: c.full}
		if got := tasmota.Topics(o); !reflect.DeepEqual(got, c.topics) {
			t.Errorf("%q: topics %q, want %q", c.full, got, c.topics)
		}
		d := tasmota.New(o)
		for topic, payload := range map[string]string{c.tele: `{"Switch1":"ON"}`, c.stat: `ON`} {
			got, err := d.Decode(plantroom.Message{Topic: topic, Payload: []byte(payload), Received: received})
			if err != nil || len(got) != 1 || got[0].Address != "b1-pump" {
				t.Errorf("%q: %s gives %+v, %v", c.full, topic, got, err)
			}
		}
		for _, topic := range c.foreign {
			if got, err := d.Decode(plantroom.Message{Topic: topic, Payload: []byte(`{"Switch1":"ON"}`), Received: received}); err != nil || got != nil {
				t.Errorf("%q: the foreign %s gives %+v, %v", c.full, topic, got, err)
			}
		}
	}
}

func TestAFullTopicThatCannotBeIsRefused(t *testing.T) {
	for full, want := range map[string]string{
		"%prefix%/": "no %topic%", "%topic%/%topic%/": "twice", "%prefix%%topic%/": "more than one token", "%topic/": "half of one",
		"%prefix%/%name%/%topic%/": "does not know", "a//%topic%/": "is no topic", "+/%topic%/": "is no topic", "a/%topic%/#": "is no topic",
		"/%topic%/": "is no topic", strings.Repeat("x", 200) + "/%topic%/": "longer than 200",
	} {
		err := tasmota.Check(full)
		if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), tasmota.DefaultFullTopic) {
			t.Errorf("%.40q: %v, want one that says %q and gives an example", full, err, want)
		}
		o := tasmota.Options{FullTopic: full}
		if got := tasmota.Topics(o); got != nil {
			t.Errorf("%.40q gives the topics %q", full, got)
		}
		for _, topic := range []string{"tele/b1-pump/LWT", "LWT", ""} {
			if got, err := tasmota.New(o).Decode(plantroom.Message{Topic: topic, Payload: []byte("Online"), Received: received}); got != nil || err != nil {
				t.Errorf("%.40q: %q gives %+v, %v", full, topic, got, err)
			}
		}
	}
}

func TestALargePayloadTakesLittleMemory(t *testing.T) {
	fill := func(size int, start, unit, end string) string {
		return start + strings.Repeat(unit, (size-len(start)-len(end))/len(unit)) + end
	}
	for _, size := range []int{16 << 10, 64 << 10} {
		for name, payload := range map[string]string{
			"keys":     fill(size, `{"a":0`, `,"a":0`, `}`),
			"switches": fill(size, `{"Switch1":"ON"`, `,"Switch1":"ON"`, `}`),
			"faults":   fill(size, `{"Switch1":1`, `,"Switch1":1`, `}`),
			"inputs":   fill(size, `{"ANALOG":{"A0":1`, `,"A0":1`, `}}`),
			"nested":   fill(size, `{"ANALOG":`, `[`, ``),
			"text":     fill(size, `{"Time":"`, `x`, `"}`),
		} {
			var before, after runtime.MemStats
			d := tasmota.New(tasmota.Options{})
			m := plantroom.Message{Topic: "tele/b1-pump/SENSOR", Payload: []byte(payload), Received: received}
			runtime.ReadMemStats(&before)
			_, _ = d.Decode(m)
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got >= 1<<20 {
				t.Errorf("%s: %d bytes of payload take %d bytes", name, len(payload), got)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range cases {
		f.Add(c.topic, []byte(c.payload), c.retained)
	}
	d := tasmota.New(tasmota.Options{Zone: zone(f, "Europe/Berlin")})
	f.Fuzz(func(t *testing.T, topic string, payload []byte, retained bool) {
		if topic == "" {
			topic = "tele/b1-pump/SENSOR"
		}
		got, err := d.Decode(plantroom.Message{Topic: topic, Payload: payload, Retained: retained, Received: received})
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
		if len(got) > 64 {
			t.Fatalf("%d samples of %d bytes", len(got), len(payload))
		}
		for _, s := range got {
			if s.Address == "" || strings.Contains(s.Address, "/") || plantroom.ValidID(s.Signal) != nil || s.Value.Kind() == plantroom.NoValue || s.At.IsZero() || s.At > received.Add(15*time.Minute) {
				t.Fatalf("%s %q gives %+v", topic, payload, s)
			}
		}
	})
}

func FuzzFullTopic(f *testing.F) {
	for _, s := range []string{"", "%prefix%/%topic%/", "a/%topic%_/%prefix%x/", "%topic%", "%"} {
		f.Add(s, "tele/x/SENSOR")
	}
	f.Fuzz(func(t *testing.T, full, topic string) {
		o := tasmota.Options{FullTopic: full}
		if good, topics := tasmota.Check(full) == nil, tasmota.Topics(o); good != (len(topics) > 0) {
			t.Fatalf("%q: good is %v, topics %q", full, good, topics)
		}
		if _, err := tasmota.New(o).Decode(plantroom.Message{Topic: topic, Payload: []byte("Online"), Received: received}); err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
	})
}

func TestADevicesTimeIsBelievedWhereTheGatewaysClockIsNotSet(t *testing.T) {
	d := tasmota.New(tasmota.Options{Zone: zone(t, "Asia/Shanghai")})
	got, err := d.Decode(plantroom.Message{Topic: "tele/b1-pump/SENSOR", Payload: []byte(`{"Time":"2026-03-02T08:00:00","Switch1":"ON"}`),
		Received: plantroom.Unset.Add(time.Minute)})
	if want := plantroom.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)); err != nil || len(got) != 1 || got[0].At != want || got[0].Quality != plantroom.Good {
		t.Errorf("got %+v, %v; want the time %s", got, err, want)
	}
}
