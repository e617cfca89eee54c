package plantroom_test

import (
	"testing"
	"time"

	"plantroom"
)

func TestAClockThatIsSetBackIsLookedAfterAtOnceAndForAMinute(t *testing.T) {
	var s plantroom.SetBack
	right := plantroom.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	looks := func(now plantroom.Instant) bool {
		due := s.Due(now)
		s.Looked(now)
		return due
	}
	if !looks(right) {
		t.Error("a start does not look: the clock may have been set right before")
	}
	for at := time.Second; at < time.Hour; at += 10 * time.Second {
		if looks(right.Add(at)) {
			t.Errorf("looked %s after the start, although the clock goes on", at)
		}
	}
	if s.Looked(right.Add(24 * time.Hour)); !s.Due(right) || !s.Due(right) {
		t.Error("a look that has failed is forgotten")
	}
	var looked []time.Duration
	for at := time.Duration(0); at < time.Hour; at += time.Second {
		if looks(right.Add(at)) {
			looked = append(looked, at)
		}
	}
	if n := len(looked); n < 10 || looked[0] != 0 || looked[1] > 5*time.Second || looked[n-1] > time.Minute || looked[n-1] < 50*time.Second {
		t.Errorf("looked %v after the step, want at once, and every five seconds for a minute", looked)
	}
}
