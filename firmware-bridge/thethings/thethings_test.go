package thethings_test

import (
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/thethings"
)

const (
	eui      = "24e124535b316056"
	topic    = "v3/story@estate/devices/b1-leak/up"
	received = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z
	heard    = received - 250_000_000                  // by the network server, as the messages below say
)

var options = thethings.Options{Models: map[string]string{
	strings.ToUpper(eui): "milesight-em300-sld",
	"b1-bay":             "nwave-nps405",
	"b1-typo":            "milesight-em300",
}}

const times = `"received_at":"2026-03-01T23:59:59.750Z"`

// ids are those of a device, which b1-leak shares with its DevEUI.
func ids(device string) string {
	s := `{"end_device_ids":{"device_id":"` + device + `","application_ids":{"application_id":"story"},`
	if device == "b1-leak" {
		s += `"dev_eui":"24E124535B316056","join_eui":"24E124C0002A0001",`
	}
	return s + `"dev_addr":"260B3A54"},"correlation_ids":["as:up:01H"],"received_at":"2026-03-01T23:59:59.9Z"`
}

// of is an uplink of a device, with what differs.
func of(device, rest string) string {
	return ids(device) + `,"uplink_message":{"session_key_id":"AYfg8rhha5n+Ow==",` + times + "," + rest + `}}`
}

func up(rest string) string { return of("b1-leak", rest) }

// twoReceivers: the second one hears better, though weaker.
const twoReceivers = `"rx_metadata":[{"gateway_ids":{"gateway_id":"roof"},"rssi":-36,"channel_rssi":-36,"snr":-10.5},
	{"gateway_ids":{"gateway_id":"cellar"},"rssi":-101,"channel_rssi":-101,"snr":9.25}]`

func samples(address string, at plantroom.Instant, q plantroom.Quality, pairs ...any) []plantroom.Sample {
	var out []plantroom.Sample
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, plantroom.Sample{Address: address, Signal: pairs[i].(string), Value: pairs[i+1].(plantroom.Value), At: at, Quality: q})
	}
	return out
}

func said(pairs ...any) []plantroom.Sample { return samples(eui, heard, plantroom.Good, pairs...) }

func num(f float64) plantroom.Value { return plantroom.Float(f) }

var yes, wet, dry = plantroom.Bool(true), plantroom.String("wet"), plantroom.String("dry")

