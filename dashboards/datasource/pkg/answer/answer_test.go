package answer_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/answer"
	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/api/apitest"
	"plantroom/dashboards/datasource/pkg/query"
)

func TestAQuestionThatCannotBeAnsweredSaysWhy(t *testing.T) {
	d := desk(t, apitest.New(t))
	for want, tc := range map[string]struct {
		q      query.Query
		number bool
	}{
		`no query type "weather"`: {query.Query{Type: "weather"}, false},
		"the types are work_orders, incidents, sla_compliance, contractor_league, sla_burndown, asset_state, asset_current, asset_kpi, gateways, dispatch_events": {query.Query{}, false},
		`asset_state cannot be narrowed by "contractor"`: {query.Query{Type: "asset_state", Contractor: []string{"quicklift"}}, false},
		`cannot be grouped by "floor"`:                   {query.Query{Type: "sla_compliance", By: []string{"floor"}}, false},
		"by day or by month":                             {query.Query{Type: "sla_compliance", By: []string{"day", "month"}}, false},
		`has no number "height"`:                         {query.Query{Type: "asset_kpi", Measure: "height"}, false},
		"neither an alert nor an expression":             {query.Query{Type: "asset_state"}, true},
		"the estate has no asset b9-l9":                  {query.Query{Type: "work_orders", Asset: []string{"b9-l9"}}, true},
		"51 orders":                                      {query.Query{Type: "sla_burndown", Order: many("wo-", 51)}, false},
		"11 orders":                                      {query.Query{Type: "dispatch_events", Order: many("wo-", 11)}, false},
	} {
		_, err := ask(t, d, tc.q, tc.number)
		var e *query.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", tc.q, err, want)
		}
	}
	_, err := answer.Ask(t.Context(), d, answer.Question{Query: query.Query{Type: "asset_kpi"}, From: apitest.At(0), To: apitest.At(24 * 4000 * time.Hour)})
	if err == nil || !strings.Contains(err.Error(), "ten years") {
		t.Errorf("eleven years: %v", err)
	}
	_, err = answer.Ask(t.Context(), d, answer.Question{Query: query.Query{Type: "asset_kpi"}, From: apitest.At(0), To: apitest.At(time.Hour), Ignored: []string{"buildin"}, Number: true})
	if err == nil || !strings.Contains(err.Error(), "buildin") {
		t.Errorf("a misspelt filter of an alert: %v", err)
	}
}

func many(prefix string, n int) []string {
	var list []string
	for i := range n {
		list = append(list, prefix+strings.Repeat("0", i%9)+string(rune('a'+i%26))+strings.Repeat("1", i/26))
	}
	return list
}

// notices are the texts of a frame's notices of one severity.
func notices(f *data.Frame, s data.NoticeSeverity) string {
	var all []string
	for _, n := range f.Meta.Notices {
		if n.Severity == s {
			all = append(all, n.Text)
		}
	}
	return strings.Join(all, "; ")
}

