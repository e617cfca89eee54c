package reflex

import (
	"strings"
	"testing"
	"time"

	"plantroom"
)

// night goes to 02:00 in Shanghai of the next night.
func (s *site) night() {
	s.t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		s.t.Fatal(err)
	}
	t := s.now.Time().In(zone)
	d := t.Day()
	if t.Hour() >= 2 {
		d++
	}
	s.now = plantroom.At(time.Date(t.Year(), t.Month(), d, 2, 0, 0, 0, zone))
	s.hear("b1-fire", "alarm", plantroom.Bool(false))
}

// obey has the riser's switches follow its line.
func (s *site) obey(d time.Duration) {
	s.t.Helper()
	for range int(d / time.Second) {
		s.pass(time.Second)
		s.limits(s.lines["riser"] == Closed, s.lines["riser"] == Open)
		s.noFire()
	}
}

func TestValvesAreExercisedOneAfterTheOtherEachMonth(t *testing.T) {
	s := newSite(t, house())
	s.pass(time.Hour)
	s.at("by day", "riser untouched, flat untouched")
	s.moves = nil
	s.night()
	s.obey(2 * time.Minute)
	if got := strings.Join(s.moves, ", "); got != "riser closed, riser open, flat closed, flat open" {
		t.Errorf("moved: %s", got)
	}
	s.at("afterwards", "riser open, flat open")
	s.says("afterwards", "b1-valve", "self_test", "passed")
	s.says("afterwards", "b1-flat-valve", "self_test", "passed")
	if due := s.core.s.Outputs["riser"].Due; due != "2026-04-03" {
		t.Errorf("the next one is due %s", due)
	}
	s.moves = nil
	for range 30 {
		s.night()
		s.obey(10 * time.Second)
	}
	if len(s.moves) != 0 {
		t.Error("a valve was exercised before its month was over")
	}
	s.night()
	s.obey(2 * time.Minute)
	if len(s.moves) != 4 {
		t.Error("the next month's test did not take place")
	}
}

func TestATestThatWasMissedIsMadeUpForOnce(t *testing.T) {
	s := newSite(t, house())
	s.night()
	s.obey(2 * time.Minute)
	s.now = s.now.Add(100*24*time.Hour + 12*time.Hour) // the gateway was off
	s.crash()
	s.moves = nil
	for range 2 {
		s.night()
		s.obey(2 * time.Minute)
		if got := strings.Join(s.moves, ", "); got != "riser closed, riser open, flat closed, flat open" {
			t.Errorf("moved: %s", got)
		}
	}
}

func TestNothingIsExercisedInABadMoment(t *testing.T) {
	for _, c := range []struct {
		why string
		bad func(s *site)
	}{
		{whyLeak, func(s *site) { s.wet("b1-leak-1") }},
		{whyOverride, func(s *site) { _ = s.order("pump", Off, 0) }},
		{whyOverride, func(s *site) { s.hear("b1-hand", "contact", plantroom.Bool(true)) }},
		{whyInterlock, func(s *site) { s.hear("b1-fire", "alarm", plantroom.Bool(true)) }},
	} {
		p := house()
		p.Outputs[1].SelfTest = new(false)
		s := newSite(t, p)
		s.night()
		s.bad(c.bad)
		before := s.lines["riser"]
		s.pass(90 * time.Minute)
		if c.why != whyLeak && s.lines["riser"] == Closed && before != Closed {
			t.Errorf("%s: a valve was exercised", c.why)
		}
		s.now = s.now.Add(time.Hour)
		s.pass(time.Second)
		s.says("after the window", "b1-valve", "self_test", "skipped")
		s.says("after the window", "b1-valve", "self_test_why", c.why)
		if c.why == whyLeak {
			s.dry("b1-leak-1")
		}
		for _, o := range []string{"riser", "pump"} {
			if err := s.order(o, Auto, 0); err != nil {
				t.Fatal(err)
			}
		}
		s.hear("b1-hand", "contact", plantroom.Bool(false))
		s.pass(11 * time.Minute)
		s.night()
		s.obey(2 * time.Minute)
		s.says("the next night", "b1-valve", "self_test", "passed")
	}
}

func (s *site) bad(f func(*site)) { s.t.Helper(); f(s) }

func TestALeakInATestKeepsTheValveClosed(t *testing.T) {
	s := newSite(t, house())
	s.night()
	s.pass(2 * time.Second)
	s.at("in the test", "riser closed")
	s.wet("b1-leak-1")
	s.at("at the leak", "riser closed, buzzer on")
	s.says("at the leak", "b1-valve", "self_test_why", "leak")
	s.says("at the leak", "b1-valve", "driven_by", "reflex")
	s.obey(time.Hour)
	s.at("an hour later", "riser closed")
}

