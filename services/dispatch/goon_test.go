package dispatch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// repaired is a repair after some time that a sensor proves, and then some time in
// which it seems to hold.
func (h *house) repaired(after, holds time.Duration) {
	h.t.Helper()
	h.must(plantroom.DoAcknowledge, "contractor:"+string(h.order().Contractor))
	h.must(plantroom.DoArrive, "contractor:"+string(h.order().Contractor))
	h.pass(after)
	h.cleared()
	h.proved(h.now)
	h.pass(holds)
}

func (h *house) door() *plantroom.WorkOrder {
	h.t.Helper()
	o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	return &o
}

func TestTheRestoreClockGoesOnWhenTheRepairDidNotLast(t *testing.T) {
	h := newHouse(t)
	h.door()
	h.repaired(20*time.Minute, 3*time.Hour)
	again := h.door()
	c := again.Clock(plantroom.Restore)
	if c.State != plantroom.ClockRunning || c.Started != start || c.Resumed != h.now || c.Spent != 20*minute || c.Due != h.now.Add(10*time.Minute) {
		t.Fatalf("restore %+v: want the ten minutes that were left", *c)
	}
	if want := "contract quicklift-2026 (goes on after reopen 1, 20m used)"; c.Basis != want {
		t.Errorf("it says %q, want %q", c.Basis, want)
	}
	for _, kind := range []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend} { // somebody has to answer and to come again
		if c := again.Clock(kind); c.State != plantroom.ClockRunning || c.Started != h.now || !c.Resumed.IsZero() {
			t.Errorf("%s %+v: want it afresh", kind, *c)
		}
	}
	h.pass(11 * time.Minute)
	h.wantClock(plantroom.Restore, plantroom.ClockBreached)
	if n := h.marksOf(plantroom.Restore); !slices.Equal(n, []string{"clock.half", "clock.at_risk", "clock.breached"}) {
		t.Errorf("its marks are %q: want each once over both rounds", n)
	}
}

// marksOf lists the rows of a clock's marks.
func (h *house) marksOf(kind plantroom.ClockKind) (out []string) {
	h.view(func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf(string(h.order().ID))
		for _, r := range rows {
			if (r.Kind == "clock.half" || r.Kind == "clock.at_risk" || r.Kind == "clock.breached") && strings.Contains(string(r.Body), `"clock":"`+string(kind)+`"`) {
				out = append(out, r.Kind)
			}
		}
		return err
	})
	return out
}

func TestAWindowThatWasMissedStaysSoAndItsLatenessGoesOn(t *testing.T) {
	h := newHouse(t)
	h.door()
	h.repaired(45*time.Minute, time.Hour) // 15 late
	before := len(h.calls())
	h.door()
	if got := h.newCalls(before); slices.Contains(got, "window.cannot_meet to person:lin") {
		t.Errorf("called %q: nobody can keep what is lost, and somebody can be there in time", got)
	}
	h.repaired(10*time.Minute, 0)
	c := h.clock(plantroom.Restore)
	if c.State != plantroom.ClockBreached || c.Due != start.Add(30*time.Minute) || c.Left(h.now) != -25*time.Minute || c.Took() != 55*time.Minute {
		t.Errorf("%+v, left %s, took %s: want it 25 minutes late", c, c.Left(h.now), c.Took())
	}
	if n := h.count("clock.breached to person:lin"); n != 1 {
		t.Errorf("called %d times about one window", n)
	}
}

func TestTheWindowCheckKnowsHowLittleIsLeft(t *testing.T) {
	h := newHouse(t)
	h.door()
	h.repaired(29*time.Minute, time.Hour)
	o := h.door()
	if need := o.Choice[0].Due; need != h.now.Add(time.Minute) || o.Choice[0].CanMeet {
		t.Errorf("somebody has to be there by %s, want within a minute: %+v", need, o.Choice[0])
	}
	h.call("window.cannot_meet", "person:lin")
}

func TestAContractMaySayThatARepeatBeginsAnew(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0].Anew = true })
	h.door()
	h.repaired(20*time.Minute, time.Hour)
	if c := h.door().Clock(plantroom.Restore); c.Started != h.now || !c.Resumed.IsZero() || !strings.Contains(c.Basis, "afresh after reopen 1") {
		t.Errorf("%+v", *c)
	}
}

func TestWhatGoesOnIsOwedByWhoseRepairDidNotLast(t *testing.T) {
	h := newHouse(t)
	h.door()
	h.repaired(20*time.Minute, time.Hour)
	h.door()
	relapse := h.now
	h.pass(5 * time.Minute) // 25 of 30 used, 80 % marked
	h.must(plantroom.DoTransfer, lin, func(c *dispatch.Command) { c.To, c.Reason = "grandlift", "warranty" })
	if c := h.clock(plantroom.Restore); c.Contract != "grandlift-2026" || c.Started != relapse || !c.Resumed.IsZero() {
		t.Fatalf("the next one has %+v: want its own window, from the relapse", c)
	}
	h.must(plantroom.DoTransfer, lin, func(c *dispatch.Command) { c.To, c.Reason = "quicklift", "its own repair" })
	if c := h.clock(plantroom.Restore); c.Spent != 20*minute || c.Due != relapse.Add(10*time.Minute) || c.Marked != 80 {
		t.Fatalf("it comes back as %+v: want it with what was left", c)
	}
	h.pass(10 * time.Minute)
	if n := h.marksOf(plantroom.Restore); !slices.Equal(n, []string{"clock.half", "clock.at_risk", "clock.breached"}) {
		t.Errorf("its marks are %q: want each once", n)
	}
}

