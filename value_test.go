package plantroom_test

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"plantroom"
)

func values() *rapid.Generator[plantroom.Value] {
	finite := rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) })
	return rapid.OneOf(
		rapid.Just(plantroom.Value{}),
		rapid.Map(finite, plantroom.Float),
		rapid.Map(rapid.String(), plantroom.String),
		rapid.Map(rapid.Bool(), plantroom.Bool),
	)
}

func TestAValueReadsBackFromItsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values().Draw(t, "value")
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		back := plantroom.String("what stood there before")
		if err := json.Unmarshal(b, &back); err != nil || back != v {
			t.Fatalf("%v (%s) was written as %s and read as %v (%s), %v", v, v.Kind(), b, back, back.Kind(), err)
		}
	})
}

func TestAValueIsPlainJSON(t *testing.T) {
	for _, c := range []struct {
		v    plantroom.Value
		kind plantroom.ValueKind
		json string
		text string
	}{
		{plantroom.Value{}, plantroom.NoValue, `null`, "-"},
		{plantroom.Float(0.82), plantroom.FloatKind, `0.82`, "0.82"},
		{plantroom.Float(0), plantroom.FloatKind, `0`, "0"},
		{plantroom.Float(1e21), plantroom.FloatKind, `1e+21`, "1e+21"},
		{plantroom.String("wet"), plantroom.StringKind, `"wet"`, "wet"},
		{plantroom.String(""), plantroom.StringKind, `""`, ""},
		{plantroom.Bool(true), plantroom.BoolKind, `true`, "true"},
		{plantroom.Bool(false), plantroom.BoolKind, `false`, "false"},
	} {
		b, err := json.Marshal(c.v)
		if err != nil || string(b) != c.json {
			t.Errorf("%s %v in JSON: %s, %v; want %s", c.kind, c.v, b, err, c.json)
		}
		if c.v.Kind() != c.kind || c.v.String() != c.text {
			t.Errorf("%s prints as the %s %q, want %q", c.json, c.v.Kind(), c.v, c.text)
		}
	}
}

// JSON has no NaN: a page that shows one must not fail for it.
func TestANumberThatJSONCannotSayBecomesText(t *testing.T) {
	for f, want := range map[float64]string{math.Inf(1): `"+Inf"`, math.Inf(-1): `"-Inf"`, math.NaN(): `"NaN"`} {
		if b, err := json.Marshal(plantroom.Float(f)); err != nil || string(b) != want {
			t.Errorf("%v in JSON: %s, %v", f, b, err)
		}
	}
}

func TestAValueIsNeitherAListNorAnObject(t *testing.T) {
	for _, src := range []string{`[]`, `[1]`, `{}`, `{"v":1}`} {
		v := plantroom.Float(7)
		if err := json.Unmarshal([]byte(src), &v); plantroom.CodeOf(err) != plantroom.CodeInvalid || v != plantroom.Float(7) {
			t.Errorf("%s was read as %v, %v", src, v, err)
		}
	}
	if err := json.Unmarshal([]byte(`1e999`), new(plantroom.Value)); err == nil {
		t.Error("a number beyond float64 was accepted")
	}
}

// An accessor of another kind gives the zero value, never a conversion.
func TestAValueDoesNotPretendToBeOfAnotherKind(t *testing.T) {
	for name, c := range map[string]struct {
		v    plantroom.Value
		num  float64
		str  string
		True bool
	}{
		"none":        {plantroom.Value{}, 0, "", false},
		"number":      {plantroom.Float(1), 1, "", false},
		"text":        {plantroom.String("true"), 0, "true", false},
		"true":        {plantroom.Bool(true), 1, "", true},
		"false":       {plantroom.Bool(false), 0, "", false},
		"digits":      {plantroom.String("1"), 0, "1", false},
		"zero number": {plantroom.Float(0), 0, "", false},
	} {
		if c.v.Num() != c.num || c.v.Str() != c.str || c.v.True() != c.True {
			t.Errorf("%s: Num %v, Str %q, True %v", name, c.v.Num(), c.v.Str(), c.v.True())
		}
	}
	different := []plantroom.Value{{}, plantroom.Float(0), plantroom.Float(1), plantroom.Bool(false), plantroom.Bool(true),
		plantroom.String(""), plantroom.String("0"), plantroom.String("1"), plantroom.String("true")}
	for i, a := range different {
		for j, b := range different {
			if (a == b) != (i == j) {
				t.Errorf("%s %v == %s %v is %v", a.Kind(), a, b.Kind(), b, a == b)
			}
		}
	}
}

func FuzzValueJSON(f *testing.F) {
	for _, s := range []string{`null`, `0.5`, `"wet"`, `true`, `[]`, `{"a":1}`, `1e999`, `"\ud800"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var v, back plantroom.Value
		if json.Unmarshal(src, &v) != nil {
			return
		}
		b, err := json.Marshal(v)
		if err != nil || json.Unmarshal(b, &back) != nil || back != v {
			t.Errorf("%q is %v, written as %s, read as %v", src, v, b, back)
		}
	})
}
