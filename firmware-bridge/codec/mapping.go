package codec

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"plantroom"
)

// MaxSignals is how many signals one frame may give.
const MaxSignals = 64

// Mapping says which values of a codec's data are signals, by their path:
// battery, or gpio.0.level for a value within objects and arrays. A key that
// has dots itself is found by them, too. Paths that the data lacks or that are
// null give nothing; values that are not in the mapping are left out.
//
// A nil Mapping takes each number, text and truth value at the top of the data
// whose key is a signal's name (a lower-case letter, then lower-case letters,
// digits and _) for that signal, with no range: the device's rule in the
// gateway's file and the services' list of signals judge it.
type Mapping map[string]Signal

// Signal says what becomes of one value. To, Values, Scale and Offset are those
// of a device's rule (gateway/binding).
type Signal struct {
	To     string                     `json:"to,omitempty"`     // the signal; "": the path
	Values map[string]plantroom.Value `json:"values,omitempty"` // by the value as text; one that is not listed is an error
	Scale  float64                    `json:"scale,omitempty"`  // numbers only: value × Scale + Offset; 0 means 1
	Offset float64                    `json:"offset,omitempty"` // in the unit after scaling
	Min    *float64                   `json:"min,omitempty"`    // of numbers, after scaling; one beyond is an error
	Max    *float64                   `json:"max,omitempty"`
}

var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Check names what is wrong with a mapping, or gives nil.
func (m Mapping) Check() error {
	if len(m) > MaxSignals {
		return plantroom.Errorf(plantroom.CodeInvalid, "%d signals: at most %d", len(m), MaxSignals)
	}
	for _, path := range m.paths() {
		s := m[path]
		if err := s.check(path); err != nil {
			return plantroom.Errorf(plantroom.CodeInvalid, "map of %q: %w", path, err)
		}
	}
	return nil
}

func (s *Signal) check(path string) error {
	switch to := s.signal(path); {
	case !name.MatchString(to):
		return plantroom.Errorf(plantroom.CodeInvalid, "%q is no name for a signal: name one with to, in a-z 0-9 _", to)
	case s.Values != nil && (s.Scale != 0 || s.Offset != 0 || s.Min != nil || s.Max != nil):
		return plantroom.Errorf(plantroom.CodeInvalid, "values excludes scale, offset, min and max")
	case s.Min != nil && s.Max != nil && *s.Min > *s.Max:
		return plantroom.Errorf(plantroom.CodeInvalid, "min %v is above max %v", *s.Min, *s.Max)
	}
	for text, v := range s.Values {
		if v.Kind() == plantroom.NoValue {
			return plantroom.Errorf(plantroom.CodeInvalid, "value %q maps to nothing: name a number, a state or true/false", text)
		}
	}
	return nil
}

func (s *Signal) signal(path string) string {
	if s.To != "" {
		return s.To
	}
	return path
}

// paths gives the paths in an order that does not change.
func (m Mapping) paths() []string {
	out := make([]string, 0, len(m))
	for path := range m {
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}

// Samples takes the signals out of data. One that fails is an error, and the
// others stand.
func (m Mapping) Samples(data map[string]any) ([]plantroom.Sample, error) {
	if m == nil {
		return top(data)
	}
	var out []plantroom.Sample
	var fault error
	for _, path := range m.paths() {
		s := m[path]
		v, ok := find(data, path)
		if !ok || v == nil {
			continue
		}
		value, err := s.apply(v)
		switch {
		case err == nil:
			out = append(out, plantroom.Sample{Signal: s.signal(path), Value: value})
		case fault == nil:
			fault = plantroom.Errorf(plantroom.CodeInvalid, "%s: %w", path, err)
		}
	}
	return out, fault
}

// top takes what has the name of a signal.
func top(data map[string]any) ([]plantroom.Sample, error) {
	var out []plantroom.Sample
	for key, v := range data {
		if value, ok := plain(v); ok && name.MatchString(key) {
			out = append(out, plantroom.Sample{Signal: key, Value: value})
		}
	}
	slices.SortFunc(out, func(a, b plantroom.Sample) int { return strings.Compare(a.Signal, b.Signal) })
	if len(out) > MaxSignals {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "data has %d values: name those that count in a map, at most %d", len(out), MaxSignals)
	}
	return out, nil
}

// plain converts what is neither null nor made of parts.
func plain(v any) (plantroom.Value, bool) {
	switch v := v.(type) {
	case float64:
		return plantroom.Float(v), true
	case string:
		if len(v) <= maxSaid {
			return plantroom.String(v), true
		}
	case bool:
		return plantroom.Bool(v), true
	}
	return plantroom.Value{}, false
}

// find follows a path.
func find(v any, path string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		if x, ok := v[path]; ok {
			return x, true
		}
		key, rest, ok := strings.Cut(path, ".")
		if !ok {
			return nil, false
		}
		return find(v[key], rest)
	case []any:
		key, rest, more := strings.Cut(path, ".")
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		if !more {
			return v[i], true
		}
		return find(v[i], rest)
	}
	return nil, false
}

// apply translates and checks a value.
func (s *Signal) apply(v any) (plantroom.Value, error) {
	value, ok := plain(v)
	if !ok {
		b, _ := json.Marshal(v) // out of JSON, and so into it
		return value, plantroom.Errorf(plantroom.CodeInvalid, "%s is no number, short text or truth value", Clip(string(b)))
	}
	if s.Values != nil {
		to, ok := s.Values[value.String()]
		if !ok {
			return value, plantroom.Errorf(plantroom.CodeInvalid, "the map does not list the value %q", Clip(value.String()))
		}
		return to, nil
	}
	ranged := s.Scale != 0 || s.Offset != 0 || s.Min != nil || s.Max != nil
	switch {
	case !ranged:
		return value, nil
	case value.Kind() != plantroom.FloatKind:
		return value, plantroom.Errorf(plantroom.CodeInvalid, "the map wants a number, got the %s %q", value.Kind(), Clip(value.String()))
	}
	n := value.Num()
	if s.Scale != 0 {
		n *= s.Scale
	}
	n += s.Offset
	if math.IsInf(n, 0) || s.Min != nil && n < *s.Min || s.Max != nil && n > *s.Max {
		return value, plantroom.Errorf(plantroom.CodeInvalid, "%v is out of the range that the map gives", n)
	}
	return plantroom.Float(n), nil
}
