package estate

import (
	"fmt"
	"slices"
	"strings"

	"plantroom"
)

// maxLevels bounds a ladder with those that it goes on with. The product's own
// number.
const maxLevels = 100

// rungs lays out a ladder, with the levels of the ladders that it goes on with, as
// long as these are not too many: 1,000 ladders of 100 levels that go on with each
// other would be 100,000 for each. from is when it begins, counted from the dispatch; above names the ladders that
// lead to it.
func rungs(all map[plantroom.LadderID]ladder, l ladder, from plantroom.Duration, above []plantroom.LadderID, left int) []plantroom.Level {
	var out []plantroom.Level
	for _, v := range l.Levels {
		out = append(out, plantroom.Level{After: from + v.After, People: v.People, OnDuty: v.OnDuty, Repeat: v.Repeat})
	}
	above = append(above, l.ID)
	next, there := all[l.Then.Ladder]
	if !there || slices.Contains(above, next.ID) || len(above) > maxLevels || len(out) > left {
		return out
	}
	return append(out, rungs(all, next, from+l.Then.After, above, left-len(out))...)
}

func laddersByID(f file) map[plantroom.LadderID]ladder {
	all := make(map[plantroom.LadderID]ladder, len(f.Ladders))
	for _, l := range f.Ladders {
		all[l.ID] = l
	}
	return all
}

func (c *checker) ladders(e *plantroom.Estate, f file) {
	all := laddersByID(f)
	for _, l := range f.Ladders {
		e.Ladders = append(e.Ladders, plantroom.Ladder{ID: l.ID, Levels: rungs(all, l, 0, nil, maxLevels), Then: l.Then.Ladder})
	}
}

// ladderRefs checks whom the ladders call, that they climb, and that they end.
func (c *checker) ladderRefs(e *plantroom.Estate, f file, ladders, people, contractors names) {
	all, mute := laddersByID(f), map[plantroom.PersonID]bool{}
	for _, p := range e.People {
		mute[p.ID] = len(p.Channels) == 0 && c.doc.Sound("/people")
	}
	for i, l := range f.Ladders {
		at := fmt.Sprintf("/ladders/%d", i)
		for j, v := range l.Levels {
			if j > 0 && v.After <= l.Levels[j-1].After {
				c.fault(fmt.Sprintf("%s/levels/%d/after", at, j), "a level comes no later than the one before it", "use a time after "+l.Levels[j-1].After.String())
			}
			c.refer(contractors, fmt.Sprintf("%s/levels/%d/on_duty", at, j), "contractor", string(v.OnDuty))
			if v.OnDuty != "" && len(v.People) > 0 {
				c.fault(fmt.Sprintf("%s/levels/%d/on_duty", at, j), "the level names people as well", "keep one of both, or make two levels of it")
			}
			for n, p := range v.People {
				path := fmt.Sprintf("%s/levels/%d/people/%d", at, j, n)
				c.refer(people, path, "person", string(p))
				if mute[p] {
					c.fault(path, fmt.Sprintf("%q is to be called and has no channel", p), "add channels to the person, or call somebody else")
				}
			}
		}
		c.refer(ladders, at+"/then/ladder", "ladder", string(l.Then.Ladder))
		c.ends(at, l, all)
	}
}

// ends checks how a ladder goes on: never back to where it came from.
func (c *checker) ends(at string, l ladder, all map[plantroom.LadderID]ladder) {
	if l.Then.Ladder == "" || !c.doc.Sound(at) {
		return
	}
	way := []plantroom.LadderID{l.ID}
	for next, there := all[l.Then.Ladder]; there; next, there = all[next.Then.Ladder] {
		if next.ID == l.ID {
			c.fault(at+"/then/ladder", "the ladder leads back to itself: "+arrows(append(way, l.ID)), "take then away from one of them")
			return
		}
		if slices.Contains(way, next.ID) {
			return // a circle that this ladder only leads to is named where it is
		}
		way = append(way, next.ID)
		if next.Then.Ladder == "" || len(way) > maxLevels {
			break
		}
	}
	levels := rungs(all, l, 0, nil, maxLevels)
	if len(levels) > maxLevels {
		c.fault(at+"/then/ladder", fmt.Sprintf("the ladder has more than %d levels with those that it goes on with", maxLevels), fmt.Sprintf("keep it to %d", maxLevels))
	}
	if n := len(l.Levels); n > 0 && n < len(levels) && levels[n].After <= l.Levels[n-1].After {
		c.fault(at+"/then/after", fmt.Sprintf("the next ladder begins at %s, no later than the last level of this one", levels[n].After),
			fmt.Sprintf("use a time with which it begins after %s", l.Levels[n-1].After))
	}
}

func arrows(way []plantroom.LadderID) string {
	var b strings.Builder
	for i, id := range way {
		if i > 0 {
			b.WriteString(" → ")
		}
		b.WriteString(string(id))
	}
	return b.String()
}

// someoneHears finds contractors that no order could reach, and an estate in
// which nobody would hear of a missed window.
func (c *checker) someoneHears(e *plantroom.Estate, f file) {
	if c.doc.Sound("/people") && !slices.ContainsFunc(e.People, func(p plantroom.Person) bool { return p.Role == "manager" && len(p.Channels) > 0 }) {
		c.fault("/people", "nobody with the role manager has a channel: nobody would hear of a missed window", "add a manager with channels")
	}
	for i, k := range f.Contractors {
		at := fmt.Sprintf("/contractors/%d", i)
		if c.doc.Sound(at) && len(k.Channels) == 0 && slices.ContainsFunc(f.Contracts, func(x contract) bool { return x.Contractor == k.ID }) {
			c.fault(at, fmt.Sprintf("no order could reach the contractor %q: it has no channel", k.ID), "add channels")
		}
	}
}
