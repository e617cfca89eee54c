package icalendar

import (
	"fmt"
	"time"

	"plantroom"
)

// expansion gathers the occurrences of events.
type expansion struct {
	from, to plantroom.Instant
	moved    map[string]map[plantroom.Instant]bool // by UID: occurrences that other events take the place of
	out      []Occurrence
}

func (e *expansion) expand(ev *event) (f *Fault) {
	if ev.cancelled {
		return nil
	}
	left := map[plantroom.Instant]bool{}
	days := map[string]bool{}
	for _, m := range ev.except {
		if m.allDay {
			days[m.wall.Format(time.DateOnly)] = true
		} else {
			left[m.instant()] = true
		}
	}
	add := func(m moment) bool {
		at := m.instant()
		if left[at] || days[m.wall.Format(time.DateOnly)] || !ev.instead && e.moved[ev.uid][at] {
			return true
		}
		left[at] = true // RDATE may name what the rule has given already
		f = e.add(ev, m)
		return f == nil
	}
	if ev.rule == nil {
		add(ev.start)
	} else {
		ev.recur(e.to, add)
	}
	for _, m := range ev.besides {
		if f == nil {
			add(m)
		}
	}
	return f
}

// recur calls yield for the occurrences of a rule that begin before an instant.
func (ev *event) recur(before plantroom.Instant, yield func(moment) bool) {
	midnight := time.Date(ev.start.wall.Year(), ev.start.wall.Month(), ev.start.wall.Day(), 0, 0, 0, 0, time.UTC)
	clock := ev.start.wall.Sub(midnight)
	last := before.Time().Add(2 * day).UTC().Truncate(day) // whatever the zone
	ev.rule.dates(midnight, last, func(d time.Time) bool {
		m := ev.start
		m.wall = d.Add(clock)
		return m.instant() < before && ev.within(m) && yield(m)
	})
}

// within reports whether an occurrence begins no later than UNTIL, of which a
// day is meant whole.
func (ev *event) within(m moment) bool {
	switch {
	case !ev.bounded:
		return true
	case ev.until.allDay || m.allDay:
		return m.wall.Format(time.DateOnly) <= ev.until.wall.Format(time.DateOnly)
	case ev.until.zone == time.UTC:
		return m.instant() <= ev.until.instant()
	}
	return !m.wall.After(ev.until.wall) // without a zone: that of the event
}

// add notes one occurrence, if it touches the time that is asked for.
func (e *expansion) add(ev *event, m moment) *Fault {
	o := Occurrence{Line: ev.line, UID: ev.uid, Summary: ev.summary, Description: ev.detail, Start: m.instant(), End: ev.endOf(m)}
	switch {
	case o.End <= o.Start:
		return &Fault{ev.line, "the event ends no later than it begins", "give it an end after its begin"}
	case o.End <= e.from || o.Start >= e.to:
		return nil
	case len(e.out) == MaxEvents:
		return &Fault{ev.line, "the calendar has too many events", fmt.Sprintf("take a shorter time: at most %d are read", MaxEvents)}
	}
	e.out = append(e.out, o)
	return nil
}

// endOf is the end of an occurrence: as long after its begin on the wall as
// DTEND is after DTSTART, where both are in one zone.
func (ev *event) endOf(m moment) plantroom.Instant {
	switch {
	case ev.lasts:
		m.wall = m.wall.AddDate(0, 0, ev.days)
		return m.instant().Add(ev.exact)
	case !ev.ends: // an event of a day
		m.wall = m.wall.AddDate(0, 0, 1)
		return m.instant()
	case ev.end.zone.String() != ev.start.zone.String():
		return m.instant().Add(ev.end.instant().Sub(ev.start.instant()))
	}
	m.wall = m.wall.Add(ev.end.wall.Sub(ev.start.wall))
	return m.instant()
}