var cases = []struct {
	name     string
	topic    string // "": topic
	payload  string
	retained bool
	want     []plantroom.Sample
	err      string // part of the error, next to want
}{
	{name: "a native decoder, by DevEUI", payload: up(`"f_port":85,"f_cnt":12,"frm_payload":"AXVcBQAB",` + twoReceivers),
		want: said("battery_pct", num(92), "state", wet, "rssi_dbm", num(-101), "snr_db", num(9.25))},
	{name: "the open-source edition, without a tenant", topic: "v3/story/devices/b1-leak/up", payload: up(`"f_port":85,"frm_payload":"BQAA"`), want: said("state", dry)},
	{name: "a counter of zero and a receiver at zero, which are left out", payload: up(`"f_port":85,"frm_payload":"BQAA","rx_metadata":[{}]`),
		want: said("state", dry, "rssi_dbm", num(0), "snr_db", num(0))},
	{name: "a device without a DevEUI", topic: "v3/story@estate/devices/b1-bay/up", payload: of("b1-bay", `"f_port":1,"frm_payload":"lQ=="`),
		want: samples("b1-bay", heard, plantroom.Good, "occupied", yes, "occupied_s", num(74*60))},
	{name: "history has its own time and quality", payload: up(`"f_port":85,"frm_payload":"BQAAIM6edEZjEAFdAQ=="`),
		want: append(said("state", dry), samples(eui, 1665561758_000000000, plantroom.Historical, "state", wet)...)},
	{name: "MAC commands only", payload: up(twoReceivers), want: said("rssi_dbm", num(-101), "snr_db", num(9.25))},
	{name: "simulated", payload: strings.Replace(up(`"f_port":85,"frm_payload":"BQAB"`), `"uplink`, `"simulated":true,"uplink`, 1),
		want: samples(eui, heard, plantroom.Simulated, "state", wet)},
	{name: "simulated history", payload: strings.Replace(up(`"f_port":85,"frm_payload":"IM6edEZjEAFdAQ=="`), `"uplink`, `"simulated":true,"uplink`, 1),
		want: samples(eui, 1665561758_000000000, plantroom.Simulated, "state", wet)},
	{name: "a battery by status request has its own time", payload: up(`"f_port":85,"frm_payload":"BQAA","last_battery_percentage":{"f_cnt":3,"value":78.5,"received_at":"2026-03-01T12:00:00Z"}`),
		want: append(said("state", dry), samples(eui, received-12*3600_000000000, plantroom.Good, "battery_pct", num(78.5))...)},
	{name: "a battery that is not known", payload: up(`"f_port":85,"frm_payload":"BQAA","last_battery_percentage":{"f_cnt":3,"received_at":"2026-03-01T12:00:00Z"}`),
		want: said("state", dry)},

	{name: "decoded_payload where no decoder is named", topic: "v3/story@estate/devices/b1-rope/up",
		payload: of("b1-rope", `"f_port":2,"frm_payload":"AQ==","decoded_payload":{"state":"cable_break","battery_pct":77,"leak":true,"temp":21.5}`),
		want:    samples("b1-rope", heard, plantroom.Good, "state", plantroom.String("cable_break"), "battery_pct", num(77))},
	{name: "decoded_payload in a codec's own words is not guessed at", topic: "v3/story@estate/devices/b1-rope/up",
		payload: of("b1-rope", `"f_port":2,"decoded_payload":{"leak":"NO LEAK"},"normalized_payload":[{"air":{"temperature":20}}]`), err: "none of the generic signals"},
	{name: "decoded_payload next to a named decoder is not looked at", payload: up(`"f_port":85,"frm_payload":"BQAA","decoded_payload":{"state":"wet"}`),
		want: said("state", dry)},

	{name: "the application server's time where the network server's is missing", payload: strings.Replace(up(`"f_port":85,"frm_payload":"BQAA"`), times+",", "", 1),
		want: samples(eui, received-100_000_000, plantroom.Good, "state", dry)},
	{name: "a receiver's time where there is no other", payload: `{"end_device_ids":{"device_id":"b1-leak","dev_eui":"24E124535B316056"},"uplink_message":{"f_port":85,"frm_payload":"BQAA","settings":{"time":"2026-03-01T23:59:00Z"}}}`,
		want: samples(eui, received-60_000_000_000, plantroom.Good, "state", dry)},
	{name: "no time", payload: `{"end_device_ids":{"device_id":"b1-leak","dev_eui":"24E124535B316056"},"uplink_message":{"f_port":85,"frm_payload":"BQAA"}}`,
		want: samples(eui, received, plantroom.Good, "state", dry)},
	{name: "no time, and retained", payload: `{"end_device_ids":{"device_id":"b1-leak","dev_eui":"24E124535B316056"},"uplink_message":{"f_port":85,"frm_payload":"BQAA"}}`, retained: true,
		want: samples(eui, received, plantroom.EstimatedTime, "state", dry)},

	{name: "join", topic: "v3/story@estate/devices/b1-leak/join", payload: ids("b1-leak") + `,"join_accept":{"session_key_id":"AX",` + times + `}}`, want: said("heartbeat", yes)},

	{name: "a downlink", topic: "v3/story@estate/devices/b1-leak/down/sent", payload: `{}`},
	{name: "service data", topic: "v3/story@estate/devices/b1-leak/service/data", payload: `{}`},
	{name: "a location", topic: "v3/story@estate/devices/b1-leak/location/solved", payload: `{}`},
	{name: "another topic", topic: "application/7a3f/device/24e124535b316056/event/up", payload: `{}`},
	{name: "a device_id longer than there are", topic: "v3/story/devices/" + strings.Repeat("x", 37) + "/up", payload: `{}`},
	{name: "no application", topic: "v3//devices/b1-leak/up", payload: `{}`},
	{name: "an empty payload", payload: ``},

	{name: "a frame that its decoder does not understand", payload: up(`"f_port":85,"f_cnt":12,"frm_payload":"BQABB3c="`), want: said("state", wet), err: "port 85, frame 12: milesight-em300-sld: byte 3"},
	{name: "a frame of nothing", payload: up(`"f_port":85,` + twoReceivers), want: said("rssi_dbm", num(-101), "snr_db", num(9.25)), err: "frame of 0 bytes"},
	{name: "a decoder that does not exist", topic: "v3/story@estate/devices/b1-typo/up", payload: of("b1-typo", `"f_port":85`), err: `"milesight-em300" is not known: use one of bosch-tpl110`},
	{name: "no decoder and no decoded_payload", topic: "v3/story@estate/devices/b1-new/up", payload: of("b1-new", `"f_port":85`), err: "name one for b1-new under models"},
	{name: "another device's message", topic: "v3/story@estate/devices/b1-other/up", payload: up(`"f_port":85,"frm_payload":"BQAB"`), err: `is of device "b1-leak"`},
	{name: "a DevEUI that is none", payload: strings.Replace(up(`"f_port":85`), "24E124535B316056", "24E1", 1), err: `dev_eui "24E1"`},
	{name: "no device", payload: `{"uplink_message":{}}`, err: `is of device ""`},
	{name: "a join where an uplink should be", payload: ids("b1-leak") + `,"join_accept":{}}`, err: "neither uplink_message nor join_accept"},
	{name: "an uplink where a join should be", topic: "v3/story@estate/devices/b1-leak/join", payload: up(`"f_port":85`), err: "neither uplink_message nor join_accept"},
	{name: "time that is none", payload: strings.Replace(up(`"f_port":85`), "2026-03-01T23:59:59.750Z", "yesterday", 1), err: "not RFC 3339"},
	{name: "time of a clock that was never set", payload: strings.Replace(up(`"f_port":85`), "2026-03-01T23:59:59.750Z", "1970-01-01T00:00:00Z", 1), err: "never set"},
	{name: "a battery with a time that is none", payload: up(`"f_port":85,"frm_payload":"BQAA","last_battery_percentage":{"value":78.5,"received_at":"soon"}`),
		want: said("state", dry), err: "last_battery_percentage"},
	{name: "not base64", payload: up(`"f_port":85,"frm_payload":"BQ?B"`), err: "base64"},
	{name: "a frame counter below zero", payload: up(`"f_cnt":-1`), err: "f_cnt"},
	{name: "a port as text", payload: up(`"f_port":"85"`), err: "f_port"},
	{name: "receivers that are no list", payload: up(`"rx_metadata":7`), err: "not a list"},
	{name: "not JSON", payload: "CgkI", err: "invalid character"},
	{name: "cut short", payload: up(`"f_port":85`)[:100], err: "unexpected end"},
	{name: "too large", payload: `{"x":"` + strings.Repeat("x", 64<<10) + `"}`, err: "at most 65536"},
}

