//lint:file-ignore SA1019 a request names its organisation by the number, see org

package plugin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/api/apitest"
	"plantroom/dashboards/datasource/pkg/plugin"
)

// settings are those of a data source that asks a server.
func settings(url string) backend.DataSourceInstanceSettings {
	return backend.DataSourceInstanceSettings{UID: "plantroom", Name: "Plantroom", Type: plugin.ID, URL: url,
		JSONData:                json.RawMessage(`{"publicUrl":"https://plantroom.example/"}`),
		DecryptedSecureJSONData: map[string]string{"token": apitest.Token}}
}

func instance(t *testing.T, s backend.DataSourceInstanceSettings, channels *plugin.Channels) *plugin.Datasource {
	t.Helper()
	i, err := plugin.New(channels)(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	d := i.(*plugin.Datasource)
	t.Cleanup(d.Dispose)
	return d
}

var org1 = backend.PluginContext{OrgID: 1, PluginID: plugin.ID}

// queries asks for what some JSON says, by RefID.
func queries(t *testing.T, d *plugin.Datasource, header map[string]string, byRef map[string]string) backend.Responses {
	t.Helper()
	req := &backend.QueryDataRequest{PluginContext: org1, Headers: header}
	for ref, raw := range byRef {
		req.Queries = append(req.Queries, backend.DataQuery{RefID: ref, JSON: json.RawMessage(raw), MaxDataPoints: 500,
			TimeRange: backend.TimeRange{From: apitest.At(0), To: apitest.At(24 * time.Hour)}})
	}
	res, err := d.QueryData(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res.Responses
}

func TestOneQueryThatFailsLeavesTheOthersAlone(t *testing.T) {
	d := instance(t, settings(apitest.New(t).URL), &plugin.Channels{})
	got := queries(t, d, nil, map[string]string{
		"A": `{"queryType":"work_orders"}`, "B": `{"queryType":"weather"}`, "C": `{"queryType":"asset_kpi"}`, "D": `nonsense`, "E": `{"queryType":"asset_state"}`, "F": `{"queryType":"contractor_league"}`})
	for _, ref := range []string{"A", "C", "E", "F"} {
		if r := got[ref]; r.Error != nil || r.Status != http.StatusOK || len(r.Frames) == 0 || r.Frames[0].RefID != ref {
			t.Errorf("%s: %v, status %d", ref, r.Error, r.Status)
		}
	}
	for ref, want := range map[string]string{"B": "the types are work_orders,", "D": "not a JSON object"} {
		if r := got[ref]; r.Error == nil || !strings.Contains(r.Error.Error(), want) || r.Status != http.StatusBadRequest || r.ErrorSource != backend.ErrorSourceDownstream {
			t.Errorf("%s: %v, status %d, source %s", ref, r.Error, r.Status, r.ErrorSource)
		}
	}
}

func TestAnErrorHasTheStatusAndTheSourceThatFit(t *testing.T) {
	for status, answer := range map[int]http.HandlerFunc{
		401: func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, 401, "unauthorized", "") },
		403: func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, 403, "forbidden", "") },
		404: http.NotFound,
		429: func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, 429, "rate_limited", "") },
		500: func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, 500, "internal", "") },
		503: func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, 503, "unavailable", "") },
		502: func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>") },
		504: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		s := apitest.New(t)
		s.Instead(answer)
		set := settings(s.URL)
		if status == 504 {
			set.JSONData = json.RawMessage(`{"timeout":1}`)
		}
		r := queries(t, instance(t, set, &plugin.Channels{}), nil, map[string]string{"A": `{"queryType":"asset_kpi"}`})["A"]
		if int(r.Status) != status || r.ErrorSource != backend.ErrorSourceDownstream || !strings.Contains(r.Error.Error(), s.URL) || strings.Contains(r.Error.Error(), apitest.Token) {
			t.Errorf("%d: status %d, source %s, %v", status, r.Status, r.ErrorSource, r.Error)
		}
	}
}

