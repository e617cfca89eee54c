package detect_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/domains"
)

func TestDuplicateAndLateReadingsCauseNoSecondIncident(t *testing.T) {
	h := newHouse(t, estate())
	h.says("controller/cycles", 1)
	fault := reading("controller/fault", "controller_fault", h.now)
	h.observe(fault)
	h.wait(time.Minute)
	h.says("controller/fault", "none")
	for i := range 3 {
		h.wait(time.Minute)
		h.says("controller/cycles", 2+i)
	}
	h.expect("opened lift.fault lift", "cleared lift.fault lift", "progress lift.fault lift", "progress lift.fault lift", "proved lift.fault lift")

	h.observe(fault)                                               // delivered again
	h.said("controller/fault", "drive_motor_fault", eight.Add(30)) // held up on its way
	h.wait(time.Hour)
	h.expect()
}

func TestOnlyTrustworthyReadingsAreJudged(t *testing.T) {
	for q, judged := range map[plantroom.Quality]bool{
		plantroom.Good: true, plantroom.EstimatedTime: true,
		plantroom.Suspect: false, plantroom.Historical: false, plantroom.Simulated: false,
	} {
		h := newHouse(t, estate())
		r := reading("controller/fault", "controller_fault", h.now)
		r.Quality = q
		h.observe(r)
		if got := len(h.incidents) == 1; got != judged {
			t.Errorf("%s: judged %v, want %v", q, got, judged)
		}
		// A reading that was not judged does not hide a good one.
		h.says("controller/fault", "controller_fault")
		if len(h.incidents) != 1 {
			t.Errorf("%s: a good reading after it gives %d incidents", q, len(h.incidents))
		}
	}
}

func TestWhatIsNotOfTheEstateIsLeftAlone(t *testing.T) {
	h := newHouse(t, estate())
	h.engine.Observe(h.now, "gw-9", reading("stranger/fault", "controller_fault", h.now))
	h.engine.Observe(h.now, "gw-1", reading("controller/colour", "red", h.now))
	h.wait(time.Hour)
	for _, inc := range h.incidents {
		if inc.Rule != detect.RuleGatewaySilent {
			t.Errorf("got %+v", inc)
		}
	}
}

func TestFillIsDerivedAndJudged(t *testing.T) {
	h := newHouse(t, estate())
	for range 2 {
		h.wait(time.Minute)
		r := reading("level/distance_m", 0.22, h.now)
		derived := h.engine.Derive(r)
		if len(derived) != 1 || derived[0].Signal != "fill" {
			t.Fatalf("derived %+v", derived)
		}
		h.observe(r)
		h.observe(derived[0])
	}
	h.expect("opened bin.full bin")
	if got := h.engine.Derive(reading("controller/fault", "none", h.now)); got != nil {
		t.Errorf("derived %+v from a lift", got)
	}
}

func TestResolve(t *testing.T) {
	e := newEngine(t, estate())
	o, err := e.Resolve(reading("controller/fault", "none", eight))
	if err != nil || o.Asset.ID != "lift" || o.Signal.Name != "fault" || o.Measurement != "lift" || o.Gateway != "gw-1" {
		t.Errorf("got %+v, %v", o, err)
	}
	if o, err = e.Resolve(reading("controller/battery_pct", 50, eight)); err != nil || o.Signal.Unit != "%" || o.Measurement != "device" {
		t.Errorf("any device has a battery: %+v, %v", o, err)
	}
	for why, c := range map[string]struct {
		what  string
		value any
		code  plantroom.Code
		names string
	}{
		"unknown device":          {"stranger/fault", "none", plantroom.CodeNotFound, "stranger"},
		"unknown signal":          {"controller/fill", 0.5, plantroom.CodeNotFound, "fill"},
		"a state not on the list": {"controller/fault", "gremlins", plantroom.CodeInvalid, "gremlins"},
		"out of range":            {"level/fill", 1.5, plantroom.CodeInvalid, "level"},
		"another type":            {"bay/occupied", "yes", plantroom.CodeInvalid, "bool"},
	} {
		_, err := e.Resolve(reading(c.what, c.value, eight))
		if plantroom.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: got %v", why, err)
		}
	}
}

func TestCheckTime(t *testing.T) {
	for why, c := range map[string]struct {
		at plantroom.Instant
		ok bool
	}{
		"now":                    {eight, true},
		"a clock that is ahead":  {eight.Add(10 * time.Minute), true},
		"a clock that is wrong":  {eight.Add(10*time.Minute + 1), false},
		"a week in a spool":      {eight.Add(-7 * 24 * time.Hour), true},
		"the first moment":       {plantroom.At(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)), true},
		"a clock that was reset": {plantroom.At(time.Date(1970, 1, 1, 0, 0, 5, 0, time.UTC)), false},
		"no time at all":         {0, false},
	} {
		err := detect.CheckTime(eight, reading("controller/fault", "none", c.at))
		if c.ok != (err == nil) || err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: got %v", why, err)
		}
	}
}

func TestAFaultyEstateIsRefusedByName(t *testing.T) {
	for want, spoil := range map[string]func(*plantroom.Estate){
		`"trees"`:      func(e *plantroom.Estate) { e.Assets[0].Domain = "trees" },
		`"escalator"`:  func(e *plantroom.Estate) { e.Assets[0].Kind = "escalator" },
		"lift exists":  func(e *plantroom.Estate) { e.Assets[1] = e.Assets[0] },
		`"nowhere"`:    func(e *plantroom.Estate) { e.Devices[0].Asset = "nowhere" },
		`"gw-7"`:       func(e *plantroom.Estate) { e.Devices[0].Gateway = "gw-7" },
		"relay exists": func(e *plantroom.Estate) { e.Devices[0].ID = "relay" },
		"of the domain devices, which has no assets": func(e *plantroom.Estate) { e.Assets[0].Domain, e.Assets[0].Kind = "devices", "gateway" },
	} {
		e := estate()
		spoil(&e)
		_, err := detect.New(detect.Options{Estate: e, Domains: append(domains.All(), detect.Devices())})
		if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error that names %s, got %v", want, err)
		}
	}
}

// Ingest resolves in several goroutines while one judges.
func TestResolveAndDeriveRunBesideTheJudging(t *testing.T) {
	e := newEngine(t, estate())
	done := make(chan struct{})
	for range 2 {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range 2000 {
				r := reading("level/distance_m", 0.5, eight.Add(time.Duration(i)))
				if _, err := e.Resolve(r); err != nil {
					t.Error(err)
				}
				e.Derive(r)
			}
		}()
	}
	for i := range 2000 {
		now := eight.Add(time.Duration(i) * time.Second)
		e.Observe(now, "gw-1", reading("controller/cycles", i, now))
		e.Tick(now)
		if i%500 == 0 {
			if err := e.Restore(nil, nil, nil); err != nil {
				t.Error(err)
			}
		}
		e.Take()
	}
	<-done
	<-done
}
