package gen_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/influxdata/influxql"

	"plantroom"
	"plantroom/dashboards/gen"
)

// word is a text of a board with the key that it stands under.
type word struct{ key, text string }

// strings_ lists every text of a board.
func strings_(t *testing.T, b *gen.Board) []word {
	t.Helper()
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	var list []word
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				walk(k, e)
			}
		case []any:
			for _, e := range v {
				walk(key, e)
			}
		case string:
			list = append(list, word{key, v})
		}
	}
	walk("", tree)
	return list
}

// variable matches $name and ${name}, ${name:format}; Grafana's own begin with
// two underscores and are cut off first.
var (
	variable = regexp.MustCompile(`\$\{?([a-zA-Z_]\w*)(?::\w+)?\}?`)
	own      = regexp.MustCompile(`\$\{?__[\w.:]+\}?|\$timeFilter|\$tag_\w+|\$\{DS_\w+\}`)
)

func TestEveryVariableIsDefinedAndUsed(t *testing.T) {
	each(t, func(t *testing.T, b *gen.Board) {
		used := map[string]bool{}
		for _, w := range strings_(t, b) {
			for _, m := range variable.FindAllStringSubmatch(own.ReplaceAllString(w.text, ""), -1) {
				used[m[1]] = true
			}
		}
		for _, v := range b.Templating.List {
			if !used[v.Name] {
				t.Errorf("nobody uses the variable %s", v.Name)
			}
			delete(used, v.Name)
		}
		for name := range used {
			t.Errorf("nobody defines the variable %s", name)
		}
	})
}

func TestColoursAreThoseOfTheLegend(t *testing.T) {
	each(t, func(t *testing.T, b *gen.Board) {
		seen := 0
		for _, w := range strings_(t, b) {
			if w.key == "color" || w.key == "fixedColor" || w.key == "iconColor" {
				seen++
				if !slices.Contains(gen.Colours(), w.text) {
					t.Errorf("%q is a colour that the legend does not have", w.text)
				}
			}
		}
		if seen == 0 {
			t.Error("no colours found: does this test still find them?")
		}
	})
}

// Whatever is not known is grey, and a state that is bad is never green.
func TestUnknownIsGreyAndNoDataIsNeverGreen(t *testing.T) {
	grey := ""
	for _, s := range gen.Legend() {
		if s.State == "unknown" {
			grey = s.Colour
		}
	}
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.FieldConfig == nil {
				return
			}
			for _, m := range p.FieldConfig.Defaults.Mappings {
				text, err := json.Marshal(m.Options)
				if err != nil {
					t.Fatal(err)
				}
				if m.Type == "special" && !strings.Contains(string(text), grey) {
					t.Errorf("%q shows no data as %s", p.Title, text)
				}
				var values map[string]gen.Shown
				if m.Type == "value" && json.Unmarshal(text, &values) == nil {
					if v, ok := values["unknown"]; ok && v.Colour != grey {
						t.Errorf("%q shows unknown in %s", p.Title, v.Colour)
					}
				}
			}
		})
	})
}

// Grafana's model has null in one place: the first step of thresholds.
func TestNothingIsNullButTheFirstStepOfThresholds(t *testing.T) {
	null := regexp.MustCompile(`"(\w+)":null`)
	each(t, func(t *testing.T, b *gen.Board) {
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range null.FindAllSubmatch(text, -1) {
			if string(m[1]) != "value" {
				t.Errorf("%s is null", m[1])
			}
		}
	})
}

// A tile that counts is coloured by what it counts, and only from one on.
func TestAZeroHasNoColour(t *testing.T) {
	tiles := 0
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.Type != "stat" {
				return
			}
			for _, o := range p.FieldConfig.Overrides {
				for _, property := range o.Properties {
					if marks, ok := property.Value.(*gen.Thresholds); ok {
						tiles++
						if len(marks.Steps) != 2 || marks.Steps[0].Colour != "transparent" || *marks.Steps[1].Value != 1 {
							t.Errorf("%q, %s: %+v", p.Title, o.Matcher.Options, marks)
						}
					}
				}
			}
		})
	})
	if tiles < 60 {
		t.Errorf("only %d tiles found", tiles)
	}
}

