package main

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// maxQueries is how many queries a panel may ask at once.
const maxQueries = 100

// forwarded are the headers that reach the plugin. In Grafana the first two are
// set by alerting and by expressions, and a browser cannot; here they let a test
// ask as those do.
var forwarded = []string{"FromAlert", "X-Grafana-From-Expr", "X-Dashboard-Uid", "X-Panel-Id"}

// metricRequest is the body of a query.
type metricRequest struct {
	From    string            `json:"from"` // milliseconds since 1970, as the front end makes them of now-6h
	To      string            `json:"to"`
	Queries []json.RawMessage `json:"queries"`
}

// dressing is what Grafana itself reads of a query.
type dressing struct {
	RefID      string `json:"refId"`
	DataSource struct {
		UID string `json:"uid"`
	} `json:"datasource"`
	Type      string  `json:"queryType"`
	Interval  float64 `json:"intervalMs"`
	MaxPoints int64   `json:"maxDataPoints"`
	Hide      bool    `json:"hide"`
}

// query answers like Grafana's /api/ds/query: 400 where one of the queries has
// failed, with the answers of the others all the same.
func (h *host) query(w http.ResponseWriter, r *http.Request) {
	req, err := h.read(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad request data: "+err.Error())
		return
	}
	got, err := h.plugin.Data.QueryData(r.Context(), req)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the plugin does not answer: "+err.Error())
		return
	}
	res, err := backend.FromProto().QueryDataResponse(got)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the plugin's frames cannot be read: "+err.Error())
		return
	}
	status := http.StatusOK
	for _, one := range res.Responses {
		if one.Error != nil {
			status = http.StatusBadRequest
		}
	}
	reply(w, status, res)
}

// read makes the plugin's request of Grafana's.
func (h *host) read(r *http.Request) (*pluginv2.QueryDataRequest, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" { // pages elsewhere cannot send it unasked
		return nil, fmt.Errorf("it has to be application/json")
	}
	var body metricRequest
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	between, err := span(body.From, body.To)
	if err != nil {
		return nil, err
	}
	if n := len(body.Queries); n == 0 || n > maxQueries {
		return nil, fmt.Errorf("it has %d queries, 1 to %d are answered", n, maxQueries)
	}
	req := &pluginv2.QueryDataRequest{PluginContext: h.context(), Headers: map[string]string{}}
	for _, name := range forwarded {
		if v := r.Header.Get(name); v != "" {
			req.Headers[name] = v
		}
	}
	for _, raw := range body.Queries {
		var d dressing
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, err
		}
		if d.DataSource.UID != h.source.UID {
			return nil, fmt.Errorf("query %q is for the data source %q, and there is %q only", d.RefID, d.DataSource.UID, h.source.UID)
		}
		if d.Hide {
			continue
		}
		if d.RefID == "" {
			d.RefID = "A"
		}
		if d.MaxPoints == 0 { // Grafana's own default
			d.MaxPoints = 100
		}
		req.Queries = append(req.Queries, &pluginv2.DataQuery{RefId: d.RefID, QueryType: d.Type, Json: raw, MaxDataPoints: d.MaxPoints, IntervalMS: int64(d.Interval), TimeRange: between})
	}
	return req, nil
}

// span reads a range as front ends send it.
func span(from, to string) (*pluginv2.TimeRange, error) {
	r := &pluginv2.TimeRange{}
	for _, end := range []struct {
		text string
		into *int64
	}{{from, &r.FromEpochMS}, {to, &r.ToEpochMS}} {
		ms, err := strconv.ParseInt(end.text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no time in milliseconds since 1970", end.text)
		}
		*end.into = ms
	}
	return r, nil
}
