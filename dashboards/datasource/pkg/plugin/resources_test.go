package plugin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"plantroom/dashboards/datasource/pkg/api/apitest"
	"plantroom/dashboards/datasource/pkg/plugin"
)

// resource calls one and returns what is answered.
func resource(t *testing.T, d *plugin.Datasource, method, url string) (int, string) {
	t.Helper()
	path, _, _ := strings.Cut(url, "?")
	var got *backend.CallResourceResponse
	err := d.CallResource(t.Context(), &backend.CallResourceRequest{PluginContext: org1, Method: method, Path: path, URL: url},
		backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error {
			if got == nil {
				got = r
			} else {
				got.Body = append(got.Body, r.Body...)
			}
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return got.Status, strings.TrimSpace(string(got.Body))
}

func TestVariablesCascade(t *testing.T) {
	d := instance(t, settings(apitest.New(t).URL), &plugin.Channels{})
	for url, want := range map[string]string{
		"variables/buildings":                           `[{"text":"Block 1","value":"b1"},{"text":"Block 2","value":"b2"}]`,
		"variables/buildings?domain=leaks":              `[{"text":"Block 2","value":"b2"}]`,
		"variables/assets":                              `[{"text":"Lift 1, block 1","value":"b1-l1"},{"text":"Lift 2, block 1","value":"b1-l2"},{"text":"Riser, block 2","value":"b2-w1"}]`,
		"variables/assets?building=b2":                  `[{"text":"Riser, block 2","value":"b2-w1"}]`,
		"variables/assets?building=b1,b2&domain=leaks":  `[{"text":"Riser, block 2","value":"b2-w1"}]`,
		"variables/assets?building={b1,b2}&domain=bays": `[]`,
		"variables/assets?building=$__all&domain=leaks": `[{"text":"Riser, block 2","value":"b2-w1"}]`,
		"variables/contractors?domain=lifts":            `[{"text":"Drywell","value":"drywell"},{"text":"Quicklift","value":"quicklift"}]`,
		"variables/domains":                             `[{"text":"Leaks","value":"leaks"},{"text":"Lifts","value":"lifts"}]`,
		"variables/domains?building=b1":                 `[{"text":"Lifts","value":"lifts"}]`,
		"variables/rules?domain=lifts":                  `[{"text":"Cable cut","value":"leak.cable"},{"text":"Lift fault","value":"lift.fault"}]`,
		"variables/severities":                          `[{"text":"Life","value":"life"},{"text":"High","value":"high"},{"text":"Medium","value":"medium"},{"text":"Low","value":"low"}]`,
		"variables/clocks":                              `[{"text":"Acknowledge","value":"acknowledge"},{"text":"Attend","value":"attend"},{"text":"Release","value":"release"},{"text":"Restore","value":"restore"}]`,
	} {
		if status, body := resource(t, d, http.MethodGet, url); status != http.StatusOK || body != want {
			t.Errorf("%s: %d %s, want %s", url, status, body, want)
		}
	}
}

func TestResourcesSayWhatTheyAreNot(t *testing.T) {
	d := instance(t, settings(apitest.New(t).URL), &plugin.Channels{})
	for _, tc := range []struct {
		method, url string
		status      int
		says        string
	}{
		{"GET", "variables/floors", 404, "there are buildings, assets"},
		{"GET", "variables/assets?floor=1", 400, "building and domain"},
		{"GET", "variables/assets?building=$building", 400, "$building"},
		{"GET", "weather", 404, "variables/{kind}, estate and samples"},
		{"POST", "estate", 405, "use GET"},
		{"DELETE", "variables/assets", 405, "use GET"},
		{"GET", "../../etc/passwd", 404, "no such resource"},
		{"GET", "variables/assets?building=" + strings.Repeat("a,", 1<<20), 413, "1 MB"},
	} {
		if status, body := resource(t, d, tc.method, tc.url); status != tc.status || !strings.Contains(body, tc.says) {
			t.Errorf("%s %.60s: %d %.200s, want %d and %q", tc.method, tc.url, status, body, tc.status, tc.says)
		}
	}
	if status, body := resource(t, d, "GET", "estate"); status != 200 || !strings.Contains(body, `"name":"Rosewood"`) {
		t.Errorf("the estate: %d %s", status, body)
	}
	if status, body := resource(t, d, "GET", "samples"); status != 200 || !strings.Contains(body, `"queryType":"work_orders"`) {
		t.Errorf("the samples: %d %s", status, body)
	}
	s := apitest.New(t)
	s.Instead(func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, 401, "unauthorized", "") })
	if status, body := resource(t, instance(t, settings(s.URL), &plugin.Channels{}), "GET", "variables/assets"); status != 401 || !strings.Contains(body, "token") {
		t.Errorf("a wrong token: %d %s", status, body)
	}
}
