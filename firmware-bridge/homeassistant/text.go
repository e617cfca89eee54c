package homeassistant

import (
	"strconv"

	"plantroom/firmware-bridge/jsonwalk"
)

// text makes the text of a value that Home Assistant, in Python, makes of it;
// ok is false for objects and arrays.
func text(b []byte) (s string, ok bool) {
	switch {
	case len(b) == 0 || b[0] == '{' || b[0] == '[':
		return "", false
	case b[0] == '"':
		return jsonwalk.Unquote(b), true
	case string(b) == "true":
		return "True", true
	case string(b) == "false":
		return "False", true
	case string(b) == "null":
		return "None", true
	}
	return string(b), true
}

// number reads a JSON number or a text that is one.
func number(s string) (float64, bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return 0, false // no hex, no infinity, no underscores
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}
