package roster

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plantroom"
)

// Horizon is how far Lint looks ahead.
const Horizon = 30 * day

// FindingKind says what is wrong with a roster.
type FindingKind string

// The kinds of findings.
const (
	Gap           FindingKind = "gap"            // nobody is on duty From … To
	Overlap       FindingKind = "overlap"        // somebody is on duty twice, so that there is one fewer than it seems
	BadShift      FindingKind = "bad_shift"      // a time of day outside 0 to 24 h, a weekday that is none, no people
	BadRotation   FindingKind = "bad_rotation"   // it cannot be followed, or has nobody on duty ever
	NeverOn       FindingKind = "never_on"       // in a rotation, and never on duty by it
	NoEffect      FindingKind = "no_effect"      // a swap or an override that changes nothing
	UnknownPerson FindingKind = "unknown_person" // not among the estate's people
	NoChannel     FindingKind = "no_channel"     // nothing says how to reach a person who is on duty
	Unreachable   FindingKind = "unreachable"    // no channel reaches anybody of a contractor
	NeverFires    FindingKind = "never_fires"    // a step of a ladder that calls nobody whom it names
	NeverClimbed  FindingKind = "never_climbed"  // a ladder of no contract
	TooMuch       FindingKind = "too_much"       // more than is looked at
)

// Finding is one thing that is wrong with who is on duty, or whom a ladder
// calls. An Error should not be put in force; anything else is a warning.
type Finding struct {
	Error      bool                   `json:"error"`
	Kind       FindingKind            `json:"kind"`
	Contractor plantroom.ContractorID `json:"contractor,omitempty"`
	Person     plantroom.PersonID     `json:"person,omitempty"`
	From       plantroom.Instant      `json:"from,omitzero"` // Gap, Overlap
	To         plantroom.Instant      `json:"to,omitzero"`   // exclusive
	Path       string                 `json:"path"`          // JSON pointer in the estate's file
	Problem    string                 `json:"problem"`       // in words, with times in the estate's zone
	Remedy     string                 `json:"remedy"`
}

// linter gathers what is wrong with an estate's rosters.
type linter struct {
	e        *plantroom.Estate
	zone     *time.Location
	now, end plantroom.Instant
	found    []Finding
	stints   [][]Stint // by contractor, to the horizon
	spent    int       // see afford
}

// Lint returns what is wrong with the rosters and ladders of an estate, from
// now to Horizon. What the file's form forbids is found here too, so that an
// estate from elsewhere can be judged.
func Lint(e *plantroom.Estate, zone *time.Location, now plantroom.Instant) []Finding {
	l := &linter{e: e, zone: zone, now: now, end: now.Add(Horizon)}
	l.stints = make([][]Stint, len(e.Contractors))
	for i := range e.Contractors {
		c := &e.Contractors[i]
		l.shape(i)
		if !l.afford((1 + len(changes(c, zone, now, l.end))) * entries(c, span{now, l.end})) {
			l.tooMuch(i)
			continue
		}
		l.stints[i] = Stints(*c, zone, now, l.end)
		l.gaps(i)
		l.twice(i)
		l.changes(i)
		l.reach(i)
	}
	l.twoFirms()
	l.ladders()
	return l.found
}

func (l *linter) add(f Finding) { l.found = append(l.found, f) }

// place makes a JSON pointer below a contractor: place(0, "roster", 2).
func place(contractor int, below ...any) string {
	at := fmt.Sprintf("/contractors/%d", contractor)
	for _, p := range below {
		at += fmt.Sprintf("/%v", p)
	}
	return at
}

// time says when, on the clocks of the estate.
func (l *linter) time(at plantroom.Instant) string { return local(at, l.zone) }

func local(at plantroom.Instant, zone *time.Location) string {
	return at.Time().In(zone).Format("Mon 2006-01-02 15:04 MST")
}

// contractsOf returns when a contractor's contracts are in force before the
// horizon: those that have it on the estate, or the others. A ladder that calls
// its people on duty needs them always.
func (l *linter) contractsOf(id plantroom.ContractorID, onSite bool) []span {
	var out []span
	for i := range l.e.Contracts {
		k := &l.e.Contracts[i]
		if k.Contractor != id || k.OnSite != onSite {
			continue
		}
		s := span{max(l.now, k.From), l.end}
		if !k.To.IsZero() {
			s.to = min(s.to, k.To)
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	if !onSite && l.onLadder(id) {
		out = append(out, span{l.now, l.end})
	}
	return merged(out)
}

// onLadder reports whether a step of a ladder calls a contractor's people on duty.
func (l *linter) onLadder(id plantroom.ContractorID) bool {
	return slices.ContainsFunc(l.e.Ladders, func(ladder plantroom.Ladder) bool {
		return slices.ContainsFunc(ladder.Levels, func(v plantroom.Level) bool { return v.OnDuty == id })
	})
}

// span is a time; to is exclusive.
type span struct{ from, to plantroom.Instant }

// merged puts times that meet into one, in order.
func merged(list []span) []span {
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out []span
	for _, s := range list {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// without returns what of some times others leave; both are merged.
func without(list, others []span) []span {
	var out []span
	for _, s := range list {
		for _, o := range others {
			if o.to <= s.from || o.from >= s.to {
				continue
			}
			if s.from < o.from {
				out = append(out, span{s.from, o.from})
			}
			s.from = o.to
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}
