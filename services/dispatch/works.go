package dispatch

import (
	"strings"
	"time"

	"plantroom"
)

// Planned works hide nothing: an order on an asset that is worked on is raised,
// shown and timed as ever. What may be held back, as the works say, are calls, and
// never where a life is at stake.

// duringWorks finds the planned works in which an asset stands at an instant, nil
// where there are none. Of several the one that holds least counts.
func duringWorks(tx plantroom.Tx, asset plantroom.AssetID, now plantroom.Instant) (*plantroom.During, error) {
	open, err := tx.OpenWorks()
	if err != nil {
		return nil, err
	}
	holds := map[plantroom.HeldCalls]int{plantroom.HoldNothing: 0, plantroom.HoldManagers: 1, plantroom.HoldAll: 2}
	var found *plantroom.During
	for _, w := range open {
		if w.Covers(asset, now) && (found == nil || holds[w.Hold] < holds[found.Hold]) {
			found = &plantroom.During{Works: w.ID, Until: w.To, Hold: w.Hold}
		}
	}
	return found, nil
}

// holding reports whether calls about the order are held back now.
func (d *decision) holding() bool {
	m := d.order.During
	return m != nil && m.Hold != plantroom.HoldNothing && d.now < m.Until && d.order.Severity < plantroom.Life
}

// heldByWorks notes a call that planned works hold back, and reports whether it is.
func (d *decision) heldByWorks(kind, who string) bool {
	if !d.holding() || d.order.During.Hold == plantroom.HoldManagers && strings.HasPrefix(who, "contractor:") {
		return false
	}
	d.row("call.held", bySystem, entry{Called: []string{who}, Reason: kind + ": during planned works " + string(d.order.During.Works)})
	return true
}

// restWorks lets the ladder rest while calls are held back.
func (d *decision) restWorks() {
	if d.holding() && !d.order.NextCall.IsZero() && d.order.NextCall < d.order.During.Until {
		d.order.NextCall = d.order.During.Until
	}
}

// holdEnds is when the works were to end during which calls about the order are held
// back, zero where none are or nobody waits for them any more. Works that take longer
// hold no longer than it was said when the order was raised.
func (d *decision) holdEnds() plantroom.Instant {
	if m := d.order.During; m != nil && m.Hold != plantroom.HoldNothing && !d.settled() {
		return m.Until
	}
	return 0
}

// endHold ends the holding back of calls when the works were to end.
func (d *decision) endHold() {
	if at := d.holdEnds(); !at.IsZero() && at <= d.now {
		d.worksOver()
	}
}

// WorksOver has those called about the orders raised during planned works who were
// not, when these have ended: as planned, sooner, or not at all.
func (d *Desk) WorksOver(tx plantroom.Tx, now plantroom.Instant, id plantroom.WorksID) error {
	return each(tx, plantroom.OrderFilter{Open: true}, func(o plantroom.WorkOrder) error {
		if o.During == nil || o.During.Works != id || o.During.Hold == plantroom.HoldNothing {
			return nil
		}
		dec, err := d.begun(tx, now, o)
		if err != nil {
			return err
		}
		dec.worksOver()
		if err := write(tx, o, dec.finish()); err != nil {
			return err
		}
		return d.contradictParts(tx, now, o, dec.order)
	})
}

// eachPage is how many orders each reads at a time.
const eachPage = 1000

// each does something about every order that a filter selects, however many there
// are: the newest first.
func each(tx plantroom.Tx, f plantroom.OrderFilter, do func(plantroom.WorkOrder) error) error {
	for f.Limit = eachPage; ; {
		orders, err := tx.Orders(f)
		if err != nil {
			return err
		}
		for _, o := range orders {
			if err := do(o); err != nil {
				return err
			}
		}
		if len(orders) < eachPage {
			return nil
		}
		f.Before = orders[len(orders)-1].ID
	}
}

// worksOver ends the holding back of calls.
func (d *decision) worksOver() {
	o := &d.order
	was := *o.During
	if was.Hold == plantroom.HoldNothing {
		return // it has ended already
	}
	o.During = &plantroom.During{Works: was.Works, Until: min(was.Until, d.now)}
	if d.settled() {
		return
	}
	d.row("order.works_over", bySystem, entry{Reason: "planned works " + string(was.Works) + " are over, and the order is not"})
	if o.State == plantroom.Dispatched {
		if !o.NextCall.IsZero() {
			o.NextCall = min(o.NextCall, max(d.now, d.rung(0)))
		}
		if was.Hold == plantroom.HoldAll {
			d.tellContractor("order.dispatched", say("dispatched", d.title(), d.dueWords()), o.Link, "works")
		}
	}
	d.tellManagers("works.left", say("works.left", d.title(), time.Duration(d.now-o.Raised), was.Works, d.dueWords()), o.Link)
}
