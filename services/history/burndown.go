package history

import (
	"encoding/json"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// The bounds of answers about how windows were used up.
const (
	MaxBurndownOrders = 50
	MinPoints         = 2
	MaxPoints         = 500
)

// BurndownItem is how one clock's window was used up over a time.
type BurndownItem struct {
	Order          plantroom.OrderID      `json:"order"`
	Asset          plantroom.AssetID      `json:"asset"`
	AssetName      string                 `json:"asset_name"`
	Clock          plantroom.ClockKind    `json:"clock"`
	State          plantroom.ClockState   `json:"state"` // now
	Window         float64                `json:"window_s"`
	Contractor     plantroom.ContractorID `json:"contractor,omitempty"`
	ContractorName string                 `json:"contractor_name,omitempty"`
	Points         []Point                `json:"points"` // the first first; the last is its stop, or the end of the time
}

// Point is what of a window was used up at an instant; in JSON a pair.
type Point sla.Point

// MarshalJSON writes ["2026-03-02T08:00:00Z", 0.5].
func (p Point) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{p.At, p.Used})
}

// Burndown tells of those clocks of orders that counted at some time of [from,
// min(to, now)): see sla.Burndown. Orders come as they are in the store, since the
// columns do not hold what a past moment takes. No kinds: all.
func Burndown(b *Book, orders []plantroom.WorkOrder, only []plantroom.ClockKind, from, to, now plantroom.Instant, points int) []BurndownItem {
	items := []BurndownItem{}
	for i := range orders {
		o := &orders[i]
		for j := range o.Clocks {
			c := &o.Clocks[j]
			if len(only) > 0 && !slices.Contains(only, c.Kind) {
				continue
			}
			item := BurndownItem{Order: o.ID, Asset: o.Asset, AssetName: b.asset(o.Asset), Clock: c.Kind, State: c.State,
				Window: time.Duration(c.Window).Seconds(), Contractor: o.Contractor}
			if o.Contractor != "" {
				item.ContractorName = b.contractor(o.Contractor)
			}
			for _, p := range sla.Burndown(c, o.Pauses, from, min(to, now), points) {
				item.Points = append(item.Points, Point(p))
			}
			if len(item.Points) > 0 {
				items = append(items, item)
			}
		}
	}
	return items
}
