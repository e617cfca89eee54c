package roster

import (
	"slices"
	"time"

	"plantroom"
)

// date is a day on a calendar, without a zone: midnight UTC stands for it.
type date struct{ utc time.Time }

// dateOf returns the local day at an instant.
func dateOf(at plantroom.Instant, zone *time.Location) date {
	y, m, d := at.Time().In(zone).Date()
	return date{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

func (d date) add(days int) date { return date{d.utc.AddDate(0, 0, days)} }

// occurrence returns when a shift that starts on day d begins and ends, and
// whether it does start on that weekday. Begin and end may coincide where a
// clock change swallows the shift.
func occurrence(s plantroom.Shift, zone *time.Location, d date) (from, to plantroom.Instant, ok bool) {
	if len(s.Days) > 0 && !slices.Contains(s.Days, d.utc.Weekday()) {
		return 0, 0, false
	}
	endDay := d
	if s.End <= s.Start {
		endDay = d.add(1)
	}
	from, _ = instants(zone, d, time.Duration(s.Start))
	_, to = instants(zone, endDay, time.Duration(s.End))
	return from, to, true
}

// instants returns the first and the last instant at which the clocks of zone
// show a time of day; they differ in an hour that is repeated. A time that is
// skipped gives the moment of the change, twice.
func instants(zone *time.Location, d date, clock time.Duration) (first, last plantroom.Instant) {
	wall := d.utc.Add(clock)
	before, after := offset(wall.Add(-day), zone), offset(wall.Add(day), zone)
	a, b := wall.Add(-before), wall.Add(-after)
	aExists, bExists := offset(a, zone) == before, offset(b, zone) == after
	switch {
	case aExists && bExists:
		return plantroom.At(a), plantroom.At(b)
	case aExists:
		return plantroom.At(a), plantroom.At(a)
	case bExists:
		return plantroom.At(b), plantroom.At(b)
	}
	change, _ := a.In(zone).ZoneBounds()
	return plantroom.At(change), plantroom.At(change)
}

// offset returns how far the clocks of zone are ahead of UTC at an instant.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
