// Package codectest holds a payload codec against the examples that its maker
// has published, in the two forms in which they come: The Things Network's
// device repository (YAML, examples below uplinkDecoder and downlinkEncoder)
// and ChirpStack's device profiles (test_decode_*.json and test_encode_*.json).
//
// It does not judge whether an example is right, checks no normalizedOutput
// (which other code makes of data), and runs nothing itself: its caller says
// in which sandbox.
//
// Sources: TheThingsNetwork/lorawan-devices, README.md, "Payload codecs";
// chirpstack/chirpstack-device-profiles, README.md, and its test runner in
// interface/src/js. The latter reads a file of tests as JavaScript, so comments,
// hexadecimal numbers and bare keys are common there; it wants the keys of what
// is returned in the same order, which is not asked for here.
package codectest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/goccy/go-yaml"

	"plantroom"
	"plantroom/firmware-bridge/codec"
)

// MaxFile bounds a file of examples, in bytes.
const MaxFile = 1 << 20

// Example is one call and what it has to return.
type Example struct {
	Name     string
	Function string // codec.Decode or codec.Encode
	Input    map[string]any
	Want     map[string]any
}

// item is an example as either form has it.
type item struct {
	Name        string         `json:"name"`        // ChirpStack
	Description string         `json:"description"` // The Things Network
	Input       map[string]any `json:"input"`
	Expected    map[string]any `json:"expected"` // ChirpStack
	Output      map[string]any `json:"output"`   // The Things Network
}

// Read reads a file of examples of either form. Those that are written in
// JavaScript are evaluated by run.
func Read(file string, text []byte, run codec.Runner) ([]Example, error) {
	if len(text) > MaxFile {
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "%s has %d bytes: examples have at most %d", file, len(text), MaxFile)
	}
	var list []item
	if err := json.Unmarshal(text, &list); err == nil {
		return examples(file, list)
	}
	if text := bytes.TrimSpace(text); bytes.HasPrefix(text, []byte("[")) || bytes.HasPrefix(text, []byte("/")) {
		list, err := evaluate(file, text, run)
		if err != nil {
			return nil, err
		}
		return examples(file, list)
	}
	list, err := readYAML(file, text)
	if err != nil {
		return nil, err
	}
	return examples(file, list)
}

// evaluate reads examples that are a JavaScript expression.
func evaluate(file string, text []byte, run codec.Runner) ([]item, error) {
	p, err := codec.Read(file, fmt.Appendf(nil, "function decodeUplink() { return (%s\n) }", text)) // on one line, for the place of a fault
	if err != nil {
		return nil, err
	}
	raw, err := run(p, codec.Call{Function: codec.Decode, Input: json.RawMessage("{}")})
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s: %w", file, err)
	}
	var list []item
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s is no list of examples: %w", file, err)
	}
	return list, nil
}

// readYAML reads the examples of The Things Network.
func readYAML(file string, text []byte) ([]item, error) {
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s is neither YAML nor JSON: %w", file, err)
	}
	b, err := json.Marshal(tree)
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s: %w", file, err)
	}
	type part struct {
		Examples []item `json:"examples"`
	}
	var doc struct {
		part
		Uplink   part `json:"uplinkDecoder"`
		Downlink part `json:"downlinkEncoder"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s: %w", file, err)
	}
	return append(append(doc.Examples, doc.Uplink.Examples...), doc.Downlink.Examples...), nil
}

// examples makes both forms one. What has bytes is decoded, and what has data
// is encoded.
func examples(file string, list []item) ([]Example, error) {
	out := make([]Example, 0, len(list))
	for i, x := range list {
		e := Example{Name: x.Name, Function: codec.Decode, Input: x.Input, Want: x.Expected}
		if e.Name == "" {
			e.Name = x.Description
		}
		if e.Name == "" {
			e.Name = fmt.Sprintf("example %d", i+1)
		}
		if e.Want == nil {
			e.Want = x.Output
		}
		if _, ok := e.Input["bytes"]; !ok {
			e.Function = codec.Encode
		}
		if e.Input == nil || e.Want == nil {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s: %s has no input, or no output (expected) to compare with", file, e.Name)
		}
		out = append(out, e)
	}
	return out, nil
}
