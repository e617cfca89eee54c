package answer_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/answer"
	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/api/apitest"
	"plantroom/dashboards/datasource/pkg/query"
)

var update = flag.Bool("update", false, "write the golden frames anew")

const public = "https://plantroom.example"

func desk(t *testing.T, s *apitest.Server) answer.Desk {
	t.Helper()
	c, err := api.New(api.Options{URL: s.URL, Token: apitest.Token, HTTP: httpclient.Options{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return answer.Desk{API: c, Public: public}
}

// asks are the questions of the golden frames: each type as a panel asks it,
// and each that has numbers as an alert asks it.
var asks = []struct {
	name   string
	query  query.Query
	number bool
}{
	{"work_orders", query.Query{Type: "work_orders"}, false},
	{"work_orders-alert", query.Query{Type: "work_orders", Open: true}, true},
	{"incidents", query.Query{Type: "incidents"}, false},
	{"incidents-alert", query.Query{Type: "incidents"}, true},
	{"sla_compliance", query.Query{Type: "sla_compliance"}, false},
	{"sla_compliance-by", query.Query{Type: "sla_compliance", By: []string{"contractor", "clock", "severity"}}, false},
	{"sla_compliance-day", query.Query{Type: "sla_compliance", By: []string{"day", "domain"}, Measure: "breached"}, false},
	{"sla_compliance-month", query.Query{Type: "sla_compliance", By: []string{"month"}}, false},
	{"sla_compliance-alert", query.Query{Type: "sla_compliance", By: []string{"contractor"}}, true},
	{"contractor_league", query.Query{Type: "contractor_league"}, false},
	{"contractor_league-alert", query.Query{Type: "contractor_league"}, true},
	{"sla_burndown", query.Query{Type: "sla_burndown"}, false},
	{"asset_state", query.Query{Type: "asset_state"}, false},
	{"asset_current", query.Query{Type: "asset_current"}, false},
	{"asset_current-alert", query.Query{Type: "asset_current"}, true},
	{"asset_current-level", query.Query{Type: "asset_current", Measure: "level"}, false},
	{"asset_kpi", query.Query{Type: "asset_kpi"}, false},
	{"asset_kpi-alert", query.Query{Type: "asset_kpi", Measure: "mttr_s"}, true},
	{"gateways", query.Query{Type: "gateways"}, false},
	{"gateways-alert", query.Query{Type: "gateways"}, true},
	{"gateways-silent", query.Query{Type: "gateways", Measure: "silent"}, true},
	{"dispatch_events", query.Query{Type: "dispatch_events"}, false},
	{"dispatch_events-alert", query.Query{Type: "dispatch_events"}, true},
}

func ask(t *testing.T, d answer.Desk, q query.Query, number bool) (data.Frames, error) {
	t.Helper()
	return answer.Ask(t.Context(), d, answer.Question{Query: q, From: apitest.At(0), To: apitest.At(24 * time.Hour), Number: number, MaxPoints: 800})
}

func TestFramesAreAsTheyWere(t *testing.T) {
	for _, tc := range asks {
		t.Run(tc.name, func(t *testing.T) {
			frames, err := ask(t, desk(t, apitest.New(t)), tc.query, tc.number)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, tc.name, frames)
			checkFrames(t, frames)
		})
	}
}

func TestWhereThereIsNothingTheColumnsAreThereAndItIsSaid(t *testing.T) {
	for _, tc := range asks {
		t.Run(tc.name, func(t *testing.T) {
			full, err := ask(t, desk(t, apitest.New(t)), tc.query, tc.number)
			if err != nil {
				t.Fatal(err)
			}
			s := apitest.New(t)
			s.Empty()
			frames, err := ask(t, desk(t, s), tc.query, tc.number)
			if err != nil || len(frames) != 1 {
				t.Fatalf("%d frames, %v", len(frames), err)
			}
			for _, f := range full[0].Fields[:min(2, len(full[0].Fields))] {
				if _, i := frames[0].FieldByName(f.Name); i < 0 {
					t.Errorf("the column %s is missing", f.Name)
				}
			}
			if n := frames[0].Meta.Notices; len(n) != 1 || n[0].Severity != data.NoticeSeverityInfo {
				t.Errorf("it says %v", n)
			}
			golden(t, tc.name+"-empty", frames)
		})
	}
}

// checkFrames holds a frame to what Grafana wants of all.
func checkFrames(t *testing.T, frames data.Frames) {
	t.Helper()
	for _, f := range frames {
		if f.Meta == nil || f.Meta.Type == "" || f.Meta.Type != data.FrameTypeLogLines && f.Meta.TypeVersion.IsZero() {
			t.Errorf("%s has no type with a version", f.Name)
		}
		if f.Meta.Custom != nil {
			t.Errorf("%s has custom metadata", f.Name)
		}
		for i, field := range f.Fields {
			if field.Type().Time() && f.Fields[0].Type().Time() == false && f.Meta.Type.IsTimeSeries() {
				t.Errorf("%s: the time %s is field %d", f.Name, field.Name, i)
			}
		}
		if _, err := f.RowLen(); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if _, err := f.MarshalArrow(); err != nil {
			t.Errorf("%s cannot be sent: %v", f.Name, err)
		}
	}
}

// golden compares frames with those that were seen by a person before.
func golden(t *testing.T, name string, frames data.Frames) {
	t.Helper()
	raw, err := json.Marshal(frames)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, raw, "", "\t"); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	path := filepath.Join("testdata", "golden", name+".json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: go test ./pkg/answer -update writes it", err)
	}
	if !bytes.Equal(want, got.Bytes()) {
		t.Errorf("%s is not as it was: look at what go test ./pkg/answer -update changes", path)
	}
}

// decode reads a query as Grafana sends it.
func decode(t *testing.T, v any) query.Query {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	q, ignored, err := query.Decode(raw)
	if err != nil || len(ignored) > 0 {
		t.Fatalf("%s: %v, ignored %v", raw, err, ignored)
	}
	return q
}
