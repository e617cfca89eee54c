package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/report"
)

// line finds a line of a statement.
func line(t *testing.T, s report.Statement, id string) report.Line {
	t.Helper()
	i := slices.IndexFunc(s.Lines, func(l report.Line) bool { return l.ID == id })
	if i < 0 {
		t.Fatalf("no line %s among %q", id, lines(s))
	}
	return s.Lines[i]
}

func TestAWindowThatGoesOnIsOneLine(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, 18*time.Minute) // 20 of 30 minutes
	h.pass(2 * time.Hour)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, 18*time.Minute) // 40 in all
	s := h.statement("quick-26", "2026-03")
	want(t, s,
		"wo-000001.1.acknowledge kept 0.00", "wo-000001.1.attend kept 0.00", "wo-000001.1.restore void 0.00",
		"wo-000001.2.acknowledge kept 0.00", "wo-000001.2.attend kept 0.00", "wo-000001.2.restore missed 250.00")
	first, second := line(t, s, "wo-000001.1.restore"), line(t, s, "wo-000001.2.restore")
	if first.Reason != "the repair did not last: the window goes on as wo-000001.2.restore" {
		t.Errorf("it says %q", first.Reason)
	}
	if second.Late != 10*minute || second.Spent != 20*minute || second.Paused != 0 {
		t.Errorf("%+v", second)
	}
	for _, kind := range []string{"order.prove", "order.reopen", "clock.breached"} {
		if !slices.ContainsFunc(second.Evidence, func(e report.Evidence) bool { return e.Kind == kind }) {
			t.Errorf("%s is not among the evidence: %+v", kind, second.Evidence)
		}
	}
	if len(s.Visits) != 2 {
		t.Errorf("visits: %+v; somebody has come twice", s.Visits)
	}
	var text strings.Builder
	if err := s.Text(&text, h.house.Zone); err != nil || !strings.Contains(text.String(), "missed by 10m, 20m of it before the repair that did not last") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestAMissIsOwedOnceHoweverOftenTheRepairFails(t *testing.T) {
	h := newHouse(t)
	for range 3 {
		h.open("l1", plantroom.Medium, "door_close_fault")
		h.repair(quick, time.Minute, time.Minute, 38*time.Minute) // 10 late, then 50, then 90
		h.pass(time.Hour)
	}
	s := h.statement("quick-26", "2026-03")
	if s.Missed != 1 || s.Penalties != 350_00 { // 200, and three periods of half an hour
		t.Errorf("%d missed, %s: %q", s.Missed, report.Money(s.Penalties), lines(s))
	}
	if l := line(t, s, "wo-000001.3.restore"); l.Late != 90*minute || l.Severity != plantroom.Medium {
		t.Errorf("%+v", l)
	}
}

func TestAMissFromBeforeTheRelapseHasTheSeverityOfThen(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, 38*time.Minute)
	h.pass(time.Hour)
	h.open("l1", plantroom.High, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, 38*time.Minute)
	if l := line(t, h.statement("quick-26", "2026-03"), "wo-000001.2.restore"); l.Severity != plantroom.Medium || l.Penalty != 300_00 {
		t.Errorf("%+v", l)
	}
}

func TestTheLatenessOfAFailedRepairEndsWhenTheOrderIsTakenAway(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, 38*time.Minute) // 10 late
	h.pass(time.Hour)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(4 * time.Minute)
	h.must(plantroom.DoDecline, quick)
	h.pass(time.Minute)
	h.must(plantroom.DoTransfer, lin, func(c *dispatch.Command) { c.To = "quick" }) // and back
	h.repair(quick, time.Minute, time.Minute, time.Hour)
	s := h.statement("quick-26", "2026-03")
	missed := 0
	for _, l := range s.Lines {
		if l.Clock == plantroom.Restore && l.Penalty > 0 {
			missed++
		}
	}
	if l := line(t, s, "wo-000001.2.restore"); missed != 1 || l.Late != 14*minute || l.Penalty != 250_00 {
		t.Errorf("%d with a penalty: %+v\n%q", missed, l, lines(s))
	}
}

func TestTheNextContractorOwesItsOwnWindowAndTheFirstWhatItHadMissed(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, 18*time.Minute)
	h.pass(time.Hour)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(15 * time.Minute) // 35 of 30: missed
	h.must(plantroom.DoDecline, quick)
	h.repair(grand, time.Minute, time.Hour, time.Hour)
	if l := line(t, h.statement("quick-26", "2026-03"), "wo-000001.2.restore"); l.Verdict != report.Missed || l.Late != 5*minute {
		t.Errorf("%+v", l)
	}
	if l := line(t, h.statement("grand-26", "2026-03"), "wo-000001.3.restore"); l.Verdict != report.Kept || l.Spent != 0 {
		t.Errorf("%+v", l)
	}
}

