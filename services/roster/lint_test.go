package roster

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// reachable is an estate of one contractor with a contract, in which everybody
// has a channel.
func reachable(firm plantroom.Contractor) *plantroom.Estate {
	e := &plantroom.Estate{Zone: "Asia/Shanghai", Contractors: []plantroom.Contractor{firm},
		Contracts: []plantroom.Contract{{ID: "k", Contractor: firm.ID, OnSite: true, Ladder: "up"}},
		Ladders:   []plantroom.Ladder{{ID: "up", Levels: []plantroom.Level{{After: hm(0, 3), Repeat: hm(0, 2)}, {After: hm(0, 10), People: []plantroom.PersonID{"lin"}}}}}}
	for _, id := range []plantroom.PersonID{"li", "wang", "zhao", "lin"} {
		e.People = append(e.People, plantroom.Person{ID: id, Channels: []plantroom.Address{{Channel: "mqtt", To: string(id)}}})
	}
	return e
}

// words gives findings as short words: "error gap /contractors/0/roster".
func words(found []Finding) string {
	var out []string
	for _, f := range found {
		grade := "warning"
		if f.Error {
			grade = "error"
		}
		out = append(out, strings.Join([]string{grade, string(f.Kind), f.Path}, " "))
	}
	return strings.Join(out, "; ")
}

