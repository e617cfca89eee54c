package estate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/roster"
)

type rotation struct {
	Name     string               `json:"name"`
	People   []plantroom.PersonID `json:"people"`
	From     string               `json:"from"`
	To       string               `json:"to"`
	HandOver string               `json:"hand_over"`
	Turn     string               `json:"turn"`
	Days     []string             `json:"days"`
	Start    string               `json:"start"`
	End      string               `json:"end"`
}

type swap struct {
	Give   []share            `json:"give"`
	Agreed string             `json:"agreed"`
	By     plantroom.PersonID `json:"by"`
}

type share struct {
	Person plantroom.PersonID `json:"person"`
	From   string             `json:"from"`
	To     string             `json:"to"`
}

type override struct {
	From      string               `json:"from"`
	To        string               `json:"to"`
	People    []plantroom.PersonID `json:"people"`
	InsteadOf []plantroom.PersonID `json:"instead_of"`
	Reason    string               `json:"reason"`
}

// duty lays out what a contractor says of who is on duty.
func (c *checker) duty(at string, out *plantroom.Contractor, k contractor, zone *time.Location) {
	for _, s := range k.Roster {
		out.Roster = append(out.Roster, plantroom.Shift{Days: weekdays(s.Days), Start: clockTime(s.Start), End: clockTime(s.End), People: s.People})
	}
	for i, r := range k.Rotations {
		out.Rotations = append(out.Rotations, c.rotation(fmt.Sprintf("%s/rotations/%d", at, i), out, r))
	}
	for i, s := range k.Swaps {
		out.Swaps = append(out.Swaps, c.swap(fmt.Sprintf("%s/swaps/%d", at, i), s, zone))
	}
	for i, o := range k.Overrides {
		path := fmt.Sprintf("%s/overrides/%d", at, i)
		p := plantroom.Override{People: o.People, InsteadOf: o.InsteadOf, Reason: o.Reason}
		p.From, p.To = c.span(path, o.From, o.To, zone)
		if len(o.People) == 0 && len(o.InsteadOf) == 0 {
			c.fault(path, "it changes nothing", "say with people who comes, with instead_of who is away")
		}
		for n, id := range o.People {
			if slices.Contains(o.InsteadOf, id) {
				c.fault(fmt.Sprintf("%s/people/%d", path, n), fmt.Sprintf("%q stands in for somebody and is away at the same time", id), "take the name out of people or of instead_of")
			}
		}
		out.Overrides = append(out.Overrides, p)
	}
}

func (c *checker) rotation(at string, of *plantroom.Contractor, r rotation) plantroom.Rotation {
	out := plantroom.Rotation{Name: r.Name, People: r.People, From: c.date(at+"/from", r.From), To: c.date(at+"/to", r.To),
		HandOver: clockTime(r.HandOver), Turn: turnOf(r.Turn)}
	out.Hours = plantroom.Hours{Days: weekdays(r.Days), Start: out.HandOver, End: out.HandOver}
	if r.Start != "" || r.End != "" {
		out.Hours.Start, out.Hours.End = clockTime(r.Start), clockTime(r.End)
	}
	switch {
	case (r.Start == "") != (r.End == ""):
		c.fault(at, "it has one of start and end", "give both, or neither for all day")
	case out.Turn == 0 || time.Duration(out.Turn) > roster.MaxTurn:
		c.fault(at+"/turn", fmt.Sprintf("a turn of %s is too long", r.Turn), "use 8w or less; longer ones are a shift of the roster")
	case out.To != 0 && out.To <= out.From:
		c.fault(at+"/to", "the rotation ends before it begins", "use a day after "+r.From)
	}
	if slices.ContainsFunc(of.Rotations, func(o plantroom.Rotation) bool { return o.Name == r.Name }) {
		c.fault(at+"/name", fmt.Sprintf("the contractor has a rotation %q already", r.Name), "choose another name")
	}
	return out
}

func (c *checker) swap(at string, s swap, zone *time.Location) plantroom.Swap {
	out := plantroom.Swap{Agreed: c.date(at+"/agreed", s.Agreed), By: s.By}
	for i, g := range s.Give {
		if i < len(out.Give) {
			out.Give[i].Person = g.Person
			out.Give[i].From, out.Give[i].To = c.span(fmt.Sprintf("%s/give/%d", at, i), g.From, g.To, zone)
		}
	}
	if len(s.Give) == 2 && out.Give[0].Person == out.Give[1].Person {
		c.fault(at+"/give/1/person", fmt.Sprintf("%q swaps with itself", s.Give[1].Person), "name the other one; one alone who is away is an override")
	}
	return out
}

