package profiles_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/domains"
	"plantroom/services/profiles"
	"plantroom/services/sla"
)

// before is what the profiles demanded when they were Go code: profile, domains,
// rules, kinds, clock, severity, length, start, source.
const before = `cn-urban|lifts|lift.entrapment||attend|life|30m|raised|national lift maintenance rule: on site within 30 min of the report of trapped passengers (second-hand, an older edition; TSG T5002-2017 not seen)
cn-other|lifts|lift.entrapment||attend|life|1h|raised|national lift maintenance rule: generally on site within 1 h of the report of trapped passengers (second-hand, an older edition; TSG T5002-2017 not seen)
cn-hangzhou-urban|lifts|lift.entrapment||attend|life|15m|raised|Hangzhou lift safety rules, draft of 2024: on site within 15 min in urban districts (draft seen, final text not)
cn-hangzhou-other|lifts|lift.entrapment||attend|life|30m|raised|Hangzhou lift safety rules, draft of 2024: on site within 30 min outside urban districts (draft seen, final text not)
de-trbs3121|lifts|lift.entrapment||attend|life|30m|occurred|TRBS 3121: help arrives within half an hour of the emergency call (seen as a quotation)
uk-high-rise|lifts||firefighters|restore|high|24h|occurred|Fire Safety (England) Regulations 2022 reg. 7: a firefighters' lift not repaired in 24 h is reported to the fire service (read; that it means faults of high severity is our reading)
uk-social|leaks|||restore|high|24h|raised|Awaab's Law, from 27 October 2025: emergency hazards are investigated and made safe within 24 h (read; which faults are emergency hazards is the landlord's judgement, applied here to serious leaks alone)`

func TestTheFilesDemandWhatTheCodeDemandedBeforeThem(t *testing.T) {
	got := map[string]string{}
	for _, p := range profiles.All() {
		for _, d := range p.Demands {
			got[p.ID] += fmt.Sprintf("%s|%s|%s|%s|%s|%s|%s|%s|%s", p.ID, join(d.Domains), join(d.Rules), join(d.Kinds), d.Clock, d.Severity, d.Length, d.From, d.Source)
		}
	}
	for line := range strings.SplitSeq(before, "\n") {
		id, _, _ := strings.Cut(line, "|")
		if got[id] != line {
			t.Errorf("got  %s\nwant %s", got[id], line)
		}
	}
	if got[profiles.Plain] != "" {
		t.Errorf("plain demands %s", got[profiles.Plain])
	}
}

func join[T ~string](names []T) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = string(n)
	}
	return strings.Join(out, ",")
}

func TestEveryLineSaysWhatKeepsItWhereItIsWrittenAndHowSureThatIs(t *testing.T) {
	sure := []plantroom.Certainty{plantroom.SureVerified, plantroom.SureSecondary, plantroom.SureUnverified}
	for i, p := range profiles.All() {
		if i == 0 && p.ID != profiles.Plain {
			t.Errorf("%s comes before plain", p.ID)
		}
		if p.Title.En == "" || p.Title.Zh == "" {
			t.Errorf("%s has no title in both languages", p.ID)
		}
		for _, d := range p.Demands {
			if d.Length <= 0 || d.From == "" || !slices.Contains(d.Clock.Stops(), d.Until) || !slices.Contains(sure, d.Sure) || !strings.Contains(d.Source, "(") {
				t.Errorf("%s: %+v", p.ID, d)
			}
		}
		for _, d := range p.Duties {
			if d.Text.En == "" || d.Text.Zh == "" || d.Source == "" || !slices.Contains(sure, d.Sure) {
				t.Errorf("%s: %+v", p.ID, d)
			}
		}
		if got, err := profiles.ByID(p.ID); err != nil || got.Title != p.Title {
			t.Errorf("ByID(%s) = %v, %v", p.ID, got, err)
		}
	}
}

func TestUnknownProfileListsTheKnownOnes(t *testing.T) {
	_, err := profiles.ByID("mars")
	if plantroom.CodeOf(err) != plantroom.CodeNotFound || !strings.Contains(err.Error(), "cn-urban") {
		t.Errorf("got %v", err)
	}
	if p, err := profiles.ByID(""); err != nil || p.ID != profiles.Plain {
		t.Errorf("no profile gives %v, %v", p, err)
	}
}

