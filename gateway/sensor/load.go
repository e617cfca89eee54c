package sensor

import (
	"errors"
	"math"

	"plantroom"
)

// Load is a load cell on a bridge converter of 24 bits. What it weighs is
//
//	(counts − tare) × kg per count
//
// with the median of some conversions as the counts. Without a KgPerCount it
// reports the counts themselves, which is how the two others are found: once
// empty, once with a known mass.
//
// It does not follow the zero. A scale that does so takes what is put on it
// slowly, such as a day's rubbish, for drift. Cells creep and drift with
// temperature (some 0.02 % of their range each per 10 K, by typical data
// sheets, unverified): take the tare again once a year.
type Load struct {
	Tare       float64 `json:"tare,omitempty"`         // counts with nothing on it
	KgPerCount float64 `json:"kg_per_count,omitempty"` // below 0 where the cell is pulled; 0: report counts
	MaxKg      float64 `json:"max_kg,omitempty"`       // what the cells may carry; more is Suspect. 0: whatever the converter can tell
	Samples    int     `json:"samples,omitempty"`      // the median of so many is the reading; 5
}

// bridge is what a converter of 24 bits can say; beyond, it says its limit.
const bridge = 1 << 23

func (l *Load) fill() {
	if l.Samples <= 0 {
		l.Samples = 5
	}
}

// Check reports what cannot be, once the defaults are filled in.
func (l Load) Check() error {
	l.fill()
	switch {
	case l.KgPerCount == 0 && (l.Tare != 0 || l.MaxKg != 0):
		return invalid("add kg_per_count, or remove tare and max_kg to be told the counts", "without kg_per_count nothing is weighed")
	case math.Abs(l.Tare) >= bridge:
		return invalid("take it from the signal counts of the empty scale", "a tare of %v counts is beyond the converter's ±8,388,607", l.Tare)
	case l.KgPerCount != 0 && l.MaxKg > l.most():
		return invalid("use a smaller max_kg, or look at kg_per_count again", "with this tare the converter ends at %.1f kg, before max_kg of %v", l.most(), l.MaxKg)
	}
	return nil
}

// most is the greatest mass at which the converter is not at its limit.
func (l *Load) most() float64 {
	if l.KgPerCount < 0 {
		return (-bridge - l.Tare) * l.KgPerCount
	}
	return (bridge - l.Tare) * l.KgPerCount
}

// errSaturated is the answer of a converter at the end of its range. It tells
// nothing of what is on the scale, so it counts as no answer.
var errSaturated = errors.New("the converter is at the end of its range: a wire of the bridge is open, or the cell is loaded far beyond its limit")

// below is how far under zero a scale may be before its readings are Suspect,
// as a part of max_kg: something lifts it, or the tare is not that of the
// empty scale.
const below = 0.02

// weigh judges counts, ±8,388,607. It sorts them.
func (l *Load) weigh(counts []float64) (signal string, value float64, q plantroom.Quality, err error) {
	c := median(counts)
	if c >= bridge-1 || c <= -bridge {
		return "", 0, plantroom.Good, errSaturated
	}
	if l.KgPerCount == 0 {
		return "counts", c, plantroom.Good, nil
	}
	kg := round((c-l.Tare)*l.KgPerCount, 1000)
	if l.MaxKg > 0 && (kg > l.MaxKg || kg < -below*l.MaxKg) {
		q = plantroom.Suspect
	}
	return "mass_kg", kg, q, nil
}
