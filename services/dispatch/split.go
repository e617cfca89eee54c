package dispatch

import (
	"slices"

	"plantroom"
	"plantroom/services/sla"
)

// finished reports whether nothing more is expected of whoever has a part.
func finished(s plantroom.OrderState) bool {
	return s == plantroom.Restored || s == plantroom.Verified || s.Final()
}

// repeatedSplit finds out whether a part with the same asset and scope is there
// already, and who has split it off.
func repeatedSplit(tx plantroom.Tx, o plantroom.WorkOrder, cmd Command) (bool, error) {
	for _, id := range o.Parts {
		part, err := tx.Order(id)
		if err != nil {
			return false, err
		}
		if part.State.Final() || part.Scope != cmd.Scope || part.Asset != cmd.Asset && (cmd.Asset != "" || part.Asset != o.Asset) {
			continue
		}
		row, err := lastAbout(tx, o.ID, "order.split", id)
		if err != nil || row == nil || row.Actor == cmd.Actor {
			return err == nil, err
		}
		return false, plantroom.Errorf(plantroom.CodeConflict, "%s: that part is %s, split off by %s at %s already", o.ID, id, whoDid(row), row.At)
	}
	return false, nil
}

// split makes an order of its own of a part of an order.
func (d *Desk) split(tx plantroom.Tx, now plantroom.Instant, o plantroom.WorkOrder, cmd Command) (plantroom.WorkOrder, error) {
	if err := permitted(o, cmd); err != nil {
		return o, err
	}
	whole, err := d.begun(tx, now, o)
	if err != nil {
		return o, err
	}
	asset, err := whole.partable(cmd)
	if err != nil {
		return o, err
	}
	busy, err := d.busy(tx, asset, now)
	if err != nil {
		return o, err
	}
	id, err := tx.NextOrderID()
	if err != nil {
		return o, err
	}
	part, err := whole.split(id, asset, cmd, busy)
	if err != nil {
		return o, err
	}
	if err := write(tx, o, whole.finish()); err != nil {
		return o, err
	}
	if err := write(tx, plantroom.WorkOrder{}, part.finish()); err != nil {
		return o, err
	}
	return whole.order, d.contradictParts(tx, now, o, whole.order)
}

// partable returns what a part would be about, or why there can be none.
func (d *decision) partable(cmd Command) (plantroom.Asset, error) {
	o := &d.order
	if _, err := o.State.Next(plantroom.DoSplit); err != nil {
		return plantroom.Asset{}, err
	}
	asset, known := d.book.assets[cmd.Asset]
	switch {
	case o.PartOf != "":
		return asset, plantroom.Errorf(plantroom.CodeForbidden, "%s is a part of %s: split that", o.ID, o.PartOf)
	case len(o.Parts) >= maxParts:
		return asset, plantroom.Errorf(plantroom.CodeTooLarge, "%s has %d parts already", o.ID, maxParts)
	case cmd.Asset == "" || cmd.Asset == o.Asset:
		return d.book.assetOf(o), nil
	case !known:
		return asset, plantroom.Errorf(plantroom.CodeInvalid, "the estate has no asset %q", cmd.Asset)
	}
	return asset, nil
}

