package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

func TestWhatWasCancelledIsTakenUpWhenItGrowsGraver(t *testing.T) {
	h := newHouse(t)
	h.open("lift.entrapment", "b1-l1", plantroom.High, "alarm_button")
	h.must(plantroom.DoCancel, lin, func(c *dispatch.Command) { c.Reason = "children playing" })
	before := len(h.calls())
	h.sleep(time.Minute)
	h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Cause = "car_call" })
	h.wantState(plantroom.Cancelled) // other, and no graver
	h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity, in.Cause = plantroom.Life, "entrapment" })
	o := h.order()
	if o.State != plantroom.Dispatched || o.Severity != plantroom.Life || o.Reopens != 1 || o.Contractor != "quicklift" || len(o.Earlier) != 0 {
		t.Fatalf("%s %s, reopened %d times, with %s, earlier %v", o.State, o.Severity, o.Reopens, o.Contractor, o.Earlier)
	}
	if got := h.newCalls(before); !slices.Contains(got, "order.dispatched to contractor:quicklift") {
		t.Errorf("called %q", got)
	}
	if c := h.clock(plantroom.Attend); c.Started != h.now {
		t.Errorf("its windows run from %s, want from now: nobody was asked in between", c.Started)
	}
}

func TestWhatWasCancelledIsTakenUpWhenItComesBack(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoCancel, lin, func(c *dispatch.Command) { c.Reason = "it runs again" })
	h.sleep(time.Minute)
	h.cleared()
	h.wantState(plantroom.Cancelled)
	h.relapsed()
	h.wantState(plantroom.Dispatched)
	h.proved(h.now)
	h.wantState(plantroom.Verified)
}

func TestAWindowOfARisenSeverityIsNotBackdatedForTheNextContractor(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Contracts[1].Windows = append(e.Contracts[1].Windows, plantroom.Window{Clock: plantroom.Attend, Severity: plantroom.Life, Length: 30 * minute, From: plantroom.FromRaised})
		e.Contracts[1].Travel, e.Contracts[1].Price.CallOut = 10*minute, 100*e.Contracts[0].Price.CallOut
		e.Contracts[0].Windows[1].Length, e.Contracts[0].Windows[4].Length = 2*hour, 5*hour
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick)
	h.pass(60 * time.Minute)
	rise := h.now
	h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity, in.Cause = plantroom.Life, "overspeed" })
	before := len(h.calls())
	h.must(plantroom.DoDecline, quick)
	c := h.clock(plantroom.Attend)
	if h.contractor() != grand || c.State != plantroom.ClockRunning || c.Started != rise {
		t.Fatalf("with %s, attend %+v: want it running from the rise at %s", h.contractor(), c, rise)
	}
	for _, call := range h.newCalls(before) {
		if call == "window.cannot_meet to person:lin" || call == "clock.breached to person:lin" {
			t.Errorf("called %q at once", call)
		}
	}
}

// contractor is the actor who has the newest order.
func (h *house) contractor() string { return "contractor:" + string(h.order().Contractor) }

func TestPeopleWhoAreOutAreNotTimedAgainForTheNextContractor(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Contracts[1].Windows = append(e.Contracts[1].Windows, plantroom.Window{Clock: plantroom.Release, Severity: plantroom.Life, Length: 30 * minute, From: plantroom.FromRaised})
	})
	h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment")
	h.must(plantroom.DoAcknowledge, quick)
	h.pass(10 * time.Minute)
	h.event(plantroom.IncidentReleased, func(in *plantroom.Incident) { in.Released = h.now })
	h.must(plantroom.DoDecline, quick, func(c *dispatch.Command) { c.Reason = "needs the maker" })
	h.wantClock(plantroom.Release, plantroom.ClockMet)
	h.pass(time.Hour)
	h.wantClock(plantroom.Release, plantroom.ClockMet)
}

func TestAClaimFromAfarThatFallsLeavesTheRoadToTheSiteOpen(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoFix, quick, func(c *dispatch.Command) { c.Note = "reset from afar" })
	h.pass(dispatch.ContradictAfter)
	h.wantState(plantroom.Acknowledged)
	h.must(plantroom.DoArrive, quick)
	h.wantClock(plantroom.Attend, plantroom.ClockMet)
	h.must(plantroom.DoFix, quick)
	h.pass(dispatch.ContradictAfter)
	h.wantState(plantroom.Attended)
}

func TestALinkLivesFromItsDispatchAndNotFromTheRaising(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0].Reopen = 72 * hour })
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(6 * 24 * time.Hour)
	h.proved(h.now)
	h.pass(48 * time.Hour)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	o := h.order()
	if o.Reopens != 1 || dispatch.LinkExpires(&o) != h.now.Add(dispatch.LinkLife) {
		t.Errorf("reopened %d times, and its link ends %s", o.Reopens, dispatch.LinkExpires(&o))
	}
}

func TestTheReopeningTimeCountsFromWhatTheSensorSaw(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.sleep(3 * time.Hour)
	h.proved(start.Add(20 * time.Minute)) // heard late
	h.sleep(2 * time.Hour)                // four and a half hours after the repair held; the contract says four
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if o := h.order(); o.Reopens != 0 || o.ID == "wo-000001" {
		t.Errorf("%s, reopened %d times: want a new order", o.ID, o.Reopens)
	}
}

func TestASensorWhoseClockIsFastDoesNotBreakAPromise(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(26 * time.Minute)
	h.proved(h.now.Add(5 * time.Minute))
	h.wantClock(plantroom.Restore, plantroom.ClockMet)
	if c := h.clock(plantroom.Restore); c.Stopped != h.now {
		t.Errorf("stopped at %s, after now", c.Stopped)
	}
}

func TestAfterARestoredBackupNoCallIsTakenForALostOne(t *testing.T) {
	ids := func(at time.Duration, asset plantroom.AssetID) (out []plantroom.MessageID) {
		h := newHouse(t) // as it was when the backup was made
		h.sleep(at)
		h.open("lift.fault", asset, plantroom.Medium, "door_close_fault")
		h.must(plantroom.DoDecline, quick)
		h.view(func(tx plantroom.Tx) error {
			calls, err := tx.CallsOf(h.order().ID)
			for _, c := range calls {
				out = append(out, c.ID)
			}
			return err
		})
		return out
	}
	lost, fresh := ids(time.Hour, "b1-l1"), ids(26*time.Hour, "b1-l2") // both wo-000001
	for _, id := range fresh {
		if slices.Contains(lost, id) {
			t.Errorf("%s was the id of a call that a receiver has taken", id)
		}
	}
}
