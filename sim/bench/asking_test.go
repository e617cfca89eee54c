package bench

import (
	"encoding/json"
	"strings"
	"testing"
)

// A board that asks for nothing, or for a building called $building, would be fast.
func TestTheOverviewIsAskedAsABrowserDoes(t *testing.T) {
	a := overview()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "$") {
		t.Errorf("a variable is left: %s", text)
	}
	for _, want := range []string{`"queryType":"incidents"`, `"queryType":"work_orders"`, `"queryType":"asset_current"`, `"queryType":"sla_compliance"`, `"queryType":"sla_burndown"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("nobody asks %s", want)
		}
	}
	if len(a.Requests) < 8 || a.Last != day {
		t.Errorf("%d requests over %s", len(a.Requests), a.Last)
	}
	for _, r := range a.Requests {
		seen := map[string]bool{}
		for _, q := range r.Queries {
			b, err := json.Marshal(q)
			if err != nil {
				t.Fatal(err)
			}
			var head struct{ RefID string }
			if err := json.Unmarshal(b, &head); err != nil || head.RefID == "" || seen[head.RefID] {
				t.Errorf("panel %q has a query %s", r.Panel, b)
			}
			seen[head.RefID] = true
		}
	}
}
