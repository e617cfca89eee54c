package device

import "math"

// Rope is a leak rope of two conductors with a resistor between their far ends,
// behind another one to the supply.
type Rope struct {
	SupplyVolt, SeriesOhm, EndOhm float64

	LeakOhm float64 // what water lets through between the conductors; 0: nothing
	Cut     bool    // beyond the water
}

// Volts are those at its head.
func (r *Rope) Volts() float64 {
	through := 0.0 // conductance
	if r.LeakOhm > 0 {
		through += 1 / r.LeakOhm
	}
	if !r.Cut {
		through += 1 / r.EndOhm
	}
	if through == 0 {
		return r.SupplyVolt
	}
	ohm := 1 / through
	return r.SupplyVolt * ohm / math.Max(r.SeriesOhm+ohm, 1)
}
