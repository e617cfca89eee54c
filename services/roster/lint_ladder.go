package roster

import (
	"fmt"
	"slices"

	"plantroom"
)

// reach finds people on duty whom nothing reaches. The ladder then calls the
// contractor itself; where that has no channel either, an order reaches nobody.
func (l *linter) reach(i int) {
	c := &l.e.Contractors[i]
	reached := false
	for _, s := range l.stints[i] {
		n, known := l.person(s.Person)
		switch {
		case !known || l.silent(s.Person):
		case len(l.e.People[n].Channels) > 0:
			reached = true
		default:
			l.add(Finding{Kind: NoChannel, Contractor: c.ID, Person: s.Person, Path: fmt.Sprintf("/people/%d", n),
				Problem: fmt.Sprintf("no channel reaches %s, who is on duty for %s", s.Person, c.ID), Remedy: "add channels, as in channels: [{channel: mqtt, to: " + string(s.Person) + "}]"})
		}
	}
	hired := slices.ContainsFunc(l.e.Contracts, func(k plantroom.Contract) bool {
		return k.Contractor == c.ID && (k.To.IsZero() || k.To > l.now)
	})
	if hired && !reached && len(c.Channels) == 0 {
		l.add(Finding{Error: true, Kind: Unreachable, Contractor: c.ID, Path: place(i),
			Problem: fmt.Sprintf("no channel reaches %s or anybody of it who is on duty: its orders reach nobody", c.ID), Remedy: "add channels to the contractor"})
	}
}

// silent reports whether it is said of somebody already, of this firm or another,
// that no channel reaches them.
func (l *linter) silent(id plantroom.PersonID) bool {
	return slices.ContainsFunc(l.found, func(f Finding) bool { return f.Kind == NoChannel && f.Person == id })
}

// ladders finds steps that can never be taken as they are written. Those of the
// ladder that one goes on with are looked at there.
func (l *linter) ladders() {
	climbed := l.climbed()
	for i := range l.e.Ladders {
		ladder := &l.e.Ladders[i]
		if !slices.Contains(climbed, ladder.ID) {
			l.add(Finding{Kind: NeverClimbed, Path: fmt.Sprintf("/ladders/%d", i),
				Problem: fmt.Sprintf("no contract leads to the ladder %s: it is never climbed", ladder.ID), Remedy: "name it in a contract, or take it away"})
		}
		own := len(ladder.Levels)
		if next := l.ladder(ladder.Then); next != nil {
			own = max(0, own-len(next.Levels))
		}
		for n := range own {
			l.level(ladder, n, fmt.Sprintf("/ladders/%d/levels/%d", i, n))
		}
	}
}

// climbed lists the ladders that contracts name, with those that they go on with.
func (l *linter) climbed() []plantroom.LadderID {
	var out []plantroom.LadderID
	for i := range l.e.Contracts {
		for next := l.ladder(l.e.Contracts[i].Ladder); next != nil && !slices.Contains(out, next.ID); next = l.ladder(next.Then) {
			out = append(out, next.ID)
		}
	}
	return out
}

func (l *linter) ladder(id plantroom.LadderID) *plantroom.Ladder {
	i := slices.IndexFunc(l.e.Ladders, func(x plantroom.Ladder) bool { return x.ID == id })
	if i < 0 {
		return nil
	}
	return &l.e.Ladders[i]
}

func (l *linter) level(ladder *plantroom.Ladder, n int, at string) {
	v := &ladder.Levels[n]
	named, reached := 0, false
	for j, id := range v.People {
		i, ok := l.person(id)
		if !ok {
			l.add(Finding{Error: true, Kind: UnknownPerson, Person: id, Path: fmt.Sprintf("%s/people/%d", at, j),
				Problem: fmt.Sprintf("%s, whom the ladder %s names, is not among the people of the estate", id, ladder.ID), Remedy: "add the person to people"})
			continue
		}
		named++
		reached = reached || len(l.e.People[i].Channels) > 0
	}
	if named > 0 && !reached {
		l.add(Finding{Error: true, Kind: NeverFires, Person: v.People[0], Path: at + "/people",
			Problem: fmt.Sprintf("step %d of the ladder %s calls nobody whom it names: no channel reaches them", n+1, ladder.ID), Remedy: "add channels to one of them, or name somebody else"})
	}
	if n+1 == len(ladder.Levels) {
		return
	}
	switch next := ladder.Levels[n+1].After; {
	case next <= v.After:
		l.add(Finding{Error: true, Kind: NeverFires, Path: at + "/after",
			Problem: fmt.Sprintf("step %d of the ladder %s comes after %s, and the next one after %s: it is passed over", n+1, ladder.ID, v.After, next), Remedy: "put the steps into the order of their times"})
	case v.Repeat > 0 && v.After+v.Repeat >= next:
		l.add(Finding{Kind: NeverFires, Path: at + "/repeat",
			Problem: fmt.Sprintf("step %d of the ladder %s repeats after %s, and by then the next step has come", n+1, ladder.ID, v.Repeat), Remedy: "repeat sooner, or take repeat away"})
	}
}
