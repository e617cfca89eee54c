package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
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
	// The breach was found when the clearing came in, and was only late news.
	h.wantClock(plantroom.Restore, plantroom.ClockMet)
	if c := h.clock(plantroom.Restore); c.Stopped != start.Add(29*time.Minute) {
		t.Errorf("stopped at %s: want the proof's own time", c.Stopped)
	}
	if s := h.call("clock.corrected", "person:lin").Subject; !strings.Contains(s, "restore was kept at 10:29, due 10:30: heard 1h31m later") {
		t.Errorf("the managers are told %q", s)
	}
	if n := h.count("clock.breached to person:lin"); n != 3 {
		t.Errorf("%d breaches told, want three: what was told stays told", n)
	}
	if rows := h.rows(); occurrences(rows, "clock.corrected") != 1 {
		t.Errorf("want one row of the correction: %v", rows)
	}
}

func TestAProofFromAfterTheWindowCorrectsNothing(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.sleep(2 * time.Hour)
	h.cleared()
	h.sleep(time.Second)
	h.proved(start.Add(31 * time.Minute))
	h.wantClock(plantroom.Restore, plantroom.ClockBreached)
	if n := h.count("clock.corrected to person:lin"); n != 0 {
		t.Errorf("%d corrections", n)
	}
}

func TestAFaultThatHealedBeforeAnybodyWasLateIsHeldAgainstNobody(t *testing.T) {
	h := newHouse(t, behind("gw-b1"))
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(6 * time.Minute)
	h.away("gw-b1", 14*time.Minute) // to come has been missed meanwhile
	h.wantClock(plantroom.Attend, plantroom.ClockBreached)
	h.proved(start.Add(7 * time.Minute))
	h.wantClock(plantroom.Acknowledge, plantroom.ClockBreached) // it was late already
	h.wantClock(plantroom.Attend, plantroom.ClockVoid)
	if s := h.call("clock.corrected", "person:lin").Subject; !strings.Contains(s, "attend was no longer needed from 10:07, due 10:15") {
		t.Errorf("the managers are told %q", s)
	}
}

// behind puts lift 1 behind a gateway, with a sensor of its own.
func behind(gw plantroom.GatewayID) func(*plantroom.Estate) {
	return func(e *plantroom.Estate) {
		e.Gateways = append(e.Gateways, plantroom.Gateway{ID: gw})
		e.Devices = append(e.Devices, plantroom.Device{ID: "b1-l1-box", Asset: "b1-l1", Gateway: gw})
	}
}

// silence tells of an incident of the devices themselves. The newest incident
// stays the one about the lift.
func (h *house) silence(change plantroom.IncidentChange, asset plantroom.AssetID, state plantroom.IncidentState) {
	h.t.Helper()
	lift := h.in
	h.in = plantroom.Incident{ID: plantroom.NewIncidentID("silent", asset, start), Rule: "silent", Asset: asset, Domain: plantroom.DevicesDomain,
		Building: "b1", Episode: start, State: state, Severity: plantroom.High, Cause: "silent", Opened: start, Needed: 1}
	h.event(change)
	h.in = lift
}

// attended opens an incident of lift 1, where the contractor now is.
func (h *house) attended() {
	h.t.Helper()
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoArrive, quick)
}

func TestASilentGatewayContradictsNobody(t *testing.T) {
	h := newHouse(t, behind("gw-b1"))
	h.attended()
	h.silence(plantroom.IncidentOpened, "gw-b1", plantroom.IncidentOpen)
	h.must(plantroom.DoFix, quick)
	h.pass(time.Hour)
	h.wantState(plantroom.Restored)
	h.silence(plantroom.IncidentCleared, "gw-b1", plantroom.IncidentClearing)
	h.pass(dispatch.ContradictAfter - 1)
	h.wantState(plantroom.Restored)
	h.pass(1) // heard for two minutes, and still not running
	h.wantState(plantroom.Attended)
	if n := h.count("order.contradicted to contractor:quicklift"); n != 1 {
		t.Errorf("%d contradictions told, want one", n)
	}
}

func TestASensorThatFallsSilentAfterTheClaimContradictsNobody(t *testing.T) {
	h := newHouse(t, behind("gw-b1"))
	h.attended()
	h.must(plantroom.DoFix, quick)
	h.pass(time.Minute)
	h.silence(plantroom.IncidentOpened, "b1-l1", plantroom.IncidentOpen) // device.silent is about the asset
	h.pass(time.Hour)
	h.wantState(plantroom.Restored)
	if rows := h.rows(); occurrences(rows, "order.unwatched") != 1 {
		t.Errorf("the ledger does not say that nobody can see: %v", rows)
	}
}

