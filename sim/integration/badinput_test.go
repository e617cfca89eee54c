package integration

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"math"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
)

// bad is something that nobody can use, and what has to become of it.
type bad struct {
	what    string
	topic   string
	payload []byte
	far     bool // published to the uplink's broker, as by a forged gateway

	stage  string
	source string
	reason string
	raw    func([]byte) error // nil: the payload itself
	rows   int                // 0: one
}

// forgedEpoch is the spool of whoever pretends to be gw-b4.
const forgedEpoch = 99

func badInput(t *testing.T, now time.Time) []bad {
	ahead := now.Add(time.Hour)
	forged := func(gw plantroom.GatewayID, records ...plantroom.Record) []byte {
		b := wire.Batch{Gateway: gw, Epoch: forgedEpoch, Base: 1, First: 1, Sent: plantroom.At(now)}
		for _, r := range records {
			raw, err := wire.AppendRecord(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			b.Records = append(b.Records, raw)
		}
		payload, err := wire.AppendBatch(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		return payload
	}
	reading := func(v float64, at time.Time) plantroom.Record {
		return plantroom.Record{Reading: plantroom.Reading{Device: "b4-l1-box", Signal: "floor", Value: plantroom.Float(v), At: plantroom.At(at)}}
	}
	up := func(gw plantroom.GatewayID) string { return wire.Topic("story", gw, wire.Up) }
	return []bad{
		// Four gateways hear each device on this site, and each finds that it understands nothing.
		{what: "an undecodable payload", topic: "plantroom-device/b1-l1-box", payload: []byte(`{"v":{"floor":}}`), rows: 4,
			stage: "gateway", source: "plantroom-device/b1-l1-box", reason: "plainjson b1-l1-box: byte 14"},
		{what: "a number that is none", topic: "plantroom-device/b1-l2-box", payload: []byte(`{"v":{"motor_current_a":NaN}}`), rows: 4,
			stage: "gateway", source: "plantroom-device/b1-l2-box", reason: "plainjson b1-l2-box: byte 24"},
		{what: "bytes", topic: "zigbee2mqtt/b2-05a-leak", payload: []byte{0, 1, 0xfe, 0xff}, rows: 4,
			stage: "gateway", source: "zigbee2mqtt/b2-05a-leak", reason: "b2-05a-leak"},
		{what: "an address that no gateway knows", topic: "plantroom-device/stranger", payload: []byte(`{"v":{"floor":1}}`), rows: 4,
			stage: "gateway", source: "plantroom-device/stranger", reason: `no device rule knows the address "stranger"`},
		{what: "a device that the estate does not know", topic: "plantroom-device/b1-l9-box", payload: stamped(now, `"floor":1`),
			stage: "check", source: "b1-l9-box/floor", reason: "b1-l9-box", raw: isReading("b1-l9-box", "floor", 1, now)},
		{what: "a signal that its domain does not know", topic: "plantroom-device/b1-l1-box", payload: stamped(now, `"smell":7`),
			stage: "check", source: "b1-l1-box/smell", reason: "smell", raw: isReading("b1-l1-box", "smell", 7, now)},
		{what: "a value out of range", topic: "plantroom-device/b1-l1-box", payload: stamped(now, `"floor":5000`),
			stage: "check", source: "b1-l1-box/floor", reason: "signal floor is 5000 1: outside -20 to 200", raw: isReading("b1-l1-box", "floor", 5000, now)},
		{what: "1970", topic: "plantroom-device/b2-l1-box", payload: stamped(time.Unix(9, 0), `"floor":3`),
			stage: "check", source: "b2-l1-box/floor", reason: "time 1970-01-01T00:00:09Z lies before 2020-01-01", raw: isReading("b2-l1-box", "floor", 3, time.Unix(9, 0))},
		{what: "the future", topic: "plantroom-device/b3-l1-box", payload: stamped(ahead, `"floor":3`),
			stage: "check", source: "b3-l1-box/floor", reason: "ahead of the server's", raw: isReading("b3-l1-box", "floor", 3, ahead)},
		{what: "a batch of another gateway", far: true, topic: up("gw-b4"), payload: forged("gw-b3", reading(4, now)),
			stage: "wire", source: up("gw-b4"), reason: "message of gateway gw-b3 on the topic of gw-b4"},
		{what: "a batch that is none", far: true, topic: up("gw-b4"), payload: []byte("hello"),
			stage: "wire", source: up("gw-b4"), reason: "byte 0: 0x68 is not a message"},
		{what: "a gateway that the estate does not know", far: true, topic: up("gw-b9"), payload: forged("gw-b9", reading(4, now)),
			stage: "wire", source: up("gw-b9"), reason: "gateway gw-b9 is not one of estate story"},
		{what: "NaN among good readings", far: true, topic: up("gw-b4"), payload: forged("gw-b4", reading(4, now), reading(math.NaN(), now.Add(time.Second)), reading(6, now.Add(2*time.Second))),
			stage: "check", source: "b4-l1-box/floor", reason: "signal floor is NaN: not a finite number", raw: isReading("b4-l1-box", "floor", math.NaN(), now.Add(time.Second))},
	}
}

// stamped is a message of a box with a time.
func stamped(at time.Time, values string) []byte {
	return fmt.Appendf(nil, `{"t":%q,"v":{%s}}`, at.UTC().Format(time.RFC3339Nano), values)
}

// isReading checks that raw bytes are a record of one reading.
func isReading(device plantroom.DeviceID, signal string, v float64, at time.Time) func([]byte) error {
	return func(raw []byte) error {
		r, err := wire.DecodeRecord(raw)
		if err != nil {
			return err
		}
		got := r.Reading
		same := got.Value.Num() == v || math.IsNaN(v) && math.IsNaN(got.Value.Num())
		return unless(got.Device == device && got.Signal == signal && same && got.At == plantroom.At(at), "the raw bytes are of %+v", got)
	}
}

// Whatever comes, it is set aside where it can be looked at, with the reason
// and the bytes, and what is good beside it goes on at once.
func TestBadInputIsSetAsideAndDelaysNothing(t *testing.T) {
	h := open(t, plan{apart: true})
	now := time.Now().UTC().Truncate(time.Millisecond)
	all := badInput(t, now)
	want := 0
	for n, b := range all {
		h.say("b1-l1-box", map[string]any{"floor": n})
		h.throw(b)
		h.say("b1-l1-box", map[string]any{"cycles": n})
		want += max(b.rows, 1)
	}
	within(t, 10*time.Second, "good readings arrive at once", h.complete)
	h.setAside(all, want)
	h.stored("b4-l1-box", "floor", map[time.Time]float64{now: 4, now.Add(2 * time.Second): 6})
	h.counted(want)
	h.shown(all, want)
	h.audit(want)
}

// throw publishes something bad.
func (h *house) throw(b bad) {
	h.t.Helper()
	url := h.field.url
	if b.far {
		url = h.uplink.url
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), soon)
	defer cancel()
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: url, ClientID: "thrower"}, mqttconn.Session{})
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendAndWait(ctx, b.topic, false, b.payload); err != nil {
		h.t.Fatal(err)
	}
}

