package plantroom_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plantroom"
)

func TestAnIDIsAShortLowerCaseSlug(t *testing.T) {
	for _, good := range []string{"a", "7", "b1-l1", "gw-b1", "lift.fault", "b2_14c", "24e124535b316056", strings.Repeat("x", plantroom.MaxID)} {
		if err := plantroom.ValidID(good); err != nil {
			t.Errorf("%q is refused: %v", good, err)
		}
	}
	for name, c := range map[string]struct{ id, says string }{
		"empty":              {"", "id is empty"},
		"a byte too long":    {strings.Repeat("x", plantroom.MaxID+1), "longer than 64 bytes"},
		"upper case":         {"B1", `holds "B"`},
		"blank":              {"b1 l1", `holds " "`},
		"MQTT level":         {"b1/l1", `holds "/"`},
		"MQTT wildcard":      {"b1+", `holds "+"`},
		"InfluxDB separator": {"b1,l1", `holds ","`},
		"path to above":      {"..", `holds "."`},
		"hidden file":        {".b1", `holds "."`},
		"a flag":             {"-b1", `holds "-"`},
		"line feed":          {"b1\n", `holds "\n"`},
		"NUL":                {"b1\x00", `holds "\x00"`},
		"not ASCII":          {"é1", `id "é1" holds`},
	} {
		t.Run(name, func(t *testing.T) {
			err := plantroom.ValidID(c.id)
			if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q: want %s with %q, got %v", c.id, plantroom.CodeInvalid, c.says, err)
			}
		})
	}
}

// What is valid needs no escaping anywhere: that is what the form is for.
func TestAValidIDNeedsNoEscaping(t *testing.T) {
	const special = "/+#$ ,=\"'\\%?&;:<>|*\n\r\t\x00"
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.StringN(0, 80, 80), rapid.StringMatching(`[a-z0-9][a-z0-9._-]{0,63}`)).Draw(t, "id")
		if plantroom.ValidID(id) != nil {
			return
		}
		if strings.ContainsAny(id, special) || id != strings.ToLower(id) || len(id) > plantroom.MaxID || id == "." || id == ".." {
			t.Fatalf("%q is valid", id)
		}
	})
}