func TestTheSilenceOfAnotherGatewayChangesNothing(t *testing.T) {
	h := newHouse(t, behind("gw-b1"))
	h.attended()
	h.silence(plantroom.IncidentOpened, "gw-b2", plantroom.IncidentOpen)
	h.must(plantroom.DoFix, quick)
	h.pass(dispatch.ContradictAfter)
	h.wantState(plantroom.Attended)
}

func TestPeopleThatWereFreeInTimeAreSoHoweverLateItIsHeard(t *testing.T) {
	h := newHouse(t, behind("gw-b1"))
	h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment")
	h.pass(10 * time.Minute)
	h.away("gw-b1", 15*time.Minute)
	h.wantClock(plantroom.Release, plantroom.ClockBreached)
	h.event(plantroom.IncidentReleased, func(in *plantroom.Incident) { in.Released = start.Add(19 * time.Minute) })
	h.wantClock(plantroom.Release, plantroom.ClockMet)
	h.call("clock.corrected", "person:lin")
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

// asked is an estate whose contract takes the contractor's word.
func asked(e *plantroom.Estate) {
	for i := range e.Contracts[0].Windows {
		if w := &e.Contracts[0].Windows[i]; w.Clock == plantroom.Restore {
			w.Until = plantroom.UntilFixed
		}
	}
}

func TestAWordStopsAClockOnlyWhereTheContractSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		change []func(*plantroom.Estate)
		want   plantroom.ClockState
	}{"until proved": {nil, plantroom.ClockRunning}, "until fixed": {[]func(*plantroom.Estate){asked}, plantroom.ClockMet}} {
		h := newHouse(t, c.change...)
		h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
		h.must(plantroom.DoAcknowledge, "contractor:quicklift")
		h.must(plantroom.DoArrive, "contractor:quicklift")
		h.cleared()
		h.sleep(time.Minute)
		h.must(plantroom.DoFix, "contractor:quicklift")
		if k := h.clock(plantroom.Restore); k.State != c.want {
			t.Errorf("%s: %+v", name, k)
		}
	}
}

func TestAWordThatTheSensorContradictsHasKeptNothing(t *testing.T) {
	h := newHouse(t, asked)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, "contractor:quicklift")
	h.must(plantroom.DoArrive, "contractor:quicklift")
	h.must(plantroom.DoFix, "contractor:quicklift") // the sensor still sees it
	h.wantClock(plantroom.Restore, plantroom.ClockMet)
	h.pass(dispatch.ContradictAfter + time.Second)
	h.wantClock(plantroom.Restore, plantroom.ClockRunning)
	h.pass(time.Hour)
	h.wantClock(plantroom.Restore, plantroom.ClockBreached)
	h.must(plantroom.DoFix, "contractor:quicklift")
	if k := h.clock(plantroom.Restore); k.State != plantroom.ClockBreached || k.Stopped != h.now {
		t.Errorf("said to be fixed, late: %+v", k)
	}
}

// away lets time go by in which a gateway is silent; it is heard again at the end.
func (h *house) away(gw plantroom.AssetID, d time.Duration) {
	h.t.Helper()
	fault := h.in
	gone := plantroom.Incident{ID: plantroom.NewIncidentID("silent", gw, h.now), Rule: "silent", Asset: gw, Domain: plantroom.DevicesDomain,
		Building: "b1", Episode: h.now, State: plantroom.IncidentOpen, Severity: plantroom.High, Cause: "silent", Opened: h.now, Needed: 1}
	h.in = gone
	h.event(plantroom.IncidentOpened)
	h.pass(d)
	gone.State, gone.Cleared = plantroom.IncidentClearing, h.now
	h.in = gone
	h.event(plantroom.IncidentCleared)
	h.in = fault
}

