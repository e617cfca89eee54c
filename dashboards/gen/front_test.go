package gen_test

import (
	"encoding/json"
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

// told is what a test of the plugin writes down of what its back end takes.
type told struct {
	Types []struct {
		Type                     string
		Lists, Options, Measures []string
	}
	Groups []string
	Legend struct {
		State []struct{ Value, Text, Color string }
	}
}

func backEnd(t *testing.T) (b told) {
	t.Helper()
	raw, err := os.ReadFile("../datasource/pkg/plugin/testdata/front.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// Boards are checked against lists of our own, because the data source is a
// module of its own: they have to say what it takes, no less and no more.
func TestAQueryIsTakenForWrongWhereTheBackEndWouldNotLookAtIt(t *testing.T) {
	var types []string
	b := backEnd(t)
	for _, of := range b.Types {
		types = append(types, of.Type)
		for f := range reflect.TypeFor[gen.Query]().Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if slices.Contains([]string{"refId", "datasource", "queryType", "measure"}, name) {
				continue
			}
			q := gen.Query{QueryType: of.Type}
			switch v := reflect.ValueOf(&q).Elem().FieldByIndex(f.Index); v.Kind() {
			case reflect.Bool:
				v.SetBool(true)
			case reflect.Int:
				v.SetInt(2)
			default:
				v.Set(reflect.ValueOf(b.Groups[:1]))
			}
			takes := slices.Contains(of.Lists, name) || slices.Contains(of.Options, name)
			if err := q.Check(); takes != (err == nil) {
				t.Errorf("the back end takes %s of %s: %v; here: %v", name, of.Type, takes, err)
			}
		}
		all := []string{"height"}
		for _, other := range b.Types {
			all = append(all, other.Measures...)
		}
		for _, measure := range all {
			q := gen.Query{QueryType: of.Type, Measure: measure}
			if takes, err := slices.Contains(of.Measures, measure), q.Check(); takes != (err == nil) {
				t.Errorf("the back end has the number %s of %s: %v; here: %v", measure, of.Type, takes, err)
			}
		}
	}
	if !slices.Equal(types, gen.QueryTypes()) {
		t.Errorf("the types are %v, and here %v", types, gen.QueryTypes())
	}
	for _, by := range append([]string{"floor"}, b.Groups...) {
		q := gen.Query{QueryType: gen.SLACompliance, By: []string{by}}
		if err := q.Check(); (by == "floor") != (err != nil) {
			t.Errorf("by %s: %v", by, err)
		}
	}
}

func TestTheLegendOfBoardsIsTheDataSources(t *testing.T) {
	var theirs []gen.Shade
	for _, m := range backEnd(t).Legend.State {
		theirs = append(theirs, gen.Shade{State: m.Value, Text: m.Text, Colour: m.Color})
	}
	if !slices.Equal(theirs, gen.Legend()) {
		t.Errorf("%v, and here %v", theirs, gen.Legend())
	}
}
