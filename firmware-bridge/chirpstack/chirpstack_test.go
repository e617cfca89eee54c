package chirpstack_test

import (
	"encoding/base64"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/chirpstack"
)

const (
	eui      = "24e124535b316056"
	topic    = "application/7a3f/device/24e124535b316056/event/"
	received = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z
	heard    = received - 250_000_000                  // what the events below give as time
)

// options name a decoder by device profile and another by address.
var options = chirpstack.Options{Models: map[string]string{
	"leak":             "milesight-em300-sld",
	"parking":          "nwave-nps405",
	"typo":             "milesight-em300",
	"24E124FFFFFFFFFF": "milesight-em310-udl",
}}

// event wraps what differs in the envelope that all events share.
func event(profile, rest string) string {
	if rest != "" {
		rest = "," + rest
	}
	return `{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2026-03-02T07:59:59.750+08:00",
		"deviceInfo":{"tenantId":"52f14cd4","tenantName":"story","applicationId":"7a3f","deviceProfileName":"` + profile + `",
		"deviceName":"b1-leak","devEui":"24e124535b316056","tags":{"floor":"3"}}` + rest + `}`
}

// up adds what an uplink has besides.
func up(profile, data string) string {
	return event(profile, `"devAddr":"00189440","adr":true,"dr":1,"fCnt":12,"fPort":85,"confirmed":false,"data":"`+data+`",`+twoReceivers)
}

// twoReceivers: the second one hears better, though weaker.
const twoReceivers = `"rxInfo":[{"gatewayId":"0016c001f153a14c","uplinkId":421,"rssi":-36,"snr":-10.5},
	{"gatewayId":"0016c001f153a14d","uplinkId":422,"rssi":-101,"snr":9.25}],"txInfo":{"frequency":868100000}`

func said(pairs ...any) []plantroom.Sample {
	var out []plantroom.Sample
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, plantroom.Sample{Address: eui, Signal: pairs[i].(string), Value: pairs[i+1].(plantroom.Value), At: heard})
	}
	return out
}

func quality(q plantroom.Quality, at plantroom.Instant, samples []plantroom.Sample) []plantroom.Sample {
	for i := range samples {
		samples[i].Quality, samples[i].At = q, at
	}
	return samples
}

func num(f float64) plantroom.Value { return plantroom.Float(f) }

var (
	yes, no  = plantroom.Bool(true), plantroom.Bool(false)
	wet, dry = plantroom.String("wet"), plantroom.String("dry")
	link     = []any{"rssi_dbm", num(-101), "snr_db", num(9.25)}
)

// with appends the signal strength of twoReceivers.
func with(pairs ...any) []plantroom.Sample { return said(append(pairs, link...)...) }

