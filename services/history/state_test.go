package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/detect"
)

func at(hour float64) plantroom.Instant {
	if hour == 0 {
		return 0
	}
	return start.Add(time.Duration(hour * float64(time.Hour)))
}

func TestWhatAnEpisodeMakesOfAnAsset(t *testing.T) {
	for _, c := range []struct {
		rule     plantroom.RuleID
		severity plantroom.Severity
		want     State
	}{
		{"lift.entrapment", plantroom.Life, Fault},
		{"lift.fault", plantroom.High, Fault},
		{"lift.fault", plantroom.Medium, Degraded},
		{"lift.fault", plantroom.Low, Warning},
		{"lift.fault", plantroom.NoSeverity, Warning},
		{detect.RuleDeviceSilent, plantroom.Medium, Unknown},
		{detect.RuleGatewaySilent, plantroom.High, Unknown},
	} {
		if got := episodeState(c.rule, c.severity); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.rule, c.severity, got, c.want)
		}
	}
}

// TestTheRulesOfStates lays facts over the hours from 10 to 20.
func TestTheRulesOfStates(t *testing.T) {
	is := func(s State, from, to float64) fact {
		return fact{span: span{at(from), at(to)}, state: s, text: string(s)}
	}
	for _, c := range []struct {
		name  string
		facts []fact
		known float64 // 0: never
		want  []string
	}{
		{"nothing is said, and it is heard", nil, 1, []string{"10-20 ok"}},
		{"never ok for what was never heard", nil, 0, []string{"10-20 unknown"}},
		{"it is first heard at 12", nil, 12, []string{"10-12 unknown", "12-20 ok"}},
		{"something is said of what was never heard", []fact{is(Fault, 11, 12)}, 11, []string{"10-11 unknown", "11-12 fault", "12-20 ok"}},
		{"what had begun before is carried in", []fact{is(Fault, 2, 12)}, 1, []string{"10-12 fault", "12-20 ok"}},
		{"what lasts goes on to the end", []fact{is(Degraded, 15, 0)}, 1, []string{"10-15 ok", "15-20 degraded"}},
		{"the worst counts", []fact{is(Warning, 11, 19), is(Fault, 13, 14), is(Degraded, 12, 16)}, 1,
			[]string{"10-11 ok", "11-12 warning", "12-13 degraded", "13-14 fault", "14-16 degraded", "16-19 warning", "19-20 ok"}},
		{"works hide no fault", []fact{is(Maintenance, 11, 15), is(Fault, 12, 13)}, 1,
			[]string{"10-11 ok", "11-12 maintenance", "12-13 fault", "13-15 maintenance", "15-20 ok"}},
		{"silence during works is works", []fact{is(Maintenance, 11, 15), is(Unknown, 12, 17)}, 1,
			[]string{"10-11 ok", "11-15 maintenance", "15-17 unknown", "17-20 ok"}},
		{"a fault that is known counts more than silence", []fact{is(Unknown, 11, 19), is(Warning, 12, 13)}, 1,
			[]string{"10-11 ok", "11-12 unknown", "12-13 warning", "13-19 unknown", "19-20 ok"}},
		{"two of a kind that follow each other", []fact{is(Fault, 11, 12), is(Fault, 12, 13)}, 1, []string{"10-11 ok", "11-12 fault", "12-13 fault", "13-20 ok"}},
		{"of two of a kind the first counts until its end", []fact{is(Fault, 11, 14), is(Fault, 12, 16)}, 1, []string{"10-11 ok", "11-14 fault", "14-16 fault", "16-20 ok"}},
		{"what ended before or begins later is nothing", []fact{is(Fault, 1, 10), is(Fault, 20, 0)}, 1, []string{"10-20 ok"}},
		{"silence from the beginning", []fact{is(Unknown, 2, 13)}, 1, []string{"10-13 unknown", "13-20 ok"}},
	} {
		var got []string
		for _, s := range segments(c.facts, at(c.known), at(10), at(20)) {
			got = append(got, fmt.Sprintf("%v-%v %s", s.From.Sub(start).Hours(), s.To.Sub(start).Hours(), s.State))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := segments(nil, 0, at(10), at(10)); got != nil {
		t.Errorf("an empty time has %v", got)
	}
}

// TestSegmentsAgreeWithEachMoment compares with a look at single moments.
func TestSegmentsAgreeWithEachMoment(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		var facts []fact
		for range r.IntN(12) {
			f := fact{state: AssetStates[r.IntN(5)], span: span{From: at(1 + float64(r.IntN(24)))}}
			if r.IntN(4) > 0 {
				f.To = f.From.Add(time.Duration(1+r.IntN(8)) * time.Hour)
			}
			facts = append(facts, f)
		}
		known := at(float64(r.IntN(24)))
		all := segments(slices.Clone(facts), known, at(5), at(20))
		if len(all) == 0 || all[0].From != at(5) || all[len(all)-1].To != at(20) {
			t.Fatalf("seed %d: they do not cover the time: %+v", seed, all)
		}
		for i, s := range all {
			if i > 0 && s.From != all[i-1].To || s.To <= s.From {
				t.Fatalf("seed %d: a gap or an empty segment before %+v", seed, s)
			}
			moment := s.From.Add(s.To.Sub(s.From) / 2)
			want := OK
			if known.IsZero() || moment < known {
				want = Unknown
			}
			for _, f := range facts {
				if f.overlaps(moment, moment+1) && (want == OK || f.state.rank() > want.rank()) {
					want = f.state
				}
			}
			if s.State != want {
				t.Fatalf("seed %d: at %s it is %s, want %s; facts %+v", seed, moment, s.State, want, facts)
			}
		}
	}
}

func TestAStateNowHasItsBeginning(t *testing.T) {
	m := newMade(t, 4)
	table := NewTable()
	table.Began(start)
	now := start.Add(300 * day)
	put := func(rule plantroom.RuleID, asset plantroom.AssetID, s plantroom.Severity, from, to plantroom.Instant) {
		t.Helper()
		in := plantroom.Incident{ID: plantroom.NewIncidentID(rule, asset, from), Rule: rule, Asset: asset, Episode: from, State: plantroom.IncidentOpen, Severity: s, Cause: "door_close_fault"}
		if !to.IsZero() {
			in.State, in.Proved = plantroom.IncidentClosed, to
		}
		if err := table.PutIncident(&in); err != nil {
			t.Fatal(err)
		}
	}
	put("lift.fault", "a0", plantroom.High, start.Add(20*day), 0)                   // for long
	put("lift.fault", "a1", plantroom.High, start.Add(3*day), start.Add(4*day))     // over for long
	put(detect.RuleGatewaySilent, "gw-2", plantroom.High, now.Add(-2*time.Hour), 0) // before a2
	put("lift.fault", "a0", plantroom.Life, start.Add(19*day), start.Add(20*day))   // the same state before
	items := table.Now(m.book, m.book.Chosen(&Filter{}), now)
	for i, want := range []NowItem{
		{Asset: "a0", State: Fault, Since: start.Add(19 * day)},
		{Asset: "a1", State: OK, Since: start.Add(4 * day)},
		{Asset: "a2", State: Unknown, Since: now.Add(-2 * time.Hour)},
		{Asset: "a3", State: OK, Since: start.Add(3 * time.Minute)}, // when silence would have been noticed
	} {
		if got := items[i]; got.Asset != want.Asset || got.State != want.State || got.Since != want.Since {
			t.Errorf("%s is %s since %s, want %s since %s", got.Asset, got.State, got.Since, want.State, want.Since)
		}
	}
}

func TestFiguresOfAnAsset(t *testing.T) {
	fault := func(s State, from, to float64) Segment { return Segment{From: at(from), To: at(to), State: s} }
	for name, c := range map[string]struct {
		segments []Segment
		want     KPIItem
		avail    float64
	}{
		"all is well":               {[]Segment{fault(OK, 10, 20)}, KPIItem{Known: 1}, 1},
		"down twice, works between": {[]Segment{fault(Fault, 10, 11), fault(Degraded, 11, 12), fault(Maintenance, 12, 15), fault(Fault, 15, 16), fault(OK, 16, 20)}, KPIItem{Known: 1, Downtime: 3 * 3600, Faults: 2}, 0.7},
		"half of the time is known": {[]Segment{fault(Unknown, 10, 15), fault(Fault, 15, 16), fault(OK, 16, 20)}, KPIItem{Known: 0.5, Downtime: 3600, Faults: 1}, 0.8},
		"nothing is known":          {[]Segment{fault(Unknown, 10, 20)}, KPIItem{}, -1},
		"a warning is not downtime": {[]Segment{fault(Warning, 10, 20)}, KPIItem{Known: 1}, 1},
	} {
		var k KPIItem
		k.count(c.segments)
		switch {
		case k.Known != c.want.Known || k.Downtime != c.want.Downtime || k.Faults != c.want.Faults:
			t.Errorf("%s: %+v, want %+v", name, k, c.want)
		case (k.Availability == nil) != (c.avail < 0) || k.Availability != nil && (*k.Availability-c.avail > 1e-9 || c.avail-*k.Availability > 1e-9):
			t.Errorf("%s: available %v, want %v", name, k.Availability, c.avail)
		case (k.MTTR == nil) != (k.Faults == 0) || k.MTTR != nil && *k.MTTR != k.Downtime/float64(k.Faults):
			t.Errorf("%s: MTTR %v", name, k.MTTR)
		}
	}
}
