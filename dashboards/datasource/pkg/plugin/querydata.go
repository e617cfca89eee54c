package plugin

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"plantroom/dashboards/datasource/pkg/answer"
	"plantroom/dashboards/datasource/pkg/query"
)

// atOnce is how many queries of one panel are asked at a time.
const atOnce = 4

// QueryData answers the queries of a panel, each for itself: one that fails
// leaves the others alone.
func (d *Datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	res := backend.NewQueryDataResponse()
	var mu sync.Mutex
	var done sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for _, q := range req.Queries {
		room <- struct{}{}
		done.Go(func() {
			defer func() { <-room }()
			r := d.answer(ctx, req, q)
			mu.Lock()
			defer mu.Unlock()
			res.Responses[q.RefID] = r
		})
	}
	done.Wait()
	return res, nil
}

// answer answers one query. A fault of this program fails that query and not
// the process, which serves every board.
func (d *Datasource) answer(ctx context.Context, req *backend.QueryDataRequest, q backend.DataQuery) (res backend.DataResponse) {
	defer func() {
		if r := recover(); r != nil {
			backend.Logger.FromContext(ctx).Error("a query failed", "refId", q.RefID, "reason", fmt.Sprint(r), "stack", string(debug.Stack()))
			res = failure(fmt.Errorf("the plugin failed at this query, its log says where: report it, please"))
		}
	}()
	if d.wrong != nil {
		return failure(d.wrong)
	}
	asked, err := read(req, q)
	if err != nil {
		return failure(err)
	}
	frames, err := answer.Ask(ctx, d.desk, asked)
	if err != nil {
		return failure(err)
	}
	if asked.Query.Live && asked.Query.Type == "dispatch_events" && !asked.Number && len(frames) > 0 {
		frames[0].Meta.Channel = d.channels.open(org(req.PluginContext), d.uid, asked.Query)
	}
	for _, f := range frames {
		f.RefID = q.RefID
	}
	return backend.DataResponse{Frames: frames, Status: backend.StatusOK}
}

// fromExpression is what Grafana sends with queries whose answer goes into an
// expression: like alerts, those take numbers.
const fromExpression = "X-Grafana-From-Expr"

// read takes a query apart.
func read(req *backend.QueryDataRequest, q backend.DataQuery) (answer.Question, error) {
	decoded, ignored, err := query.Decode(q.JSON)
	if err != nil {
		return answer.Question{}, err
	}
	if decoded.Type == "" {
		decoded.Type = q.QueryType
	}
	number := isTrue(req, backend.FromAlertHeaderName) || isTrue(req, fromExpression)
	return answer.Question{Query: decoded, Ignored: ignored, From: q.TimeRange.From, To: q.TimeRange.To, MaxPoints: q.MaxDataPoints, Number: number}, nil
}

// isTrue looks a header up. Grafana sends some with the prefix of forwarded
// headers and some without.
func isTrue(req *backend.QueryDataRequest, name string) bool {
	return req.Headers[name] == "true" || req.GetHTTPHeader(name) == "true"
}
