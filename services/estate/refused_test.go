package estate_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"plantroom/internal/yamldoc"
	"plantroom/services/estate"
)

// promised is an estate with two firms, in the form that people write.
const promised = `estate: e
name: Promised
time_zone: Europe/Berlin
profile: plain
currency: EUR
buildings:
  - {id: b1, floors: 3}
gateways:
  - {id: gw}
assets:
  - {id: l1, domain: lifts, kind: passenger, building: b1, devices: [{id: box, gateway: gw}]}
people:
  - {id: eva, name: Eva, role: manager, channels: [{channel: mqtt, to: eva}]}
  - {id: max, name: Max, role: technician}
  - {id: tom, name: Tom, role: technician}
calendars:
  - {id: office, hours: [{days: [mon, fri], start: "09:00", end: "17:00"}]}
contractors:
  - id: firm
    name: Firm
    channels: [{channel: mqtt, to: firm}]
    technicians: [max]
    roster:
      - {days: [mon, tue], start: "08:00", end: "18:00", people: [max]}
  - id: maker
    name: Maker
    channels: [{channel: mqtt, to: maker}]
    technicians: [tom]
    roster:
      - {days: [sat], start: "20:00", end: "06:00", people: [tom]}
ladders:
  - id: lifts
    levels:
      - {after: 3m}
      - {after: 8m, people: [eva]}
  - {id: all, levels: [{after: 0s, people: [eva]}]}
  - {id: last, levels: [{after: 5m, people: [eva]}]}
contracts:
  - id: year
    contractor: firm
    domains: [lifts]
    from: 2027-01-01
    to: 2028-01-01
    ladder: lifts
    windows:
      - {clock: attend, length: 30m}
      - {clock: restore, length: 2h}
    price: {yearly: 1000}
    penalties:
      - {clock: restore, amount: 200}
    penalty_cap: {percent: 10}
  - id: offer
    contractor: maker
    domains: [lifts]
    from: 2027-01-01
    windows: []
`

