package roster

import (
	"slices"
	"time"

	"plantroom"
)

const day = 24 * time.Hour

// OnDuty returns the people of a contractor who are on duty at an instant, in
// the order of the roster, each once. A contractor without a roster has its
// technicians on duty at all times.
//
// A shift lasts from Start, inclusive, to End, exclusive, on the wall clock of
// zone; End at or before Start means the next day, so that equal times are 24
// hours. Days names the day on which the shift starts. When clocks change, a
// wall time that occurs twice means its first occurrence for a start and its
// second for an end, and one that is skipped means the moment of the change:
// shifts that meet on the wall never leave a gap in a night of change, at the
// price of overlapping in the repeated hour.
func OnDuty(c plantroom.Contractor, zone *time.Location, at plantroom.Instant) []plantroom.PersonID {
	if len(c.Roster) == 0 {
		return slices.Clone(c.Technicians)
	}
	var people []plantroom.PersonID
	for _, s := range c.Roster {
		if !covers(s, zone, at) {
			continue
		}
		for _, p := range s.People {
			if !slices.Contains(people, p) {
				people = append(people, p)
			}
		}
	}
	return people
}

// covers reports whether a shift is running. One that runs now has started
// today or yesterday.
func covers(s plantroom.Shift, zone *time.Location, at plantroom.Instant) bool {
	today := dateOf(at, zone)
	for _, d := range []date{today, today.add(-1)} {
		if from, to, ok := occurrence(s, zone, d); ok && from <= at && at < to {
			return true
		}
	}
	return false
}
