package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// snapshot is what the server's store held when it was last looked at.
type snapshot struct {
	incidents   []plantroom.Incident
	orders      []plantroom.WorkOrder // newest first
	calls       []plantroom.Call      // delivered
	quarantined int                   // rows
	aside       map[accepted]bool     // the records among them
}

// everything is more than a play makes, and as much as the quarantine holds.
const everything = 100_000

// look brings the snapshot up to date, tells what the ledger has gained and
// looks at each expectation. While the server is down, the last snapshot counts.
func (p *play) look() error {
	if p.server.up() && p.stale.Swap(false) {
		if err := p.server.spine.Store.View(p.ctx, p.refresh); err != nil {
			return err
		}
	}
	for _, c := range p.checks {
		c.look(p)
	}
	return nil
}

func (p *play) refresh(tx plantroom.Tx) (err error) {
	var s snapshot
	if s.incidents, err = tx.Incidents(plantroom.IncidentFilter{Limit: everything}); err != nil {
		return err
	}
	if s.orders, err = tx.Orders(plantroom.OrderFilter{Limit: everything}); err != nil {
		return err
	}
	if s.calls, err = tx.Calls(plantroom.CallSent, everything); err != nil {
		return err
	}
	rows, err := tx.Quarantine(everything)
	if err != nil {
		return err
	}
	s.quarantined, s.aside = len(rows), map[accepted]bool{}
	for _, q := range rows {
		s.aside[accepted{q.Gateway, q.Epoch, q.Seq}] = true
	}
	p.seen = s
	return p.tellLedger(tx)
}

// check follows one expectation.
type check struct {
	is   *Expectation
	at   plantroom.Instant // by, at, or the end
	met  plantroom.Instant // when it was first true
	over bool              // nothing can change it any more
	ok   bool
	saw  string // the nearest thing, when it was decided

	points int  // how many there were when readings were last looked at
	found  bool // what came of it

	wrong string // with a statement or a bundle
}

func newCheck(p *play, e *Expectation) *check {
	c := &check{is: e, at: p.start.Add(time.Duration(p.file.Length))}
	if t := cmp.Or(e.By, e.At); t != nil {
		c.at = p.start.Add(time.Duration(*t))
	}
	if c.at < p.start.Add(time.Duration(p.file.Length)) {
		p.plan(c.at, func() error { return nil }) // a moment of its own
	}
	return c
}

func (c *check) look(p *play) {
	if c.over || c.is.At != nil && p.now < c.at {
		return
	}
	holds := c.holds(p)
	if holds {
		c.met = p.now
	}
	switch {
	case c.is.Never:
		c.over, c.ok = holds || p.now >= c.at, !holds
	case c.is.At != nil:
		c.over, c.ok = true, holds
	default:
		c.over, c.ok = holds || p.now >= c.at, holds
	}
	if c.over && !c.ok {
		c.saw = c.nearest(p)
	}
}

func fits[T comparable](want, got T) bool {
	var any T
	return want == any || want == got
}

func (c *check) holds(p *play) bool {
	e := c.is
	switch {
	case e.Incident != nil:
		return slices.ContainsFunc(p.seen.incidents, e.Incident.fits)
	case e.Order != nil:
		return slices.ContainsFunc(p.seen.orders, e.Order.fits)
	case e.Clock != nil:
		return slices.ContainsFunc(p.seen.orders, e.Clock.fits)
	case e.Call != nil:
		n := p.calls(e.Call)
		return e.Call.Times == 0 && n > 0 || e.Call.Times > 0 && n == e.Call.Times
	case e.Count != nil:
		return e.Count.wrong(p) == ""
	case e.Reading != nil:
		return c.read(p)
	case e.Statement != nil:
		c.wrong = e.Statement.wrong(p)
		return c.wrong == ""
	case e.Bundle != nil:
		c.wrong = e.Bundle.wrong(p)
		return c.wrong == ""
	}
	return false
}

// read looks at readings. There are many, so it looks again only when there are
// more.
func (c *check) read(p *play) bool {
	if n := len(p.server.tsdb.points); n != c.points {
		c.points, c.found = n, c.is.Reading.met(p)
	}
	return c.found
}

