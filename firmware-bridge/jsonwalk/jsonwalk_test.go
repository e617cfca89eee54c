package jsonwalk_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"plantroom/firmware-bridge/jsonwalk"
)

func TestAPathLeadsWhereEncodingJSONSaysThatItLeads(t *testing.T) {
	const doc = ` {"a" : {"b":[1, 2.5e3 ,"x,]}\"",{"c":null}] , "e":{}},"门":true,"d":"\\","a b":[],"z":-0 }`
	for path, want := range map[string]string{
		"a": `{"b":[1, 2.5e3 ,"x,]}\"",{"c":null}] , "e":{}}`, "a b": `[]`, "a/b/0": "1", "a/b/1": "2.5e3", "a/b/2": `"x,]}\""`, "a/b/3/c": "null",
		"a/e": "{}", "门": "true", "d": `"\\"`, "z": "-0", "a/b/4": "", "a/x": "", "a/b/c": "", "d/0": "", "q": "",
	} {
		var steps []jsonwalk.Step
		for s := range strings.SplitSeq(path, "/") {
			if len(s) == 1 && s[0] >= '0' && s[0] <= '9' {
				steps = append(steps, jsonwalk.Step{Index: int(s[0] - '0')})
			} else {
				steps = append(steps, jsonwalk.Step{Key: s})
			}
		}
		if got := jsonwalk.Find([]byte(doc), steps); string(got) != want {
			t.Errorf("%s leads to %q, want %q", path, got, want)
		}
	}
}

func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":[2,{"c":"\""}]}`, `{"\u95e8":true}`, ` [1,"x"] `, `{`, `"`, `{"a`, `{"a":`, `[[`, ``, `-`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := map[string]string{}
		jsonwalk.Members(b, func(key string, value []byte) bool {
			got[key] = string(value)
			return true
		})
		jsonwalk.Elements(b, func([]byte) bool { return true })
		jsonwalk.Find(b, []jsonwalk.Step{{Key: "a"}, {Index: 1}})
		var want map[string]json.RawMessage
		if json.Unmarshal(b, &want) != nil {
			return // of what is not valid it only must not panic
		}
		if len(got) != len(want) {
			t.Fatalf("%q has the members %q, want %q", b, got, want)
		}
		for k, v := range want {
			if !bytes.Equal([]byte(got[k]), v) {
				t.Fatalf("%q: %q is %q, want %q", b, k, got[k], v)
			}
		}
	})
}
