package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom/dashboards/datasource/launch/launchtest"
	"plantroom/dashboards/datasource/pkg/api/apitest"
)

// program is the path of the built plugin.
var program string

func TestMain(m *testing.M) { launchtest.Main(m, &program) }

func query(text string) request {
	return request{Panel: "a panel", Queries: []json.RawMessage{json.RawMessage(text)}}
}

func execute(t *testing.T, p plan) ([]string, error) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = run(t.Context(), bytes.NewReader(text), &out)
	return strings.Split(strings.TrimSpace(out.String()), "\n"), err
}

func TestAnAskIsMeasuredUntilItsSlowestRequest(t *testing.T) {
	const slow = 200 * time.Millisecond
	s := apitest.New(t)
	s.Instead(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/now") {
			time.Sleep(slow) // the server's, not a time to wait for
			_, _ = w.Write([]byte(`{"as_of":"2026-03-02T16:00:00Z","unknown":[],"items":[{"asset":"b1-l1","asset_name":"Lift 1","kind":"passenger","floor":0,"building":"b1","building_name":"Block 1","domain":"lifts","state":"ok","text":"","since":"2026-03-02T08:00:00Z"}]}`))
			return
		}
		_, _ = w.Write([]byte(`{"as_of":"2026-03-02T16:00:00Z","unknown":[],"items":[{"promised":3,"met":2,"breached":1,"open":0,"void":0,"share":0.67}]}`))
	})
	both := ask{Name: "board", Last: time.Hour, Requests: []request{query(`{"refId":"A","queryType":"asset_current"}`), query(`{"refId":"A","queryType":"sla_compliance"}`)}}
	quick := ask{Name: "quick", Last: time.Hour, Requests: both.Requests[1:]}
	lines, err := execute(t, plan{Program: program, URL: s.URL, Token: apitest.Token, Warm: 1, Rounds: 2, To: apitest.At(time.Hour), Asks: []ask{both, quick}})
	if err != nil || len(lines) != 3 {
		t.Fatalf("%v, %q", err, lines)
	}
	var first, second outcome
	var last taken
	for i, v := range []any{&first, &second, &last} {
		if err := json.Unmarshal([]byte(lines[i]), v); err != nil {
			t.Fatal(err)
		}
	}
	if first.Name != "board" || first.Rows != 2 || first.Bytes == 0 || first.P50 < float64(slow.Milliseconds()) || first.P95 < first.P50 || first.Most < first.P95 {
		t.Errorf("%+v", first)
	}
	if second.Name != "quick" || second.Rows != 1 || second.P50 <= 0 || second.P50 >= first.P50 {
		t.Errorf("%+v", second)
	}
	if last.Resident <= 0 || last.Peak < last.Resident {
		t.Errorf("%+v", last)
	}
}

func TestWhatIsRefusedOrEmptyIsNoFigure(t *testing.T) {
	s := apitest.New(t)
	s.Instead(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"as_of":"2026-03-02T16:00:00Z","unknown":[],"items":[]}`))
	})
	for text, want := range map[string]string{
		`{"refId":"A","queryType":"weather"}`:                          "the types are",
		`{"refId":"A","queryType":"work_orders","state":["declined"]}`: "no row",
		`{"queryType":"work_orders"}`:                                  "refId",
	} {
		lines, err := execute(t, plan{Program: program, URL: s.URL, Token: apitest.Token, Rounds: 1, To: apitest.At(time.Hour), Asks: []ask{{Name: "it", Last: time.Hour, Requests: []request{query(text)}}}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %q", text, err, lines)
		}
	}
	if _, err := execute(t, plan{Program: filepath.Join(t.TempDir(), "none"), Rounds: 1}); err == nil || !strings.Contains(err.Error(), "start the plugin") {
		t.Errorf("no program: %v", err)
	}
}
