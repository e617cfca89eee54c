package sla

import (
	"math"
	"testing"
	"time"

	"plantroom"

	"pgregory.net/rapid"
)

// TestThePastOfAWindowIsTold plays a clock around the clock, with pauses, and notes
// at each minute what was used then. What is told of it afterwards has to be that.
func TestThePastOfAWindowIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := running(), plantroom.Instant(0)
		var pauses []plantroom.Pause
		used := map[plantroom.Instant]float64{}
		note := func() {
			at := now
			if !c.Paused.IsZero() {
				at = c.Paused
			} else if !c.Stopped.IsZero() {
				at = c.Stopped
			}
			used[now] = float64(Spent(c, at, nil)) / float64(c.Window)
		}
		for minute := range 90 {
			now = after(time.Duration(minute) * time.Minute)
			Advance(c, now)
			switch rapid.IntRange(0, 11).Draw(t, "what happens") {
			case 0:
				if Pause(c, now) {
					pauses = append(pauses, plantroom.Pause{Clocks: []plantroom.ClockKind{c.Kind}, Begun: now})
				}
			case 1, 2:
				if n := len(pauses); n > 0 && pauses[n-1].Ended.IsZero() {
					Continue(c, now, nil)
					pauses[n-1].Ended = now
				}
			case 3:
				if rapid.IntRange(0, 5).Draw(t, "stop") == 0 {
					Stop(c, now)
				}
			}
			note()
		}
		for at, want := range used {
			if got := Used(c, pauses, at); math.Abs(got-want) > 1e-6 {
				t.Fatalf("%s after the start %v was used, and %v is told; pauses %+v, clock %+v", at.Sub(c.Started), want, got, pauses, *c)
			}
		}
	})
}

func TestAWindowIsExactAtItsMarksOnACalendar(t *testing.T) {
	c := running()
	c.Half, c.Most, c.Due = after(10*time.Hour), after(11*time.Hour), after(30*time.Hour) // as over a night
	for at, want := range map[plantroom.Instant]float64{c.Started - 1: 0, c.Started: 0, c.Half: 0.5, c.Most: 0.8, c.Due: 1, after(5 * time.Hour): 0.25} {
		if got := Used(c, nil, at); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s after the start %v is used, want %v", at.Sub(c.Started), got, want)
		}
	}
	if Used(c, nil, c.Due+1) <= 1 {
		t.Error("past its due time it is not late")
	}
}

func TestAWindowThatWentOnIsToldFromThereOn(t *testing.T) {
	c := running()
	Stop(c, after(12*time.Minute))
	Reopen(c, after(10*time.Hour), nil)
	for at, want := range map[time.Duration]float64{5 * time.Hour: 0.4, 10 * time.Hour: 0.4, 10*time.Hour + 18*time.Minute: 1} {
		if got := Used(c, nil, after(at)); math.Abs(got-want) > 1e-9 {
			t.Errorf("after %s %v is used, want %v", at, got, want)
		}
	}
	ps := Burndown(c, nil, after(0), after(20*time.Hour), 3)
	if ps[0].At != after(10*time.Hour) || ps[len(ps)-1].At != after(20*time.Hour) {
		t.Errorf("told from %s to %s", ps[0].At, ps[len(ps)-1].At)
	}
	late := running()
	Stop(late, after(45*time.Minute))
	Reopen(late, after(10*time.Hour), nil)
	if got := Used(late, nil, after(10*time.Hour+15*time.Minute)); math.Abs(got-2) > 1e-9 {
		t.Errorf("one that was late has used %v", got)
	}
}

func TestABurndownEndsWithTheClock(t *testing.T) {
	c := running()
	Advance(c, after(20*time.Minute))
	Stop(c, after(20*time.Minute))
	ps := Burndown(c, nil, after(-time.Hour), after(time.Hour), 5)
	if n := len(ps); n < 3 || ps[0] != (Point{c.Started, 0}) || ps[n-1].At != c.Stopped || math.Abs(ps[n-1].Used-2.0/3) > 1e-9 {
		t.Errorf("%v", ps)
	}
	for i := 1; i < len(ps); i++ {
		if ps[i].At <= ps[i-1].At || ps[i].Used < ps[i-1].Used {
			t.Errorf("%v comes behind %v", ps[i], ps[i-1])
		}
	}
	waiting, void := &plantroom.Clock{State: plantroom.ClockWaiting, Window: c.Window}, running()
	Void(void)
	for name, c := range map[string]*plantroom.Clock{"waiting": waiting, "void": void, "after the time": running()} {
		to := after(time.Hour)
		if name == "after the time" {
			to = after(-time.Minute)
		}
		if ps := Burndown(c, nil, after(-time.Hour), to, 5); ps != nil {
			t.Errorf("%s: %v", name, ps)
		}
	}
}
