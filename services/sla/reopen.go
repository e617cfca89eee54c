package sla

import (
	"time"

	"plantroom"
)

// Reopen lets a clock that was stopped go on from at, because what had kept its
// promise did not last. It goes on with what it had used: what was left of the
// window, to the next mark and to the end, is what is left now, on the calendar,
// and one that was late goes on being late. The time from the stop to at counts
// in neither. Marks that have taken effect do not do so again, and a breach
// remains; one that was corrected was none, and its mark may come again. Reopen
// reports whether the clock goes on: one that had never begun, or was void, does
// not.
func Reopen(c *plantroom.Clock, at plantroom.Instant, on *Calendar) bool {
	kept := c.State == plantroom.ClockMet
	if c.Started.IsZero() || c.Stopped.IsZero() || !kept && c.State != plantroom.ClockBreached {
		return false
	}
	stood := c.Stopped
	if !c.Paused.IsZero() {
		stood = c.Paused
	}
	at = max(at, c.Stopped)
	spent := plantroom.Duration(Spent(c, stood, on))
	if kept {
		c.State = plantroom.ClockRunning
		c.Marked = min(c.Marked, plantroom.Marks[len(plantroom.Marks)-2])
		c.Half, c.Most = markAt(c, 50), markAt(c, 80)
		goOn(c, stood, at, on)
	}
	c.Spent, c.Resumed, c.Stopped, c.Paused = spent, at, 0, 0
	return true
}

// Spent returns how much of a clock's window was used up at an instant, on its
// calendar: more than the window where it was late by then. at is not before the
// clock was started, or has gone on.
func Spent(c *plantroom.Clock, at plantroom.Instant, on *Calendar) time.Duration {
	switch window := time.Duration(c.Window); {
	case c.Started.IsZero():
		return 0
	case !c.Resumed.IsZero() && c.Due <= c.Resumed:
		return time.Duration(c.Spent) + on.Counted(c.Resumed, at)
	case at > c.Due:
		return window + on.Counted(c.Due, at)
	default:
		return window - on.Counted(at, c.Due)
	}
}
