package yamldoc_test

import (
	"errors"
	"strings"
	"testing"

	"plantroom/internal/yamldoc"
)

const schema = `{
  "type": "object", "additionalProperties": false, "required": ["name"],
  "properties": {
    "name": {"type": "string", "pattern": "^[a-z]+$", "description": "a lower-case word"},
    "floors": {"type": "integer", "minimum": 1, "description": "the number of storeys"},
    "mode": {"enum": ["day", "night"]},
    "lifts": {"type": "array", "items": {"$ref": "#/$defs/lift"}}
  },
  "$defs": {"lift": {"type": "object", "additionalProperties": false, "required": ["id"],
    "properties": {"id": {"type": "string", "description": "the lift's name"}, "load": {"type": "number"}}}}
}`

func TestAGoodFileIsDecoded(t *testing.T) {
	doc, err := yamldoc.Parse("a.yaml", []byte("name: tower\nfloors: 26\nlifts:\n  - {id: l1, load: 0.5}\n  - id: l2\n"), []byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Name   string `json:"name"`
		Floors int    `json:"floors"`
		Lifts  []struct {
			ID   string  `json:"id"`
			Load float64 `json:"load"`
		} `json:"lifts"`
	}
	if err := doc.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if v.Name != "tower" || v.Floors != 26 || len(v.Lifts) != 2 || v.Lifts[0].Load != 0.5 || v.Lifts[1].ID != "l2" {
		t.Errorf("decoded %+v", v)
	}
	if got := doc.Fault("/lifts/1/id", "x", "").Error(); got != "a.yaml:5:5: lifts.1.id: x" {
		t.Errorf("place of a later finding: %s", got)
	}
}

// Each line of want must stand in the error, which holds as many faults.
func TestEveryFaultIsNamedWithPlaceAndRemedy(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"several at once": {"nam: tower\nfloors: many\nlifts:\n  - ident: 4\n", []string{
			`f.yaml:1:1: the key "name" is missing; add it: a lower-case word`,
			`f.yaml:1:1: nam: the key "nam" is not known here; did you mean name? known keys: floors, lifts, mode, name`,
			`f.yaml:2:1: floors: this is text, not a whole number; it is the number of storeys`,
			`f.yaml:4:5: lifts.0: the key "id" is missing; add it: the lift's name`,
			`f.yaml:4:5: lifts.0.ident: the key "ident" is not known here`,
		}},
		"wrong choice":   {"name: a\nmode: noon\n", []string{`f.yaml:2:1: mode: "noon" is not permitted; use one of day, night`}},
		"wrong form":     {"name: Tower 1\n", []string{`f.yaml:1:1: name: "Tower 1" does not have the right form; it is a lower-case word`}},
		"too small":      {"name: a\nfloors: 0\n", []string{`f.yaml:2:1: floors: 0 is too small; it is the number of storeys: give at least 1`}},
		"repeated key":   {"name: a\nname: b\n", []string{`f.yaml:2:1: `}},
		"alias":          {"name: &x a\nmode: *x\n", []string{`f.yaml:1:7: name: anchors and aliases`, `f.yaml:2:7: mode: anchors and aliases`}},
		"tag":            {"name: !!str 4\n", []string{`tags are not supported`}},
		"two documents":  {"name: a\n---\nname: b\n", []string{`keep one document`}},
		"not a number":   {"name: a\nfloors: .nan\n", []string{`f.yaml:2:9: floors: infinity and NaN`}},
		"broken syntax":  {"name: [a\n", []string{`f.yaml:1:`}},
		"empty":          {"", []string{`f.yaml:1:1: this is empty, not a mapping`}},
		"nested too far": {"name: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), []string{`too deep`, `f.yaml:1:1: name: this is a list, not text`}},
		"what cannot be read hides nothing else": {"name: &x a\nfloors: 0\nmode: day\nmode: night\nliftz: []\n", []string{
			`f.yaml:1:7: name: anchors and aliases`,
			`f.yaml:2:1: floors: 0 is too small`,
			`f.yaml:4:1: mode: the key "mode" stands twice`,
			`f.yaml:5:1: liftz: the key "liftz" is not known here; did you mean lifts?`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := yamldoc.Parse("f.yaml", []byte(c.src), []byte(schema))
			var faults yamldoc.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("want faults, got %v", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("missing: %s\nin:\n%v", w, err)
				}
			}
			if len(faults) != len(c.want) {
				t.Errorf("%d faults, want %d:\n%v", len(faults), len(c.want), err)
			}
		})
	}
}

