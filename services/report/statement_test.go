package report_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/report"
)

// lines gives each line of a statement as "id verdict penalty".
func lines(s report.Statement) []string {
	out := []string{}
	for _, l := range s.Lines {
		out = append(out, fmt.Sprintf("%s %s %s", l.ID, l.Verdict, report.Money(l.Penalty)))
	}
	slices.Sort(out)
	return out
}

func want(t *testing.T, s report.Statement, lines_ ...string) {
	t.Helper()
	if got := lines(s); !slices.Equal(got, lines_) {
		t.Errorf("%s for %s has\n  %s\nwant\n  %s", s.Contract, s.Month, strings.Join(got, "\n  "), strings.Join(lines_, "\n  "))
	}
}

func TestWhatWasKeptCostsNothing(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, 3*time.Minute, 20*time.Minute)
	s := h.statement("quick-26", "2026-03")
	want(t, s, "wo-000001.1.acknowledge kept 0.00", "wo-000001.1.attend kept 0.00", "wo-000001.1.restore kept 0.00")
	// A twelfth and a visit of twenty minutes.
	if s.Fixed != 15_833_34 || s.CallOuts != 50_00 || s.Work != 30_00 || s.Penalties != 0 || s.Total != 15_913_34 {
		t.Errorf("%+v", s)
	}
}

func TestEachStartedPeriodOfLatenessCounts(t *testing.T) {
	for _, c := range []struct {
		fix  time.Duration // after an arrival in the fourth minute
		want int64
	}{
		{26 * time.Minute, 0}, // at the due time, to the nanosecond
		{26*time.Minute + 1, 250_00},
		{56 * time.Minute, 250_00},
		{56*time.Minute + 1, 300_00},
		{9 * time.Hour, 1000_00}, // not more, however late
	} {
		h := newHouse(t)
		h.open("l1", plantroom.Medium, "door_close_fault")
		h.repair(quick, time.Minute, 3*time.Minute, c.fix)
		if s := h.statement("quick-26", "2026-03"); s.Penalties != c.want {
			t.Errorf("repaired after 4m + %s: %s, want %s: %v", c.fix, report.Money(s.Penalties), report.Money(c.want), lines(s))
		}
	}
}

func TestTheGravestPenaltyThatCoversASeverityCounts(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.High, "safety_circuit_open")
	h.repair(quick, time.Minute, 3*time.Minute, time.Hour)
	want(t, h.statement("quick-26", "2026-03"), "wo-000001.1.acknowledge kept 0.00", "wo-000001.1.attend kept 0.00", "wo-000001.1.restore missed 400.00")
}

func TestAFaultThatGrewGraverAfterTheWindowHadEndedCostsWhatItDidThen(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(40 * time.Minute)
	h.in.Severity = plantroom.High
	h.event(plantroom.IncidentWorsened)
	h.pass(20 * time.Minute)
	h.repair(quick, 0, 0, 0)
	want(t, h.statement("quick-26", "2026-03"), "wo-000001.1.acknowledge missed 0.00", "wo-000001.1.attend missed 100.00", "wo-000001.1.restore missed 250.00")
}

func TestAnExcludedCauseCostsNothingAndSaysWhy(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "power_loss")
	h.repair(quick, time.Minute, time.Hour, time.Hour)
	s := h.statement("quick-26", "2026-03")
	if s.Missed != 2 || s.Penalties != 0 {
		t.Errorf("%v", lines(s))
	}
	for _, l := range s.Lines {
		if l.Verdict == report.Missed && l.Why != "no penalty: excluded for power_loss: 9.9" {
			t.Errorf("%s: %q", l.ID, l.Why)
		}
	}
}

// The law's half hour binds where the contract promises two hours, and the
// contract's penalties are for what the contract has promised.
func TestAWindowOfTheLawCostsNoPenaltyOfTheContract(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts = e.Contracts[1:] })
	h.in = plantroom.Incident{ID: "inc-a", Rule: "lift.entrapment", Asset: "l1", Domain: "lifts", Building: "b1", Episode: h.now,
		State: plantroom.IncidentOpen, Severity: plantroom.Life, Cause: "entrapment", Opened: h.now, Needed: 1}
	h.event(plantroom.IncidentOpened)
	h.repair(grand, time.Minute, 90*time.Minute, time.Minute)
	s := h.statement("grand-26", "2026-03")
	i := slices.IndexFunc(s.Lines, func(l report.Line) bool { return l.Clock == plantroom.Attend })
	if l := s.Lines[i]; l.Verdict != report.Missed || l.Penalty != 0 || !strings.HasPrefix(l.Why, "no penalty: the window is not this contract's own (profile cn-urban: ") {
		t.Errorf("%+v", l)
	}
}

