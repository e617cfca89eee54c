package estate

import (
	"fmt"
	"slices"
)

// crews finds what is wrong with who comes for a contractor, whatever the day: a
// contractor of whom nobody would come, and names and days that stand twice. What
// depends on the day, as gaps and people who are to be in two places, is for Lint.
func (c *checker) crews(f file) {
	for i, k := range f.Contractors {
		at := fmt.Sprintf("/contractors/%d", i)
		if !c.doc.Sound(at) {
			continue
		}
		nobody := len(k.Technicians) == 0 && len(k.Roster) == 0 && len(k.Rotations) == 0 && len(k.Overrides) == 0
		if nobody && c.given == nil && slices.ContainsFunc(f.Contracts, func(x contract) bool { return x.Contractor == k.ID }) {
			c.fault(at, fmt.Sprintf("the contractor %q has neither technicians nor a roster: nobody would come", k.ID), "add technicians, and a roster where they are not always on duty")
		}
		once(c, at+"/technicians", k.Technicians, "%q stands here already", "name everybody once")
		for j, s := range k.Roster {
			path := fmt.Sprintf("%s/roster/%d", at, j)
			once(c, path+"/days", s.Days, "%s stands here already", "name each day once")
			once(c, path+"/people", s.People, "%q is on this shift already", "name everybody once")
		}
	}
}

// once finds what stands twice in a list.
func once[T comparable](c *checker, at string, list []T, problem, remedy string) {
	seen := make(map[T]bool, len(list))
	for n, it := range list {
		if seen[it] {
			c.fault(fmt.Sprintf("%s/%d", at, n), fmt.Sprintf(problem, it), remedy)
		}
		seen[it] = true
	}
}
