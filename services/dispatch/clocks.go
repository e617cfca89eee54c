package dispatch

import (
	"fmt"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// clocksFor makes the order's clocks under a contract (nil: none), with those
// running whose starting event has happened.
func (d *decision) clocksFor(c *plantroom.Contract) []plantroom.Clock {
	o := &d.order
	severity := o.Severity
	if len(o.Rises) > 0 {
		severity = o.Rises[0].From
	}
	clocks := d.windows(c, severity, o.Begun)
	for i := range clocks {
		d.begin(&clocks[i])
		if o.Reopens > 0 {
			clocks[i].Basis += fmt.Sprintf(" (afresh after reopen %d)", o.Reopens)
		}
	}
	clocks = d.goneOn(clocks, c)
	for _, rise := range o.Rises {
		clocks = d.tightened(clocks, c, rise)
	}
	return clocks
}

// windows are the clocks of a severity under a contract, waiting, as they bind
// at an instant.
func (d *decision) windows(c *plantroom.Contract, s plantroom.Severity, at plantroom.Instant) []plantroom.Clock {
	o := &d.order
	terms := sla.Terms{Contract: c, Profile: d.book.profile, Targets: d.book.targets[o.Domain], Calendars: d.book.calendars}
	return terms.Clocks(d.kinds(), d.matter(), s, at)
}

// kinds are the clocks that the order's rule starts, and the rules of what was
// merged into it.
func (d *decision) kinds() []plantroom.ClockKind {
	kinds := d.book.clockKinds(d.order.Rule)
	for _, rule := range d.order.AlsoRules {
		for _, kind := range d.book.clockKinds(rule) {
			if !slices.Contains(kinds, kind) {
				kinds = append(slices.Clip(kinds), kind)
			}
		}
	}
	return kinds
}

// matter says what the order is about, as the law sees it.
func (d *decision) matter() plantroom.Matter {
	return plantroom.Matter{Domain: d.order.Domain, Rule: d.order.Rule, Kind: d.book.assets[d.order.Asset].Kind, Cause: d.order.Cause}
}

// begin starts a waiting clock if its starting event has happened.
func (d *decision) begin(c *plantroom.Clock) {
	if at := d.startOf(c.From); !at.IsZero() {
		d.start(c, at)
	}
}

// start lets a clock run from an instant, on the calendar that it names.
func (d *decision) start(c *plantroom.Clock, at plantroom.Instant) {
	sla.Start(c, at, d.book.calendars[c.Calendar])
}

// startOf returns when a starting event happened in the present round of the
// order, zero if it has not.
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
	return o.Begun
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
		sla.Stop(c, max(at, c.Started, c.Resumed))
	}
}

// resume takes a stop back. A clock that was stopped in a pause which has ended
// since runs from that end on, as the others have.
func (d *decision) resume(kind plantroom.ClockKind) {
	c := d.order.Clock(kind)
	if c == nil {
		return
	}
	d.unstop(c)
	if at := d.pauseOver(kind); c.State == plantroom.ClockPaused && !at.IsZero() {
		sla.Continue(c, at, d.book.calendars[c.Calendar])
	}
}

// claimed stops the clocks that the contractor's word keeps, and unclaimed takes
// that back once a sensor has contradicted it: they count on as if nobody had
// said anything.
func (d *decision) claimed() {
	for i := range d.order.Clocks {
		if c := &d.order.Clocks[i]; c.Keeps() == plantroom.UntilFixed {
			sla.Stop(c, max(d.now, c.Started, c.Resumed))
		}
	}
}

func (d *decision) unclaimed() {
	for i := range d.order.Clocks {
		if c := &d.order.Clocks[i]; c.Keeps() == plantroom.UntilFixed {
			d.unstop(c)
		}
	}
}

