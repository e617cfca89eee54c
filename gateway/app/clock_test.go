package app_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plantroom"
	"plantroom/gateway/clock"
	"plantroom/internal/mqttconn/brokertest"
)

// A gateway that has no clock of its own starts in 1970. Whatever way a reading
// came in, it arrives with the time at which it was measured.
func TestReadingsFromBeforeTheClockWasSetArriveWithTheirTimes(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	begun := time.Now()
	var synced atomic.Bool
	g := startAt(t, twoSources+"clock: {wait: 10m}\n", b, nil, func() clock.Moment {
		m := clock.Moment{ID: clock.BootID{1}, Boot: time.Since(begun)}
		if m.Wall = plantroom.Instant(m.Boot); synced.Load() {
			m.Wall, m.Synced = plantroom.At(begun).Add(m.Boot), true
		}
		return m
	})
	wait(t, "the source is connected", func() bool { h := g.state(); return *h.Sources[0].Connected })
	publish(t, b, "one/d", `{"v":{"x":1}}`)
	wait(t, "the readings wait for the clock", func() bool { h := g.state(); return h.Clock.Waiting && h.Spool.Records >= 3 })
	if h := g.state(); h.Status != "degraded" || h.Clock.State != clock.None || !strings.Contains(strings.Join(h.Problems, ";"), "the clock is not set") {
		t.Errorf("health says %s, %v", h.Status, h.Problems)
	}
	if !strings.Contains(g.get("/metrics"), "plantroom_gateway_clock_set 0") {
		t.Error("the metrics do not say that the clock is not set")
	}
	if s.has("d x=1") {
		t.Error("the reading did not wait")
	}
	before := plantroom.At(time.Now())
	synced.Store(true)
	wait(t, "the readings arrived", func() bool { return s.has("d x=1") && s.has("b1-l1-fault fault=none") })
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.all[:3] {
		if r.At < plantroom.At(begun) || r.At > before || r.Quality != plantroom.Good {
			t.Errorf("%s %s arrived with %s, %s; want a time from %s to %s", r.Device, r.Signal, r.At, r.Quality, plantroom.At(begun), before)
		}
	}
}
