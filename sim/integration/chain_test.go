package integration

import (
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"plantroom"
	"plantroom/dashboards/gen"
)

// boards asks every query of every board in both flavours, every variable and
// every alert rule, of a house that has a past.
func (g *grafana) boards(t *testing.T) {
	a := g.asker()
	for name, flavour := range map[string]gen.Flavour{"provisioned": gen.Provisioned, "imported": gen.Importable} {
		for _, b := range gen.Boards(a.options, flavour) {
			t.Run(name+"/"+b.UID, func(t *testing.T) {
				a.board(t, b)
				a.variables(t, b)
			})
		}
	}
	t.Run("alerts", a.alerts)
	a.allFilled(t)
	targets := len(gen.Targets(gen.Boards(a.options, gen.Provisioned)))
	t.Logf("%d queries were asked for the %d targets of each flavour and the alerts, and gave %d rows", a.queries, targets, a.rows)
}

// variables asks what a board's variables can be: all of it, and narrowed by a
// building.
func (a *asker) variables(t *testing.T, b gen.Board) {
	for _, v := range b.Templating.List {
		if v.Type != "query" {
			continue
		}
		kind, building, domain, err := variableQuery(v)
		if err != nil || sourceOf(&b, *v.DataSource) != gen.PlantroomUID {
			t.Fatalf("%s: %v, data source %s", v.Name, err, v.DataSource.UID)
		}
		for _, c := range []choice{{}, {"building": {"b1"}}} {
			a.queries++
			list := a.choicesOf(t, kind, url.Values{"building": c.list(building), "domain": c.list(domain)})
			a.rows += len(list)
			if len(list) == 0 {
				t.Errorf("the variable %s of %v has no values", v.Name, c)
			}
			if want := a.known(kind, c, domain); want != nil && !slices.Equal(slices.Sorted(slices.Values(list)), want) {
				t.Errorf("the variable %s of %v has %d values, want %d: %.300v", v.Name, c, len(list), len(want), list)
			}
		}
	}
}

// choicesOf are the values of a resource for variables.
func (a *asker) choicesOf(t *testing.T, kind string, narrow url.Values) []string {
	t.Helper()
	for k, v := range narrow {
		narrow[k] = []string{strings.Join(v, ",")}
		if len(v) == 0 {
			delete(narrow, k)
		}
	}
	text, err := get(t.Context(), a.source("resources/variables/"+kind)+"?"+narrow.Encode(), "")
	var got []struct{ Text, Value string }
	if err == nil {
		err = json.Unmarshal([]byte(text), &got)
	}
	if err != nil {
		t.Errorf("variables/%s: %v", kind, err)
	}
	var list []string
	for _, c := range got {
		if c.Text == "" || c.Value == "" {
			t.Errorf("variables/%s has %+v", kind, c)
		}
		list = append(list, c.Value)
	}
	return list
}

// known is what the estate's own file says a variable can be; nil: it does not.
func (a *asker) known(kind string, c choice, domain []string) (ids []string) {
	switch kind {
	case "buildings":
		for _, b := range a.Estate.Buildings {
			if len(c.list(domain)) == 0 || slices.ContainsFunc(a.Estate.Assets, func(x plantroom.Asset) bool { return x.Building == b.ID && slices.Contains(domain, string(x.Domain)) }) {
				ids = append(ids, string(b.ID))
			}
		}
	case "contractors":
		for _, x := range a.Estate.Contractors {
			ids = append(ids, string(x.ID))
		}
	case "assets":
		for _, x := range a.Estate.Assets {
			if (len(c["building"]) == 0 || slices.Contains(c["building"], string(x.Building))) && (len(c.list(domain)) == 0 || slices.Contains(domain, string(x.Domain))) {
				ids = append(ids, string(x.ID))
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// rules is what is looked at in a file of alert rules, beside what gen reads of it.
type rules struct {
	Groups []struct {
		Rules []struct {
			UID         string            `yaml:"uid"`
			Annotations map[string]string `yaml:"annotations"`
			Data        []struct {
				Range struct {
					From int `yaml:"from"`
				} `yaml:"relativeTimeRange"`
			} `yaml:"data"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

var label = regexp.MustCompile(`\.Labels\.(\w+)`)

// alerts asks what the alert rules ask, as alerting does. Each has to give
// numbers that are told apart by the labels of which its summary speaks.
func (a *asker) alerts(t *testing.T) {
	text, err := os.ReadFile("../../dashboards/provisioning/alerting/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file rules
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	length, speaks := map[string]time.Duration{}, map[string][]string{}
	for _, group := range file.Groups {
		for _, r := range group.Rules {
			length[r.UID] = time.Duration(r.Data[0].Range.From) * time.Second
			for _, m := range label.FindAllStringSubmatch(r.Annotations["summary"], -1) {
				speaks[r.UID] = append(speaks[r.UID], m[1])
			}
		}
	}
	asked, err := gen.AlertTargets(text)
	if err != nil || len(asked) == 0 {
		t.Fatal(asked, err)
	}
	to := time.Now()
	for _, x := range asked {
		from := to.Add(-length[x.Panel])
		switch q := x.Target.(type) {
		case gen.InfluxQuery:
			a.demand(t, x.Panel, q, a.telemetry(t, x.Panel, q, choice{}, from, to, 100))
		case gen.Query:
			got, err := a.asks(t, from, to, true, choice{}.query(q, 100))
			if err != nil {
				t.Errorf("%s: %v", x.Panel, err)
				continue
			}
			a.demand(t, x.Panel, q, a.answer(t, x.Panel, q, got[q.RefID], choice{}, true))
			a.labelled(t, x.Panel, got[q.RefID].Frames, speaks[x.Panel])
		}
	}
}

// labelled wants labels: of a field, or in columns of words beside the numbers.
func (a *asker) labelled(t *testing.T, place string, frames []frame, names []string) {
	t.Helper()
	for _, f := range frames {
		for _, name := range names {
			if !slices.ContainsFunc(f.Schema.Fields, func(c column) bool {
				v, ok := c.Labels[name] // nobody may have an order
				return v != "" || ok && name == "contractor_name" || c.Name == name && c.Type == "string"
			}) {
				t.Errorf("%s speaks of the label %s, which its query does not give", place, name)
			}
		}
	}
}
