package query_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"plantroom/dashboards/datasource/pkg/query"
)

func TestAQueryIsReadAsTheEditorWritesIt(t *testing.T) {
	q, ignored, err := query.Decode(json.RawMessage(`{
		"refId":"A","datasource":{"type":"plantroom-facilities-datasource","uid":"plantroom"},"intervalMs":1000,"maxDataPoints":500,"hide":false,
		"queryType":"work_orders","building":["b1","b2"],"asset":[],"domain":["lifts"],"open":true,"live":false,"limit":50,"by":["contractor","clock"],"measure":"share"}`))
	if err != nil || len(ignored) > 0 {
		t.Fatalf("%v, ignored %v", err, ignored)
	}
	want := query.Query{Type: "work_orders", Building: []string{"b1", "b2"}, Domain: []string{"lifts"}, Open: true, Limit: 50, By: []string{"contractor", "clock"}, Measure: "share"}
	if !reflect.DeepEqual(q, want) {
		t.Errorf("got %+v, want %+v", q, want)
	}
}

func TestWhatVariablesBecomeIsUnderstood(t *testing.T) {
	for in, want := range map[string][]string{
		`["b1"]`:                   {"b1"},
		`"b1"`:                     {"b1"},
		`["b1,b2"]`:                {"b1", "b2"},
		`["{b1,b2}"]`:              {"b1", "b2"},
		`["b1","{b2,b1}","", " "]`: {"b1", "b2"},
		`["$__all"]`:               nil,
		`["b1","$__all"]`:          nil,
		`["All"]`:                  nil,
		`[]`:                       nil,
		`null`:                     nil,
	} {
		q, _, err := query.Decode(json.RawMessage(`{"asset":` + in + `}`))
		if err != nil || !reflect.DeepEqual(q.Asset, want) {
			t.Errorf("%s became %v, %v; want %v", in, q.Asset, err, want)
		}
	}
}

func TestAVariableThatNobodyPutAValueForIsNamed(t *testing.T) {
	for _, v := range []string{"$building", "${building}", "${building:csv}", "[[building]]", "$__dashboard"} {
		_, _, err := query.Decode(json.RawMessage(fmt.Sprintf(`{"building":[%q]}`, v)))
		if err == nil || !strings.Contains(err.Error(), v) || !strings.Contains(err.Error(), "variable") || !strings.Contains(err.Error(), `"building"`) {
			t.Errorf("%s: %v", v, err)
		}
	}
}

func TestTenThousandValuesAreRefusedWithWhatToDo(t *testing.T) {
	var ids []string
	for i := range 10_000 {
		ids = append(ids, fmt.Sprintf("b1-l%d", i))
	}
	for _, form := range [][]string{ids, {strings.Join(ids, ",")}, {"{" + strings.Join(ids, ",") + "}"}} {
		raw, err := json.Marshal(map[string]any{"asset": form})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = query.Decode(raw)
		if err == nil || !strings.Contains(err.Error(), `"asset" holds 10000 values`) || !strings.Contains(err.Error(), "choose All") {
			t.Errorf("it says %v", err)
		}
	}
	raw, _ := json.Marshal(map[string]any{"asset": ids[:query.MaxValues]})
	if q, _, err := query.Decode(raw); err != nil || len(q.Asset) != query.MaxValues {
		t.Errorf("%d values: %v, %d left", query.MaxValues, err, len(q.Asset))
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	for in, want := range map[string]string{
		``:                     "not a JSON object",
		`null`:                 "not a JSON object",
		`[]`:                   "not a JSON object",
		`{"open":"yes"}`:       `"open" has to be true or false`,
		`{"limit":0}`:          `"limit" has to be a number from 1 to 1000`,
		`{"limit":1.5}`:        `"limit" has to be`,
		`{"limit":"many"}`:     `"limit" has to be`,
		`{"limit":1e300}`:      `"limit" has to be`,
		`{"points":1}`:         `"points" has to be a number from 2 to 500`,
		`{"asset":{"a":1}}`:    `"asset" has to be a list of words`,
		`{"asset":["Lift 1"]}`: `"Lift 1", which is no id`,
		`{"asset":["a&b=c"]}`:  "which is no id",
		`{"measure":7}`:        `"measure" has to be a word`,
		`{"asset":["` + strings.Repeat("a", 65) + `"]}`:       "which is no id",
		`{"x":"` + strings.Repeat("a", query.MaxBytes) + `"}`: "kB long",
	} {
		if _, _, err := query.Decode(json.RawMessage(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", in, err, want)
		}
	}
}

func TestAMisspeltFieldIsReported(t *testing.T) {
	_, ignored, err := query.Decode(json.RawMessage(`{"buildin":["b1"],"zone":1,"refId":"A"}`))
	if err != nil || !reflect.DeepEqual(ignored, []string{"buildin", "zone"}) {
		t.Errorf("ignored %v, %v", ignored, err)
	}
}

func TestRangesThatCannotBeAnsweredAreNamed(t *testing.T) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	if err := query.Range(at, at.AddDate(10, 0, 1)); err != nil {
		t.Errorf("ten years and a day: %v", err)
	}
	for want, r := range map[string][2]time.Time{
		"turn it round": {at, at.Add(-time.Hour)}, "before it begins": {at, at},
		"ten years": {at, at.AddDate(10, 0, 2)}, "choose one": {},
	} {
		if err := query.Range(r[0], r[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", r, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"queryType":"work_orders","asset":["$asset","{a,b}"],"limit":5}`)
	f.Add(`{"by":"contractor,clock","open":true,"points":9e9}`)
	f.Add(`[[[[`)
	f.Fuzz(func(t *testing.T, raw string) {
		q, _, err := query.Decode(json.RawMessage(raw))
		if err != nil {
			if len(err.Error()) > 400 {
				t.Errorf("a message of %d bytes", len(err.Error()))
			}
			return
		}
		for _, list := range [][]string{q.Building, q.Asset, q.Domain, q.Contractor, q.Severity, q.Rule, q.Clock, q.Order, q.State, q.By} {
			if len(list) > query.MaxValues {
				t.Fatalf("%d values", len(list))
			}
			for _, v := range list {
				if v == "" || strings.ContainsAny(v, "$,{}&= ") {
					t.Fatalf("%q was let through", v)
				}
			}
		}
		if q.Limit < 0 || q.Limit > 1000 || q.Points < 0 || q.Points > 500 {
			t.Fatalf("limit %d, points %d", q.Limit, q.Points)
		}
	})
}