// Each case changes the file above in one place, or in two: old|new||old|new.
var refused = []struct{ says, edit, want string }{
	// Contracts that contradict themselves or each other.
	{"two contracts for one lift at one time", "contractor: maker\n|contractor: firm\n",
		`e.yaml:54:15: contracts.1.domains.0: contract "year" of firm covers lifts too, at the same time; let one end before the other begins, or give them other buildings`},
	{"the same in time, where one has no end", "contractor: maker\n    domains: [lifts]\n    from: 2027-01-01|contractor: firm\n    domains: [lifts]\n    from: 2027-12-31",
		`e.yaml:54:15: contracts.1.domains.0: contract "year" of firm covers lifts too, at the same time; let one end before the other begins, or give them other buildings`},
	{"an end before the beginning", "to: 2028-01-01|to: 2027-01-01",
		`e.yaml:43:5: contracts.0.to: the contract ends before it begins; use a day after 2027-01-01`},
	{"an end that no clock shows", "to: 2028-01-01|to: 9999-12-31",
		`e.yaml:43:5: contracts.0.to: "9999-12-31" is out of range; use the years 1970 to 2199, or leave the key out where there is no end`},
	{"a beginning in the Middle Ages", "from: 2027-01-01\n    to|from: 1600-01-01\n    to",
		`e.yaml:42:5: contracts.0.from: "1600-01-01" is out of range; use the years 1970 to 2199, or leave the key out where there is no end`},
	{"repaired before anybody has to be there", "clock: restore, length: 2h|clock: restore, length: 20m",
		`e.yaml:47:26: contracts.0.windows.1.length: restore within 20m, and line 46 lets attend take 30m: nobody has to be there by then; use 30m or more, or a shorter window for attend`},
	{"freed before anybody has to be there", "      - {clock: restore, length: 2h}|      - {clock: release, severity: life, length: 20m}\n      - {clock: restore, length: 2h}",
		`e.yaml:47:42: contracts.0.windows.1.length: release within 20m, and line 46 lets attend take 30m: nobody has to be there by then; use 30m or more, or a shorter window for attend`},
	{"one promise twice", "      - {clock: restore, length: 2h}|      - {clock: restore, length: 2h}\n      - {clock: restore, length: 3h}",
		`e.yaml:48:9: contracts.0.windows.2: line 47 promises restore from severity low on already; keep the one that was agreed`},
	{"more time for the graver case", "clock: restore, length: 2h}|clock: restore, length: 2h}\n      - {clock: restore, severity: life, length: 3h}",
		`e.yaml:48:42: contracts.0.windows.2.length: restore of severity life has 3h, and the lesser severity low on line 47 has 2h, which counts here too; use 2h or less`},
	{"a promise of no time", "length: 30m|length: 0s",
		`e.yaml:46:25: contracts.0.windows.0.length: a window of no length promises nothing; give it a length, as in 30m`},
	{"kept by what is no end of it", "length: 30m}|length: 30m, until: proved}",
		`e.yaml:46:38: contracts.0.windows.0.until: attend is not kept by "proved"; use attended`},
	{"ends as it begins", "{clock: attend, length: 30m}|{clock: acknowledge, length: 30m, from: acknowledged}",
		`e.yaml:46:43: contracts.0.windows.0.from: it would end with the event from which it runs; use occurred, raised or dispatched`},
	{"lives that wait for the office", "length: 30m}|length: 30m, severity: life, calendar: office}",
		`e.yaml:46:54: contracts.0.windows.0.calendar: a window for danger to life does not wait for a calendar; take the calendar away, or the severity`},
	{"a penalty that is a gift", "amount: 200|amount: -200",
		`e.yaml:50:26: contracts.0.penalties.0.amount: -200 is too small; it is in units of the estate's currency, to the hundredth: give at least 0`},
	{"a penalty for what nobody promised", "{clock: restore, amount: 200}|{clock: acknowledge, amount: 200}",
		`e.yaml:50:10: contracts.0.penalties.0.clock: the contract has no window for acknowledge, so that none can be missed; add one to windows, or take the penalty away`},
	{"a penalty of nothing", "amount: 200|amount: 0",
		`e.yaml:50:9: contracts.0.penalties.0: the penalty is nothing; add amount, or per and per_amount`},
	{"the same penalty twice", "      - {clock: restore, amount: 200}|      - {clock: restore, amount: 200}\n      - {clock: restore, amount: 300}",
		`e.yaml:51:9: contracts.0.penalties.1: there is a penalty for restore from severity low on already; put both into one, or give one another severity`},
	{"a bound below the amount", "amount: 200|amount: 200, most: 100",
		`e.yaml:50:39: contracts.0.penalties.0.most: the bound for one window is below the amount for it; use 200 or more`},
	{"a cap below nothing", "percent: 10|percent: -10",
		`e.yaml:51:19: contracts.0.penalty_cap.percent: -10 is too small; it is of a twelfth of the yearly price: give more than 0`},
	{"a cap of nothing", "percent: 10|percent: 0",
		`e.yaml:51:19: contracts.0.penalty_cap.percent: 0 is too small; it is of a twelfth of the yearly price: give more than 0`},
	{"a cap over the whole price", "percent: 10|percent: 110",
		`e.yaml:51:19: contracts.0.penalty_cap.percent: 110 is too large; it is of a twelfth of the yearly price: give at most 100`},
	{"a cap on a price that is not", "    price: {yearly: 1000}\n|",
		`e.yaml:50:19: contracts.0.penalty_cap.percent: a part of the yearly price bounds the penalties, and there is no yearly price; add price.yearly, or bound them by amount`},
	{"a cap on penalties that are not", "    penalties:\n      - {clock: restore, amount: 200}\n|",
		`e.yaml:49:5: contracts.0.penalty_cap: it bounds penalties, and the contract has none; add penalties, or take it away`},
	{"a negative price", "yearly: 1000|yearly: -1000",
		`e.yaml:48:13: contracts.0.price.yearly: -1000 is too small; it is in units of the estate's currency, to the hundredth: give at least 0`},
	{"a ladder that calls a team that is not", "{after: 3m}|{after: 3m, on_duty: caretakers}",
		`e.yaml:34:21: ladders.0.levels.0.on_duty: there is no contractor "caretakers"; use one of firm, maker`},
	{"a level for a team and for people", "{after: 3m}|{after: 3m, on_duty: maker, people: [eva]}",
		`e.yaml:34:21: ladders.0.levels.0.on_duty: the level names people as well; keep one of both, or make two levels of it`},
	{"call-outs outside hours that are not", "yearly: 1000|call_out: 180, call_out_outside: nights, yearly: 1000",
		`e.yaml:48:28: contracts.0.price.call_out_outside: there is no calendar "nights"; use one of office`},
	{"hours for a call-out that is free", "yearly: 1000|yearly: 1000, call_out_outside: office",
		`e.yaml:48:27: contracts.0.price.call_out_outside: it says when a call-out is charged, and a call-out costs nothing; add call_out, or take it away`},
	{"one for each of nothing", "{id: l1,|{each: {building: b1}, id: l1,",
		`e.yaml:11:6: assets.0.each: it has to be either for the zones of a kind or for numbers; write zone_kind: flat, or numbers: [1, 40]`},
	{"numbers the other way round", "{id: l1,|{each: {numbers: [4, 1]}, id: \"l{number}\",",
		`e.yaml:11:13: assets.0.each.numbers: 4 comes after 1; write the first and the last, as in [1, 40]`},
	{"numbers that the id does not say", "{id: l1,|{each: {numbers: [1, 2]}, id: l1,",
		`e.yaml:11:31: assets.0.id: all that are numbered would have this id; put {number} or {number2} into it, and into those of the devices`},
	{"numbered and nowhere", "{id: l1, domain: lifts, kind: passenger, building: b1, devices: [{id: box, gateway: gw}]|{each: {numbers: [1, 2]}, id: \"l{number}\", domain: lifts, kind: passenger",
		`e.yaml:11:5: assets.0: the asset is nowhere; add building: or zone:`},
	{"an exclusion of everything", "    penalty_cap: {percent: 10}|    exclusions: [{source: x}]",
		`e.yaml:51:18: contracts.0.exclusions.0: it would free from every penalty; add causes or rules`},
	{"one reason to wait, twice", "    price: {yearly: 1000}|    pauses: [{code: no_access}, {code: no_access}]\n    price: {yearly: 1000}",
		`e.yaml:48:34: contracts.0.pauses.1.code: the reason "no_access" stands here already; choose another code`},
	// Rosters that nobody could work.
	{"nobody at all", "    technicians: [max]\n    roster:\n      - {days: [mon, tue], start: \"08:00\", end: \"18:00\", people: [max]}\n|",
		`e.yaml:19:5: contractors.0: the contractor "firm" has neither technicians nor a roster: nobody would come; add technicians, and a roster where they are not always on duty`},
	{"twice on one shift", "people: [max]}|people: [max, max]}",
		`e.yaml:24:72: contractors.0.roster.0.people.1: "max" is on this shift already; name everybody once`},
	{"one day twice", "days: [mon, tue]|days: [mon, mon]",
		`e.yaml:24:22: contractors.0.roster.0.days.1: mon stands here already; name each day once`},
	{"twice among the technicians", "technicians: [max]|technicians: [max, max]",
		`e.yaml:22:24: contractors.0.technicians.1: "max" stands here already; name everybody once`},
	{"a shift of nobody", "people: [max]}|people: []}",
		`e.yaml:24:58: contractors.0.roster.0.people: this list has no entries; it is who is on duty: give at least 1`},
	{"no time of day", "start: \"08:00\"|start: \"25:00\"",
		`e.yaml:24:28: contractors.0.roster.0.start: "25:00" does not have the right form; it is a local time in quotes, as in "08:00"`},
	{"no day", "days: [mon, tue]|days: [mon, tuesday]",
		`e.yaml:24:22: contractors.0.roster.0.days.1: "tuesday" is not permitted; use one of mon, tue, wed, thu, fri, sat, sun`},
	{"a stranger on a shift", "people: [max]}|people: [tom]}",
		`e.yaml:24:67: contractors.0.roster.0.people.0: "tom" is on the roster but not one of the contractor's technicians; add the person to technicians`},
	// Ladders that do not climb, or never end.
	{"a level before the one before it", "{after: 8m|{after: 2m",
		`e.yaml:35:10: ladders.0.levels.1.after: a level comes no later than the one before it; use a time after 3m`},
	{"a ladder that goes on with itself", "levels: [{after: 0s, people: [eva]}]}|levels: [{after: 0s, people: [eva]}], then: {ladder: all, after: 5m}}",
		`e.yaml:36:60: ladders.1.then.ladder: the ladder leads back to itself: all → all; take then away from one of them`},
	{"two that go on with each other", "levels: [{after: 0s, people: [eva]}]}|levels: [{after: 0s, people: [eva]}], then: {ladder: last, after: 5m}}||levels: [{after: 5m, people: [eva]}]}|levels: [{after: 5m, people: [eva]}], then: {ladder: all, after: 5m}}",
		"e.yaml:36:60: ladders.1.then.ladder: the ladder leads back to itself: all → last → all; take then away from one of them\ne.yaml:37:61: ladders.2.then.ladder: the ladder leads back to itself: last → all → last; take then away from one of them"},
	{"one that goes on too early", "levels: [{after: 5m, people: [eva]}]}|levels: [{after: 5m, people: [eva]}], then: {ladder: all, after: 5m}}",
		`e.yaml:37:74: ladders.2.then.after: the next ladder begins at 5m, no later than the last level of this one; use a time with which it begins after 5m`},
	{"one that goes on with nothing", "levels: [{after: 5m, people: [eva]}]}|levels: [{after: 5m, people: [eva]}], then: {ladder: none, after: 9m}}",
		`e.yaml:37:61: ladders.2.then.ladder: there is no ladder "none"; use one of all, last, lifts`},
	{"one that leads into a circle is not blamed for it", "levels: [{after: 0s, people: [eva]}]}|levels: [{after: 0s, people: [eva]}], then: {ladder: last, after: 5m}}||levels: [{after: 5m, people: [eva]}]}|levels: [{after: 5m, people: [eva]}], then: {ladder: last, after: 9m}}",
		`e.yaml:37:61: ladders.2.then.ladder: the ladder leads back to itself: last → last; take then away from one of them`},
	{"no level", "levels: [{after: 0s, people: [eva]}]|levels: []",
		`e.yaml:36:15: ladders.1.levels: this list has no entries; give at least 1`},
	// Names that lead nowhere.
	{"an unknown person on a ladder", "{after: 8m, people: [eva]}|{after: 8m, people: [ewa]}",
		`e.yaml:35:30: ladders.0.levels.1.people.0: there is no person "ewa"; use one of eva, max, tom`},
	{"an unknown technician", "technicians: [max]|technicians: [max, ann]",
		`e.yaml:22:24: contractors.0.technicians.1: there is no person "ann"; use one of eva, max, tom`},
	{"an unknown person on a shift", "people: [max]}|people: [mac]}",
		`e.yaml:24:67: contractors.0.roster.0.people.0: there is no person "mac"; use one of eva, max, tom`},
	{"an unknown contractor", "contractor: firm|contractor: form",
		`e.yaml:40:5: contracts.0.contractor: there is no contractor "form"; use one of firm, maker`},
	{"an unknown ladder", "ladder: lifts|ladder: lift",
		`e.yaml:44:5: contracts.0.ladder: there is no ladder "lift"; use one of all, last, lifts`},
	{"an unknown calendar", "length: 30m}|length: 30m, calendar: weekdays}",
		`e.yaml:46:38: contracts.0.windows.0.calendar: there is no calendar "weekdays"; use one of office`},
	{"an unknown building", "    to: 2028-01-01|    buildings: [b7]",
		`e.yaml:43:17: contracts.0.buildings.0: there is no building "b7"; use one of b1`},
	{"an unknown domain", "domains: [lifts]|domains: [lift]",
		`e.yaml:41:15: contracts.0.domains.0: there is no domain "lift"; use one of lifts, leaks, waste, bays, devices, alerts`},
	{"an unknown kind of asset", "kind: passenger|kind: passengers",
		`e.yaml:11:29: assets.0.kind: the domain lifts has no kind "passengers"; use one of passenger, firefighters`},
	{"an asset nowhere", ", building: b1, devices|, devices",
		`e.yaml:11:5: assets.0: the asset is nowhere; add building: or zone:`},
	{"an unknown gateway", "gateway: gw}|gateway: gx}",
		`e.yaml:11:80: assets.0.devices.0.gateway: there is no gateway "gx"; use one of gw`},
	{"one asset twice", "  - {id: l1,|  - {id: l1, domain: lifts, kind: passenger, building: b1}\n  - {id: l1,",
		`e.yaml:12:6: assets.1.id: the asset "l1" exists already; it stands on line 11 too; choose another id`},
	{"an unknown profile", "profile: plain|profile: mars",
		`e.yaml:4:1: profile: there is no profile "mars"; use one of cn-urban, plain`},
	// People who could not be called.
	{"a manager without an address", "role: manager, channels: [{channel: mqtt, to: eva}]|role: manager",
		"e.yaml:12:1: people: nobody with the role manager has a channel: nobody would hear of a missed window; add a manager with channels\ne.yaml:35:30: ladders.0.levels.1.people.0: \"eva\" is to be called and has no channel; add channels to the person, or call somebody else\ne.yaml:36:45: ladders.1.levels.0.people.0: \"eva\" is to be called and has no channel; add channels to the person, or call somebody else\ne.yaml:37:46: ladders.2.levels.0.people.0: \"eva\" is to be called and has no channel; add channels to the person, or call somebody else"},
	{"a contractor without an address", "    channels: [{channel: mqtt, to: firm}]\n|",
		`e.yaml:19:5: contractors.0: no order could reach the contractor "firm": it has no channel; add channels`},
	{"somebody on a ladder without an address", "{after: 8m, people: [eva]}|{after: 8m, people: [max]}",
		`e.yaml:35:30: ladders.0.levels.1.people.0: "max" is to be called and has no channel; add channels to the person, or call somebody else`},
	// Both what the schema finds and what only the whole file shows, in one go.
	{"faults of form and of meaning", "length: 30m}|length: soon}||ladder: lifts|ladder: lift||name: Tom, role: technician|name: Tom, role: boss",
		"e.yaml:15:26: people.2.role: \"boss\" is not permitted; use one of manager, engineer, technician, resident\ne.yaml:44:5: contracts.0.ladder: there is no ladder \"lift\"; use one of all, last, lifts\ne.yaml:46:25: contracts.0.windows.0.length: \"soon\" does not have the right form; it is a length of time, as in 90s, 30m or 1h30m"},
	{"a value that is spoilt is blamed once", "time_zone: Europe/Berlin|time_zone: 5||kind: passenger, |",
		`e.yaml:3:1: time_zone: this is a number, not text; it is an IANA time zone, as in Asia/Shanghai
e.yaml:11:5: assets.0: the key "kind" is missing; add it: the kind of asset within its domain`},
	{"a definition that is spoilt blames no reference to it", "  - id: firm\n|  - id: FIRM\n",
		`e.yaml:19:5: contractors.0.id: "FIRM" does not have the right form; it is 1 to 64 of a-z 0-9 - _ . with a letter or digit first`},
	{"nor does a list that is spoilt", "calendars:\n  - {id: office, hours: [{days: [mon, fri], start: \"09:00\", end: \"17:00\"}]}|calendars: none||length: 30m}|length: 30m, calendar: office}",
		`e.yaml:16:1: calendars: this is text, not a list; it is when the time of a window counts`},
	{"a missing list is named once", "gateways:\n  - {id: gw}\n|",
		`e.yaml:1:1: the key "gateways" is missing; add it: the edge computers`},
}

