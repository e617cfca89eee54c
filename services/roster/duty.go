package roster

import (
	"slices"
	"time"

	"plantroom"
)

// EntryKind says what puts somebody on duty.
type EntryKind string

// The kinds of entries.
const (
	ByShift    EntryKind = "shift"
	ByRotation EntryKind = "rotation"
	BySwap     EntryKind = "swap"
	ByOverride EntryKind = "override"
	Always     EntryKind = "always" // the contractor has neither shifts nor rotations
)

// Entry is the part of a roster that puts somebody on duty.
type Entry struct {
	Kind  EntryKind
	Index int // in the contractor's list of that kind, from 0
}

// duty is one person on duty at an instant.
type duty struct {
	person plantroom.PersonID
	entry  Entry
	nth    int64              // which occurrence of the entry: a day, or a turn
	of     plantroom.PersonID // in whose place; "": nobody's
}

// HasRoster reports whether a contractor says who is on duty when.
func HasRoster(c *plantroom.Contractor) bool { return len(c.Roster) > 0 || len(c.Rotations) > 0 }

// OnDuty returns the people of a contractor who are on duty at an instant, in
// the order of the roster, each once.
func OnDuty(c plantroom.Contractor, zone *time.Location, at plantroom.Instant) []plantroom.PersonID {
	var people []plantroom.PersonID
	for _, d := range duties(&c, zone, at) {
		people = append(people, d.person)
	}
	return people
}

// Serves reports whether a person is on duty for a contractor at an instant.
func Serves(c *plantroom.Contractor, who plantroom.PersonID, zone *time.Location, at plantroom.Instant) bool {
	return slices.ContainsFunc(duties(c, zone, at), func(d duty) bool { return d.person == who })
}

// duties is OnDuty with the reasons. Who is on duty twice is so by the first.
func duties(c *plantroom.Contractor, zone *time.Location, at plantroom.Instant) []duty {
	all := planned(c, zone, at)
	for i := range c.Swaps {
		all = exchange(&c.Swaps[i], i, all, at)
	}
	for i := range c.Overrides {
		all = replace(&c.Overrides[i], i, all, at)
	}
	once := all[:0]
	for _, d := range all {
		if !slices.ContainsFunc(once, func(e duty) bool { return e.person == d.person }) {
			once = append(once, d)
		}
	}
	return once
}

// planned is who would be on duty without swaps and overrides; who stands on
// two entries, twice.
func planned(c *plantroom.Contractor, zone *time.Location, at plantroom.Instant) []duty {
	var all []duty
	if !HasRoster(c) {
		today := int64(plantroom.DateOf(at, zone))
		for i, p := range c.Technicians {
			all = append(all, duty{person: p, entry: Entry{Always, i}, nth: today})
		}
		return all
	}
	for i := range c.Roster {
		s := &c.Roster[i]
		if d, on := running(hoursOf(s), zone, at); on {
			for _, p := range s.People {
				all = append(all, duty{person: p, entry: Entry{ByShift, i}, nth: int64(d)})
			}
		}
	}
	for i := range c.Rotations {
		holding(&c.Rotations[i], zone, at, func(p plantroom.PersonID, n int64) {
			all = append(all, duty{person: p, entry: Entry{ByRotation, i}, nth: n})
		})
	}
	return all
}

func hoursOf(s *plantroom.Shift) plantroom.Hours {
	return plantroom.Hours{Days: s.Days, Start: s.Start, End: s.End}
}

// exchange lets each of two be where the other would have been, in the times
// that they give each other.
func exchange(s *plantroom.Swap, i int, all []duty, at plantroom.Instant) []duty {
	for n := range all {
		for side, g := range s.Give {
			if g.From <= at && at < g.To && all[n].person == g.Person {
				all[n] = duty{person: s.Give[1-side].Person, entry: Entry{BySwap, i}, of: g.Person}
				break // what has changed hands does not change back
			}
		}
	}
	return all
}

// replace applies an override to those who are on duty at an instant.
func replace(o *plantroom.Override, i int, all []duty, at plantroom.Instant) []duty {
	if at < o.From || at >= o.To {
		return all
	}
	var in []duty
	for _, p := range o.People {
		in = append(in, duty{person: p, entry: Entry{ByOverride, i}})
	}
	if len(o.InsteadOf) == 0 {
		return append(all, in...)
	}
	place, kept := -1, []duty{}
	for _, d := range all {
		if slices.Contains(o.InsteadOf, d.person) {
			if place < 0 {
				place = len(kept)
			}
			for n := range in {
				if in[n].of == "" {
					in[n].of = d.person
				}
			}
			continue
		}
		kept = append(kept, d)
	}
	if place < 0 {
		return all // whom it replaces is not on duty
	}
	return slices.Insert(kept, place, in...)
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
