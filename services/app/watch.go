package app

import (
	"sync/atomic"
	"time"

	"plantroom"
)

// oddly is how far before another's a time may be without a step: two goroutines
// need not come back in the order in which they looked.
const oddly = time.Second

// watch is the time of a whole server. It notices when the clock was set back even
// where the time before was seen by one part alone, for a moment.
type watch struct {
	now    func() plantroom.Instant
	latest atomic.Int64
	steps  atomic.Uint64
}

// Now returns the time.
func (w *watch) Now() plantroom.Instant {
	now := w.now()
	for {
		latest := w.latest.Load()
		back := int64(now) < latest-int64(oddly)
		if !back && int64(now) <= latest {
			return now
		}
		if w.latest.CompareAndSwap(latest, int64(now)) {
			if back {
				w.steps.Add(1)
			}
			return now
		}
	}
}

// Steps counts how often the clock was set back.
func (w *watch) Steps() uint64 { return w.steps.Load() }
