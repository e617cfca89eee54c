package dispatch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// goOn finds, when an order is reopened, the clocks of the round before that go on
// in the new one, nil where none does: the restore clock, because a repair that did
// not last was none. It goes on from the moment at which the fault was known again
// (where its window runs from the fault, at which it was there again); the time in
// which the repair seemed to hold does not count. A window that came from another
// order with a merge was for that one's fault, and ended with it; one of the law is
// for each fault, whatever a contract says of repeats. A fault for which the contract
// does not answer, before or now, says nothing of a repair.
func (d *decision) goOn() *plantroom.GoesOn {
	o := &d.order
	contract := d.book.contracts[o.Contract]
	old := o.Clock(plantroom.Restore)
	if contract == nil || contract.Anew || old == nil || old.Of != "" || old.Profile != "" {
		return nil
	}
	if contract.Excludes(o.Rule, o.Cause) != nil || contract.Excludes(o.Rule, d.incident.Cause) != nil {
		return nil
	}
	c, at := *old, o.Begun
	if c.From == plantroom.FromOccurred {
		at = o.Occurred
	}
	if !sla.Reopen(&c, at, d.book.calendars[c.Calendar]) {
		return nil
	}
	basis, _, _ := strings.Cut(c.Basis, goesOnAfter)
	c.Basis = fmt.Sprintf("%s%s %d, %s used)", basis, goesOnAfter, o.Reopens+1, words(time.Duration(c.Spent)))
	return &plantroom.GoesOn{Contract: o.Contract, Clocks: []plantroom.Clock{c}}
}

// goesOnAfter begins what a clock that goes on has behind its basis.
const goesOnAfter = " (goes on after reopen"

// goneOn puts what goes on of the round before among the new clocks under a
// contract. A new one binds only where it ends sooner, as that of a graver severity may.
func (d *decision) goneOn(clocks []plantroom.Clock, c *plantroom.Contract) []plantroom.Clock {
	g := d.order.GoesOn
	if g == nil || c == nil || c.ID != g.Contract {
		return clocks
	}
	for _, k := range g.Clocks {
		i := slices.IndexFunc(clocks, func(c plantroom.Clock) bool { return c.Kind == k.Kind })
		switch {
		case i < 0:
			clocks = append(clocks, k)
		case !sla.Sooner(clocks[i], k):
			clocks[i] = k
		}
	}
	return clocks
}

// lost reports whether a window was lost in a round before: nobody can be in time for it.
func lost(c *plantroom.Clock) bool { return !c.Resumed.IsZero() && c.Due <= c.Resumed }
