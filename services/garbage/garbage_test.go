package garbage

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func TestRoomForGarbageGoesByWhatLives(t *testing.T) {
	for _, c := range []struct {
		live    uint64
		percent int
	}{{0, 400}, {1 << 20, 400}, {8 << 20, 400}, {10 << 20, 320}, {32 << 20, 100}, {60 << 20, 50}, {100 << 20, 40}, {4 << 30, 40}} {
		if got := percent(c.live); got != c.percent {
			t.Errorf("%d bytes live: %d %%, want %d %%", c.live, got, c.percent)
		}
	}
}

func TestAProgramThatComesToKeepMuchIsCollectedMoreOften(t *testing.T) {
	t.Setenv("GOGC", "")
	before := inForce()
	end := Room()
	defer end()
	if p := inForce(); p != most {
		t.Errorf("%d %% for a program that keeps nothing, want %d %%", p, most)
	}
	var keep [][]byte
	for range 160 {
		keep = append(keep, make([]byte, 1<<20))
	}
	collectUntil(t, least)
	runtime.KeepAlive(keep)
	keep = nil
	collectUntil(t, most)
	end()
	if p := inForce(); p != before {
		t.Errorf("%d %% after its end, want the %d %% of before", p, before)
	}
}

func TestWhoeverSetsGOGCIsNotOverruled(t *testing.T) {
	t.Setenv("GOGC", "70")
	before := inForce()
	defer Room()()
	if p := inForce(); p != before {
		t.Errorf("%d %% where it was %d %%", p, before)
	}
}

// inForce reads the percentage.
func inForce() int {
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	return int(s[0].Value.Uint64())
}

func collectUntil(t *testing.T, want int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); inForce() != want; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("%d %%, want %d %%", inForce(), want)
		}
	}
}