func TestAValueThatFitsTheSchemaAndNotItsTypeIsNamedWithItsPlace(t *testing.T) {
	doc, err := yamldoc.Parse("a.yaml", []byte("name: tower\nfloors: 300\nlifts:\n  - {id: l1}\n  - {id: l2, load: 70000}\n"), []byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Name   string `json:"name"`
		Floors uint8  `json:"floors"`
		Lifts  []struct {
			ID   string `json:"id"`
			Load *int16 `json:"load"`
		} `json:"lifts"`
	}
	err = doc.Decode(&v)
	want := "a.yaml:2:1: floors: 300 is out of range; give a value that is within bounds\n" +
		"a.yaml:5:14: lifts.1.load: 70000 is out of range; give a value that is within bounds"
	if !errors.As(err, new(yamldoc.Faults)) || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if v.Name != "tower" || len(v.Lifts) != 2 || v.Lifts[1].ID != "l2" {
		t.Errorf("what fits was not decoded: %+v", v)
	}
}

func TestWhatIsSoundInAFileWithFaultsIsDecoded(t *testing.T) {
	doc, err := yamldoc.Parse("a.yaml", []byte("nam: tower\nfloors: 26\nlifts:\n  - {id: 4}\n  - {id: l2}\n"), []byte(schema))
	if doc == nil || err == nil {
		t.Fatalf("got %v, %v; want a document and its faults", doc, err)
	}
	var v struct {
		Name   string `json:"name"`
		Floors int    `json:"floors"`
		Lifts  []struct {
			ID string `json:"id"`
		} `json:"lifts"`
	}
	if again := doc.Decode(&v); again == nil || again.Error() != err.Error() {
		t.Errorf("Decode gives %v, want the faults that are known", again)
	}
	if v.Floors != 26 || len(v.Lifts) != 2 || v.Lifts[0].ID != "" || v.Lifts[1].ID != "l2" {
		t.Errorf("decoded %+v", v)
	}
	for pointer, want := range map[string]bool{"/floors": true, "/name": false, "/lifts": false, "/lifts/0": false, "/lifts/0/id/x": false, "/lifts/1": true, "/lifts/10": true} {
		if got := doc.Sound(pointer); got != want {
			t.Errorf("%s is sound: %v, want %v", pointer, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("name: tower\nlifts: [{id: l1}]\n"))
	f.Add([]byte("name: &a [*a]\n"))
	f.Add([]byte("? [a]: b\n- c"))
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := yamldoc.Parse("f.yaml", src, []byte(schema))
		if doc == nil {
			return
		}
		var v any
		if again := doc.Decode(&v); (again == nil) != (err == nil) {
			t.Errorf("the document has %v and decodes with %v", err, again)
		}
	})
}

// A few kilobytes of brackets, all of which the parser would keep on its stack
// and copy at each level, must not cost hundreds of megabytes.
func TestBracketsWithoutEndAreRefusedBeforeTheyAreParsed(t *testing.T) {
	for _, open := range []string{"[", "{a: ", "- ", "? "} {
		src := "a: |\n  " + strings.Repeat("[", 500) + "\nb:\n  " + strings.Repeat(open, 3000)
		_, err := yamldoc.Parse("x.yaml", []byte(src), []byte(`{}`))
		var faults yamldoc.Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Problem != "the nesting is too deep" || faults[0].Line != 4 {
			t.Errorf("%q: %.300v", open, err)
		}
	}
	text := "a: |\n" + strings.Repeat("  smile :-[ and (-:{\n  ? - - ?\n", 400)
	if _, err := yamldoc.Parse("x.yaml", []byte(text), []byte(`{}`)); err != nil {
		t.Errorf("a text with brackets: %v", err)
	}
}
