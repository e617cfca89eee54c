package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"plantroom"
)

// MaxState is the longest state that Load reads, in bytes.
const MaxState = 1 << 20

// Save writes a detector's state as "v<version> " and JSON. The state has to
// be made of fields that encoding/json can write.
func Save(version int, state any) []byte {
	b, err := json.Marshal(state)
	if err != nil {
		panic(fmt.Sprintf("evidence: a detector's state cannot be written: %v", err))
	}
	return append(fmt.Appendf(nil, "v%d ", version), b...)
}

// Load reads what Save wrote. State of another version, with unknown fields
// or with anything behind it is refused with CodeInvalid.
func Load(b []byte, version int, state any) error {
	if len(b) > MaxState {
		return plantroom.Errorf(plantroom.CodeTooLarge, "detector state has %d bytes, more than %d", len(b), MaxState)
	}
	body, ok := bytes.CutPrefix(b, fmt.Appendf(nil, "v%d ", version))
	if !ok {
		head, _, _ := bytes.Cut(b[:min(len(b), 16)], []byte(" "))
		return plantroom.Errorf(plantroom.CodeInvalid, "detector state is of version %q, this program reads v%d", head, version)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(state); err != nil {
		return plantroom.Errorf(plantroom.CodeInvalid, "detector state cannot be read: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return plantroom.Errorf(plantroom.CodeInvalid, "detector state has something behind its end")
	}
	return nil
}
