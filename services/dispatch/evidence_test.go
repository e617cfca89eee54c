package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
)

func TestReleaseStopsAtItsSourceTimeWhileTheRepairGoesOn(t *testing.T) {
	h := newHouse(t)
	h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment")
	h.sleep(25 * time.Minute) // the gateway was away; the word comes late
	h.event(plantroom.IncidentReleased, func(in *plantroom.Incident) { in.Released = start.Add(18 * time.Minute) })
	c := h.clock(plantroom.Release)
	if c.State != plantroom.ClockMet || c.Stopped != start.Add(18*time.Minute) {
		t.Errorf("release %+v, want it met at 18m", c)
	}
	h.wantClock(plantroom.Restore, plantroom.ClockRunning)
}

func TestAReleaseFromBeforeTheOrderStopsTheClockAtItsStart(t *testing.T) {
	h := newHouse(t)
	h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment")
	h.event(plantroom.IncidentReleased, func(in *plantroom.Incident) { in.Released = start.Add(-time.Minute) })
	if c := h.clock(plantroom.Release); c.State != plantroom.ClockMet || c.Stopped != c.Started {
		t.Errorf("%+v", c)
	}
}

func TestRestoreStopsAtTheSourceTimeOfTheProof(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.sleep(2 * time.Hour)
	h.cleared()
	h.sleep(time.Second)
	h.proved(start.Add(29 * time.Minute))
	// The breach was found when the clearing came in, and is not unfound.
	h.wantClock(plantroom.Restore, plantroom.ClockBreached)
	if c := h.clock(plantroom.Restore); c.Stopped != start.Add(29*time.Minute) {
		t.Errorf("stopped at %s: want the proof's own time", c.Stopped)
	}
}

func TestAProofInTimeThatIsHeardLateKeepsThePromise(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.sleep(2 * time.Hour)
	h.proved(start.Add(29 * time.Minute))
	h.wantClock(plantroom.Restore, plantroom.ClockMet)
	h.pass(time.Minute)
	h.wantState(plantroom.Verified)
	if n := h.count("clock.breached to person:lin"); n != 2 {
		t.Errorf("%d breaches told, want those of acknowledge and attend, which passed before the proof", n)
	}
}

func TestAProofFromBeforeTheClockStartedStopsItAtItsStart(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.sleep(time.Minute)
	h.proved(start.Add(-time.Hour))
	if c := h.clock(plantroom.Restore); c.Stopped != c.Started {
		t.Errorf("%+v", c)
	}
}

func TestAFaultThatHealsByItselfLetsThePromiseToComeFallAway(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(2 * time.Minute)
	h.cleared()
	h.proved(h.now)
	h.wantState(plantroom.Verified)
	h.wantClock(plantroom.Restore, plantroom.ClockMet)
	h.wantClock(plantroom.Attend, plantroom.ClockVoid)
	h.wantClock(plantroom.Acknowledge, plantroom.ClockVoid)
	h.call("order.verified", quick)
	h.pass(time.Hour)
	if n := h.count("ladder.call to person:li"); n != 0 {
		t.Errorf("the ladder called %d times for a lift that works", n)
	}
}

func TestWorseMeansStricterWindowsFromNow(t *testing.T) {
	h := newHouse(t)
	h.open("lift.entrapment", "b1-l1", plantroom.High, "alarm_button")
	h.pass(4 * time.Minute)
	h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity, in.Cause = plantroom.Life, "entrapment" })
	o := h.order()
	if o.Severity != plantroom.Life || o.Cause != "entrapment" {
		t.Errorf("%s, %s", o.Severity, o.Cause)
	}
	if c := h.clock(plantroom.Attend); c.Due != start.Add(14*time.Minute) || !strings.Contains(c.Basis, "since it became life") {
		t.Errorf("attend %+v: want 10m from now, which is before the 15m from the raising", c)
	}
	if c := h.clock(plantroom.Release); c.Due != start.Add(24*time.Minute) {
		t.Errorf("release %+v: want a clock that was not there before", c)
	}
	if c := h.clock(plantroom.Restore); c.Due != start.Add(30*time.Minute) {
		t.Errorf("restore %+v: want it as it was", c)
	}
	h.call("order.worsened", quick)
	h.call("order.worsened", lin)
}

func TestAnotherCauseIsToldAndChangesNoWindow(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	before := h.order().Clocks
	h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Cause = "door_open_fault" })
	o := h.order()
	if o.Cause != "door_open_fault" || len(o.Clocks) != len(before) || o.Clocks[1] != before[1] {
		t.Errorf("%s, %+v", o.Cause, o.Clocks)
	}
	h.call("order.worsened", quick)
}

func TestClearingAndCyclesAreWrittenDownOnly(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	calls := len(h.calls())
	h.cleared()
	h.event(plantroom.IncidentProgress, func(in *plantroom.Incident) { in.Clean = 1 })
	h.relapsed()
	h.wantState(plantroom.Dispatched)
	if len(h.calls()) != calls {
		t.Errorf("called %q", h.calls()[calls:])
	}
	h.view(func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf(string(h.in.ID))
		var kinds []string
		for _, r := range rows {
			kinds = append(kinds, r.Kind)
		}
		if got := strings.Join(kinds, " "); got != "incident.opened incident.cleared incident.progress incident.relapsed" {
			t.Errorf("rows %s", got)
		}
		return err
	})
}