func TestWhoHadTheOrderWhenTheWindowEndedHasMissedIt(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(20 * time.Minute) // acknowledge and attend have ended, restore has not
	h.must(plantroom.DoDecline, quick)
	h.pass(10 * time.Minute)
	h.repair(grand, 0, 3*time.Hour, time.Hour) // two hours too late
	want(t, h.statement("quick-26", "2026-03"), "wo-000001.1.acknowledge missed 0.00", "wo-000001.1.attend missed 100.00")
	s := h.statement("grand-26", "2026-03")
	want(t, s, "wo-000001.2.attend missed 10.00", "wo-000001.2.restore kept 0.00")
	if len(s.Visits) != 1 || s.Visits[0].Contract != "grand-26" {
		t.Errorf("visits: %+v", s.Visits)
	}
}

func TestLatenessEndsWhenTheOrderIsTakenAway(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(45 * time.Minute)
	h.must(plantroom.DoDecline, quick)
	h.repair(grand, time.Hour, 24*time.Hour, time.Hour)
	s := h.statement("quick-26", "2026-03")
	i := slices.IndexFunc(s.Lines, func(l report.Line) bool { return l.Clock == plantroom.Restore })
	if l := s.Lines[i]; l.Late != 15*minute || l.Counting || l.Penalty != 250_00 {
		t.Errorf("%+v", l)
	}
}

func TestAnAnswerThatIsTakenBackByDecliningIsNotKept(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoDecline, quick)
	h.repair(grand, time.Minute, time.Minute, time.Minute)
	want(t, h.statement("quick-26", "2026-03"))
}

func TestNewsThatCameLateIsNoMiss(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoArrive, quick)
	at := h.now.Add(10 * time.Minute)
	h.now = h.now.Add(2 * time.Hour) // the server is away
	h.pass(time.Second)
	if s := h.statement("quick-26", "2026-03"); s.Missed != 1 || !s.Lines[2].Counting {
		t.Fatalf("before the news: %v", lines(s))
	}
	h.proved(at)
	s := h.statement("quick-26", "2026-03")
	if s.Missed != 0 || s.Kept != 3 || s.Penalties != 0 {
		t.Errorf("%v", lines(s))
	}
	if e := s.Lines[2].Evidence; !slices.ContainsFunc(e, func(e report.Evidence) bool { return e.Kind == "clock.corrected" }) {
		t.Errorf("the correction is not among the evidence: %+v", e)
	}
}

func TestLateNewsThatIsNotBelievedStaysAMissUntilItWasHeard(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoArrive, quick)
	at := h.now.Add(10 * time.Minute)
	h.pass(2 * time.Hour) // nobody is away
	h.proved(at)
	s := h.statement("quick-26", "2026-03")
	if l := s.Lines[2]; s.Missed != 1 || l.Counting || l.Late != plantroom.Duration(91*time.Minute) || l.Penalty != 400_00 ||
		!slices.ContainsFunc(l.Evidence, func(e report.Evidence) bool { return e.Kind == "clock.disbelieved" }) {
		t.Errorf("%+v", l)
	}
}

func TestEachRoundOfAnOrderHasItsOwnLines(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, time.Hour)
	h.pass(time.Hour)
	h.open("l1", plantroom.Medium, "power_loss") // the same order, and no repair has failed: it is excluded
	h.repair(quick, time.Minute, time.Minute, time.Hour)
	want(t, h.statement("quick-26", "2026-03"),
		"wo-000001.1.acknowledge kept 0.00", "wo-000001.1.attend kept 0.00", "wo-000001.1.restore missed 300.00",
		"wo-000001.2.acknowledge kept 0.00", "wo-000001.2.attend kept 0.00", "wo-000001.2.restore missed 0.00")
}

func TestACancelledWindowDoesNotCountUnlessItHadEnded(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(20 * time.Minute)
	h.must(plantroom.DoCancel, lin)
	h.pass(24 * time.Hour)
	want(t, h.statement("quick-26", "2026-03"), "wo-000001.1.acknowledge missed 0.00", "wo-000001.1.attend missed 100.00", "wo-000001.1.restore void 0.00")
}

func TestWhatHealsByItselfOwesNobodyAVisit(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(2 * time.Minute)
	h.proved(h.now)
	s := h.statement("quick-26", "2026-03")
	want(t, s, "wo-000001.1.acknowledge void 0.00", "wo-000001.1.attend void 0.00", "wo-000001.1.restore kept 0.00")
	if len(s.Visits) != 0 || s.CallOuts != 0 {
		t.Errorf("%+v", s.Visits)
	}
}