func TestACancelledQueryIsDownstreams(t *testing.T) {
	s := apitest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Instead(func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	res, err := instance(t, settings(s.URL), &plugin.Channels{}).QueryData(ctx, &backend.QueryDataRequest{PluginContext: org1, Queries: []backend.DataQuery{
		{RefID: "A", JSON: json.RawMessage(`{"queryType":"asset_kpi"}`), TimeRange: backend.TimeRange{From: apitest.At(0), To: apitest.At(time.Hour)}}}})
	if err != nil {
		t.Fatal(err)
	}
	if r := res.Responses["A"]; r.Status != api.StatusCanceled || r.ErrorSource != backend.ErrorSourceDownstream {
		t.Errorf("status %d, source %s, %v", r.Status, r.ErrorSource, r.Error)
	}
}

// Alerts and expressions have no front end, which would have put in variables.
func TestAlertsGetNumbersAndAreToldOfVariables(t *testing.T) {
	d := instance(t, settings(apitest.New(t).URL), &plugin.Channels{})
	for _, header := range []map[string]string{{"FromAlert": "true"}, {"http_X-Grafana-From-Expr": "true"}, {"X-Grafana-From-Expr": "true"}} {
		got := queries(t, d, header, map[string]string{
			"A": `{"queryType":"sla_compliance","by":["contractor"]}`,
			"B": `{"queryType":"work_orders","building":["$building"]}`,
			"C": `{"queryType":"work_orders","building":["$__all"],"asset":["{b1-l1,b1-l2}"]}`,
			"D": `{"queryType":"asset_state"}`,
			"E": `{"queryType":"dispatch_events","live":true}`,
		})
		if f := got["A"].Frames; got["A"].Error != nil || len(f[0].Fields) != 3 || f[0].Fields[2].Name != "share" {
			t.Errorf("%v: sla_compliance gives %v, %v", header, f, got["A"].Error)
		}
		if r := got["B"]; r.Error == nil || !strings.Contains(r.Error.Error(), "$building") || r.Status != http.StatusBadRequest {
			t.Errorf("%v: a variable gives %v, status %d", header, r.Error, r.Status)
		}
		if r := got["C"]; r.Error != nil || r.Frames[0].Fields[0].At(0) != int64(3) {
			t.Errorf("%v: All and a list give %v, %v", header, r.Frames, r.Error)
		}
		if r := got["D"]; r.Error == nil || !strings.Contains(r.Error.Error(), "asset_current") {
			t.Errorf("%v: a query without numbers gives %v", header, r.Error)
		}
		if r := got["E"]; r.Error != nil || r.Frames[0].Meta.Channel != "" {
			t.Errorf("%v: an alert was given a channel, or %v", header, r.Error)
		}
	}
}

func TestSettingsThatAreWrongAreSaidToWhoeverAsks(t *testing.T) {
	wrong := settings("")
	broken := settings("http://127.0.0.1:1")
	broken.JSONData = json.RawMessage(`{"access":17}`) // where the SDK wants a word
	public := settings("http://127.0.0.1:1")
	public.JSONData = json.RawMessage(`{"publicUrl":"plantroom"}`)
	none := settings("http://127.0.0.1:1")
	none.JSONData = json.RawMessage(`[]`)
	for want, s := range map[string]backend.DataSourceInstanceSettings{"has no URL": wrong, "open them, correct them": broken, "public URL": public, "settings cannot be read": none} {
		d := instance(t, s, &plugin.Channels{})
		r := queries(t, d, nil, map[string]string{"A": `{"queryType":"asset_kpi"}`})["A"]
		if r.Error == nil || !strings.Contains(r.Error.Error(), want) || r.Status != http.StatusBadRequest {
			t.Errorf("a query says %v, status %d, want %q", r.Error, r.Status, want)
		}
		h, err := d.CheckHealth(t.Context(), &backend.CheckHealthRequest{PluginContext: org1})
		if err != nil || h.Status != backend.HealthStatusError || !strings.Contains(h.Message, want) {
			t.Errorf("health says %v, %v, want %q", h, err, want)
		}
		if status, body := resource(t, d, "GET", "estate"); status != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("a resource says %d %s, want %q", status, body, want)
		}
	}
}

func TestHealthNamesWhatIsWrong(t *testing.T) {
	s := apitest.New(t)
	check := func(set backend.DataSourceInstanceSettings) *backend.CheckHealthResult {
		h, err := instance(t, set, &plugin.Channels{}).CheckHealth(t.Context(), &backend.CheckHealthRequest{PluginContext: org1})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if h := check(settings(s.URL)); h.Status != backend.HealthStatusOk || h.Message != "Plantroom answers: Rosewood, 2 buildings and 3 assets" {
		t.Errorf("a sound one: %v", h)
	}
	if s.Count("/api/v1/history/events") == 0 {
		t.Error("health did not take the way of queries")
	}
	token := settings(s.URL)
	token.DecryptedSecureJSONData = map[string]string{"token": "pt-wrong"}
	no := settings(s.URL)
	no.DecryptedSecureJSONData = nil
	for want, set := range map[string]backend.DataSourceInstanceSettings{
		"does not accept the data source's token": token, "the data source has none": no,
		"nothing answers at http://127.0.0.1:1": settings("http://127.0.0.1:1"), "older": settings(s.URL + "/elsewhere"),
	} {
		if h := check(set); h.Status != backend.HealthStatusError || !strings.Contains(h.Message, want) {
			t.Errorf("%v, want %q", h, want)
		}
	}
}

func TestCustomHeadersOfTheSettingsAreSent(t *testing.T) {
	s := apitest.New(t)
	var seen string
	s.Instead(func(w http.ResponseWriter, r *http.Request) { seen = r.Header.Get("X-Estate"); http.NotFound(w, r) })
	set := settings(s.URL)
	set.JSONData = json.RawMessage(`{"httpHeaderName1":"X-Estate"}`)
	set.DecryptedSecureJSONData["httpHeaderValue1"] = "rosewood"
	queries(t, instance(t, set, &plugin.Channels{}), nil, map[string]string{"A": `{"queryType":"asset_current"}`})
	if seen != "rosewood" {
		t.Errorf("the header was %q", seen)
	}
}

// A proxy that answers {} to everything is no estate without assets.
func TestAnEstateWithoutAnIdIsNoPlantroom(t *testing.T) {
	s := apitest.New(t)
	for _, body := range []string{"{}", "null"} {
		s.Instead(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, body)
		}, "/api/v1/history/events")
		d := instance(t, settings(s.URL), &plugin.Channels{})
		if h, err := d.CheckHealth(t.Context(), &backend.CheckHealthRequest{PluginContext: org1}); err != nil || h.Status != backend.HealthStatusError || !strings.Contains(h.Message, "no estate") {
			t.Errorf("%s: health says %v, %v", body, h, err)
		}
		for _, kind := range []string{"buildings", "contractors", "assets"} {
			if status, text := resource(t, d, "GET", "variables/"+kind); status != http.StatusBadGateway {
				t.Errorf("%s: %s are %d %s", body, kind, status, text)
			}
		}
	}
}
