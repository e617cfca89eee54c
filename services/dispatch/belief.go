package dispatch

import (
	"fmt"
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

// word is what the sensor of one of the incidents behind an order has said before.
type word struct {
	source, heard plantroom.Instant
	away          []absence
}

// wordsBefore are the proofs of the other incidents behind an order that carries
// others on. Each needs an excuse of its own where it came late: the last word, in
// time or not, does not speak for them.
func (d *Desk) wordsBefore(tx plantroom.Tx, o plantroom.WorkOrder, ev plantroom.IncidentEvent) ([]word, error) {
	if len(o.Also) == 0 || ev.Change != plantroom.IncidentProved {
		return nil, nil
	}
	var said []word
	for _, id := range append([]plantroom.IncidentID{o.Incident}, o.Also...) {
		if id == ev.Incident.ID {
			continue
		}
		in, err := tx.Incident(id)
		if err != nil {
			return nil, err
		}
		away, err := d.absences(tx, o, in.Asset)
		if err != nil {
			return nil, err
		}
		if in.State == plantroom.IncidentClosed {
			said = append(said, word{in.Proved, in.Closed, away})
		}
	}
	return said, nil
}

// trust decides whether a breach is corrected by the last word about an order, and
// by those before. Where it is not, it says which word it is that nothing excuses:
// of several the one that was heard last.
func (d *decision) trust(c plantroom.Clock, source plantroom.Instant) (b belief, doubted word) {
	doubted = word{source, d.now, d.away}
	if b = believe(c, source, d.now, d.away); !b.correct {
		return b, doubted
	}
	for _, w := range d.before {
		if w.heard <= c.Due {
			continue // it needs no excuse
		}
		if its := believe(c, w.source, w.heard, w.away); !its.correct && (b.correct || w.heard > doubted.heard) {
			b, doubted = its, w
		}
	}
	return b, doubted
}

// absences returns when the gateways of the asset that there is news of were away,
// as far as it concerns a breach that news could correct; none where there is no such breach.
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
	for gw := range d.book.gateways[news] {
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
