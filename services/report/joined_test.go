package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/report"
)

func TestATransferLeavesWithEachContractorWhatEndedInItsTime(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	h.pass(19 * time.Minute) // quick is late to come, and comes
	h.must(plantroom.DoArrive, quick)
	h.pass(5 * time.Minute)
	h.must(plantroom.DoTransfer, lin, func(c *dispatch.Command) { c.To, c.Reason = "grand", "the drive is under warranty" })
	h.pass(30 * time.Minute)
	h.must(plantroom.DoAcknowledge, "contractor:grand")
	h.pass(2 * time.Hour)
	h.must(plantroom.DoArrive, "contractor:grand")
	h.proved(h.now)
	quicks, grands := h.statement("quick-26", "2026-03"), h.statement("grand-26", "2026-03")
	want(t, quicks, "wo-000001.1.acknowledge kept 0.00", "wo-000001.1.attend missed 100.00") // its restore went on to the next
	if v := quicks.Visits; len(v) != 1 || v[0].Left.Sub(v[0].Arrived) != 5*time.Minute || quicks.CallOuts != 50_00 {
		t.Errorf("%+v: quick came, and was at work until it was taken away", v)
	}
	want(t, grands, "wo-000001.2.attend missed 10.00", "wo-000001.2.restore kept 0.00")
	for _, l := range quicks.Lines {
		found := false
		for _, e := range l.Evidence {
			found = found || e.Kind == "order.transfer"
		}
		if !found {
			t.Errorf("%s does not name the transfer: %+v", l.ID, l.Evidence)
		}
	}
}

func TestTheWindowsOfAMergedOrderCountOnceAndGoOn(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	first := h.in
	h.pass(10 * time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	h.open("l2", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoMerge, lin, func(c *dispatch.Command) { c.Other, c.Reason = "wo-000001", "one cause" })
	h.pass(59 * time.Minute) // 70 minutes after the first, 40 late
	h.proved(h.now)
	h.in = first
	h.proved(h.now)
	s := h.statement("quick-26", "2026-03")
	want(t, s, "wo-000001.1.acknowledge missed 0.00", "wo-000001.1.attend missed 100.00", "wo-000001.1.restore missed 300.00")
}

func TestAWindowThatWasMissedBeforeTheMergeStaysMissedAndGrows(t *testing.T) {
	h := newHouse(t)
	h.open("l2", plantroom.Medium, "door_close_fault") // wo-000001, which will go on
	first := h.in
	h.pass(32 * time.Minute) // it is late before the other one is raised
	h.open("l1", plantroom.Medium, "door_close_fault")
	second := h.in
	h.in = first
	h.pass(3 * time.Minute)
	h.must(plantroom.DoMerge, lin, func(c *dispatch.Command) { c.Other, c.Reason = "wo-000002", "one cause" })
	h.pass(60 * time.Minute)
	h.proved(h.now)
	h.in = second
	h.proved(h.now)
	s := h.statement("quick-26", "2026-03")
	found := false
	for _, l := range s.Lines {
		if l.Clock != plantroom.Restore || l.Verdict != "missed" {
			continue
		}
		if found || l.ID != "wo-000002.1.restore" || l.Of != "wo-000001" || l.Late < 65*minute || l.Penalty != 350_00 {
			t.Errorf("%+v", l)
		}
		found = true
	}
	if !found {
		t.Errorf("%v: the miss has gone with the merge", lines(s))
	}
}

func TestAPartsWindowIsOwedOnceUnderOneContractAndByEachOfTwo(t *testing.T) {
	for name, to := range map[string]plantroom.ContractorID{"the same": "quick", "another": "grand"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.open("l1", plantroom.Medium, "door_close_fault")
			h.pass(time.Minute)
			h.must(plantroom.DoAcknowledge, quick)
			h.must(plantroom.DoArrive, quick)
			h.must(plantroom.DoSplit, lin, func(c *dispatch.Command) { c.Scope, c.To = "the drive", to })
			h.pass(90 * time.Minute)
			h.proved(h.now) // the whole, an hour late
			h.pass(90 * time.Minute)
			h.part("wo-000002", "contractor:"+string(to))
			s := h.statement("quick-26", "2026-03")
			var whole, part int64
			why := ""
			for _, l := range s.Lines {
				switch l.ID {
				case "wo-000001.1.restore":
					whole, why = l.Penalty, l.Why
				case "wo-000002.1.restore":
					part = l.Penalty
				}
			}
			switch {
			case to == "quick" && (whole != 0 || part != 500_00 || !strings.Contains(why, "one window with wo-000002.1.restore")):
				t.Errorf("whole %d (%s), part %d: want the dearer one alone; %v", whole, why, part, lines(s))
			case to == "grand" && (whole != 350_00 || part != 0):
				t.Errorf("whole %d, part %d; %v", whole, part, lines(s))
			}
		})
	}
}