// setAside waits until everything stands in the API's list, and looks at each.
func (h *house) setAside(all []bad, want int) {
	h.t.Helper()
	var list struct {
		Count int
		Items []plantroom.Quarantined
	}
	within(h.t, soon, "all is set aside", func(ctx context.Context) error {
		if err := h.Get(ctx, "/api/v1/quarantine?limit=1000", &list); err != nil {
			return err
		}
		return unless(list.Count == want && len(list.Items) == want, "%d are there, want %d", list.Count, want)
	})
	for _, b := range all {
		n := 0
		for _, q := range list.Items {
			if q.Stage == b.stage && q.Source == b.source && strings.Contains(q.Reason, b.reason) && b.bytes(q.Raw) == nil {
				n++
			}
		}
		if n != max(b.rows, 1) {
			h.t.Errorf("%s is set aside %d times, want %d", b.what, n, max(b.rows, 1))
		}
	}
	if h.t.Failed() {
		for _, q := range list.Items {
			h.t.Logf("%s %s %s: %s: %q", q.Gateway, q.Stage, q.Source, q.Reason, q.Raw)
		}
	}
}

func (b *bad) bytes(raw []byte) error {
	if b.raw != nil {
		return b.raw(raw)
	}
	return unless(bytes.Equal(raw, b.payload), "the raw bytes are %q", raw)
}

// stored waits for the readings of a series in InfluxDB, and no others.
func (h *house) stored(device plantroom.DeviceID, signal string, want map[time.Time]float64) {
	h.t.Helper()
	within(h.t, soon, "the good ones of a batch are stored", func(ctx context.Context) error {
		have, err := stored(ctx, h.Stack)
		if err != nil {
			return err
		}
		got := have[series{device, signal}]
		for at, v := range want {
			if got[plantroom.At(at)] != plantroom.Float(v) {
				return fmt.Errorf("%g at %s is not there: %v", v, at, got)
			}
		}
		return unless(len(got) == len(want), "there is more: %v", got)
	})
}

// counted checks /metrics.
func (h *house) counted(want int) {
	h.t.Helper()
	page, err := h.Page(h.t.Context(), "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	sum := 0
	for line := range strings.Lines(string(page)) {
		var n int
		if _, value, ok := strings.Cut(line, `} `); ok && strings.HasPrefix(line, "plantroom_quarantined_total{") {
			if _, err := fmt.Sscan(value, &n); err != nil {
				h.t.Fatal(err)
			}
			sum += n
		}
	}
	if sum != want {
		h.t.Errorf("/metrics counts %d, want %d", sum, want)
	}
}

// shown checks what a person sees: the number on the board, and each reason on
// the page behind it.
func (h *house) shown(all []bad, want int) {
	h.t.Helper()
	board, err := h.Page(h.t.Context(), "/")
	if err != nil {
		h.t.Fatal(err)
	}
	if link := fmt.Sprintf(`href="/quarantine"><b>%d</b>`, want); !strings.Contains(string(board), link) {
		h.t.Errorf("the board lacks %s", link)
	}
	page, err := h.Page(h.t.Context(), "/quarantine")
	if err != nil {
		h.t.Fatal(err)
	}
	text := html.UnescapeString(string(page))
	for _, b := range all {
		if !strings.Contains(text, b.reason) || !strings.Contains(text, b.source) {
			h.t.Errorf("the page does not show %s: %s", b.what, b.reason)
		}
	}
}
