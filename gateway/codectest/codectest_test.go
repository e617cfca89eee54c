package codectest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/codec/engine"
	"plantroom/gateway/codectest"
)

// patiently is the engine for codecs that do end: on a busy machine that takes
// longer than what a codec gets.
func patiently(p *codec.Program, c codec.Call) (json.RawMessage, error) {
	c.Time = 100 * codec.MaxTime
	return engine.Here()(p, c)
}

func difference(t *testing.T, returns, wants string) string {
	t.Helper()
	p, err := codec.Read("x.js", []byte("function decodeUplink(input) { return "+returns+" }"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := codectest.Read("x.json", []byte(`[{"input":{"bytes":[1],"fPort":1},"expected":`+wants+`}]`), patiently)
	if err != nil {
		t.Fatal(err)
	}
	r := codectest.Check(p, list, patiently)
	if len(r) != 1 || r[0].Name != "example 1" || r[0].OK != (r[0].Difference == "") {
		t.Fatalf("%+v", r)
	}
	return r[0].Difference
}

func TestADifferenceIsNamedByItsPlace(t *testing.T) {
	for _, c := range []struct{ returns, wants, want string }{
		{`{data: {a: 1, b: [1, {c: "x"}]}}`, `{"data":{"b":[1,{"c":"x"}],"a":1.0}}`, ""},
		{`{data: {}, errors: [], warnings: []}`, `{"data":{}}`, ""},
		{`{data: {}}`, `{"data":{},"errors":[],"warnings":null}`, ""},
		{`{data: {a: 1}}`, `{"data":{"a":2}}`, "data.a is 1: want 2"},
		{`{data: {a: "1"}}`, `{"data":{"a":1}}`, `data.a is "1": want 1`},
		{`{data: {a: 1}}`, `{"data":{}}`, "data.a is 1: want none"},
		{`{data: {}}`, `{"data":{"a":{"b":1}}}`, `data.a is missing: want {"b":1}`},
		{`{data: {a: [1, 2]}}`, `{"data":{"a":[1,3]}}`, "data.a.1 is 2: want 3"},
		{`{data: {a: [1]}}`, `{"data":{"a":[1,3]}}`, "data.a is [1]: want [1,3]"},
		{`{data: {a: [1]}}`, `{"data":{"a":1}}`, "data.a is [1]: want 1"},
		{`{data: {a: {}}}`, `{"data":{"a":null}}`, "data.a is {}: want null"},
		{`{data: {}, warnings: ["w"]}`, `{"data":{}}`, `warnings is ["w"]: want none`},
		{`{errors: ["e"]}`, `{"data":{}}`, "data is missing: want {}"},
		{`5`, `{"data":{}}`, "it returned no object with data, but 5"},
		{`nothing`, `{"data":{}}`, "it threw ReferenceError: 'nothing' is not defined"},
	} {
		if got := difference(t, c.returns, c.wants); got != c.want {
			t.Errorf("%s against %s: %q, want %q", c.returns, c.wants, got, c.want)
		}
	}
}

func TestExamplesThatAreNoneAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`[{"input":{"bytes":[1]}}]`:              "example 1 has no input, or no output",
		`[{"name":"x","expected":{}}]`:           "x has no input",
		`[{"input": 5}]`:                         "no list of examples",
		`[for (;;);]`:                            "x.txt:1:",
		`[(() => { for (;;); })()]`:              "longer than " + codec.MaxTime.String(),
		"uplinkDecoder: [1":                      "neither YAML nor JSON",
		"uplinkDecoder: {examples: 5}":           "x.txt",
		strings.Repeat(" ", codectest.MaxFile+1): "at most",
	} {
		if _, err := codectest.Read("x.txt", []byte(text), engine.Here()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
	if list, err := codectest.Read("x.yaml", []byte("uplinkDecoder: {fileName: x.js}\n"), patiently); err != nil || len(list) != 0 {
		t.Errorf("a file without examples: %v, %v", list, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("uplinkDecoder: {examples: [{description: x, input: {bytes: [1]}, output: {data: {}}}]}")
	f.Add(`[{"name": "x", "input": {"bytes": [1]}, "expected": {}}]`)
	f.Add("{? [a]: b}")
	none := func(*codec.Program, codec.Call) (json.RawMessage, error) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "not here")
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := codectest.Read("x", []byte(text), none)
		for _, e := range list {
			if err != nil || e.Input == nil || e.Want == nil || e.Name == "" {
				t.Fatalf("%+v, %v", e, err)
			}
		}
	})
}