// part does all that a part's contractor has to do.
func (h *house) part(id plantroom.OrderID, who string) {
	h.t.Helper()
	for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
		h.update(func(tx plantroom.Tx) error {
			_, err := h.desk.Command(tx, h.now, dispatch.Command{Order: id, Do: do, Actor: who})
			return err
		})
	}
}

func TestAMergeTakesNoMissFromWhomItBelongsTo(t *testing.T) {
	owed := func(s []report.Line) (out []string) {
		for _, l := range s {
			if l.Clock == plantroom.Restore && l.Penalty > 0 {
				out = append(out, l.ID)
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		firms []plantroom.ContractorID // of the first order and of the second, into which it is merged
		at    time.Duration            // of the merge
		quick []string                 // the windows to restore for which quick owes something
		grand []string
	}{
		"both missed under one contract":        {[]plantroom.ContractorID{"quick", "quick"}, 40 * time.Minute, []string{"wo-000001.1.restore", "wo-000002.1.restore"}, nil},
		"both missed under two":                 {[]plantroom.ContractorID{"grand", "quick"}, 40 * time.Minute, []string{"wo-000002.1.restore"}, []string{"wo-000001.2.restore"}},
		"one missed, and the other one later":   {[]plantroom.ContractorID{"grand", "quick"}, 32 * time.Minute, []string{"wo-000002.1.restore"}, []string{"wo-000001.2.restore"}},
		"one that goes on, under one contract":  {[]plantroom.ContractorID{"quick", "quick"}, 20 * time.Minute, []string{"wo-000002.1.restore"}, nil},
		"one that goes on from the other one's": {[]plantroom.ContractorID{"grand", "quick"}, 20 * time.Minute, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(e *plantroom.Estate) {
				e.Contracts[1].Windows[1].Length = 30 * minute
				e.Contracts[1].Penalties = append(e.Contracts[1].Penalties, plantroom.Penalty{Clock: plantroom.Restore, Severity: plantroom.Low, Amount: 20_00})
			})
			h.open("l1", plantroom.Medium, "door_close_fault")
			first := h.in
			h.must(plantroom.DoAcknowledge, quick)
			h.must(plantroom.DoArrive, quick)
			if c.firms[0] != "quick" {
				h.must(plantroom.DoTransfer, lin, func(cmd *dispatch.Command) { cmd.To = c.firms[0] })
			}
			h.pass(5 * time.Minute)
			h.open("l2", plantroom.Medium, "door_close_fault")
			second := h.in
			h.pass(c.at - 5*time.Minute)
			h.in = first
			h.must(plantroom.DoMerge, lin, func(cmd *dispatch.Command) { cmd.Other = "wo-000002" })
			h.pass(2*time.Hour - c.at)
			for _, h.in = range []plantroom.Incident{first, second} {
				h.proved(h.now)
			}
			if got := owed(h.statement("quick-26", "2026-03").Lines); !slices.Equal(got, c.quick) {
				t.Errorf("quick owes for %q, want %q", got, c.quick)
			}
			if got := owed(h.statement("grand-26", "2026-03").Lines); !slices.Equal(got, c.grand) {
				t.Errorf("grand owes for %q, want %q", got, c.grand)
			}
		})
	}
}

