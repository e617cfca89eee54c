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
		due := s.Due(now, 0)
		s.Looked(now, 0)
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
	s.Looked(right.Add(24*time.Hour), 0)
	for try := range 3 {
		if !s.Due(right, 0) {
			t.Errorf("a look that has failed %d times is forgotten", try)
		}
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

func TestAStepThatOnlyOthersHaveSeenIsLookedAfter(t *testing.T) {
	var s plantroom.SetBack
	now := plantroom.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	s.Looked(now, 0)
	now = now.Add(time.Second)
	if !s.Due(now, 1) {
		t.Fatal("a step that somebody else has seen is not looked after")
	}
	s.Looked(now, 1)
	if s.Due(now.Add(time.Second), 1) {
		t.Error("one step is looked after all the time")
	}
	if !s.Due(now.Add(10*time.Second), 1) {
		t.Error("it is not looked after again, although somebody may have committed after it by the time before")
	}
}