var cases = []struct {
	name     string
	topic    string // "": topic + "up"
	payload  string
	retained bool
	want     []plantroom.Sample
	err      string // part of the error, next to want
}{
	{name: "a native decoder, by profile", payload: up("leak", "AXVcBQAB"), want: with("battery_pct", num(92), "state", wet)},
	{name: "no receivers", payload: event("leak", `"fCnt":1,"fPort":85,"data":"BQAA"`), want: said("state", dry)},
	{name: "a receiver at zero, which is left out", payload: event("leak", `"fPort":85,"data":"BQAA","rxInfo":[{}]`),
		want: said("state", dry, "rssi_dbm", num(0), "snr_db", num(0))},
	{name: "history has its own time and quality", payload: event("leak", `"fPort":85,"data":"BQAAIM6edEZjEAFdAQ=="`),
		want: append(said("state", dry), quality(plantroom.Historical, 1665561758_000000000, said("state", wet))...)},
	{name: "an object where no decoder is named", payload: event("other",
		`"fPort":2,"data":"AQ==","object":{"state":"wet","distance_m":0.82,"occupied":false,"contact":true,"battery_pct":77,"Leak":"NO LEAK","temp":null}`),
		want: said("state", wet, "distance_m", num(0.82), "occupied", plantroom.Bool(false), "contact", yes, "battery_pct", num(77))},
	{name: "an object next to a named decoder is not looked at", payload: event("leak", `"fPort":85,"data":"BQAA","object":{"state":"wet"}`),
		want: said("state", dry)},
	{name: "MAC commands only", payload: event("leak", `"fCnt":3,"rxInfo":[{"rssi":-80,"snr":7}]`), want: said("rssi_dbm", num(-80), "snr_db", num(7))},
	{name: "no time", payload: `{"deviceInfo":{"devEui":"24e124535b316056","deviceProfileName":"leak"},"fPort":85,"data":"BQAB"}`,
		want: quality(plantroom.Good, received, said("state", wet))},
	{name: "no time, and retained", payload: `{"deviceInfo":{"devEui":"24e124535b316056","deviceProfileName":"leak"},"fPort":85,"data":"BQAB"}`, retained: true,
		want: quality(plantroom.EstimatedTime, received, said("state", wet))},

	{name: "status with a battery", topic: topic + "status", payload: event("leak", `"margin":7,"batteryLevel":75.5`),
		want: said("heartbeat", yes, "external_power", no, "downlink_snr_db", num(7), "battery_pct", num(75.5))},
	{name: "status with an empty battery, which is left out", topic: topic + "status", payload: event("leak", `"margin":-7`),
		want: said("heartbeat", yes, "external_power", no, "downlink_snr_db", num(-7), "battery_pct", num(0))},
	{name: "status without a battery", topic: topic + "status", payload: event("leak", `"externalPowerSource":true,"batteryLevel":100`),
		want: said("heartbeat", yes, "external_power", yes, "downlink_snr_db", num(0))},
	{name: "status that knows nothing", topic: topic + "status", payload: event("leak", `"batteryLevelUnavailable":true`),
		want: said("heartbeat", yes, "external_power", no, "downlink_snr_db", num(0))},
	{name: "join", topic: topic + "join", payload: event("leak", `"devAddr":"00189440"`), want: said("heartbeat", yes)},

	{name: "ack", topic: topic + "ack", payload: event("leak", `"acknowledged":true`)},
	{name: "txack", topic: topic + "txack", payload: `{}`},
	{name: "log", topic: topic + "log", payload: event("leak", `"level":"ERROR","code":"UPLINK_CODEC"`)},
	{name: "a downlink", topic: "application/7a3f/device/24e124535b316056/command/down", payload: `{}`},
	{name: "a gateway's event", topic: "eu868/gateway/0016c001f153a14c/event/up", payload: `{}`},
	{name: "another topic", topic: "zigbee2mqtt/leak-1", payload: `{}`},
	{name: "a device that is no EUI", topic: "application/7a3f/device/leak/event/up", payload: `{}`},
	{name: "an empty payload", payload: ``},

	{name: "a frame that its decoder does not understand", payload: up("leak", "BQABB3c="), want: with("state", wet), err: "port 85, frame 12: milesight-em300-sld: byte 3"},
	{name: "a frame of nothing", payload: up("leak", ""), want: with(), err: "frame of 0 bytes"},
	{name: "a decoder that does not exist", payload: up("typo", "BQAB"), want: with(), err: `"milesight-em300" is not known: use one of bosch-tpl110`},
	{name: "no decoder and no object", payload: up("other", "BQAB"), want: with(), err: "name one for 24e124535b316056 or \"other\" under models"},
	{name: "an object without generic signals", payload: event("other", `"fPort":2,"object":{"Leak":"NO LEAK"}`), err: "none of the generic signals"},
	{name: "an object with a wrong state", payload: event("other", `"fPort":2,"object":{"state":"ON","distance_m":1}`),
		want: said("distance_m", num(1)), err: `state is "ON"`},
	{name: "an object with a wrong type", payload: event("other", `"fPort":2,"object":{"occupied":"yes","distance_m":1}`),
		want: said("distance_m", num(1)), err: "signal occupied wants a bool"},
	{name: "an object with an object", payload: event("other", `"fPort":2,"object":{"state":{}}`), err: "a value is a number"},
	{name: "an object that is a list", payload: event("other", `"fPort":2,"object":[1]`), err: "object:"},
	{name: "the object is null", payload: event("other", `"fPort":2,"object":null`), err: "no decoder"},

	{name: "another device's event", payload: strings.Replace(up("leak", "BQAB"), eui, "24e124535b316057", 1), err: `is of device "24e124535b316057"`},
	{name: "no device", payload: `{}`, err: `is of device ""`},
	{name: "time that is none", payload: strings.Replace(up("leak", "BQAB"), "2026-", "26-", 1), err: "not RFC 3339"},
	{name: "time of a clock that was never set", payload: strings.Replace(up("leak", "BQAB"), "2026-03-02T07:59:59.750+08:00", "1970-01-01T00:00:00Z", 1), err: "zero of all clocks"},
	{name: "not base64", payload: up("leak", "BQ?B"), err: "base64"},
	{name: "a frame counter below zero", payload: event("leak", `"fCnt":-1`), err: "fCnt"},
	{name: "receivers that are no list", payload: event("leak", `"fPort":85,"data":"BQAA","rxInfo":{"rssi":-80}`), err: "not a list"},
	{name: "a receiver that is none", payload: event("leak", `"fPort":85,"data":"BQAA","rxInfo":[7]`), err: "cannot unmarshal"},
	{name: "an object with a value beyond all sizes", payload: event("other", `"fPort":2,"object":{"state":"`+strings.Repeat("x", 1000)+`","distance_m":1}`),
		want: said("distance_m", num(1)), err: "more than 64 bytes"},
	{name: "not JSON", payload: "CgkI", err: "invalid character"},
	{name: "cut short", payload: up("leak", "BQAB")[:100], err: "unexpected end"},
	{name: "too large", payload: `{"x":"` + strings.Repeat("x", 64<<10) + `"}`, err: "at most 65536"},
}

