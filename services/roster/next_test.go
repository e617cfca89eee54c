package roster

import (
	"testing"
	"time"

	"plantroom"
)

func TestNextIsTheFirstShiftInWhichSomebodyIsThere(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	const hour = plantroom.Duration(time.Hour)
	at := func(day, h, m int) plantroom.Instant {
		return plantroom.At(time.Date(2026, time.March, day, h, m, 0, 0, berlin))
	}
	weekdays := []time.Weekday{1, 2, 3, 4, 5}
	firm := plantroom.Contractor{Technicians: []plantroom.PersonID{"a"}, Roster: []plantroom.Shift{
		{Days: weekdays, Start: 8 * hour, End: 18 * hour, People: []plantroom.PersonID{"a"}},
		{Days: []time.Weekday{6}, Start: 9 * hour, End: 12 * hour}, // nobody is on it
	}}
	for _, c := range []struct {
		who         plantroom.Contractor
		after, want plantroom.Instant
	}{
		{firm, at(5, 18, 0), at(6, 8, 0)},
		{firm, at(5, 7, 59), at(5, 8, 0)},
		{firm, at(5, 8, 0), at(6, 8, 0)},                                               // the shift has begun
		{firm, at(27, 20, 0), at(30, 8, 0)},                                            // over the night in which clocks change
		{plantroom.Contractor{Technicians: []plantroom.PersonID{"a"}}, at(5, 8, 0), 0}, // no shifts to come: there at all times
		{plantroom.Contractor{Roster: []plantroom.Shift{{Days: []time.Weekday{1}, Start: 0, End: 0}}}, at(5, 8, 0), 0},
	} {
		if got := Next(c.who, berlin, c.after); got != c.want {
			t.Errorf("after %s: %s, want %s", c.after, got, c.want)
		}
	}
}

func TestTheWayIsAWalkForWhoeverIsOnTheEstate(t *testing.T) {
	far := plantroom.Contract{Travel: plantroom.Duration(2 * time.Hour)}
	near := far
	near.OnSite = true
	if Way(&far) != 2*time.Hour || Way(&near) != OnSiteWalk {
		t.Errorf("%s and %s", Way(&far), Way(&near))
	}
}
