package binding_test

import (
	"testing"
	"time"

	"plantroom"
	"plantroom/gateway/binding"
)

func life(t *testing.T, b *binding.Binder, id plantroom.DeviceID) binding.Life {
	t.Helper()
	for _, l := range b.Lives() {
		if l.Device == id {
			return l
		}
	}
	t.Fatalf("%s is not known: %+v", id, b.Lives())
	return binding.Life{}
}

func rules(t *testing.T, rules ...binding.Rule) *binding.Binder {
	t.Helper()
	b, err := binding.New(rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const minute = plantroom.Duration(time.Minute)

func at(minutes int) plantroom.Instant {
	return plantroom.At(time.Date(2026, 3, 2, 8, minutes, 0, 0, time.UTC))
}

func heard(t *testing.T, b *binding.Binder, address, signal string, v plantroom.Value, when plantroom.Instant) {
	t.Helper()
	if _, _, err := b.BindHeard(plantroom.Sample{Address: address, Signal: signal, Value: v, At: at(0)}, when); err != nil {
		t.Fatal(err)
	}
}

func TestADeviceIsOverdueAfterThreeOfItsOwnIntervals(t *testing.T) {
	b := rules(t, binding.Rule{Address: "a", Device: "quick", Interval: minute}, binding.Rule{Match: "slow-*", Interval: 10 * minute}, binding.Rule{Match: "*"})
	heard(t, b, "a", "x", plantroom.Bool(true), at(1))
	heard(t, b, "slow-1", "x", plantroom.Bool(true), at(1))
	heard(t, b, "any", "x", plantroom.Bool(true), at(1))
	for _, c := range []struct {
		device  plantroom.DeviceID
		now     int
		overdue bool
	}{{"quick", 4, false}, {"quick", 5, true}, {"slow-1", 31, false}, {"slow-1", 32, true}, {"any", 59, false}} {
		if got := life(t, b, c.device).Overdue(at(c.now), at(0)); got != c.overdue {
			t.Errorf("%s at %d min: overdue %v", c.device, c.now, got)
		}
	}
}

func TestADeviceThatWasNeverHeardIsOverdueToo(t *testing.T) {
	l := life(t, rules(t, binding.Rule{Address: "a", Device: "never", Interval: minute}), "never")
	if l.Overdue(at(13), at(10)) || !l.Overdue(at(14), at(10)) || l.Heard != 0 {
		t.Errorf("%+v", l)
	}
}

func TestWhatOthersSayOfADeviceIsNoSignOfItsLife(t *testing.T) {
	b := rules(t, binding.Rule{Address: "a", Device: "d", Interval: minute})
	heard(t, b, "a", "online", plantroom.Bool(false), at(2))
	heard(t, b, "a", "bus_stuck", plantroom.Bool(false), at(2))
	heard(t, b, "a", "x", plantroom.Float(1), 0) // retained
	if l := life(t, b, "d"); l.Heard != 0 {
		t.Errorf("%+v", l)
	}
	heard(t, b, "a", "online", plantroom.Bool(true), at(3))
	if l := life(t, b, "d"); l.Heard != at(3) {
		t.Errorf("%+v", l)
	}
}

func TestAChangedFileForgetsNoSignOfLife(t *testing.T) {
	old := rules(t, binding.Rule{Match: "*"})
	heard(t, old, "a", "x", plantroom.Bool(true), at(5))
	heard(t, old, "b-1", "x", plantroom.Bool(true), at(6))
	heard(t, old, "gone", "x", plantroom.Bool(true), at(7))
	b := rules(t, binding.Rule{Address: "a", Interval: minute}, binding.Rule{Match: "b-*", Interval: 2 * minute})
	b.Continue(old)
	if l := life(t, b, "a"); l.Heard != at(5) || l.Interval != time.Minute {
		t.Errorf("%+v", l)
	}
	if l := life(t, b, "b-1"); l.Heard != at(6) || l.Interval != 2*time.Minute {
		t.Errorf("%+v", l)
	}
	if n := len(b.Lives()); n != 2 {
		t.Errorf("%d devices are known: %+v", n, b.Lives())
	}
}