func changed(t *testing.T, edit string) string {
	t.Helper()
	src := promised
	for change := range strings.SplitSeq(edit, "||") {
		before, after, _ := strings.Cut(change, "|")
		if !strings.Contains(src, before) {
			t.Fatalf("%q is not in the file", before)
		}
		src = strings.Replace(src, before, after, 1)
	}
	return src
}

// chained are ladders each of which goes on with the next one.
func chained(n, levels int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  - {id: l%d, levels: [{after: 0s}", i)
		for v := 1; v < levels; v++ {
			fmt.Fprintf(&b, ", {after: %ds}", v)
		}
		b.WriteString("]")
		if i < n-1 {
			fmt.Fprintf(&b, ", then: {ladder: l%d, after: %ds}", i+1, levels)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func TestAFileOfNothingButFaultsIsRefusedSoon(t *testing.T) {
	for name, src := range map[string]string{
		"of form":    strings.Replace(promised, "people:\n", "people:\n"+strings.Repeat("  - {}\n", 3_000), 1),
		"of meaning": strings.Replace(promised, "people:\n", "people:\n"+strings.Repeat("  - {id: eva, name: Eva, role: manager}\n", 3_000), 1),
		"of names":   strings.Replace(promised, "technicians: [max]", "technicians: [max"+strings.Repeat(", nobody", 10_000)+"]", 1),
		"of devices": strings.Replace(strings.Replace(promised, "{id: b1, floors: 3}", "{id: b1, floors: 200, flats: {from: 1, to: 200, risers: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z]}}", 1),
			"assets:\n", "assets:\n  - {each: {zone_kind: flat}, id: \"{zone}\", domain: leaks, kind: spot, devices: ["+strings.Repeat("{id: \"{zone}-d\", gateway: gw}, ", 100)+"{id: \"{zone}-e\", gateway: gw}]}\n", 1),
		"of levels":    strings.Replace(promised, "  - {id: last,", chained(200, 100)+"  - {id: last,", 1),
		"of windows":   strings.Replace(promised, "    windows: []\n", "    windows:\n"+strings.Repeat("      - {clock: attend, length: 1h}\n", 101), 1),
		"of contracts": promised + strings.Repeat("  - {id: x, contractor: maker, domains: [lifts], from: 2027-01-01, windows: []}\n", 1001),
		"of size":      strings.Replace(promised, "{id: b1, floors: 3}", "{id: b1, floors: 200, flats: {from: 1, to: 200, risers: ["+strings.Repeat("a,", 25)+"a]}}"+strings.Repeat("\n  - {id: b1, floors: 200, flats: {from: 1, to: 200, risers: [a, b, c, d, e, f, g, h, i, j, k]}}", 1000), 1),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := estate.Parse("e.yaml", []byte(src), known)
		runtime.ReadMemStats(&after)
		if want := map[string]string{"of devices": "more than 400000 devices", "of levels": "more than 100 levels", "of windows": "give at most 100", "of contracts": "give at most 1000"}[name]; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %.200v, want %q", name, err, want)
		}
		var faults yamldoc.Faults
		if !errors.As(err, &faults) || len(faults) == 0 || len(faults) > 500 {
			t.Errorf("%s: %d faults, %.200v", name, len(faults), err)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 500 { // of which little is held at a time
			t.Errorf("%s: a file of %d kB has cost %d MB", name, len(src)>>10, used)
		}
	}
}

func TestEveryKindOfBadInputIsRefusedInTheseWords(t *testing.T) {
	if _, err := estate.Parse("e.yaml", []byte(promised), known); err != nil {
		t.Fatalf("the file itself is refused: %v", err)
	}
	for _, c := range refused {
		t.Run(c.says, func(t *testing.T) {
			_, err := estate.Parse("e.yaml", []byte(changed(t, c.edit)), known)
			var faults yamldoc.Faults
			if !errors.As(err, &faults) || err.Error() != c.want {
				t.Fatalf("got\n%v\nwant\n%s", err, c.want)
			}
			for _, f := range faults {
				if f.Line < 1 || f.Col < 1 || f.Problem == "" || f.Remedy == "" {
					t.Errorf("without a place or a remedy: %+v", f)
				}
			}
		})
	}
}
