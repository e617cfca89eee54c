package domaintest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
)

// step is one call of a detector.
type step struct {
	tick    bool
	at      plantroom.Instant
	reading plantroom.Reading
}

func (s step) do(det plantroom.Detector) plantroom.Verdict {
	if s.tick {
		return det.Tick(s.at)
	}
	return det.Observe(s.reading)
}

func (s step) String() string {
	if s.tick {
		return clock(s.at) + " tick"
	}
	return fmt.Sprintf("%s %s/%s %s", clock(s.reading.At), s.reading.Device, s.reading.Signal, s.reading.Value)
}

// same gives the verdict without the mark that only its first telling bears.
func same(v plantroom.Verdict) plantroom.Verdict {
	v.Dirty = false
	return v
}

// checkContract holds a detector to plantroom.Detector over random readings
// of two devices with the passing of time between them.
func checkContract(t rapid.TB, d plantroom.Domain, rule *plantroom.Rule, kind string) {
	asset := plantroom.Asset{ID: "asset", Domain: d.Name, Kind: kind}
	rapid.Check(t, func(rt *rapid.T) {
		live := rule.New(asset)
		kept := rule.New(asset).State() // what a store would hold
		var v plantroom.Verdict
		now := midnight
		onsets := map[plantroom.Instant]bool{}
		for i, n := 0, rapid.IntRange(1, 40).Draw(rt, "steps"); i < n; i++ {
			now = now.Add(drawPause(rt))
			s := drawStep(rt, d, rule, now, v.Wake)
			if !s.tick && !v.Wake.IsZero() && v.Wake <= now { // as the engine does
				before := v
				if v = live.Tick(now); v.Dirty {
					kept = live.State()
				}
				checkOnset(rt, onsets, s, before, v)
			}

			restored := mustRestore(rt, rule, asset, live.State())
			fromStore := mustRestore(rt, rule, asset, kept)
			before := v
			v = s.do(live)

			if got := s.do(restored); same(got) != same(v) {
				rt.Fatalf("%s: after Restore(State()) the verdict differs\n got %+v\nwant %+v", s, got, v)
			}
			if got := s.do(fromStore); same(got) != same(v) {
				rt.Fatalf("%s: from the state of the last Dirty verdict the verdict differs: a change was not marked\n got %+v\nwant %+v", s, got, v)
			}
			if v.Dirty {
				kept = live.State()
			}
			checkVerdict(rt, d, s, before, v)
			checkOnset(rt, onsets, s, before, v)

			before, v = v, live.Tick(now) // what has become due by now, so that nothing is left to change
			if v.Dirty {
				kept = live.State()
			}
			checkVerdict(rt, d, s, before, v)
			checkOnset(rt, onsets, s, before, v)
			checkRepeats(rt, live, s, v)
			if !s.tick {
				checkLate(rt, d, live, s.reading, v)
			}
		}
		checkKeep(rt, d, rule, asset, live.State(), v, now)
	})
}

func mustRestore(rt *rapid.T, rule *plantroom.Rule, asset plantroom.Asset, state []byte) plantroom.Detector {
	det := rule.New(asset)
	if err := det.Restore(state); err != nil {
		rt.Fatalf("a state cannot be restored: %v\n%s", err, state)
	}
	return det
}

// checkVerdict checks a verdict by itself and against the one before.
func checkVerdict(rt *rapid.T, d plantroom.Domain, s step, before, v plantroom.Verdict) {
	if v.Active && (v.Since.IsZero() || v.At < v.Since || v.Severity == plantroom.NoSeverity || v.Cause == "" || v.Detail == "" || v.Clean != 0) {
		rt.Fatalf("%s: an active verdict wants since ≤ at, severity, cause and detail, and no clean cycles: %+v", s, v)
	}
	if t, listed := d.Causes[v.Cause]; v.Active && (!listed || t.En == "" || t.Zh == "") {
		rt.Fatalf("%s: the domain does not say in both languages what the cause %q is", s, v.Cause)
	}
	if v.Clean > 0 && v.At.IsZero() {
		rt.Fatalf("%s: clean cycles without evidence: %+v", s, v)
	}
	if v.Clean > MaxClean {
		rt.Fatalf("%s: counts %d clean cycles: state would change for ever", s, v.Clean)
	}
	if before.Active && v.Active && (v.Since != before.Since || v.Severity < before.Severity) {
		rt.Fatalf("%s: during an episode since may not move nor severity sink\n was %+v\n now %+v", s, before, v)
	}
	if !before.Active && !v.Active && v.Clean < before.Clean {
		rt.Fatalf("%s: clean cycles went from %d to %d without a relapse", s, before.Clean, v.Clean)
	}
}

// checkOnset checks that an episode has an onset of its own: it names the
// incident.
func checkOnset(rt *rapid.T, onsets map[plantroom.Instant]bool, s step, before, v plantroom.Verdict) {
	if before.Active || !v.Active {
		return
	}
	if onsets[v.Since] {
		rt.Fatalf("%s: a second episode since %s", s, clock(v.Since))
	}
	onsets[v.Since] = true
}

