package answer

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/legend"
)

// workOrders is a row for each order, with its most pressing clock. For an
// alert it is their number.
var workOrders = Type{
	Name: "work_orders", Thing: "work orders",
	Filters:  []string{"building", "asset", "domain", "contractor", "severity", "rule", "state", "open"},
	Measures: []string{"orders"},
	frames:   orderFrames,
}

// maxPages bounds what is counted for an alert: 10,000 orders.
const maxPages = 10

func orderFrames(ctx context.Context, a *asked) (answered, error) {
	q := api.OrdersQuery{Filter: a.filter(), Open: a.Query.Open, State: a.Query.State, Limit: a.limit()}
	if a.Number {
		return countOrders(ctx, a, q)
	}
	page, err := a.API.Orders(ctx, q)
	if err != nil {
		return answered{}, err
	}
	return answered{data.Frames{orderFrame(a.Desk, page.Items)}, page.Unknown, page.Next != "", false}, nil
}

func countOrders(ctx context.Context, a *asked, q api.OrdersQuery) (answered, error) {
	n, unknown := 0, []string(nil)
	q.Limit = 1000
	for range maxPages {
		page, err := a.API.Orders(ctx, q)
		if err != nil {
			return answered{}, err
		}
		n, unknown, q.Before = n+len(page.Items), page.Unknown, page.Next
		if page.Next == "" {
			break
		}
	}
	return answered{number(a.Name, "orders", int64(n)), unknown, q.Before != "", n == 0}, nil
}

func orderFrame(d Desk, rows []api.Order) *data.Frame {
	clock := func(o *api.Order) api.Clock {
		if o.Clock == nil {
			return api.Clock{}
		}
		return *o.Clock
	}
	used := func(o *api.Order) *float64 {
		if o.Clock == nil {
			return nil
		}
		return &o.Clock.Used
	}
	return frame("work_orders", data.FrameTypeTable,
		column("raised", rows, func(o *api.Order) time.Time { return o.Raised }, named("Raised")),
		column("id", rows, func(o *api.Order) string { return o.ID }, named("Order"), d.link("Open the order", toHref)),
		column("state", rows, func(o *api.Order) string { return o.State }, named("State")),
		column("severity", rows, func(o *api.Order) string { return o.Severity }, named("Severity"), means(legend.Severities())),
		column("title", rows, func(o *api.Order) string { return string(o.Title) }, named("What"), d.link("Open the order", toHref)),
		column("asset_name", rows, func(o *api.Order) string { return string(o.AssetName) }, named("Asset"), d.link("Open the asset", toAsset)),
		column("clock", rows, func(o *api.Order) string { return clock(o).Kind }, named("Clock")),
		column("clock_state", rows, func(o *api.Order) string { return clock(o).State }, named("Clock is"), means(legend.ClockStates())),
		column("used", rows, used, named("Window used"), usedPart),
		column("due", rows, func(o *api.Order) *time.Time { return clock(o).Due }, named("Due")),
		column("eta", rows, func(o *api.Order) *time.Time { return o.ETA }, named("Expected")),
		column("contractor_name", rows, func(o *api.Order) string { return string(o.ContractorName) }, named("Contractor")),
		column("cause", rows, func(o *api.Order) string { return inWords(o.CauseText, o.Cause) }, named("Cause")),
		column("breached", rows, func(o *api.Order) int64 { return o.Breached }, named("Windows breached")),
		column("reopens", rows, func(o *api.Order) int64 { return o.Reopens }, named("Reopened")),
		column("acknowledged", rows, func(o *api.Order) *time.Time { return o.Acknowledged }, named("Acknowledged")),
		column("attended", rows, func(o *api.Order) *time.Time { return o.Attended }, named("Attended")),
		column("restored", rows, func(o *api.Order) *time.Time { return o.Restored }, named("Restored")),
		column("verified", rows, func(o *api.Order) *time.Time { return o.Verified }, named("Verified")),
		column("closed", rows, func(o *api.Order) *time.Time { return o.Closed }, named("Closed")),
		column("domain", rows, func(o *api.Order) string { return o.Domain }, named("Domain")),
		column("building", rows, func(o *api.Order) string { return o.Building }, named("Building")),
		column("asset", rows, func(o *api.Order) string { return o.Asset }, named("Asset id")),
		column("rule", rows, func(o *api.Order) string { return o.Rule }, named("Rule")),
		column("cause_id", rows, func(o *api.Order) string { return o.Cause }, named("Cause id")),
		column("contractor", rows, func(o *api.Order) string { return o.Contractor }, named("Contractor id")),
		column("href", rows, func(o *api.Order) string { return path(o.Href) }, hidden),
	)
}

// inWords is what a person reads, and the id where there are no words for it.
func inWords(text api.Text, id string) string {
	if text == "" {
		return id
	}
	return string(text)
}

// path lets through what is a path of the server's own: a link must not leave
// it because of what an answer says.
func path(href string) string {
	if len(href) < 2 || href[0] != '/' || href[1] == '/' || href[1] == '\\' || len(href) > 200 {
		return ""
	}
	return href
}