// span reads two local times. Where clocks change, it takes as much as they may
// mean: the first of two from, the second of two to.
func (c *checker) span(at, from, to string, zone *time.Location) (plantroom.Instant, plantroom.Instant) {
	begin, _ := c.local(at+"/from", from, zone)
	_, end := c.local(at+"/to", to, zone)
	if begin != 0 && end != 0 && end <= begin {
		c.fault(at+"/to", fmt.Sprintf("%s is not after %s", to, from), "use a later time")
	}
	return begin, end
}

// local reads "2026-12-24 08:00", whose form the schema has checked.
func (c *checker) local(at, s string, zone *time.Location) (first, last plantroom.Instant) {
	if len(s) != len("2026-12-24 08:00") {
		return 0, 0
	}
	d := c.date(at, s[:10])
	return roster.Moment(zone, d, time.Duration(clockTime(s[11:])))
}

// date reads a day without a zone; "" is 0.
func (c *checker) date(at, s string) plantroom.Date {
	if s == "" {
		return 0
	}
	d, err := plantroom.ParseDate(s)
	if err == nil && (d <= 0 || d > lastDate) {
		err = plantroom.Errorf(plantroom.CodeInvalid, "out of range")
	}
	if err != nil {
		c.fault(at, fmt.Sprintf("%q is not a day of the calendar", s), "write it as 2026-01-31")
		return 0
	}
	return d
}

// lastDate is 2200-01-01: an Instant ends in 2262.
const lastDate = 84006

// turnOf reads 12h, 3d or 2w as a length on the wall; 0: out of range.
func turnOf(s string) plantroom.Duration {
	if s == "" {
		return 0
	}
	n, _ := strconv.Atoi(s[:len(s)-1]) // the schema has it at three digits
	units := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	return plantroom.Duration(time.Duration(n) * units[s[len(s)-1]])
}

// contractorRefs checks whom a contractor names.
func (c *checker) contractorRefs(f file, people names) {
	for i, k := range f.Contractors {
		at := fmt.Sprintf("/contractors/%d", i)
		for j, p := range k.Technicians {
			c.refer(people, fmt.Sprintf("%s/technicians/%d", at, j), "person", string(p))
		}
		for j, s := range k.Roster {
			c.technicians(fmt.Sprintf("%s/roster/%d/people", at, j), people, k, s.People)
		}
		for j, r := range k.Rotations {
			c.technicians(fmt.Sprintf("%s/rotations/%d/people", at, j), people, k, r.People)
		}
		for j, o := range k.Overrides {
			c.technicians(fmt.Sprintf("%s/overrides/%d/people", at, j), people, k, o.People)
			c.technicians(fmt.Sprintf("%s/overrides/%d/instead_of", at, j), people, k, o.InsteadOf)
		}
		for j, s := range k.Swaps {
			c.refer(people, fmt.Sprintf("%s/swaps/%d/by", at, j), "person", string(s.By))
			for n, g := range s.Give {
				c.technician(fmt.Sprintf("%s/swaps/%d/give/%d/person", at, j, n), people, k, g.Person)
			}
		}
	}
}

func (c *checker) technicians(at string, people names, k contractor, ids []plantroom.PersonID) {
	for n, p := range ids {
		c.technician(fmt.Sprintf("%s/%d", at, n), people, k, p)
	}
}

func (c *checker) technician(at string, people names, k contractor, p plantroom.PersonID) {
	c.refer(people, at, "person", string(p))
	if list := at[:strings.Index(at[len("/contractors/"):], "/")+len("/contractors/")] + "/technicians"; people.has[string(p)] && !slices.Contains(k.Technicians, p) && c.doc.Sound(list) {
		place := "roster"
		if i := strings.Index(at, "/rotations/"); i >= 0 {
			place = "rotation"
		}
		c.fault(at, fmt.Sprintf("%q is on the %s but not one of the contractor's technicians", p, place), "add the person to technicians")
	}
}
