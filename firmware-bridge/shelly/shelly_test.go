package shelly_test

import (
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/shelly"
)

const (
	device   = "shellyfloodg4-a085e3bd0544"
	rpc      = device + "/events/rpc"
	received = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z
	heard    = received - 2_750_000_000                // what the notifications below give as ts
)

// notify is a notification with what differs in its params.
func notify(method, params string) string {
	return `{"src":"` + device + `","dst":"` + device + `/events","method":"` + method + `","params":{"ts":1772409597.25` + params + `}}`
}

func changed(params string) string { return notify("NotifyStatus", ","+params) }
func full(params string) string    { return notify("NotifyFullStatus", ","+params) }

func samples(at plantroom.Instant, q plantroom.Quality, pairs ...any) []plantroom.Sample {
	var out []plantroom.Sample
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, plantroom.Sample{Address: device, Signal: pairs[i].(string), Value: pairs[i+1].(plantroom.Value), At: at, Quality: q})
	}
	return out
}

// said is what the device has said at its own time, good what it said without one.
func said(pairs ...any) []plantroom.Sample { return samples(heard, plantroom.Good, pairs...) }
func good(pairs ...any) []plantroom.Sample { return samples(received, plantroom.Good, pairs...) }

func num(f float64) plantroom.Value { return plantroom.Float(f) }

var (
	yes, no        = plantroom.Bool(true), plantroom.Bool(false)
	wet, dry, torn = plantroom.String("wet"), plantroom.String("dry"), plantroom.String("cable_break")
)

