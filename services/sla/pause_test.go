package sla

import (
	"slices"
	"testing"
	"time"

	"plantroom"

	"pgregory.net/rapid"
)

func TestAClockThatPausesKeepsWhatItHas(t *testing.T) {
	c := running()
	wantMarks(t, Advance(c, after(16*time.Minute)), 50)
	if !Pause(c, after(20*time.Minute)) {
		t.Fatal("it does not pause")
	}
	wantState(t, c, plantroom.ClockPaused)
	wantMarks(t, Advance(c, after(100*time.Hour)))
	if Due(c) != 0 {
		t.Errorf("due at %s while it pauses", Due(c))
	}
	if c.Used(after(50*time.Hour)) != c.Used(after(20*time.Minute)) || c.Left(after(50*time.Hour)) != 10*time.Minute {
		t.Errorf("used %v, left %v", c.Used(after(50*time.Hour)), c.Left(after(50*time.Hour)))
	}
	Continue(c, after(2*time.Hour), nil)
	wantMarks(t, Advance(c, after(2*time.Hour+4*time.Minute-1)))
	wantMarks(t, Advance(c, after(2*time.Hour+4*time.Minute)), 80)
	wantMarks(t, Advance(c, after(2*time.Hour+10*time.Minute)))
	wantMarks(t, Advance(c, after(2*time.Hour+10*time.Minute)+1), 100)
}

func TestWhatCannotPause(t *testing.T) {
	waiting := &plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(time.Minute)}
	late, unseen, done := running(), running(), running()
	Advance(late, after(31*time.Minute))
	Stop(done, after(time.Minute))
	for name, c := range map[string]*plantroom.Clock{"waiting": waiting, "breached": late, "late, and nobody has looked": unseen, "met": done} {
		was := *c
		if Pause(c, after(40*time.Minute)) || *c != was {
			t.Errorf("%s: %+v", name, *c)
		}
		Continue(c, after(50*time.Minute), nil)
		if *c != was {
			t.Errorf("%s continues: %+v", name, *c)
		}
	}
	paused := running()
	Pause(paused, after(10*time.Minute))
	if Pause(paused, after(20*time.Minute)) || paused.Paused != after(10*time.Minute) {
		t.Errorf("a second pause counted: %+v", *paused)
	}
}

func TestTheEndOfAClockThatPauses(t *testing.T) {
	paused := func() *plantroom.Clock {
		c := running()
		Pause(c, after(10*time.Minute))
		return c
	}
	late := after(100 * time.Hour)
	kept := paused()
	Stop(kept, late)
	wantState(t, kept, plantroom.ClockMet)
	Resume(kept)
	wantState(t, kept, plantroom.ClockPaused)
	Continue(kept, late, nil)
	if kept.Due != late.Add(20*time.Minute) {
		t.Errorf("due %s", kept.Due)
	}
	proved := paused()
	if Prove(proved, late) {
		t.Error("a breach is corrected that never was")
	}
	wantState(t, proved, plantroom.ClockMet)
	over := paused()
	Moot(over, late)
	wantState(t, over, plantroom.ClockVoid)
	void := paused()
	Void(void)
	wantState(t, void, plantroom.ClockVoid)
}

func TestTheUsedPartIsThatOfTheCalendar(t *testing.T) {
	cal := calendarIn(t, "Asia/Shanghai", office)
	c := &plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(10 * time.Hour)}
	Start(c, instant(t, "2026-03-06T12:00+08:00"), cal) // Friday noon: 5 h are left of the week
	for _, w := range []struct {
		at   string
		used float64
	}{
		{"2026-03-06T12:00+08:00", 0}, {"2026-03-06T14:30+08:00", 0.25}, {"2026-03-06T17:00+08:00", 0.5},
		{"2026-03-09T12:00+08:00", 0.8}, {"2026-03-09T14:00+08:00", 1},
	} {
		if got := c.Used(instant(t, w.at)); got < w.used-1e-9 || got > w.used+1e-9 {
			t.Errorf("at %s %v is used, want %v", w.at, got, w.used)
		}
	}
}

// TestAClockOnACalendarAgreesWithAMinuteCounter lets a clock run on any
// calendar and pause now and then, and compares its marks with counting the
// minutes that the wall shows.
func TestAClockOnACalendarAgreesWithAMinuteCounter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		begin := instant(t, "2026-03-27T12:00Z")
		loc := zoneOf(t, rapid.SampledFrom([]string{"Europe/Berlin", "UTC", "Asia/Shanghai"}).Draw(rt, "zone"))
		hours := drawn(rt, plantroom.DateOf(begin, loc))
		cal, err := NewCalendar(hours, loc)
		if err != nil {
			rt.Fatal(err)
		}
		tenth := rapid.IntRange(1, 60).Draw(rt, "a tenth of the window, in minutes")
		c := &plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(time.Duration(tenth*10) * time.Minute)}
		Start(c, begin, cal)
		used, next, paused := 0, 0, false
		toggles := rapid.SliceOfN(rapid.IntRange(1, 600), 0, 6).Draw(rt, "minutes between pause and continue")
		for m := range 4 * 24 * 60 {
			now := begin.Add(time.Duration(m) * time.Minute)
			var want []int
			for _, p := range []int{50, 80} {
				if c.Marked < p && used >= tenth*p/10 && !paused {
					want = append(want, p)
				}
			}
			var got []int
			for _, mark := range Advance(c, now) {
				got = append(got, mark.Percent)
			}
			if used == tenth*10 && !slices.Contains(got, 100) && c.State == plantroom.ClockRunning { // kept to the nanosecond, late after it
				if c.Due > now {
					rt.Fatalf("minute %d: all is used, and it is due %s", m, c.Due.Time().In(loc))
				}
				return
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("minute %d, %d of %d used: marks %v, want %v; %+v", m, used, tenth*10, got, want, *c)
			}
			if next < len(toggles) && m == sum(toggles[:next+1]) {
				if paused = !paused; paused {
					Pause(c, now)
				} else {
					Continue(c, now, cal)
				}
				next++
			}
			if !paused && counts(hours, now.Time().In(loc)) {
				used++
			}
		}
	})
}

func sum(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}

// Its last moment still counts, as at the end of a window: it is not late, and has
// nothing left when the pause ends.
func TestAClockThatPausesInItsLastMomentIsNotLateForThePause(t *testing.T) {
	c := running()
	wantMarks(t, Advance(c, after(30*time.Minute)), 50, 80)
	if !Pause(c, after(30*time.Minute)) {
		t.Fatal("it does not pause")
	}
	Continue(c, after(2*time.Hour), nil)
	wantMarks(t, Advance(c, after(2*time.Hour)))
	if marks := Advance(c, after(2*time.Hour)+1); len(marks) != 1 || marks[0].At != after(2*time.Hour) || c.Breached != after(2*time.Hour) {
		t.Errorf("%+v, %+v", marks, *c)
	}
}

func TestAWindowThatEndsWithTheHoursOfItsCalendarIsOverWithThem(t *testing.T) {
	office, err := NewCalendar(plantroom.Calendar{Hours: []plantroom.Hours{{Start: 0, End: plantroom.Duration(30 * time.Minute)}}}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	c := &plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(30 * time.Minute)}
	Start(c, plantroom.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)), office)
	wantMarks(t, Advance(c, c.Started.Add(30*time.Minute)), 50, 80)
	wantMarks(t, Advance(c, c.Started.Add(time.Hour)), 100)
}