func TestWhatIsGivenUpBeforeItsEndLeavesTheFirstRepairAsItWas(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, 18*time.Minute)
	h.pass(time.Hour)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoDecline, quick)
	h.repair(grand, time.Minute, time.Hour, time.Hour)
	want(t, h.statement("quick-26", "2026-03"), "wo-000001.1.acknowledge kept 0.00", "wo-000001.1.attend kept 0.00", "wo-000001.1.restore kept 0.00")
}

func TestAStatementThatWasIssuedBeforeTheRelapseStaysAsItWas(t *testing.T) {
	h := newHouse(t)
	h.now = plantroom.At(time.Date(2026, 3, 31, 22, 30, 0, 0, h.house.Zone))
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, 38*time.Minute) // until 23:10, 10 minutes late
	h.now = plantroom.At(time.Date(2026, 4, 1, 0, 30, 0, 0, h.house.Zone))
	code(t, h.issue(), "")
	issued := h.statement("quick-26", "2026-03")
	h.pass(time.Hour)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, 38*time.Minute)
	march, april := h.statement("quick-26", "2026-03"), h.statement("quick-26", "2026-04")
	if !slices.Equal(lines(issued), lines(march)) || march.Penalties != 250_00 || march.Reply == nil || march.Reply.Differs {
		t.Errorf("issued as\n%q\nand now\n%q, %+v", lines(issued), lines(march), march.Reply)
	}
	if april.Penalties != 0 {
		t.Errorf("the window is owed again: %q", lines(april))
	}
}

// Whatever is repaired, given away and fails again: of one window one line counts,
// and one that is missed costs what the whole of its lateness comes to.
func TestNoWindowIsOwedTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newHouse(t)
		defer h.leave()
		down := time.Duration(0)
		for i := range rapid.IntRange(1, 5).Draw(rt, "rounds") {
			h.open("l1", plantroom.Medium, "door_close_fault")
			work := time.Duration(rapid.IntRange(0, 40).Draw(rt, "minutes of work")) * time.Minute
			h.repair(quick, time.Minute, time.Minute, work)
			down += 2*time.Minute + work
			h.pass(time.Duration(rapid.IntRange(0, 230).Draw(rt, "minutes that it holds")) * time.Minute)
			s := h.statement("quick-26", "2026-03")
			counting := 0
			for _, l := range s.Lines {
				if l.Clock != plantroom.Restore || l.Verdict == report.Void {
					continue
				}
				counting++
				if late := max(0, down-30*time.Minute); time.Duration(l.Late) != late || (l.Verdict == report.Missed) != (late > 0) || late == 0 && l.Penalty != 0 {
					rt.Fatalf("down for %s: %+v", down, l)
				}
			}
			if counting != 1 {
				rt.Fatalf("%d lines of one window count in round %d: %q", counting, i+1, lines(s))
			}
		}
	})
}

// A replay counts a window that goes on as the statements do.
func TestWhatIfAgreesWithTheStatementOnAFaultThatComesBack(t *testing.T) {
	for name, anew := range map[string]bool{"it goes on": false, "it begins anew": true} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0].Anew = anew })
			for range 3 {
				h.open("l1", plantroom.Medium, "door_close_fault")
				h.repair(quick, 0, 3*time.Minute, 20*time.Minute) // as a replay has it: somebody is there after three minutes
				h.pass(time.Hour)
			}
			s, c := h.statement("quick-26", "2026-03"), h.whatIf("quick-26")
			r, was := c.Results[0], c.Recorded
			kept, missed, penalties := 0, 1, int64(300_00) // 69 minutes of 30
			if anew {
				kept, missed, penalties = 3, 0, 0
			}
			if was.Kept[plantroom.Restore] != kept || was.Missed[plantroom.Restore] != missed {
				t.Errorf("as it was: %+v", was)
			}
			if r.Kept[plantroom.Restore] != kept || r.Missed[plantroom.Restore] != missed || r.Penalties != penalties || s.Penalties != penalties {
				t.Errorf("statement %s, what-if %+v", report.Money(s.Penalties), r)
			}
		})
	}
}
