package roster

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/icalendar"
)

// callHouse is an estate in which li, wang and zhao take turns by the week, and
// zhao stands in for wang once.
func callHouse(t testing.TB) *plantroom.Estate {
	e := reachable(rotating(weekly(t)))
	e.ID, e.Zone = "story", "Europe/Berlin"
	e.People[0].Name, e.People[1].Name, e.People[2].Name = "Li Qiang", "Wang Wei", "Zhao Jun"
	e.People[1].Lang = "zh"
	e.Contractors[0].Name = plantroom.Text{En: "Quicklift; Services", Zh: "快梯维保"}
	e.Contractors[0].Overrides = []plantroom.Override{{From: instant(t, "2026-03-31T08:00+02:00"), To: instant(t, "2026-04-01T08:00+02:00"),
		People: []plantroom.PersonID{"zhao"}, InsteadOf: []plantroom.PersonID{"wang"}}}
	return e
}

func feedOf(t testing.TB, e *plantroom.Estate, who plantroom.PersonID, firm plantroom.ContractorID, now plantroom.Instant) icalendar.Calendar {
	t.Helper()
	c, err := Feed(e, who, firm, zone(t, e.Zone), now, instant(t, "2026-03-01T00:00Z"), 14)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAPersonsFeedHoldsThePersonsTurns(t *testing.T) {
	e := callHouse(t)
	now := instant(t, "2026-03-26T10:00+01:00")
	c := feedOf(t, e, "wang", "", now)
	if c.Name != "值班：Wang Wei" {
		t.Errorf("the name is %q", c.Name)
	}
	var got []string
	berlin := zone(t, "Europe/Berlin")
	for _, ev := range c.Events {
		got = append(got, ev.Start.Time().In(berlin).Format("01-02T15:04")+" "+ev.End.Time().In(berlin).Format("01-02T15:04")+" "+ev.Summary)
	}
	// The clocks go forward on 29 March: the hand-over stays at eight.
	want := []string{"03-09T08:00 03-16T08:00 Wang Wei 值班（快梯维保）", "03-30T08:00 03-31T08:00 Wang Wei 值班（快梯维保）", "04-01T08:00 04-06T08:00 Wang Wei 值班（快梯维保）"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if s := string(c.Bytes()); !strings.Contains(s, "DTSTART:20260330T060000Z\r\nDTEND:20260331T060000Z\r\n") {
		t.Errorf("the times are not in UTC:\n%s", s)
	}
	firm := feedOf(t, e, "", "quicklift", now)
	if i := slices.IndexFunc(firm.Events, func(ev icalendar.Event) bool { return ev.Description == "override 1, in the place of Wang Wei" }); i < 0 || firm.Events[i].Summary != "Zhao Jun on duty for Quicklift; Services" {
		t.Errorf("the stand-in is not in the contractor's feed: %+v", firm.Events)
	}
}

func TestAFeedIsTheSameAllDayLongAndItsEventsKeepTheirNames(t *testing.T) {
	e := callHouse(t)
	e.Contractors[0].Roster = []plantroom.Shift{clone(dayShift)} // besides
	morning := instant(t, "2026-03-26T00:00+01:00")
	first := feedOf(t, e, "", "quicklift", morning)
	evening := feedOf(t, e, "", "quicklift", morning.Add(24*time.Hour-1))
	if !bytes.Equal(first.Bytes(), evening.Bytes()) {
		t.Error("the feed has changed within a day")
	}
	seen := map[string]icalendar.Event{}
	for _, ev := range first.Events {
		if _, twice := seen[ev.UID]; twice {
			t.Errorf("two events are called %s", ev.UID)
		}
		seen[ev.UID] = ev
	}
	same := 0
	for _, ev := range feedOf(t, e, "", "quicklift", morning.Add(20*24*time.Hour)).Events {
		if old, ok := seen[ev.UID]; ok {
			if same++; old != ev {
				t.Errorf("%s was %+v and is %+v", ev.UID, old, ev)
			}
		}
	}
	for _, ev := range feedOf(t, e, "", "quicklift", morning.Add(20*24*time.Hour)).Events {
		if _, ok := seen[ev.UID]; !ok && ev.Start < first.To {
			t.Errorf("%s was not there before: a turn that is cut off has got another name", ev.UID)
		}
	}
	if same < 10 {
		t.Errorf("%d events have kept their names over twenty days", same)
	}
}

func TestWhoeverStandsInForMonthsKeepsOneEvent(t *testing.T) {
	e := callHouse(t)
	now := instant(t, "2026-09-01T10:00+02:00")
	e.Contractors[0].Overrides = []plantroom.Override{{From: now.Add(-200 * 24 * time.Hour), To: now.Add(10 * 24 * time.Hour), People: []plantroom.PersonID{"lin"}}}
	e.Contractors[0].Technicians = append(e.Contractors[0].Technicians, "lin")
	var uids []string
	for n := range 3 {
		c := feedOf(t, e, "lin", "", now.Add(time.Duration(n)*24*time.Hour))
		if len(c.Events) != 1 {
			t.Fatalf("%+v", c.Events)
		}
		uids = append(uids, c.Events[0].UID)
	}
	if uids[0] != uids[1] || uids[1] != uids[2] {
		t.Errorf("from day to day the event is called %v", uids)
	}
}

func TestAFeedCanBeReadAgain(t *testing.T) {
	e := callHouse(t)
	berlin := zone(t, "Europe/Berlin")
	c := feedOf(t, e, "", "quicklift", instant(t, "2026-03-26T10:00+01:00"))
	got, err := icalendar.Read(c.Bytes(), berlin, c.From, c.To)
	if err != nil || len(got) != len(c.Events) {
		t.Fatalf("%d of %d events, %v", len(got), len(c.Events), err)
	}
	for i, o := range got {
		if o.Start != c.Events[i].Start || o.End != c.Events[i].End || o.Summary != c.Events[i].Summary {
			t.Errorf("%+v has become %+v", c.Events[i], o)
		}
	}
}

func TestNobodyUnknownHasAFeed(t *testing.T) {
	e := callHouse(t)
	for _, c := range []struct {
		who  plantroom.PersonID
		firm plantroom.ContractorID
	}{{"mo", ""}, {"", "other"}, {"", ""}} {
		if _, err := Feed(e, c.who, c.firm, time.UTC, 0, 0, 1); plantroom.CodeOf(err) != plantroom.CodeNotFound {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if c := feedOf(t, e, "lin", "", instant(t, "2026-03-26T10:00+01:00")); len(c.Events) != 0 {
		t.Errorf("a manager, who has no duty, has %d events", len(c.Events))
	}
}

func TestAnEventSaysWhoComesAndWhoIsAway(t *testing.T) {
	e := callHouse(t)
	for _, c := range []struct{ summary, in, away, fault string }{
		{"zhao", "zhao", "", ""},
		{"Zhao Jun for Li Qiang", "zhao", "li", ""},
		{"zhao, wang instead of li", "zhao wang", "li", ""},
		{"ZHAO FOR LI", "zhao", "li", ""},
		{"zhao代替li、wang", "zhao", "li wang", ""},
		{"Li Qiang away", "", "li", ""},
		{"li, wang off", "", "li wang", ""},
		{"mo for li", "", "", `quicklift has no technician "mo"`},
		{"lin", "", "", `quicklift has no technician "lin"`},
		{"li for li", "", "", "the same person comes and is away"},
		{"", "", "", "the summary names nobody"},
		{"zhao for ", "", "", "the summary names nobody"},
	} {
		got, err := StandIns(&e.Contractors[0], e.People, []icalendar.Occurrence{{Line: 7, Summary: c.summary, Start: 1, End: 2}})
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), "line 7: "+c.fault) {
				t.Errorf("%q: %v, %v; want %s", c.summary, got, err, c.fault)
			}
			continue
		}
		if err != nil || len(got) != 1 || join(got[0].People) != c.in || join(got[0].InsteadOf) != c.away {
			t.Errorf("%q has become %+v, %v", c.summary, got, err)
		}
	}
}

func FuzzStandIns(f *testing.F) {
	for _, s := range []string{"zhao for li", "li away", "İ for li", "zhao代替li", ",,"} {
		f.Add(s, "")
	}
	e := callHouse(f)
	f.Fuzz(func(t *testing.T, summary, description string) {
		got, err := StandIns(&e.Contractors[0], e.People, []icalendar.Occurrence{{Line: 1, Summary: summary, Description: description, Start: 1, End: 2}})
		if (err == nil) != (len(got) == 1) {
			t.Fatalf("%v, %v", got, err)
		}
		for _, o := range got {
			for _, p := range append(o.People, o.InsteadOf...) {
				if !slices.Contains(e.Contractors[0].Technicians, p) {
					t.Fatalf("%q names %s", summary, p)
				}
			}
		}
	})
}
