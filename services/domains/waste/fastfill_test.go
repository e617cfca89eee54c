package waste_test

import (
	"testing"
	"time"

	"plantroom"
	"plantroom/services/domains/waste"
)

func TestABacklogWithoutTimesOfItsOwnIsNoFastFill(t *testing.T) {
	for q, want := range map[plantroom.Quality]bool{plantroom.Good: true, plantroom.EstimatedTime: false} {
		domain := waste.Domain()
		var d plantroom.Detector
		for _, r := range domain.Rules {
			if r.ID == waste.RuleFastFill {
				d = r.New(plantroom.Asset{})
			}
		}
		at, active := plantroom.Instant(1_772_452_800_000_000_000), false
		for _, fill := range []float64{0.10, 0.12, 0.40, 0.70, 0.72} { // the samples of a day
			at = at.Add(time.Millisecond)
			active = d.Observe(plantroom.Reading{Device: "level", Signal: "fill", Value: plantroom.Float(fill), At: at, Quality: q}).Active
		}
		if active != want {
			t.Errorf("quality %s: fills fast is %v, want %v", q, active, want)
		}
	}
}
