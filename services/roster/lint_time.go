package roster

import (
	"fmt"
	"slices"
	"time"

	"plantroom"
)

// mostGaps is how many gaps of one contractor are named one by one.
const mostGaps = 10

// gaps finds times without anybody while a contract is in force. Where the
// contract has people on the estate, each gap breaks it; elsewhere the next
// order waits for the next shift, which may be meant: they are one warning.
func (l *linter) gaps(i int) {
	c := &l.e.Contractors[i]
	var covered []span
	for _, s := range l.stints[i] {
		covered = append(covered, span{s.From, s.To})
	}
	covered = merged(covered)
	onSite := l.contractsOf(c.ID, true)
	broken := without(onSite, covered)
	for n, g := range broken {
		if n == mostGaps {
			l.add(Finding{Error: true, Kind: Gap, Contractor: c.ID, From: g.from, To: broken[len(broken)-1].to, Path: l.gapPath(i, g.from),
				Problem: fmt.Sprintf("and %d more gaps of %s, to %s", len(broken)-n, c.ID, l.time(broken[len(broken)-1].to)), Remedy: "see above"})
			break
		}
		l.add(Finding{Error: true, Kind: Gap, Contractor: c.ID, From: g.from, To: g.to, Path: l.gapPath(i, g.from),
			Problem: fmt.Sprintf("nobody of %s is on duty from %s to %s, and its contract has people on the estate around the clock", c.ID, l.time(g.from), l.time(g.to)),
			Remedy:  "put somebody on duty then, or take on_site from the contract"})
	}
	if open := without(without(l.contractsOf(c.ID, false), onSite), covered); len(open) > 0 {
		g := open[0]
		problem := fmt.Sprintf("nobody of %s is on duty from %s to %s", c.ID, l.time(g.from), l.time(g.to))
		if more := len(open) - 1; more > 0 {
			problem += fmt.Sprintf(", nor at %d other times within %d days", more, int(Horizon/day))
		}
		remedy := "put somebody on duty then, unless its orders may wait until somebody is"
		if l.onLadder(c.ID) {
			remedy += ", and a ladder that calls its people may call the managers instead"
		}
		l.add(Finding{Kind: Gap, Contractor: c.ID, From: g.from, To: g.to, Path: l.gapPath(i, g.from), Problem: problem, Remedy: remedy})
	}
}

// gapPath is where a gap is best closed: at the override that makes it, or at
// what says who is on duty.
func (l *linter) gapPath(i int, at plantroom.Instant) string {
	c := &l.e.Contractors[i]
	for n, o := range c.Overrides {
		if len(o.People) == 0 && o.From <= at && at < o.To {
			return place(i, "overrides", n)
		}
	}
	switch {
	case len(c.Roster) > 0:
		return place(i, "roster")
	case len(c.Rotations) > 0:
		return place(i, "rotations")
	}
	return place(i)
}

// twice finds who is on duty by two entries of one contractor at once.
func (l *linter) twice(i int) {
	c := &l.e.Contractors[i]
	seen := map[[2]Entry]bool{}
	begin := l.now
	for _, end := range append(changes(c, l.zone, l.now, l.end), l.end) {
		all := planned(c, l.zone, begin)
		for n, d := range all {
			first := slices.IndexFunc(all[:n], func(e duty) bool { return e.person == d.person && e.entry != d.entry })
			if first < 0 || seen[[2]Entry{all[first].entry, d.entry}] {
				continue
			}
			seen[[2]Entry{all[first].entry, d.entry}] = true
			l.add(Finding{Kind: Overlap, Contractor: c.ID, Person: d.person, From: begin, To: end, Path: l.entryPath(i, d.entry),
				Problem: fmt.Sprintf("%s is on duty for %s by %s and by %s, first at %s: one person, not two", d.person, c.ID, EntryName(c, all[first].entry), EntryName(c, d.entry), l.time(begin)),
				Remedy:  "let one end where the other begins, or name somebody else"})
		}
		begin = end
	}
}

func (l *linter) entryPath(i int, e Entry) string {
	switch e.Kind {
	case ByShift:
		return place(i, "roster", e.Index)
	case ByRotation:
		return place(i, "rotations", e.Index)
	case BySwap:
		return place(i, "swaps", e.Index)
	case ByOverride:
		return place(i, "overrides", e.Index)
	}
	return place(i, "technicians", e.Index)
}

// EntryName gives an entry of a contractor's roster in words.
func EntryName(c *plantroom.Contractor, e Entry) string {
	switch e.Kind {
	case ByRotation:
		return "rotation " + c.Rotations[e.Index].Name
	case Always:
		return "no roster"
	}
	return fmt.Sprintf("%s %d", e.Kind, e.Index+1)
}