func TestAPersonEndsATest(t *testing.T) {
	s := newSite(t, house())
	s.night()
	s.pass(2 * time.Second)
	if err := s.order("riser", Open, time.Hour); err != nil {
		t.Fatal(err)
	}
	s.at("at the order", "riser open")
	s.says("at the order", "b1-valve", "self_test", "skipped")
}

func TestAValveThatDoesNotGetThereFailsAndIsOpenedAgain(t *testing.T) {
	s := newSite(t, house())
	s.night()
	s.pass(20 * time.Second) // no switch moves
	s.at("after its travel", "riser open")
	s.limits(false, true)
	s.pass(time.Second)
	s.says("at the end", "b1-valve", "self_test", "failed")
	s.says("at the end", "b1-valve", "self_test_why", "not_there")
	s.pass(Heartbeat)
	s.says("as long as nothing has proved it", "b1-valve", "valve", "stuck")
	s.noFire()
	if err := s.order("riser", Closed, time.Hour); err != nil {
		t.Fatal(err)
	}
	s.limits(true, false)
	s.says("when it was closed by hand", "b1-valve", "valve", "closed")
}

func TestNothingMovesBeforeItIsKnownOnDisk(t *testing.T) {
	s := newSite(t, house())
	s.keeps = false
	s.night()
	s.pass(10 * time.Minute)
	s.at("with a dead disk", "riser untouched, flat untouched")
	s.says("with a dead disk", "b1-valve", "self_test", "skipped")
	s.says("with a dead disk", "b1-valve", "self_test_why", "state")
	s.wet("b1-leak-1")
	s.noFire()
	s.at("a leak does not wait", "riser closed, buzzer on")
}

func TestAnOlderStateOnDiskIsNotEnough(t *testing.T) {
	s := newSite(t, house())
	s.keeps = false
	s.night()
	s.pass(time.Second)
	planned := s.core.s.Test
	if planned == nil {
		t.Fatal("nothing is planned")
	}
	s.do(s.core.Saved(planned.Version-1, s.now))
	s.at("with what was kept before", "riser untouched")
	s.do(s.core.Saved(planned.Version, s.now))
	s.at("once the plan is kept", "riser closed")
}

func TestACrashInATestOpensTheValveAgain(t *testing.T) {
	for _, leak := range []bool{false, true} {
		s := newSite(t, house())
		s.night()
		planned := func() State { // what the disk has before anything moves
			s.keeps = false
			s.pass(time.Second)
			st, err := s.core.State()
			if err != nil {
				t.Fatal(err)
			}
			s.keeps = true
			return st
		}()
		s.pass(time.Second)
		s.at("in the test", "riser closed")
		if leak {
			s.wet("b1-leak-1")
			var err error
			if planned, err = s.core.State(); err != nil {
				t.Fatal(err)
			}
		}
		s.restart(planned)
		s.says("after the crash", "b1-valve", "self_test", "skipped")
		if leak {
			s.at("with a leak", "riser closed")
			continue
		}
		s.at("after the crash", "riser open")
		s.says("after the crash", "b1-valve", "self_test_why", "restart")
	}
}

func TestTheMonthAfterTheLastOfJanuaryEndsInFebruary(t *testing.T) {
	for from, want := range map[string]string{"2026-01-31": "2026-02-28", "2028-01-30": "2028-02-29", "2026-12-15": "2027-01-15", "2026-08-31": "2026-09-30"} {
		d, err := time.Parse(day, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := nextMonth(d).Format(day); got != want {
			t.Errorf("a month after %s is %s, want %s", from, got, want)
		}
	}
}

func TestTheWindowFollowsTheClockOnTheWall(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	w := SelfTest{From: "02:00", To: "03:00", Zone: "Europe/Berlin"}
	minutes := func(from time.Time) (n int) {
		for m := range 24 * 60 {
			if _, within := w.window(plantroom.At(from.Add(time.Duration(m)*time.Minute)), zone); within {
				n++
			}
		}
		return n
	}
	for date, want := range map[string]int{"2026-03-28": 60, "2026-03-29": 0, "2026-10-25": 120} {
		d, err := time.ParseInLocation(day, date, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := minutes(d); got != want {
			t.Errorf("%s has a window of %d minutes, want %d", date, got, want)
		}
	}
}