func (i *IncidentIs) fits(x plantroom.Incident) bool {
	return strings.Contains(x.Detail, i.Detail) && fits(i.Rule, x.Rule) && fits(i.Asset, x.Asset) && fits(i.State, x.State) && fits(i.Cause, x.Cause) && fits(i.Severity, x.Severity)
}

func (i *OrderIs) fits(x plantroom.WorkOrder) bool {
	return fits(i.Asset, x.Asset) && fits(i.Rule, x.Rule) && fits(i.State, x.State) && fits(i.Contractor, x.Contractor) &&
		(i.Contradicted == nil || *i.Contradicted == x.Contradicted) && (i.Reopens == nil || *i.Reopens == x.Reopens)
}

func (i *ClockIs) fits(x plantroom.WorkOrder) bool {
	if !fits(i.Asset, x.Asset) || !fits(i.Rule, x.Rule) {
		return false
	}
	c := x.Clock(i.Kind)
	return c != nil && c.State == i.State
}

// calls counts the delivered calls of a kind.
func (p *play) calls(i *CallIs) int {
	n := 0
	for _, c := range p.seen.calls {
		if i.Kind == c.Kind && fits(i.Who, c.Who) && (i.Asset == "" || p.assetOf(c.Order) == i.Asset) {
			n++
		}
	}
	return n
}

func (p *play) assetOf(id plantroom.OrderID) plantroom.AssetID {
	for _, o := range p.seen.orders {
		if o.ID == id {
			return o.Asset
		}
	}
	return ""
}

// wrong says which number is not as wanted.
func (i *CountIs) wrong(p *play) string {
	n := p.numbers(i.Lost != nil)
	var out []string
	for _, x := range []struct {
		what string
		want *int
		got  int
	}{{"incidents", i.Incidents, n.Incidents}, {"orders", i.Orders, n.Orders}, {"open_orders", i.OpenOrders, n.OpenOrders},
		{"quarantined", i.Quarantined, n.Quarantined}, {"lost", i.Lost, n.Lost}} {
		if x.want != nil && *x.want != x.got {
			out = append(out, fmt.Sprintf("%d %s", x.got, x.what))
		}
	}
	return strings.Join(out, ", ")
}

// nearest says what there was instead.
func (c *check) nearest(p *play) string {
	e := c.is
	var out []string
	switch {
	case e.Never:
		return "it happened"
	case e.Incident != nil:
		for _, x := range p.seen.incidents {
			if fits(e.Incident.Asset, x.Asset) {
				out = append(out, fmt.Sprintf("%s on %s %s (%s, %s): %s", x.Rule, x.Asset, x.State, x.Cause, x.Severity, x.Detail))
			}
		}
	case e.Order != nil || e.Clock != nil:
		out = c.nearestOrders(p)
	case e.Call != nil:
		out = append(out, fmt.Sprintf("%d such calls", p.calls(e.Call)))
	case e.Count != nil:
		return e.Count.wrong(p)
	case e.Reading != nil:
		return e.Reading.nearest(p)
	case e.Statement != nil || e.Bundle != nil:
		return c.wrong
	}
	if len(out) == 0 {
		return "nothing of the kind"
	}
	return strings.Join(out[:min(len(out), 3)], "; ")
}

func (c *check) nearestOrders(p *play) []string {
	var out []string
	for _, x := range p.seen.orders {
		if c.is.Order != nil && fits(c.is.Order.Asset, x.Asset) {
			out = append(out, fmt.Sprintf("%s on %s is %s with %s", x.ID, x.Asset, x.State, cmp.Or(x.Contractor, "nobody")))
		}
		if c.is.Clock != nil && fits(c.is.Clock.Asset, x.Asset) {
			if k := x.Clock(c.is.Clock.Kind); k != nil {
				out = append(out, fmt.Sprintf("the %s clock of %s is %s", k.Kind, x.ID, k.State))
			}
		}
	}
	return out
}

// Happened reports whether an expectation of an incident or an order fits what
// there is, whenever it came about; any other expectation counts as met.
func (e *Expectation) Happened(incidents []plantroom.Incident, orders []plantroom.WorkOrder) bool {
	switch {
	case e.Incident != nil:
		return slices.ContainsFunc(incidents, e.Incident.fits)
	case e.Order != nil:
		return slices.ContainsFunc(orders, e.Order.fits)
	}
	return true
}
