package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"plantroom/dashboards/datasource/launch"
	"plantroom/dashboards/datasource/launch/launchtest"
	"plantroom/dashboards/datasource/pkg/api/apitest"
	"plantroom/dashboards/datasource/pkg/plugin"
)

// program is the path of the built program, as it is shipped.
var program string

func TestMain(m *testing.M) { launchtest.Main(m, &program) }

func start(t *testing.T) *launch.Program {
	t.Helper()
	p, err := launch.Start(program, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// source is a data source that asks a server.
func source(url string) *pluginv2.PluginContext {
	return &pluginv2.PluginContext{OrgId: 1, PluginId: plugin.ID, DataSourceInstanceSettings: &pluginv2.DataSourceInstanceSettings{
		Uid: "plantroom", Name: "Plantroom", Url: url, JsonData: []byte(`{}`), LastUpdatedMS: 1,
		DecryptedSecureJsonData: map[string]string{"token": apitest.Token}}}
}

func ask(t *testing.T, g *launch.Program, p *pluginv2.PluginContext, byRef map[string]string) map[string]*pluginv2.DataResponse {
	t.Helper()
	req := &pluginv2.QueryDataRequest{PluginContext: p}
	for ref, q := range byRef {
		req.Queries = append(req.Queries, &pluginv2.DataQuery{RefId: ref, Json: []byte(q), MaxDataPoints: 500,
			TimeRange: &pluginv2.TimeRange{FromEpochMS: apitest.At(0).UnixMilli(), ToEpochMS: apitest.At(24 * time.Hour).UnixMilli()}})
	}
	res, err := g.Data.QueryData(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res.Responses
}

// most is how much memory the program may ever take, in MB.
const most = 80

// A board of large panels, as a wall shows it all day: 1,000 orders, 200 assets
// with their states of a week, 5,000 assets now.
func TestTheProgramStaysSmall(t *testing.T) {
	s := apitest.New(t)
	large := map[string][]byte{
		"/api/v1/history/orders": list(1000, `{"id":"wo-%06d","state":"closed","severity":"high","domain":"lifts","building":"b1","asset":"b1-l1","asset_name":"Lift 1, block 1","rule":"lift.fault",
			"title":"Lift fault","cause":"door_close_fault","cause_text":"doors do not close","contractor":"quicklift","contractor_name":"Quicklift","raised":"2026-03-02T08:00:00Z","acknowledged":"2026-03-02T08:02:00Z",
			"clock":{"kind":"restore","state":"met","due":"2026-03-02T08:30:00Z","used":0.5},"breached":0,"reopens":0,"href":"/orders/wo-000001"}`),
		"/api/v1/history/states": list(200, `{"asset":"b1-l%d","asset_name":"A lift","building":"b1","domain":"lifts","segments":[`+
			strings.TrimSuffix(strings.Repeat(`{"from":"2026-03-02T08:00:00Z","to":"2026-03-02T09:00:00Z","state":"ok","text":"","order":""},`, 200), ",")+`]}`),
		"/api/v1/history/now": list(5000, `{"asset":"b1-l%d","asset_name":"A lift","kind":"lift","floor":0,"building":"b1","building_name":"Block 1","domain":"lifts","state":"ok","text":"","since":"2026-03-02T08:00:00Z"}`),
	}
	s.Instead(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(large[r.URL.Path])
	})
	g := start(t)
	t.Logf("when it has started it takes %d MB", resident(t, g.PID))
	for range 10 {
		for ref, r := range ask(t, g, source(s.URL), map[string]string{"A": `{"queryType":"work_orders","limit":1000}`, "B": `{"queryType":"asset_state"}`, "C": `{"queryType":"asset_current"}`, "D": `{"queryType":"asset_state"}`}) {
			if r.Error != "" {
				t.Fatalf("%s: %s", ref, r.Error)
			}
		}
	}
	if mb := resident(t, g.PID); mb > most {
		t.Errorf("it takes %d MB, %d at most are meant", mb, most)
	} else {
		t.Logf("at most it took %d MB, for answers of %d MB", mb, (len(large["/api/v1/history/orders"])+2*len(large["/api/v1/history/states"])+len(large["/api/v1/history/now"]))>>20)
	}
}

// list is a page of so many items, each of a form that takes its number.
func list(n int, form string) []byte {
	b := []byte(`{"as_of":"2026-03-02T16:00:00Z","unknown":[],"items":[`)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, form, i)
	}
	return append(b, "]}"...)
}

