package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"plantroom/dashboards/datasource/launch"
	"plantroom/dashboards/datasource/pkg/plugin"
)

// grafana asks the plugin's program about one data source, up to a time.
type grafana struct {
	*launch.Program
	source *pluginv2.PluginContext
	to     time.Time
}

func start(p plan) (*grafana, error) {
	started, err := launch.Start(p.Program, io.Discard)
	if err != nil {
		return nil, err
	}
	return &grafana{Program: started, to: p.To,
		source: &pluginv2.PluginContext{OrgId: 1, PluginId: plugin.ID, DataSourceInstanceSettings: &pluginv2.DataSourceInstanceSettings{
			Uid: "plantroom", Name: "Plantroom", Url: p.URL, JsonData: []byte(`{}`), LastUpdatedMS: 1,
			DecryptedSecureJsonData: map[string]string{"token": p.Token}}}}, nil
}

// pixels is how wide a panel is taken to be.
const pixels = 900

// requests makes what is sent of an ask.
func (g *grafana) requests(a ask) ([]*pluginv2.QueryDataRequest, error) {
	span := &pluginv2.TimeRange{FromEpochMS: g.to.Add(-a.Last).UnixMilli(), ToEpochMS: g.to.UnixMilli()}
	var out []*pluginv2.QueryDataRequest
	for _, r := range a.Requests {
		req := &pluginv2.QueryDataRequest{PluginContext: g.source}
		for _, q := range r.Queries {
			var head struct{ RefID, QueryType string }
			if err := json.Unmarshal(q, &head); err != nil || head.RefID == "" {
				return nil, fmt.Errorf("a query of %q is no object with a refId: %s", r.Panel, q)
			}
			req.Queries = append(req.Queries, &pluginv2.DataQuery{RefId: head.RefID, QueryType: head.QueryType, Json: q, TimeRange: span,
				MaxDataPoints: pixels, IntervalMS: max(1, a.Last.Milliseconds()/pixels)})
		}
		out = append(out, req)
	}
	return out, nil
}

// taken reads what the process has and has had: VmRSS and VmHWM of
// /proc/PID/status.
func (g *grafana) taken() (t taken, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.PID))
	if err != nil {
		return t, fmt.Errorf("read the plugin's memory: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		for name, into := range map[string]*int64{"VmRSS:": &t.Resident, "VmHWM:": &t.Peak} {
			if text, ok := strings.CutPrefix(line, name); ok {
				kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
				if err != nil {
					return t, fmt.Errorf("read the plugin's memory: %q", line)
				}
				*into = kib << 10
			}
		}
	}
	return t, nil
}
