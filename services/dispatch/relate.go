package dispatch

import (
	"encoding/json"
	"errors"
	"slices"

	"plantroom"
)

// maxRelated bounds the orders that one may be related to, have merged into it, or
// have as parts.
const (
	maxRelated = 32
	maxMerged  = 16
	maxParts   = 8
)

// repeatedRelation finds out whether two orders stand to each other as asked, and
// who has said so.
func repeatedRelation(tx plantroom.Tx, o plantroom.WorkOrder, cmd Command) (bool, error) {
	if slices.Contains(o.Related, cmd.Other) != (cmd.Do == plantroom.DoRelate) {
		return false, nil
	}
	last, err := lastAbout(tx, o.ID, "order."+string(cmd.Do), cmd.Other)
	switch {
	case err != nil:
		return false, err
	case last == nil:
		return false, plantroom.Errorf(plantroom.CodeTransition, "%s and %s are not related", o.ID, cmd.Other)
	case last.Actor == cmd.Actor:
		return true, nil
	}
	return false, plantroom.Errorf(plantroom.CodeConflict, "%s: %s to %s by %s at %s already", o.ID, done[cmd.Do], cmd.Other, whoDid(last), last.At)
}

// lastAbout returns the newest row of a kind on an order that names another one,
// nil where there is none.
func lastAbout(tx plantroom.Tx, id plantroom.OrderID, kind string, other plantroom.OrderID) (*plantroom.LedgerRow, error) {
	rows, err := tx.LedgerOf(string(id))
	if err != nil {
		return nil, err
	}
	for i := len(rows) - 1; i >= 0; i-- {
		var e entry
		if rows[i].Kind == kind && json.Unmarshal(rows[i].Body, &e) == nil && e.Order == other {
			return &rows[i], nil
		}
	}
	return nil, nil
}

// pair does what concerns two orders, in one transaction.
func (d *Desk) pair(tx plantroom.Tx, now plantroom.Instant, o plantroom.WorkOrder, cmd Command) (plantroom.WorkOrder, error) {
	other, err := tx.Order(cmd.Other)
	if plantroom.CodeOf(err) == plantroom.CodeNotFound {
		err = plantroom.Errorf(plantroom.CodeInvalid, "there is no order %s", cmd.Other)
	}
	if err != nil {
		return o, err
	}
	if err := permitted(o, cmd); err != nil {
		return o, err
	}
	one, err := d.begun(tx, now, o)
	if err != nil {
		return o, err
	}
	two, err := d.begun(tx, now, other)
	if err != nil {
		return o, err
	}
	if _, err := one.order.State.Next(cmd.Do); err != nil {
		return o, err
	}
	if cmd.Do == plantroom.DoMerge {
		if err = room(tx, other, o); err == nil {
			err = one.mergeInto(two, cmd)
		}
	} else {
		err = one.relate(two, cmd)
	}
	if err != nil {
		return o, err
	}
	if err := write(tx, o, one.finish()); err != nil {
		return o, err
	}
	if err := write(tx, other, two.finish()); err != nil {
		return o, err
	}
	return one.order, errors.Join(d.contradictParts(tx, now, o, one.order), d.contradictParts(tx, now, other, two.order))
}

// begun begins a decision on an order; what has come due comes first.
func (d *Desk) begun(tx plantroom.Tx, now plantroom.Instant, o plantroom.WorkOrder) (*decision, error) {
	in, err := d.behind(tx, o)
	if err != nil {
		return nil, err
	}
	dec := d.book.decide(now, o, in)
	dec.settle()
	return dec, nil
}

// relate notes on two orders that they have to do with each other, or no longer.
func (d *decision) relate(other *decision, cmd Command) error {
	for _, x := range []struct{ this, that *decision }{{d, other}, {other, d}} {
		o, id := &x.this.order, x.that.order.ID
		if cmd.Do == plantroom.DoUnrelate {
			o.Related = slices.DeleteFunc(o.Related, func(r plantroom.OrderID) bool { return r == id })
		} else if len(o.Related) >= maxRelated {
			return plantroom.Errorf(plantroom.CodeTooLarge, "%s is related to %d orders already", o.ID, maxRelated)
		} else {
			o.Related = append(o.Related, id)
		}
		x.this.do(cmd.Do, cmd.Actor, entry{Order: id, By: cmd.By, Reason: cmd.Reason})
	}
	return nil
}
