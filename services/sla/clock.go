package sla

import (
	"time"

	"plantroom"
)

// Mark says that a part of a clock's window is used up.
type Mark struct {
	Kind    plantroom.ClockKind
	Percent int               // one of plantroom.Marks
	At      plantroom.Instant // when it came due
	Late    time.Duration     // how long after At it was noticed
}

// Start lets a waiting clock run from at, which may lie in the past, on a
// calendar (nil: around the clock). What it comes to is kept on the clock, so
// that a calendar which is changed later changes no promise that runs. A clock
// that is not waiting stays as it is.
func Start(c *plantroom.Clock, at plantroom.Instant, on *Calendar) {
	if c.State != plantroom.ClockWaiting {
		return
	}
	c.State = plantroom.ClockRunning
	c.Started = at
	c.Half, c.Most, c.Due = on.Add(at, part(c.Window, 50)), on.Add(at, part(c.Window, 80)), on.Add(at, time.Duration(c.Window))
}

// part returns some percent of a window. It divides first, so that no window is
// too long for it.
func part(w plantroom.Duration, percent time.Duration) time.Duration {
	d := time.Duration(w)
	return d/100*percent + d%100*percent/100
}

// Pause lets a running clock stand still from at on, and reports whether it
// does: a clock that is late, or waits, or is done, cannot pause.
func Pause(c *plantroom.Clock, at plantroom.Instant) bool {
	if c.State != plantroom.ClockRunning || at > c.Due {
		return false
	}
	c.State, c.Paused = plantroom.ClockPaused, at
	return true
}

// Continue lets a clock that pauses run again from at on. What of its window was
// left, to the next mark and to the end, is what is left now, on the calendar.
func Continue(c *plantroom.Clock, at plantroom.Instant, on *Calendar) {
	if c.State != plantroom.ClockPaused {
		return
	}
	goOn(c, c.Paused, at, on)
	c.State, c.Paused = plantroom.ClockRunning, 0
}

// goOn moves what was left of a clock's window, when it stood still, to behind at.
// One that stood still with its last moment has until at and not longer.
func goOn(c *plantroom.Clock, stood, at plantroom.Instant, on *Calendar) {
	if stood >= c.Due {
		c.Due = at
		return
	}
	for _, mark := range []*plantroom.Instant{&c.Half, &c.Most, &c.Due} {
		if *mark > stood {
			*mark = on.Add(at, on.Counted(stood, *mark))
		}
	}
}

// Stop says that the promise was kept at an instant. A clock that is stopped
// by its due time, to the nanosecond, is met, and so is one that pauses, or whose
// starting event has not even happened. One that is stopped later is breached; one
// that has been found breached stays so, whatever time is given; see Prove for
// what a sensor can do about it. The first Stop counts.
func Stop(c *plantroom.Clock, at plantroom.Instant) {
	if !c.Open() {
		return
	}
	c.Stopped = at
	switch {
	case c.State == plantroom.ClockBreached:
	case c.State == plantroom.ClockRunning && at > c.Due:
		c.State, c.Breached = plantroom.ClockBreached, c.Due
	default:
		c.State = plantroom.ClockMet
	}
}

// Prove says that a sensor has seen the promise kept at an instant. It is a
// Stop, but for one thing: a breach says that nothing had been heard by the due
// time, and where the sensor's own time shows that the promise was kept by
// then, the breach was only that the news came late. The clock is then met. What
// the breach has set off stays done, and its mark does not come again. Prove
// reports whether it has corrected a breach in that way.
func Prove(c *plantroom.Clock, at plantroom.Instant) (corrected bool) {
	if c.Open() && c.State == plantroom.ClockBreached && at <= c.Due {
		c.State, c.Breached, c.Noticed = plantroom.ClockRunning, 0, 0
		corrected = true
	}
	Stop(c, at)
	return corrected
}

// Moot says that the promise was overtaken at an instant: what it was given for
// was over. One that was late by then stays late; any other is void, also one
// that was found breached since, because the news came late. Moot reports
// whether it has corrected a breach in that way.
func Moot(c *plantroom.Clock, at plantroom.Instant) (corrected bool) {
	if !c.Open() {
		return false
	}
	if c.State != plantroom.ClockPaused && !c.Due.IsZero() && at > c.Due {
		Stop(c, at)
		return false
	}
	corrected = c.State == plantroom.ClockBreached
	c.State, c.Breached, c.Noticed = plantroom.ClockVoid, 0, 0
	return corrected
}