func TestPausesMoveTheWindowAndAreShown(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0].Anew = true })
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoArrive, quick)
	h.must(plantroom.DoPause, quick, func(c *dispatch.Command) { c.Code = "no_access" })
	h.pass(2 * time.Hour)
	if s := h.statement("quick-26", "2026-03"); s.Open != 1 || len(s.Provisional) == 0 {
		t.Errorf("while it pauses: %v, %v", lines(s), s.Provisional)
	}
	h.must(plantroom.DoContinue, quick)
	h.pass(29 * time.Minute)
	h.proved(h.now)
	for range 2 { // in the present round, and in one that is past
		s := h.statement("quick-26", "2026-03")
		i := slices.IndexFunc(s.Lines, func(l report.Line) bool { return l.ID == "wo-000001.1.restore" })
		if l := s.Lines[i]; l.Verdict != report.Kept || l.Paused != 2*hour {
			t.Errorf("%+v", l)
		}
		h.pass(time.Hour)
		if h.in.State == plantroom.IncidentClosed {
			h.open("l1", plantroom.Medium, "door_close_fault")
		}
	}
}

func TestAWindowBelongsToTheMonthInWhichItEndedAndAVisitToItsArrival(t *testing.T) {
	h := newHouse(t)
	h.now = plantroom.At(time.Date(2026, 3, 31, 23, 50, 0, 0, h.house.Zone))
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, 2*time.Minute, time.Hour)
	march, april := h.statement("quick-26", "2026-03"), h.statement("quick-26", "2026-04")
	want(t, march, "wo-000001.1.acknowledge kept 0.00")
	want(t, april, "wo-000001.1.attend kept 0.00", "wo-000001.1.restore missed 300.00")
	if len(march.Visits) != 1 || len(april.Visits) != 0 || march.Work != 90_00 {
		t.Errorf("visits: %+v and %+v", march.Visits, april.Visits)
	}
}

func TestEachLineNamesTheRowsItStandsOn(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, 20*time.Minute, time.Hour)
	s := h.statement("quick-26", "2026-03")
	var rows []plantroom.LedgerRow
	h.update(func(tx plantroom.Tx) (err error) {
		rows, err = tx.Ledger(0, 1000)
		return err
	})
	kinds := map[string]string{"acknowledge": "order.acknowledge", "attend": "order.arrive", "restore": "order.prove"}
	for _, l := range s.Lines {
		var named []string
		for _, e := range l.Evidence {
			row := rows[e.Seq-1]
			if row.Hash != e.Hash || row.Kind != e.Kind || row.At != e.At {
				t.Errorf("%s: %+v is not the row %+v", l.ID, e, row)
			}
			named = append(named, e.Kind)
		}
		if !slices.Contains(named, kinds[string(l.Clock)]) || (l.Verdict == report.Missed) != slices.Contains(named, "clock.breached") {
			t.Errorf("%s, %s: %v", l.ID, l.Verdict, named)
		}
	}
}

func TestAStatementComputedTwiceIsTheSame(t *testing.T) {
	h := newHouse(t)
	for i := range 5 {
		h.open("l1", plantroom.Medium, "door_close_fault")
		h.repair(quick, time.Minute, time.Duration(i)*7*time.Minute, time.Hour)
		h.pass(5 * time.Hour)
	}
	if a, b := h.statement("quick-26", "2026-03"), h.statement("quick-26", "2026-03"); !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\n%+v", a, b)
	}
}

// trapped is an entrapment, for which the law's half hour to attend binds whoever
// has promised more.
func (h *house) trapped(asset plantroom.AssetID) {
	h.t.Helper()
	h.in = plantroom.Incident{ID: plantroom.NewIncidentID("lift.entrapment", asset, h.now), Rule: "lift.entrapment", Asset: asset, Domain: "lifts", Building: "b1",
		Episode: h.now, State: plantroom.IncidentOpen, Severity: plantroom.Life, Cause: "entrapment", Opened: h.now, Needed: 1}
	h.event(plantroom.IncidentOpened)
}

func TestAMissThatIsHandedOnWithTheOrderIsOfWhoHadIt(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		lax := e.Contracts[1]
		lax.ID, lax.Contractor, lax.Price.CallOut = "lax-26", "quick", 1
		e.Contracts[0] = lax
	})
	h.trapped("l1")
	h.pass(40 * time.Minute) // the half hour has ended, and goes on with the order
	h.must(plantroom.DoDecline, quick)
	h.repair(grand, time.Minute, time.Minute, time.Minute)
	want(t, h.statement("lax-26", "2026-03"), "wo-000001.1.attend missed 0.00")
	want(t, h.statement("grand-26", "2026-03"), "wo-000001.2.restore kept 0.00")
}

