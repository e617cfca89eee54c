package detect_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// reopens starts the engine anew from what it has said, with another estate.
func (h *house) reopens(change func(*plantroom.Estate)) {
	h.t.Helper()
	e := estate()
	change(&e)
	h.engine = newEngine(h.t, e)
	var open []plantroom.Incident
	for _, inc := range h.incidents {
		if inc.State != plantroom.IncidentClosed {
			open = append(open, inc)
		}
	}
	if err := h.engine.Restore(slices.Collect(maps.Values(h.states)), open, nil); err != nil {
		h.t.Fatal(err)
	}
}

func TestADeviceThatTheAssetNoLongerHasHoldsNoIncidentOpen(t *testing.T) {
	for why, change := range map[string]func(*plantroom.Estate){
		"removed": func(e *plantroom.Estate) { e.Devices = append(e.Devices[:1], e.Devices[2:]...) },
		"moved to another lift": func(e *plantroom.Estate) {
			e.Assets = append(e.Assets, plantroom.Asset{ID: "lift-2", Domain: "lifts", Kind: "passenger"})
			e.Devices[1].Asset = "lift-2"
		},
	} {
		t.Run(why, func(t *testing.T) {
			h := newHouse(t, estate())
			h.says("controller/fault", "none")
			h.says("relay/fault", "controller_fault")
			h.expect("opened lift.fault lift")
			h.reopens(change)
			h.wait(time.Hour)
			h.expect() // nobody has seen it sound
			h.says("controller/fault", "none")
			h.expect("cleared lift.fault lift")
			h.wait(31 * time.Minute)
			h.expect("progress lift.fault lift", "progress lift.fault lift", "proved lift.fault lift")
		})
	}
}

// The state without the removed device is stored, although no reading comes.
func TestWhatWasForgottenIsStored(t *testing.T) {
	h := newHouse(t, estate())
	h.says("relay/fault", "controller_fault")
	h.reopens(func(e *plantroom.Estate) { e.Devices = append(e.Devices[:1], e.Devices[2:]...) })
	clear(h.states)
	h.wait(2 * time.Minute)
	for _, rule := range []string{"lift.fault lift", "lift.entrapment lift"} {
		if d, ok := h.states[rule]; !ok || strings.Contains(string(d.State), `"relay"`) {
			t.Errorf("%s: stored %s", rule, d.State)
		}
	}
}