// Resume takes a Stop back, as when an acknowledgement is withdrawn: the
// clock counts on as if it had never been stopped. Marks that have taken
// effect do not do so again, and a breach remains.
func Resume(c *plantroom.Clock) {
	if c.Stopped.IsZero() || c.State != plantroom.ClockMet && c.State != plantroom.ClockBreached {
		return
	}
	c.Stopped = 0
	switch {
	case c.State == plantroom.ClockBreached:
	case c.Started.IsZero():
		c.State = plantroom.ClockWaiting
	case !c.Paused.IsZero():
		c.State = plantroom.ClockPaused
	default:
		c.State = plantroom.ClockRunning
	}
}

// Void ends a clock that still counts, because the order was cancelled or the
// promise fell away. A breach before that stays readable in Breached. A clock
// that is decided stays as it is.
func Void(c *plantroom.Clock) {
	if c.Open() {
		c.State = plantroom.ClockVoid
	}
}

// Due returns the next instant at which a mark takes effect, zero where none
// will: Advance does nothing before it and something from it on. The marks of
// 50 and 80 % take effect when that part is used up, the breach one
// nanosecond after the due time, because a promise kept at the due time is kept.
func Due(c *plantroom.Clock) plantroom.Instant {
	for _, percent := range plantroom.Marks {
		if pending(c, percent) {
			return effect(c, percent)
		}
	}
	return 0
}

// Advance lets time pass up to now and returns the marks that have come due
// since the last call, lowest first. Each takes effect once, however often
// and with whatever instants it is called; after a long stop all that were
// missed come at once, with their own due times. A clock that was met, or
// voided, or that pauses, has no marks; one that was stopped late and not
// yet found breached has the last one only.
func Advance(c *plantroom.Clock, now plantroom.Instant) []Mark {
	var marks []Mark
	for _, percent := range plantroom.Marks {
		if !pending(c, percent) || now < effect(c, percent) {
			continue
		}
		at := markAt(c, percent)
		marks = append(marks, Mark{Kind: c.Kind, Percent: percent, At: at, Late: now.Sub(at)})
		c.Marked = percent
		if percent == 100 {
			c.State, c.Breached, c.Noticed = plantroom.ClockBreached, c.Due, now
		}
	}
	return marks
}

// pending reports whether a mark may still take effect.
func pending(c *plantroom.Clock, percent int) bool {
	if percent <= c.Marked {
		return false
	}
	switch c.State {
	case plantroom.ClockRunning:
		return true
	case plantroom.ClockBreached: // stopped late, before anybody looked
		return percent == 100
	}
	return false
}

// effect returns when Advance has to notice a mark.
func effect(c *plantroom.Clock, percent int) plantroom.Instant {
	if percent == 100 {
		return c.Due + 1
	}
	return markAt(c, percent)
}

// markAt returns when a part of the window was used up. A clock of the time
// before there were calendars has kept its due time only.
func markAt(c *plantroom.Clock, percent int) plantroom.Instant {
	switch {
	case percent == 50 && !c.Half.IsZero():
		return c.Half
	case percent == 80 && !c.Most.IsZero():
		return c.Most
	case percent == 100:
		return c.Due
	}
	return c.Started.Add(part(plantroom.Duration(c.Due-c.Started), time.Duration(percent)))
}

// Tighten applies the clock of a severity that has gone up to those of an order.
// It binds where it ends before the old one of its kind; a clock that has ended
// stays as it is.
func Tighten(clocks []plantroom.Clock, stricter plantroom.Clock) []plantroom.Clock {
	for i := range clocks {
		if old := &clocks[i]; old.Kind == stricter.Kind {
			if old.Open() && Sooner(stricter, *old) {
				*old = stricter
			}
			return clocks
		}
	}
	return append(clocks, stricter)
}

// Sooner reports whether a promise ends before another one does. One whose
// start is still awaited ends after every other one.
func Sooner(a, b plantroom.Clock) bool {
	switch {
	case a.Due.IsZero() && b.Due.IsZero():
		return a.Window < b.Window
	case a.Due.IsZero() || b.Due.IsZero():
		return b.Due.IsZero()
	}
	return a.Due < b.Due
}
