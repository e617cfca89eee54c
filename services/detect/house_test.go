package detect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/domains"
)

// eight is when the stories of these tests begin.
var eight = plantroom.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))

// estate is one of everything behind two gateways. Silence is judged of the
// devices that have an interval.
func estate() plantroom.Estate {
	return plantroom.Estate{
		ID:    "story",
		Zones: []plantroom.Zone{{ID: "plant", Building: "b1"}},
		Gateways: []plantroom.Gateway{
			{ID: "gw-1", Zone: "plant"}, {ID: "gw-2"},
		},
		Assets: []plantroom.Asset{
			{ID: "lift", Domain: "lifts", Kind: "passenger", Building: "b1"},
			{ID: "flat", Domain: "leaks", Kind: "spot", Building: "b1"},
			{ID: "bin", Domain: "waste", Kind: "rigid_1100", Params: map[string]float64{"d_empty_m": 1.3, "d_full_m": 0.2}},
			{ID: "lane", Domain: "bays", Kind: "fire_lane", Params: map[string]float64{"grace_s": 300}},
		},
		Devices: []plantroom.Device{
			{ID: "controller", Asset: "lift", Gateway: "gw-1"},
			{ID: "relay", Asset: "lift", Gateway: "gw-2"},
			{ID: "spot", Asset: "flat", Gateway: "gw-1"},
			{ID: "level", Asset: "bin", Gateway: "gw-1"},
			{ID: "bay", Asset: "lane", Gateway: "gw-1"},
		},
	}
}

// house is an engine with a clock, and the record of its incidents as a store
// would keep it.
type house struct {
	t         testing.TB
	engine    *detect.Engine
	now       plantroom.Instant
	away      map[plantroom.GatewayID]bool // the others say every 20 s that they are well
	spoke     plantroom.Instant
	incidents map[plantroom.IncidentID]plantroom.Incident
	states    map[string]plantroom.Detection
	story     []string // change rule asset, in order
}

func newHouse(t testing.TB, e plantroom.Estate) *house {
	t.Helper()
	return &house{t: t, engine: newEngine(t, e), now: eight, spoke: eight,
		away: map[plantroom.GatewayID]bool{}, incidents: map[plantroom.IncidentID]plantroom.Incident{},
		states: map[string]plantroom.Detection{}}
}

func newEngine(t testing.TB, e plantroom.Estate) *detect.Engine {
	t.Helper()
	engine, err := detect.New(detect.Options{Estate: e, Domains: domains.All()})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// reading makes a reading of "device/signal" with a value of Go's own type.
func reading(what string, value any, at plantroom.Instant) plantroom.Reading {
	dev, signal, _ := strings.Cut(what, "/")
	r := plantroom.Reading{Device: plantroom.DeviceID(dev), Signal: signal, At: at}
	switch v := value.(type) {
	case bool:
		r.Value = plantroom.Bool(v)
	case string:
		r.Value = plantroom.String(v)
	case float64:
		r.Value = plantroom.Float(v)
	case int:
		r.Value = plantroom.Float(float64(v))
	default:
		panic(fmt.Sprintf("%T", value))
	}
	return r
}

// gatewayOf says through which gateway a device of estate is heard.
func gatewayOf(d plantroom.DeviceID) plantroom.GatewayID {
	if d == "relay" {
		return "gw-2"
	}
	return "gw-1"
}

// says has a device say something now.
func (h *house) says(what string, value any) { h.said(what, value, h.now) }

// said has a device's word arrive now that was said at another time.
func (h *house) said(what string, value any, at plantroom.Instant) {
	h.observe(reading(what, value, at))
}

func (h *house) observe(r plantroom.Reading) {
	h.engine.Observe(h.now, gatewayOf(r.Device), r)
	h.take()
}

// wait lets time pass: the gateways that are not away say that they are well,
// and the clock is looked at whenever the engine asks for it.
func (h *house) wait(d time.Duration) {
	end := h.now.Add(d)
	for {
		next := h.spoke.Add(20 * time.Second)
		if w := h.engine.Wake(); !w.IsZero() {
			next = min(next, max(w, h.now))
		}
		if next > end {
			break
		}
		h.now = next
		h.speak()
		h.engine.Tick(h.now)
		h.take()
	}
	h.now = end
	h.engine.Tick(h.now)
	h.take()
}

func (h *house) speak() {
	if h.now < h.spoke.Add(20*time.Second) {
		return
	}
	h.spoke = h.now
	for _, gw := range []plantroom.GatewayID{"gw-1", "gw-2"} {
		if !h.away[gw] {
			h.engine.Heard(h.now, gw, true)
		}
	}
}

// leaves cuts a gateway off; its broker notices at once.
func (h *house) leaves(gw plantroom.GatewayID) {
	h.away[gw] = true
	h.engine.Heard(h.now, gw, false)
	h.take()
}

// returns brings a gateway back.
func (h *house) returns(gw plantroom.GatewayID) {
	h.away[gw] = false
	h.engine.Heard(h.now, gw, true)
	h.take()
}

func (h *house) take() {
	fx := h.engine.Take()
	for _, d := range fx.Dirty {
		h.states[string(d.Rule)+" "+string(d.Asset)] = d
	}
	for _, ev := range fx.Events {
		h.story = append(h.story, fmt.Sprintf("%s %s %s", ev.Change, ev.Incident.Rule, ev.Incident.Asset))
		h.incidents[ev.Incident.ID] = ev.Incident
	}
}

// expect compares the story since the last expect.
func (h *house) expect(want ...string) {
	h.t.Helper()
	if got := strings.Join(h.story, "\n"); got != strings.Join(want, "\n") {
		h.t.Fatalf("at %s\n got: %s\nwant: %s", h.now, strings.Join(h.story, ", "), strings.Join(want, ", "))
	}
	h.story = nil
}

// only returns the one incident of a rule.
func (h *house) only(rule plantroom.RuleID) plantroom.Incident {
	h.t.Helper()
	var found []plantroom.Incident
	for _, inc := range h.incidents {
		if inc.Rule == rule {
			found = append(found, inc)
		}
	}
	if len(found) != 1 {
		h.t.Fatalf("want one incident of %s, have %d: %+v", rule, len(found), found)
	}
	return found[0]
}
