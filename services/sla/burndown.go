package sla

import (
	"slices"
	"time"

	"plantroom"
)

// Used returns the part of a clock's window that was used up at an instant, past
// ones included: 0 before the start, above 1 after the due time, and the same for
// ever once the clock has stopped. It is exact at the start, at each mark and at the
// end, stands still during the order's pauses, and goes evenly in between. Of a
// clock that went on after a repair that did not last it knows what was used by then,
// and not how. Clock.Used is the same without a memory of pauses that are over.
func Used(c *plantroom.Clock, pauses []plantroom.Pause, at plantroom.Instant) float64 {
	if c.Started.IsZero() || c.Due <= c.Started {
		return 0
	}
	from, part := c.Started, 0.0
	if !c.Resumed.IsZero() {
		from, part = c.Resumed, float64(c.Spent)/float64(c.Window)
	}
	if !c.Paused.IsZero() {
		at = min(at, c.Paused)
	} else if !c.Stopped.IsZero() {
		at = min(at, c.Stopped)
	}
	switch {
	case at < c.Started:
		return 0
	case at <= from:
		return part
	case !c.Resumed.IsZero() && c.Due <= c.Resumed: // it was late already when it went on
		return part + float64(at-from)/float64(c.Window)
	}
	for _, m := range marksOf(c) {
		if m.At <= from { // not known, as of a clock that is older than the marks
			continue
		}
		if at <= m.At || m.Used == 1 {
			return part + (m.Used-part)*ratio(c, pauses, from, at, m.At)
		}
		from, part = m.At, m.Used
	}
	return 1 + float64(at-c.Due)/float64(c.Window) // its window ended where it went on
}

// Point is what was used up at an instant.
type Point struct {
	At   plantroom.Instant
	Used float64
}

func marksOf(c *plantroom.Clock) [3]Point {
	return [3]Point{{c.Half, 0.5}, {c.Most, 0.8}, {c.Due, 1}}
}

// ratio is how far the time that counts has come from one instant to another.
func ratio(c *plantroom.Clock, pauses []plantroom.Pause, from, at, to plantroom.Instant) float64 {
	whole := ran(c, pauses, from, to)
	if whole <= 0 {
		return 0
	}
	return float64(ran(c, pauses, from, at)) / float64(whole)
}

// ran is the time between two instants in which the clock did not pause.
func ran(c *plantroom.Clock, pauses []plantroom.Pause, from, to plantroom.Instant) time.Duration {
	d := to.Sub(from)
	for i := range pauses {
		if p := &pauses[i]; stoodStill(c, p) {
			d -= max(0, min(to, p.Ended).Sub(max(from, p.Begun)))
		}
	}
	return max(0, d)
}

// stoodStill reports whether a pause is over that has moved the clock's marks. One
// that lasts, or in which the clock was stopped, has not moved them.
func stoodStill(c *plantroom.Clock, p *plantroom.Pause) bool {
	return !p.Begun.IsZero() && p.Ended > p.Begun && slices.Contains(p.Clocks, c.Kind) && (c.Paused.IsZero() || p.Begun < c.Paused)
}

// Burndown is how a window was used up between two instants: at n instants that
// are spread evenly over them, the ends included, as far as the clock counted there,
// and where it began, stopped, passed a mark or paused. So several clocks share the
// times of their points, and each is exact where it bends. to is not to lie in the
// future. A clock that never began or is void has none: when it became void is
// not known.
func Burndown(c *plantroom.Clock, pauses []plantroom.Pause, from, to plantroom.Instant, n int) []Point {
	began := max(c.Started, c.Resumed)
	first, last := max(from, began), to
	if !c.Stopped.IsZero() {
		last = min(to, c.Stopped)
	}
	if c.Started.IsZero() || c.State == plantroom.ClockVoid || first > last {
		return nil
	}
	at := []plantroom.Instant{first, last}
	for i := range n {
		at = append(at, from+plantroom.Instant(float64(to-from)*float64(i)/float64(max(1, n-1))))
	}
	for _, m := range marksOf(c) {
		at = append(at, m.At)
	}
	for i := range pauses {
		if p := &pauses[i]; slices.Contains(p.Clocks, c.Kind) {
			at = append(at, p.Begun, p.Ended)
		}
	}
	slices.Sort(at)
	var out []Point
	for _, i := range slices.Compact(at) {
		if first <= i && i <= last {
			out = append(out, Point{i, Used(c, pauses, i)})
		}
	}
	return out
}
