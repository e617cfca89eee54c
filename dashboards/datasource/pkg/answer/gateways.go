package answer

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/legend"
)

// gateways is a row for each gateway with what it tells of itself, and how much of
// it is in quarantine. A last row without an id counts what came from none of the
// estate's. What a gateway has not told is no number.
var gateways = Type{
	Name: "gateways", Thing: "gateways", Now: true,
	Filters:  []string{"building"},
	Measures: []string{"backlog", "spool_share", "quarantined_24h", "quarantined_15m", "quarantined", "silent"},
	frames:   gatewayFrames,
}

func gatewayFrames(ctx context.Context, a *asked) (answered, error) {
	page, err := a.API.Gateways(ctx, a.filter())
	if err != nil {
		return answered{}, err
	}
	rows := page.Items
	f := gatewayFrame(a.Desk, rows)
	if a.Query.Measure != "" {
		whose := []*data.Field{
			column("gateway", rows, func(g *api.Gateway) string { return g.Gateway }),
			column("gateway_name", rows, func(g *api.Gateway) string { return string(g.GatewayName) }),
			column("building", rows, func(g *api.Gateway) string { return g.Building }),
		}
		f = chosen(a.Name, whose, gatewayNumbers(a.Desk, rows), a.Query.Measure)
	}
	return answered{data.Frames{f}, page.Unknown, page.Next != "", len(rows) == 0}, nil
}

func gatewayFrame(d Desk, rows []api.Gateway) *data.Frame {
	fields := append([]*data.Field{
		column("heard", rows, func(g *api.Gateway) *time.Time { return g.Heard }, named("Last heard")),
		column("gateway_name", rows, func(g *api.Gateway) string { return string(g.GatewayName) }, named("Gateway")),
	}, gatewayNumbers(d, rows)...)
	return frame("gateways", data.FrameTypeTable, append(fields,
		column("silent_since", rows, func(g *api.Gateway) *time.Time { return g.Since }, named("Silent since")),
		column("told", rows, func(g *api.Gateway) *time.Time { return g.Told }, named("Told")),
		column("spool_used_bytes", rows, func(g *api.Gateway) *int64 { return g.Used }, named("Spool used"), unit("bytes")),
		column("spool_limit_bytes", rows, func(g *api.Gateway) *int64 { return g.Limit }, named("Spool limit"), unit("bytes")),
		column("clock", rows, func(g *api.Gateway) string { return g.Clock }, named("Clock"), means(legend.GatewayClocks())),
		column("version", rows, func(g *api.Gateway) string { return g.Version }, named("Version")),
		column("building_name", rows, func(g *api.Gateway) string { return string(g.BuildingName) }, named("Building")),
		column("building", rows, func(g *api.Gateway) string { return g.Building }, named("Building id")),
		column("gateway", rows, func(g *api.Gateway) string { return g.Gateway }, named("Gateway id")),
	)...)
}

func gatewayNumbers(d Desk, rows []api.Gateway) []*data.Field {
	quarantine := d.link("Open the quarantine", "/quarantine")
	return []*data.Field{
		column("silent", rows, silent, named("Silent"), means(legend.Silence())),
		column("backlog", rows, func(g *api.Gateway) *int64 { return g.Backlog }, named("Waiting")),
		column("spool_share", rows, func(g *api.Gateway) *float64 { return g.Share }, named("Spool"), share),
		column("quarantined_15m", rows, func(g *api.Gateway) int64 { return g.QuarantinedNow }, named("Quarantined, 15 min"), quarantine),
		column("quarantined_24h", rows, func(g *api.Gateway) int64 { return g.QuarantinedDay }, named("Quarantined, 24 h"), quarantine),
		column("quarantined", rows, func(g *api.Gateway) int64 { return g.Quarantined }, named("Quarantined"), quarantine),
	}
}

// silent is 1 for a gateway that is judged silent and 0 for one that is heard. One
// that was never heard is neither until it is judged, and what is no gateway of the
// estate never is.
func silent(g *api.Gateway) *int64 {
	n := int64(0)
	if g.Gateway == "" || g.Heard == nil && !g.Silent {
		return nil
	}
	if g.Silent {
		n = 1
	}
	return &n
}
