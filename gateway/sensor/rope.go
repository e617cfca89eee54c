package sensor

import (
	"math"

	"plantroom"
)

// Rope is a leak rope of two conductors with a resistor between their far
// ends, in series with a resistor to the supply:
//
//	supply ── SeriesOhm ──┬── rope ─ … ─ EndOhm ─ … ─ rope ── ground
//	                      └── converter's input
//
// The end resistor lets one input tell dry, wet and broken apart. What water
// adds is a leak beside it; its resistance follows from what is measured:
// 1/leak = 1/measured − 1/EndOhm. A dry rope has above 1 MΩ per metre, a wet
// one often below 50 kΩ (project notes; long or old ropes differ: measure).
//
// The error is that of the two resistors. With 1 % parts and 4.7 kΩ at the
// end, a leak above some 250 kΩ cannot be told from none. A rope that is wet
// before a break reads as wet or, with little water, as unknown: behind the
// break nothing can be said.
type Rope struct {
	SupplyVolt float64 `json:"supply_v,omitempty"`               // 3.3; at most 4.096
	SeriesOhm  float64 `json:"series_ohm,omitempty"`             // 10,000
	EndOhm     float64 `json:"end_ohm,omitempty"`                // 4,700; usual are 2,200 to 10,000
	WetBelow   float64 `json:"wet_below_ohm,omitempty"`          // of the leak; 50,000
	DirtyBelow float64 `json:"contaminated_below_ohm,omitempty"` // of the leak; 3 × WetBelow
	BreakAbove float64 `json:"break_above_ohm,omitempty"`        // measured; 2 × EndOhm
}

func (r *Rope) fill() {
	set(&r.SupplyVolt, 3.3)
	set(&r.SeriesOhm, 10_000)
	set(&r.EndOhm, 4_700)
	set(&r.WetBelow, 50_000)
	set(&r.DirtyBelow, 3*r.WetBelow)
	set(&r.BreakAbove, 2*r.EndOhm)
}

// Check reports what cannot be, once the defaults are filled in.
func (r Rope) Check() error {
	r.fill()
	switch {
	case r.SupplyVolt > adcFullScale:
		return invalid("use a lower supply", "a supply of %v V is beyond the converter's %v V", r.SupplyVolt, adcFullScale)
	case r.DirtyBelow < r.WetBelow:
		return invalid("give a higher contaminated_below_ohm, or a lower wet_below_ohm", "contaminated below %v Ω must not lie under wet below %v Ω", r.DirtyBelow, r.WetBelow)
	case r.BreakAbove < 1.2*r.EndOhm:
		return invalid("use at least 1.2 times that", "break above %v Ω is too near the end resistor of %v Ω", r.BreakAbove, r.EndOhm)
	}
	return nil
}

// slack is how far above the end resistor a dry rope may measure: parts, cold
// joints, the copper of a long rope.
const slack = 1.25

// state judges a voltage at the converter's input.
func (r *Rope) state(volt float64) string {
	if volt >= r.SupplyVolt*0.99 {
		return "cable_break"
	}
	ohm := r.SeriesOhm * max(volt, 0) / (r.SupplyVolt - volt)
	leak := math.Inf(1)
	if ohm < r.EndOhm {
		leak = 1 / (1/ohm - 1/r.EndOhm)
	}
	switch {
	case ohm > r.BreakAbove:
		return "cable_break"
	case leak < r.WetBelow: // a short as well: a flooded rope is one
		return "wet"
	case leak < r.DirtyBelow:
		return "contaminated"
	case ohm > slack*r.EndOhm:
		return "unknown"
	}
	return "dry"
}

// Distance is an ultrasonic sensor that measures by itself and gives a voltage
// in proportion, such as MaxBotix' HRXL-MaxSonar-WR: 300 mm to 5 m, supply ÷
// 5,120 per mm, 1 mm steps, "accuracy 1 % or better" (datasheet MB7360, second
// hand, unverified); a 1 % supply adds 1 %. It measures to the nearest thing
// in its beam, which in a half-empty bin may be a wall. Below Min it reports
// Min, so what is nearer is not known: such readings are Suspect.
type Distance struct {
	VoltsPerMetre float64 `json:"volts_per_metre,omitempty"` // 0.64453, for 3.3 V
	OffsetM       float64 `json:"offset_m,omitempty"`        // added to the result
	MinM          float64 `json:"min_m,omitempty"`           // the nearest it can measure; 0.3
	MaxM          float64 `json:"max_m,omitempty"`           // the farthest; 5
	Samples       int     `json:"samples,omitempty"`         // the median of so many is the reading; 5
}

func (d *Distance) fill() {
	set(&d.VoltsPerMetre, 3.3/5.12)
	set(&d.MinM, 0.3)
	set(&d.MaxM, 5)
	if d.Samples <= 0 {
		d.Samples = 5
	}
}

// Check reports what cannot be, once the defaults are filled in.
func (d Distance) Check() error {
	d.fill()
	if d.MaxM <= d.MinM {
		return invalid("give a max_m above min_m", "a range from %v m to %v m is empty", d.MinM, d.MaxM)
	}
	if d.MaxM*d.VoltsPerMetre > adcFullScale {
		return invalid("give a smaller max_m or volts_per_metre", "%v m at %v V/m is beyond the converter's %v V", d.MaxM, d.VoltsPerMetre, adcFullScale)
	}
	return nil
}

// metres judges a voltage.
func (d *Distance) metres(volt float64) (float64, plantroom.Quality) {
	m := volt / d.VoltsPerMetre
	q := plantroom.Good
	// At its least and at its greatest distance it says the same for
	// everything beyond.
	if m <= d.MinM*1.01 || m >= d.MaxM*0.99 {
		q = plantroom.Suspect
	}
	return max(0, math.Round((m+d.OffsetM)*1000)/1000), q
}

func set(v *float64, otherwise float64) {
	if *v == 0 {
		*v = otherwise
	}
}

// settle is how often in a row a rope has to show a new state: contact bounce
// of a drop, a spike on a long rope.
const settle = 2

// invalid is an error about a setting, with what to do about it.
func invalid(hint, format string, args ...any) error {
	e := plantroom.Errorf(plantroom.CodeInvalid, format, args...)
	e.Hint = hint
	return e
}
