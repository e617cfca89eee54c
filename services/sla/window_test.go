package sla

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"

	"pgregory.net/rapid"
)

func window(kind plantroom.ClockKind, sev plantroom.Severity, length time.Duration, from plantroom.ClockStart) plantroom.Window {
	return plantroom.Window{Clock: kind, Severity: sev, Length: plantroom.Duration(length), From: from, Source: "clause 7"}
}

func contract(ws ...plantroom.Window) *plantroom.Contract {
	return &plantroom.Contract{ID: "quicklift", Windows: ws}
}

func law(ws ...plantroom.Window) Profile {
	p := Profile{ID: "somewhere"}
	for _, w := range ws {
		p.Windows = append(p.Windows, Demand{Window: w})
	}
	return p
}

// anything is a matter of no meaning.
var anything = Matter{Domain: "trees", Rule: "tree.falls", Kind: "oak"}

func TestWhichWindowBinds(t *testing.T) {
	const (
		attend, high = plantroom.Attend, plantroom.High
		raised       = plantroom.FromRaised
		occurred     = plantroom.FromOccurred
		acknowledged = plantroom.FromAcknowledged
	)
	hour, half := time.Hour, 30*time.Minute
	targets := []plantroom.Window{window(attend, plantroom.Low, 4*hour, raised)}
	for name, c := range map[string]struct {
		contract *plantroom.Contract
		profile  Profile
		length   time.Duration
		from     plantroom.ClockStart
		basis    string
	}{
		"nobody promises: the default":              {nil, law(), 4 * hour, raised, "default: clause 7"},
		"the contract alone":                        {contract(window(attend, high, hour, raised)), law(), hour, raised, "contract quicklift: clause 7"},
		"the law alone":                             {nil, law(window(attend, high, hour, raised)), hour, raised, "profile somewhere: clause 7"},
		"the law alone, the same as the default":    {nil, law(window(attend, high, 4*hour, raised)), 4 * hour, raised, "profile somewhere: clause 7"},
		"the law alone, laxer than the default":     {nil, law(window(attend, high, 9*hour, raised)), 4 * hour, raised, "default: clause 7"},
		"the law alone, stricter than the default":  {nil, law(window(attend, high, half, raised)), half, raised, "profile somewhere: clause 7"},
		"the law and a contract for something else": {contract(window(plantroom.Restore, high, half, raised)), law(window(attend, high, 9*hour, raised)), 4 * hour, raised, "default: clause 7"},
		"the contract is stricter":                  {contract(window(attend, high, half, raised)), law(window(attend, high, hour, raised)), half, raised, "contract quicklift: clause 7"},
		"the law is stricter":                       {contract(window(attend, high, hour, raised)), law(window(attend, high, half, occurred)), half, occurred, "profile somewhere: clause 7, where contract quicklift promises 1h from raised"},
		"equal lengths, the law starts first":       {contract(window(attend, high, half, raised)), law(window(attend, high, half, occurred)), half, occurred, "profile somewhere: clause 7, where contract quicklift promises 30m from raised"},
		"equal in all, the contract":                {contract(window(attend, high, half, raised)), law(window(attend, high, half, raised)), half, raised, "contract quicklift: clause 7"},
		"the contract waits for a human":            {contract(window(attend, high, half, acknowledged)), law(window(attend, high, hour, raised)), hour, raised, "profile somewhere: clause 7, where contract quicklift promises 30m from acknowledged"},
		"of two promises the shorter":               {contract(window(attend, plantroom.Low, hour, raised), window(attend, high, half, raised)), law(), half, raised, "contract quicklift: clause 7"},
		"a promise for worse cases only":            {contract(window(attend, plantroom.Life, half, raised)), law(), 4 * hour, raised, "default: clause 7"},
		"a promise for lesser cases covers":         {contract(window(attend, plantroom.Low, half, raised)), law(), half, raised, "contract quicklift: clause 7"},
		"a promise of another kind":                 {contract(window(plantroom.Restore, high, half, raised)), law(), 4 * hour, raised, "default: clause 7"},
		"a window of no length says nothing":        {contract(window(attend, high, 0, raised)), law(), 4 * hour, raised, "default: clause 7"},
		"no starting event: from the raising":       {contract(window(attend, high, half, "")), law(), half, raised, "contract quicklift: clause 7"},
		"a looser contract beats the default":       {contract(window(attend, high, 9*hour, raised)), law(), 9 * hour, raised, "contract quicklift: clause 7"},
		"a promise without a source is named ":      {contract(plantroom.Window{Clock: attend, Length: plantroom.Duration(half), From: raised}), law(), half, raised, "contract quicklift"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Terms{Contract: c.contract, Profile: c.profile, Targets: targets}.Clocks([]plantroom.ClockKind{attend}, anything, high, t0)
			want := []plantroom.Clock{{Kind: attend, State: plantroom.ClockWaiting, From: c.from, Window: plantroom.Duration(c.length), Basis: c.basis,
				Contract: map[bool]plantroom.ContractID{true: "quicklift"}[strings.HasPrefix(c.basis, "contract ")],
				ByLaw:    slices.ContainsFunc(c.profile.Windows, func(d Demand) bool { return d.Clock == attend })}} // where the law speaks, nothing pauses
			if !slices.Equal(got, want) {
				t.Fatalf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestClocksComeInTheOrderOfKindsAndOnlyWherePromised(t *testing.T) {
	c := contract(window(plantroom.Restore, plantroom.Low, time.Hour, plantroom.FromRaised), window(plantroom.Acknowledge, plantroom.Low, time.Minute, plantroom.FromDispatched))
	got := Terms{Contract: c, Profile: law(), Targets: nil}.Clocks([]plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore}, anything, plantroom.High, t0)
	var kinds []plantroom.ClockKind
	for _, c := range got {
		kinds = append(kinds, c.Kind)
	}
	if !slices.Equal(kinds, []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Restore}) {
		t.Fatalf("got clocks %v", kinds)
	}
}

// TestNoCoveringWindowIsShorter checks the choice against all candidates.
func TestNoCoveringWindowIsShorter(t *testing.T) {
	kinds := []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend}
	windows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) plantroom.Window {
		return window(rapid.SampledFrom(kinds).Draw(t, "kind"), plantroom.Severity(rapid.IntRange(0, 4).Draw(t, "severity")),
			time.Duration(rapid.IntRange(0, 5).Draw(t, "length")),
			rapid.SampledFrom([]plantroom.ClockStart{"", plantroom.FromOccurred, plantroom.FromRaised, plantroom.FromDispatched, plantroom.FromAcknowledged}).Draw(t, "from"))
	}), 0, 6)
	rapid.Check(t, func(t *rapid.T) {
		c, p := contract(windows.Draw(t, "contract")...), law(windows.Draw(t, "law")...)
		sev := plantroom.Severity(rapid.IntRange(0, 4).Draw(t, "severity"))
		covers := func(w plantroom.Window) bool {
			return w.Clock == plantroom.Attend && w.Severity <= sev && w.Length > 0
		}
		all := slices.DeleteFunc(slices.Concat(c.Windows, p.demands(anything)), func(w plantroom.Window) bool { return !covers(w) })
		got := Terms{Contract: c, Profile: p, Targets: nil}.Clocks([]plantroom.ClockKind{plantroom.Attend}, anything, sev, t0)
		if len(got) != min(1, len(all)) {
			t.Fatalf("%d clocks out of %d windows", len(got), len(all))
		}
		for _, w := range all {
			human, chosenHuman := w.From == plantroom.FromAcknowledged, got[0].From == plantroom.FromAcknowledged
			if !human && chosenHuman || human == chosenHuman && w.Length < got[0].Window {
				t.Fatalf("chose %+v over %+v", got[0], w)
			}
		}
	})
}

