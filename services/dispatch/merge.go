package dispatch

import (
	"fmt"
	"slices"

	"plantroom"
	"plantroom/services/sla"
)

// mergeInto closes the order as merged into another one of the same cause, which
// goes on with both: it is proved when the sensors of both have proved it. The
// windows that still count go with it, and of two of a kind the stricter one
// binds. What had ended by then stays with the order in which it ended.
func (d *decision) mergeInto(into *decision, cmd Command) error {
	if err := d.mergeable(into); err != nil {
		return err
	}
	d.resumeClocks(d.now, bySystem, entry{Reason: "another order carries it on"})
	into.resumeClocks(d.now, bySystem, entry{Reason: "another order was merged into it"})
	own := d.order.Contract == into.order.Contract
	var stays []plantroom.Clock
	for _, c := range d.order.Clocks {
		if taken := into.take(d.order.ID, c, own); !taken || !own {
			stays = append(stays, c)
		}
	}
	o, with := &d.order, entry{Order: into.order.ID, By: cmd.By, Reason: cmd.Reason, Clocks: stays}
	d.do(plantroom.DoMerge, cmd.Actor, with)
	o.MergedInto, o.NextCall, o.Watched = into.order.ID, 0, 0
	for i := range o.Clocks {
		sla.Void(&o.Clocks[i])
	}
	d.tellContractor("order.merged", say("merged", d.title(), into.order.ID, cmd.Reason), o.Link)
	into.carry(d, cmd)
	return nil
}

// room reports whether one order can carry another one on, with all that either
// carries on already, also what those had carried on before.
func room(tx plantroom.Tx, n, o plantroom.WorkOrder) error {
	carried := slices.Concat(n.Merged, o.Merged, []plantroom.OrderID{o.ID})
	for i := 0; i < len(carried) && len(carried) <= maxMerged; i++ {
		if carried[i] == o.ID {
			continue // its own are counted
		}
		m, err := tx.Order(carried[i])
		if err != nil {
			return err
		}
		carried = append(carried, m.Merged...)
	}
	if len(carried) > maxMerged {
		return plantroom.Errorf(plantroom.CodeTooLarge, "%s and %s would carry on more than %d orders together", n.ID, o.ID, maxMerged)
	}
	return nil
}

// mergeable reports why two orders cannot be one.
func (d *decision) mergeable(into *decision) error {
	o, n := &d.order, &into.order
	contract := d.book.contracts[n.Contract]
	switch _, err := n.State.Next(plantroom.DoMerge); {
	case err != nil:
		return plantroom.Errorf(plantroom.CodeTransition, "%s is %s and cannot carry another order on", n.ID, n.State)
	case len(o.Parts) > 0:
		return plantroom.Errorf(plantroom.CodeForbidden, "%s has parts: merge the other order into it", o.ID)
	case o.PartOf != "" && o.PartOf != n.ID:
		return plantroom.Errorf(plantroom.CodeForbidden, "%s is a part of %s and can be merged into that only", o.ID, o.PartOf)
	case n.PartOf != "":
		return plantroom.Errorf(plantroom.CodeForbidden, "%s is a part of %s: merge into that", n.ID, n.PartOf)
	case contract == nil && n.Contractor != "":
		return plantroom.Errorf(plantroom.CodeForbidden, "contract %s, under which %s has %s, is not in the estate's file any more: transfer %s first", n.Contract, n.Contractor, n.ID, n.ID)
	case contract == nil && o.Contractor != "":
		return plantroom.Errorf(plantroom.CodeForbidden, "nobody has %s: merge it into %s", n.ID, o.ID)
	case contract != nil && !contract.Covers(d.book.assetOf(o), d.now):
		return plantroom.Errorf(plantroom.CodeForbidden, "contract %s, under which %s has %s, does not cover %s", contract.ID, n.Contractor, n.ID, o.Asset)
	}
	return nil
}

// take lets a clock of another order count in this one, where nothing stricter
// does, and reports whether it does. own: both are under one contract. A window
// that was missed already is nobody's to take away, and one that was missed under
// another contract does not stand before the order's own.
func (d *decision) take(from plantroom.OrderID, c plantroom.Clock, own bool) bool {
	if !c.Open() || c.Kind == plantroom.Acknowledge && !d.order.Acknowledged.IsZero() || c.Kind == plantroom.Attend && !d.order.Attended.IsZero() {
		return false // it is decided, or somebody has answered or is there
	}
	if c.Of == "" {
		c.Of = from
		c.Basis += fmt.Sprintf(" (of %s)", from)
	}
	if at := d.startOf(c.From); !at.IsZero() { // what it waits for has happened here
		d.start(&c, max(at, d.now))
	}
	old := d.order.Clock(c.Kind)
	switch {
	case old == nil:
		d.order.Clocks = append(d.order.Clocks, c)
	case !old.Open() && c.Kind == plantroom.Release: // those of the other order are trapped yet
		*old = c
	case old.Open() && old.Breached.IsZero() && (own || c.Breached.IsZero()) && sla.Sooner(c, *old):
		*old = c
	default:
		return false
	}
	return true
}

// carry takes over what another order was about.
func (d *decision) carry(from *decision, cmd Command) {
	o := &d.order
	o.Merged = append(o.Merged, from.order.ID)
	all := []plantroom.Incident{d.incident, from.incident}
	for _, id := range append([]plantroom.IncidentID{from.order.Incident}, from.order.Also...) {
		if id != o.Incident && !slices.Contains(o.Also, id) {
			o.Also = append(o.Also, id)
		}
	}
	for _, rule := range append([]plantroom.RuleID{from.order.Rule}, from.order.AlsoRules...) {
		if rule != o.Rule && !slices.Contains(o.AlsoRules, rule) {
			o.AlsoRules = append(o.AlsoRules, rule)
		}
	}
	d.incident = d.book.together(all)
	if from.order.Severity > o.Severity {
		o.Cause, o.Detail = from.order.Cause, from.order.Detail
		d.rise(from.order.Severity)
	}
	d.row("order.carries", cmd.Actor, entry{Order: from.order.ID, By: cmd.By, Reason: cmd.Reason, Severity: o.Severity.String(), Clocks: o.Clocks})
	d.tellContractor("order.merged", say("carries", d.title(), from.order.ID, d.dueWords()), from.order.ID)
}
