package jsonobject_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/jsonobject"
)

func members(object string) []string {
	var out []string
	for k, v := range jsonobject.Members([]byte(object)) {
		out = append(out, string(k), string(v))
	}
	return out
}

func TestMembersComeInOrderAsTheyStand(t *testing.T) {
	for object, want := range map[string][]string{
		`{}`:                  nil,
		` { } `:               nil,
		`{"a":1}`:             {"a", "1"},
		`{"a":1,"b":2,"a":3}`: {"a", "1", "b", "2", "a", "3"},
		" {\n\t\"a\" : -1.5e3 ,\r\n \"b\" : true } ":    {"a", "-1.5e3", "b", "true"},
		`{"a":null,"b":false,"c":""}`:                   {"a", "null", "b", "false", "c", `""`},
		`{"a":{"b":{"c":[1,{"d":2}]}},"e":[]}`:          {"a", `{"b":{"c":[1,{"d":2}]}}`, "e", "[]"},
		`{"a":"}","b":"\"}","c":"\\","d":1}`:            {"a", `"}"`, "b", `"\"}"`, "c", `"\\"`, "d", "1"},
		`{"flood:0":{},"a\u0062":1,"":2,"q\"":3}`:       {"flood:0", "{}", `a\u0062`, "1", "", "2", `q\"`, "3"},
		`{"a":[ {"x" : "]" } , 2 ] , "b":{ "y":"{" } }`: {"a", `[ {"x" : "]" } , 2 ]`, "b", `{ "y":"{" }`},
		`[1]`: nil, `"{"`: nil, `7`: nil, ``: nil, ` `: nil,
	} {
		if got := members(object); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", object, got, want)
		}
	}
}

func TestAWalkCanEndEarly(t *testing.T) {
	for k := range jsonobject.Members([]byte(`{"a":1,"b":2}`)) {
		if string(k) != "a" {
			t.Errorf("%s comes after the end", k)
		}
		break
	}
}

func TestCheckSaysWhatIsNoObject(t *testing.T) {
	if err := jsonobject.Check([]byte(` {"a":[1,2]}`)); err != nil {
		t.Error(err)
	}
	for payload, want := range map[string]string{
		``: "unexpected end", ` `: "unexpected end", `{"a":1`: "unexpected end", `{"a":NaN}`: "invalid character",
		`{}x`: "invalid character", `[{}]`: "not a JSON object", `7`: "not a JSON object", `null`: "not a JSON object",
		strings.Repeat("[", 20_000): "depth",
	} {
		err := jsonobject.Check([]byte(payload))
		if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want one that says %q", payload, err, want)
		}
	}
}

func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":{"c":"}"}}`, `{"a\"":"\\"}`, `{`, `{"`, `{"a`, `{"a":`, `{"a\`, `{"a":1,}`, `{"a":[}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := map[string]json.RawMessage{}
		for k, v := range jsonobject.Members(b) { // must end, and stay within b, even where it is not valid
			if strings.Contains(string(k), `\`) {
				return
			}
			got[string(k)] = v
		}
		var want map[string]json.RawMessage
		if jsonobject.Check(b) != nil || json.Unmarshal(b, &want) != nil {
			return
		}
		for k, v := range want {
			if string(got[k]) != string(v) && strings.ToValidUTF8(k, "") == k && !strings.Contains(k, "\ufffd") {
				t.Fatalf("%q: key %q is %s, want %s", b, k, got[k], v)
			}
		}
	})
}