func TestProfilesAreComplete(t *testing.T) {
	var ids []string
	for _, p := range Profiles() {
		ids = append(ids, p.ID)
		if err := plantroom.ValidID(p.ID); err != nil {
			t.Error(err)
		}
		if p.Title.En == "" || p.Title.Zh == "" {
			t.Errorf("%s has no title in both languages", p.ID)
		}
		for _, w := range p.Windows {
			if w.Length <= 0 || w.From == "" || !strings.Contains(w.Source, "(") {
				t.Errorf("%s: window %+v lacks a length, a start, or how sure its source is", p.ID, w)
			}
		}
		got, err := ProfileByID(p.ID)
		if err != nil || got.Title != p.Title {
			t.Errorf("ProfileByID(%s) = %v, %v", p.ID, got, err)
		}
	}
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("an id occurs twice in %v", ids)
	}
}

func TestUnknownProfileListsTheKnownOnes(t *testing.T) {
	_, err := ProfileByID("mars")
	if plantroom.CodeOf(err) != plantroom.CodeNotFound || !strings.Contains(err.Error(), "cn-urban") {
		t.Errorf("got %v", err)
	}
	if p, err := ProfileByID(""); err != nil || p.ID != Plain {
		t.Errorf("no profile gives %v, %v", p, err)
	}
}

