package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"plantroom"
)

// The limits of what a codec may return.
const (
	MaxOutput = 64 << 10 // bytes of JSON
	MaxDepth  = 16       // objects and arrays within each other
	MaxValues = 4096     // in all, containers and keys included
)

// Output is what decodeUplink returns.
type Output struct {
	Data     map[string]any // nil where the codec gave errors
	Warnings []string
	Errors   []string // the codec's word that the frame cannot be decoded
}

// Parse reads what a call returned. It takes nothing on trust: an error
// (CodeInvalid) says in what way it is not what TS013 asks for.
func Parse(raw json.RawMessage) (Output, error) {
	if err := measure(raw); err != nil {
		return Output{}, err
	}
	var shape struct {
		Data     any `json:"data"`
		Warnings any `json:"warnings"`
		Errors   any `json:"errors"`
	}
	if raw[0] != '{' {
		return Output{}, plantroom.Errorf(plantroom.CodeInvalid, "it returned no object with data, but %s", Clip(string(raw)))
	}
	if err := json.Unmarshal(raw, &shape); err != nil {
		return Output{}, plantroom.Errorf(plantroom.CodeInvalid, "it returned what is no JSON: %w", err)
	}
	out := Output{Warnings: words(shape.Warnings), Errors: words(shape.Errors)}
	if len(out.Errors) > 0 {
		return out, nil
	}
	data, ok := shape.Data.(map[string]any)
	if !ok {
		return out, plantroom.Errorf(plantroom.CodeInvalid, "it returned neither data nor errors")
	}
	out.Data = data
	return out, nil
}

// words are warnings or errors: a list of texts, or one text as some have it.
func words(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{Clip(v)}
		}
	case []any:
		var out []string
		for _, x := range v {
			text, ok := x.(string)
			if !ok {
				b, err := json.Marshal(x)
				if err != nil {
					continue
				}
				text = string(b)
			}
			out = append(out, Clip(text))
		}
		return out
	}
	return nil
}

// measure holds JSON text against the limits before it is read into memory.
func measure(raw json.RawMessage) error {
	if len(raw) > MaxOutput {
		return plantroom.Errorf(plantroom.CodeInvalid, "it returned %d bytes of JSON: at most %d", len(raw), MaxOutput)
	}
	depth, values := 0, 0
	for d := json.NewDecoder(bytes.NewReader(raw)); ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && values > 0:
			return nil
		case err != nil:
			return plantroom.Errorf(plantroom.CodeInvalid, "it returned what is no JSON: %w", err)
		}
		values++
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > MaxDepth {
			return plantroom.Errorf(plantroom.CodeInvalid, "it returned more than %d objects within each other", MaxDepth)
		}
		if values > MaxValues {
			return plantroom.Errorf(plantroom.CodeInvalid, "it returned more than %d values", MaxValues)
		}
	}
}