func TestALateProofWithoutAnExcuseCorrectsNothing(t *testing.T) {
	h := newHouse(t, behind("gw-b1"))
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(45 * time.Minute) // gateway and server are there
	h.proved(start.Add(29 * time.Minute))
	h.wantState(plantroom.Verified)
	c := h.clock(plantroom.Restore)
	if c.State != plantroom.ClockBreached || c.Stopped != h.now || c.Breached != c.Due {
		t.Errorf("%+v, want it missed, and late until it was heard", c)
	}
	if s := h.call("clock.disbelieved", "person:lin").Subject; !strings.Contains(s, "restore stays missed, due 10:30: the sensor says 10:29, and was heard 16m later") {
		t.Errorf("the managers are told %q", s)
	}
	if n := h.count("clock.corrected to person:lin"); n != 0 {
		t.Errorf("%d corrections", n)
	}
	h.wholeLedger()
}

func TestALateProofIsBelievedWhereItsGatewayWasAway(t *testing.T) {
	h := newHouse(t, behind("gw-b1"))
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(20 * time.Minute)
	h.away("gw-b1", 25*time.Minute)
	h.proved(start.Add(29 * time.Minute))
	if c := h.clock(plantroom.Restore); c.State != plantroom.ClockMet || c.Stopped != start.Add(29*time.Minute) {
		t.Errorf("%+v", c)
	}
	if n := h.count("clock.disbelieved to person:lin"); n != 0 {
		t.Errorf("%d times not believed", n)
	}
}

func TestTheAbsenceOfAnotherGatewayExcusesNothing(t *testing.T) {
	h := newHouse(t, behind("gw-b1"))
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(20 * time.Minute)
	h.away("gw-b2", 25*time.Minute)
	h.proved(start.Add(29 * time.Minute))
	h.wantClock(plantroom.Restore, plantroom.ClockBreached)
}

func TestAWindowThatEndsWhileAClaimStandsIsMissedWhenTheClaimFalls(t *testing.T) {
	for name, down := range map[string]time.Duration{"the server up": 0, "the server down": time.Hour} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, asked)
			h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
			h.pass(2 * time.Minute)
			h.must(plantroom.DoAcknowledge, quick)
			h.must(plantroom.DoArrive, quick)
			h.pass(27 * time.Minute)
			h.must(plantroom.DoFix, quick) // a minute before the end, and the sensor still sees it two minutes later
			h.wantClock(plantroom.Restore, plantroom.ClockMet)
			h.sleep(down)
			h.pass(5 * time.Minute)
			h.wantState(plantroom.Attended)
			if c := h.clock(plantroom.Restore); c.State != plantroom.ClockBreached || c.Due != start.Add(30*time.Minute) {
				t.Errorf("restore is %s, due %s", c.State, c.Due)
			}
			if n := h.count("clock.breached to person:lin"); n != 1 {
				t.Errorf("the manager heard %d times", n)
			}
			h.wholeLedger()
		})
	}
}

func TestASeverityThatRisesBehindAClaimBindsWhenTheClaimFalls(t *testing.T) {
	h := newHouse(t, asked, func(e *plantroom.Estate) {
		w := e.Contracts[0].Windows
		e.Contracts[0].Windows = append(w, plantroom.Window{Clock: plantroom.Restore, Severity: plantroom.High, Length: 10 * minute, Until: plantroom.UntilFixed})
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoArrive, quick)
	h.must(plantroom.DoFix, quick)
	h.wantClock(plantroom.Restore, plantroom.ClockMet)
	h.sleep(time.Minute)
	h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity = plantroom.High })
	worse := h.now
	h.pass(dispatch.ContradictAfter)
	h.wantState(plantroom.Attended)
	if c := h.clock(plantroom.Restore); c.State != plantroom.ClockRunning || c.Due != worse.Add(10*time.Minute) {
		t.Errorf("restore is %s until %s, want until %s: %s", c.State, c.Due, worse.Add(10*time.Minute), c.Basis)
	}
}

func TestASeverityThatRisesWhileSomebodyHasAcceptedBindsWhenThatIsTakenBack(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		w := e.Contracts[0].Windows
		e.Contracts[0].Windows = append(w, plantroom.Window{Clock: plantroom.Acknowledge, Severity: plantroom.High, Length: minute, From: plantroom.FromDispatched})
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick)
	h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity = plantroom.High })
	worse := h.now
	h.must(plantroom.DoUnacknowledge, quick)
	if c := h.clock(plantroom.Acknowledge); c.State != plantroom.ClockRunning || c.Due != worse.Add(time.Minute) {
		t.Errorf("acknowledge is %s until %s, want until %s", c.State, c.Due, worse.Add(time.Minute))
	}
}