func TestTrappedPassengersInAChineseCityAreReachedInHalfAnHour(t *testing.T) {
	p, err := ProfileByID("cn-urban")
	if err != nil {
		t.Fatal(err)
	}
	slow := contract(window(plantroom.Attend, plantroom.Low, 2*time.Hour, plantroom.FromRaised))
	kinds := []plantroom.ClockKind{plantroom.Attend}
	trapped := Matter{Domain: "lifts", Rule: "lift.entrapment", Kind: "passenger"}
	if got := (Terms{Contract: slow, Profile: p, Targets: nil}).Clocks(kinds, trapped, plantroom.Life, t0)[0]; got.Window != plantroom.Duration(30*time.Minute) {
		t.Errorf("with people inside: %+v", got)
	}
	if got := (Terms{Contract: slow, Profile: p, Targets: nil}).Clocks(kinds, trapped, plantroom.High, t0)[0]; got.Window != plantroom.Duration(2*time.Hour) {
		t.Errorf("while it needs confirming the contract binds: %+v", got)
	}
}

func TestTheLawBindsOnlyWhatItSpeaksOf(t *testing.T) {
	const attend, restore, high, life = plantroom.Attend, plantroom.Restore, plantroom.High, plantroom.Life
	for why, c := range map[string]struct {
		profile string
		matter  Matter
		clock   plantroom.ClockKind
		sev     plantroom.Severity
		bound   bool
	}{
		"people in a lift":               {"cn-urban", Matter{"lifts", "lift.entrapment", "passenger"}, attend, life, true},
		"a lift that runs too fast":      {"cn-urban", Matter{"lifts", "lift.fault", "passenger"}, attend, life, false},
		"a bin that burns":               {"cn-urban", Matter{"waste", "bin.fire", "rigid_1100"}, attend, life, false},
		"a bin that burns, in Germany":   {"de-trbs3121", Matter{"waste", "bin.fire", "rigid_1100"}, attend, life, false},
		"a firefighters' lift":           {"uk-high-rise", Matter{"lifts", "lift.fault", "firefighters"}, restore, high, true},
		"another lift":                   {"uk-high-rise", Matter{"lifts", "lift.fault", "passenger"}, restore, high, false},
		"the sensor of such a lift":      {"uk-high-rise", Matter{"devices", "device.silent", "firefighters"}, restore, high, false},
		"a leak in a high-rise":          {"uk-high-rise", Matter{"leaks", "leak.wet", "spot"}, restore, high, false},
		"a leak at a social landlord's":  {"uk-social", Matter{"leaks", "leak.wet", "spot"}, restore, high, true},
		"a lift at a social landlord's":  {"uk-social", Matter{"lifts", "lift.fault", "passenger"}, restore, high, false},
		"a parked car at such a house's": {"uk-social", Matter{"bays", "bay.forbidden_stop", "fire_lane"}, restore, high, false},
	} {
		p, err := ProfileByID(c.profile)
		if err != nil {
			t.Fatal(err)
		}
		got := Terms{Contract: nil, Profile: p, Targets: nil}.Clocks([]plantroom.ClockKind{c.clock}, c.matter, c.sev, t0)
		if (len(got) == 1) != c.bound {
			t.Errorf("%s: clocks %+v, bound by the law: %v", why, got, c.bound)
		}
	}
}

func TestAWindowOnACalendarBindsByWhenItWouldEnd(t *testing.T) {
	calendars := map[plantroom.CalendarID]*Calendar{"office": calendarIn(t, "Asia/Shanghai", office)}
	onDays := window(plantroom.Attend, plantroom.Low, 2*time.Hour, plantroom.FromRaised)
	onDays.Calendar = "office"
	anyTime := window(plantroom.Attend, plantroom.Low, 3*time.Hour, plantroom.FromRaised)
	for _, c := range []struct {
		says, at string
		sev      plantroom.Severity
		want     plantroom.CalendarID
		basis    string
	}{
		{"by day two hours of the office are less than three of the clock", "2026-03-02T10:00+08:00", plantroom.High, "office", "contract quicklift: clause 7"},
		{"in the evening they are not", "2026-03-02T19:00+08:00", plantroom.High, "", "profile somewhere: clause 7, where contract quicklift promises 2h of calendar office from raised"},
		{"lives do not wait for the office", "2026-03-02T10:00+08:00", plantroom.Life, "", "profile somewhere: clause 7"},
	} {
		t.Run(c.says, func(t *testing.T) {
			terms := Terms{Contract: contract(onDays), Profile: law(anyTime), Calendars: calendars}
			got := terms.Clocks([]plantroom.ClockKind{plantroom.Attend}, anything, c.sev, instant(t, c.at))
			if len(got) != 1 || got[0].Calendar != c.want || got[0].Basis != c.basis {
				t.Fatalf("%+v", got)
			}
		})
	}
}
