package gen

import (
	"slices"
	"strings"

	"plantroom"
)

// meaning says what a state of a signal is, by its word, so that a domain that
// is added needs no entry. What is on no list is neither good nor bad.
var meaning = map[string][]string{
	"ok":          {"ok", "dry", "none", "passed", "normal"},
	"maintenance": {"inspection", "out_of_service", "person", "self_test", "held_by_person"},
	"warning":     {"contaminated", "moved", "lidOpen", "emergency_power", "held_by_interlock", "skipped"},
	"degraded":    {"cable_break", "vandalized", "dropped", "fire_return", "firefighter", "earthquake", "evacuation"},
	"fault":       {"wet", "burning", "stuck", "failed", "fault"},
	"unknown":     {"unknown"},
}

// without says of which signals the state none says that nothing goes on, not
// that something is well.
var without = []string{"direction", "self_test_why"}

// truths says what true and false mean, where one of them is bad; of other
// signals neither is.
var truths = map[string]struct{ yes, no string }{
	"passenger_alarm": {"fault", "ok"},
	"self_test_ok":    {"ok", "degraded"},
	"online":          {"ok", "unknown"},
	"tamper":          {"warning", "ok"},
	"bus_stuck":       {"degraded", "ok"},
	"external_power":  {"ok", "warning"},
	"counter_reset":   {"warning", "ok"},
	"heartbeat":       {"ok", "unknown"},
}

// falseIsWorse reports whether it is the no of a truth that somebody has to see.
func falseIsWorse(s plantroom.Signal) bool {
	t, ok := truths[s.Name]
	return ok && gravity(t.no) > gravity(t.yes)
}

// gravity is a state's place in the legend.
func gravity(state string) int {
	return slices.IndexFunc(Legend(), func(s Shade) bool { return s.State == state })
}

// mappingsOf gives the values of a state or truth their text and colour.
func mappingsOf(s plantroom.Signal) []Mapping {
	values := map[string]Shown{}
	if s.Kind == plantroom.BoolKind {
		yes, no := plain[0], plain[3]
		if t, ok := truths[s.Name]; ok {
			yes, no = colourOf(t.yes), colourOf(t.no)
		}
		values["1"], values["0"] = Shown{Text: "yes", Colour: yes, Index: 0}, Shown{Text: "no", Colour: no, Index: 1}
	}
	neither := 0
	for i, v := range s.Values {
		colour := colourOf(stateOf(s, v))
		if stateOf(s, v) == "" {
			colour = plain[neither%len(plain)]
			neither++
		}
		values[v] = Shown{Text: strings.ReplaceAll(v, "_", " "), Colour: colour, Index: i}
	}
	return []Mapping{{Type: "value", Options: values}, noData()}
}

// stateOf is the state in the legend that a value stands for, "" for none.
func stateOf(s plantroom.Signal, value string) string {
	if value == "none" && slices.Contains(without, s.Name) {
		return ""
	}
	for _, entry := range Legend() {
		if slices.Contains(meaning[entry.State], value) {
			return entry.State
		}
	}
	if s.Name == "fault" { // a vocabulary: whatever is not none is one
		return "fault"
	}
	return ""
}