// unstop takes a clock's stop back. Where the severity has gone up meanwhile, its
// window binds as if there had been no stop.
func (d *decision) unstop(c *plantroom.Clock) {
	stopped := c.Stopped
	sla.Resume(c)
	for _, rise := range d.order.Rises {
		if rise.At >= stopped && !stopped.IsZero() {
			*c = d.tightened([]plantroom.Clock{*c}, d.book.contracts[d.order.Contract], rise)[0]
		}
	}
}

// prove ends one clock by what a sensor saw at an instant.
func (d *decision) prove(kind plantroom.ClockKind, at plantroom.Instant) {
	if c := d.order.Clock(kind); c != nil {
		d.end(c, at, sla.Prove)
	}
}

// proveAll ends the clocks of an order whose repair is proved, at the source
// time of the proof. Restore and Release are kept by it. A promise to answer or
// to come falls away if it was not late by then: nobody came, so it was not
// kept either.
func (d *decision) proveAll(proved plantroom.Instant) {
	for i := range d.order.Clocks {
		c := &d.order.Clocks[i]
		if c.Kind == plantroom.Restore || c.Kind == plantroom.Release {
			d.end(c, proved, sla.Prove)
		} else {
			d.end(c, proved, sla.Moot)
		}
	}
}

// end ends a clock at the source time of the news that ends it, but never before
// it has started, or gone on after a repair that did not last. Where that would correct a breach and is not believed, the
// breach stays, and it ends when the news was heard.
func (d *decision) end(c *plantroom.Clock, at plantroom.Instant, by func(*plantroom.Clock, plantroom.Instant) bool) {
	before, at := *c, max(at, c.Started, c.Resumed)
	if !by(c, at) {
		return
	}
	b, doubted := d.trust(before, at)
	if b.correct {
		d.correct(*c, at, b.why)
		return
	}
	*c = before
	sla.Stop(c, max(doubted.heard, c.Started, c.Resumed))
	d.disbelieve(*c, doubted, b.why)
}

// correct tells those who were told of a breach that there was none.
func (d *decision) correct(c plantroom.Clock, at plantroom.Instant, why plantroom.Text) {
	by := plantroom.Duration(d.now.Sub(at).Round(time.Second))
	d.row("clock.corrected", witness(d.incident.Domain), entry{Clock: c.Kind, Due: c.Due, Source: at, LateBy: by,
		Reason: "the sensor's news came after the window had ended: " + why.En})
	key := "corrected"
	if c.State == plantroom.ClockVoid {
		key = "corrected.void"
	}
	d.tellManagers("clock.corrected", say(key, d.title(), c.Kind, d.at(at), d.at(c.Due), d.now.Sub(at)), c.Kind, c.Due)
}

// disbelieve says that a breach stays although a sensor's time speaks against
// it, so that somebody looks at the sensor's clock.
func (d *decision) disbelieve(c plantroom.Clock, w word, why plantroom.Text) {
	by := w.heard.Sub(w.source)
	d.row("clock.disbelieved", bySystem, entry{Clock: c.Kind, Due: c.Due, Source: w.source, LateBy: plantroom.Duration(by.Round(time.Second)), Reason: why.En})
	d.tellManagers("clock.disbelieved", say("disbelieved", d.title(), c.Kind, d.at(c.Due), d.at(w.source), by, why), c.Kind, c.Due)
}

// transfer exchanges the clocks for those under the contract of the next
// contractor. A promise that stays the same, as the law's, keeps its marks and
// its breach, and is owed by the next one from now on; nothing takes effect twice.
// People who are out stay so, whoever comes now.
func (d *decision) transfer(c *plantroom.Contract) {
	clocks := d.clocksFor(c)
	d.remember()
	for i := range clocks {
		n := &clocks[i]
		old := d.order.Clock(n.Kind)
		d.recall(n)
		switch {
		case old != nil && (n.Kind == plantroom.Release && !old.Stopped.IsZero() || same(old, n)):
			promise := *n
			*n = *old
			n.Contract, n.Profile, n.ByLaw = promise.Contract, promise.Profile, promise.ByLaw
			n.Basis, n.Source, n.Sure = promise.Basis, promise.Source, promise.Sure
		case n.Kind == plantroom.Release && !d.incident.Released.IsZero():
			sla.Stop(n, max(d.incident.Released, n.Started))
		}
	}
	d.order.Clocks = d.carried(clocks)
}

