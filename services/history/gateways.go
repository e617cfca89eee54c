package history

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/spools"
)

// GatewayItem is how a gateway is at this moment. What it tells itself is absent
// until it has, and stays as it was last told while it is silent.
type GatewayItem struct {
	Gateway      plantroom.GatewayID  `json:"gateway"` // "": all that is in quarantine and came from none of the estate's
	GatewayName  string               `json:"gateway_name"`
	Building     plantroom.BuildingID `json:"building,omitempty"`
	BuildingName string               `json:"building_name,omitempty"`
	Heard        plantroom.Instant    `json:"heard,omitzero"`
	Silent       bool                 `json:"silent"`
	Since        plantroom.Instant    `json:"silent_since,omitzero"`

	Told    plantroom.Instant `json:"told,omitzero"` // when it last told what follows
	Version string            `json:"version,omitempty"`
	Clock   string            `json:"clock,omitempty"`   // set, held, unset
	Backlog *uint64           `json:"backlog,omitempty"` // records in its spool that the server does not hold for good
	Used    *uint64           `json:"spool_used_bytes,omitempty"`
	Limit   *uint64           `json:"spool_limit_bytes,omitempty"`
	Share   *float64          `json:"spool_share,omitempty"` // may be above 1

	Quarantined    int64 `json:"quarantined"` // all that is kept of it
	QuarantinedDay int64 `json:"quarantined_24h"`
	QuarantinedNow int64 `json:"quarantined_15m"`
}

// GatewaySources are what is known of gateways beside the history. Progress and
// Tallies are the store's; the Tallies count since what GatewayTimes gives.
type GatewaySources struct {
	Progress []plantroom.Progress
	Tallies  []plantroom.QuarantineTally
	Word     func(plantroom.GatewayID) spools.Word
}

// GatewayTimes are since when the quarantine is counted for Gateways.
func GatewayTimes(now plantroom.Instant) []plantroom.Instant {
	return []plantroom.Instant{now.Add(-24 * time.Hour), now.Add(-15 * time.Minute)}
}

// nobodys is what is not of the estate.
var nobodys = plantroom.Text{En: "no gateway of the estate", Zh: "非本小区网关"}

// Gateways tells how the estate's gateways are, in the order of its file, those of
// some buildings or, where none is named, all. Where all are asked for and something
// is in quarantine that came from none of them, the last item counts that.
func (t *Table) Gateways(b *Book, buildings []plantroom.BuildingID, from GatewaySources) []GatewayItem {
	silent := t.silentGateways()
	tallies := make(map[plantroom.GatewayID]plantroom.QuarantineTally, len(from.Tallies))
	for _, q := range from.Tallies {
		tallies[q.Gateway] = q
	}
	progress := map[plantroom.GatewayID][]plantroom.Progress{}
	for _, p := range from.Progress {
		progress[p.Gateway] = append(progress[p.Gateway], p)
	}
	var items []GatewayItem
	for _, id := range b.gatewayList {
		item := GatewayItem{Gateway: id, GatewayName: b.asset(plantroom.AssetID(id)), Building: b.gateways[id]}
		item.set(tallies[id])
		delete(tallies, id)
		if len(buildings) > 0 && !slices.Contains(buildings, item.Building) {
			continue
		}
		if item.Building != "" {
			item.BuildingName = b.building(item.Building)
		}
		item.Since, item.Silent = silent[id]
		for _, p := range progress[id] {
			item.Heard = max(item.Heard, p.Heard)
		}
		item.tell(from.Word(id), progress[id])
		items = append(items, item)
	}
	others := GatewayItem{GatewayName: nobodys.In(b.lang)}
	for _, q := range tallies {
		others.set(q)
	}
	if len(buildings) == 0 && others.Quarantined > 0 {
		items = append(items, others)
	}
	return items
}

// set adds what is in quarantine.
func (g *GatewayItem) set(q plantroom.QuarantineTally) {
	g.Quarantined += q.All
	if len(q.Since) == 2 {
		g.QuarantinedDay += q.Since[0]
		g.QuarantinedNow += q.Since[1]
	}
}

// exact is the largest number that every reader of JSON keeps as it is. A gateway
// may claim any.
const exact = 1<<53 - 1

// tell writes down what the gateway has said of itself.
func (g *GatewayItem) tell(w spools.Word, progress []plantroom.Progress) {
	g.Told = max(w.Told, w.Full)
	if n, ok := w.Waiting(progress); ok {
		n = min(n, exact)
		g.Backlog, g.Version = &n, printable(w.State.Version)
		if w.State.Online {
			g.Heard = max(g.Heard, w.Told)
		}
	}
	if w.Full.IsZero() {
		return
	}
	used, limit := min(w.Spool.Used, exact), min(w.Spool.Limit, exact)
	g.Used, g.Limit, g.Clock = &used, &limit, w.Spool.Clock.String()
	if limit > 0 {
		share := float64(used) / float64(limit)
		g.Share = &share
	}
}

// printable leaves out what would not be seen as it is.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}

// silentGateways are those that are judged silent, and since when.
func (t *Table) silentGateways() map[plantroom.GatewayID]plantroom.Instant {
	rule, known := t.rules.index[detect.RuleGatewaySilent]
	if !known {
		return nil
	}
	out := map[plantroom.GatewayID]plantroom.Instant{}
	for k, c := range t.incidents {
		if c.open == 0 {
			continue
		}
		for i := range t.filled(k) {
			if c.rule[i] == rule && c.end[i].IsZero() && incidentStates[c.state[i]] == plantroom.IncidentOpen {
				out[plantroom.GatewayID(t.assets.list[c.asset[i]])] = c.begin[i]
			}
		}
	}
	return out
}
