package app

import (
	"testing"
	"time"

	"plantroom"
)

func TestAStepThatOnePartSawForAMomentIsCounted(t *testing.T) {
	now := plantroom.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	w := &watch{now: func() plantroom.Instant { return now }}
	look := func(d time.Duration, steps uint64) {
		t.Helper()
		now = now.Add(d)
		if got := w.Now(); got != now {
			t.Errorf("shows %s at %s", got, now)
		}
		if n := w.Steps(); n != steps {
			t.Errorf("%d steps after one of %s, want %d", n, d, steps)
		}
	}
	look(0, 0)
	look(time.Hour, 0)
	look(-time.Millisecond, 0) // of one who looked just before another
	look(time.Millisecond, 0)
	look(8*24*time.Hour, 0)
	look(-8*24*time.Hour, 1)
	look(time.Second, 1)
	look(-time.Hour, 2)
	look(time.Hour, 2)
}
