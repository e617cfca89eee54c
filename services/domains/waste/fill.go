package waste

import "plantroom"

// The numbers that a bin carries.
const (
	paramEmpty = "d_empty_m"
	paramFull  = "d_full_m"
	paramBlind = "blind_zone_m"
)

// overRange is how far beyond the bottom of an empty bin an echo may lie: a
// bin sags and a sensor is some centimetres out, but more than a tenth is the
// echo of something else.
const overRange = 1.1

// derive makes fill of distance_m: clamp((d_empty − d) / (d_empty − d_full)).
// There is none for a distance in the blind zone or over range, nor for a bin
// whose depths are not known.
func derive(a plantroom.Asset, r plantroom.Reading) []plantroom.Reading {
	if r.Signal != sigDistance || r.Value.Kind() != plantroom.FloatKind {
		return nil
	}
	fill, ok := fillOf(a.Params, r.Value.Num())
	if !ok {
		return nil
	}
	r.Signal, r.Value = sigFill, plantroom.Float(fill)
	return []plantroom.Reading{r}
}

func fillOf(params map[string]float64, d float64) (fill float64, ok bool) {
	empty, known := params[paramEmpty]
	full, known2 := params[paramFull]
	if !known || !known2 || empty <= full {
		return 0, false
	}
	if !(d >= params[paramBlind] && d <= empty*overRange) { // NaN is neither
		return 0, false
	}
	return min(max((empty-d)/(empty-full), 0), 1), true
}
