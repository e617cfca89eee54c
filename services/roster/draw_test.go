package roster

import (
	"fmt"
	"slices"
	"time"

	"plantroom"

	"pgregory.net/rapid"
)

var crew = []plantroom.PersonID{"li", "wang", "zhao", "sun"}

func anyone(rt *rapid.T, name string) plantroom.PersonID {
	return rapid.SampledFrom(crew).Draw(rt, name)
}

func someDays(rt *rapid.T) []time.Weekday {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) time.Weekday { return time.Weekday(rapid.IntRange(0, 6).Draw(t, "day")) }),
		0, 6, rapid.ID[time.Weekday]).Draw(rt, "days")
}

// clockOf draws a time of day, half of the time one at which clocks change somewhere.
func clockOf(rt *rapid.T, name string) plantroom.Duration {
	if rapid.Bool().Draw(rt, "odd") {
		return hm(0, 30*rapid.IntRange(0, 8).Draw(rt, name))
	}
	return hm(0, 10*rapid.IntRange(0, 24*6-1).Draw(rt, name))
}

// someRoster draws a contractor with something of everything.
func someRoster(rt *rapid.T, loc *time.Location, from time.Time) plantroom.Contractor {
	c := plantroom.Contractor{ID: "quicklift", Technicians: crew}
	today := plantroom.DateOf(plantroom.At(from), loc)
	for range rapid.IntRange(0, 2).Draw(rt, "shifts") {
		c.Roster = append(c.Roster, plantroom.Shift{Days: someDays(rt), Start: clockOf(rt, "start"), End: clockOf(rt, "end"), People: []plantroom.PersonID{anyone(rt, "on the shift")}})
	}
	for n := range rapid.IntRange(1, 2).Draw(rt, "rotations") {
		r := plantroom.Rotation{Name: fmt.Sprint("r", n), People: rapid.SliceOfN(rapid.SampledFrom(crew), 1, 4).Draw(rt, "in turn"),
			From: today + plantroom.Date(rapid.IntRange(-15, 2).Draw(rt, "from")), HandOver: clockOf(rt, "hand over"),
			Turn: hm(rapid.SampledFrom([]int{1, 2, 5, 8, 12, 24, 36, 72, 168}).Draw(rt, "turn"), 0)}
		r.Hours = plantroom.Hours{Start: r.HandOver, End: r.HandOver}
		if rapid.Bool().Draw(rt, "ends") {
			r.To = r.From + plantroom.Date(rapid.IntRange(1, 20).Draw(rt, "days long"))
		}
		if rapid.Bool().Draw(rt, "within hours") {
			r.Hours = plantroom.Hours{Days: someDays(rt), Start: clockOf(rt, "start"), End: clockOf(rt, "end")}
		}
		c.Rotations = append(c.Rotations, r)
	}
	span := func(name string) (a, b plantroom.Instant) {
		begin := from.Add(time.Duration(rapid.IntRange(-600, 4000).Draw(rt, name)) * time.Minute)
		return plantroom.At(begin), plantroom.At(begin.Add(time.Duration(rapid.IntRange(1, 2000).Draw(rt, name+" lasts")) * time.Minute))
	}
	for range rapid.IntRange(0, 2).Draw(rt, "swaps") {
		s := plantroom.Swap{}
		s.Give[0].Person = anyone(rt, "one")
		s.Give[1].Person = rapid.SampledFrom(slices.DeleteFunc(slices.Clone(crew), func(p plantroom.PersonID) bool { return p == s.Give[0].Person })).Draw(rt, "other")
		s.Give[0].From, s.Give[0].To = span("one gives")
		s.Give[1].From, s.Give[1].To = span("other gives")
		c.Swaps = append(c.Swaps, s)
	}
	for range rapid.IntRange(0, 3).Draw(rt, "overrides") {
		o := plantroom.Override{People: rapid.SliceOfNDistinct(rapid.SampledFrom(crew), 0, 2, rapid.ID[plantroom.PersonID]).Draw(rt, "in"),
			InsteadOf: rapid.SliceOfNDistinct(rapid.SampledFrom(crew), 0, 2, rapid.ID[plantroom.PersonID]).Draw(rt, "out")}
		o.From, o.To = span("override")
		c.Overrides = append(c.Overrides, o)
	}
	return c
}
