package zigbee2mqtt_test

import (
	"reflect"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/zigbee2mqtt"
)

const received = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z

func samples(address string, at plantroom.Instant, q plantroom.Quality, pairs ...any) []plantroom.Sample {
	var out []plantroom.Sample
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, plantroom.Sample{
			Address: address, Signal: pairs[i].(string), Value: pairs[i+1].(plantroom.Value), At: at, Quality: q,
		})
	}
	return out
}

// good is what a device leak-1 has said now.
func good(pairs ...any) []plantroom.Sample {
	return samples("leak-1", received, plantroom.Good, pairs...)
}

func num(f float64) plantroom.Value { return plantroom.Float(f) }

var (
	yes, no  = plantroom.Bool(true), plantroom.Bool(false)
	wet, dry = plantroom.String("wet"), plantroom.String("dry")
)

var cases = []struct {
	name     string
	topic    string // "": zigbee2mqtt/leak-1
	payload  string
	retained bool
	want     []plantroom.Sample
	err      string // part of the error, next to want
}{
	{name: "a leak sensor", payload: `{"battery":97,"battery_low":false,"linkquality":112,"tamper":false,"voltage":3015,"water_leak":true}`,
		want: good("state", wet, "tamper", no, "battery_pct", num(97), "battery_v", num(3.015), "link_quality", num(112))},
	{name: "dry", payload: `{"water_leak":false}`, want: good("state", dry)},
	{name: "a contact that is closed", payload: `{"contact":true,"linkquality":0}`, want: good("contact", yes, "link_quality", num(0))},
	{name: "a contact that is open", payload: `{"contact":false,"device_temperature":31}`, want: good("contact", no, "device_temp_c", num(31))},
	{name: "occupancy", payload: `{"occupancy":true}`, want: good("occupied", yes)},
	{name: "presence, as mmWave sensors call it", payload: `{"presence":false}`, want: good("occupied", no)},
	{name: "occupancy goes before presence", payload: `{"presence":false,"occupancy":true}`, want: good("occupied", yes)},
	{name: "mains voltage is not a battery's", payload: `{"voltage":231,"linkquality":9}`, want: good("link_quality", num(9))},
	{name: "null is not known yet", payload: `{"water_leak":null,"battery":null,"linkquality":44,"last_seen":null}`, want: good("link_quality", num(44))},
	{name: "nothing of use", payload: `{"action":"single","update":{"state":"idle"}}`},
	{name: "a name with slashes", topic: "zigbee2mqtt/b1/floor 3/leak", payload: `{"water_leak":true}`,
		want: samples("b1/floor 3/leak", received, plantroom.Good, "state", wet)},
	{name: "a name that starts like the bridge's", topic: "zigbee2mqtt/bridge-2", payload: `{"contact":true}`,
		want: samples("bridge-2", received, plantroom.Good, "contact", yes)},
	{name: "a value that may be wrong is not judged here", payload: `{"battery":4e9}`, want: good("battery_pct", num(4e9))},

	{name: "retained", payload: `{"water_leak":true}`, retained: true,
		want: samples("leak-1", received, plantroom.EstimatedTime, "state", wet)},
	{name: "retained with last_seen", payload: `{"water_leak":true,"last_seen":"2026-03-01T20:00:00+08:00"}`, retained: true,
		want: samples("leak-1", received-12*3600_000000000, plantroom.Good, "state", wet)},
	{name: "last_seen in milliseconds", payload: `{"water_leak":true,"last_seen":1772409599500}`,
		want: samples("leak-1", received-500_000000, plantroom.Good, "state", wet)},
	{name: "last_seen that is no time", payload: `{"water_leak":true,"last_seen":"yesterday"}`,
		want: samples("leak-1", received, plantroom.EstimatedTime, "state", wet), err: "last_seen"},
	{name: "last_seen that is empty", payload: `{"water_leak":true,"last_seen":""}`,
		want: samples("leak-1", received, plantroom.EstimatedTime, "state", wet), err: "last_seen"},
	{name: "last_seen beyond 64 bits", payload: `{"water_leak":true,"last_seen":1e300}`,
		want: samples("leak-1", received, plantroom.EstimatedTime, "state", wet), err: "last_seen"},
	{name: "last_seen as an object", payload: `{"water_leak":true,"last_seen":{}}`,
		want: samples("leak-1", received, plantroom.EstimatedTime, "state", wet), err: "last_seen"},

	{name: "online", topic: "zigbee2mqtt/leak-1/availability", payload: `online`, want: good("online", yes)},
	{name: "offline", topic: "zigbee2mqtt/leak-1/availability", payload: "offline\n", want: good("online", no)},
	{name: "online as JSON", topic: "zigbee2mqtt/leak-1/availability", payload: `{"state":"online"}`, want: good("online", yes)},
	{name: "offline as JSON, retained", topic: "zigbee2mqtt/leak-1/availability", payload: ` {"state":"offline"}`, retained: true,
		want: samples("leak-1", received, plantroom.EstimatedTime, "online", no)},
	{name: "availability of a name with slashes", topic: "zigbee2mqtt/b1/leak/availability", payload: `online`,
		want: samples("b1/leak", received, plantroom.Good, "online", yes)},
	{name: "availability in other words", topic: "zigbee2mqtt/leak-1/availability", payload: `gone`, err: "neither online nor offline"},
	{name: "availability without state", topic: "zigbee2mqtt/leak-1/availability", payload: `{}`, err: "neither online nor offline"},
	{name: "availability cut short", topic: "zigbee2mqtt/leak-1/availability", payload: `{"state":`, err: "availability"},

	{name: "another topic", topic: "tasmota/leak-1", payload: `{"water_leak":true}`},
	{name: "a base topic that goes on", topic: "zigbee2mqtt2/leak-1", payload: `{"water_leak":true}`},
	{name: "the base topic alone", topic: "zigbee2mqtt/", payload: `{"water_leak":true}`},
	{name: "the bridge", topic: "zigbee2mqtt/bridge/state", payload: `{"state":"online"}`},
	{name: "the bridge's log", topic: "zigbee2mqtt/bridge/logging", payload: `{"level":"info"}`},
	{name: "a command", topic: "zigbee2mqtt/b1/valve/set", payload: `{"state":"ON"}`},
	{name: "a command for one attribute", topic: "zigbee2mqtt/valve/set/state", payload: `ON`},
	{name: "a question", topic: "zigbee2mqtt/valve/get", payload: `{"state":""}`},
	{name: "an empty payload deletes a retained message", payload: ``},

	{name: "one field of a wrong type", payload: `{"water_leak":"yes","battery":50}`, want: good("battery_pct", num(50)), err: "water_leak is not true or false"},
	{name: "a leak as text makes nothing dry", payload: `{"water_leak":"true"}`, err: "water_leak is not true or false"},
	{name: "a leak as a number", payload: `{"water_leak":1}`, err: "water_leak is not true or false"},
	{name: "a leak next to a wrong field", payload: `{"battery":"50","water_leak":true}`, want: good("state", wet), err: "battery is not a number"},
	{name: "attributes instead of JSON", topic: "zigbee2mqtt/leak-1/water_leak", payload: `true`, err: "advanced.output"},
	{name: "an array", payload: `[{"water_leak":true}]`, err: "not a JSON object"},
	{name: "white space", payload: ` `, err: "not a JSON object"},
	{name: "cut short", payload: `{"water_leak":true`, err: "unexpected end"},
	{name: "NaN", payload: `{"water_leak":true,"battery":NaN}`, err: "invalid character"},
	{name: "something behind", payload: `{"water_leak":true}x`, err: "invalid character"},
	{name: "too large", payload: `{"x":"` + strings.Repeat("x", 64<<10) + `"}`, err: "at most 65536"},
	{name: "deeply nested", payload: `{"x":` + strings.Repeat("[", 30000), err: "depth"},
}

