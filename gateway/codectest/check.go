package codectest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"plantroom/firmware-bridge/codec"
)

// Result is how one example went.
type Result struct {
	Name       string `json:"name"`
	OK         bool   `json:"ok"`
	Difference string `json:"difference,omitempty"` // the first one, or why there was no answer
}

// Check runs the examples one after the other.
func Check(p *codec.Program, list []Example, run codec.Runner) []Result {
	out := make([]Result, 0, len(list))
	for _, e := range list {
		d := e.difference(p, run)
		out = append(out, Result{Name: e.Name, OK: d == "", Difference: d})
	}
	return out
}

// difference says where the answer differs from what is wanted, and "" where
// it does not.
func (e *Example) difference(p *codec.Program, run codec.Runner) string {
	input, err := json.Marshal(e.Input)
	if err != nil {
		return err.Error()
	}
	raw, err := run(p, codec.Call{Function: e.Function, Input: input})
	if err != nil {
		return err.Error()
	}
	if e.Function == codec.Decode {
		if _, err := codec.Parse(raw); err != nil { // the gateway would not take it
			return err.Error()
		}
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		return "it returned no object"
	}
	return differs("", plain(got), plain(e.Want))
}

// plain leaves out the lists of warnings and errors that are empty, which some
// write and others do not.
func plain(m map[string]any) map[string]any {
	m = maps.Clone(m)
	for _, key := range []string{"warnings", "errors"} {
		if list, ok := m[key].([]any); m[key] == nil || ok && len(list) == 0 {
			delete(m, key)
		}
	}
	return m
}

// differs names the first place where two values differ.
func differs(at string, got, want any) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		keys := maps.Clone(w)
		maps.Copy(keys, g)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			place := strings.TrimPrefix(at+"."+key, ".")
			x, has := g[key]
			y, wants := w[key]
			switch {
			case !has:
				return fmt.Sprintf("%s is missing: want %s", place, short(y))
			case !wants:
				return fmt.Sprintf("%s is %s: want none", place, short(x))
			}
			if d := differs(place, x, y); d != "" {
				return d
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		for i := range w {
			if d := differs(fmt.Sprintf("%s.%d", at, i), g[i], w[i]); d != "" {
				return d
			}
		}
		return ""
	default:
		if _, parts := got.(map[string]any); parts {
			break
		}
		if _, parts := got.([]any); parts {
			break
		}
		if got == want {
			return ""
		}
	}
	return fmt.Sprintf("%s is %s: want %s", at, short(got), short(want))
}

func short(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	if len(b) > 80 {
		return strings.ToValidUTF8(string(b[:80]), "") + "…"
	}
	return string(b)
}

// Failed counts those that are not as wanted.
func Failed(list []Result) int {
	n := 0
	for _, r := range list {
		if !r.OK {
			n++
		}
	}
	return n
}

// Text writes an aligned table and the count below it.
func Text(w io.Writer, list []Result) error {
	width := len("example")
	for _, r := range list {
		width = max(width, utf8.RuneCountInString(r.Name))
	}
	var b strings.Builder
	row := func(name, result, difference string) {
		line := name + strings.Repeat(" ", width-utf8.RuneCountInString(name)) + "  " + fmt.Sprintf("%-6s", result) + "  " + difference
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	row("example", "result", "difference")
	for _, r := range list {
		result := "ok"
		if !r.OK {
			result = "failed"
		}
		row(r.Name, result, r.Difference)
	}
	fmt.Fprintf(&b, "%d examples, %d failed\n", len(list), Failed(list))
	_, err := io.WriteString(w, b.String())
	return err
}