func TestAWindowThatAPartSharesIsOwedOnceWhateverBecomesOfIt(t *testing.T) {
	for name, c := range map[string]func(h *house, split func()){
		"it grows stricter": func(h *house, split func()) {
			split()
			h.pass(time.Minute)
			h.in.Severity = plantroom.High
			h.event(plantroom.IncidentWorsened)
		},
		"the whole pauses": func(h *house, split func()) {
			h.must(plantroom.DoPause, quick, func(c *dispatch.Command) { c.Code = "no_access" })
			h.pass(10 * time.Minute)
			split()
			h.pass(10 * time.Minute)
			h.must(plantroom.DoContinue, quick)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(e *plantroom.Estate) {
				e.Contracts[0].Windows = append(e.Contracts[0].Windows, plantroom.Window{Clock: plantroom.Restore, Severity: plantroom.High, Length: 10 * minute})
			})
			h.open("l1", plantroom.Medium, "door_close_fault")
			h.pass(time.Minute)
			h.must(plantroom.DoAcknowledge, quick)
			h.must(plantroom.DoArrive, quick)
			c(h, func() {
				h.must(plantroom.DoSplit, lin, func(c *dispatch.Command) { c.Scope, c.To = "the drive", "quick" })
			})
			h.pass(90 * time.Minute)
			missed, owed := 0, 0
			for _, l := range h.statement("quick-26", "2026-03").Lines {
				if l.Clock == plantroom.Restore && l.Verdict == report.Missed {
					missed++
					if l.Penalty > 0 {
						owed++
					}
				}
			}
			if missed != 2 || owed != 1 {
				t.Errorf("%d lines of the window are missed, and %d cost something", missed, owed)
			}
		})
	}
}

// TestAPartsWindowIsOwedOnceAlsoWhereAPauseHasMovedItIntoAnotherMonth: the statement
// of the earlier month has been issued, perhaps, when the other one is made.
func TestAPartsWindowIsOwedOnceAlsoWhereAPauseHasMovedItIntoAnotherMonth(t *testing.T) {
	h := newHouse(t)
	h.now = plantroom.At(time.Date(2026, 3, 31, 23, 20, 0, 0, time.FixedZone("CST", 8*3600)))
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	h.must(plantroom.DoArrive, quick)
	h.must(plantroom.DoSplit, lin, func(c *dispatch.Command) { c.Scope, c.To = "the drive", "quick" })
	part := func(c *dispatch.Command) { c.Order, c.Code = "wo-000002", "no_access" }
	h.must(plantroom.DoAcknowledge, quick, part)
	h.must(plantroom.DoArrive, quick, part)
	h.must(plantroom.DoPause, quick, part)
	h.pass(35 * time.Minute) // the whole's window ends at 23:50, the part's at 00:25
	h.must(plantroom.DoContinue, quick, part)
	h.pass(2 * time.Hour)
	h.proved(h.now)
	h.part("wo-000002", quick)
	march, april := line(t, h.statement("quick-26", "2026-03"), "wo-000001.1.restore"), line(t, h.statement("quick-26", "2026-04"), "wo-000002.1.restore")
	if march.Penalty == 0 || march.Of != "" || april.Verdict != report.Missed || april.Of != "wo-000001" {
		t.Fatalf("the test tests nothing: %+v, %+v", march, april)
	}
	if april.Penalty != 0 || april.Why != "no penalty: one window with wo-000001.1.restore" {
		t.Errorf("one window costs %d in March and %d in April (%s)", march.Penalty, april.Penalty, april.Why)
	}
}
