package binding

import (
	"math"

	"plantroom"
)

// Rule binds addresses to devices. It has either an Address, which is bound to
// Device, or a Match, whose addresses are themselves the device ids.
type Rule struct {
	Match   string             `json:"match,omitempty"`   // glob on the address: * is any run of characters, ? is any one
	Address string             `json:"address,omitempty"` // exact address: a DevEUI, a Zigbee name
	Device  plantroom.DeviceID `json:"device,omitempty"`  // with Address; "": the address is the id
	Map     map[string]Signal  `json:"map,omitempty"`     // by the decoder's signal name; others pass unchanged
	Only    bool               `json:"only,omitempty"`    // signals that are not in the map are left out

	Interval plantroom.Duration `json:"interval,omitempty"` // the longest time that each of its devices is to be quiet; 0: not known
}

// Signal says what becomes of one signal of a device.
type Signal struct {
	To     string                     `json:"to,omitempty"`     // the name here; "": unchanged
	Values map[string]plantroom.Value `json:"values,omitempty"` // by the value as text ("true", "4", "wet"); a value that is not listed is an error
	Scale  float64                    `json:"scale,omitempty"`  // numbers only: value × Scale + Offset; 0 means 1
	Offset float64                    `json:"offset,omitempty"` // in the unit after scaling
	Drop   bool                       `json:"drop,omitempty"`   // leave the signal out
}

// Check names what is wrong with a rule, or gives nil.
func (r *Rule) Check() error {
	switch {
	case r.Match == "" && r.Address == "":
		return invalid("add a glob to match, or an address", "a device rule needs match or address")
	case r.Match != "" && r.Address != "":
		return invalid("give one of them", "a device rule has match %q and address %q", r.Match, r.Address)
	case r.Match != "" && r.Device != "":
		return invalid("use address, or leave out device: an address that matches is the device id", "match %q cannot name one device %q for many addresses", r.Match, r.Device)
	}
	if r.Address != "" {
		if err := plantroom.ValidID(string(r.id())); err != nil {
			return invalid("name a device of letters a to z, digits and -._", "address %q: %w", r.Address, err)
		}
	}
	if r.Only && len(r.Map) == 0 {
		return invalid("list the signals to keep below map", "a device rule with only needs a map: without one it leaves everything out")
	}
	for name, s := range r.Map {
		if err := s.check(); err != nil {
			return plantroom.Errorf(plantroom.CodeInvalid, "map of signal %q: %w", name, err)
		}
	}
	return nil
}

// id returns the device that an address rule binds to.
func (r *Rule) id() plantroom.DeviceID {
	if r.Device != "" {
		return r.Device
	}
	return plantroom.DeviceID(r.Address)
}

func (s *Signal) check() error {
	for _, f := range []float64{s.Scale, s.Offset} {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return invalid("give smaller ones", "scale and offset must be finite numbers")
		}
	}
	if s.Values != nil && (s.Scale != 0 || s.Offset != 0) {
		return invalid("remove one of them", "values and scale exclude each other")
	}
	for text, v := range s.Values {
		if v.Kind() == plantroom.NoValue {
			return invalid("name a number, a state or true or false", "value %q maps to nothing", text)
		}
	}
	return nil
}

// apply translates a value.
func (s *Signal) apply(name string, v plantroom.Value) (plantroom.Value, error) {
	if s.Values != nil {
		to, ok := s.Values[v.String()]
		if !ok {
			return v, plantroom.Errorf(plantroom.CodeInvalid, "signal %s has the value %q, which its map does not list", name, clip(v.String()))
		}
		return to, nil
	}
	if v.Kind() != plantroom.FloatKind || s.Scale == 0 && s.Offset == 0 {
		return v, nil
	}
	scale := s.Scale
	if scale == 0 {
		scale = 1
	}
	return plantroom.Float(v.Num()*scale + s.Offset), nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// invalid is an error about a setting, with what to do about it.
func invalid(hint, format string, args ...any) error {
	e := plantroom.Errorf(plantroom.CodeInvalid, format, args...)
	e.Hint = hint
	return e
}
