package detect_test

import (
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/detect"
)

// stored are the newest times as one gateway's progress keeps them.
func stored(gw plantroom.GatewayID, blob []byte) []plantroom.Progress {
	return []plantroom.Progress{{Gateway: gw, Epoch: 7, Latest: blob}}
}

func TestNewestTimesSurviveARestart(t *testing.T) {
	h := newHouse(t, estate())
	h.engine.Observe(eight, "gw-1", reading("controller/fault", "none", eight))
	h.engine.Observe(eight, "gw-1", reading("spot/state", "dry", eight.Add(-time.Hour)))
	fx := h.engine.Take()
	if len(fx.Latest) != 1 || len(fx.Latest["gw-1"]) == 0 {
		t.Fatalf("got %v", fx.Latest)
	}
	if again := h.engine.Take(); len(again.Latest)+len(again.Events)+len(again.Dirty) != 0 {
		t.Errorf("taken twice: %+v", again)
	}

	e := newEngine(t, estate())
	if err := e.Restore(nil, nil, stored("gw-1", fx.Latest["gw-1"])); err != nil {
		t.Fatal(err)
	}
	e.Observe(eight, "gw-1", reading("controller/fault", "controller_fault", eight))
	e.Observe(eight, "gw-1", reading("spot/state", "wet", eight.Add(-time.Hour)))
	if fx := e.Take(); len(fx.Events)+len(fx.Dirty)+len(fx.Latest) != 0 {
		t.Errorf("old readings are judged after a restart: %+v", fx)
	}
	e.Observe(eight.Add(1), "gw-1", reading("controller/fault", "controller_fault", eight.Add(1)))
	if fx := e.Take(); len(fx.Events) != 1 {
		t.Errorf("a new one is not: %+v", fx)
	}
}

// A device that is heard through another gateway takes its newest time along.
func TestADeviceMayMoveToAnotherGateway(t *testing.T) {
	e := newEngine(t, estate())
	e.Observe(eight, "gw-1", reading("controller/fault", "none", eight))
	first := e.Take().Latest["gw-1"]
	e.Observe(eight.Add(5), "gw-2", reading("controller/fault", "none", eight.Add(5)))
	second := e.Take().Latest["gw-2"]

	e = newEngine(t, estate())
	if err := e.Restore(nil, nil, append(stored("gw-2", second), stored("gw-1", first)...)); err != nil {
		t.Fatal(err)
	}
	e.Observe(eight.Add(9), "gw-1", reading("controller/fault", "controller_fault", eight.Add(3)))
	if fx := e.Take(); len(fx.Events) != 0 {
		t.Errorf("a reading older than the one through the other gateway is judged: %+v", fx)
	}
}

func TestDevicesThatAreGoneAreForgotten(t *testing.T) {
	e := newEngine(t, estate())
	e.Observe(eight, "gw-1", reading("controller/fault", "none", eight))
	blob := e.Take().Latest["gw-1"]
	smaller := estate()
	smaller.Devices = smaller.Devices[1:]
	e = newEngine(t, smaller)
	if err := e.Restore(nil, nil, stored("gw-1", blob)); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedStateIsRefusedByName(t *testing.T) {
	e := newEngine(t, estate())
	e.Observe(eight, "gw-1", reading("controller/fault", "none", eight))
	good := e.Take().Latest["gw-1"]
	for why, blob := range map[string][]byte{
		"another version": append([]byte{9}, good[1:]...),
		"cut short":       good[:len(good)-1],
		"too long":        append(append([]byte{}, good...), 200),
	} {
		err := newEngine(t, estate()).Restore(nil, nil, stored("gw-1", blob))
		if plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: got %v", why, err)
		}
	}
	err := newEngine(t, estate()).Restore([]plantroom.Detection{{Rule: "lift.fault", Asset: "lift", State: []byte("v99 {}")}}, nil, nil)
	if plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("a detector of another version: got %v", err)
	}
}

func TestIncidentsOfAnAssetThatTheEstateNoLongerHasAreLeftAlone(t *testing.T) {
	e := newEngine(t, estate())
	orphan := plantroom.Incident{ID: "inc-1", Rule: "lift.fault", Asset: "torn-down", State: plantroom.IncidentOpen}
	dets := []plantroom.Detection{{Rule: "lift.fault", Asset: "torn-down", State: []byte("whatever")}}
	if err := e.Restore(dets, []plantroom.Incident{orphan}, nil); err != nil {
		t.Fatal(err)
	}
	e.Tick(plantroom.At(time.Date(2027, 3, 2, 0, 0, 0, 0, time.UTC)))
	if fx := e.Take(); slices.ContainsFunc(fx.Events, func(ev plantroom.IncidentEvent) bool { return ev.Incident.ID == orphan.ID }) {
		t.Errorf("the engine says something of it: %+v", fx.Events)
	}
}

// Restore takes an engine that has run ahead of its store back to it.
func TestRestoreForgetsWhatWasNotStored(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.says("controller/fault", "controller_fault")
	h.wait(5 * time.Minute)
	if err := h.engine.Restore(nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if fx := h.engine.Take(); len(fx.Events)+len(fx.Dirty)+len(fx.Latest) != 0 || !h.engine.Wake().IsZero() {
		t.Errorf("left over: %+v", fx)
	}
	h.story = nil
	h.said("controller/fault", "controller_fault", eight)
	h.expect("opened lift.fault lift")
}

func FuzzRestoreLatest(f *testing.F) {
	if _, err := detect.New(detect.Options{Estate: estate(), Domains: nil}); err == nil {
		f.Fatal("an estate without domains is accepted")
	}
	e := newEngine(f, estate())
	e.Observe(eight, "gw-1", reading("controller/fault", "none", eight))
	e.Observe(eight, "gw-1", reading("level/fill", 0.5, eight.Add(-time.Hour)))
	e.Observe(eight, "gw-1", reading("spot/state", "dry", eight.Add(time.Minute)))
	f.Add(e.Take().Latest["gw-1"])
	f.Add([]byte{})
	f.Add([]byte{1, 0})
	f.Add([]byte{2, 1, 5, 's', 't', 'a', 't', 'e', 5, 4, 's', 'p', 'o', 't', 1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 127})
	f.Add([]byte{1, 1, 1, 'x', 5, 1, 'y', 255, 255, 255, 255, 15, 0, 0})
	f.Fuzz(func(t *testing.T, blob []byte) {
		e := newEngine(t, estate())
		err := e.Restore(nil, nil, stored("gw-1", blob))
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatalf("refused with %v", err)
		}
	})
}