func message(payload string) plantroom.Message {
	return plantroom.Message{Topic: topic, Payload: []byte(payload), Received: received}
}

func TestDecode(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := message(c.payload)
			m.Retained = c.retained
			if c.topic != "" {
				m.Topic = c.topic
			}
			got, err := thethings.New(options).Decode(m)
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err)):
				t.Fatalf("error %v, want one that says %q", err, c.err)
			case c.err != "" && !strings.Contains(err.Error(), strings.Split(m.Topic, "/")[3]):
				t.Errorf("error %v does not name the device", err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestAPrefixOfItsOwn(t *testing.T) {
	if got, want := thethings.Topics("site/"), []string{"site/v3/+/devices/+/up", "site/v3/+/devices/+/join"}; !reflect.DeepEqual(got, want) {
		t.Errorf("topics %q, want %q", got, want)
	}
	o := options
	o.Prefix = "site"
	m := message(up(`"f_port":85,"frm_payload":"BQAB"`))
	if got, err := thethings.New(o).Decode(m); err != nil || got != nil {
		t.Errorf("without its prefix: %+v, %v", got, err)
	}
	m.Topic = "site/" + topic
	if got, err := thethings.New(o).Decode(m); err != nil || len(got) != 1 {
		t.Errorf("with its prefix: %+v, %v", got, err)
	}
}

// frame is an uplink some minutes after the first.
func frame(session string, counter int, data string, minutes int) plantroom.Message {
	at := received.Add(time.Duration(minutes) * time.Minute)
	return plantroom.Message{Topic: topic, Received: at, Payload: []byte(ids("b1-leak") + `,"uplink_message":{"session_key_id":"` + session +
		`","f_port":85,"f_cnt":` + strconv.Itoa(counter) + `,"frm_payload":"` + data + `","received_at":"` + at.String() + `"}}`)}
}

func TestAFrameCountsOnceAndGapsAreCounted(t *testing.T) {
	d := thethings.New(options)
	for i, step := range []struct {
		m    plantroom.Message
		want []any
	}{
		{frame("s1", 7, "BQAA", 0), []any{"state", dry}},
		{frame("s1", 7, "BQAA", 1), nil}, // the device transmits it again
		{frame("s1", 9, "BQAB", 10), []any{"state", wet, "uplinks_lost", num(1)}},
		{frame("s2", 0, "BQAA", 20), []any{"state", dry}}, // it has joined again
		{frame("s2", 1, "BQAA", 30), []any{"state", dry}},
	} {
		got, err := d.Decode(step.m)
		if want := samples(eui, step.m.Received, plantroom.Good, step.want...); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("frame %d: got %+v, %v; want %+v", i, got, err, want)
		}
	}
}

