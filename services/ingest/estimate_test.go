package ingest_test

import (
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// A gateway whose clock was never set guesses its times by the same clock as
// that of sending: what it measured a minute ago was a minute ago.
func TestAGuessedTimeIsJudgedByItsDistanceToTheSendingAndStoredAsItIs(t *testing.T) {
	for name, c := range map[string]struct {
		quality plantroom.Quality
		sent    time.Duration // since start, on the gateway's clock
		at      time.Duration
		judged  time.Duration
	}{
		"three hours behind":       {plantroom.EstimatedTime, -3 * time.Hour, -3*time.Hour - time.Minute, -time.Minute},
		"nine minutes ahead":       {plantroom.EstimatedTime, 9 * time.Minute, 8 * time.Minute, -time.Minute},
		"set since it was guessed": {plantroom.EstimatedTime, 0, -3 * time.Hour, -3 * time.Hour},
		"as right as clocks are":   {plantroom.EstimatedTime, -50 * time.Second, -55 * time.Second, -55 * time.Second},
		"a device's own time":      {plantroom.Good, -3 * time.Hour, -time.Minute, -time.Minute},
		"later than its sending":   {plantroom.EstimatedTime, -3 * time.Hour, -time.Hour, 0},
	} {
		r := newRig(t)
		rd := fill("bin-1", 1)
		rd.At, rd.Quality = start.Add(c.at), c.quality
		r.now = start
		r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Sent: start.Add(c.sent), Records: encodeReadings(t, rd)}))
		if want := []plantroom.Instant{start.Add(c.judged)}; !slices.Equal(r.core.shown["bin-1"], want) {
			t.Errorf("%s: judged as of %v, want %v", name, r.core.shown["bin-1"], want)
		}
		r.flush()
		if !r.writer.has(rd) {
			t.Errorf("%s: it is not stored under its own time", name)
		}
	}
}
