package plugin_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"plantroom/dashboards/datasource/pkg/answer"
	"plantroom/dashboards/datasource/pkg/api/apitest"
	"plantroom/dashboards/datasource/pkg/legend"
	"plantroom/dashboards/datasource/pkg/plugin"
	"plantroom/dashboards/datasource/pkg/query"
)

var update = flag.Bool("update", false, "write anew what the front end is told")

// forFront is what front and back end both have to know. src/backend.test.ts
// holds the front end's lists against the file, and dashboards/gen its own.
const forFront = "testdata/front.json"

// takes is what the back end takes of one type of query.
type takes struct {
	Type     string   `json:"type"`
	Lists    []string `json:"lists"`    // fields that are lists, sorted; others are refused
	Options  []string `json:"options"`  // other fields that change what is asked or answered, sorted
	Measures []string `json:"measures"` // the usual one first
}

// meaning is an entry of the legend.
type meaning struct {
	Value string `json:"value"`
	Text  string `json:"text"`
	Color string `json:"color"`
}

// step is from which used part of a window a colour holds.
type step struct {
	From  float64 `json:"from"`
	Color string  `json:"color"`
}

type front struct {
	Types     []takes             `json:"types"`  // in the order of the editor
	Values    int                 `json:"values"` // at most, in a list
	Groups    []string            `json:"groups"` // what by takes
	Samples   []answer.Sample     `json:"samples"`
	Kinds     []string            `json:"kinds"`    // of variables
	Narrowing map[string][]string `json:"narrowed"` // by which filters each kind is narrowed, sorted
	Clocks    json.RawMessage     `json:"clocks"`   // as a variable has them
	Legend    struct {
		State    []meaning `json:"state"`
		Severity []meaning `json:"severity"`
		Clock    []meaning `json:"clock"`
		Used     []step    `json:"used"`
	} `json:"legend"`
}

// The front end is another language: what both have to know is in a file that
// this test writes and the tests of both sides read.
func TestWhatTheFrontEndIsToldIsWhatTheBackEndTakes(t *testing.T) {
	f := front{Values: query.MaxValues, Groups: answer.Groups(), Samples: answer.Samples(), Kinds: plugin.Kinds, Narrowing: map[string][]string{}}
	for _, typ := range answer.Types() {
		f.Types = append(f.Types, looksAt(t, typ))
	}
	for _, kind := range plugin.Kinds {
		f.Narrowing[kind] = narrowedBy(t, kind)
	}
	f.Clocks, _ = variable(t, "clocks")
	for list, meanings := range map[*[]meaning][]legend.Meaning{&f.Legend.State: legend.States(), &f.Legend.Severity: legend.Severities(), &f.Legend.Clock: legend.ClockStates()} {
		for _, m := range meanings {
			*list = append(*list, meaning(m))
		}
	}
	for _, s := range legend.Used() {
		f.Legend.Used = append(f.Legend.Used, step(s))
	}

	got, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.MkdirAll(filepath.Dir(forFront), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(forFront, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(forFront)
	if err != nil {
		t.Fatalf("%v: go test ./pkg/plugin -run FrontEnd -update writes it", err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s is not what the back end takes: write it anew with go test ./pkg/plugin -run FrontEnd -update, and bring src and dashboards/gen in line", forFront)
	}
}

// looksAt asks a type of query with each field that a query can have, and
// without. One that changes neither what the server is asked nor what comes
// back is not looked at; a list that is not looked at has to be refused.
func looksAt(t *testing.T, typ answer.Type) takes {
	t.Helper()
	found := takes{Type: typ.Name, Lists: []string{}, Options: []string{}, Measures: append([]string{}, typ.Measures...)}
	plain, answer, err := effect(t, map[string]any{"queryType": typ.Name})
	if asks, again, _ := effect(t, map[string]any{"queryType": typ.Name}); err != nil || asks != plain || again != answer {
		t.Fatalf("%s does not answer the same twice: %v", typ.Name, err)
	}
	for f := range reflect.TypeFor[query.Query]().Fields() {
		name, list := strings.ToLower(f.Name), f.Type.Kind() == reflect.Slice
		if name == "type" || name == "measure" {
			continue
		}
		asks, got, err := effect(t, map[string]any{"queryType": typ.Name, name: values[f.Type.Kind()](name)})
		if filter := slices.Contains(typ.Filters, name); filter && (err != nil || asks == plain) || list && filter == (err != nil) {
			t.Errorf("%s says that it is narrowed by %s: %v; the server was asked otherwise: %v, %v", typ.Name, name, filter, asks != plain, err)
		}
		switch {
		case err != nil: // refused
		case list:
			found.Lists = append(found.Lists, name)
		case asks != plain || got != answer:
			found.Options = append(found.Options, name)
		}
	}
	slices.Sort(found.Lists)
	slices.Sort(found.Options)
	return found
}

// values gives a field something that it takes, by its kind.
var values = map[reflect.Kind]func(name string) any{
	reflect.Bool:   func(string) any { return true },
	reflect.Int:    func(string) any { return 2 },
	reflect.String: func(string) any { return "wo-000002" },
	reflect.Slice: func(name string) any {
		if name == "by" {
			return []string{answer.Groups()[0]}
		}
		return []string{"x1"}
	},
}

// effect is what the server is asked for a query, and what comes back.
func effect(t *testing.T, q map[string]any) (asks, answer string, err error) {
	t.Helper()
	raw, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	s, asked := recorded(t)
	r := queries(t, instance(t, settings(s.URL), &plugin.Channels{}), nil, map[string]string{"A": string(raw)})["A"]
	frames, err := json.Marshal(r.Frames)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(asked(), "\n"), string(frames), r.Error
}

// recorded is a server that notes what it is asked.
func recorded(t *testing.T) (*httptest.Server, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	behind := apitest.New(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.String())
		mu.Unlock()
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(asked)
	}
}

// narrowedBy asks for a kind of variable with each filter and without.
func narrowedBy(t *testing.T, kind string) []string {
	t.Helper()
	filters := []string{}
	plain, asked := variable(t, kind)
	for _, filter := range []string{"building=b1", "domain=leaks"} {
		if got, asks := variable(t, kind+"?"+filter); string(got) != string(plain) || asks != asked {
			name, _, _ := strings.Cut(filter, "=")
			filters = append(filters, name)
		}
	}
	return filters
}

// variable is what can be chosen, and what the server was asked for it but for
// the range, which ends now.
func variable(t *testing.T, what string) (json.RawMessage, string) {
	t.Helper()
	s, asked := recorded(t)
	status, body := resource(t, instance(t, settings(s.URL), &plugin.Channels{}), http.MethodGet, "variables/"+what)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", what, status, body)
	}
	var paths []string
	for _, a := range asked() {
		path, rest, _ := strings.Cut(a, "?")
		for p := range strings.SplitSeq(rest, "&") {
			if !strings.HasPrefix(p, "from=") && !strings.HasPrefix(p, "to=") {
				path += " " + p
			}
		}
		paths = append(paths, path)
	}
	return json.RawMessage(body), strings.Join(paths, "\n")
}
