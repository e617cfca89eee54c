package sla

import (
	"math"
	"testing"
	"time"

	"plantroom"

	"pgregory.net/rapid"
)

func TestAClockGoesOnWithWhatItHadUsedWhenTheRepairDidNotLast(t *testing.T) {
	c := running() // half an hour
	wantMarks(t, Advance(c, after(16*time.Minute)), 50)
	Prove(c, after(20*time.Minute))
	if !Reopen(c, after(3*time.Hour), nil) {
		t.Fatal("it does not go on")
	}
	wantState(t, c, plantroom.ClockRunning)
	if c.Spent != plantroom.Duration(20*time.Minute) || c.Due != after(3*time.Hour+10*time.Minute) || c.Started != after(0) || !c.Stopped.IsZero() {
		t.Errorf("%+v", *c)
	}
	if used, left := c.Used(after(3*time.Hour)), c.Left(after(3*time.Hour+time.Minute)); used < 0.666 || used > 0.667 || left != 9*time.Minute {
		t.Errorf("used %v, left %v", used, left)
	}
	wantMarks(t, Advance(c, after(3*time.Hour+4*time.Minute-1)))
	wantMarks(t, Advance(c, after(3*time.Hour+4*time.Minute)), 80)
	Prove(c, after(3*time.Hour+10*time.Minute)) // to the nanosecond
	wantState(t, c, plantroom.ClockMet)
	if c.Took() != 30*time.Minute {
		t.Errorf("it took %s", c.Took())
	}
	if !Reopen(c, after(5*time.Hour), nil) { // nothing is left
		t.Fatal("it does not go on")
	}
	wantMarks(t, Advance(c, after(5*time.Hour)))
	wantMarks(t, Advance(c, after(5*time.Hour)+1), 100)
}

func TestAClockThatWasLateGoesOnBeingLate(t *testing.T) {
	c := running()
	wantMarks(t, Advance(c, after(90*time.Minute)), 50, 80, 100)
	Prove(c, after(90*time.Minute)) // an hour late
	Reopen(c, after(5*time.Hour), nil)
	wantState(t, c, plantroom.ClockBreached)
	if !c.Open() || c.Due != after(30*time.Minute) || c.Breached != c.Due || c.Left(after(5*time.Hour+time.Minute)) != -61*time.Minute {
		t.Errorf("%+v, left %s", *c, c.Left(after(5*time.Hour+time.Minute)))
	}
	wantMarks(t, Advance(c, after(9*time.Hour)))
	Prove(c, after(5*time.Hour+10*time.Minute))
	if late := Spent(c, c.Stopped, nil) - time.Duration(c.Window); late != 70*time.Minute || c.Used(after(9*time.Hour)) < 3.3 {
		t.Errorf("late by %s, used %v", late, c.Used(after(9*time.Hour)))
	}
}

func TestABreachThatWasCorrectedIsFoundAnewWhenTheRepairDidNotLast(t *testing.T) {
	c := running()
	wantMarks(t, Advance(c, after(40*time.Minute)), 50, 80, 100)
	if !Prove(c, after(29*time.Minute)) { // the news came late
		t.Fatal("the breach is not corrected")
	}
	Reopen(c, after(3*time.Hour), nil)
	wantState(t, c, plantroom.ClockRunning)
	wantMarks(t, Advance(c, after(3*time.Hour+time.Minute)))
	wantMarks(t, Advance(c, after(3*time.Hour+time.Minute)+1), 100)
	wantState(t, c, plantroom.ClockBreached)
}

func TestWhatDoesNotGoOn(t *testing.T) {
	waiting := &plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(time.Minute)}
	met := *waiting
	Stop(&met, after(time.Minute))
	void, late := running(), running()
	Void(void)
	Advance(late, after(time.Hour))
	for name, c := range map[string]*plantroom.Clock{"waiting": waiting, "met before it began": &met, "void": void, "running": running(), "late and not yet kept": late} {
		if was := *c; Reopen(c, after(2*time.Hour), nil) || *c != was {
			t.Errorf("%s: %+v", name, *c)
		}
	}
}

