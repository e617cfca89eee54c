package estate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plantroom"
)

// week is how long it takes until a roster begins anew.
const week = 7 * 24 * time.Hour

// turn is a time of the week at which somebody is on duty for a contractor, from
// the midnight that begins Sunday.
type turn struct {
	from, to   time.Duration
	contractor plantroom.ContractorID
	path       string
}

// rosters finds rosters that nobody could work: somebody twice on one shift, a
// contractor of whom nobody would come, and people who are to be in two places.
func (c *checker) rosters(f file) {
	turns := map[plantroom.PersonID][]turn{}
	for i, k := range f.Contractors {
		at := fmt.Sprintf("/contractors/%d", i)
		if !c.doc.Sound(at) {
			continue
		}
		if len(k.Technicians) == 0 && len(k.Roster) == 0 && c.given == nil && slices.ContainsFunc(f.Contracts, func(x contract) bool { return x.Contractor == k.ID }) {
			c.fault(at, fmt.Sprintf("the contractor %q has neither technicians nor a roster: nobody would come", k.ID), "add technicians, and a roster where they are not always on duty")
		}
		for j, p := range k.Technicians {
			if slices.Contains(k.Technicians[:j], p) {
				c.fault(fmt.Sprintf("%s/technicians/%d", at, j), fmt.Sprintf("%q stands here already", p), "name everybody once")
			} else if len(k.Roster) == 0 {
				turns[p] = append(turns[p], turn{0, week, k.ID, fmt.Sprintf("%s/technicians/%d", at, j)})
			}
		}
		for j, s := range k.Roster {
			c.shift(fmt.Sprintf("%s/roster/%d", at, j), k.ID, s, turns)
		}
	}
	for _, f := range f.Contractors {
		for _, p := range f.Technicians {
			c.twoPlaces(p, turns[p])
			delete(turns, p)
		}
	}
}

// shift checks one shift, and adds the times of the week at which it lasts.
func (c *checker) shift(at string, firm plantroom.ContractorID, s shift, turns map[plantroom.PersonID][]turn) {
	days := weekdays(s.Days)
	if len(days) == 0 {
		days = []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}
	}
	for n, d := range s.Days {
		if slices.Contains(s.Days[:n], d) {
			c.fault(fmt.Sprintf("%s/days/%d", at, n), fmt.Sprintf("%s stands here already", d), "name each day once")
		}
	}
	start, end := time.Duration(clockTime(s.Start)), time.Duration(clockTime(s.End))
	if end <= start {
		end += 24 * time.Hour
	}
	for n, p := range s.People {
		path := fmt.Sprintf("%s/people/%d", at, n)
		if slices.Contains(s.People[:n], p) {
			c.fault(path, fmt.Sprintf("%q is on this shift already", p), "name everybody once")
			continue
		}
		for _, d := range days {
			from := time.Duration(d)*24*time.Hour + start
			to := time.Duration(d)*24*time.Hour + end
			turns[p] = append(turns[p], turn{from, min(to, week), firm, path})
			if to > week { // from Saturday into Sunday
				turns[p] = append(turns[p], turn{0, to - week, firm, path})
			}
		}
	}
}

// twoPlaces finds somebody who is on duty for two contractors at one time.
func (c *checker) twoPlaces(p plantroom.PersonID, turns []turn) {
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.path, b.path)) })
	last := map[plantroom.ContractorID]turn{} // of each, the turn that ends last; at most as many as there are
	for _, t := range turns {
		for firm, other := range last {
			if firm != t.contractor && t.from < other.to {
				c.fault(t.path, fmt.Sprintf("%q is on duty for %s too at that time, by line %d", p, firm, c.doc.Line(other.path)), "let one shift end before the other begins, or name somebody else")
				return // one is enough: a week repeats it
			}
		}
		if o, ok := last[t.contractor]; !ok || t.to > o.to {
			last[t.contractor] = t
		}
	}
}
