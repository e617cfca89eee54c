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

// OnSiteWalk is how long a technician who is on the estate takes to the asset:
// the product's own estimate, unverified.
const OnSiteWalk = 3 * time.Minute

// Way is how long somebody of a contract takes from being sent to being there.
func Way(c *plantroom.Contract) time.Duration {
	if c.OnSite {
		return OnSiteWalk
	}
	return time.Duration(c.Travel)
}

// NextDays is how far ahead Next looks.
const NextDays = 8

// Next returns when somebody of a contractor comes on duty after an instant,
// zero where nobody does within NextDays. It tries the starts of all shifts and
// asks the roster itself whether somebody is there then.
func Next(c plantroom.Contractor, zone *time.Location, after plantroom.Instant) plantroom.Instant {
	var next plantroom.Instant
	today := dateOf(after, zone)
	for d := range NextDays {
		for _, s := range c.Roster {
			from, _, ok := occurrence(s, zone, today.add(d))
			if ok && from > after && (next.IsZero() || from < next) && len(OnDuty(c, zone, from)) > 0 {
				next = from
			}
		}
	}
	return next
}
