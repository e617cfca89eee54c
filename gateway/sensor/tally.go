package sensor

import (
	"time"

	"plantroom/gateway/sensor/gpioline"
)

// tally counts the pulses in the edges of a line. It decides by the times that
// the kernel has given them, so it does not matter when it is told.
//
// A pulse is counted when the line becomes active and stays so for hold, after
// it had been inactive for hold: shorter levels are bounce or noise. Its end
// is not waited for.
type tally struct {
	hold time.Duration
	most float64 // pulses in a second; more is noted

	level  debouncer
	pulses uint64 // since the last take
	last   uint32 // number of the last edge

	window time.Time // a second of which the two below are the counts
	inside float64   // pulses
	edges  int

	flaws flaws
}

// flaws are why a count may be wrong.
type flaws struct {
	Fast  bool   // more pulses in a second than the stated maximum
	Noisy bool   // more edges in a second than can be promised to be seen
	Lost  uint64 // edges that the kernel has dropped
}

func (f flaws) any() bool { return f.Fast || f.Noisy || f.Lost > 0 }

// maxEdges is how many edges in a second are promised to be seen: at that, the
// kernel's buffer of 1,024 covers two seconds in which the process does not
// run.
const maxEdges = gpioline.Buffered / 2

// newTally begins with a line as it is found. What is active then is no pulse:
// it may have been counted before.
func newTally(hold time.Duration, most float64, active bool, now time.Duration) *tally {
	t := &tally{hold: hold, most: most, level: debouncer{hold: hold, raw: active, since: instant(now), steady: active, known: true}}
	t.window = instant(now)
	return t
}

// instant makes a time of the kernel's clock, for differences only.
func instant(d time.Duration) time.Time { return time.Unix(0, int64(d)) }

// edge takes the next edge.
func (t *tally) edge(e gpioline.Edge) {
	if missing := e.Number - t.last - 1; missing > 0 { // wraps as the numbers do
		t.flaws.Lost += uint64(missing)
	}
	t.last = e.Number
	at := instant(e.At)
	t.tick(at)
	if t.edges++; t.edges > maxEdges {
		t.flaws.Noisy = true
	}
	t.settle(at)
	t.level.see(e.Active, at)
}

// batch takes what one wait has brought, and the clock as it was before: where
// it brought nothing, nothing had happened until then.
func (t *tally) batch(edges []gpioline.Edge, before time.Duration) {
	for _, e := range edges {
		t.edge(e)
	}
	if len(edges) == 0 {
		t.settle(instant(before))
	}
}

// settle tells the time at which the line was still as the last edge has left
// it.
func (t *tally) settle(now time.Time) {
	changed, at := t.level.see(t.level.raw, now)
	if !changed || !t.level.steady {
		return
	}
	t.pulses++
	t.tick(at)
	if t.inside++; t.inside > t.most+1 { // a second may begin with a pulse and end with one
		t.flaws.Fast = true
	}
}

// tick begins a new second where the old one is over.
func (t *tally) tick(now time.Time) {
	if now.Sub(t.window) >= time.Second {
		t.window, t.inside, t.edges = now, 0, 0
	}
}

// take returns what was counted since it was last called.
func (t *tally) take() (uint64, flaws) {
	pulses, f := t.pulses, t.flaws
	t.pulses, t.flaws = 0, flaws{}
	return pulses, f
}
