package roster

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plantroom"
)

// Horizon is how far Lint looks for gaps.
const Horizon = 30 * day

// FaultKind says what is wrong with a roster.
type FaultKind string

// The faults.
const (
	Gap           FaultKind = "gap"            // nobody is on duty From … To
	Nobody        FaultKind = "nobody"         // neither technicians nor a roster
	BadShift      FaultKind = "bad_shift"      // a time of day outside 0 to 24 h, a weekday that is none, no people
	UnknownPerson FaultKind = "unknown_person" // not among the estate's people
	NoChannel     FaultKind = "no_channel"     // nothing says how to reach them
)

// Fault is one thing wrong with a contractor's roster.
type Fault struct {
	Contractor plantroom.ContractorID
	Kind       FaultKind
	Person     plantroom.PersonID // UnknownPerson, NoChannel
	From, To   plantroom.Instant  // Gap; To is exclusive
	Message    string             // in words, with times in the roster's zone
}

// Lint returns what is wrong with a contractor's roster: its people against
// those of the estate, its shifts, and the gaps between them from now to
// Horizon, cut off at both ends. The faults of the file come first, then the
// gaps in order.
func Lint(c plantroom.Contractor, people []plantroom.Person, zone *time.Location, now plantroom.Instant) []Fault {
	if len(c.Roster) == 0 && len(c.Technicians) == 0 {
		return []Fault{{Contractor: c.ID, Kind: Nobody, Message: fmt.Sprintf("contractor %s has neither technicians nor a roster: name somebody", c.ID)}}
	}
	faults := lintPeople(c, people)
	faults = append(faults, lintShifts(c)...)
	if len(c.Roster) > 0 {
		faults = append(faults, lintGaps(c, zone, now)...)
	}
	return faults
}

// lintPeople checks everybody who is named, each once.
func lintPeople(c plantroom.Contractor, people []plantroom.Person) []Fault {
	named := slices.Clone(c.Technicians)
	for _, s := range c.Roster {
		named = append(named, s.People...)
	}
	slices.Sort(named)
	var faults []Fault
	for _, id := range slices.Compact(named) {
		i := slices.IndexFunc(people, func(p plantroom.Person) bool { return p.ID == id })
		switch {
		case i < 0:
			faults = append(faults, Fault{Contractor: c.ID, Kind: UnknownPerson, Person: id,
				Message: fmt.Sprintf("%s, whom contractor %s names, is not among the people of the estate", id, c.ID)})
		case len(people[i].Channels) == 0:
			faults = append(faults, Fault{Contractor: c.ID, Kind: NoChannel, Person: id,
				Message: fmt.Sprintf("no channel reaches %s of contractor %s: add one", id, c.ID)})
		}
	}
	return faults
}

func lintShifts(c plantroom.Contractor) []Fault {
	var faults []Fault
	bad := func(i int, what string) {
		faults = append(faults, Fault{Contractor: c.ID, Kind: BadShift,
			Message: fmt.Sprintf("shift %d of contractor %s %s", i+1, c.ID, what)})
	}
	for i, s := range c.Roster {
		if start := time.Duration(s.Start); start < 0 || start >= day {
			bad(i, fmt.Sprintf("starts at %s: a time of day is 0s to less than 24h", s.Start))
		}
		if end := time.Duration(s.End); end < 0 || end > day {
			bad(i, fmt.Sprintf("ends at %s: a time of day is 0s to 24h", s.End))
		}
		if slices.ContainsFunc(s.Days, func(d time.Weekday) bool { return d < time.Sunday || d > time.Saturday }) {
			bad(i, "names a weekday that does not exist")
		}
		if len(s.People) == 0 {
			bad(i, "has nobody on it")
		}
	}
	return faults
}

// span is a time during which somebody is on duty.
type span struct{ from, to plantroom.Instant }

func lintGaps(c plantroom.Contractor, zone *time.Location, now plantroom.Instant) []Fault {
	var faults []Fault
	end := now.Add(Horizon)
	covered := now // somebody is on duty up to here
	gap := func(to plantroom.Instant) {
		if to = min(to, end); to > covered {
			faults = append(faults, Fault{Contractor: c.ID, Kind: Gap, From: covered, To: to,
				Message: fmt.Sprintf("nobody of contractor %s is on duty from %s to %s", c.ID, local(covered, zone), local(to, zone))})
		}
	}
	for _, s := range spans(c, zone, now, end) {
		gap(s.from)
		covered = max(covered, s.to)
	}
	gap(end)
	return faults
}

// spans returns all shifts with people that touch a time, by their start.
func spans(c plantroom.Contractor, zone *time.Location, from, to plantroom.Instant) []span {
	var out []span
	last := dateOf(to, zone)
	for d := dateOf(from, zone).add(-1); !d.utc.After(last.utc); d = d.add(1) {
		for _, s := range c.Roster {
			if begin, end, ok := occurrence(s, zone, d); ok && len(s.People) > 0 {
				out = append(out, span{begin, end})
			}
		}
	}
	slices.SortFunc(out, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return out
}

func local(at plantroom.Instant, zone *time.Location) string {
	return at.Time().In(zone).Format("Mon 2006-01-02 15:04 MST")
}
