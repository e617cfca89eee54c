package answer

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/legend"
)

// assetCurrent is a row for each asset with its present state and, for maps,
// its building's position. For an alert it is how many assets are in each state
// ("assets"), or how bad each asset's state is ("level").
var assetCurrent = Type{
	Name: "asset_current", Thing: "assets", Now: true,
	Filters:  []string{"building", "asset", "domain"},
	Measures: []string{"assets", "level"},
	frames:   currentFrames,
}

func currentFrames(ctx context.Context, a *asked) (answered, error) {
	page, err := a.API.Now(ctx, a.filter())
	if err != nil {
		return answered{}, err
	}
	rows := page.Items
	f := currentFrame(a.Desk, rows)
	switch a.Query.Measure {
	case "assets":
		f = countStates(rows)
	case "level":
		f = frame(a.Name, data.FrameTypeNumericLong, append(whose(rows), column("level", rows, level, named("Level")))...)
	}
	return answered{data.Frames{f}, page.Unknown, page.Next != "", len(page.Items) == 0}, nil
}

func currentFrame(d Desk, rows []api.Current) *data.Frame {
	return frame("asset_current", data.FrameTypeTable,
		column("since", rows, func(c *api.Current) *time.Time { return c.Since }, named("Since")),
		column("asset_name", rows, func(c *api.Current) string { return string(c.AssetName) }, named("Asset"), d.link("Open the asset", toAsset)),
		column("state", rows, func(c *api.Current) string { return c.State }, named("State"), means(legend.States())),
		column("text", rows, func(c *api.Current) string { return string(c.Text) }, named("Why")),
		column("order", rows, func(c *api.Current) string { return c.Order }, named("Order"), d.link("Open the order", toOrder)),
		column("level", rows, level, named("Level"), hidden),
		column("kind", rows, func(c *api.Current) string { return c.Kind }, named("Kind")),
		column("floor", rows, func(c *api.Current) int64 { return c.Floor }, named("Floor")),
		column("building_name", rows, func(c *api.Current) string { return string(c.BuildingName) }, named("Building")),
		column("domain", rows, func(c *api.Current) string { return c.Domain }, named("Domain")),
		column("building", rows, func(c *api.Current) string { return c.Building }, named("Building id")),
		column("asset", rows, func(c *api.Current) string { return c.Asset }, named("Asset id")),
		column("latitude", rows, func(c *api.Current) *float64 { return c.Latitude }, named("Latitude"), hidden),
		column("longitude", rows, func(c *api.Current) *float64 { return c.Longitude }, named("Longitude"), hidden),
	)
}

func whose(rows []api.Current) []*data.Field {
	return []*data.Field{
		column("asset", rows, func(c *api.Current) string { return c.Asset }),
		column("asset_name", rows, func(c *api.Current) string { return string(c.AssetName) }),
		column("building", rows, func(c *api.Current) string { return c.Building }),
		column("domain", rows, func(c *api.Current) string { return c.Domain }),
	}
}

// level is 0 for ok up to 4 for a fault, as the legend is sorted. Unknown is no
// number: an alert has to say what no data means to it.
func level(c *api.Current) *float64 {
	for i, m := range legend.States() {
		if m.Value == c.State && m.Value != "unknown" {
			n := float64(i)
			return &n
		}
	}
	return nil
}

// countStates has a row for each state of the legend, also where no asset is in
// it, and for one that a newer server names.
func countStates(rows []api.Current) *data.Frame {
	var states []string
	counts := map[string]int64{}
	for _, m := range legend.States() {
		states = append(states, m.Value)
	}
	for i := range rows {
		counts[rows[i].State]++
	}
	for s := range counts {
		if known(s) {
			continue
		}
		states = append(states, s)
	}
	return frame("asset_current", data.FrameTypeNumericLong,
		column("state", states, func(s *string) string { return *s }, named("State"), means(legend.States())),
		column("assets", states, func(s *string) int64 { return counts[*s] }, named("Assets")))
}

func known(state string) bool {
	for _, m := range legend.States() {
		if m.Value == state {
			return true
		}
	}
	return false
}