func TestLintSaysWhatIsWrongWhereAndHowBadly(t *testing.T) {
	type E = *plantroom.Estate
	now := instant(t, "2026-03-02T10:00+08:00")
	at := func(s string) plantroom.Instant { return instant(t, s+"+08:00") }
	for _, c := range []struct {
		says   string
		change func(E, *plantroom.Contractor)
		want   string
	}{
		{"day and night are covered", func(E, *plantroom.Contractor) {}, ""},
		{"technicians without a roster are always there", func(_ E, f *plantroom.Contractor) { f.Roster = nil }, ""},
		{"nobody at all", func(_ E, f *plantroom.Contractor) {
			f.Roster, f.Technicians, f.Channels = nil, nil, []plantroom.Address{{}}
		}, "error gap /contractors/0"},
		{"no night shift, with people on the estate", func(_ E, f *plantroom.Contractor) {
			f.Overrides = []plantroom.Override{{From: now, To: now.Add(time.Hour), InsteadOf: []plantroom.PersonID{"li"}}}
		},
			"error gap /contractors/0/overrides/0"},
		{"no night shift, and people who come from elsewhere", func(e E, f *plantroom.Contractor) { e.Contracts[0].OnSite, f.Roster = false, f.Roster[:1] }, "warning gap /contractors/0/roster"},
		{"no night shift, and no contract", func(e E, f *plantroom.Contractor) { e.Contracts[0].Contractor, f.Roster = "other", f.Roster[:1] }, ""},
		{"a gap after the contract", func(e E, f *plantroom.Contractor) { e.Contracts[0].To, f.Roster = now.Add(9*time.Hour), f.Roster[:1] }, ""},
		{"a rotation that runs out", func(_ E, f *plantroom.Contractor) {
			f.Roster, f.Rotations = nil, []plantroom.Rotation{weekly(t, func(r *plantroom.Rotation) { r.From, r.To = r.From-7, r.From+7 })}
		}, "error gap /contractors/0/rotations"},
		{"a stranger", func(_ E, f *plantroom.Contractor) { f.Technicians = append(f.Technicians, "mo") }, "error unknown_person /contractors/0/technicians/2"},
		{"a stranger on a shift", func(_ E, f *plantroom.Contractor) { f.Roster[1].People = []plantroom.PersonID{"wang", "mo"} }, "error unknown_person /contractors/0/roster/1/people/1"},
		{"a stranger in a swap", func(_ E, f *plantroom.Contractor) {
			f.Swaps = []plantroom.Swap{{Give: [2]plantroom.Given{{Person: "li"}, {Person: "mo"}}}}
		}, "error unknown_person /contractors/0/swaps/0/give/1/person"},
		{"a person on duty without a channel", func(e E, _ *plantroom.Contractor) { e.People[0].Channels = nil }, "warning no_channel /people/0"},
		{"a person without a channel who is never on duty", func(e E, _ *plantroom.Contractor) { e.People[2].Channels = nil }, ""},
		{"nobody who can be reached", func(e E, _ *plantroom.Contractor) { e.People[0].Channels, e.People[1].Channels = nil, nil },
			"warning no_channel /people/0; warning no_channel /people/1; error unreachable /contractors/0"},
		{"nobody but the firm itself", func(e E, f *plantroom.Contractor) {
			e.People[0].Channels, e.People[1].Channels, f.Channels = nil, nil, []plantroom.Address{{Channel: "mqtt", To: "firm"}}
		}, "warning no_channel /people/0; warning no_channel /people/1"},
		{"a step whose people cannot be called", func(e E, _ *plantroom.Contractor) { e.People[3].Channels = nil }, "error never_fires /ladders/0/levels/1/people"},
		{"a step of a stranger", func(e E, _ *plantroom.Contractor) { e.Ladders[0].Levels[1].People[0] = "mo" }, "error unknown_person /ladders/0/levels/1/people/0"},
		{"a step that is passed over", func(e E, _ *plantroom.Contractor) { e.Ladders[0].Levels[1].After = hm(0, 2) }, "error never_fires /ladders/0/levels/0/after"},
		{"a repeat that never comes", func(e E, _ *plantroom.Contractor) { e.Ladders[0].Levels[0].Repeat = hm(0, 7) }, "warning never_fires /ladders/0/levels/0/repeat"},
		{"a ladder of nobody", func(e E, _ *plantroom.Contractor) { e.Contracts[0].Ladder = "" }, "warning never_climbed /ladders/0"},
		{"a team without a contract that a ladder calls, by night not there", func(e E, f *plantroom.Contractor) {
			e.Contracts[0].Contractor, f.Roster, e.Ladders[0].Levels[0].OnDuty = "other", f.Roster[:1], f.ID
		}, "warning gap /contractors/0/roster"},
		{"a shift without people", func(_ E, f *plantroom.Contractor) { f.Roster = append(f.Roster, plantroom.Shift{}) }, "error bad_shift /contractors/0/roster/2/people"},
		{"a start at 24h", func(_ E, f *plantroom.Contractor) {
			f.Roster = append(f.Roster, plantroom.Shift{Start: hm(24, 0), People: []plantroom.PersonID{"zhao"}})
		}, "error bad_shift /contractors/0/roster/2/start"},
		{"an end beyond 24h", func(_ E, f *plantroom.Contractor) {
			f.Roster = append(f.Roster, plantroom.Shift{End: hm(24, 1), People: []plantroom.PersonID{"zhao"}})
		}, "error bad_shift /contractors/0/roster/2/end"},
		{"a day that is none", func(_ E, f *plantroom.Contractor) {
			f.Roster = append(f.Roster, plantroom.Shift{Days: []time.Weekday{7}, People: []plantroom.PersonID{"zhao"}})
		}, "error bad_shift /contractors/0/roster/2/days"},
		{"a rotation of nobody", func(_ E, f *plantroom.Contractor) {
			f.Rotations = []plantroom.Rotation{weekly(t, func(r *plantroom.Rotation) { r.People = nil })}
		}, "error bad_rotation /contractors/0/rotations/0/people"},
		{"a turn of no length", func(_ E, f *plantroom.Contractor) {
			f.Rotations = []plantroom.Rotation{weekly(t, func(r *plantroom.Rotation) { r.Turn = 0 })}
		}, "error bad_rotation /contractors/0/rotations/0/turn"},
		{"a rotation that ends first", func(_ E, f *plantroom.Contractor) {
			f.Rotations = []plantroom.Rotation{weekly(t, func(r *plantroom.Rotation) { r.To = r.From })}
		}, "error bad_rotation /contractors/0/rotations/0/to"},
		{"a rotation with nobody on duty ever", func(_ E, f *plantroom.Contractor) {
			f.Rotations = []plantroom.Rotation{weekly(t, func(r *plantroom.Rotation) { r.To, r.Hours.Days = r.From+2, []time.Weekday{time.Saturday} })}
		}, "error bad_rotation /contractors/0/rotations/0"},
		{"seven in daily turns, at weekends", func(_ E, f *plantroom.Contractor) {
			f.Roster = []plantroom.Shift{{People: []plantroom.PersonID{"wang"}}}
			f.Rotations = []plantroom.Rotation{weekly(t, func(r *plantroom.Rotation) {
				r.People = []plantroom.PersonID{"li", "li", "li", "li", "li", "zhao", "zhao"}
				r.Turn, r.Hours.Days = hm(24, 0), []time.Weekday{time.Saturday, time.Sunday}
			})}
		}, "warning never_on /contractors/0/rotations/0/people"},
		{"three in daily turns, at weekends", func(_ E, f *plantroom.Contractor) {
			f.Roster = []plantroom.Shift{{People: []plantroom.PersonID{"lin"}}}
			f.Rotations = []plantroom.Rotation{weekly(t, func(r *plantroom.Rotation) {
				r.Turn, r.Hours.Days = hm(24, 0), []time.Weekday{time.Saturday, time.Sunday}
			})}
		}, ""},
		{"one person on two shifts", func(_ E, f *plantroom.Contractor) {
			f.Roster = append(f.Roster, plantroom.Shift{Start: hm(9, 0), End: hm(10, 0), People: []plantroom.PersonID{"li"}})
		},
			"warning overlap /contractors/0/roster/2"},
		{"one person for two firms", func(e E, _ *plantroom.Contractor) {
			e.Contractors = append(e.Contractors, plantroom.Contractor{ID: "other", Technicians: []plantroom.PersonID{"li"}})
		}, "warning overlap /contractors/1/technicians/0"},
		{"a swap of what one does not have", func(_ E, f *plantroom.Contractor) {
			f.Swaps = []plantroom.Swap{{Give: [2]plantroom.Given{{Person: "li", From: at("2026-03-03T20:00"), To: at("2026-03-04T08:00")}, {Person: "wang", From: at("2026-03-05T20:00"), To: at("2026-03-06T08:00")}}}}
		}, "warning no_effect /contractors/0/swaps/0/give/0"},
		{"a swap of what an earlier swap has brought", func(_ E, f *plantroom.Contractor) {
			day := plantroom.Given{From: at("2026-03-03T08:00"), To: at("2026-03-03T20:00")}
			give := func(p plantroom.PersonID, g plantroom.Given) plantroom.Given { g.Person = p; return g }
			f.Roster[1].People = append(f.Roster[1].People, "lin")
			later := plantroom.Given{From: at("2026-03-05T20:00"), To: at("2026-03-06T08:00")}
			f.Swaps = []plantroom.Swap{{Give: [2]plantroom.Given{give("li", day), give("wang", later)}}, {Give: [2]plantroom.Given{give("wang", day), give("lin", later)}}}
		}, ""},
		{"a swap with somebody who is there already", func(_ E, f *plantroom.Contractor) {
			f.Roster[0].People = []plantroom.PersonID{"li", "wang"}
			f.Swaps = []plantroom.Swap{{Give: [2]plantroom.Given{{Person: "li", From: at("2026-03-03T08:00"), To: at("2026-03-03T20:00")}, {Person: "wang", From: at("2026-03-05T20:00"), To: at("2026-03-06T08:00")}}}}
		}, "warning overlap /contractors/0/swaps/0/give/0"},
		{"an override of somebody who is not there", func(_ E, f *plantroom.Contractor) {
			f.Overrides = []plantroom.Override{{From: at("2026-03-03T20:00"), To: at("2026-03-04T08:00"), People: []plantroom.PersonID{"zhao"}, InsteadOf: []plantroom.PersonID{"li"}}}
		}, "warning no_effect /contractors/0/overrides/0/instead_of"},
		{"one that replaces whom an earlier one has brought", func(_ E, f *plantroom.Contractor) {
			from, to := at("2026-03-03T08:00"), at("2026-03-03T20:00")
			f.Overrides = []plantroom.Override{{From: from, To: to, People: []plantroom.PersonID{"zhao"}, InsteadOf: []plantroom.PersonID{"li"}}, {From: from, To: to, People: []plantroom.PersonID{"lin"}, InsteadOf: []plantroom.PersonID{"zhao"}}}
		}, ""},
		{"what is over is a record, and judged no more", func(_ E, f *plantroom.Contractor) {
			f.Overrides = []plantroom.Override{{From: at("2026-02-03T20:00"), To: at("2026-02-04T08:00"), People: []plantroom.PersonID{"zhao"}, InsteadOf: []plantroom.PersonID{"li"}}}
		}, ""},
	} {
		t.Run(c.says, func(t *testing.T) {
			e := reachable(firm(clone(dayShift), clone(night)))
			c.change(e, &e.Contractors[0])
			found := Lint(e, zone(t, "Asia/Shanghai"), now)
			if got := words(found); got != c.want {
				t.Fatalf("got  %s\nwant %s\n%+v", got, c.want, found)
			}
			for _, f := range found {
				if f.Problem == "" || f.Remedy == "" {
					t.Errorf("%+v does not say what would be right", f)
				}
			}
		})
	}
}

