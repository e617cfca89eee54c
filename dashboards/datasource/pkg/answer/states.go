package answer

import (
	"context"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/legend"
)

// assetState is a frame for each asset, as state timelines take them, those that end
// in a bad state first. The state in which it was when the range begins is its first row.
var assetState = Type{
	Name: "asset_state", Thing: "assets",
	Filters: []string{"building", "asset", "domain"},
	frames:  stateFrames,
}

func stateFrames(ctx context.Context, a *asked) (answered, error) {
	page, err := a.API.States(ctx, a.filter())
	if err != nil {
		return answered{}, err
	}
	// A timeline shows some assets a page: what is bad at the end of the range comes first.
	slices.SortStableFunc(page.Items, func(a, b api.States) int { return urgency(&b) - urgency(&a) })
	var frames data.Frames
	for i := range page.Items {
		frames = append(frames, stateFrame(a, &page.Items[i]))
	}
	if len(frames) == 0 {
		frames = data.Frames{stateFrame(a, &api.States{})}
	}
	return answered{frames, page.Unknown, page.Next != "", len(page.Items) == 0}, nil
}

// urgency sorts assets by the state in which they end. One that is not heard comes
// before one that is only worked on.
func urgency(s *api.States) int {
	if len(s.Segments) == 0 {
		return -1
	}
	return slices.Index([]string{"ok", "maintenance", "unknown", "warning", "degraded", "fault"}, s.Segments[len(s.Segments)-1].State)
}

// stateFrame ends with an empty row where the range goes on: Grafana would
// otherwise draw the last state into the future.
func stateFrame(a *asked, s *api.States) *data.Frame {
	n := len(s.Segments)
	at, state, text, order := make([]time.Time, n, n+1), make([]*string, n, n+1), make([]*string, n, n+1), make([]*string, n, n+1)
	for i := range s.Segments {
		seg := &s.Segments[i]
		words := string(seg.Text)
		at[i], state[i], text[i], order[i] = seg.From, &seg.State, &words, &seg.Order
	}
	if n > 0 && s.Segments[n-1].To.Before(a.To) {
		at, state, text, order = append(at, s.Segments[n-1].To), append(state, nil), append(text, nil), append(order, nil)
	}
	title := string(s.AssetName)
	if title == "" {
		title = s.Asset
	}
	labels := data.Labels{"asset": s.Asset, "building": s.Building, "domain": s.Domain}
	fields := []*data.Field{
		data.NewField("time", nil, at),
		styled(data.NewField("state", labels, state), named(title), means(legend.States()), a.link("Open the asset", path("/assets/"+s.Asset))),
		styled(data.NewField("text", nil, text), named("Why"), hidden),
		styled(data.NewField("order", nil, order), named("Order"), hidden),
	}
	if s.Asset == "" {
		fields[1] = styled(data.NewField("state", nil, state), means(legend.States()))
		return frame("asset_state", data.FrameTypeTable, fields[:2]...)
	}
	return frame(s.Asset, data.FrameTypeTable, fields...)
}
