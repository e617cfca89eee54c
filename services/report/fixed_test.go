package report_test

import (
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/report"
)

// byWord is a contract that takes the firm's word for a repair.
func byWord(e *plantroom.Estate) { e.Contracts[0].Windows[2].Until = plantroom.UntilFixed }

// said is a repair that the firm reports some time after the fault.
func (h *house) said(after time.Duration) {
	h.t.Helper()
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoArrive, quick)
	h.clear()
	h.pass(after)
	h.must(plantroom.DoFix, quick)
}

// clear is a fault that is seen to go; it is not proved gone.
func (h *house) clear() {
	h.t.Helper()
	h.in.State, h.in.Cleared = plantroom.IncidentClearing, h.now
	h.event(plantroom.IncidentCleared)
}

func (h *house) restore(id string) report.Line {
	h.t.Helper()
	s := h.statement("quick-26", "2026-03")
	i := slices.IndexFunc(s.Lines, func(l report.Line) bool { return l.ID == id })
	if i < 0 {
		h.t.Fatalf("no %s among %q", id, lines(s))
	}
	return s.Lines[i]
}

func kinds(l report.Line) (out []string) {
	for _, e := range l.Evidence {
		out = append(out, e.Kind)
	}
	return out
}

func TestAWindowUntilFixedIsKeptByTheWordAndStandsOnIt(t *testing.T) {
	h := newHouse(t, byWord)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.said(20 * time.Minute)
	h.pass(30 * time.Minute)
	h.proved(h.now) // long after the window
	l := h.restore("wo-000001.1.restore")
	if l.Verdict != report.Kept || l.Until != plantroom.UntilFixed || l.Stopped != start.Add(20*time.Minute) || l.Penalty != 0 {
		t.Errorf("%+v", l)
	}
	if got := kinds(l); !slices.Contains(got, "order.fix") {
		t.Errorf("it stands on %q", got)
	}
}

func TestAWordThatComesLateIsLateByTheWordAndNotByTheProof(t *testing.T) {
	h := newHouse(t, byWord)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.said(40 * time.Minute)
	h.pass(3 * time.Hour)
	h.proved(h.now)
	if l := h.restore("wo-000001.1.restore"); l.Verdict != report.Missed || l.Late != 10*minute || l.Penalty != 250_00 || l.Counting {
		t.Errorf("%+v", l)
	}
}

func TestAWordThatASensorContradictsKeepsNothingOnTheStatement(t *testing.T) {
	h := newHouse(t, byWord)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoArrive, quick)
	h.pass(20 * time.Minute)
	h.must(plantroom.DoFix, quick) // the sensor sees it still
	h.pass(dispatch.ContradictAfter + time.Minute)
	if l := h.restore("wo-000001.1.restore"); l.Verdict != report.Open {
		t.Errorf("contradicted, and within the window yet: %+v", l)
	}
	h.pass(27 * time.Minute)
	h.clear()
	h.must(plantroom.DoFix, quick) // after 50 minutes
	h.proved(h.now)
	l := h.restore("wo-000001.1.restore")
	if l.Verdict != report.Missed || l.Late != 20*minute || l.Penalty != 250_00 {
		t.Errorf("%+v", l)
	}
	if got := kinds(l); !slices.Contains(got, "order.contradict") || !slices.Contains(got, "order.fix") || !slices.Contains(got, "clock.breached") {
		t.Errorf("it stands on %q: want also why the first word does not count", got)
	}
}

func TestWhereNobodySaysAWordTheProofKeepsTheWindow(t *testing.T) {
	h := newHouse(t, byWord)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(20 * time.Minute)
	h.proved(h.now)
	l := h.restore("wo-000001.1.restore")
	if got := kinds(l); l.Verdict != report.Kept || !slices.Contains(got, "order.prove") {
		t.Errorf("%+v stands on %q", l, got)
	}
}

func TestAWordThatNoSensorHasConfirmedLeavesTheStatementProvisional(t *testing.T) {
	h := newHouse(t, byWord)
	h.now = plantroom.At(time.Date(2026, 3, 31, 22, 0, 0, 0, h.house.Zone))
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.said(20 * time.Minute)
	h.now = plantroom.At(time.Date(2026, 4, 1, 8, 0, 0, 0, h.house.Zone))
	const why = "windows kept by a word that no sensor has confirmed: 1"
	if s := h.statement("quick-26", "2026-03"); !slices.Contains(s.Provisional, why) {
		t.Errorf("provisional because of %q", s.Provisional)
	}
	h.proved(h.now)
	if s := h.statement("quick-26", "2026-03"); len(s.Provisional) != 0 {
		t.Errorf("provisional because of %q", s.Provisional)
	}
}

func TestAWindowUntilFixedGoesOnFromTheWordWhenTheRepairDidNotLast(t *testing.T) {
	h := newHouse(t, byWord)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.said(20 * time.Minute)
	h.pass(15 * time.Minute)
	h.proved(h.now)
	h.pass(time.Hour)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.said(25 * time.Minute)
	h.proved(h.now)
	if l := h.restore("wo-000001.2.restore"); l.Verdict != report.Missed || l.Spent != 20*minute || l.Late != 15*minute {
		t.Errorf("%+v", l)
	}
}
