package estate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/estate"
	"plantroom/services/playbooks"
	"plantroom/services/profiles"
)

func anywhere(string) error { return nil }

// known stands for the domains and profiles of the house: what an estate file
// may name is decided by the caller.
var known = estate.Known{
	Profiles: []string{"cn-urban", "plain"},
	Channels: []estate.Channel{{Name: "webhook", Check: anywhere}, {Name: "mqtt", Check: anywhere}, {Name: "pigeon", Check: func(to string) error {
		return fmt.Errorf("%q is no pigeon", to)
	}}},
	Domains: []plantroom.Domain{
		{Name: "lifts", Kinds: []string{"passenger", "firefighters"}},
		{Name: "leaks", Kinds: []string{"spot", "rope"}, Causes: map[string]plantroom.Text{"wet": {}, "power_loss": {}}, Rules: []plantroom.Rule{{ID: "leak.wet", New: func(plantroom.Asset) plantroom.Detector { return nil }}}},
		{Name: "waste", Kinds: []string{"rigid_1100"}, Params: []plantroom.Signal{
			{Name: "d_empty_m", Kind: plantroom.FloatKind, Unit: "m", Min: 0.2, Max: 5, Doc: "distance when empty"},
			{Name: "d_full_m", Kind: plantroom.FloatKind, Unit: "m", Max: 5},
			{Name: "blind_zone_m", Kind: plantroom.FloatKind, Unit: "m", Max: 1}}},
		{Name: "bays", Kinds: []string{"visitor", "charging", "fire_lane", "no_stopping"}, Params: []plantroom.Signal{
			{Name: "grace_s", Kind: plantroom.FloatKind, Unit: "s", Max: 3600},
			{Name: "max_stay_s", Kind: plantroom.FloatKind, Unit: "s", Max: 1e6}}},
		{Name: "devices", Kinds: []string{"gateway"}, Rules: []plantroom.Rule{{ID: "gateway.silent"}}}, // no detector
		{Name: "alerts"},
	},
}

func TestTheStoryEstateIsWholeAndRight(t *testing.T) {
	e, err := estate.Load("../../sim/estates/story/estate.yaml", known)
	if err != nil {
		t.Fatal(err)
	}
	flats, lifts := 0, 0
	for _, z := range e.Zones {
		if z.Kind == "flat" {
			flats++
		}
	}
	for _, a := range e.Assets {
		if a.Domain == "lifts" {
			lifts++
		}
	}
	if len(e.Buildings) != 4 || lifts != 8 || flats != 412 {
		t.Errorf("%d buildings, %d lifts, %d flats; the story has 4, 8 and 412", len(e.Buildings), lifts, flats)
	}
	quick := e.Contracts[0]
	if quick.Price.Yearly != 190_000_00 || !quick.OnSite {
		t.Errorf("the chosen contract: %+v", quick)
	}
	if want := time.Date(2025, 12, 31, 16, 0, 0, 0, time.UTC); !quick.From.Time().Equal(want) {
		t.Errorf("it begins at %s, not at the local midnight %s", quick.From, want)
	}
	night := e.Contractors[1].Roster[1]
	if night.Start != plantroom.Duration(20*time.Hour) || night.End != plantroom.Duration(8*time.Hour) || len(night.Days) != 5 {
		t.Errorf("the night shift: %+v", night)
	}
}

const small = `estate: e
name: Small
time_zone: Europe/Berlin
profile: plain
currency: EUR
buildings:
  - {id: b1, floors: 3, flats: {from: 1, to: 3, risers: [a]}}
gateways:
  - {id: gw, zone: b1-01a}
assets:
  - each: {zone_kind: flat}
    id: "{zone}-wc"
    domain: leaks
    kind: spot
    devices: [{id: "{zone}-leak", gateway: gw}]
  - {id: bin, domain: waste, kind: rigid_1100, building: b1, params: {d_empty_m: 1.3}, devices: [{id: bin-level, gateway: gw}]}
people:
  - {id: eva, name: Eva, role: manager, channels: [{channel: mqtt, to: eva}]}
contractors:
  - {id: firm, name: Firm, technicians: [eva], roster: [{start: "08:00", end: "18:00", people: [eva]}], channels: [{channel: mqtt, to: firm}]}
contracts:
  - {id: c, contractor: firm, domains: [leaks], from: 2026-01-01, windows: [{clock: attend, length: 1h}]}
ladders:
  - {id: l, levels: [{after: 1m}, {after: 5m, people: [eva]}]}
`

func TestOneEntryMakesAnAssetForEveryFlat(t *testing.T) {
	e, err := estate.Parse("e.yaml", []byte(small), known)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Assets) != 4 || e.Assets[2].ID != "b1-03a-wc" || e.Assets[2].Floor != 3 || e.Devices[2].ID != "b1-03a-leak" || e.Devices[2].Gateway != "gw" {
		t.Errorf("assets %+v\ndevices %+v", e.Assets, e.Devices)
	}
	if w := e.Contracts[0].Windows[0]; w.From != plantroom.FromRaised || w.Severity != plantroom.Low {
		t.Errorf("a window without severity and start covers everything from raised on: %+v", w)
	}
}