func TestTrappedPassengersInAChineseCityAreReachedInHalfAnHour(t *testing.T) {
	p, err := profiles.ByID("cn-urban")
	if err != nil {
		t.Fatal(err)
	}
	slow := &plantroom.Contract{ID: "slow", Windows: []plantroom.Window{{Clock: plantroom.Attend, Severity: plantroom.Low, Length: plantroom.Duration(2 * time.Hour)}}}
	terms := sla.Terms{Contract: slow, Profile: p}
	kinds := []plantroom.ClockKind{plantroom.Attend}
	trapped := plantroom.Matter{Domain: "lifts", Rule: "lift.entrapment", Kind: "passenger"}
	got := terms.Clocks(kinds, trapped, plantroom.Life, 0)[0]
	if got.Window != plantroom.Duration(30*time.Minute) || got.Profile != "cn-urban" || got.Sure != plantroom.SureSecondary || got.Until != plantroom.UntilAttended ||
		!strings.HasPrefix(got.Source, "national lift maintenance rule") || !strings.HasSuffix(got.Basis, "where contract slow promises 2h from raised") {
		t.Errorf("with people inside: %+v", got)
	}
	if got := terms.Clocks(kinds, trapped, plantroom.High, 0)[0]; got.Window != plantroom.Duration(2*time.Hour) || got.Profile != "" {
		t.Errorf("while it needs confirming the contract binds: %+v", got)
	}
}

func TestTheLawBindsOnlyWhatItSpeaksOf(t *testing.T) {
	const attend, restore, low, high, life = plantroom.Attend, plantroom.Restore, plantroom.Low, plantroom.High, plantroom.Life
	for why, c := range map[string]struct {
		profile string
		matter  plantroom.Matter
		clock   plantroom.ClockKind
		sev     plantroom.Severity
		bound   bool
	}{
		"people in a lift":                   {"cn-urban", plantroom.Matter{Domain: "lifts", Rule: "lift.entrapment", Kind: "passenger"}, attend, life, true},
		"a lift that runs too fast":          {"cn-urban", plantroom.Matter{Domain: "lifts", Rule: "lift.fault", Kind: "passenger"}, attend, life, false},
		"a bin that burns":                   {"cn-urban", plantroom.Matter{Domain: "waste", Rule: "bin.fire", Kind: "rigid_1100"}, attend, life, false},
		"a bin that burns, in Germany":       {"de-trbs3121", plantroom.Matter{Domain: "waste", Rule: "bin.fire", Kind: "rigid_1100"}, attend, life, false},
		"a firefighters' lift":               {"uk-high-rise", plantroom.Matter{Domain: "lifts", Rule: "lift.fault", Kind: "firefighters"}, restore, high, true},
		"another lift":                       {"uk-high-rise", plantroom.Matter{Domain: "lifts", Rule: "lift.fault", Kind: "passenger"}, restore, high, false},
		"the sensor of such a lift":          {"uk-high-rise", plantroom.Matter{Domain: "devices", Rule: "device.silent", Kind: "firefighters"}, restore, high, false},
		"a leak in a high-rise":              {"uk-high-rise", plantroom.Matter{Domain: "leaks", Rule: "leak.wet", Kind: "spot"}, restore, high, false},
		"a leak at a social landlord's":      {"uk-social", plantroom.Matter{Domain: "leaks", Rule: "leak.wet", Kind: "spot"}, restore, high, true},
		"a lift at a social landlord's":      {"uk-social", plantroom.Matter{Domain: "lifts", Rule: "lift.fault", Kind: "passenger"}, restore, high, false},
		"a parked car at such a house's":     {"uk-social", plantroom.Matter{Domain: "bays", Rule: "bay.forbidden_stop", Kind: "fire_lane"}, restore, high, false},
		"an alarm that failed its test":      {"en-81-28", plantroom.Matter{Domain: "lifts", Rule: "lift.fault", Kind: "passenger", Cause: "self_test_failed"}, restore, low, true},
		"a door of the lift with that alarm": {"en-81-28", plantroom.Matter{Domain: "lifts", Rule: "lift.fault", Kind: "passenger", Cause: "door_close_fault"}, restore, high, false},
	} {
		p, err := profiles.ByID(c.profile)
		if err != nil {
			t.Fatal(err)
		}
		got := sla.Terms{Profile: p}.Clocks([]plantroom.ClockKind{c.clock}, c.matter, c.sev, 0)
		if (len(got) == 1) != c.bound {
			t.Errorf("%s: clocks %+v, bound by the law: %v", why, got, c.bound)
		}
	}
}

