package roster

import (
	"cmp"
	"slices"
	"time"

	"plantroom"
)

// MaxDays is how many days Look and a feed go ahead at most.
const MaxDays = 366

// Outlook is who is on duty in the days to come, and what is wrong with it.
type Outlook struct {
	From     plantroom.Instant `json:"from"`
	To       plantroom.Instant `json:"to"` // exclusive
	Zone     string            `json:"zone"`
	Duties   []Line            `json:"duties"`
	Findings []Finding         `json:"findings"` // of Horizon, whatever the days
}

// Line is one stint, or several by the same entry that meet, or a time in which nobody of a contractor is on duty
// although a contract of it is in force.
type Line struct {
	Contractor plantroom.ContractorID `json:"contractor"`
	Person     plantroom.PersonID     `json:"person,omitempty"` // "": nobody
	Name       string                 `json:"name,omitempty"`
	From       plantroom.Instant      `json:"from"`
	To         plantroom.Instant      `json:"to"`           // exclusive
	By         string                 `json:"by,omitempty"` // "shift 1", "rotation call"
	Of         plantroom.PersonID     `json:"of,omitempty"` // in whose place
}

// Look returns who is on duty from an instant on, for a number of days of 24
// hours up to MaxDays: by the begin, then by contractor.
func Look(e *plantroom.Estate, zone *time.Location, from plantroom.Instant, days int) Outlook {
	to := from.Add(time.Duration(min(days, MaxDays)) * day)
	out := Outlook{From: from, To: to, Zone: e.Zone, Duties: []Line{}, Findings: Lint(e, zone, from)}
	if out.Findings == nil {
		out.Findings = []Finding{}
	}
	l := &linter{e: e, zone: zone, now: from, end: to}
	for i := range e.Contractors {
		c := &e.Contractors[i]
		first := len(out.Duties)
		var covered []span
		for _, s := range Stints(*c, zone, from, to) {
			covered = append(covered, span{s.From, s.To})
			line := Line{Contractor: c.ID, Person: s.Person, Name: nameOf(e, s.Person), From: s.From, To: s.To, By: EntryName(c, s.Entry), Of: s.Of}
			joins := func(l Line) bool {
				return l.To == s.From && l.Contractor == c.ID && l.Person == s.Person && l.By == line.By && l.Of == s.Of
			}
			if n := slices.IndexFunc(out.Duties[first:], joins); n >= 0 {
				out.Duties[first+n].To = s.To
				continue
			}
			out.Duties = append(out.Duties, line)
		}
		needed := merged(append(l.contractsOf(c.ID, true), l.contractsOf(c.ID, false)...))
		for _, g := range without(needed, merged(covered)) {
			out.Duties = append(out.Duties, Line{Contractor: c.ID, From: g.from, To: g.to})
		}
	}
	slices.SortStableFunc(out.Duties, func(a, b Line) int { return cmp.Compare(a.From, b.From) })
	return out
}

// nameOf is a person's name, or the id of one whom the estate does not know.
func nameOf(e *plantroom.Estate, id plantroom.PersonID) string {
	for i := range e.People {
		if e.People[i].ID == id {
			return e.People[i].Name
		}
	}
	return string(id)
}