// twoFirms finds who is on duty for two contractors at once.
func (l *linter) twoFirms() {
	for i := range l.stints {
		for j := range i {
			if !l.afford(len(l.stints[i]) + len(l.stints[j])) {
				l.tooMuch(i)
				return
			}
			if s, t, ok := shared(l.stints[j], l.stints[i]); ok {
				a, b := l.e.Contractors[j].ID, l.e.Contractors[i].ID
				from, to := max(s.From, t.From), min(s.To, t.To)
				l.add(Finding{Kind: Overlap, Contractor: b, Person: s.Person, From: from, To: to, Path: l.entryPath(i, t.Entry),
					Problem: fmt.Sprintf("%s is on duty for %s and for %s, first at %s: each counts on the same person", s.Person, a, b, l.time(from)),
					Remedy:  "name somebody else for one of them"})
			}
		}
	}
}

// shared finds the first two stints of one person that meet.
func shared(as, bs []Stint) (a, b Stint, ok bool) {
	people := map[plantroom.PersonID][]Stint{}
	for _, s := range as {
		people[s.Person] = append(people[s.Person], s)
	}
	for _, t := range bs {
		for _, s := range people[t.Person] {
			if s.From < t.To && t.From < s.To {
				return s, t, true
			}
		}
	}
	return a, b, false
}

// changes finds swaps and overrides that change nothing, and swaps with
// somebody who is on duty already. What reaches beyond the horizon waits.
func (l *linter) changes(i int) {
	c := l.e.Contractors[i]
	all := c
	c.Swaps, c.Overrides = nil, nil
	soon := func(from, to plantroom.Instant) bool { return to > l.now && to <= l.end }
	for n, s := range all.Swaps {
		for side, g := range s.Give {
			if soon(g.From, g.To) {
				l.given(i, &c, n, side, g, s.Give[1-side].Person)
			}
		}
		c.Swaps = all.Swaps[:n+1]
	}
	for n, o := range all.Overrides {
		if soon(o.From, o.To) && len(o.InsteadOf) > 0 {
			if !l.affordMeeting(&c, span{o.From, o.To}) {
				l.tooMuch(i)
				return
			}
			on := meeting(&c, l.zone, span{o.From, o.To}, func(p plantroom.PersonID) bool { return slices.Contains(o.InsteadOf, p) })
			if on.IsZero() {
				l.add(Finding{Kind: NoEffect, Contractor: c.ID, From: o.From, To: o.To, Path: place(i, "overrides", n, "instead_of"),
					Problem: fmt.Sprintf("%s not on duty from %s to %s, so that the override changes nothing", are(o.InsteadOf), l.time(o.From), l.time(o.To)),
					Remedy:  "see who is on duty then: plantroom roster FILE"})
			}
		}
		c.Overrides = all.Overrides[:n+1]
	}
}

// given judges one side of a swap on the roster as it is without it.
func (l *linter) given(i int, c *plantroom.Contractor, n, side int, g plantroom.Given, taker plantroom.PersonID) {
	s := span{g.From, g.To}
	if !l.affordMeeting(c, s) || !l.affordMeeting(&l.e.Contractors[i], s) {
		l.tooMuch(i)
		return
	}
	if meeting(c, l.zone, s, func(p plantroom.PersonID) bool { return p == g.Person }).IsZero() {
		l.add(Finding{Kind: NoEffect, Contractor: c.ID, Person: g.Person, From: g.From, To: g.To, Path: place(i, "swaps", n, "give", side),
			Problem: fmt.Sprintf("%s is not on duty from %s to %s, and gives nothing", g.Person, l.time(g.From), l.time(g.To)),
			Remedy:  "see who is on duty then: plantroom roster FILE"})
		return
	}
	both := l.e.Contractors[i]
	both.Swaps, both.Overrides = both.Swaps[:n], nil
	for _, at := range append(changes(&both, l.zone, s.from, s.to), s.from) {
		if Serves(&both, g.Person, l.zone, at) && Serves(&both, taker, l.zone, at) {
			l.add(Finding{Kind: Overlap, Contractor: c.ID, Person: taker, From: at, To: g.To, Path: place(i, "swaps", n, "give", side),
				Problem: fmt.Sprintf("%s takes from %s a time in which both are on duty, at %s: one fewer is there", taker, g.Person, l.time(at)),
				Remedy:  "swap with somebody who is free then"})
			return
		}
	}
}

// meeting returns an instant of a time at which one of some people is on duty;
// zero: there is none.
func meeting(c *plantroom.Contractor, zone *time.Location, s span, one func(plantroom.PersonID) bool) plantroom.Instant {
	for _, at := range append(changes(c, zone, s.from, s.to), s.from) {
		if slices.ContainsFunc(duties(c, zone, at), func(d duty) bool { return one(d.person) }) {
			return at
		}
	}
	return 0
}