const ours = `profile: ours
title: Ours
includes: [de-trbs3121, en-81-28]
windows:
  - binds: {domains: [leaks], rules: [leak.wet]}
    severity: high
    clock: restore
    length: 8h
    calendar: office
    from: raised
    until: fixed
    source: bylaw 7
    sure: verified
`

func TestAProfileOfOnesOwnBuildsOnThoseThatAreBuiltIn(t *testing.T) {
	p, err := profiles.Parse("ours.yaml", []byte(ours), domains.All())
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Demands) != 3 || p.Demands[0].Clock != plantroom.Attend || p.Demands[1].Causes[0] != "self_test_failed" || len(p.Duties) != 2 {
		t.Errorf("%+v", p)
	}
	if d := p.Demands[2]; d.Until != plantroom.UntilFixed || d.Calendar != "office" || d.Source != "bylaw 7" || d.Sure != plantroom.SureVerified {
		t.Errorf("%+v", d)
	}
	file := filepath.Join(t.TempDir(), "ours.yaml")
	if err := os.WriteFile(file, []byte(ours), 0o600); err != nil {
		t.Fatal(err)
	}
	if q, err := profiles.Load(file, domains.All()); err != nil || q.ID != "ours" {
		t.Errorf("Load: %v, %v", q, err)
	}
}

func TestEachFaultOfAProfileIsNamedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"one that is built in":         {"profile: ours", "profile: plain", `ours.yaml:1:1: profile: the profile "plain" is built in; choose another id, and name it in includes to build on it`},
		"builds on nothing":            {"en-81-28]", "mars]", `ours.yaml:3:25: includes.1: no profile "mars" is built in; use one of plain, cn-hangzhou-other`},
		"builds on one twice":          {"en-81-28]", "de-trbs3121]", `ours.yaml:3:25: includes.1: "de-trbs3121" stands here already; name it once`},
		"kept by somebody's coming":    {"until: fixed", "until: attended", `ours.yaml:11:5: windows.0.until: restore is not kept by "attended"; use proved, fixed`},
		"no length":                    {"length: 8h", "length: 0s", `ours.yaml:8:5: windows.0.length: a window of no length demands nothing; give it a length, as in 30m`},
		"lives that wait":              {"severity: high", "severity: life", `ours.yaml:9:5: windows.0.calendar: a window for danger to life does not wait for a calendar; take the calendar away, or the severity`},
		"ends as it begins":            {"clock: restore\n    length: 8h\n    calendar: office\n    from: raised\n    until: fixed", "clock: acknowledge\n    length: 8h\n    from: acknowledged\n    until: acknowledged", `windows.0.from: it would end with the event from which it runs; use occurred, raised or dispatched`},
		"a domain that is not":         {"[leaks]", "[pools]", `ours.yaml:5:23: windows.0.binds.domains.0: there is no domain "pools"; use one of lifts, leaks, waste, bays`},
		"a rule of another":            {"[leak.wet]", "[lift.fault]", `windows.0.binds.rules.0: there is no rule of its domains "lift.fault"; use one of leak.wet`},
		"a cause that no sensor tells": {"rules: [leak.wet]", "rules: [leak.wet], causes: [self_test_failed]", `windows.0.binds.causes.0: there is no cause in its domains "self_test_failed"; use one of `},
		"binds everything":             {"domains: [leaks], ", "", `windows.0.binds: the key "domains" is missing; add it: as in [lifts]`},
		"not how sure":                 {"sure: verified", "sure: certain", `ours.yaml:13:5: windows.0.sure: "certain" is not permitted`},
		"a schema's fault and others":  {"length: 8h\n    calendar: office\n    from: raised\n    until: fixed", "length: soon\n    calendar: office\n    from: raised\n    until: released", "ours.yaml:11:5: windows.0.until: restore is not kept by \"released\""},
	} {
		src := strings.Replace(ours, c.old, c.new, 1)
		if src == ours {
			t.Fatalf("%s: %q is not in the file", name, c.old)
		}
		if _, err := profiles.Parse("ours.yaml", []byte(src), domains.All()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %s\ngot  %v", name, c.want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(ours))
	files, err := filepath.Glob("data/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(err, files)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := profiles.Parse("ours.yaml", src, domains.All())
		if err == nil && (p.ID == "" || p.Title.En == "") {
			t.Errorf("%+v", p)
		}
	})
}