func TestWhatAPanelCannotShowIsInItsNotices(t *testing.T) {
	d := desk(t, apitest.New(t))
	for _, tc := range asks {
		if tc.number || slices.Contains([]string{"dispatch_events"}, tc.query.Type) {
			continue
		}
		q := tc.query
		unknown := "asset b9-l9"
		if q.Asset = []string{"b1-l1", "b9-l9"}; q.Type == "gateways" {
			q.Asset, q.Building, unknown = nil, []string{"b1", "b9"}, "building b9"
		}
		frames, err := ask(t, d, q, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := notices(frames[0], data.NoticeSeverityWarning); !strings.Contains(got, "the estate has no "+unknown+", so nothing is shown of it") {
			t.Errorf("%s says %q of an unknown %s", tc.name, got, unknown)
		}
	}
	frames, err := ask(t, d, query.Query{Type: "work_orders", Limit: 1}, false)
	if err != nil || !strings.Contains(notices(frames[0], data.NoticeSeverityWarning), "there are more work orders than are shown") {
		t.Errorf("a page that is not all says %q, %v", notices(frames[0], data.NoticeSeverityWarning), err)
	}
	frames, err = ask(t, d, query.Query{Type: "dispatch_events", Limit: 1}, false) // a log of what goes on would warn all day
	if err != nil || notices(frames[0], data.NoticeSeverityWarning) != "" || !strings.Contains(notices(frames[0], data.NoticeSeverityInfo), "the newest events") {
		t.Errorf("a log that does not go back to the beginning warns %q, %v", notices(frames[0], data.NoticeSeverityWarning), err)
	}
	frames, err = answer.Ask(t.Context(), d, answer.Question{Query: query.Query{Type: "asset_current"}, Ignored: []string{"buildin"}})
	if err != nil || !strings.Contains(notices(frames[0], data.NoticeSeverityWarning), "buildin; it was left out") {
		t.Errorf("a misspelt field says %q, %v", notices(frames[0], data.NoticeSeverityWarning), err)
	}
}

// An alert fails on two results that nothing tells apart: one number for each row.
func TestWhatAnAlertGetsHasOneNumberForEachThing(t *testing.T) {
	d := desk(t, apitest.New(t))
	for _, typ := range answer.Types() {
		for _, measure := range typ.Measures {
			frames, err := ask(t, d, query.Query{Type: typ.Name, Measure: measure}, true)
			if err != nil {
				t.Errorf("%s, %s: %v", typ.Name, measure, err)
				continue
			}
			for _, f := range frames {
				var numbers []string
				for _, field := range f.Fields {
					if field.Type().Numeric() {
						numbers = append(numbers, field.Name)
					}
				}
				if !slices.Equal(numbers, []string{measure}) {
					t.Errorf("%s, %s: the numbers are %v", typ.Name, measure, numbers)
				}
				if !f.Meta.Type.IsNumeric() && !f.Meta.Type.IsTimeSeries() {
					t.Errorf("%s is of type %q, which expressions do not take", typ.Name, f.Meta.Type)
				}
			}
		}
	}
}

func TestCountingForAnAlertGoesThroughAllPages(t *testing.T) {
	s := apitest.New(t)
	frames, err := ask(t, desk(t, s), query.Query{Type: "work_orders", Limit: 1}, true)
	if err != nil {
		t.Fatal(err)
	}
	if n := frames[0].Fields[0].At(0); n != int64(3) || s.Asked("/api/v1/history/orders").Get("limit") != "1000" {
		t.Errorf("%v orders, asked with %v", n, s.Asked("/api/v1/history/orders"))
	}
}

func TestLinksLeadToPlantroomsPages(t *testing.T) {
	frames, err := ask(t, desk(t, apitest.New(t)), query.Query{Type: "work_orders"}, false)
	if err != nil {
		t.Fatal(err)
	}
	f := frames[0]
	id, _ := f.FieldByName("id")
	href, _ := f.FieldByName("href")
	if got := id.Config.Links[0].URL; got != public+"${__data.fields.href}" {
		t.Errorf("the order's link is %s", got)
	}
	if href.At(0) != "/orders/wo-000002" || href.At(2) != "" { // the third one's would have led elsewhere
		t.Errorf("paths %v and %v", href.At(0), href.At(2))
	}
}

func TestAStateIsCarriedInAndEndsWhereItIsNotKnownAnyMore(t *testing.T) {
	frames, err := ask(t, desk(t, apitest.New(t)), query.Query{Type: "asset_state"}, false)
	if err != nil || len(frames) != 2 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	if frames[0].Name != "b2-w1" || frames[1].Name != "b1-l1" {
		t.Fatalf("%s comes before %s: what is not heard comes before what is well", frames[0].Name, frames[1].Name)
	}
	at, state := frames[1].Fields[0], frames[1].Fields[1]
	if at.At(0) != apitest.At(0) || *state.At(0).(*string) != "ok" {
		t.Errorf("it begins with %v at %v", *state.At(0).(*string), at.At(0))
	}
	last := at.Len() - 1
	if state.At(last).(*string) != nil || at.At(last) != apitest.At(8*time.Hour) {
		t.Errorf("it ends with %v at %v", state.At(last), at.At(last))
	}
}

func TestEverySampleIsAnswered(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range answer.Samples() {
		frames, err := ask(t, desk(t, apitest.New(t)), decode(t, s.Query), false)
		if err != nil || frames[0].Rows() == 0 {
			t.Errorf("%s: %v", s.Title, err)
		}
		seen[s.Query["queryType"].(string)] = true
	}
	for _, typ := range answer.Types() {
		if !seen[typ.Name] {
			t.Errorf("there is no sample of %s", typ.Name)
		}
	}
}

// In some zones clocks are put forward at midnight, so that a day begins at one.
func TestADayBeginsOnThatDayInEveryZone(t *testing.T) {
	s := apitest.New(t)
	zone := "America/Santiago"
	s.Instead(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/api/v1/estate" {
			_, _ = fmt.Fprintf(w, `{"id":"far","zone":%q}`, zone)
			return
		}
		_, _ = fmt.Fprint(w, `{"items":[{"day":"2025-09-06","promised":1},{"day":"2025-09-07","promised":1},{"day":"2025-09-08","promised":1}]}`)
	})
	d := desk(t, s)
	frames, err := ask(t, d, query.Query{Type: "sla_compliance", By: []string{"day"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"2025-09-06 00:00", "2025-09-07 01:00", "2025-09-08 00:00"} {
		if got := frames[0].Fields[0].At(i).(time.Time).In(at).Format("2006-01-02 15:04"); got != want {
			t.Errorf("day %d begins %s, want %s", i, got, want)
		}
	}
	for _, zone = range []string{"Mars/Olympus", ""} {
		var e *api.Error
		if _, err := ask(t, d, query.Query{Type: "sla_compliance", By: []string{"month"}}, false); !errors.As(err, &e) || e.Status != 502 || !strings.Contains(err.Error(), "time zone") {
			t.Errorf("zone %q: %v", zone, err)
		}
	}
}
