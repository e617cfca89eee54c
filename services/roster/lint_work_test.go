package roster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// crowded is a firm with a number of overrides that all reach to the end of the
// month, one after the other over its hourly rotations.
func crowded(id plantroom.ContractorID, overrides int, from plantroom.Instant) plantroom.Contractor {
	c := plantroom.Contractor{ID: id, Channels: []plantroom.Address{{Channel: "mqtt", To: string(id)}}}
	for i := range 40 {
		c.Technicians = append(c.Technicians, plantroom.PersonID(fmt.Sprintf("p%d", i)))
	}
	for r := range 20 {
		c.Rotations = append(c.Rotations, plantroom.Rotation{Name: fmt.Sprintf("r%d", r), People: c.Technicians[2*r : 2*r+2], From: 20_000, Turn: hm(1, 0)})
	}
	for o := range overrides {
		c.Overrides = append(c.Overrides, plantroom.Override{From: from.Add(time.Duration(o) * time.Minute), To: from.Add(29 * 24 * time.Hour),
			People: c.Technicians[o%40 : o%40+1], InsteadOf: c.Technicians[(o+1)%40 : (o+1)%40+1]})
	}
	return c
}

// A small file can ask for hours of work, and is to cost seconds: what is too much
// for one firm is said, and the others are looked at. Without the bound this test
// does not end.
func TestARosterThatChangesTooOftenIsNotLookedAtWholeAndTheOthersAre(t *testing.T) {
	now := instant(t, "2026-03-02T10:00+08:00")
	for _, overrides := range []int{400, 1000} {
		e := &plantroom.Estate{Zone: "Asia/Shanghai"}
		for i := range 5 {
			e.Contractors = append(e.Contractors, crowded(plantroom.ContractorID(fmt.Sprintf("f%d", i)), overrides, now))
		}
		e.Contractors = append(e.Contractors, plantroom.Contractor{ID: "last", Roster: []plantroom.Shift{{Start: hm(8, 0), End: hm(20, 0), People: []plantroom.PersonID{"max"}}}})
		e.Contracts = []plantroom.Contract{{ID: "k", Contractor: "last", OnSite: true}}
		e.People = []plantroom.Person{{ID: "max"}}
		found := words(Lint(e, zone(t, "Asia/Shanghai"), now))
		if !strings.Contains(found, "warning too_much /contractors/") || !strings.Contains(found, "error gap /contractors/5/roster") {
			t.Errorf("%d overrides: %.600s", overrides, found)
		}
		if n := strings.Count(found, "too_much /contractors/1;"); n > 1 {
			t.Errorf("said %d times of one firm", n)
		}
	}
}

func TestALargeEstateIsLookedAtWhole(t *testing.T) {
	now := instant(t, "2026-03-02T10:00+08:00")
	e := &plantroom.Estate{Zone: "Asia/Shanghai"}
	for i := range 30 {
		c := crowded(plantroom.ContractorID(fmt.Sprintf("f%d", i)), 0, now)
		for r := range c.Rotations {
			c.Rotations[r].Turn = hm(24, 0)
		}
		c.Rotations = c.Rotations[:3]
		for o := range 40 {
			from := now.Add(time.Duration(o) * 24 * time.Hour)
			c.Overrides = append(c.Overrides, plantroom.Override{From: from, To: from.Add(8 * time.Hour), People: c.Technicians[30:31]})
		}
		e.Contractors = append(e.Contractors, c)
	}
	if found := words(Lint(e, zone(t, "Asia/Shanghai"), now)); strings.Contains(found, "too_much") {
		t.Errorf("%.400s", found)
	}
}