// remember keeps which marks of the windows that are exchanged now have taken
// effect, and what pauses have made of them: the order may come back to whoever
// has it.
func (d *decision) remember() {
	for _, old := range d.order.Clocks {
		if old.Marked == 0 && d.pauseOver(old.Kind).IsZero() {
			continue
		}
		if i := d.former(&old); i >= 0 {
			d.order.Former[i] = old
		} else {
			d.order.Former = append(d.order.Former, old)
		}
	}
}

// former finds a window of this round that was exchanged before, -1 where none is.
func (d *decision) former(c *plantroom.Clock) int {
	return slices.IndexFunc(d.order.Former, func(f plantroom.Clock) bool { return f.Kind == c.Kind && same(&f, c) })
}

// recall takes over what has taken effect of a window that runs again, and when it
// ends, which a pause may have put off.
func (d *decision) recall(c *plantroom.Clock) {
	i := d.former(c)
	if i < 0 || !c.Open() {
		return
	}
	f := &d.order.Former[i]
	c.Half, c.Most, c.Due = f.Half, f.Most, f.Due
	if c.Marked = f.Marked; !f.Breached.IsZero() {
		c.State, c.Breached = plantroom.ClockBreached, f.Breached
	}
}

// carried keeps among new clocks those that come from another order, where they
// end sooner: the due times of a merged or split order are nobody's to loosen.
func (d *decision) carried(clocks []plantroom.Clock) []plantroom.Clock {
	for _, old := range d.order.Clocks {
		i := slices.IndexFunc(clocks, func(c plantroom.Clock) bool { return c.Kind == old.Kind })
		switch {
		case old.Of == "" || !old.Open():
		case i < 0:
			clocks = append(clocks, old)
		case clocks[i].Open() && !sla.Sooner(clocks[i], old):
			clocks[i] = old
		}
	}
	return clocks
}

// same reports whether two clocks time one promise.
func same(a, b *plantroom.Clock) bool {
	return a.From == b.From && a.Keeps() == b.Keeps() && a.Window == b.Window && a.Calendar == b.Calendar && a.Started == b.Started
}

// rise takes over a severity that has gone up, with its windows. A ladder that has
// rested for planned works begins where a life is at stake now.
func (d *decision) rise(to plantroom.Severity) {
	o, held := &d.order, d.holding()
	rise := plantroom.Rise{At: d.now, From: o.Severity, To: to}
	o.Severity = to
	o.Rises = append(o.Rises, rise)
	o.Clocks = d.tightened(o.Clocks, d.book.contracts[o.Contract], rise)
	if held && !d.holding() && o.State == plantroom.Dispatched {
		d.restartLadder()
	}
}

// tightened applies the windows of a severity that has gone up. A stricter
// window runs from the rise at the earliest, since nobody could act on it
// before.
func (d *decision) tightened(clocks []plantroom.Clock, c *plantroom.Contract, rise plantroom.Rise) []plantroom.Clock {
	for _, w := range d.windows(c, rise.To, rise.At) {
		w.Basis += fmt.Sprintf(" (since it became %s)", rise.To)
		if at := d.startOf(w.From); !at.IsZero() {
			d.start(&w, max(at, rise.At))
		}
		if i := slices.IndexFunc(clocks, func(old plantroom.Clock) bool { return old.Kind == w.Kind }); i >= 0 && d.order.PartOf != "" && clocks[i].Of == d.order.PartOf {
			w.Of = d.order.PartOf // what a part shares with its whole grows stricter in both
		}
		clocks = sla.Tighten(clocks, w)
	}
	return clocks
}