func TestEveryUnitOfASignalIsKnownToGrafana(t *testing.T) {
	// Grafana's ids (packages/grafana-data/src/valueFormats/categories.ts).
	grafana := []string{"none", "percent", "percentunit", "lengthm", "masskg", "s", "degree", "celsius", "litre", "litreh", "amp", "volt", "kwatth", "dB", "dBm", "dateTimeFromNow", "time:YYYY-MM"}
	for _, d := range append(options().Domains, options().Devices) {
		for _, s := range d.Signals {
			if u := gen.UnitOf(s); !slices.Contains(grafana, u) {
				t.Errorf("%s of %s is in %q, which comes to %q: add it to units.go", s.Name, d.Name, s.Unit, u)
			}
		}
	}
	each(t, func(t *testing.T, b *gen.Board) {
		for _, w := range strings_(t, b) {
			if w.key == "unit" && !slices.Contains(grafana, w.text) && w.text != "suffix:N.m" { // of the domain that is made up
				t.Errorf("Grafana has no unit %q", w.text)
			}
		}
	})
}

// readSources are the data sources that files of provisioning make, by uid.
func readSources(t *testing.T) map[string]string {
	t.Helper()
	list := map[string]string{}
	for _, path := range yamlFiles(t, "datasources", "prometheus") {
		var f struct {
			DataSources []struct{ UID, Type string }
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(text, &f); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, d := range f.DataSources {
			list[d.UID] = d.Type
		}
	}
	return list
}

func yamlFiles(t *testing.T, folders ...string) []string {
	t.Helper()
	var all []string
	for _, f := range folders {
		names, err := filepath.Glob(filepath.Join("../provisioning", f, "*.yaml"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no files (%v)", f, err)
		}
		all = append(all, names...)
	}
	return all
}

func TestEveryQueryIsOneThatItsDataSourceTakes(t *testing.T) {
	checkBoards(t, options(), gen.Boards(options(), gen.Provisioned))
}

// checkBoards holds the queries of boards against the model of the data source
// and against what is in InfluxDB.
func checkBoards(t *testing.T, o gen.Options, boards []gen.Board) {
	t.Helper()
	sources := readSources(t)
	asked := gen.Targets(boards)
	if len(asked) < 100 {
		t.Fatalf("only %d queries", len(asked))
	}
	for _, a := range asked {
		text, err := json.Marshal(a.Target)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkTarget(text, sources, o); err != nil {
			t.Errorf("%s, %s: %v", a.Board, a.Panel, err)
		}
	}
}

func checkTarget(text []byte, sources map[string]string, o gen.Options) error {
	var to struct{ DataSource gen.Ref }
	if err := json.Unmarshal(text, &to); err != nil {
		return err
	}
	if sources[to.DataSource.UID] != to.DataSource.Type {
		return fmt.Errorf("no file of provisioning makes %+v", to.DataSource)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if to.DataSource.Type == gen.PlantroomPlugin {
		var q gen.Query
		if err := dec.Decode(&q); err != nil {
			return err
		}
		return q.Check()
	}
	var q gen.InfluxQuery
	if err := dec.Decode(&q); err != nil {
		return err
	}
	if !q.RawQuery || q.ResultFormat != "time_series" {
		return fmt.Errorf("%+v is no raw query for series", q)
	}
	return checkInfluxQL(q.Query, o)
}

// filled puts in what Grafana would, for everything.
func filled(query string) string {
	return strings.NewReplacer("$timeFilter", "time >= now() - 1h AND time <= now()", "$__interval", "1m",
		"${building:regex}", ".*", "${asset:regex}", ".*").Replace(query)
}

// answered are the functions that InfluxDB 1.8, 2.x and 3 all have in InfluxQL,
// as far as the boards need any.
var answered = []string{"last", "max", "min", "mean", "sum", "count", "non_negative_difference"}

func checkInfluxQL(query string, o gen.Options) error {
	text := filled(query)
	if strings.Contains(strings.ReplaceAll(text, "$/", ""), "$") { // $/ is the end of a regular expression
		return fmt.Errorf("%q: something is not filled in", text)
	}
	parsed, err := influxql.ParseStatement(text)
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	s, ok := parsed.(*influxql.SelectStatement)
	if !ok || len(s.Sources) != 1 || s.SLimit+s.SOffset > 0 || s.Target != nil {
		return fmt.Errorf("%q is not a plain SELECT from one measurement", text)
	}
	if !strings.Contains(query, "$timeFilter") {
		return fmt.Errorf("%q forgets the time", query)
	}
	from := s.Sources[0].(*influxql.Measurement).Name
	fields := signalsOf(o, from)
	if fields == nil {
		return fmt.Errorf("%q: there is no measurement %s", text, from)
	}
	var bad error
	influxql.WalkFunc(s.Fields, func(n influxql.Node) {
		switch n := n.(type) {
		case *influxql.VarRef:
			if !slices.Contains(fields, n.Val) {
				bad = fmt.Errorf("%q: %s has no field %s", text, from, n.Val)
			}
		case *influxql.Call:
			if !slices.Contains(answered, n.Name) {
				bad = fmt.Errorf("%q: %s() is not on the list of what all versions answer", text, n.Name)
			}
		}
	})
	for _, d := range s.Dimensions {
		if ref, ok := d.Expr.(*influxql.VarRef); ok && !slices.Contains([]string{"asset", "building", "device", "estate"}, ref.Val) {
			bad = fmt.Errorf("%q: there is no tag %s", text, ref.Val)
		}
	}
	return bad
}

// signalsOf are the fields of a measurement: its signals, and the quality that
// stands beside a doubtful one. Any device's own are in a measurement of theirs.
func signalsOf(o gen.Options, measurement string) []string {
	for _, d := range append(slices.Clone(o.Domains), o.Devices) {
		if d.Measurement == measurement {
			names := []string{"quality"}
			for _, s := range d.Signals {
				names = append(names, s.Name)
			}
			return names
		}
	}
	return nil
}

// Every signal of a domain is on its board, and every reading of it on the asset's.
func TestNoSignalIsForgotten(t *testing.T) {
	boards := gen.Boards(options(), gen.Provisioned)
	has := func(uid, measurement, signal string) bool {
		return slices.ContainsFunc(gen.Targets(boards), func(a gen.Asked) bool {
			q, ok := a.Target.(gen.InfluxQuery)
			return ok && a.Board == uid && strings.Contains(q.Query, `"`+signal+`"`) && strings.Contains(q.Query, `FROM "`+measurement+`"`)
		})
	}
	for _, d := range options().Domains {
		for _, s := range d.Signals {
			for _, uid := range []string{gen.UID(string(d.Name)), gen.UID("asset")} {
				if !has(uid, d.Measurement, s.Name) {
					t.Errorf("%s has no %s of %s", uid, s.Name, d.Measurement)
				}
			}
		}
	}
	for _, s := range options().Devices.Signals {
		if !has(gen.UID("asset"), plantroom.DeviceMeasurement, s.Name) {
			t.Errorf("the asset's board has no %s", s.Name)
		}
	}
}

func TestWhatADataSourceWouldRefuseIsRefusedHere(t *testing.T) {
	for name, text := range map[string]string{
		"a type of tomorrow":        `{"refId":"A","datasource":{"type":"plantroom-facilities-datasource","uid":"plantroom"},"queryType":"tomorrow"}`,
		"a filter that it has not":  `{"refId":"A","datasource":{"type":"plantroom-facilities-datasource","uid":"plantroom"},"queryType":"asset_state","rule":["x"]}`,
		"a field that nobody knows": `{"refId":"A","datasource":{"type":"plantroom-facilities-datasource","uid":"plantroom"},"queryType":"asset_state","asest":["x"]}`,
		"a measure that it has not": `{"refId":"A","datasource":{"type":"plantroom-facilities-datasource","uid":"plantroom"},"queryType":"sla_compliance","measure":"joy"}`,
		"another data source":       `{"refId":"A","datasource":{"type":"plantroom-facilities-datasource","uid":"x"},"queryType":"asset_state"}`,
		"no InfluxQL":               `{"refId":"A","datasource":{"type":"influxdb","uid":"plantroom-influx"},"rawQuery":true,"resultFormat":"time_series","query":"SELEKT"}`,
		"no such field":             `{"refId":"A","datasource":{"type":"influxdb","uid":"plantroom-influx"},"rawQuery":true,"resultFormat":"time_series","query":"SELECT last(\"x\") FROM \"lift\" WHERE $timeFilter"}`,
		"what version 3 has not":    `{"refId":"A","datasource":{"type":"influxdb","uid":"plantroom-influx"},"rawQuery":true,"resultFormat":"time_series","query":"SELECT integral(\"floor\") FROM \"lift\" WHERE $timeFilter"}`,
	} {
		if err := checkTarget([]byte(text), readSources(t), options()); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}
