package waste_test

import (
	"math"
	"testing"

	"plantroom"
	"plantroom/services/domains/waste"
)

func TestFillIsDerivedFromDistance(t *testing.T) {
	bin := map[string]float64{"d_empty_m": 1.30, "d_full_m": 0.20, "blind_zone_m": 0.05}
	for _, c := range []struct {
		why    string
		params map[string]float64
		metres float64
		want   float64 // negative: no fill
	}{
		{"the bottom is empty", bin, 1.30, 0},
		{"the rim is full", bin, 0.20, 1},
		{"half way is half full", bin, 0.75, 0.5},
		{"heaped above the rim is full, not fuller", bin, 0.10, 1},
		{"a sagging bottom is empty, not emptier", bin, 1.40, 0},
		{"the blind zone tells nothing", bin, 0.04, -1},
		{"an echo from beyond the bin tells nothing", bin, 1.44, -1},
		{"NaN tells nothing", bin, math.NaN(), -1},
		{"a bin of unknown depth has no fill", nil, 0.75, -1},
		{"a bin that is deeper full than empty is a mistake", map[string]float64{"d_empty_m": 0.2, "d_full_m": 1.3}, 0.75, -1},
	} {
		r := plantroom.Reading{Device: "level", Signal: "distance_m", Value: plantroom.Float(c.metres), At: 42, Quality: plantroom.Suspect}
		got := waste.Domain().Derive(plantroom.Asset{Params: c.params}, r)
		if c.want < 0 {
			if len(got) != 0 {
				t.Errorf("%s: got %v", c.why, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Signal != "fill" || math.Abs(got[0].Value.Num()-c.want) > 1e-9 ||
			got[0].Device != r.Device || got[0].At != r.At || got[0].Quality != r.Quality {
			t.Errorf("%s: got %+v, want fill %v of the same device, time and quality", c.why, got, c.want)
		}
	}
}

func TestNothingElseHasAFill(t *testing.T) {
	r := plantroom.Reading{Device: "level", Signal: "temperature_c", Value: plantroom.Float(0.75)}
	if got := waste.Domain().Derive(plantroom.Asset{Params: map[string]float64{"d_empty_m": 1.3, "d_full_m": 0.2}}, r); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
