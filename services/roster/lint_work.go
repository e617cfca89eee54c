package roster

import (
	"fmt"

	"plantroom"
)

// mostWork bounds how much Lint looks at, in entries of rosters at instants at
// which somebody comes or goes: some seconds of work, at half a microsecond each.
// A firm of twenty rotations and a hundred overrides in the days to come needs a
// tenth of it. The estate's file may come from outside, and a small one can ask for hours.
const mostWork = 8_000_000

// afford takes work from what is left, and reports whether there is as much. What
// cannot be afforded leaves the rest for what can.
func (l *linter) afford(n int) bool {
	if n > mostWork-l.spent {
		return false
	}
	l.spent += n
	return true
}

// tooMuch says once of a contractor that it was not looked at whole.
func (l *linter) tooMuch(i int) {
	c := &l.e.Contractors[i]
	for _, f := range l.found {
		if f.Kind == TooMuch && f.Contractor == c.ID {
			return
		}
	}
	l.add(Finding{Kind: TooMuch, Contractor: c.ID, Path: place(i),
		Problem: fmt.Sprintf("the roster of %s changes too often within %d days to be looked at whole", c.ID, int(Horizon/day)),
		Remedy:  "take swaps and overrides away that are over or change nothing"})
}

// entries counts what stands on a roster in a time, the squares of people included
// that are compared with each other. What is over or comes later is passed by.
func entries(c *plantroom.Contractor, s span) int {
	people := 0
	if !HasRoster(c) {
		people = len(c.Technicians)
	}
	for i := range c.Roster {
		people += len(c.Roster[i].People)
	}
	people += len(c.Rotations) // one each has the turn
	live := 0
	for i := range c.Overrides {
		if o := &c.Overrides[i]; o.From < s.to && s.from < o.To {
			live++
		}
	}
	for i := range c.Swaps {
		for _, g := range c.Swaps[i].Give {
			if g.From < s.to && s.from < g.To {
				live++
			}
		}
	}
	const passed = 50 // so many that are passed by take as long as one that is not
	return 1 + len(c.Roster) + len(c.Rotations) + people*people/4 + live*(1+people/4) + (len(c.Swaps)+len(c.Overrides))/passed
}

// affordMeeting is afford for a look at who is on duty in a time.
func (l *linter) affordMeeting(c *plantroom.Contractor, s span) bool {
	return l.afford((1 + len(changes(c, l.zone, s.from, s.to))) * entries(c, s))
}
