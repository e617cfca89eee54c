package report

import (
	"time"

	"plantroom"
	"plantroom/services/roster"
)

// crew are a contractor's people as a replay has them: each sees to one asset at
// a time, and is there when the roster says so.
type crew struct {
	firm   plantroom.Contractor
	zone   *time.Location
	way    time.Duration
	people []worker
}

type worker struct {
	id      plantroom.PersonID
	busy    plantroom.Instant // until when
	asset   plantroom.AssetID // to which it was last sent
	arrives plantroom.Instant // there
}

// newCrew makes a crew of all technicians; the roster says when one of them is
// there, if ever.
func newCrew(firm plantroom.Contractor, c *plantroom.Contract, zone *time.Location) *crew {
	w := &crew{firm: firm, zone: zone, way: roster.Way(c)}
	for _, id := range firm.Technicians {
		w.people = append(w.people, worker{id: id})
	}
	return w
}

// sent is what came of sending somebody.
type sent struct {
	who     int
	arrives plantroom.Instant
	there   bool // somebody was at the asset, or on the way to it, already
}

// send finds who is at an asset first, if sent at an instant; false where nobody
// comes on duty in time to come.
func (w *crew) send(asset plantroom.AssetID, at plantroom.Instant) (sent, bool) {
	best := sent{who: -1}
	for i := range w.people {
		if p := &w.people[i]; p.asset == asset && p.busy > at {
			return sent{i, max(at, p.arrives), true}, true
		}
	}
	for i := range w.people {
		start := w.start(i, at)
		if !start.IsZero() && (best.who < 0 || start.Add(w.way) < best.arrives) {
			best = sent{who: i, arrives: start.Add(w.way)}
		}
	}
	return best, best.who >= 0
}

// start is when somebody can set out: on duty, and done with what came before.
func (w *crew) start(i int, at plantroom.Instant) plantroom.Instant {
	p := &w.people[i]
	at = max(at, p.busy)
	if roster.Serves(&w.firm, p.id, w.zone, at) {
		return at
	}
	return roster.NextOf(&w.firm, p.id, w.zone, at)
}

// keep says that whoever was sent is at an asset until an instant, and returns by
// how much that keeps it longer than before.
func (w *crew) keep(s sent, asset plantroom.AssetID, until plantroom.Instant) time.Duration {
	p := &w.people[s.who]
	from := s.arrives
	if s.there {
		from = max(from, p.busy)
	} else {
		p.asset, p.arrives = asset, s.arrives
	}
	p.busy = max(p.busy, until)
	return max(0, until.Sub(from))
}
