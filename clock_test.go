package plantroom_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
)

var eight = plantroom.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))

func running(window time.Duration) plantroom.Clock {
	return plantroom.Clock{Kind: plantroom.Restore, State: plantroom.ClockRunning, From: plantroom.FromRaised,
		Window: plantroom.Duration(window), Started: eight, Due: eight.Add(window)}
}

func TestAClockSaysHowMuchOfItsWindowIsUsedAndLeft(t *testing.T) {
	c := running(30 * time.Minute)
	for after, want := range map[time.Duration]struct {
		used float64
		left time.Duration
	}{
		0:                {0, 30 * time.Minute},
		15 * time.Minute: {0.5, 15 * time.Minute},
		24 * time.Minute: {0.8, 6 * time.Minute},
		30 * time.Minute: {1, 0},
		45 * time.Minute: {1.5, -15 * time.Minute},
	} {
		now := eight.Add(after)
		if used, left := c.Used(now), c.Left(now); math.Abs(used-want.used) > 1e-12 || left != want.left {
			t.Errorf("after %v: %v used, %v left; want %v and %v", after, used, left, want.used, want.left)
		}
	}
}

func TestAStoppedClockStandsStill(t *testing.T) {
	c := running(30 * time.Minute)
	c.State, c.Stopped = plantroom.ClockMet, eight.Add(12*time.Minute)
	for _, after := range []time.Duration{0, 12 * time.Minute, time.Hour, 1000 * time.Hour} {
		now := eight.Add(after)
		if used, left := c.Used(now), c.Left(now); used != 0.4 || left != 18*time.Minute {
			t.Errorf("after %v: %v used, %v left", after, used, left)
		}
	}
}

func TestAClockThatHasNotStartedHasUsedNothing(t *testing.T) {
	waiting := plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(time.Hour)}
	if used := waiting.Used(eight); used != 0 {
		t.Errorf("a waiting clock has used %v", used)
	}
	empty := running(0)
	if used := empty.Used(eight.Add(time.Hour)); used != 0 {
		t.Errorf("a clock without a window has used %v: the part of nothing", used)
	}
}

// A breached clock counts on until it is stopped, so that the lateness is
// known; all others that are decided are done.
func TestWhichClocksStillCount(t *testing.T) {
	for state, want := range map[plantroom.ClockState]bool{
		plantroom.ClockWaiting: true, plantroom.ClockRunning: true, plantroom.ClockPaused: true, plantroom.ClockBreached: true,
		plantroom.ClockMet: false, plantroom.ClockVoid: false,
	} {
		c := plantroom.Clock{State: state}
		if c.Open() != want {
			t.Errorf("a clock that is %s: open %v", state, c.Open())
		}
	}
	late := plantroom.Clock{State: plantroom.ClockBreached, Breached: eight, Stopped: eight.Add(time.Minute)}
	if late.Open() {
		t.Error("a breached clock that was stopped still counts")
	}
}

func TestUsedAndLeftAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := time.Duration(rapid.Int64Range(1, int64(1000*time.Hour)).Draw(t, "window"))
		a := time.Duration(rapid.Int64Range(0, int64(2000*time.Hour)).Draw(t, "a"))
		b := time.Duration(rapid.Int64Range(int64(a), int64(2000*time.Hour)).Draw(t, "b"))
		c := running(window)
		if c.Used(eight.Add(a)) > c.Used(eight.Add(b)) || c.Left(eight.Add(a)) < c.Left(eight.Add(b)) {
			t.Fatalf("a clock ran backwards between %v and %v", a, b)
		}
		if late, over := c.Left(eight.Add(a)) <= 0, c.Used(eight.Add(a)) >= 1; late != over {
			t.Fatalf("after %v of %v: %v left, %v used", a, window, c.Left(eight.Add(a)), c.Used(eight.Add(a)))
		}
	})
}

func TestMarksRise(t *testing.T) {
	last := 0
	for _, m := range plantroom.Marks {
		if m <= last || m > 100 {
			t.Errorf("mark %d after %d", m, last)
		}
		last = m
	}
	if last != 100 {
		t.Errorf("the last mark is at %d %%: a breach is at 100", last)
	}
}

// A clock that goes on after a repair that did not last: 20 of its 30 minutes were
// used, or it was 15 minutes late, when the fault came back three hours later.
func TestAClockThatGoesOnSaysWhatItHasUsedInAll(t *testing.T) {
	back := eight.Add(3 * time.Hour)
	going := running(30 * time.Minute)
	going.Resumed, going.Spent, going.Due = back, plantroom.Duration(20*time.Minute), back.Add(10*time.Minute)
	late := running(30 * time.Minute)
	late.State, late.Resumed, late.Spent = plantroom.ClockBreached, back, plantroom.Duration(45*time.Minute)
	for says, c := range map[string]struct {
		clock plantroom.Clock
		after time.Duration
		used  float64
		left  time.Duration
	}{
		"with what was left":    {going, 0, 20. / 30, 10 * time.Minute},
		"which goes on":         {going, 4 * time.Minute, 24. / 30, 6 * time.Minute},
		"and ends":              {going, 10 * time.Minute, 1, 0},
		"late as it was":        {late, 0, 1.5, -15 * time.Minute},
		"and later, from there": {late, 15 * time.Minute, 2, -30 * time.Minute},
		"however long it held":  {late, time.Hour, 105. / 30, -75 * time.Minute},
	} {
		now := back.Add(c.after)
		if used, left := c.clock.Used(now), c.clock.Left(now); math.Abs(used-c.used) > 1e-9 || left != c.left {
			t.Errorf("%s: %v used, %v left; want %v and %v", says, used, left, c.used, c.left)
		}
		done := c.clock
		done.Stopped = now
		if want := time.Duration(c.clock.Spent) + c.after; done.Took() != want {
			t.Errorf("%s: it took %s, want %s", says, done.Took(), want)
		}
	}
	plain := running(30 * time.Minute)
	plain.Stopped = eight.Add(12 * time.Minute)
	if plain.Took() != 12*time.Minute {
		t.Errorf("one that never went on took %s", plain.Took())
	}
}
