package homeassistant

import (
	"strings"

	"plantroom"
)

// states is a binary sensor's class: its signal, and what on and off are there
// (Home Assistant's "Available device classes" of the binary sensor entity).
type states struct {
	signal  string
	on, off plantroom.Value
}

var (
	yes, no  = plantroom.Bool(true), plantroom.Bool(false)
	wet, dry = plantroom.String("wet"), plantroom.String("dry")
)

var binaryClasses = map[string]states{
	"moisture":        {"state", wet, dry},
	"door":            {"contact", no, yes}, // on is open; our contact is true when closed
	"garage_door":     {"contact", no, yes},
	"opening":         {"contact", no, yes},
	"window":          {"contact", no, yes},
	"occupancy":       {"occupied", yes, no},
	"presence":        {"occupied", yes, no}, // on is home
	"motion":          {"occupied", yes, no},
	"connectivity":    {"online", yes, no},
	"tamper":          {"tamper", yes, no},
	"smoke":           {"smoke", yes, no},
	"gas":             {"gas", yes, no},
	"carbon_monoxide": {"carbon_monoxide", yes, no},
	"battery":         {"battery_low", yes, no}, // on is low
}

// measure is a sensor's class: its signal, and how its units become ours.
type measure struct {
	signal string
	units  map[string]conversion
}

// conversion is value × scale + offset.
type conversion struct{ scale, offset float64 }

var same = conversion{1, 0}

var (
	percent = map[string]conversion{"%": same, "": same}
	metres  = map[string]conversion{
		"m": same, "km": {1000, 0}, "cm": {0.01, 0}, "mm": {0.001, 0},
		"in": {0.0254, 0}, "ft": {0.3048, 0}, "yd": {0.9144, 0}, "mi": {1609.344, 0}, "nmi": {1852, 0},
	}
	celsius = map[string]conversion{"°C": same, "°F": {5.0 / 9, -160.0 / 9}, "K": {1, -273.15}}
	volts   = map[string]conversion{"V": same, "mV": {1e-3, 0}, "µV": {1e-6, 0}, "μV": {1e-6, 0}, "kV": {1e3, 0}}
	amperes = map[string]conversion{"A": same, "mA": {1e-3, 0}}
	litres  = map[string]conversion{ // US gallons
		"L": same, "mL": {1e-3, 0}, "m³": {1e3, 0}, "ft³": {28.316846592, 0}, "CCF": {2831.6846592, 0}, "gal": {3.785411784, 0},
	}
	litresPerHour = map[string]conversion{
		"L/h": same, "L/min": {60, 0}, "L/s": {3600, 0}, "mL/s": {3.6, 0}, "m³/h": {1e3, 0}, "m³/min": {6e4, 0}, "m³/s": {3.6e6, 0},
		"ft³/min": {1699.01079552, 0}, "gal/min": {227.12470704, 0}, "gal/h": {3.785411784, 0},
	}
)

var measures = map[string]measure{
	"battery":          {"battery_pct", percent},
	"humidity":         {"humidity_pct", percent},
	"distance":         {"distance_m", metres},
	"temperature":      {"temperature_c", celsius},
	"voltage":          {"voltage_v", volts}, // whose voltage it is, is for the map to say
	"current":          {"current_a", amperes},
	"signal_strength":  {"rssi_dbm", map[string]conversion{"dBm": same}},
	"water":            {"volume_l", litres},
	"volume":           {"volume_l", litres},
	"volume_flow_rate": {"flow_l_h", litresPerHour},
}

// deviceTemperature is the signal of a temperature that is a diagnostic of the
// device (entity_category).
const deviceTemperature = "device_temp_c"

// named makes a signal's name of an object id.
func named(object string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, object)
	name = strings.TrimLeft(name, "-_")
	if name == "" {
		return "value"
	}
	return name[:min(len(name), plantroom.MaxID)]
}
