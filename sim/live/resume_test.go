package live_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/sim/estates"
	"plantroom/sim/live"
	"plantroom/sim/scenario"
	"plantroom/sim/world"
)

// first is the first that is heard of a signal of a device, and how often it is heard.
func first(t *testing.T, msgs []plantroom.Message, device, signal string) (plantroom.Value, int) {
	t.Helper()
	var v plantroom.Value
	n := 0
	for _, s := range samples(t, msgs) {
		if s.Address == device && s.Signal == signal {
			if n++; n == 1 {
				v = s.Value
			}
		}
	}
	return v, n
}

// cycles is how many runs a box counts up to a moment.
func cycles(t *testing.T, msgs []plantroom.Message, device string, to plantroom.Instant) int {
	t.Helper()
	from, last := 0.0, 0.0
	for _, s := range samples(t, msgs) {
		if s.Address == device && s.Signal == "cycles" && s.At <= to {
			if last = s.Value.Num(); from == 0 {
				from = last
			}
		}
	}
	return int(last - from)
}

// Somebody who starts the estate before a server that knows of open incidents finds
// it as it was left: nothing is well again that nobody has repaired.
func TestAnEstateGoesOnFromWhatIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := scenario.Parse("short.yaml", []byte(short))
		if err != nil {
			t.Fatal(err)
		}
		e, err := estates.Load(s.Estate)
		if err != nil {
			t.Fatal(err)
		}
		now := plantroom.At(time.Now())
		h := &heard{}
		var told []string
		p, err := live.New(live.Options{Scenario: s, Estate: e, Clock: app.DemoClock{Began: now, Virtual: now, Speed: 1}, Stamp: true, Publish: h.publish,
			Tell: func(_ plantroom.Instant, _, text string) { told = append(told, text) }})
		if err != nil {
			t.Fatal(err)
		}
		open := func(rule plantroom.RuleID, asset plantroom.AssetID, cause string) plantroom.Incident {
			return plantroom.Incident{Rule: rule, Asset: asset, Cause: cause, State: plantroom.IncidentOpen}
		}
		cleared := open("lift.fault", "b4-l1", "position_lost")
		cleared.State = plantroom.IncidentClearing
		err = p.Resume([]plantroom.Incident{open("lift.fault", "b2-l1", "drive_motor_fault"), open("lift.entrapment", "b3-l2", "entrapment"), open("leak.wet", "b2-14c-wc", "wet"),
			open("bin.full", "b3-bin-4", "full"), open("bay.forbidden_stop", "fire-n1", "forbidden_stop"), open("device.silent", "b4-l2", "silent"),
			open("gateway.silent", "gw-b1", "offline"), open("alert.grafana", "b1-l1", "alert"), cleared})
		if err != nil {
			t.Fatal(err)
		}
		run := func(d time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			if err := p.Run(ctx); err != nil {
				t.Fatal(err)
			}
		}
		run(25 * time.Minute)
		for device, want := range map[string]string{"b2-l1-box": "drive_motor_fault", "b3-l2-box": "stopped_out_of_zone", "b4-l1-box": "none"} {
			if v, n := first(t, h.msgs, device, "fault"); n == 0 || v.Str() != want {
				t.Errorf("the first of %d words of %s is %v, want %s", n, device, v, want)
			}
		}
		if runs := cycles(t, h.msgs, "b4-l1-box", now.Add(4*time.Minute)); runs < 4 {
			t.Errorf("of the lift whose repair has yet to be proved %d runs are heard", runs)
		}
		if v, n := first(t, h.msgs, "b2-14c-leak", "state"); n == 0 || v.Str() != "wet" {
			t.Errorf("the first of %d words of the wet room is %v", n, v)
		}
		if v, n := first(t, h.msgs, world.EUI("b3-bin-4-level"), "distance_m"); n == 0 || v.Num() > 0.4 {
			t.Errorf("the first of %d words of the full bin is %v m from the lid", n, v)
		}
		if v, n := first(t, h.msgs, world.EUI("fire-n1-park"), "occupied"); n == 0 || !v.True() {
			t.Errorf("the first of %d words of the fire lane is %v", n, v)
		}
		if v, n := first(t, h.msgs, "b4-l2-box", "fault"); n == 0 || n > 17*3+60 { // of 25 minutes the last 17, at every change and three times a minute
			t.Errorf("the silent box has said %v %d times", v, n)
		}
		if !slices.Contains(told, "the people in b3-l2 get out") || !slices.Contains(told, "the radio of b4-l2-box works again") {
			t.Errorf("it is told: %q", told)
		}
	})
}