func TestASimulatedFrameIsNoPartOfTheAccount(t *testing.T) {
	d := thethings.New(options)
	simulate := func(m plantroom.Message) plantroom.Message {
		m.Payload = []byte(strings.Replace(string(m.Payload), `"uplink`, `"simulated":true,"uplink`, 1))
		return m
	}
	for i, step := range []struct {
		m    plantroom.Message
		want int
	}{
		{frame("s1", 7, "BQAA", 0), 1}, {simulate(frame("s1", 900, "BQAB", 1)), 1}, {simulate(frame("s1", 900, "BQAB", 1)), 1}, {frame("s1", 8, "BQAA", 10), 1},
	} {
		if got, err := d.Decode(step.m); err != nil || len(got) != step.want {
			t.Errorf("frame %d gives %+v, %v", i, got, err)
		}
	}
}

func TestABatteryIsToldOnce(t *testing.T) {
	d := thethings.New(options)
	told := 0
	for i, asked := range []string{"2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", "2026-03-01T12:00:00Z"} {
		got, err := d.Decode(message(up(`"f_port":85,"f_cnt":` + strconv.Itoa(i) + `,"frm_payload":"BQAA","last_battery_percentage":{"value":78.5,"received_at":"` + asked + `"}`)))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got {
			if s.Signal == "battery_pct" {
				told++
			}
		}
	}
	if told != 2 {
		t.Errorf("two answers are told %d times", told)
	}
}

func TestALargeMessageTakesLittleMemory(t *testing.T) {
	fill := func(start, unit, end string) string {
		return start + strings.Repeat(unit, (64<<10-len(start)-len(end))/len(unit)) + end
	}
	for name, payload := range map[string]string{
		"receivers": fill(strings.TrimSuffix(up(`"f_port":85,"rx_metadata":[{}`), "}}"), `,{}`, `]}}`),
		"keys":      fill(`{"a":0`, `,"a":0`, `}`),
		"data":      fill(strings.TrimSuffix(up(`"f_port":85,"frm_payload":"`), "}}"), `AAAA`, `"}}`),
		"decoded":   fill(strings.TrimSuffix(of("b1-leak", `"f_port":85,"decoded_payload":{"a":0`), "}}"), `,"a":0`, `}}}`),
		"nested":    fill(`{"a":`, `[`, ``),
	} {
		d := thethings.New(thethings.Options{})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = d.Decode(message(payload))
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
	f.Fuzz(func(t *testing.T, on string, payload []byte, retained bool) {
		if on == "" {
			on = topic
		}
		got, err := thethings.New(options).Decode(plantroom.Message{Topic: on, Payload: payload, Retained: retained, Received: received})
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
		if len(got) > 64+len(payload) {
			t.Fatalf("%d samples of %d bytes", len(got), len(payload))
		}
		for _, s := range got {
			if s.Address == "" || s.Signal == "" || s.Value.Kind() == plantroom.NoValue || s.At.IsZero() {
				t.Fatalf("%+v", s)
			}
		}
	})
}