func TestDecode(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := plantroom.Message{Topic: c.topic, Payload: []byte(c.payload), Retained: c.retained, Received: received}
			if m.Topic == "" {
				m.Topic = topic + "up"
			}
			got, err := chirpstack.New(options).Decode(m)
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err)):
				t.Fatalf("error %v, want one that says %q", err, c.err)
			case c.err != "" && !strings.Contains(err.Error(), eui):
				t.Errorf("error %v does not name the device", err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestAnAddressGoesBeforeItsProfile(t *testing.T) {
	payload := strings.ReplaceAll(up("leak", "A4JECA=="), eui, "24e124ffffffffff")
	m := plantroom.Message{Topic: strings.ReplaceAll(topic, eui, "24E124FFFFFFFFFF") + "up", Payload: []byte(payload), Received: received}
	got, err := chirpstack.New(options).Decode(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Address != "24e124ffffffffff" || got[0].Signal != "distance_m" || got[0].Value != num(2.116) {
		t.Errorf("got %+v", got)
	}
}

func TestAPrefixOfItsOwn(t *testing.T) {
	if got := chirpstack.Topics("site/"); !reflect.DeepEqual(got, []string{"site/application/+/device/+/event/+"}) {
		t.Errorf("topics %q", got)
	}
	o := options
	o.Prefix = "site"
	d := chirpstack.New(o)
	m := plantroom.Message{Topic: "site/" + topic + "up", Payload: []byte(up("leak", "BQAB")), Received: received}
	if got, err := d.Decode(m); err != nil || len(got) == 0 {
		t.Errorf("with its prefix: %+v, %v", got, err)
	}
	m.Topic = topic + "up"
	if got, err := d.Decode(m); err != nil || got != nil {
		t.Errorf("without its prefix: %+v, %v", got, err)
	}
}

// frame is one uplink for the tests of repetition.
type frame struct {
	id, session, data string
	counter           string
	after             time.Duration
}

func (f frame) message() plantroom.Message {
	at := received.Add(f.after)
	payload := `{"deduplicationId":"` + f.id + `","time":"` + at.String() + `","deviceInfo":{"devEui":"` + eui +
		`","deviceProfileName":"parking"},"devAddr":"` + f.session + `","fCnt":` + f.counter + `,"fPort":1,"data":"` + f.data + `"}`
	return plantroom.Message{Topic: topic + "up", Payload: []byte(payload), Received: at}
}

func TestAFrameCountsOnce(t *testing.T) {
	first := frame{id: "a", session: "s1", counter: "7", data: "lQ=="}
	for name, c := range map[string]struct {
		second  frame
		repeats bool
	}{
		"the broker delivers it again":          {frame{"a", "s1", "lQ==", "7", 0}, true},
		"the broker delivers it hours later":    {frame{"a", "s1", "lQ==", "7", 5 * time.Hour}, true},
		"the device transmits it again":         {frame{"b", "s1", "lQ==", "7", 8 * time.Second}, true},
		"the next frame says the same":          {frame{"b", "s1", "lQ==", "8", 8 * time.Second}, false},
		"a new session starts at the same":      {frame{"b", "s2", "lQ==", "7", 8 * time.Second}, false},
		"the counter was reset":                 {frame{"b", "s1", "lA==", "7", 8 * time.Second}, false},
		"the same counter and bytes next day":   {frame{"b", "s1", "lQ==", "7", 24 * time.Hour}, false},
		"no identifier, and another frame":      {frame{"", "s1", "lQ==", "8", 8 * time.Second}, false},
		"no identifier, and the frame is known": {frame{"", "s1", "lQ==", "7", 8 * time.Second}, true},
	} {
		d := chirpstack.New(options)
		if got, err := d.Decode(first.message()); err != nil || len(got) == 0 {
			t.Fatalf("first frame: %+v, %v", got, err)
		}
		got, err := d.Decode(c.second.message())
		if err != nil || (len(got) == 0) != c.repeats {
			t.Errorf("%s: %+v, %v; want it dropped: %v", name, got, err, c.repeats)
		}
	}
}

func TestSomeFramesThatComeAgainTogetherCountOnce(t *testing.T) {
	d := chirpstack.New(options)
	counters := []string{"1", "2", "3", "4"}
	for round := range 2 {
		for _, n := range counters {
			got, err := d.Decode(frame{id: "id-" + n, session: "s", counter: n, data: "lQ=="}.message())
			if err != nil || (len(got) == 0) != (round == 1) {
				t.Errorf("round %d, frame %s: %+v, %v", round, n, got, err)
			}
		}
	}
}

// lost gives what a decoder counts as lost before a frame; -1: it gives nothing.
func lost(t *testing.T, d plantroom.Decoder, m plantroom.Message) float64 {
	t.Helper()
	got, err := d.Decode(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range got {
		if s.Signal == "uplinks_lost" {
			return s.Value.Num()
		}
	}
	return -1
}

func TestFramesThatAreMissingAreCounted(t *testing.T) {
	d := chirpstack.New(options)
	for i, f := range []struct {
		session, counter string
		want             float64
	}{
		{"s1", "7", -1},    // who knows what was before
		{"s1", "8", -1},    // the next
		{"s1", "12", 3},    // 9 to 11 are missing
		{"s1", "12", -1},   // again, with other bytes: see below
		{"s1", "11", -1},   // overtaken
		{"s1", "13", -1},   // and on
		{"s3", "20", -1},   // a new session that begins late
		{"s2", "0", -1},    // and another
		{"s2", "2", 1},     // 1 is missing
		{"s2", "900", 897}, // much is missing
		{"s2", "3", -1},    // the counter was set back
		{"s2", "4", -1},
		{"s2", "99999", -1}, // the counter has jumped
	} {
		m := frame{id: "id-" + strconv.Itoa(i), session: f.session, counter: f.counter, data: "lQ==", after: time.Duration(i) * time.Hour}.message()
		if got := lost(t, d, m); got != f.want {
			t.Errorf("frame %d of %s gives %v, want %v", i, f.session, got, f.want)
		}
	}
}

func TestAJoinBeginsANewCount(t *testing.T) {
	d := chirpstack.New(options)
	first := frame{id: "a", session: "s1", counter: "7", data: "lQ=="}
	lost(t, d, first.message())
	join := plantroom.Message{Topic: topic + "join", Payload: []byte(event("parking", `"devAddr":"s1"`)), Received: received}
	if got, err := d.Decode(join); err != nil || len(got) != 1 || got[0].Signal != "heartbeat" {
		t.Fatalf("join gives %+v, %v", got, err)
	}
	after := frame{id: "b", session: "s1", counter: "40", data: "lQ==", after: time.Minute}
	if got := lost(t, d, after.message()); got != -1 {
		t.Errorf("the first frame after a join counts %v as lost", got)
	}
	next := frame{id: "c", session: "s1", counter: "42", data: "lQ==", after: time.Hour}
	if got := lost(t, d, next.message()); got != 1 {
		t.Errorf("the gap after it counts %v, want 1", got)
	}
}

// allocated is what decoding a message costs, in bytes.
func allocated(t *testing.T, d plantroom.Decoder, m plantroom.Message) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = d.Decode(m)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestALargeEventTakesLittleMemory(t *testing.T) {
	fill := func(start, unit, end string) string {
		return start + strings.Repeat(unit, (64<<10-len(start)-len(end))/len(unit)) + end
	}
	head := `{"deviceInfo":{"devEui":"` + eui + `","deviceProfileName":"leak"},"fPort":85,`
	for name, payload := range map[string]string{
		"receivers":    fill(head+`"rxInfo":[{}`, `,{}`, `]}`),
		"keys":         fill(head+`"data":"BQAB"`, `,"a":0`, `}`),
		"data":         fill(head+`"data":"`, `AAAA`, `"}`),
		"nested":       fill(head+`"x":`, `[`, ``),
		"nested twice": fill(head+`"object":{"x":`, `[`, ``),
		"object":       fill(strings.Replace(head, "leak", "other", 1)+`"object":{"a":0`, `,"a":0`, `}}`),
		"one key":      fill(strings.Replace(head, "leak", "other", 1)+`"object":{"`, `x`, `":0}}`),
	} {
		m := plantroom.Message{Topic: topic + "up", Payload: []byte(payload), Received: received}
		if got := allocated(t, chirpstack.New(options), m); got >= 1<<20 {
			t.Errorf("%s: %d bytes of payload take %d bytes", name, len(payload), got)
		}
	}
}

func TestDataLongerThanAnyFrameIsRefused(t *testing.T) {
	for n, refused := range map[int]bool{255: false, 256: true} {
		payload := event("leak", `"fPort":0,"data":"`+base64.StdEncoding.EncodeToString(make([]byte, n))+`"`)
		_, err := chirpstack.New(options).Decode(plantroom.Message{Topic: topic + "up", Payload: []byte(payload), Received: received})
		if (err != nil) != refused {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestAFrameThatWasForgottenCountsAgain(t *testing.T) {
	d := chirpstack.New(options)
	first := frame{id: "a", session: "s1", counter: "7", data: "lQ=="}.message()
	for _, want := range []bool{true, false} {
		if got, err := d.Decode(first); err != nil || len(got) > 0 != want {
			t.Fatalf("%+v, %v; want samples: %v", got, err, want)
		}
	}
	d.(plantroom.Forgetter).Forget()
	if got, err := d.Decode(first); err != nil || len(got) == 0 {
		t.Errorf("after Forget: %+v, %v; want the samples again", got, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range cases {
		f.Add(strings.TrimPrefix(c.topic, topic), []byte(c.payload))
	}
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		if kind == "" {
			kind = "up"
		}
		m := plantroom.Message{Topic: topic + kind, Payload: payload, Received: received}
		got, err := chirpstack.New(options).Decode(m)
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
		for _, s := range got {
			if s.Address != eui || s.Signal == "" || s.Value.Kind() == plantroom.NoValue || s.At.IsZero() {
				t.Fatalf("%+v", s)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	// More frames than a decoder remembers, so that none is dropped as repeated.
	messages := make([]plantroom.Message, 16)
	for i := range messages {
		n := strconv.Itoa(10 + i)
		payload := strings.NewReplacer("3ac7e3c4", "3ac7e3"+n, `"fCnt":12`, `"fCnt":`+n).Replace(up("leak", "AXVcBQAB"))
		messages[i] = plantroom.Message{Topic: topic + "up", Payload: []byte(payload), Received: received}
	}
	d := chirpstack.New(options)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if got, err := d.Decode(messages[i%len(messages)]); err != nil || len(got) == 0 {
			b.Fatal(got, err)
		}
	}
}