// split decides on a part of the order, with the same incident behind it. The
// windows that still count keep their due times in both; one that was kept already
// begins anew for whoever gets the part, with the split.
func (d *decision) split(id plantroom.OrderID, asset plantroom.Asset, cmd Command, busy jobs) (*decision, error) {
	o := &d.order
	part := d.book.decide(d.now, plantroom.WorkOrder{
		ID: id, State: plantroom.Raised, PartOf: o.ID, Scope: cmd.Scope, Incident: o.Incident, Asset: asset.ID, Building: asset.Building,
		Domain: asset.Domain, Rule: o.Rule, Severity: o.Severity, Cause: o.Cause, Detail: o.Detail,
		Occurred: o.Occurred, Raised: d.now, Begun: d.now, Level: -1,
	}, d.incident)
	for _, c := range o.Clocks {
		if c.Open() {
			c.Of = o.ID
			sla.Continue(&c, d.now, d.book.calendars[c.Calendar]) // the whole's pause is not the part's
			part.order.Clocks = append(part.order.Clocks, c)
		}
	}
	choice := part.check(busy)
	if cmd.To != "" {
		var err error
		if choice, err = part.appoint(cmd.To, choice, "the office has chosen it"); err != nil {
			return nil, err
		}
	}
	part.order.Choice = choice
	part.plan()
	part.row("order.raise", cmd.Actor, entry{To: plantroom.Raised, Incident: o.Incident, Order: o.ID, By: cmd.By, Note: cmd.Scope,
		Severity: o.Severity.String(), Choice: choice, Playbook: part.order.Playbook})
	o.Parts = append(o.Parts, id)
	d.do(plantroom.DoSplit, cmd.Actor, entry{Order: id, By: cmd.By, Note: cmd.Scope, Reason: cmd.Reason})
	part.give(choice)
	return part, nil
}

// followParts lets the parts of an order hear what its sensor says.
func (d *Desk) followParts(tx plantroom.Tx, now plantroom.Instant, whole plantroom.WorkOrder, ev plantroom.IncidentEvent) error {
	for _, id := range whole.Parts {
		part, err := tx.Order(id)
		if err != nil {
			return err
		}
		if part.Incident != ev.Incident.ID || part.State.Final() || part.State == plantroom.Verified {
			continue
		}
		away, err := d.absences(tx, part, ev.Incident.Asset)
		if err != nil {
			return err
		}
		if err := write(tx, part, d.book.follow(now, part, ev, away)); err != nil {
			return err
		}
	}
	return nil
}

// follow moves a part by what the sensor says of the whole. The proof ends it only
// where its contractor has said that it is done; else it stays until then.
func (b *book) follow(now plantroom.Instant, part plantroom.WorkOrder, ev plantroom.IncidentEvent, away []absence) *decision {
	d := b.decide(now, part, ev.Incident)
	d.away = away
	if ev.Change == plantroom.IncidentProved && part.State != plantroom.Restored {
		d.row("order.cause_gone", witness(d.incident.Domain), entry{Order: part.PartOf, Reason: "the sensor has proved the whole; the part is over when it is said to be done"})
	} else {
		d.move(ev.Change, scene{})
	}
	return d.finish()
}

// contradictParts takes the claims on the parts of an order back where its own has
// fallen, whatever has been done about it meanwhile.
func (d *Desk) contradictParts(tx plantroom.Tx, now plantroom.Instant, before, whole plantroom.WorkOrder) error {
	if whole.Contradicted == before.Contradicted {
		return nil
	}
	for _, id := range whole.Parts {
		part, err := tx.Order(id)
		if err != nil {
			return err
		}
		if part.State != plantroom.Restored || part.Incident != whole.Incident {
			continue
		}
		dec, err := d.begun(tx, now, part)
		if err != nil {
			return err
		}
		dec.contradict(say("still_seen"))
		if err := write(tx, part, dec.finish()); err != nil {
			return err
		}
	}
	return nil
}

// settleWhole looks, after something was done about a part, whether the claim on
// its whole can be contradicted now.
func (d *Desk) settleWhole(tx plantroom.Tx, now plantroom.Instant, part plantroom.WorkOrder) error {
	if part.PartOf == "" {
		return nil
	}
	whole, err := tx.Order(part.PartOf)
	if err != nil || whole.State != plantroom.Restored || !slices.Contains(whole.Parts, part.ID) {
		return err
	}
	in, err := d.behind(tx, whole)
	if err != nil {
		return err
	}
	blind, err := d.blind(tx, whole)
	if err != nil {
		return err
	}
	dec := d.book.sight(now, whole, in, blind)
	if err := write(tx, whole, dec); err != nil {
		return err
	}
	return d.contradictParts(tx, now, whole, dec.order)
}
