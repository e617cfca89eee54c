package lorawan

import (
	"encoding/json"

	"plantroom"
	"plantroom/firmware-bridge/jsonobject"
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

// maxText is more than any of the generic signals' values has, in bytes of JSON.
const maxText = 64

// readObject takes the generic signals out of an object, in the order of the
// list. One that fails its check is an error, and the others stand; so is an
// object that holds none. Of a key that is there twice the last one counts.
func readObject(raw json.RawMessage) ([]plantroom.Sample, error) {
	if !jsonobject.Is(raw) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "object: %.20q is no JSON object", raw)
	}
	found := genericFields(raw)
	var out []plantroom.Sample
	var fault error
	for i := range generic {
		s, text := &generic[i], found[i]
		if text == nil || string(text) == "null" {
			continue
		}
		v, err := readValue(s, text)
		switch {
		case err == nil:
			out = append(out, plantroom.Sample{Signal: s.Name, Value: v})
		case fault == nil:
			fault = plantroom.Errorf(plantroom.CodeInvalid, "object: %s: %w", s.Name, err)
		}
	}
	if out == nil && fault == nil {
		fault = plantroom.Errorf(plantroom.CodeInvalid, "object has none of the generic signals: name a decoder under models, or a codec")
	}
	return out, fault
}

// genericFields gives the JSON of the generic signals' values, nil where there
// is none.
func genericFields(raw json.RawMessage) [][]byte {
	found := make([][]byte, len(generic))
	for key, value := range jsonobject.Members(raw) {
		for i := range generic {
			if string(key) == generic[i].Name {
				found[i] = value
			}
		}
	}
	return found
}

func readValue(s *plantroom.Signal, text []byte) (v plantroom.Value, err error) {
	if len(text) > maxText {
		return v, plantroom.Errorf(plantroom.CodeInvalid, "a value of more than %d bytes", maxText)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return v, err
	}
	return v, s.Check(v)
}
