// Package legend says what the states of assets, severities and clocks are
// called and which colour each has. src/legend.ts says the same to the front
// end, and a test compares the two.
//
// Unknown is grey and never green: what was not heard is not well. A colour
// never stands alone, its word goes with it.
package legend

import (
	"math"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// Meaning is the word and the colour of a value. Colours are names of Grafana's
// palette, which follow light and dark; grey has none there.
type Meaning struct{ Value, Text, Color string }

const grey = "#8e8e8e"

// States of an asset, the best first.
func States() []Meaning {
	return []Meaning{
		{"ok", "OK", "green"},
		{"maintenance", "Maintenance", "blue"},
		{"warning", "Warning", "yellow"},
		{"degraded", "Degraded", "orange"},
		{"fault", "Fault", "red"},
		{"unknown", "Unknown", grey},
	}
}

// Severities of incidents and orders, the gravest first.
func Severities() []Meaning {
	return []Meaning{
		{"life", "Life", "dark-red"},
		{"high", "High", "red"},
		{"medium", "Medium", "orange"},
		{"low", "Low", "yellow"},
	}
}

// ClockStates are the states of a promise that is timed.
func ClockStates() []Meaning {
	return []Meaning{
		{"waiting", "Waiting", grey},
		{"running", "Running", "yellow"},
		{"paused", "Paused", "blue"},
		{"met", "Met", "green"},
		{"breached", "Breached", "red"},
		{"void", "Void", grey},
	}
}

// GatewayClocks say how far the clock of a gateway can be believed.
func GatewayClocks() []Meaning {
	return []Meaning{
		{"set", "Right", "green"},
		{"held", "Continued", "yellow"},
		{"unset", "A guess", "red"},
	}
}

// Silence says whether a gateway is judged silent.
func Silence() []Meaning {
	return []Meaning{
		{"0", "No", "green"},
		{"1", "Yes", "red"},
	}
}

// Step is from which used part of a window on a colour holds.
type Step struct {
	From  float64
	Color string
}

// Used are the steps of a window.
func Used() []Step {
	return []Step{{0, "green"}, {0.5, "yellow"}, {0.8, "orange"}, {1, "red"}}
}

// Mappings gives values their word and colour in a frame.
func Mappings(list []Meaning) data.ValueMappings {
	m := data.ValueMapper{}
	for i, e := range list {
		m[e.Value] = data.ValueMappingResult{Text: e.Text, Color: e.Color, Index: i}
	}
	return data.ValueMappings{m}
}

// Thresholds gives the used part of a window its colours.
func Thresholds() *data.ThresholdsConfig {
	t := &data.ThresholdsConfig{Mode: data.ThresholdsModeAbsolute}
	for i, s := range Used() {
		from := data.ConfFloat64(s.From)
		if i == 0 {
			from = lowest // Grafana wants the first step to begin there
		}
		t.Steps = append(t.Steps, data.Threshold{Value: from, Color: s.Color})
	}
	return t
}

// lowest goes out as null.
var lowest = data.ConfFloat64(math.Inf(-1))
