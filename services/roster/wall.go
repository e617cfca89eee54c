package roster

import (
	"slices"
	"time"

	"plantroom"
)

const day = 24 * time.Hour

// wall is a moment as clocks show it, as if they showed UTC.
type wall time.Duration // since 1970-01-01 00:00

func wallOf(d plantroom.Date, clock time.Duration) wall {
	return wall(time.Duration(d)*day + clock)
}

// Moment returns the first and the last instant at which the clocks of zone
// show a time on a day; they differ in an hour that is repeated. A time that
// is skipped gives the moment of the change, twice.
func Moment(zone *time.Location, d plantroom.Date, clock time.Duration) (first, last plantroom.Instant) {
	return wallOf(d, clock).instants(zone)
}

func (w wall) instants(zone *time.Location) (first, last plantroom.Instant) {
	utc := plantroom.Instant(w).Time()
	before, after := offset(utc.Add(-day), zone), offset(utc.Add(day), zone)
	a, b := utc.Add(-before), utc.Add(-after)
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

// occurrence returns when hours that start on day d begin and end, and whether
// they do start on that weekday. Begin and end may coincide where a clock
// change swallows them.
func occurrence(h plantroom.Hours, zone *time.Location, d plantroom.Date) (from, to plantroom.Instant, ok bool) {
	if len(h.Days) > 0 && !slices.Contains(h.Days, d.Weekday()) {
		return 0, 0, false
	}
	end := d
	if h.End <= h.Start {
		end++
	}
	from, _ = Moment(zone, d, time.Duration(h.Start))
	_, to = Moment(zone, end, time.Duration(h.End))
	return from, to, true
}

// running returns the day on which hours began that count at an instant. What
// counts now has begun today or yesterday.
func running(h plantroom.Hours, zone *time.Location, at plantroom.Instant) (plantroom.Date, bool) {
	today := plantroom.DateOf(at, zone)
	for _, d := range []plantroom.Date{today, today - 1} {
		if from, to, ok := occurrence(h, zone, d); ok && from <= at && at < to {
			return d, true
		}
	}
	return 0, false
}