// A building may say where it stands, also on the equator and at the date line.
func TestABuildingMaySayWhereItStands(t *testing.T) {
	for text, want := range map[string]*plantroom.Position{
		"": nil, "position: {latitude: 52.52, longitude: -13.405},": {Latitude: 52.52, Longitude: -13.405},
		"position: {latitude: 0, longitude: 180},": {Latitude: 0, Longitude: 180}, "position: {latitude: -90, longitude: -180},": {Latitude: -90, Longitude: -180},
	} {
		e, err := estate.Parse("e.yaml", []byte(strings.Replace(small, "floors: 3,", "floors: 3, "+text, 1)), known)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := e.Buildings[0].Position; (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%q gives %+v", text, got)
		}
	}
}

func TestEachFaultOfAnEstateFileIsNamedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown zone":            {"zone: b1-01a", "zone: b1-09a", `e.yaml:9:14: gateways.0.zone: there is no zone "b1-09a"; use one of b1-01a, b1-02a, b1-03a`},
		"unknown gateway":         {"gateway: gw}]}\npeople", "gateway: gx}]}\npeople", `assets.1.devices.0.gateway: there is no gateway "gx"; use one of gw`},
		"unknown domain":          {"domain: leaks\n", "domain: leak\n", `assets.0.domain: there is no domain "leak"; use one of lifts, leaks, waste, bays, devices, alerts`},
		"kind of another domain":  {"kind: rigid_1100", "kind: spot", `assets.1.kind: the domain waste has no kind "spot"; use one of rigid_1100`},
		"parameter out of range":  {"d_empty_m: 1.3", "d_empty_m: 130", `assets.1.params.d_empty_m: signal d_empty_m is 130 m: outside 0.2 to 5; distance when empty`},
		"unknown parameter":       {"d_empty_m: 1.3", "d_emty_m: 1.3", `no parameter "d_emty_m"; use one of d_empty_m, d_full_m, blind_zone_m`},
		"an asset of devices":     {"domain: waste, kind: rigid_1100, building: b1, params: {d_empty_m: 1.3}", "domain: devices, kind: gateway, building: b1", `assets.1.domain: no asset is of the domain devices: it is about the assets of others; use the domain of what is watched`},
		"half a position":         {"floors: 3,", "floors: 3, position: {latitude: 52.5},", `e.yaml:7:`},
		"a latitude beyond":       {"floors: 3,", "floors: 3, position: {latitude: 90.1, longitude: 13.4},", `buildings.0.position.latitude`},
		"a longitude beyond":      {"floors: 3,", "floors: 3, position: {latitude: 52.5, longitude: -180.5},", `buildings.0.position.longitude`},
		"a position in words":     {"floors: 3,", "floors: 3, position: {latitude: 52N, longitude: 13.4},", `buildings.0.position.latitude`},
		"same asset twice":        {"id: bin,", "id: b1-01a-wc,", `assets.1.id: the asset "b1-01a-wc" exists already; it stands on line 11 too`},
		"same device twice":       {"id: bin-level", "id: b1-01a-leak", `the device "b1-01a-leak" exists already`},
		"asset is nowhere":        {"building: b1, params", "params", `assets.1: the asset is nowhere; add building: or zone:`},
		"not a time zone":         {"Europe/Berlin", "Berlin", `e.yaml:3:1: time_zone: "Berlin" is not a time zone`},
		"not a profile":           {"profile: plain", "profile: mars", `there is no profile "mars"; use one of cn-urban, plain`},
		"flats above the roof":    {"to: 3", "to: 4", `buildings.0.flats: flats from floor 1 to 4 in a building of 3 floors`},
		"a channel of nobody":     {"role: manager, channels: [{channel: mqtt, to: eva}]}", "role: manager, channels: [{channel: emial, to: eva@example.org}]}", `e.yaml:18:53: people.0.channels.0.channel: no channel is called "emial"; use one of webhook, mqtt, pigeon, or describe it in the server's file`},
		"an address that is none": {"channels: [{channel: mqtt, to: firm}]", "channels: [{channel: pigeon, to: loft}]", `contractors.0.channels.0.to: "loft" is no pigeon; correct it: a call to it would be given up`},
		"nobody for small things": {"role: manager, channels: [{channel: mqtt, to: eva}]}", "role: manager, channels: [{channel: mqtt, to: eva, severity: high}]}", `people.0.channels: no channel takes calls of low severity, and every call has to reach somebody`},
		"never to be called":      {"role: manager, channels: [{channel: mqtt, to: eva}]}", "role: manager, channels: [{channel: mqtt, to: eva}], quiet: {hours: [{start: '08:00', end: '20:00'}, {start: '19:00', end: '08:00'}]}}", `people.0.quiet.hours: they leave no hour in which a call could come`},
		"quiet about lives":       {"role: manager, channels: [{channel: mqtt, to: eva}]}", "role: manager, channels: [{channel: mqtt, to: eva}], quiet: {below: any, hours: [{start: '08:00', end: '20:00'}]}}", `people.0.quiet.below: "any" is not permitted; use one of medium, high, life`},
		"a test of nobody":        {"ladders:", "channel_tests: [{channel: mqtt, person: eve, at: '04:10'}]\nladders:", `channel_tests.0.person: there is no person "eve"; use one of eva`},
		"a test that nobody gets": {"ladders:", "channel_tests: [{channel: webhook, person: eva, at: '04:10'}]\nladders:", `channel_tests.0.channel: eva has no address on "webhook"; name somebody who has one`},
		"a test nobody hears of":  {"role: manager, channels: [{channel: mqtt, to: eva}]}", "role: manager, channels: [{channel: mqtt, to: eva}]}\nchannel_tests: [{channel: mqtt, person: eva, at: '04:10'}]", `channel_tests.0: no manager has another channel than "mqtt": nobody would hear that it fails`},
		"a test twice":            {"role: manager, channels: [{channel: mqtt, to: eva}]}", "role: manager, channels: [{channel: mqtt, to: eva}, {channel: webhook, to: x}]}\nchannel_tests: [{channel: mqtt, person: eva, at: '04:10'}, {channel: mqtt, person: eva, at: '05:10'}]", `channel_tests.1.channel: the channel "mqtt" is tested already`},
		"stranger on the roster":  {"technicians: [eva],", "technicians: [],", `"eva" is on the roster but not one of the contractor's technicians`},
		"contract of nobody":      {"contractor: firm", "contractor: form", `there is no contractor "form"; use one of firm`},
		"contract ends too early": {"from: 2026-01-01,", "from: 2026-01-01, to: 2025-01-01,", `contracts.0.to: the contract ends before it begins`},
		"no such day":             {"from: 2026-01-01", "from: 2026-02-30", `"2026-02-30" is not a day of the calendar`},
		"unknown calendar":        {"length: 1h", "length: 1h, calendar: office", `contracts.0.windows.0.calendar: there is no calendar "office"; this file has none: add it`},
		"lives wait for nobody":   {"windows: [{clock: attend, length: 1h}]}", "windows: [{clock: attend, severity: life, length: 1h, calendar: k}]}\ncalendars: [{id: k, hours: [{start: '09:00', end: '17:00'}]}]", `contracts.0.windows.0.calendar: a window for danger to life does not wait for a calendar; take the calendar away`},
		"a holiday twice":         {"ladders:", "calendars: [{id: k, hours: [{start: '09:00', end: '17:00'}], special: [{date: 2026-10-01}, {date: 2026-10-01}]}]\nladders:", `calendars.0.special.1.date: 2026-10-01 stands here already`},
		"no such holiday":         {"ladders:", "calendars: [{id: k, hours: [{start: '09:00', end: '17:00'}], special: [{date: 2026-02-30}]}]\nladders:", `calendars.0.special.0.date: "2026-02-30" is not a day of the calendar`},
		"a reason twice":          {"length: 1h}]}", "length: 1h}], pauses: [{code: no_access}, {code: no_access}]}", `contracts.0.pauses.1.code: the reason "no_access" stands here already`},
		"ladder goes backwards":   {"{after: 1m}", "{after: 7m}", `ladders.0.levels.1.after: a level comes no later`},
		"pattern without a field": {`"{zone}-wc"`, `"{flat}-wc"`, `the permitted fields are {zone} {building} {floor} {riser}`},
	} {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(small, c.old, c.new, 1)
			if src == small {
				t.Fatalf("%q is not in the file", c.old)
			}
			_, err := estate.Parse("e.yaml", []byte(src), known)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %s\ngot  %v", c.want, err)
			}
		})
	}
}

func TestAnEstateMayBringAProfileOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "estate.yaml")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("estate.yaml", strings.Replace(small, "profile: plain", "profile: ours.yaml", 1))
	const law = "profile: ours\ntitle: Ours\nincludes: [cn-urban]\nwindows: [{binds: {domains: [leaks]}, severity: low, clock: restore, length: 8h, calendar: office, from: raised, until: proved, source: bylaw, sure: verified}]\n"
	reads := known
	reads.Profile = func(path string) (plantroom.Profile, error) { return profiles.Load(path, known.Domains) }
	for says, c := range map[string]struct{ law, want string }{
		"no such file":          {"", "estate.yaml:4:1: profile: read the profile: open " + filepath.Join(dir, "ours.yaml")},
		"no such calendar":      {law, `estate.yaml:4:1: profile: the profile "ours" counts on the calendar "office", which this file has not; add it to calendars`},
		"a fault in that file":  {strings.Replace(law, "[leaks]", "[pools]", 1), `ours.yaml:4:30: windows.0.binds.domains.0: there is no domain "pools"`},
		"one that binds always": {strings.Replace(law, "calendar: office, ", "", 1), ""},
	} {
		_ = os.Remove(filepath.Join(dir, "ours.yaml"))
		if c.law != "" {
			write("ours.yaml", c.law)
		}
		e, err := estate.Load(file, reads)
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: want %s\ngot  %v", says, c.want, err)
		}
		if c.want == "" && (err != nil || e.Profile != "ours" || e.Law.ID != "ours" || len(e.Law.Demands) != 2) {
			t.Errorf("%s: %v, %+v", says, err, e.Law)
		}
	}
	if _, err := estate.Parse(file, []byte(strings.Replace(small, "profile: plain", "profile: ours.yaml", 1)), known); err == nil ||
		!strings.Contains(err.Error(), "a profile of one's own cannot be read here; use one of cn-urban, plain") {
		t.Errorf("where no file may be read: %v", err)
	}
}