func TestTheProgramAnswersGrafana(t *testing.T) {
	s := apitest.New(t)
	g := start(t)
	p := source(s.URL)

	h, err := g.Health.CheckHealth(t.Context(), &pluginv2.CheckHealthRequest{PluginContext: p})
	if err != nil || h.Status != pluginv2.CheckHealthResponse_OK || !strings.Contains(h.Message, "Rosewood") {
		t.Errorf("health: %v, %v", h, err)
	}

	types := []string{"work_orders", "incidents", "sla_compliance", "contractor_league", "sla_burndown", "asset_state", "asset_current", "asset_kpi", "gateways", "dispatch_events"}
	asks := map[string]string{"future": `{"queryType":"weather"}`}
	for _, name := range types {
		asks[name] = fmt.Sprintf(`{"queryType":%q}`, name)
	}
	got := ask(t, g, p, asks)
	for _, name := range types {
		r := got[name]
		if r.Error != "" || len(r.Frames) == 0 {
			t.Errorf("%s: %s", name, r.Error)
			continue
		}
		if f, err := data.UnmarshalArrowFrame(r.Frames[0]); err != nil || f.Rows() == 0 || f.RefID != name {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if r := got["future"]; r.Status != 400 || r.ErrorSource != "downstream" || !strings.Contains(r.Error, "the types are") {
		t.Errorf("a type of the future: %v", r)
	}

	res, err := g.Resources.CallResource(t.Context(), &pluginv2.CallResourceRequest{PluginContext: p, Path: "variables/assets", Method: "GET", Url: "variables/assets?building=b2"})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := res.Recv(); err != nil || r.Code != 200 || !strings.Contains(string(r.Body), `"b2-w1"`) {
		t.Errorf("a resource: %v, %v", r, err)
	}
	streams(t, s, g, p)
	t.Logf("the program has taken %d MB at most", resident(t, g.PID))
}

// streams follows live events as Grafana does, and lets go.
func streams(t *testing.T, s *apitest.Server, g *launch.Program, p *pluginv2.PluginContext) {
	t.Helper()
	f, err := data.UnmarshalArrowFrame(ask(t, g, p, map[string]string{"A": `{"queryType":"dispatch_events","live":true}`})["A"].Frames[0])
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(f.Meta.Channel, "ds/plantroom/")
	sub, err := g.Stream.SubscribeStream(t.Context(), &pluginv2.SubscribeStreamRequest{PluginContext: p, Path: path})
	if err != nil || sub.Status != pluginv2.SubscribeStreamResponse_OK || !json.Valid(sub.Data) {
		t.Fatalf("subscribing: %v, %v", sub, err)
	}
	foreign := source(s.URL)
	foreign.OrgId = 2
	if sub, err := g.Stream.SubscribeStream(t.Context(), &pluginv2.SubscribeStreamRequest{PluginContext: foreign, Path: path}); err != nil || sub.Status != pluginv2.SubscribeStreamResponse_PERMISSION_DENIED {
		t.Errorf("another organisation: %v, %v", sub, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	run, err := g.Stream.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: p, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	s.Happen("order.fix", "wo-000002", "info", "it runs again")
	packet, err := run.Recv()
	if err != nil || !strings.Contains(string(packet.Data), "it runs again") {
		t.Errorf("a packet: %s, %v", packet.GetData(), err)
	}
	cancel()
	for end := time.Now().Add(20 * time.Second); s.Followers() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the stream goes on after it was cancelled")
		}
	}
}

// resident is how much memory a process has had at most, in MB.
func resident(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	var kb int
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(v, &kb)
		}
	}
	return kb >> 10
}

// Grafana's machine may have no time zones, and days are those of the estate's.
func TestTheProgramBringsTimeZones(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "plantroom/dashboards/datasource/pkg").Output()
	if err != nil || !strings.Contains(string(out), "\ntime/tzdata\n") {
		t.Errorf("time/tzdata is not built in: %v", err)
	}
}
