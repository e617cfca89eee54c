package dispatch

import (
	"fmt"
	"maps"
	"time"

	"plantroom"
)

// NewsDelay is how late a sensor's news may be without an excuse, and how long a
// gateway that is back may take to tell what it has kept: the same minute after
// which the detection takes a reading for late. The product's own number.
const NewsDelay = time.Minute

// absence is a time in which news of an asset could not be heard; a zero to
// means that it lasts.
type absence struct {
	from, to plantroom.Instant
	gateway  plantroom.GatewayID // that was away
}

// belief is whether a breach is corrected by news that came after it, and why.
type belief struct {
	correct bool
	why     plantroom.Text
}

// believe decides whether a promise that was found broken was kept after all: a
// sensor says, at an instant, that it had been kept by its due time. The time is
// the sensor's own, and a clock that is slow would say so of every repair. It is
// believed where something else explains why nobody heard of it in time: the
// server looked for the breach late, so that it was away itself; a gateway of the
// asset was away at the due time; or the news is no later than news is.
func believe(c plantroom.Clock, source, heard plantroom.Instant, away []absence) belief {
	if heard.Sub(source) <= NewsDelay {
		return belief{true, say("on_its_way")}
	}
	if by := c.Noticed.Sub(c.Due); !c.Noticed.IsZero() && by >= SayLate {
		return belief{true, say("server_away")}
	}
	for _, a := range away {
		if a.from <= c.Due && (a.to.IsZero() || c.Due <= a.to) {
			return belief{true, say("gateway_away", a.gateway)}
		}
	}
	return belief{false, say("nothing_away")}
}

// absences returns when the gateways of an order's asset, or of the asset that
// there is news of, were away, as far as it concerns a breach that news could correct; none where there is no such breach.
// A gateway's silence is known of a moment late, and it takes a moment to tell
// its backlog.
func (d *Desk) absences(tx plantroom.Tx, o plantroom.WorkOrder, news plantroom.AssetID) ([]absence, error) {
	first := plantroom.Instant(0)
	for i := range o.Clocks {
		if c := &o.Clocks[i]; c.State == plantroom.ClockBreached && c.Stopped.IsZero() {
			first = earlier(first, c.Due)
		}
	}
	if first.IsZero() {
		return nil, nil
	}
	var away []absence
	gateways := maps.Clone(d.book.gateways[news]) // of a merged order's asset, or of the whole's
	if gateways == nil {
		gateways = d.book.gateways[o.Asset]
	} else {
		maps.Copy(gateways, d.book.gateways[o.Asset])
	}
	for gw := range gateways {
		silences, err := tx.Incidents(plantroom.IncidentFilter{Asset: plantroom.AssetID(gw), Domain: plantroom.DevicesDomain})
		if err != nil {
			return nil, fmt.Errorf("read the silences of gateway %s: %w", gw, err)
		}
		for _, s := range silences {
			a := absence{from: s.Episode.Add(-NewsDelay), gateway: gw}
			if !s.Cleared.IsZero() {
				a.to = s.Cleared.Add(NewsDelay)
			}
			if a.to.IsZero() || a.to >= first {
				away = append(away, a)
			}
		}
	}
	return away, nil
}
