package gen_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plantroom/dashboards/gen"
)

// The plugin's front end reads what boards hold by these names. One that it does
// not know is no error there: a variable would be filled with something else, a
// filter left out.
func TestTheFrontEndKnowsEveryFieldOfAQueryByItsName(t *testing.T) {
	text, err := os.ReadFile("../datasource/src/types.ts")
	if err != nil {
		t.Fatal(err)
	}
	ofGrafana := []string{"refId", "datasource"}
	lists := between(t, string(text), "export const listFields = [", "]")
	for name, q := range map[string]any{"FacilitiesQuery": gen.Query{}, "VariableQuery": gen.VariableQuery{}} {
		fields := between(t, string(text), "export interface "+name+" ", "\n}")
		for f := range reflect.TypeOf(q).Fields() {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			known := regexp.MustCompile(`(?m)^  `+tag+`\??: `).MatchString(fields) || name == "FacilitiesQuery" && strings.Contains(lists, "'"+tag+"'")
			if !known && !slices.Contains(ofGrafana, tag) {
				t.Errorf("boards write %s of a %s, and src/types.ts has no such field", tag, name)
			}
		}
	}
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, from)
	part, _, end := strings.Cut(rest, to)
	if !ok || !end {
		t.Fatalf("src/types.ts has no %q up to %q", from, to)
	}
	return part
}
