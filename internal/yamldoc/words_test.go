package yamldoc_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plantroom/internal/yamldoc"
)

// saying is what the writer of a file is told where a keyword of its schema is
// not met, and nothing else is: one fault, with a remedy.
type saying struct {
	keyword string
	schema  string // of the value v
	src     string // v, as the file has it
	want    string
}

var sayings = []saying{
	{"type", `{"type": "integer", "description": "a number of storeys"}`, "many", `v: this is text, not a whole number; it is a number of storeys`},
	{"type", `{"type": ["string", "number", "boolean"]}`, "[]", `v: this is a list, not true or false or a number or text; give true or false or a number or text`},
	{"enum", `{"enum": ["day", "night"]}`, "noon", `v: "noon" is not permitted; use one of day, night`},
	{"const", `{"const": true}`, "false", `v: false is not permitted; use true`},
	{"pattern", `{"pattern": "^[a-z]+$", "description": "a lower-case word"}`, "A1", `v: "A1" does not have the right form; it is a lower-case word`},
	{"pattern", `{"pattern": "^[a-z]+$"}`, "A1", `v: "A1" does not have the right form; it has to match ^[a-z]+$`},
	{"minLength", `{"minLength": 3, "description": "host:port"}`, "a", `v: this has 1 character; it is host:port: give at least 3`},
	{"minLength", `{"minLength": 1}`, `""`, `v: this has no characters; give at least 1`},
	{"maxLength", `{"maxLength": 3}`, "abcd", `v: this has 4 characters; give at most 3`},
	{"minimum", `{"minimum": 1, "description": "the number of storeys"}`, "0", `v: 0 is too small; it is the number of storeys: give at least 1`},
	{"exclusiveMinimum", `{"exclusiveMinimum": 0}`, "-0.5", `v: -0.5 is too small; give more than 0`},
	{"maximum", `{"maximum": 0.95}`, "1000000", `v: 1000000 is too large; give at most 0.95`},
	{"minItems", `{"minItems": 1, "description": "the list of buildings"}`, "[]", `v: this list has no entries; it is the list of buildings: give at least 1`},
	{"maxItems", `{"maxItems": 1}`, "[a, b]", `v: this list has 2 entries; give at most 1`},
	{"minItems", `{"minItems": 2}`, "[a]", `v: this list has 1 entry; give at least 2`},
	{"required", `{"required": ["id"], "properties": {"id": {"description": "its name"}}}`, "{}", `v: the key "id" is missing; add it: its name`},
	{"required", `{"required": ["id"], "properties": {"id": {"type": "string"}}}`, "{}", `v: the key "id" is missing; add it: text`},
	{"required", `{"required": ["id"], "properties": {"id": {"enum": ["a", "b"]}}}`, "{}", `v: the key "id" is missing; add it: one of a, b`},
	{"additionalProperties", `{"additionalProperties": false, "properties": {"id": {}, "name": {}}}`, "{nam: a}", `v.nam: the key "nam" is not known here; did you mean name? known keys: id, name`},
	{"additionalProperties", `{"additionalProperties": false}`, "{a: 1}", `v.a: the key "a" is not known here; remove it`},
	{"minProperties", act, "{at: 1m}", `v: this has only "at"; it is a time and one act: add one of fault, leak`},
	{"minProperties", act, "{leak: a}", `v: the key "at" is missing; add it: give it a value`},
	{"minProperties", `{"minProperties": 1}`, "{}", `v: this has no keys; give at least 1 key`},
	{"minProperties", `{"minProperties": 3}`, "{a: 1, b: 2}", `v: this has only "a" and "b"; give at least 3 keys`},
	{"maxProperties", act, "{at: 1m, leak: a, fault: b}", `v: this has "at", "fault" and "leak" together; it is a time and one act: keep at, and one of fault, leak`},
	{"maxProperties", act, "{at: 1m, leak: a, leek: b}", `v.leek: the key "leek" is not known here; did you mean leak? known keys: at, fault, leak`},
	{"maxProperties", `{"maxProperties": 2}`, "{a: 1, b: 2, c: 3}", `v: this has "a", "b" and "c" together; keep 2 of a, b, c`},
	{"anyOf", text, "[a]", `v: this is a list, not text; it is a name, or a name by language`},
	{"anyOf", text, `""`, `v: this has no characters; it is a name, or a name by language: give at least 1`},
	{"anyOf", text, "{fr: a}", `v.fr: the key "fr" is not known here; did you mean en? known keys: en`},
}

const (
	act = `{"required": ["at"], "minProperties": 2, "maxProperties": 2, "additionalProperties": false,
		"properties": {"at": {}, "fault": {}, "leak": {}}, "description": "a time and one act"}`
	text = `{"description": "a name, or a name by language", "anyOf": [{"type": "string", "minLength": 1},
		{"type": "object", "additionalProperties": false, "properties": {"en": {"type": "string"}}}]}`
)

func TestEachKeywordIsExplainedInWordsWithARemedy(t *testing.T) {
	for _, c := range sayings {
		_, err := yamldoc.Parse("f.yaml", []byte("v: "+c.src+"\n"), []byte(`{"properties": {"v": `+c.schema+`}}`))
		var faults yamldoc.Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Remedy == "" || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: v: %s\nsays %v\nwant %s", c.keyword, c.src, err, c.want)
		}
	}
}

// Whoever uses another keyword in a schema has to give it words. propertyNames
// can have none: the library says what is wrong, and names the wrong place.
func TestOurSchemasUseOnlyKeywordsThatHaveWords(t *testing.T) {
	silent := []string{"$schema", "$id", "$ref", "$defs", "title", "description", "properties", "items"}
	schemas := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "node_modules" || d.Name() != ".." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir // others' schemas, which the plugin's front end has brought here
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".schema.json") {
			return err
		}
		schemas++
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var schema any
		if err := json.Unmarshal(src, &schema); err != nil {
			return err
		}
		for _, k := range keywords(schema, nil) {
			if !slices.Contains(silent, k) && !slices.ContainsFunc(sayings, func(s saying) bool { return s.keyword == k }) {
				t.Errorf("%s uses %s, which has no words: give it some in words.go or mapping.go, and a saying here", path, k)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if schemas < 4 {
		t.Errorf("only %d schemas found", schemas)
	}
}

// keywords adds the keywords of a schema, and of those within it, to a list.
func keywords(schema any, list []string) []string {
	node, _ := schema.(map[string]any)
	for k, v := range node {
		if !slices.Contains(list, k) {
			list = append(list, k)
		}
		switch v := v.(type) {
		case []any: // of forms, or of values, which have no keywords
			for _, form := range v {
				list = keywords(form, list)
			}
		case map[string]any:
			if k != "properties" && k != "$defs" {
				list = keywords(v, list)
				continue
			}
			for _, sub := range v { // under names, which are no keywords
				list = keywords(sub, list)
			}
		}
	}
	return list
}