// checkRepeats checks that saying the same again changes nothing, nor does a
// look at the clock, even at one that goes back.
func checkRepeats(rt *rapid.T, live plantroom.Detector, s step, v plantroom.Verdict) {
	state := live.State()
	at := s.at
	if !s.tick {
		at = s.reading.At
	}
	for _, again := range []step{s, {tick: true, at: at}, {tick: true, at: at.Add(-time.Hour)}} {
		if got := again.do(live); same(got) != same(v) || got.Dirty || !bytes.Equal(live.State(), state) {
			rt.Fatalf("%s and then %s: something has changed\n got %+v\nwant %+v", s, again, got, v)
		}
	}
}

// checkLate checks that a reading older than the newest of its device and
// signal changes nothing, whatever it says.
func checkLate(rt *rapid.T, d plantroom.Domain, live plantroom.Detector, r plantroom.Reading, v plantroom.Verdict) {
	state := live.State()
	r.Value = drawValue(rt, *signalOf(d, r.Signal))
	r.At = r.At.Add(-time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(rt, "late by")))
	if got := live.Observe(r); same(got) != same(v) || got.Dirty || !bytes.Equal(live.State(), state) {
		rt.Fatalf("the late reading %s/%s %s of %s changes something\n got %+v\nwant %+v", r.Device, r.Signal, r.Value, clock(r.At), got, v)
	}
}

// drawPause draws the time between two steps: from a blink to hours.
func drawPause(rt *rapid.T) time.Duration {
	unit := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Minute, 10 * time.Minute}).Draw(rt, "unit")
	return time.Duration(rapid.IntRange(1, 12).Draw(rt, "pause")) * unit
}

func drawStep(rt *rapid.T, d plantroom.Domain, rule *plantroom.Rule, now, wake plantroom.Instant) step {
	if !wake.IsZero() && rapid.IntRange(0, 2).Draw(rt, "wait") == 0 {
		return step{tick: true, at: max(now, wake)}
	}
	if rapid.IntRange(0, 5).Draw(rt, "tick") == 0 {
		return step{tick: true, at: now}
	}
	s := signalOf(d, rapid.SampledFrom(rule.Signals).Draw(rt, "signal"))
	return step{reading: plantroom.Reading{
		Device: rapid.SampledFrom([]plantroom.DeviceID{"dev-a", "dev-b"}).Draw(rt, "device"),
		Signal: s.Name, Value: drawValue(rt, *s), At: now,
	}}
}

// drawValue draws a value that the signal permits. Half of the numbers are
// small, because that is where most thresholds lie.
func drawValue(rt *rapid.T, s plantroom.Signal) plantroom.Value {
	switch s.Kind {
	case plantroom.FloatKind:
		hi := s.Max
		if rapid.Bool().Draw(rt, "small") {
			hi = min(hi, max(s.Min, 0)+100)
		}
		return plantroom.Float(float64(int64(rapid.Float64Range(s.Min, hi).Draw(rt, "number")*100)) / 100)
	case plantroom.BoolKind:
		return plantroom.Bool(rapid.Bool().Draw(rt, "bool"))
	}
	return plantroom.String(rapid.SampledFrom(s.Values).Draw(rt, "state"))
}

// FuzzRestore fuzzes the decoders of a domain's detector states: no input may
// make one panic, then or at the next reading, and what it refuses it names.
func FuzzRestore(f *testing.F, d plantroom.Domain) {
	for i := range d.Rules {
		rule := &d.Rules[i]
		f.Add(i, rule.New(plantroom.Asset{Kind: kindsOf(d, rule)[0]}).State())
	}
	f.Add(0, []byte("v1 {"))
	f.Add(0, []byte("v9 {}"))
	f.Add(0, []byte(`v1 {"active":true,"since":"2026-03-02T08:00:00Z","clean":-1}`))
	f.Fuzz(func(t *testing.T, i int, state []byte) {
		rule := &d.Rules[((i%len(d.Rules))+len(d.Rules))%len(d.Rules)]
		det := rule.New(plantroom.Asset{Kind: kindsOf(d, rule)[0]})
		if err := det.Restore(state); err != nil {
			if plantroom.CodeOf(err) == plantroom.CodeInternal {
				t.Fatalf("refused without a code: %v", err)
			}
			return
		}
		for _, name := range rule.Signals {
			s := signalOf(d, name)
			for _, v := range permitted(s) {
				det.Observe(plantroom.Reading{Device: "dev", Signal: name, Value: v, At: midnight})
			}
		}
		det.Tick(midnight.Add(24 * time.Hour))
		if k, ok := det.(plantroom.Keeper); ok {
			k.Keep(func(d plantroom.DeviceID) bool { return d != "dev" })
			det.Tick(midnight.Add(24 * time.Hour))
		}
		if err := rule.New(plantroom.Asset{}).Restore(det.State()); err != nil {
			t.Fatalf("its own state cannot be read again: %v", err)
		}
	})
}

// permitted gives the edges of what a signal permits.
func permitted(s *plantroom.Signal) (values []plantroom.Value) {
	switch s.Kind {
	case plantroom.FloatKind:
		return []plantroom.Value{plantroom.Float(s.Min), plantroom.Float(s.Max)}
	case plantroom.BoolKind:
		return []plantroom.Value{plantroom.Bool(true), plantroom.Bool(false)}
	}
	for _, v := range s.Values {
		values = append(values, plantroom.String(v))
	}
	return values
}
