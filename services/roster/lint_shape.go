package roster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// shape finds what cannot be followed whatever the time: strangers, times that
// are none, rotations without a turn.
func (l *linter) shape(i int) {
	c := &l.e.Contractors[i]
	for n, id := range c.Technicians {
		l.known(c, place(i, "technicians", n), id)
	}
	for n := range c.Roster {
		l.shift(i, n)
	}
	for n := range c.Rotations {
		l.rotation(i, n)
	}
	for n, o := range c.Overrides {
		for j, id := range o.People {
			l.known(c, place(i, "overrides", n, "people", j), id)
		}
	}
	for n, s := range c.Swaps {
		for j, g := range s.Give {
			l.known(c, place(i, "swaps", n, "give", j, "person"), g.Person)
		}
	}
}

func (l *linter) person(id plantroom.PersonID) (int, bool) {
	i := slices.IndexFunc(l.e.People, func(p plantroom.Person) bool { return p.ID == id })
	return i, i >= 0
}

func (l *linter) known(c *plantroom.Contractor, at string, id plantroom.PersonID) {
	if _, ok := l.person(id); !ok {
		l.add(Finding{Error: true, Kind: UnknownPerson, Contractor: c.ID, Person: id, Path: at,
			Problem: fmt.Sprintf("%s, whom %s names, is not among the people of the estate", id, c.ID), Remedy: "add the person to people"})
	}
}

func (l *linter) shift(i, n int) {
	c := &l.e.Contractors[i]
	s := &c.Roster[n]
	bad := func(below, what, remedy string) {
		l.add(Finding{Error: true, Kind: BadShift, Contractor: c.ID, Path: place(i, "roster", n) + below,
			Problem: fmt.Sprintf("shift %d of %s %s", n+1, c.ID, what), Remedy: remedy})
	}
	for _, w := range wrongHours(hoursOf(s)) {
		bad(w[0], w[1], w[2])
	}
	if len(s.People) == 0 {
		bad("/people", "has nobody on it", "name somebody, or take the shift away")
	}
	for j, id := range s.People {
		l.known(c, place(i, "roster", n, "people", j), id)
	}
}

// wrongHours lists what is wrong with hours: where, what, remedy.
func wrongHours(h plantroom.Hours) [][3]string {
	var out [][3]string
	if start := time.Duration(h.Start); start < 0 || start >= day {
		out = append(out, [3]string{"/start", "starts at " + h.Start.String(), "a time of day is 00:00 to 23:59"})
	}
	if end := time.Duration(h.End); end < 0 || end > day {
		out = append(out, [3]string{"/end", "ends at " + h.End.String(), "a time of day is 00:00 to 24:00"})
	}
	if slices.ContainsFunc(h.Days, func(d time.Weekday) bool { return d < time.Sunday || d > time.Saturday }) {
		out = append(out, [3]string{"/days", "names a weekday that does not exist", "use mon to sun"})
	}
	return out
}

func (l *linter) rotation(i, n int) {
	c := &l.e.Contractors[i]
	r := &c.Rotations[n]
	bad := func(below, what, remedy string) {
		l.add(Finding{Error: true, Kind: BadRotation, Contractor: c.ID, Path: place(i, "rotations", n) + below,
			Problem: fmt.Sprintf("the rotation %s of %s %s", r.Name, c.ID, what), Remedy: remedy})
	}
	for j, id := range r.People {
		l.known(c, place(i, "rotations", n, "people", j), id)
	}
	wrong := wrongHours(r.Hours)
	for _, w := range wrong {
		bad(w[0], w[1], w[2])
	}
	switch {
	case len(r.People) == 0:
		bad("/people", "has nobody in it", "name somebody, or take the rotation away")
	case !rotates(r):
		bad("/turn", "has turns of "+r.Turn.String(), "use 1h to 8w")
	case r.To != 0 && r.To <= r.From:
		bad("/to", "ends before it begins", "use a day after "+r.From.String())
	case len(wrong) == 0:
		l.served(i, n)
	}
}

// served finds who has turns in a rotation, and none of them at its hours.
func (l *linter) served(i, n int) {
	c := &l.e.Contractors[i]
	r := &c.Rotations[n]
	never := neverOn(r)
	switch {
	case len(never) == 0:
	case len(never) == len(people(r)):
		l.add(Finding{Error: true, Kind: BadRotation, Contractor: c.ID, Path: place(i, "rotations", n),
			Problem: fmt.Sprintf("by the rotation %s of %s nobody is ever on duty", r.Name, c.ID), Remedy: "see that its days and hours lie within its turns"})
	case r.To == 0: // one that ends may end before their turn
		l.add(Finding{Kind: NeverOn, Contractor: c.ID, Person: never[0], Path: place(i, "rotations", n, "people"),
			Problem: fmt.Sprintf("%s never on duty by the rotation %s of %s: their turns always fall outside its days and hours", are(never), r.Name, c.ID),
			Remedy:  "use turns of whole weeks, or take the days away"})
	}
}

// people returns who is in a rotation, each once.
func people(r *plantroom.Rotation) []plantroom.PersonID {
	var out []plantroom.PersonID
	for _, p := range r.People {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// looked bounds how far neverOn goes. What takes longer than this until turns
// and weeks come round together is not said.
const looked = 400 * day

// neverOn returns who in a rotation has no turn at its hours, as if clocks
// never changed.
func neverOn(r *plantroom.Rotation) []plantroom.PersonID {
	length, week := int64(time.Duration(r.Turn)/time.Hour), int64(7*24)
	round := length * int64(len(r.People))
	together := round / divisor(round, week) * week // when both begin anew
	if time.Duration(r.Turn)%time.Hour != 0 || together > int64(looked/time.Hour) {
		return nil
	}
	left := people(r)
	for n := int64(0); len(left) > 0 && n < together/length; n++ {
		from, to := turn(r, time.UTC, n)
		if r.To != 0 && from == to {
			break
		}
		who := r.People[n%int64(len(r.People))]
		if slices.Contains(left, who) && meets(r.Hours, from, to) {
			left = slices.DeleteFunc(left, func(p plantroom.PersonID) bool { return p == who })
		}
	}
	return left
}

// divisor is the greatest that two numbers share.
func divisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// meets reports whether hours in UTC take up any of a time.
func meets(h plantroom.Hours, from, to plantroom.Instant) bool {
	for d := plantroom.DateOf(from, time.UTC) - 1; d <= plantroom.DateOf(to, time.UTC); d++ {
		if a, b, ok := occurrence(h, time.UTC, d); ok && a < to && from < b {
			return true
		}
	}
	return false
}

// are gives "li is" or "li and wang are".
func are(ids []plantroom.PersonID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1] + " are"
	}
	return words[0] + " is"
}