var cases = []struct {
	name     string
	topic    string // "": rpc
	payload  string
	retained bool
	want     []plantroom.Sample
	err      string // part of the error, next to want
}{
	{name: "a flood", payload: changed(`"flood:0":{"id":0,"alarm":true,"mute":false}`), want: said("state", wet)},
	{name: "the flood is over", payload: changed(`"flood:0":{"alarm":false}`), want: said("state", dry)},
	{name: "a mute alarm says nothing of water", payload: changed(`"flood:0":{"mute":true}`), want: said("heartbeat", yes)},
	{name: "the cable is out", payload: changed(`"flood:0":{"errors":["cable_unplugged"]}`), want: said("state", torn)},
	{name: "an alarm with the cable out", payload: changed(`"flood:0":{"alarm":true,"errors":["cable_unplugged"]}`), want: said("state", wet)},
	{name: "another error is none of the cable's", payload: changed(`"flood:0":{"alarm":false,"errors":["other"]}`), want: said("state", dry)},
	{name: "an alarm that is not known", payload: changed(`"flood:0":{"alarm":null}`), want: said("heartbeat", yes)},
	{name: "a second flood sensor", payload: changed(`"flood:1":{"alarm":true}`), want: said("state_1", wet)},
	{name: "a full status", payload: full(`"flood:0":{"id":0,"alarm":false,"mute":false},"devicepower:0":{"id":0,"battery":{"V":5.93,"percent":83},"external":{"present":false}},
		"temperature:0":{"id":0,"tC":21.4,"tF":70.5},"humidity:0":{"id":0,"rh":63.1},"wifi":{"sta_ip":"192.0.2.7","status":"got ip","ssid":"plant","rssi":-61},"sys":{"uptime":12},"cloud":{"connected":false}`),
		want: said("state", dry, "battery_v", num(5.93), "battery_pct", num(83), "external_power", no, "temperature_c", num(21.4), "humidity_pct", num(63.1), "rssi_dbm", num(-61))},
	{name: "inputs", payload: changed(`"input:0":{"id":0,"state":true},"input:1":{"id":1,"state":null},"input:2":{"percent":34.5},"input:3":{"counts":{"total":120,"xtotal":1}}`),
		want: said("input_0", yes, "input_2_pct", num(34.5), "input_3_count", num(120))},
	{name: "switches", payload: changed(`"switch:0":{"id":0,"source":"init","output":true,"temperature":{"tC":51.2,"tF":124.2}},"switch:1":{"output":false,"temperature":{"tC":51.3}}`),
		want: said("output_0", yes, "device_temp_c", num(51.2), "output_1", no)},
	{name: "an add-on's thermometers", payload: changed(`"temperature:100":{"id":100,"tC":6.5},"temperature:101":{"id":101,"tC":null,"errors":["read"]},"humidity:100":{"rh":40}`),
		want: said("temperature_100_c", num(6.5), "humidity_100_pct", num(40))},
	{name: "a sensor that is gone", payload: changed(`"temperature:100":null`), want: said("heartbeat", yes)},
	{name: "energy by the minute is a sign of life", payload: changed(`"switch:0":{"id":0,"aenergy":{"total":11.679,"by_minute":[0,0,0]}}`), want: said("heartbeat", yes)},
	{name: "an event is a sign of life", payload: notify("NotifyEvent", `,"events":[{"component":"input:0","id":0,"event":"single_push","ts":1772409597.25}]`), want: said("heartbeat", yes)},

	{name: "a status topic", topic: device + "/status/flood:0", payload: `{"id":0,"alarm":true,"mute":false}`, want: good("state", wet)},
	{name: "a status topic, retained", topic: device + "/status/flood:0", payload: `{"id":0,"alarm":true,"mute":false}`, retained: true,
		want: samples(received, plantroom.EstimatedTime, "state", wet)},
	{name: "status of the radio", topic: device + "/status/wifi", payload: `{"status":"got ip","rssi":-70}`, want: good("rssi_dbm", num(-70))},
	{name: "status of a component of no use", topic: device + "/status/cloud", payload: `{"connected":false}`},
	{name: "status of another's component", topic: "fridge/status/door", payload: `open`},
	{name: "online", topic: device + "/online", payload: `true`, want: good("online", yes)},
	{name: "offline, retained", topic: device + "/online", payload: `false`, retained: true, want: samples(received, plantroom.EstimatedTime, "online", no)},

	{name: "no time", payload: strings.Replace(changed(`"flood:0":{"alarm":true}`), `"ts":1772409597.25,`, "", 1), want: good("state", wet)},
	{name: "no time yet", payload: strings.Replace(changed(`"flood:0":{"alarm":true}`), "1772409597.25", "null", 1), want: good("state", wet)},
	{name: "a clock that was never set", payload: strings.Replace(changed(`"flood:0":{"alarm":true}`), "1772409597.25", "12.5", 1), want: good("state", wet)},
	{name: "time of whole seconds", payload: strings.Replace(changed(`"flood:0":{"alarm":true}`), "1772409597.25", "1772409597", 1),
		want: samples(received-3_000_000_000, plantroom.Good, "state", wet)},
	{name: "time of hundredths, to the millisecond", payload: strings.Replace(changed(`"flood:0":{"alarm":true}`), "1772409597.25", "1772409597.41", 1),
		want: samples(received-2_590_000_000, plantroom.Good, "state", wet)},
	{name: "time that is ahead", payload: strings.Replace(changed(`"flood:0":{"alarm":true}`), "1772409597.25", "1772413200", 1),
		want: samples(received, plantroom.EstimatedTime, "state", wet), err: "lies 1h0m0s ahead"},
	{name: "time that is none", payload: strings.Replace(changed(`"flood:0":{"alarm":true}`), "1772409597.25", `"now"`, 1),
		want: samples(received, plantroom.EstimatedTime, "state", wet), err: `ts "now" is not a time`},
	{name: "time below zero", payload: strings.Replace(changed(`"flood:0":{"alarm":true}`), "1772409597.25", `-1`, 1),
		want: samples(received, plantroom.EstimatedTime, "state", wet), err: "is not a time"},

	{name: "a command", topic: device + "/rpc", payload: `{"id":1,"src":"x","method":"Switch.Set","params":{"id":0,"on":true}}`},
	{name: "a simple command", topic: device + "/command/switch:0", payload: `on`},
	{name: "another method", payload: notify("Shelly.GetStatus", "")},
	{name: "an answer", payload: `{"id":1,"src":"` + device + `","dst":"x","result":{}}`},
	{name: "another topic", topic: "zigbee2mqtt/" + device, payload: `{}`},
	{name: "a topic longer than a device has", topic: strings.Repeat("x", 301) + "/online", payload: `true`},
	{name: "no device", topic: "/online", payload: `true`},
	{name: "one level", topic: "online", payload: `true`},
	{name: "an empty payload deletes a retained message", payload: ``},
	{name: "components of no use", payload: changed(`"flood:256":{"alarm":true},"flood:00":{"alarm":true},"flood:-1":{"alarm":true},"flood":{"alarm":true},"flood:9":{"alarm":true},"devicepower:1":{"battery":{"V":1}},"bthomesensor:200":{"value":1}`),
		want: said("heartbeat", yes)},

	{name: "an alarm as text makes no leak", payload: changed(`"flood:0":{"alarm":"true"}`), err: `alarm is "true", neither true nor false`},
	{name: "an alarm as a number", payload: changed(`"flood:0":{"alarm":1},"wifi":{"rssi":-60}`), want: said("rssi_dbm", num(-60)), err: "neither true nor false"},
	{name: "an input as text", payload: changed(`"input:0":{"state":"on"}`), err: "input_0 is \"on\""},
	{name: "a temperature as text", payload: changed(`"temperature:0":{"tC":"21"}`), err: "temperature_c is \"21\", not a number"},
	{name: "a temperature beyond numbers", payload: changed(`"temperature:0":{"tC":1e999}`), err: "not a number"},
	{name: "a component that is a number", payload: changed(`"flood:0":1,"input:0":{"state":true}`), want: said("input_0", yes), err: "flood is 1, not an object"},
	{name: "no params", payload: `{"method":"NotifyStatus"}`, err: "without params"},
	{name: "params that are a list", payload: `{"method":"NotifyStatus","params":[1]}`, err: "without params"},
	{name: "online in other words", topic: device + "/online", payload: `yes`, err: "neither true nor false"},
	{name: "a status that is no object", topic: device + "/status/flood:0", payload: `true`, err: "not a JSON object"},
	{name: "a list", payload: `[]`, err: "not a JSON object"},
	{name: "cut short", payload: changed(`"flood:0":{"alarm":true}`)[:150], err: "unexpected end"},
	{name: "more values than a device has", payload: changed(`"input:0":{"state":true` + strings.Repeat(`,"state":true`, 100) + `}`),
		want: said(slices.Repeat([]any{"input_0", yes}, 64)...), err: "more than 64 values"},
	{name: "too large", payload: `{"x":"` + strings.Repeat("x", 64<<10) + `"}`, err: "at most 65536"},
	{name: "deeply nested", payload: `{"x":` + strings.Repeat("[", 30000), err: "depth"},
}