func clone(s plantroom.Shift) plantroom.Shift {
	s.People = slices.Clone(s.People)
	return s
}

func TestLintFindsEveryGapOfThirtyDaysWherePeopleArePromised(t *testing.T) {
	weekday := plantroom.Shift{Days: weekdays, Start: hm(0, 0), End: hm(24, 0), People: []plantroom.PersonID{"li"}}
	saturday := plantroom.Shift{Days: []time.Weekday{time.Saturday}, Start: hm(0, 0), End: hm(24, 0), People: []plantroom.PersonID{"wang"}}
	berlin := zone(t, "Europe/Berlin")
	// Monday; the Sundays are 8, 15, 22 and 29 March, the last with 23 hours.
	now := instant(t, "2026-03-02T10:00+01:00")
	found := Lint(reachable(firm(weekday, saturday)), berlin, now)
	want := [][2]string{
		{"2026-03-08T00:00+01:00", "2026-03-09T00:00+01:00"},
		{"2026-03-15T00:00+01:00", "2026-03-16T00:00+01:00"},
		{"2026-03-22T00:00+01:00", "2026-03-23T00:00+01:00"},
		{"2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"},
	}
	if len(found) != len(want) {
		t.Fatalf("got %d findings: %v", len(found), found)
	}
	for i, f := range found {
		if f.Kind != Gap || !f.Error || f.From != instant(t, want[i][0]) || f.To != instant(t, want[i][1]) {
			t.Errorf("gap %d: %+v, want %v", i, f, want[i])
		}
	}
	if msg := found[3].Problem; !strings.Contains(msg, "Sun 2026-03-29 00:00 CET to Mon 2026-03-30 00:00 CEST") {
		t.Errorf("%q does not give local times", msg)
	}
}

func TestLintCutsGapsAtItsHorizonAndNamesTenAtMost(t *testing.T) {
	monday := plantroom.Shift{Days: []time.Weekday{time.Monday}, Start: hm(12, 0), End: hm(13, 0), People: []plantroom.PersonID{"li"}}
	now := instant(t, "2026-03-02T10:00+08:00")
	found := Lint(reachable(firm(monday)), zone(t, "Asia/Shanghai"), now)
	if first, last := found[0], found[len(found)-1]; first.From != now || last.To != now.Add(Horizon) {
		t.Errorf("from %s to %s", first.From, last.To)
	}
	hourly := plantroom.Shift{Start: hm(12, 0), End: hm(13, 0), People: []plantroom.PersonID{"li"}}
	found = Lint(reachable(firm(hourly)), zone(t, "Asia/Shanghai"), now)
	if len(found) != 11 || !strings.HasPrefix(found[10].Problem, "and 21 more gaps of quicklift, to ") {
		t.Errorf("%d findings, the last: %s", len(found), found[len(found)-1].Problem)
	}
}
