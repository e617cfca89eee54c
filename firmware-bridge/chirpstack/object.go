package chirpstack

import (
	"encoding/json"
	"slices"

	"plantroom"
)

// generic lists the signals that are taken from an object which the network
// server has decoded: what any family may say of a thing, and what any device
// may say of itself. Codecs call other things by any name and in any unit, so
// other keys are left alone.
var generic = append([]plantroom.Signal{
	{Name: "state", Kind: plantroom.StringKind, Values: []string{"dry", "wet", "cable_break", "contaminated", "unknown"}},
	{Name: "distance_m", Kind: plantroom.FloatKind, Unit: "m", Min: 0, Max: 100_000},
	{Name: "occupied", Kind: plantroom.BoolKind},
	{Name: "occupied_s", Kind: plantroom.FloatKind, Unit: "s", Min: 0, Max: 1e9},
	{Name: "contact", Kind: plantroom.BoolKind},
}, plantroom.DeviceSignals()...)

// readObject takes the generic signals out of an object, in the order of the
// list. One that fails its check is an error, and the others stand; so is an
// object that holds none.
func readObject(raw json.RawMessage) ([]measure, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "object: %w", err)
	}
	var out []measure
	var fault error
	for i := range generic {
		s := &generic[i]
		text, ok := object[s.Name]
		if !ok || string(text) == "null" {
			continue
		}
		var v plantroom.Value
		err := json.Unmarshal(text, &v)
		if err == nil {
			err = s.Check(v)
		}
		switch {
		case err == nil:
			out = append(out, measure{signal: s.Name, value: v})
		case fault == nil:
			fault = plantroom.Errorf(plantroom.CodeInvalid, "object: %s: %w", s.Name, err)
		}
	}
	if out == nil && fault == nil {
		fault = plantroom.Errorf(plantroom.CodeInvalid, "object has none of the generic signals: name a decoder under models")
	}
	return slices.Clip(out), fault
}
