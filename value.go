package plantroom

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// ValueKind is the type of a value.
type ValueKind uint8

// The kinds of values. Numbers are always float64, because InfluxDB fixes a
// field's type at the first write; states are strings.
const (
	NoValue ValueKind = iota
	FloatKind
	StringKind
	BoolKind
)

// String names the kind: none, float, string or bool.
func (k ValueKind) String() string {
	switch k {
	case FloatKind:
		return "float"
	case StringKind:
		return "string"
	case BoolKind:
		return "bool"
	}
	return "none"
}

// Value is one measured value: a float, a string or a bool. Values compare
// with ==. The zero Value is "no value".
type Value struct {
	kind ValueKind
	num  float64
	str  string
}

// Float makes a number.
func Float(f float64) Value { return Value{kind: FloatKind, num: f} }

// String makes a state.
func String(s string) Value { return Value{kind: StringKind, str: s} }

// Bool makes a truth value.
func Bool(b bool) Value {
	v := Value{kind: BoolKind}
	if b {
		v.num = 1
	}
	return v
}

// Kind returns the value's type.
func (v Value) Kind() ValueKind { return v.kind }

// Num returns the number, 1 or 0 for a bool, and 0 for anything else.
func (v Value) Num() float64 { return v.num }

// Str returns the state, and "" for anything else.
func (v Value) Str() string { return v.str }

// True reports whether the value is the bool true.
func (v Value) True() bool { return v.kind == BoolKind && v.num != 0 }

// String prints the value as a person would write it.
func (v Value) String() string {
	switch v.kind {
	case FloatKind:
		return strconv.FormatFloat(v.num, 'g', -1, 64)
	case StringKind:
		return v.str
	case BoolKind:
		return strconv.FormatBool(v.num != 0)
	}
	return "-"
}

// MarshalJSON writes the plain JSON value; NaN and infinities become strings.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case FloatKind:
		if math.IsNaN(v.num) || math.IsInf(v.num, 0) {
			return json.Marshal(v.String())
		}
		return json.Marshal(v.num)
	case StringKind:
		return json.Marshal(v.str)
	case BoolKind:
		return json.Marshal(v.num != 0)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads a JSON number, string, bool or null.
func (v *Value) UnmarshalJSON(b []byte) error {
	var x any
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	switch x := x.(type) {
	case nil:
		*v = Value{}
	case float64:
		*v = Float(x)
	case string:
		*v = String(x)
	case bool:
		*v = Bool(x)
	default:
		return Errorf(CodeInvalid, "a value is a number, a string or true/false, not %s", fmt.Sprintf("%T", x))
	}
	return nil
}