func TestAGraverFaultBindsByItsOwnWindowWhereThatEndsSooner(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Contracts[0].Windows = append(e.Contracts[0].Windows, plantroom.Window{Clock: plantroom.Restore, Severity: plantroom.High, Length: 12 * minute, From: plantroom.FromOccurred})
	})
	h.door()
	h.repaired(10*time.Minute, time.Hour)
	h.open("lift.fault", "b1-l1", plantroom.High, "drive_motor_fault")
	if c := h.clock(plantroom.Restore); c.Window != 12*minute || c.Due != h.now.Add(12*time.Minute) {
		t.Errorf("%+v: want the twelve minutes", c)
	}
	h.repaired(5*time.Minute, time.Hour)
	if c := h.door().Clock(plantroom.Restore); c.Window != 12*minute || c.Due != h.now.Add(7*time.Minute) {
		t.Errorf("%+v: want what was left of them, although the fault is less grave now", *c)
	}
}

func TestAWindowOfTheLawIsForEachFaultAndOneOfTheHouseGoesOn(t *testing.T) {
	for says, c := range map[string]struct {
		profile string
		goesOn  bool
	}{"the law's": {"uk-high-rise", false}, "the house's": {"plain", true}} {
		e := estate()
		e.Profile, e.Assets[0].Kind = c.profile, "firefighters"
		e.Contracts = e.Contracts[:1]
		e.Contracts[0].Windows = e.Contracts[0].Windows[:2] // it promises nothing about repairs
		rules := lifts()
		if c.goesOn {
			rules.Targets = []plantroom.Window{{Clock: plantroom.Restore, Length: hour, From: plantroom.FromRaised}}
		}
		h := newHouse(t)
		var err error
		if h.desk, err = dispatch.New(dispatch.Options{Estate: e, Domains: []plantroom.Domain{rules}, Links: links{}}); err != nil {
			t.Fatal(err)
		}
		h.open("lift.fault", "b1-l1", plantroom.High, "door_close_fault")
		h.repaired(20*time.Minute, time.Hour)
		h.open("lift.fault", "b1-l1", plantroom.High, "door_close_fault")
		if k := h.clock(plantroom.Restore); k.Resumed.IsZero() == c.goesOn || (k.Profile == "") != c.goesOn {
			t.Errorf("%s: %+v", says, k)
		}
	}
}

func TestWhatWasCancelledBetweenDoesNotGoOn(t *testing.T) {
	h := newHouse(t)
	h.door()
	h.repaired(20*time.Minute, time.Hour)
	h.door()
	h.must(plantroom.DoCancel, lin, func(c *dispatch.Command) { c.Reason = "it runs again" })
	h.sleep(time.Minute)
	h.cleared()
	h.relapsed()
	if c := h.clock(plantroom.Restore); c.Started != h.now || !c.Resumed.IsZero() {
		t.Errorf("%+v: want it from now, since nobody was asked in between", c)
	}
}

// A proof with a source time from before the relapse is a sensor's clock that is
// slow, or the proof before: it cannot make a window shorter than it was.
func TestAProofFromBeforeTheRelapseTakesNothingBack(t *testing.T) {
	h := newHouse(t)
	h.door()
	h.repaired(45*time.Minute, time.Hour)
	h.door()
	relapse := h.now
	h.pass(10 * time.Minute)
	h.proved(start.Add(25 * time.Minute))
	if c := h.clock(plantroom.Restore); c.State != plantroom.ClockBreached || c.Stopped != relapse || slices.Contains(h.rows(), "clock.corrected") {
		t.Errorf("%+v, rows %q", c, h.rows())
	}
}

func TestARepeatGoesOnAgainAndAgain(t *testing.T) {
	h := newHouse(t)
	h.door()
	for i := 1; i <= 4; i++ {
		h.repaired(8*time.Minute, time.Hour)
		o := h.door()
		if c := o.Clock(plantroom.Restore); c.Spent != plantroom.Duration(i)*8*minute || strings.Count(c.Basis, "goes on") != 1 {
			t.Fatalf("after %d repairs of 8 minutes: %+v", i, *c)
		}
	}
	if n := h.marksOf(plantroom.Restore); !slices.Equal(n, []string{"clock.half", "clock.at_risk", "clock.breached"}) {
		t.Errorf("its marks are %q", n)
	}
}
