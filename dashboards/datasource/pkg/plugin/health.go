package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"plantroom/dashboards/datasource/pkg/answer"
	"plantroom/dashboards/datasource/pkg/query"
)

// CheckHealth asks a real query, over the way that panels take, and then what
// is watched. What fails is named: the address, the token or the version.
func (d *Datasource) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	if d.wrong != nil {
		return unwell(d.wrong)
	}
	now := time.Now()
	if _, err := answer.Ask(ctx, d.desk, answer.Question{Query: query.Query{Type: "dispatch_events", Limit: 1}, From: now.Add(-time.Hour), To: now}); err != nil {
		return unwell(err)
	}
	e, err := d.desk.API.Estate(ctx)
	if err != nil {
		return unwell(err)
	}
	return &backend.CheckHealthResult{
		Status:  backend.HealthStatusOk,
		Message: fmt.Sprintf("Plantroom answers: %s, %s and %s", e.Name, count(len(e.Buildings), "building"), count(e.Assets, "asset")),
	}, nil
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

func unwell(err error) (*backend.CheckHealthResult, error) {
	status, _ := judge(err)
	details, _ := json.Marshal(map[string]any{"status": int(status)}) // a number can always be written
	return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: err.Error(), JSONDetails: details}, nil
}