func TestDecode(t *testing.T) {
	d := zigbee2mqtt.New("")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := plantroom.Message{Topic: c.topic, Payload: []byte(c.payload), Retained: c.retained, Received: received}
			if m.Topic == "" {
				m.Topic = "zigbee2mqtt/leak-1"
			}
			got, err := d.Decode(m)
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err)):
				t.Fatalf("error %v, want one that says %q", err, c.err)
			case c.err != "" && !strings.Contains(err.Error(), "leak-1"):
				t.Errorf("error %v does not name the device", err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestABaseTopicOfItsOwn(t *testing.T) {
	if got := zigbee2mqtt.Topics("z2m/b1"); !reflect.DeepEqual(got, []string{"z2m/b1/#"}) {
		t.Errorf("topics %q", got)
	}
	got, err := zigbee2mqtt.New("z2m/b1/").Decode(plantroom.Message{Topic: "z2m/b1/leak-1", Payload: []byte(`{"water_leak":true}`), Received: received})
	if want := good("state", wet); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range cases {
		f.Add(c.topic, []byte(c.payload), c.retained)
	}
	d := zigbee2mqtt.New("")
	f.Fuzz(func(t *testing.T, topic string, payload []byte, retained bool) {
		if topic == "" {
			topic = "zigbee2mqtt/leak-1"
		}
		got, err := d.Decode(plantroom.Message{Topic: topic, Payload: payload, Retained: retained, Received: received})
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
		for _, s := range got {
			if s.Address == "" || !strings.HasPrefix(topic, "zigbee2mqtt/"+s.Address) || s.Value.Kind() == plantroom.NoValue || s.At.IsZero() {
				t.Fatalf("%s gives %+v", topic, s)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	d := zigbee2mqtt.New("")
	m := plantroom.Message{
		Topic:    "zigbee2mqtt/b1-leak-1",
		Payload:  []byte(`{"battery":97,"battery_low":false,"linkquality":112,"tamper":false,"voltage":3015,"water_leak":true}`),
		Received: received,
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(m); err != nil {
			b.Fatal(err)
		}
	}
}
