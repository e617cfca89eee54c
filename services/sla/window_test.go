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

func law(ws ...plantroom.Window) plantroom.Profile {
	p := plantroom.Profile{ID: "somewhere"}
	for _, w := range ws {
		p.Demands = append(p.Demands, plantroom.Demand{Window: w})
	}
	return p
}

// anything is a matter of no meaning.
var anything = plantroom.Matter{Domain: "trees", Rule: "tree.falls", Kind: "oak"}

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
		profile  plantroom.Profile
		length   time.Duration
		from     plantroom.ClockStart
		basis    string
	}{
		"nobody promises: the default":              {nil, law(), 4 * hour, raised, "default: clause 7"},
		"the contract alone":                        {contract(window(attend, high, hour, raised)), law(), hour, raised, "contract quicklift: clause 7"},
		"the law alone":                             {nil, law(window(attend, high, hour, raised)), hour, raised, "profile somewhere: clause 7"},
		"the law alone, the same as the default":    {nil, law(window(attend, high, 4*hour, raised)), 4 * hour, raised, "profile somewhere: clause 7"},
		"the law alone, laxer than the default":     {nil, law(window(attend, high, 9*hour, raised)), 4 * hour, raised, "default: clause 7, where profile somewhere wants 9h from raised: clause 7"},
		"the law alone, stricter than the default":  {nil, law(window(attend, high, half, raised)), half, raised, "profile somewhere: clause 7"},
		"the law and a contract for something else": {contract(window(plantroom.Restore, high, half, raised)), law(window(attend, high, 9*hour, raised)), 4 * hour, raised, "default: clause 7, where profile somewhere wants 9h from raised: clause 7"},
		"the contract is stricter":                  {contract(window(attend, high, half, raised)), law(window(attend, high, hour, raised)), half, raised, "contract quicklift: clause 7, where profile somewhere wants 1h from raised: clause 7"},
		"the law is stricter":                       {contract(window(attend, high, hour, raised)), law(window(attend, high, half, occurred)), half, occurred, "profile somewhere: clause 7, where contract quicklift promises 1h from raised"},
		"equal lengths, the law starts first":       {contract(window(attend, high, half, raised)), law(window(attend, high, half, occurred)), half, occurred, "profile somewhere: clause 7, where contract quicklift promises 30m from raised"},
		"equal in all, the contract":                {contract(window(attend, high, half, raised)), law(window(attend, high, half, raised)), half, raised, "contract quicklift: clause 7, where profile somewhere wants 30m from raised: clause 7"},
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
			want := []plantroom.Clock{{Kind: attend, State: plantroom.ClockWaiting, From: c.from, Window: plantroom.Duration(c.length), Basis: c.basis, Until: plantroom.UntilAttended,
				Source:   map[bool]string{true: "clause 7"}[strings.Contains(c.basis, "clause 7")],
				Contract: map[bool]plantroom.ContractID{true: "quicklift"}[strings.HasPrefix(c.basis, "contract ")],
				Profile:  map[bool]string{true: "somewhere"}[strings.HasPrefix(c.basis, "profile ")],
				ByLaw:    slices.ContainsFunc(c.profile.Demands, func(d plantroom.Demand) bool { return d.Clock == attend })}} // where the law speaks, nothing pauses
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
		all := slices.DeleteFunc(slices.Concat(c.Windows, p.DemandsOf(anything)), func(w plantroom.Window) bool { return !covers(w) })
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
		{"by day two hours of the office are less than three of the clock", "2026-03-02T10:00+08:00", plantroom.High, "office", "contract quicklift: clause 7, where profile somewhere wants 3h from raised: clause 7"},
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

func TestOfTwoPromisesThatEndTogetherTheSensorsIsStricterThanAWord(t *testing.T) {
	word, proof := window(plantroom.Restore, plantroom.Low, time.Hour, plantroom.FromRaised), window(plantroom.Restore, plantroom.Low, time.Hour, plantroom.FromRaised)
	word.Until, proof.Until = plantroom.UntilFixed, plantroom.UntilProved
	shorter := word
	shorter.Length = plantroom.Duration(time.Minute)
	kinds := []plantroom.ClockKind{plantroom.Restore}
	for _, c := range []struct {
		says     string
		contract *plantroom.Contract
		law      plantroom.Profile
		until    plantroom.ClockStop
		basis    string
	}{
		{"the law's proof goes before the contract's word", contract(word), law(proof), plantroom.UntilProved, "profile somewhere: clause 7, where contract quicklift promises 1h from raised until fixed"},
		{"the contract's proof before the law's word", contract(proof), law(word), plantroom.UntilProved, "contract quicklift: clause 7, where profile somewhere wants 1h from raised until fixed: clause 7"},
		{"the shorter window goes before both", contract(shorter), law(proof), plantroom.UntilFixed, "contract quicklift: clause 7, where profile somewhere wants 1h from raised: clause 7"},
	} {
		if got := (Terms{Contract: c.contract, Profile: c.law}).Clocks(kinds, anything, plantroom.High, t0); len(got) != 1 || got[0].Until != c.until || got[0].Basis != c.basis {
			t.Errorf("%s: %+v", c.says, got)
		}
	}
}
