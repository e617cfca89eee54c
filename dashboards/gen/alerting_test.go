package gen_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"plantroom/dashboards/gen"
)

// What follows is the part of Grafana's provisioning schema that our files use
// (pkg/services/provisioning/alerting of Grafana): a key that is not here is
// misspelt, or has to be looked up first.
type (
	ruleFile struct {
		APIVersion int `yaml:"apiVersion"`
		Groups     []struct {
			OrgID    int    `yaml:"orgId"`
			Name     string `yaml:"name"`
			Folder   string `yaml:"folder"`
			Interval string `yaml:"interval"`
			Rules    []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	rule struct {
		UID          string            `yaml:"uid"`
		Title        string            `yaml:"title"`
		Condition    string            `yaml:"condition"`
		For          string            `yaml:"for"`
		NoData       string            `yaml:"noDataState"`
		ExecErr      string            `yaml:"execErrState"`
		Missing      int               `yaml:"missing_series_evals_to_resolve"`
		DashboardUID string            `yaml:"dashboardUid"`
		PanelID      int               `yaml:"panelId"`
		Annotations  map[string]string `yaml:"annotations"`
		Labels       map[string]string `yaml:"labels"`
		Data         []step            `yaml:"data"`
	}
	step struct {
		RefID string `yaml:"refId"`
		Range struct {
			From int `yaml:"from"`
			To   int `yaml:"to"`
		} `yaml:"relativeTimeRange"`
		DataSourceUID string         `yaml:"datasourceUid"`
		Model         map[string]any `yaml:"model"`
	}
	contactFile struct {
		APIVersion    int `yaml:"apiVersion"`
		ContactPoints []struct {
			OrgID     int    `yaml:"orgId"`
			Name      string `yaml:"name"`
			Receivers []struct {
				UID       string         `yaml:"uid"`
				Type      string         `yaml:"type"`
				NoResolve bool           `yaml:"disableResolveMessage"`
				Settings  map[string]any `yaml:"settings"`
			} `yaml:"receivers"`
		} `yaml:"contactPoints"`
	}
	policyFile struct {
		APIVersion int      `yaml:"apiVersion"`
		Policies   []policy `yaml:"policies"`
	}
	policy struct {
		OrgID          int        `yaml:"orgId"`
		Receiver       string     `yaml:"receiver"`
		GroupBy        []string   `yaml:"group_by"`
		GroupWait      string     `yaml:"group_wait"`
		GroupInterval  string     `yaml:"group_interval"`
		RepeatInterval string     `yaml:"repeat_interval"`
		Matchers       [][]string `yaml:"object_matchers"`
		Mute           []string   `yaml:"mute_time_intervals"`
		Routes         []policy   `yaml:"routes"`
	}
	muteFile struct {
		APIVersion int `yaml:"apiVersion"`
		MuteTimes  []struct {
			OrgID     int    `yaml:"orgId"`
			Name      string `yaml:"name"`
			Intervals []struct {
				Times []struct {
					Start string `yaml:"start_time"`
					End   string `yaml:"end_time"`
				} `yaml:"times"`
				Location string `yaml:"location"`
			} `yaml:"time_intervals"`
		} `yaml:"muteTimes"`
	}
)

func readStrictly(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

const (
	shipped  = "../provisioning/alerting/rules.yaml"
	optional = "../provisioning/prometheus/rules.yaml"
)

func rules(t *testing.T, paths ...string) []rule {
	t.Helper()
	var all []rule
	for _, path := range paths {
		var f ruleFile
		readStrictly(t, path, &f)
		for _, g := range f.Groups {
			if g.OrgID != 1 || g.Folder != "Plantroom" || g.Interval == "" {
				t.Errorf("%s: the group %q is in org %d, folder %q, every %q", path, g.Name, g.OrgID, g.Folder, g.Interval)
			}
			all = append(all, g.Rules...)
		}
	}
	return all
}

// expressions are Grafana's own steps.
const expressions = "__expr__"

// alertQueries are the queries of the rules that are shipped.
func alertQueries(t *testing.T) []gen.Asked {
	t.Helper()
	text, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	list, err := gen.AlertTargets(text)
	if err != nil || len(list) < len(rules(t, shipped)) {
		t.Fatalf("%d queries, %v", len(list), err)
	}
	return list
}

// Each rule is one query, its last value, and a threshold; it asks what its data
// source takes, as a number, and leads to a board.
func TestEveryAlertRuleCanBeProvisioned(t *testing.T) {
	sources := readSources(t)
	uids := map[string]bool{}
	o := options()
	o.Domains = append(o.Domains, invented()) // no domain that is added may make a rule lead elsewhere
	panels := map[string]string{}
	for _, list := range [][]gen.Board{gen.Boards(options(), gen.Provisioned), gen.Boards(o, gen.Provisioned)} {
		for _, b := range list {
			b.Each(func(p *gen.Panel) {
				key := fmt.Sprint(b.UID, "/", p.ID)
				if len(p.Targets) == 0 || panels[key] != "" && panels[key] != p.Title {
					panels[key] = "-"
					return
				}
				panels[key] = p.Title
			})
		}
	}
	for _, r := range rules(t, shipped, optional) {
		t.Run(r.UID, func(t *testing.T) {
			switch {
			case uids[r.UID] || r.UID == "" || len(r.UID) > 40:
				t.Error("its uid is taken, empty or too long")
			case len(panels[fmt.Sprint(r.DashboardUID, "/", r.PanelID)]) < 2:
				t.Errorf("it leads to no panel, or to one that moves: %s, %d", r.DashboardUID, r.PanelID)
			case panels[fmt.Sprint(r.DashboardUID, "/", r.PanelID)] != shownBy[r.UID]:
				t.Errorf("it leads to %q, want %q", panels[fmt.Sprint(r.DashboardUID, "/", r.PanelID)], shownBy[r.UID])
			case r.Annotations["summary"] == "" || r.Annotations["runbook"] == "":
				t.Error("it does not say what is the matter and what to do")
			case !slices.Contains([]string{"low", "medium", "high"}, r.Labels["severity"]):
				t.Errorf("severity %q", r.Labels["severity"])
			case r.Condition != "C" || len(r.Data) != 3:
				t.Errorf("condition %s of %d steps", r.Condition, len(r.Data))
			}
			uids[r.UID] = true
			for key, text := range r.Annotations {
				if strings.Contains(text, "$") {
					t.Errorf("%s: some versions of Grafana would put their environment in for what has a dollar sign: %s", key, text)
				}
			}
			checkSteps(t, r, sources)
		})
	}
}

// shownBy says which panel shows what a rule is about: a number that stands in a
// file of rules leads elsewhere when panels are added before it.
var shownBy = map[string]string{
	"plantroom-not-answering": "Open orders, the most pressing window first", "plantroom-window-at-risk": "Windows running out", "plantroom-window-breached": "Windows running out",
	"plantroom-gateway-silent": "Gateways", "plantroom-battery-low": "Batteries (%), the emptiest first",
	"plantroom-spool-filling": "Gateways", "plantroom-quarantine-growing": "Gateways", "plantroom-spool-filling-metrics": "Gateways", "plantroom-quarantine-growing-metrics": "Gateways",
}

func checkSteps(t *testing.T, r rule, sources map[string]string) {
	t.Helper()
	for i, s := range r.Data {
		if s.RefID != string(rune('A'+i)) || s.Model["refId"] != s.RefID {
			t.Errorf("step %d is called %s and %v", i, s.RefID, s.Model["refId"])
		}
	}
	query, reduce, threshold := r.Data[0], r.Data[1], r.Data[2]
	if query.Range.From <= 0 || query.Range.To != 0 {
		t.Errorf("it asks for %+v", query.Range)
	}
	if reduce.DataSourceUID != expressions || reduce.Model["type"] != "reduce" || reduce.Model["expression"] != "A" || reduce.Model["reducer"] != "last" {
		t.Errorf("B is %v", reduce.Model)
	}
	if threshold.DataSourceUID != expressions || threshold.Model["type"] != "threshold" || threshold.Model["expression"] != "B" || threshold.Model["conditions"] == nil {
		t.Errorf("C is %v", threshold.Model)
	}
	text, err := json.Marshal(query.Model)
	if err != nil {
		t.Fatal(err)
	}
	if ref, _ := query.Model["datasource"].(map[string]any); ref["uid"] != query.DataSourceUID || sources[query.DataSourceUID] != ref["type"] {
		t.Errorf("it asks %q by way of %v", query.DataSourceUID, ref)
	}
	switch query.DataSourceUID {
	case "plantroom-prometheus":
		checkMetrics(t, query.Model["expr"].(string))
	case gen.PlantroomUID:
		var q gen.Query
		if err := json.Unmarshal(text, &q); err != nil || !q.Alertable() {
			t.Errorf("%s gives an alert no number (%v)", text, err)
		}
		fallthrough
	default:
		if err := checkTarget(text, sources, options()); err != nil {
			t.Error(err)
		}
		if bytes.Contains(text, []byte("${")) {
			t.Errorf("%s: an alert has no variables", text)
		}
	}
}

// checkMetrics looks for the metrics of an expression where they are written.
func checkMetrics(t *testing.T, expr string) {
	t.Helper()
	for _, name := range regexp.MustCompile(`plantroom_\w+`).FindAllString(expr, -1) {
		file := "../../services/app/metrics.go"
		short := strings.TrimPrefix(name, "plantroom_")
		if strings.HasPrefix(short, "gateway_") {
			file, short = "../../gateway/app/metrics.go", name
		}
		src, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(src, []byte(`"`+short+`"`)) {
			t.Errorf("%s shows no %s (%v)", file, name, err)
		}
	}
}

// What no answer means is thought through: an error is never well; no rows are
// well only where Plantroom says so itself, and then a rule watches that it answers.
func TestNoDataIsNeverWellUnlessPlantroomSaysSo(t *testing.T) {
	watched := false
	for _, r := range rules(t, shipped, optional) {
		if r.ExecErr != "Error" && r.ExecErr != "Alerting" {
			t.Errorf("%s: execErrState %q", r.UID, r.ExecErr)
		}
		source := r.Data[0].DataSourceUID
		switch {
		case r.NoData == "OK" && source != gen.PlantroomUID:
			t.Errorf("%s takes silence of %s for well", r.UID, source)
		case r.NoData == "Alerting" && r.ExecErr == "Alerting" && source == gen.PlantroomUID && r.Data[0].Model["by"] == nil:
			watched = true // a count without groups has a row always
		case !slices.Contains([]string{"OK", "NoData", "Alerting"}, r.NoData):
			t.Errorf("%s: noDataState %q", r.UID, r.NoData)
		}
	}
	if !watched {
		t.Error("no rule watches that Plantroom answers")
	}
}

// Of promises the open ones are those that are not late: counting them, an alert
// would be over when things get worst.
func TestNoAlertIsOverBecauseAWindowIsUsedUp(t *testing.T) {
	for _, r := range rules(t, shipped) {
		if m := r.Data[0].Model; m["queryType"] == gen.SLACompliance && m["measure"] == "open" {
			t.Errorf("%s counts promises that are open and not late", r.UID)
		}
	}
}

// An alert that Plantroom makes an order of names an asset: its query has that
// tag. Alerts about orders do not go there, or each window would raise another.
func TestOnlyWhatPlantroomDoesNotFindItselfBecomesAnOrder(t *testing.T) {
	orders := 0
	for _, r := range rules(t, shipped, optional) {
		if r.Labels["plantroom_order"] != "yes" {
			continue
		}
		orders++
		q, _ := r.Data[0].Model["query"].(string)
		if !strings.Contains(q, `GROUP BY`) || !strings.Contains(q, `"asset"`) {
			t.Errorf("%s names no asset: %q", r.UID, q)
		}
	}
	if orders == 0 {
		t.Error("no rule shows how an alert becomes an order")
	}
}

func TestEveryRouteLeadsToAContactPointWithoutASecretOfItsOwn(t *testing.T) {
	var contacts contactFile
	readStrictly(t, "../provisioning/alerting/contact-points.yaml", &contacts)
	known := map[string]bool{}
	for _, c := range contacts.ContactPoints {
		known[c.Name] = true
		for _, r := range c.Receivers {
			if r.Type != "webhook" {
				continue
			}
			if r.Settings["authorization_scheme"] != "Bearer" || r.Settings["authorization_credentials"] != "$PLANTROOM_ALERTS_TOKEN" || r.NoResolve {
				t.Errorf("%s: %v", c.Name, r.Settings)
			}
			if r.Settings["url"] != "$PLANTROOM_URL/api/v1/alerts" {
				t.Errorf("%s sends to %v", c.Name, r.Settings["url"])
			}
		}
	}
	var policies policyFile
	readStrictly(t, "../provisioning/alerting/policies.yaml", &policies)
	var mutes muteFile
	readStrictly(t, "../provisioning/alerting/mute-timings.yaml", &mutes)
	intervals := map[string]bool{}
	for _, m := range mutes.MuteTimes {
		intervals[m.Name] = true
	}
	root := policies.Policies[0]
	if len(root.Mute) > 0 {
		t.Error("Grafana refuses a root policy that is muted")
	}
	for _, p := range append([]policy{root}, root.Routes...) {
		if !known[p.Receiver] {
			t.Errorf("there is no contact point %q", p.Receiver)
		}
		for _, m := range p.Mute {
			if !intervals[m] {
				t.Errorf("there is no mute timing %q", m)
			}
			if len(p.Matchers) != 1 || !slices.Equal(p.Matchers[0], []string{"severity", "=", "low"}) {
				t.Errorf("%v is muted: only what is low may be", p.Matchers)
			}
		}
	}
}
