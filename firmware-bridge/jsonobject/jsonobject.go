// Package jsonobject walks a JSON object member by member, for families whose
// keys are not known beforehand: it allocates nothing, whatever the number of
// members, where a Go map would take many times the size of the payload. It
// does not check, decode or keep values: encoding/json does that for those
// that are wanted.
//
// Source: RFC 8259.
package jsonobject

import (
	"bytes"
	"encoding/json"
	"iter"

	"plantroom"
)

// Check reports, as a CodeInvalid, what is not one JSON object. Nesting beyond
// what encoding/json takes is refused too.
func Check(payload []byte) error {
	if !json.Valid(payload) {
		var nothing struct{}
		if err := json.Unmarshal(payload, &nothing); err != nil { // says where
			return plantroom.Errorf(plantroom.CodeInvalid, "payload: %w", err)
		}
	}
	if !Is(payload) {
		return plantroom.Errorf(plantroom.CodeInvalid, "payload is not a JSON object")
	}
	return nil
}

// Is reports whether valid JSON is an object.
func Is(value []byte) bool {
	value = bytes.TrimLeft(value, space)
	return len(value) > 0 && value[0] == '{'
}

const space = " \t\r\n"

// Members yields the members of an object in their order: the key without its
// quotes, and the value. Both are as they stand in the input, of which they are
// a part, and are not to be changed; a key that is written with escapes keeps
// them, and so is none of those that a family looks for. A key that is there
// twice comes twice. The object has to be valid JSON, as what Check or
// encoding/json has accepted is; a value that is no object has no members.
func Members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		if !Is(object) {
			return
		}
		rest := bytes.TrimLeft(object, space)[1:]
		for {
			rest = bytes.TrimLeft(rest, space+",")
			if len(rest) == 0 || rest[0] != '"' {
				return
			}
			n := length(rest)
			if n < 2 { // a string that does not end
				return
			}
			key := rest[1 : n-1]
			rest = bytes.TrimLeft(rest[n:], space+":")
			n = length(rest)
			if n == 0 || !yield(key, rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// length returns how many bytes the value at the head of b has.
func length(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = closing(b, i)
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 { // the end of what holds a number or a word
				return i
			}
			depth--
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return min(i+1, len(b))
		}
	}
	return len(b)
}

// closing returns where the string ends that begins at i.
func closing(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i
}