func TestDecode(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := plantroom.Message{Topic: c.topic, Payload: []byte(c.payload), Retained: c.retained, Received: received}
			if m.Topic == "" {
				m.Topic = rpc
			}
			got, err := shelly.New("").Decode(m)
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err)):
				t.Fatalf("error %v, want one that says %q", err, c.err)
			case c.err != "" && !strings.Contains(err.Error(), device):
				t.Errorf("error %v does not name the device", err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestAChangeIsLaidOverWhatIsKnown(t *testing.T) {
	d := shelly.New("")
	for i, step := range []struct {
		topic, payload string
		want           plantroom.Value // of state; the zero value: nothing is said of it
	}{
		{rpc, changed(`"flood:0":{"errors":[]}`), plantroom.Value{}}, // nobody knows yet
		{rpc, full(`"flood:0":{"alarm":false,"mute":false}`), dry},
		{rpc, changed(`"flood:0":{"alarm":true}`), wet},
		{rpc, changed(`"flood:0":{"mute":true}`), plantroom.Value{}},
		{rpc, changed(`"flood:0":{"errors":["cable_unplugged"]}`), wet}, // and still wet
		{rpc, changed(`"flood:0":{"alarm":false}`), torn},
		{rpc, changed(`"flood:1":{"alarm":false}`), plantroom.Value{}}, // another sensor
		{rpc, changed(`"flood:0":{"errors":null}`), dry},
		{rpc, changed(`"flood:0":{"errors":["cable_unplugged"]}`), torn},
		{device + "/status/flood:0", `{"id":0,"alarm":false,"mute":false}`, dry}, // as a whole: no errors
		{rpc, changed(`"flood:0":{"alarm":null}`), plantroom.Value{}},
		{rpc, changed(`"flood:0":{"errors":[]}`), plantroom.Value{}},
		{rpc, full(`"flood:0":{"mute":false}`), plantroom.Value{}},
	} {
		got, err := d.Decode(plantroom.Message{Topic: step.topic, Payload: []byte(step.payload), Received: received})
		if err != nil {
			t.Fatal(err)
		}
		var state plantroom.Value
		for _, s := range got {
			if s.Signal == "state" {
				state = s.Value
			}
		}
		if state != step.want {
			t.Errorf("step %d, %s: state %s, want %s", i, step.payload, state, step.want)
		}
	}
}

func TestDevicesAreKeptApart(t *testing.T) {
	d := shelly.New("")
	say := func(address, params string) []plantroom.Sample {
		got, err := d.Decode(plantroom.Message{Topic: address + "/events/rpc", Payload: []byte(changed(params)), Received: received})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	say("a", `"flood:0":{"errors":["cable_unplugged"]}`)
	if got := say("b", `"flood:0":{"alarm":false}`); len(got) != 1 || got[0].Value != dry || got[0].Address != "b" {
		t.Errorf("another device's cable is taken for this one's: %+v", got)
	}
}

func TestWhatIsKnownIsBounded(t *testing.T) {
	d := shelly.New("")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	payload := []byte(changed(`"flood:0":{"alarm":false}`))
	long := strings.Repeat("stranger-", 32)
	for i := range 30_000 {
		if _, err := d.Decode(plantroom.Message{Topic: long + strconv.Itoa(i) + "/events/rpc", Payload: payload, Received: received}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("thirty thousand strangers take %d bytes for good", grown)
	}
	runtime.KeepAlive(d)
}

func TestAPrefixOfItsOwn(t *testing.T) {
	if got, want := shelly.Topics("site/"), []string{"site/+/events/rpc", "site/+/status/+", "site/+/online"}; !reflect.DeepEqual(got, want) {
		t.Errorf("topics %q, want %q", got, want)
	}
	d := shelly.New("site")
	for topic, address := range map[string]string{
		"site/b1-leak/online": "b1-leak", "b1-leak/online": "", "site/b1/floor 3/leak/online": "b1/floor 3/leak", "site/online": "",
		"site/b1-leak/status/online": "b1-leak/status",
	} {
		got, err := d.Decode(plantroom.Message{Topic: topic, Payload: []byte("true"), Received: received})
		if err != nil || (len(got) == 1) != (address != "") || len(got) == 1 && got[0].Address != address {
			t.Errorf("%s gives %+v, %v; want address %q", topic, got, err, address)
		}
	}
}

func TestALargePayloadTakesLittleMemory(t *testing.T) {
	fill := func(start, unit, end string) string {
		return start + strings.Repeat(unit, (64<<10-len(start)-len(end))/len(unit)) + end
	}
	for name, payload := range map[string]string{
		"keys":       fill(changed(`"a":0`)[:len(changed(`"a":0`))-2], `,"a":0`, `}}`),
		"components": fill(changed(`"a":0`)[:len(changed(`"a":0`))-2], `,"input:0":{"state":true}`, `}}`),
		"faults":     fill(changed(`"a":0`)[:len(changed(`"a":0`))-2], `,"input:0":1`, `}}`),
		"escapes":    fill(changed(`"a":0`)[:len(changed(`"a":0`))-2], `,"\u0061":0`, `}}`),
		"numbers":    fill(changed(`"input:0":{"percent":1`)[:len(changed(`"input:0":{"percent":1`))-2], `,"percent":1`, `}}}`),
		"one key":    fill(`{"`, `x`, `":0}`),
		"nested":     fill(`{"params":`, `[`, ``),
	} {
		d := shelly.New("")
		m := plantroom.Message{Topic: rpc, Payload: []byte(payload), Received: received}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = d.Decode(m)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got >= 1<<20 {
			t.Errorf("%s: %d bytes of payload take %d bytes", name, len(payload), got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range cases {
		f.Add(c.topic, []byte(c.payload), c.retained)
	}
	d := shelly.New("")
	f.Fuzz(func(t *testing.T, topic string, payload []byte, retained bool) {
		if topic == "" {
			topic = rpc
		}
		got, err := d.Decode(plantroom.Message{Topic: topic, Payload: payload, Retained: retained, Received: received})
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
		if len(got) > 64 {
			t.Fatalf("%d samples", len(got))
		}
		for _, s := range got {
			if s.Address == "" || !strings.HasPrefix(topic, s.Address+"/") || plantroom.ValidID(s.Signal) != nil || s.Value.Kind() == plantroom.NoValue ||
				s.At.IsZero() || s.At > received.Add(15*time.Minute) {
				t.Fatalf("%s %q gives %+v", topic, payload, s)
			}
			if strings.HasPrefix(s.Signal, "state") && s.Value != wet && s.Value != dry && s.Value != torn {
				t.Fatalf("%q makes the state %s", payload, s.Value)
			}
		}
	})
}

func TestADevicesTimeIsBelievedWhereTheGatewaysClockIsNotSet(t *testing.T) {
	got, err := shelly.New("").Decode(plantroom.Message{Topic: rpc, Payload: []byte(changed(`"flood:0":{"alarm":true}`)), Received: plantroom.Unset.Add(time.Minute)})
	if err != nil || len(got) != 1 || got[0].At != heard || got[0].Quality != plantroom.Good {
		t.Errorf("got %+v, %v; want the time %s", got, err, heard)
	}
}
