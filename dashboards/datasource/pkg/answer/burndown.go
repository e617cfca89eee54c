package answer

import (
	"context"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/query"
)

// slaBurndown is a line for each clock: the used part of its window over time.
var slaBurndown = Type{
	Name: "sla_burndown", Thing: "clocks that ran",
	Filters:  []string{"building", "asset", "domain", "contractor", "severity", "rule", "order", "clock"},
	Measures: []string{"used"},
	frames:   burndownFrames,
}

// maxOrders is the server's bound of named orders.
const maxOrders = 50

func burndownFrames(ctx context.Context, a *asked) (answered, error) {
	if n := len(a.Query.Order); n > maxOrders {
		return answered{}, &query.Error{Text: fmt.Sprintf("sla_burndown is asked for %d orders, %d at most can be drawn: choose fewer", n, maxOrders)}
	}
	page, err := a.API.Burndown(ctx, api.BurndownQuery{Filter: a.filter(), Order: a.Query.Order, Clock: a.Query.Clock, Points: a.points()})
	if err != nil {
		return answered{}, err
	}
	var frames data.Frames
	for i := range page.Items {
		f := burndownFrame(a.Desk, &page.Items[i])
		if a.Number { // an alert is told apart by its labels, which must not change while it lasts
			delete(f.Fields[1].Labels, "state")
		}
		frames = append(frames, f)
	}
	if len(frames) == 0 {
		frames = data.Frames{burndownFrame(a.Desk, &api.Burndown{})}
	}
	return answered{frames, page.Unknown, page.Next != "", len(page.Items) == 0}, nil
}

// points is how finely lines are drawn: the panel's width, within what the server gives.
func (a *asked) points() int {
	if a.Query.Points > 0 {
		return a.Query.Points
	}
	if a.MaxPoints <= 0 {
		return 100
	}
	return int(min(max(a.MaxPoints, 2), 500))
}

func burndownFrame(d Desk, b *api.Burndown) *data.Frame {
	f := frame(b.Order, data.FrameTypeTimeSeriesMulti,
		column("time", b.Points, func(p *api.Point) time.Time { return p.At }),
		column("used", b.Points, func(p *api.Point) float64 { return p.Used }, usedPart))
	if b.Order == "" {
		f.Name = "sla_burndown"
		return f
	}
	used := f.Fields[1]
	used.Labels = data.Labels{"order": b.Order, "clock": b.Clock, "asset": b.Asset, "asset_name": string(b.AssetName), "contractor": b.Contractor, "contractor_name": string(b.Firm), "state": b.State}
	used.Config.DisplayNameFromDS = fmt.Sprintf("%s %s · %s", b.Order, b.Clock, b.AssetName)
	used.Config.Description = fmt.Sprintf("window of %s", time.Duration(b.Window*float64(time.Second)).Round(time.Second))
	d.link("Open the order", path("/orders/"+b.Order))(used.Config)
	return f
}
