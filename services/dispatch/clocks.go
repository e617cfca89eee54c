package dispatch

import (
	"fmt"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// clocksFor makes the order's clocks under a contract (nil: none), with those
// running whose starting event has happened.
func (d *decision) clocksFor(c *plantroom.Contract) []plantroom.Clock {
	o := &d.order
	clocks := sla.Clocks(d.book.clockKinds(o.Rule), d.matter(), o.Severity, c, d.book.profile, d.book.targets[o.Domain])
	for i := range clocks {
		d.begin(&clocks[i])
		if o.Reopens > 0 {
			clocks[i].Basis += fmt.Sprintf(" (afresh after reopen %d)", o.Reopens)
		}
	}
	return clocks
}

// matter says what the order is about, as the law sees it.
func (d *decision) matter() sla.Matter {
	return sla.Matter{Domain: d.order.Domain, Rule: d.order.Rule, Kind: d.book.assets[d.order.Asset].Kind}
}

// begin starts a waiting clock if its starting event has happened.
func (d *decision) begin(c *plantroom.Clock) {
	if at := d.startOf(c.From); !at.IsZero() {
		sla.Start(c, at)
	}
}

// startOf returns when a starting event happened in the present round of the
// order, zero if it has not. A reopened order counts as raised when the new
// episode became known.
func (d *decision) startOf(from plantroom.ClockStart) plantroom.Instant {
	o := &d.order
	switch from {
	case plantroom.FromOccurred:
		return o.Occurred
	case plantroom.FromDispatched:
		return o.Dispatched
	case plantroom.FromAcknowledged:
		return o.Acknowledged
	}
	if o.Reopens > 0 {
		return d.incident.Opened
	}
	return o.Raised
}

// beginAll starts whatever waits for what has just happened.
func (d *decision) beginAll() {
	for i := range d.order.Clocks {
		d.begin(&d.order.Clocks[i])
	}
}

// stop stops a clock at an instant, but never before it has started.
func (d *decision) stop(kind plantroom.ClockKind, at plantroom.Instant) {
	if c := d.order.Clock(kind); c != nil {
		sla.Stop(c, max(at, c.Started))
	}
}

// resume takes a stop back.
func (d *decision) resume(kind plantroom.ClockKind) {
	if c := d.order.Clock(kind); c != nil {
		sla.Resume(c)
	}
}

// prove ends one clock by what a sensor saw at an instant, but never before it
// has started.
func (d *decision) prove(kind plantroom.ClockKind, at plantroom.Instant) {
	if c := d.order.Clock(kind); c != nil && sla.Prove(c, max(at, c.Started)) {
		d.correct(*c, at)
	}
}

// proveAll ends the clocks of an order whose repair is proved, at the source
// time of the proof. Restore and Release are kept by it. A promise to answer or
// to come falls away if it was not late by then: nobody came, so it was not
// kept either.
func (d *decision) proveAll(proved plantroom.Instant) {
	for i := range d.order.Clocks {
		c := &d.order.Clocks[i]
		end := sla.Moot
		if c.Kind == plantroom.Restore || c.Kind == plantroom.Release {
			end = sla.Prove
		}
		if end(c, max(proved, c.Started)) {
			d.correct(*c, proved)
		}
	}
}

// correct tells those who were told of a breach that there was none.
func (d *decision) correct(c plantroom.Clock, at plantroom.Instant) {
	by := plantroom.Duration(d.now.Sub(at).Round(time.Second))
	d.row("clock.corrected", bySensor, entry{Clock: c.Kind, Due: c.Due, Source: at, LateBy: by,
		Reason: "the sensor's news came after the window had ended"})
	what := "was kept at "
	if c.State == plantroom.ClockVoid {
		what = "was no longer needed from "
	}
	d.tellManagers("clock.corrected", fmt.Sprintf("%s: %s %s%s, due %s: heard %s later, the window was not missed",
		d.title(), c.Kind, what, d.when(at), d.when(c.Due), words(d.now.Sub(at))), c.Kind, c.Due)
}

// transfer exchanges the clocks for those under the contract of the next
// contractor. A promise that stays the same, as the law's, keeps its marks and
// its breach; nothing takes effect twice.
func (d *decision) transfer(c *plantroom.Contract) {
	clocks := d.clocksFor(c)
	for i := range clocks {
		n := &clocks[i]
		if old := d.order.Clock(n.Kind); old != nil && old.From == n.From && old.Window == n.Window && old.Started == n.Started {
			*n = *old
		}
	}
	d.order.Clocks = clocks
}

// tighten applies the windows of a severity that has gone up. A stricter
// window runs from now, since nobody could act on it before, and binds where
// it ends before the old one; a clock that has ended stays as it is.
func (d *decision) tighten() {
	o := &d.order
	for _, w := range sla.Clocks(d.book.clockKinds(o.Rule), d.matter(), o.Severity, d.book.contracts[o.Contract], d.book.profile, d.book.targets[o.Domain]) {
		w.Basis += fmt.Sprintf(" (since it became %s)", o.Severity)
		if !d.startOf(w.From).IsZero() {
			sla.Start(&w, d.now)
		}
		old := o.Clock(w.Kind)
		switch {
		case old == nil:
			o.Clocks = append(o.Clocks, w)
		case old.Open() && sooner(w, *old):
			*old = w
		}
	}
}

// sooner reports whether a promise ends before another one does. One whose
// start is still awaited ends after every other one.
func sooner(a, b plantroom.Clock) bool {
	switch {
	case a.Due.IsZero() && b.Due.IsZero():
		return a.Window < b.Window
	case a.Due.IsZero() || b.Due.IsZero():
		return b.Due.IsZero()
	}
	return a.Due < b.Due
}