func TestAClockThatWasStoppedInAPauseGoesOnFromTheBeginOfThePause(t *testing.T) {
	c := running()
	Pause(c, after(10*time.Minute))
	Prove(c, after(2*time.Hour))
	Reopen(c, after(3*time.Hour), nil)
	if c.State != plantroom.ClockRunning || c.Spent != plantroom.Duration(10*time.Minute) || c.Due != after(3*time.Hour+20*time.Minute) {
		t.Errorf("%+v", *c)
	}
}

// What a relapse may do to a clock is compared with an account of its own: the time
// that counts is added up stretch by stretch, whatever the clock says.
func TestAClockThatGoesOnCountsNothingTwiceAndForgetsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var on *Calendar
		if rapid.Bool().Draw(t, "on a calendar") {
			var err error
			if on, err = NewCalendar(drawn(t, plantroom.DateOf(t0, time.UTC)), time.UTC); err != nil {
				t.Fatal(err)
			}
		}
		c := &plantroom.Clock{Kind: plantroom.Restore, State: plantroom.ClockWaiting, Window: plantroom.Duration(rapid.IntRange(1, 300).Draw(t, "window")) * plantroom.Duration(time.Minute)}
		now, used, seen := t0, time.Duration(0), map[int]bool{}
		since := now // since when it has run without a stop
		Start(c, now, on)
		even, before := on == nil, 0.0 // between its marks a clock goes evenly on the wall, not on its calendar and not in a pause
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			counts := c.Open() && c.State != plantroom.ClockPaused
			next := now.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second)
			if counts {
				used += on.Counted(now, next)
			}
			now = next
			for _, m := range Advance(c, now) {
				if seen[m.Percent] {
					t.Fatalf("%d %% is marked twice", m.Percent)
				}
				seen[m.Percent] = true
			}
			switch rapid.SampledFrom([]string{"wait", "pause", "continue", "stop", "prove", "reopen", "reopen"}).Draw(t, "do") {
			case "pause":
				even = !Pause(c, now) && even
			case "continue":
				if was := c.State; was == plantroom.ClockPaused {
					Continue(c, now, on)
					since = now
				}
			case "stop":
				Stop(c, now)
			case "prove": // heard late, perhaps
				at := since.Add(time.Duration(rapid.Int64Range(0, int64(now.Sub(since))).Draw(t, "proved at")))
				if counts && c.Open() && c.State != plantroom.ClockPaused {
					if used -= on.Counted(at, now); Prove(c, at) {
						delete(seen, 100) // there was none
					}
					before = 0
				}
			case "reopen":
				if Reopen(c, now, on) {
					since = now
				}
			}
			account(t, c, now, used, on)
			late := used > time.Duration(c.Window) || used == time.Duration(c.Window) && now > c.Due // the hours may end with the window
			if seen[100] != (late && c.State == plantroom.ClockBreached) {
				t.Fatalf("%s of %s used, and the end is marked: %v; %+v", used, c.Window, seen[100], *c)
			}
			part, exact := c.Used(now), float64(used)/float64(c.Window)
			for _, percent := range plantroom.Marks {
				if mark := float64(percent) / 100; math.Abs(exact-mark) > 1e-9 && (part > mark) != (exact > mark) {
					t.Fatalf("used %v, and shown as %v; %+v", exact, part, *c)
				}
			}
			if even && (part < before-1e-9 || math.Abs(part-exact) > 1e-9) {
				t.Fatalf("used %v, shown as %v, and as %v before; %+v", exact, part, before, *c)
			}
			before = part
		}
	})
}

// account compares a clock with what was used up of its window.
func account(t *rapid.T, c *plantroom.Clock, now plantroom.Instant, used time.Duration, on *Calendar) {
	at := now
	if !c.Stopped.IsZero() {
		at = c.Stopped
	}
	if !c.Paused.IsZero() {
		at = c.Paused
	}
	if got := Spent(c, at, on); got != used {
		t.Fatalf("%s used by the clock, %s by the account; %+v", got, used, *c)
	}
	if c.State == plantroom.ClockRunning && on.Counted(now, c.Due) != time.Duration(c.Window)-used {
		t.Fatalf("due at %s, with %s left of the account; %+v", c.Due, time.Duration(c.Window)-used, *c)
	}
}