func TestWhoNamesNoLanguageIsCalledInTheEstates(t *testing.T) {
	lang := func(text string) (people, firms string) {
		e, err := estate.Parse("e.yaml", []byte(text), known)
		if err != nil {
			t.Fatal(err)
		}
		return e.People[0].Lang, e.Contractors[0].Lang
	}
	plain := changed(t, "")
	if p, f := lang(plain); p != "en" || f != "en" {
		t.Errorf("by default %s, %s", p, f)
	}
	if p, f := lang("lang: zh\n" + plain); p != "zh" || f != "zh" {
		t.Errorf("of the estate %s, %s", p, f)
	}
	if _, err := estate.Parse("e.yaml", []byte("lang: fr\n"+plain), known); err == nil || !strings.Contains(err.Error(), "lang") {
		t.Errorf("a language that there is not: %v", err)
	}
}

func TestAnEstateMayBringPlaybooksOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"estate.yaml": small + "playbooks: [a.yaml, b.yaml, c.yaml, d.yaml]\n",
		"a.yaml":      "playbook: a\ntitle: A\nbinds: {domains: [leaks]}\nsteps: [{id: look, title: Look, proof: photo}]\n",
		"b.yaml":      "playbook: a\ntitle: B\nbinds: {domains: [leaks]}\nsteps: [{id: look, title: Look, proof: photo}]\n",
		"c.yaml":      "playbook: c\ntitle: C\nbinds: {domains: [pools]}\nsteps: [{id: look, title: Look, proof: photo}]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reads := known
	reads.Playbook = func(path string) (plantroom.Playbook, error) { return playbooks.Load(path, known.Domains) }
	_, err := estate.Load(filepath.Join(dir, "estate.yaml"), reads)
	if err == nil {
		t.Fatal("no fault")
	}
	for _, want := range []string{`estate.yaml:25:21: playbooks.1: there is a playbook "a" already; give one of them another id`,
		"estate.yaml:25:37: playbooks.3: read the playbook: open ", `c.yaml:3:19: binds.domains.0: there is no domain "pools"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in\n%v", want, err)
		}
	}
	if _, err := estate.Parse("e.yaml", []byte(small+"playbooks: [a.yaml]\n"), known); err == nil || !strings.Contains(err.Error(), "a playbook of one's own cannot be read here") {
		t.Errorf("where no file may be read: %v", err)
	}
	e, err := estate.Parse(filepath.Join(dir, "estate.yaml"), []byte(small+"playbooks: [a.yaml]\n"), reads)
	if err != nil || len(e.Playbooks) != 1 || e.Playbooks[0].Steps[0].ID != "look" {
		t.Errorf("%v, %+v", err, e.Playbooks)
	}
}

func TestAnEstateMayBringCasePlaybooksOfItsOwnAndNamesTheOfficesHours(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const keys = "case: keys\nkind: complaint\ntitle: Keys\nprivate: true\nwithin: 8h\nkeep: 10h\nsource: ours\nsure: verified\nsteps: [{id: look, title: Look, proof: note}]\noutcomes: [{id: found, title: Found}]\n"
	write("a.yaml", keys)
	write("b.yaml", strings.Replace(keys, "keep: 10h", "keep: 0s", 1))
	reads := known
	reads.CasePlaybook = playbooks.LoadCase
	faulty := write("faulty.yaml", small+"case_playbooks: [a.yaml, b.yaml, a.yaml, c.yaml]\ncase_hours: office\n")
	_, err := estate.Load(faulty, reads)
	if err == nil {
		t.Fatal("no fault")
	}
	for _, want := range []string{"b.yaml:6:1: keep: it is no time at all", `case_playbooks.2: there is a playbook "keys" already`, "case_playbooks.3: read the playbook: open ",
		`case_hours: there is no calendar "office"; this file has none: add it`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in\n%v", want, err)
		}
	}
	if _, err := estate.Load(faulty, known); err == nil || !strings.Contains(err.Error(), "cannot be read here") {
		t.Errorf("where no file may be read: %v", err)
	}
	good := write("good.yaml", small+"case_playbooks: [a.yaml]\ncase_hours: office\ncalendars: [{id: office, hours: [{start: '08:00', end: '12:00'}]}]\n")
	e, err := estate.Load(good, reads)
	if err != nil || len(e.CasePlaybooks) != 1 || e.CasePlaybooks[0].ID != "keys" || e.CaseHours != "office" {
		t.Errorf("%v, %+v, %s", err, e.CasePlaybooks, e.CaseHours)
	}
}

func TestWhatAContractSaysOfMoneyIsInMinorUnits(t *testing.T) {
	src := strings.Replace(small, "windows: [{clock: attend, length: 1h}]", "windows: [{clock: attend, severity: high, length: 1h}, {clock: restore, length: 4h}], "+
		"price: {yearly: 190000, call_out: 80.5, hour: 45}, "+
		"penalties: [{clock: attend, amount: 200, source: \"9.1\"}, {clock: restore, severity: life, amount: 100, per: 30m, per_amount: 50.25, most: 1000}], "+
		"penalty_cap: {percent: 7.5, amount: 3000}, exclusions: [{causes: [power_loss], source: \"9.4\"}], reply: 168h", 1)
	e, err := estate.Parse("e.yaml", []byte(src), known)
	if err != nil {
		t.Fatal(err)
	}
	k := e.Contracts[0]
	if k.Price != (plantroom.Price{Yearly: 190_000_00, CallOut: 80_50, Hour: 45_00}) || k.Cap != (plantroom.PenaltyCap{Amount: 3000_00, Hundredths: 750}) ||
		k.Reply != plantroom.Duration(7*24*time.Hour) || k.Exclusions[0].Causes[0] != "power_loss" {
		t.Errorf("%+v", k)
	}
	want := []plantroom.Penalty{
		{Clock: plantroom.Attend, Severity: plantroom.High, Amount: 200_00, Source: "9.1"}, // from where its window begins
		{Clock: plantroom.Restore, Severity: plantroom.Life, Amount: 100_00, Per: plantroom.Duration(30 * time.Minute), PerAmount: 50_25, Most: 1000_00},
	}
	if !slices.Equal(k.Penalties, want) {
		t.Errorf("got  %+v\nwant %+v", k.Penalties, want)
	}
}

func TestARepeatGoesOnWithTheWindowUnlessTheContractSaysOtherwise(t *testing.T) {
	for terms, anew := range map[string]bool{"reopen: 4h": false, "reopen: 4h, reopen_clock: continue": false, "reopen: 4h, reopen_clock: anew": true} {
		e, err := estate.Parse("e.yaml", []byte(strings.Replace(small, "windows:", terms+", windows:", 1)), known)
		if err != nil || e.Contracts[0].Anew != anew || e.Contracts[0].Reopen != plantroom.Duration(4*time.Hour) {
			t.Errorf("%s: %v, %+v", terms, err, e.Contracts)
		}
	}
}

func TestOneEntryStandsForAllThatAreNumbered(t *testing.T) {
	src := strings.Replace(small, "assets:\n", "assets:\n  - {each: {numbers: [9, 11]}, id: \"bay-{number2}\", domain: bays, kind: visitor, building: b1, name: \"Bay {number}\", devices: [{id: \"bay-{number}-s\", gateway: gw}]}\n", 1)
	e, err := estate.Parse("e.yaml", []byte(src), known)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range 3 {
		got = append(got, string(e.Assets[i].ID), e.Assets[i].Name.En, string(e.Devices[i].ID))
	}
	if want := "bay-09 Bay 9 bay-9-s bay-10 Bay 10 bay-10-s bay-11 Bay 11 bay-11-s"; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
}

func TestAPenaltyInPercentIsOfATwelfthOfTheYearlyPrice(t *testing.T) {
	for terms, want := range map[string]int64{
		"price: {yearly: 42000}, penalties: [{clock: attend, percent: 5}]":        175_00,
		"price: {yearly: 100}, penalties: [{clock: attend, percent: 0.06}]":       1, // half a hundredth, upwards
		"price: {yearly: 1000000000}, penalties: [{clock: attend, percent: 100}]": 8_333_333_333,
	} {
		e, err := estate.Parse("e.yaml", []byte(strings.Replace(small, "windows: [{clock: attend, length: 1h}]", "windows: [{clock: attend, length: 1h}], "+terms, 1)), known)
		if err != nil || e.Contracts[0].Penalties[0].Amount != want {
			t.Errorf("%s: %v, %+v", terms, err, e.Contracts)
		}
	}
}

func TestTermsOfAContractThatContradictEachOtherAreNamed(t *testing.T) {
	const windows = "windows: [{clock: attend, length: 1h}]"
	for name, c := range map[string]struct{ terms, want string }{
		"a penalty that nothing can be missed for": {windows + ", penalties: [{clock: restore, amount: 5}]",
			"contracts.0.penalties.0.clock: the contract has no window for restore, so that none can be missed; add one to windows, or take the penalty away"},
		"a severity without a window": {"windows: [{clock: attend, severity: high, length: 1h}], penalties: [{clock: attend, severity: low, amount: 5}]",
			"contracts.0.penalties.0.severity: below severity high the contract has no window for attend, so that none can be missed; use high, or add a window"},
		"the same penalty twice":    {windows + ", penalties: [{clock: attend, amount: 5}, {clock: attend, amount: 6}]", "penalties.1: there is a penalty for attend from severity low on already"},
		"a penalty of nothing":      {windows + ", penalties: [{clock: attend}]", "penalties.0: the penalty is nothing; add amount, or per and per_amount"},
		"a period that is free":     {windows + ", penalties: [{clock: attend, amount: 1, per: 1h}]", "penalties.0.per: a period of lateness costs nothing"},
		"an amount for no period":   {windows + ", penalties: [{clock: attend, per_amount: 1}]", "penalties.0.per_amount: it is owed for each period"},
		"a period of a second":      {windows + ", penalties: [{clock: attend, per: 1s, per_amount: 1}]", "penalties.0.per: 1s is shorter than a minute"},
		"a bound below the amount":  {windows + ", penalties: [{clock: attend, amount: 9, most: 5}]", "penalties.0.most: the bound for one window is below the amount for it; use 9 or more"},
		"half a cent":               {windows + ", price: {call_out: 1.005}", "price.call_out: 1.005 has more than two decimals"},
		"a cap over the whole":      {windows + ", price: {yearly: 9}, penalties: [{clock: attend, amount: 9}], penalty_cap: {percent: 101}", "penalty_cap.percent"},
		"a cap on a part of what":   {windows + ", penalties: [{clock: attend, amount: 9}], penalty_cap: {percent: 10}", "penalty_cap.percent: a part of the yearly price bounds the penalties, and there is no yearly price"},
		"a cap on nothing":          {windows + ", penalty_cap: {amount: 10}", "penalty_cap: it bounds penalties, and the contract has none"},
		"an exclusion from nothing": {windows + ", exclusions: [{causes: [power_loss]}]", "exclusions.0: it frees from penalties, and the contract has none"},
		"an exclusion of all":       {windows + ", penalties: [{clock: attend, amount: 9}], exclusions: [{source: x}]", "exclusions.0: it would free from every penalty; add causes or rules"},
		"a rule of another domain":  {windows + ", penalties: [{clock: attend, amount: 9}], exclusions: [{rules: [lift.fault]}]", `exclusions.0.rules.0: no domain of the contract has a rule "lift.fault"; use one of leak.wet`},
		"a cause that nothing tells": {windows + ", penalties: [{clock: attend, amount: 9}], exclusions: [{causes: [wet, vandalism]}]",
			`exclusions.0.causes.1: no sensor tells the cause "vandalism", so that it would free from nothing; use one of power_loss, wet; what no sensor can tell`},
		"a part and an amount":     {windows + ", price: {yearly: 1200}, penalties: [{clock: attend, amount: 9, percent: 5}]", "penalties.0.percent: the penalty has an amount as well"},
		"a part of no price":       {windows + ", penalties: [{clock: attend, percent: 5}]", "penalties.0.percent: it is a part of the yearly price, and there is no yearly price; add price.yearly, or say an amount"},
		"a bound below the part":   {windows + ", price: {yearly: 1200}, penalties: [{clock: attend, percent: 5, most: 4}]", "penalties.0.most: the bound for one window is below the amount for it; use 5 or more"},
		"a window of no length":    {"windows: [{clock: attend, length: 0s}]", "windows.0.length: a window of no length promises nothing"},
		"two promises of one":      {"windows: [{clock: attend, length: 1h}, {clock: attend, length: 2h}]", "windows.1: line 22 promises attend from severity low on already"},
		"more time for the graver": {"windows: [{clock: attend, length: 1h}, {clock: attend, severity: life, length: 2h}]", "windows.1.length: attend of severity life has 2h, and the lesser severity low on line 22 has 1h, which counts here too; use 1h or less"},
		"repaired by nobody":       {"windows: [{clock: attend, length: 1h}, {clock: restore, length: 30m}]", "windows.1.length: restore within 30m, and line 22 lets attend take 1h: nobody has to be there by then; use 1h or more, or a shorter window for attend"},
		"freed by nobody":          {"windows: [{clock: attend, length: 1h}, {clock: release, severity: life, length: 30m}]", "windows.1.length: release within 30m"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := estate.Parse("e.yaml", []byte(strings.Replace(small, windows, c.terms, 1)), known)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "e.yaml:22:") {
				t.Errorf("want %s\ngot  %v", c.want, err)
			}
		})
	}
}

func TestTwoContractsOfOneFirmForOneThingAtOneTimeAreRefused(t *testing.T) {
	const first = "  - {id: c, contractor: firm, domains: [leaks], from: 2026-01-01, windows: [{clock: attend, length: 1h}]}\n"
	for second, want := range map[string]string{
		"domains: [lifts, leaks], from: 2026-06-01":           `e.yaml:23:48: contracts.1.domains.1: contract "c" of firm covers leaks too, at the same time; let one end before the other begins`,
		"domains: [leaks], from: 2026-06-01, buildings: [b1]": "contracts.1.domains.0: contract",
		"domains: [leaks], from: 2025-01-01, to: 2026-01-01":  "",
		"domains: [leaks], from: 2025-01-01, to: 2026-01-02":  "contracts.1.domains.0: contract",
		"domains: [lifts], from: 2026-06-01":                  "",
	} {
		src := strings.Replace(small, first, first+"  - {id: d, contractor: firm, "+second+", windows: []}\n", 1)
		_, err := estate.Parse("e.yaml", []byte(src), known)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", second, err, want)
		}
	}
}

func TestWindowsThatOnlyLookContradictoryPass(t *testing.T) {
	for _, windows := range []string{
		"windows: [{clock: attend, length: 1h}, {clock: attend, severity: life, length: 20m}, {clock: release, severity: life, length: 30m}]",
		"windows: [{clock: attend, length: 1h, from: dispatched}, {clock: restore, length: 30m, from: acknowledged}]",
		"windows: [{clock: acknowledge, length: 1h}, {clock: attend, length: 30m}]",
		"windows: [{clock: attend, length: 1h}, {clock: restore, length: 1h}]",
	} {
		if _, err := estate.Parse("e.yaml", []byte(strings.Replace(small, "windows: [{clock: attend, length: 1h}]", windows, 1)), known); err != nil {
			t.Errorf("%s: %v", windows, err)
		}
	}
}

const offer = `contractors:
  - {id: maker, name: Maker, technicians: [mo], roster: [{start: "08:00", end: "18:00", people: [mo]}]}
people:
  - {id: mo, name: Mo, role: technician}
contracts:
  - {id: maker-offer, contractor: maker, domains: [leaks], buildings: [b1], from: 2026-01-01, travel: 2h, ladder: l, windows: [{clock: attend, length: 2h}], price: {yearly: 290000}}
  - {id: firm-again, contractor: firm, domains: [leaks], from: 2026-01-01, on_site: true, windows: []}
`

func TestAnOfferAddsContractsToAnEstate(t *testing.T) {
	base, err := estate.Parse("e.yaml", []byte(small), known)
	if err != nil {
		t.Fatal(err)
	}
	e, ids, err := estate.ParseOffer("o.yaml", []byte(offer), known, base)
	if err != nil || !slices.Equal(ids, []plantroom.ContractID{"maker-offer", "firm-again"}) || len(e.Contracts) != 3 || len(e.Contractors) != 2 || len(base.Contracts) != 1 {
		t.Fatalf("%v, %v, %d and %d contracts", err, ids, len(e.Contracts), len(base.Contracts))
	}
	if k := e.Contracts[1]; k.Price.Yearly != 290_000_00 || k.From.Time().Hour() != 23 { // midnight in Berlin
		t.Errorf("%+v", k)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a name that is taken":       {"id: firm-again", "id: c", `o.yaml:7:6: contracts.1.id: the contract "c" exists already`},
		"a building that is not":     {"buildings: [b1]", "buildings: [b2]", `there is no building "b2"; use one of b1`},
		"what is no part of one":     {"people:\n", "gateways: []\npeople:\n", `"gateways"`},
		"a term that contradicts":    {"windows: []", "windows: [], penalty_cap: {amount: 1}", "contracts.1.penalty_cap: it bounds penalties"},
		"somebody who does not work": {"technicians: [mo]", "technicians: [eva, max]", `there is no person "max"; use one of eva, mo`},
		"no word of the way":         {"on_site: true, ", "", "contracts.1: nothing says how long it takes to come: somebody would be there at once; add travel"},
		"no contract at all":         {offer[strings.Index(offer, "contracts:"):], "", `"contracts"`},
	} {
		_, _, err := estate.ParseOffer("o.yaml", []byte(strings.Replace(offer, c.old, c.new, 1)), known, base)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %s\ngot  %v", name, c.want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(offer))
	if b, err := os.ReadFile("../../sim/estates/story/estate.yaml"); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		e, err := estate.Parse("e.yaml", src, known)
		if err != nil {
			e = plantroom.Estate{Zone: "UTC"}
		}
		_, _, _ = estate.ParseOffer("o.yaml", src, known, e)
	})
}

// turning is a contractor with something of everything that a roster may say.
const turning = `  - id: firm
    name: Firm
    technicians: [eva, tom, jo]
    channels: [{channel: mqtt, to: firm}]
    roster: [{start: "08:00", end: "18:00", people: [eva]}]
    rotations:
      - {name: call, people: [eva, tom, jo], from: 2026-01-05, turn: 1w, hand_over: "08:00"}
      - {name: nights, people: [tom, jo], from: 2026-01-05, to: 2026-07-01, turn: 12h, hand_over: "06:00", days: [sat, sun], start: "20:00", end: "06:00"}
    swaps:
      - agreed: 2026-03-01
        by: eva
        give: [{person: eva, from: 2026-03-09 08:00, to: 2026-03-10 08:00}, {person: tom, from: "2026-03-16 08:00", to: 2026-03-17T08:00}]
    overrides:
      - {from: 2026-10-25 02:30, to: 2026-10-25 02:30, people: [jo], instead_of: [eva, tom], reason: leave}
`

func turningFile(old, new string) string {
	src := strings.Replace(small, `  - {id: firm, name: Firm, technicians: [eva], roster: [{start: "08:00", end: "18:00", people: [eva]}], channels: [{channel: mqtt, to: firm}]}`+"\n", strings.Replace(turning, old, new, 1), 1)
	return strings.Replace(src, "people:\n", "people:\n  - {id: tom, name: Tom, role: technician}\n  - {id: jo, name: Jo, role: technician}\n", 1)
}

func TestWhoTakesTurnsAndStandsIn(t *testing.T) {
	e, err := estate.Parse("e.yaml", []byte(turningFile("", "")), known)
	if err != nil {
		t.Fatal(err)
	}
	firm := e.Contractors[0]
	const hour = plantroom.Duration(time.Hour)
	call, nights := firm.Rotations[0], firm.Rotations[1]
	if call.Turn != 7*24*hour || call.HandOver != 8*hour || call.From.String() != "2026-01-05" || call.To != 0 || call.Hours.Start != call.Hours.End || len(call.People) != 3 {
		t.Errorf("by the week: %+v", call)
	}
	if nights.Turn != 12*hour || nights.Hours.Start != 20*hour || nights.Hours.End != 6*hour || len(nights.Hours.Days) != 2 || nights.To.String() != "2026-07-01" {
		t.Errorf("at night: %+v", nights)
	}
	swap := firm.Swaps[0]
	if swap.Agreed.String() != "2026-03-01" || swap.By != "eva" || swap.Give[0].Person != "eva" || swap.Give[1].Person != "tom" ||
		swap.Give[0].From != plantroom.At(time.Date(2026, 3, 9, 7, 0, 0, 0, time.UTC)) || swap.Give[1].To != plantroom.At(time.Date(2026, 3, 17, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("the swap: %+v", swap)
	}
	// In the hour that Berlin has twice, from the first to the second.
	if o := firm.Overrides[0]; o.To.Sub(o.From) != time.Hour || o.From != plantroom.At(time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)) || o.Reason != "leave" || len(o.InsteadOf) != 2 {
		t.Errorf("the override: %+v", o)
	}
}

func TestEachFaultOfARosterIsNamedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a stranger takes turns":       {"people: [eva, tom, jo], from", "people: [eva, mo], from", `contractors.0.rotations.0.people.1: there is no person "mo"; use one of eva, jo, tom`},
		"nobody of the firm":           {"technicians: [eva, tom, jo]", "technicians: [eva, tom]", `contractors.0.rotations.0.people.2: "jo" is on the rotation but not one of the contractor's technicians`},
		"a name twice":                 {"name: nights", "name: call", `contractors.0.rotations.1.name: the contractor has a rotation "call" already`},
		"a turn without a unit":        {"turn: 1w", "turn: 7", `contractors.0.rotations.0.turn: this is a number, not text`},
		"a turn too long":              {"turn: 1w", "turn: 9w", `contractors.0.rotations.0.turn: a turn of 9w is too long; use 8w or less`},
		"half of the hours":            {`start: "20:00", `, ``, `contractors.0.rotations.1: it has one of start and end; give both`},
		"over before it begins":        {"to: 2026-07-01", "to: 2026-01-05", `contractors.0.rotations.1.to: the rotation ends before it begins; use a day after 2026-01-05`},
		"no such day":                  {"from: 2026-01-05, turn", "from: 2026-02-30, turn", `contractors.0.rotations.0.from: "2026-02-30" is not a day of the calendar`},
		"a day beyond time":            {"from: 2026-01-05, turn", "from: 9999-02-01, turn", `contractors.0.rotations.0.from: "9999-02-01" is not a day of the calendar`},
		"a swap with oneself":          {"person: tom", "person: eva", `contractors.0.swaps.0.give.1.person: "eva" swaps with itself; name the other one`},
		"a swap of one":                {`, {person: tom, from: "2026-03-16 08:00", to: 2026-03-17T08:00}`, ``, `contractors.0.swaps.0.give: `},
		"a swap that nobody agreed on": {"      - agreed: 2026-03-01\n        by: eva\n", "      - by: eva\n", `contractors.0.swaps.0: the key "agreed" is missing; add it: the day on which both have agreed`},
		"given backwards":              {"to: 2026-03-10 08:00", "to: 2026-03-09 08:00", `contractors.0.swaps.0.give.0.to: 2026-03-09 08:00 is not after 2026-03-09 08:00; use a later time`},
		"an override of nothing":       {"people: [jo], instead_of: [eva, tom], ", "", `contractors.0.overrides.0: it changes nothing; say with people who comes`},
		"there and away":               {"people: [jo], instead", "people: [tom], instead", `contractors.0.overrides.0.people.0: "tom" stands in for somebody and is away at the same time`},
		"an hour that is none":         {"from: 2026-10-25 02:30", "from: 2026-10-25 24:30", `contractors.0.overrides.0.from: "2026-10-25 24:30" does not have the right form; it is a local time, as in 2026-12-24 08:00`},
	} {
		t.Run(name, func(t *testing.T) {
			src := turningFile(c.old, c.new)
			if src == turningFile("", "") {
				t.Fatalf("%q is not in the file", c.old)
			}
			_, err := estate.Parse("e.yaml", []byte(src), known)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %s\ngot  %v", c.want, err)
			}
		})
	}
}

func TestAPersonsChannelsAndQuietHours(t *testing.T) {
	e, err := estate.Parse("e.yaml", []byte(strings.Replace(small, "role: manager, channels: [{channel: mqtt, to: eva}]}",
		"role: manager, channels: [{channel: webhook, to: x, severity: life}, {channel: mqtt, to: eva}], quiet: {hours: [{start: '22:00', end: '06:00', days: [sun]}]}}", 1)), known)
	if err != nil {
		t.Fatal(err)
	}
	p := e.People[0]
	if p.Channels[0].Severity != plantroom.Life || p.Channels[1].Severity != plantroom.NoSeverity {
		t.Errorf("channels %+v", p.Channels)
	}
	if q := p.Quiet; q.Below != plantroom.High || len(q.Hours) != 1 || q.Hours[0].Days[0] != time.Sunday || time.Duration(q.Hours[0].Start) != 22*time.Hour {
		t.Errorf("quiet %+v: below high where nothing is said", q)
	}
}
