package codec

import (
	"time"

	"plantroom"
)

// A codec that fails Strikes times in a row is set aside for firstPause; each
// failure after that doubles the pause, up to maxPause. One success forgets it
// all.
const (
	Strikes    = 3
	firstPause = time.Minute
	maxPause   = time.Hour
)

// guard keeps a broken codec from being tried for ever.
type guard struct {
	failures int // in a row
	until    plantroom.Instant
	last     error
}

// aside says why a codec is not to be tried now, or gives nil.
func (g *guard) aside(now plantroom.Instant) error {
	if g.failures < Strikes || !now.Before(g.until) || g.until.Sub(now) > maxPause { // the last: the clock was set back
		return nil
	}
	return plantroom.Errorf(plantroom.CodeUnavailable, "it is set aside until %s after %d failures in a row: %w; repair or replace the file and reload",
		g.until.Add(time.Second-1).Time().Truncate(time.Second).Format(time.RFC3339), g.failures, g.last)
}

// note notes how a call ended.
func (g *guard) note(now plantroom.Instant, err error) {
	if err == nil {
		*g = guard{}
		return
	}
	g.failures++
	g.last = err
	if g.failures >= Strikes {
		g.until = now.Add(min(firstPause<<min(g.failures-Strikes, 10), maxPause))
	}
}
