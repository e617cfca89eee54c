package lifts_test

import (
	"testing"

	"plantroom"
	"plantroom/services/domains/lifts"
)

// The same number means different things in different numberings.
func TestFaultsAreFoundBySourceAndCode(t *testing.T) {
	for _, c := range []struct {
		source lifts.Source
		code   int
		slug   string
	}{
		{lifts.BACnet, 0, "controller_fault"},
		{lifts.BACnet, 1, "drive_motor_fault"},
		{lifts.BACnet, 2, "governor_safety_gear"},
		{lifts.BACnet, 3, "shaft_device_fault"},
		{lifts.BACnet, 4, "power_loss"},
		{lifts.BACnet, 5, "safety_circuit_open"},
		{lifts.BACnet, 6, "door_close_fault"},
		{lifts.BACnet, 7, "door_open_fault"},
		{lifts.BACnet, 8, "stopped_out_of_zone"},
		{lifts.BACnet, 9, "call_button_stuck"},
		{lifts.BACnet, 10, "start_failure"},
		{lifts.BACnet, 11, "controller_supply_fault"},
		{lifts.BACnet, 12, "self_test_failed"},
		{lifts.BACnet, 13, "run_time_limit"},
		{lifts.BACnet, 14, "position_lost"},
		{lifts.BACnet, 15, "drive_overtemp"},
		{lifts.BACnet, 16, "load_measure_fault"},
		{lifts.BACnetProperty, 478, "alarm_button"},
		{lifts.GBT24476, 1, "safety_circuit_open"},
		{lifts.GBT24476, 2, "door_close_fault"},
		{lifts.GBT24476, 3, "door_open_fault"},
		{lifts.GBT24476, 4, "stopped_out_of_zone"},
		{lifts.GBT24476, 5, "unintended_movement"},
		{lifts.GBT24476, 6, "run_time_limit"},
		{lifts.GBT24476, 7, "position_lost"},
		{lifts.GBT24476, 8, "restart_lockout"},
		{lifts.GBT24476, 41, "power_loss"},
		{lifts.GBT24476, 90, "alarm_button"},
	} {
		got, err := lifts.FaultByCode(c.source, c.code)
		if err != nil || got.Slug != c.slug {
			t.Errorf("%s %d: got %q, %v; want %s", c.source, c.code, got.Slug, err, c.slug)
		}
	}
}

func TestUnknownFaultsAreNotFound(t *testing.T) {
	for _, code := range []int{-1, 17, 478} {
		if f, err := lifts.FaultByCode(lifts.BACnet, code); plantroom.CodeOf(err) != plantroom.CodeNotFound {
			t.Errorf("bacnet %d: got %q, %v; want not_found", code, f.Slug, err)
		}
	}
	if _, err := lifts.FaultBySlug("none"); plantroom.CodeOf(err) != plantroom.CodeNotFound {
		t.Errorf("none is no fault, got %v", err)
	}
}

// Each numbering is unambiguous, and each slug can be said by the fault signal.
func TestVocabularyIsConsistent(t *testing.T) {
	d := lifts.Domain()
	slugs := map[string]bool{}
	type key struct {
		source lifts.Source
		code   int
	}
	codes := map[key]string{}
	for _, f := range lifts.Faults() {
		if slugs[f.Slug] {
			t.Errorf("%s exists twice", f.Slug)
		}
		slugs[f.Slug] = true
		if err := d.Signals[0].Check(plantroom.String(f.Slug)); err != nil {
			t.Error(err)
		}
		if f.Title.En == "" || f.Title.Zh == "" || f.Severity < plantroom.Low || f.Severity > plantroom.Life {
			t.Errorf("%s: wants titles and a severity", f.Slug)
		}
		if f.Severity == plantroom.Life && !f.Stops {
			t.Errorf("%s: a car runs on with danger to life?", f.Slug)
		}
		for _, s := range []lifts.Source{lifts.BACnet, lifts.BACnetProperty, lifts.GBT24476} {
			code, ok := f.Code(s)
			if !ok {
				continue
			}
			if other, taken := codes[key{s, code}]; taken {
				t.Errorf("%s %d means both %s and %s", s, code, other, f.Slug)
			}
			codes[key{s, code}] = f.Slug
		}
	}
}