func TestAWindowThatHadEndedBeforeAnybodyHadTheOrderIsNobodysMiss(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0].Windows[2].From = plantroom.FromOccurred })
	h.in = plantroom.Incident{ID: "inc-a", Rule: "lift.fault", Asset: "l1", Domain: "lifts", Building: "b1", Episode: h.now.Add(-2 * time.Hour), // its gateway was away
		State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "door_close_fault", Opened: h.now, Needed: 1}
	h.event(plantroom.IncidentOpened)
	h.repair(quick, time.Minute, time.Minute, time.Minute)
	s := h.statement("quick-26", "2026-03")
	want(t, s, "wo-000001.1.acknowledge kept 0.00", "wo-000001.1.attend kept 0.00", "wo-000001.1.restore void 0.00")
	if why := s.Lines[0].Reason; why != "the window had ended before the order was given away" {
		t.Errorf("it says %q", why)
	}
}

func TestAWindowThatEndsAtMidnightIsOfTheNextMonth(t *testing.T) {
	h := newHouse(t)
	h.now = plantroom.At(time.Date(2026, 3, 31, 23, 45, 0, 0, h.house.Zone))
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, time.Minute)
	h.pass(48 * time.Hour) // the order is closed
	want(t, h.statement("quick-26", "2026-03"), "wo-000001.1.acknowledge kept 0.00")
	want(t, h.statement("quick-26", "2026-04"), "wo-000001.1.attend kept 0.00", "wo-000001.1.restore kept 0.00")
}

func TestAnOrderThatIsClosedBeforeItsWindowEndsIsOnTheStatementOfThatMonth(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts = e.Contracts[1:] })
	h.now = plantroom.At(time.Date(2026, 3, 31, 12, 0, 0, 0, h.house.Zone))
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(grand, time.Minute, time.Minute, time.Minute) // with a day's time
	h.pass(72 * time.Hour)
	want(t, h.statement("grand-26", "2026-03"), "wo-000001.1.attend kept 0.00")
	want(t, h.statement("grand-26", "2026-04"), "wo-000001.1.restore kept 0.00")
}

func TestWhoComesAfterItHasGoneIsPaidTheWayAndNoWork(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	gone := h.now
	h.pass(5 * time.Minute)
	h.must(plantroom.DoArrive, quick)
	h.pass(20 * time.Minute)
	h.proved(gone) // the gateway was away
	if s := h.statement("quick-26", "2026-03"); s.CallOuts != 50_00 || s.Work != 0 || s.Visits[0].Left != s.Visits[0].Arrived || len(s.Provisional) != 1 {
		t.Errorf("call-outs %d, work %d, %v", s.CallOuts, s.Work, s.Provisional)
	}
}

func TestAnOrderThatIsTakenUpAfterItWasCancelledHasWindowsOfItsOwn(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoCancel, lin)
	h.pass(time.Hour)
	h.in.Severity = plantroom.High // graver than whoever cancelled it knew
	h.event(plantroom.IncidentWorsened)
	h.repair(quick, time.Minute, time.Minute, 40*time.Minute)
	want(t, h.statement("quick-26", "2026-03"),
		"wo-000001.1.acknowledge void 0.00", "wo-000001.1.attend void 0.00", "wo-000001.1.restore void 0.00",
		"wo-000001.2.acknowledge kept 0.00", "wo-000001.2.attend kept 0.00", "wo-000001.2.restore missed 400.00")
	r := h.whatIf("quick-26")
	if r.Unproved != 1 || r.Recorded.Covered != 1 || r.Recorded.Longest != 42*minute {
		t.Errorf("%d left out, %+v", r.Unproved, r.Recorded)
	}
}

// 180 for a call-out outside hours, and none within them.
func TestACallOutIsOwedOutsideItsHoursAlone(t *testing.T) {
	for hours, want := range map[[2]plantroom.Duration]int64{{7 * hour, 22 * hour}: 0, {22 * hour, 7 * hour}: 50_00} {
		h := newHouse(t, func(e *plantroom.Estate) {
			e.Calendars = append(e.Calendars, plantroom.Calendar{ID: "days", Hours: []plantroom.Hours{{Start: hours[0], End: hours[1]}}})
			e.Contracts[0].Price.Outside = "days"
		})
		h.open("l1", plantroom.Medium, "door_close_fault")
		h.repair(quick, time.Minute, 3*time.Minute, 20*time.Minute) // at ten in the morning
		if s := h.statement("quick-26", "2026-03"); len(s.Visits) != 1 || s.CallOuts != want || s.Total != 15_863_34+want {
			t.Errorf("%s to %s: call-outs %d, total %d, want %d", hours[0], hours[1], s.CallOuts, s.Total, want)
		}
		if r := h.whatIf("quick-26").Results[0]; r.Visits != 1 || r.CallOuts != want {
			t.Errorf("%s to %s: what-if counts %d for %d visits, want %d", hours[0], hours[1], r.CallOuts, r.Visits, want)
		}
	}
}
