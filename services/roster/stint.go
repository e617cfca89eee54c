package roster

import (
	"slices"
	"time"

	"plantroom"
)

// Stint is a time during which a person is on duty by one entry of a roster:
// a shift of a day, a turn, or the part of them that swaps and overrides leave.
type Stint struct {
	Person   plantroom.PersonID
	From, To plantroom.Instant // To is exclusive
	Entry    Entry
	Of       plantroom.PersonID // in whose place; "": nobody's
}

// Stints returns who is on duty from one instant to another, by their begin
// and then in the order of the roster, cut off at both ends. At no time is
// anybody in two of them. The work grows with the entries and the time: a
// caller bounds both.
func Stints(c plantroom.Contractor, zone *time.Location, from, to plantroom.Instant) []Stint {
	var out []Stint
	newest := map[duty]int{} // the last stint of each
	points := append(changes(&c, zone, from, to), to)
	begin := from
	for _, end := range points {
		if end <= begin {
			continue
		}
		for _, d := range duties(&c, zone, begin) {
			if i, ok := newest[d]; ok && out[i].To == begin {
				out[i].To = end
				continue
			}
			newest[d] = len(out)
			out = append(out, Stint{Person: d.person, From: begin, To: end, Entry: d.entry, Of: d.of})
		}
		begin = end
	}
	return out
}

// changes returns the instants after from and before to at which somebody may
// come or go, in order.
func changes(c *plantroom.Contractor, zone *time.Location, from, to plantroom.Instant) []plantroom.Instant {
	var out []plantroom.Instant
	add := func(list ...plantroom.Instant) {
		for _, at := range list {
			if from < at && at < to {
				out = append(out, at)
			}
		}
	}
	daily := func(h plantroom.Hours) {
		last := plantroom.DateOf(to, zone)
		for d := plantroom.DateOf(from, zone) - 1; d <= last; d++ {
			if begin, end, ok := occurrence(h, zone, d); ok {
				add(begin, end)
			}
		}
	}
	if !HasRoster(c) {
		daily(plantroom.Hours{})
	}
	for i := range c.Roster {
		daily(hoursOf(&c.Roster[i]))
	}
	for i := range c.Rotations {
		r := &c.Rotations[i]
		if !rotates(r) {
			continue
		}
		if !allDay(r) {
			daily(r.Hours)
		}
		for n, last := turnsAbout(r, zone, from, to); n <= last; n++ {
			add(turn(r, zone, n))
		}
	}
	for _, s := range c.Swaps {
		add(s.Give[0].From, s.Give[0].To, s.Give[1].From, s.Give[1].To)
	}
	for _, o := range c.Overrides {
		add(o.From, o.To)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// NextDays is how far ahead Next looks.
const NextDays = 8

// Next returns when somebody of a contractor comes on duty after an instant,
// zero where nobody does within NextDays.
func Next(c plantroom.Contractor, zone *time.Location, after plantroom.Instant) plantroom.Instant {
	return comes(&c, zone, after, func(plantroom.PersonID) bool { return true })
}

// NextOf is Next for one person.
func NextOf(c *plantroom.Contractor, who plantroom.PersonID, zone *time.Location, after plantroom.Instant) plantroom.Instant {
	return comes(c, zone, after, func(p plantroom.PersonID) bool { return p == who })
}

func comes(c *plantroom.Contractor, zone *time.Location, after plantroom.Instant, wanted func(plantroom.PersonID) bool) plantroom.Instant {
	before := peopleOf(duties(c, zone, after))
	for _, at := range changes(c, zone, after, after.Add(NextDays*day)) {
		now := peopleOf(duties(c, zone, at))
		if slices.ContainsFunc(now, func(p plantroom.PersonID) bool { return wanted(p) && !slices.Contains(before, p) }) {
			return at
		}
		before = now
	}
	return 0
}

// Change returns when other people are on duty than at an instant, zero where
// that is not so within NextDays.
func Change(c plantroom.Contractor, zone *time.Location, after plantroom.Instant) plantroom.Instant {
	was := sorted(duties(&c, zone, after))
	for _, at := range changes(&c, zone, after, after.Add(NextDays*day)) {
		if !slices.Equal(was, sorted(duties(&c, zone, at))) {
			return at
		}
	}
	return 0
}

func peopleOf(all []duty) []plantroom.PersonID {
	out := make([]plantroom.PersonID, len(all))
	for i, d := range all {
		out[i] = d.person
	}
	return out
}

func sorted(all []duty) []plantroom.PersonID {
	out := peopleOf(all)
	slices.Sort(out)
	return out
}
