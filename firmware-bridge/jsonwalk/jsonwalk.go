// Package jsonwalk walks JSON that encoding/json's Valid has accepted without
// making anything of it. Families use it where a payload is large and little of
// it is of use, or where strangers decide how much there is: it allocates nothing
// but the keys. It does not check JSON, and of what is not valid it gives
// anything, but never panics.
package jsonwalk

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Space returns the index of the next byte that is no white space.
func Space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// end returns the index after the value that starts at i.
func end(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 { // of a number that ends its object
				return i
			}
			depth--
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default: // within a number or a word, or a colon
			continue
		}
		if depth == 0 {
			return min(i+1, len(b))
		}
	}
	return min(i, len(b))
}

// Members calls f with each member of an object until it says no; of anything
// else there are none.
func Members(b []byte, f func(key string, value []byte) bool) {
	i := Space(b, 0)
	if i >= len(b) || b[i] != '{' {
		return
	}
	for i = Space(b, i+1); i < len(b) && b[i] == '"'; i = Space(b, i+1) {
		after := end(b, i)
		key := b[i:after]
		if i = Space(b, Space(b, after)+1); i >= len(b) { // after the colon
			return
		}
		after = end(b, i)
		if !f(Unquote(key), b[i:after]) {
			return
		}
		if i = Space(b, after); i >= len(b) || b[i] != ',' {
			return
		}
	}
}

// Elements calls f with each element of an array until it says no.
func Elements(b []byte, f func(value []byte) bool) {
	i := Space(b, 0)
	if i >= len(b) || b[i] != '[' {
		return
	}
	for i = Space(b, i+1); i < len(b) && b[i] != ']'; i = Space(b, i+1) {
		after := end(b, i)
		if !f(b[i:after]) {
			return
		}
		if i = Space(b, after); i >= len(b) || b[i] != ',' {
			return
		}
	}
}

// Unquote makes text of a JSON string. It is always UTF-8.
func Unquote(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 && len(b) >= 2 && utf8.Valid(b) {
		return string(b[1 : len(b)-1])
	}
	var s string
	_ = json.Unmarshal(b, &s) // it is valid
	return s
}

// Step is one part of a path into JSON.
type Step struct {
	Key   string
	Index int // where Key is ""
}

// Find follows a path; nil where it leads nowhere.
func Find(b []byte, path []Step) []byte {
	for _, s := range path {
		var next []byte
		if s.Key != "" {
			Members(b, func(key string, value []byte) bool {
				if key == s.Key {
					next = value // the last of equal keys counts, as in Python
				}
				return true
			})
		} else {
			n := 0
			Elements(b, func(value []byte) bool {
				if n == s.Index {
					next = value
				}
				n++
				return next == nil
			})
		}
		if next == nil {
			return nil
		}
		b = next
	}
	i := Space(b, 0)
	return b[i:end(b, i)]
}
