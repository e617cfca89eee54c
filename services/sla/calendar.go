package sla

import (
	"iter"
	"slices"
	"time"

	"plantroom"
)

const day = 24 * time.Hour

// latest is the end of time on a calendar: 2261-12-30, after which no Instant can
// be read again as it is written.
const latest plantroom.Instant = 9_214_473_600_000_000_000

// Calendar tells how much time counts. The wall decides: a moment counts if
// the clocks of the zone show at it a time within the hours. So where clocks
// are put forward, hours that are skipped do not count, since nobody has seen
// them; where they are put back, the repeated hour counts twice. A nil
// Calendar counts everything.
type Calendar struct {
	zone    *time.Location
	week    [7][]span
	special map[plantroom.Date][]span
}

// span is a part of a day on the wall, after midnight; to may lie on the next day.
type span struct{ from, to time.Duration }

// NewCalendar makes a Calendar of hours on the wall of a zone. Without a
// minute in any week it is CodeInvalid: no window would ever end on it.
func NewCalendar(c plantroom.Calendar, zone *time.Location) (*Calendar, error) {
	out := &Calendar{zone: zone, special: make(map[plantroom.Date][]span, len(c.Special))}
	some := false
	for _, h := range c.Hours {
		if err := checkHours(c.ID, h); err != nil {
			return nil, err
		}
		for d := range out.week {
			if len(h.Days) == 0 || slices.Contains(h.Days, time.Weekday(d)) {
				out.week[d] = append(out.week[d], spanOf(h))
				some = true
			}
		}
	}
	if !some {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "calendar %s has no hours: a window on it would never end; leave the calendar away for all hours", c.ID)
	}
	for _, s := range c.Special {
		spans := []span{}
		for _, h := range s.Hours {
			if err := checkHours(c.ID, h); err != nil {
				return nil, err
			}
			spans = append(spans, spanOf(h))
		}
		if _, twice := out.special[s.Date]; twice {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "calendar %s names %s twice", c.ID, s.Date)
		}
		out.special[s.Date] = spans
	}
	return out, nil
}

// NewCalendars makes a Calendar of each of an estate's, by id.
func NewCalendars(list []plantroom.Calendar, zone *time.Location) (map[plantroom.CalendarID]*Calendar, error) {
	out := make(map[plantroom.CalendarID]*Calendar, len(list))
	for _, c := range list {
		var err error
		if out[c.ID], err = NewCalendar(c, zone); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func checkHours(id plantroom.CalendarID, h plantroom.Hours) error {
	if start, end := time.Duration(h.Start), time.Duration(h.End); start < 0 || start >= day || end < 0 || end > day {
		return plantroom.Errorf(plantroom.CodeInvalid, "calendar %s has hours from %s to %s: a start is 0s to less than 24h, an end 0s to 24h", id, h.Start, h.End)
	}
	return nil
}

func spanOf(h plantroom.Hours) span {
	s := span{time.Duration(h.Start), time.Duration(h.End)}
	if s.to <= s.from {
		s.to += day
	}
	return s
}

// Add returns the earliest instant by which d has counted since from. A calendar
// with next to no hours, or a window of centuries, may have it end in 2261, beyond
// which nothing can be said.
func (c *Calendar) Add(from plantroom.Instant, d time.Duration) plantroom.Instant {
	switch {
	case c != nil && d > 0:
	case from > 0 && d > latest.Sub(from):
		return latest
	default:
		return from.Add(d)
	}
	for a, b := range c.counting(from) {
		if have := b.Sub(a); have < d {
			d -= have
			continue
		}
		return a.Add(d)
	}
	return latest
}

// Counted returns how much time counts from one instant to another; 0 where
// they are the other way round.
func (c *Calendar) Counted(from, to plantroom.Instant) time.Duration {
	if c == nil {
		return max(0, to.Sub(from))
	}
	var sum time.Duration
	for a, b := range c.counting(from) {
		if a >= to {
			break
		}
		sum += min(b, to).Sub(a)
	}
	return sum
}

// Counts reports whether time counts at an instant.
func (c *Calendar) Counts(at plantroom.Instant) bool { return c.Counted(at, at+1) > 0 }

// counting yields the stretches that count, from an instant on and in order.
// It goes by parts of a day within which the wall keeps its distance from UTC.
func (c *Calendar) counting(at plantroom.Instant) iter.Seq2[plantroom.Instant, plantroom.Instant] {
	return func(yield func(a, b plantroom.Instant) bool) {
		for at < latest-plantroom.Instant(2*day) {
			t := at.Time().In(c.zone)
			_, seconds := t.Zone()
			ahead := time.Duration(seconds) * time.Second
			date := plantroom.DateOf(at, c.zone)
			midnight := plantroom.Instant(date) * plantroom.Instant(day) // on the wall, as if it were UTC
			midnight = midnight.Add(-ahead)
			end := midnight.Add(day)
			if _, change := t.ZoneBounds(); !change.IsZero() {
				end = min(end, plantroom.At(change))
			}
			for _, s := range c.hoursOn(date) {
				a, b := max(at, midnight.Add(s.from)), min(end, midnight.Add(s.to))
				if a < b && !yield(a, b) {
					return
				}
			}
			at = end
		}
	}
}

// hoursOn returns what counts of a date, in order and without overlaps: its own
// hours and what runs on from the day before.
func (c *Calendar) hoursOn(d plantroom.Date) []span {
	var all []span
	for _, s := range c.begunOn(d - 1) {
		if s.to > day {
			all = append(all, span{0, s.to - day})
		}
	}
	for _, s := range c.begunOn(d) {
		all = append(all, span{s.from, min(s.to, day)})
	}
	slices.SortFunc(all, func(a, b span) int { return int(a.from - b.from) })
	merged := all[:0]
	for _, s := range all {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

func (c *Calendar) begunOn(d plantroom.Date) []span {
	if s, ok := c.special[d]; ok {
		return s
	}
	return c.week[d.Weekday()]
}
