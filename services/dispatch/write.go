package dispatch

import (
	"fmt"
	"reflect"

	"plantroom"
)

// write stores a decision over the order that it was taken on; a zero order
// means a new one.
func write(tx plantroom.Tx, before plantroom.WorkOrder, d *decision) error {
	if d.err != nil {
		return d.err
	}
	if !d.order.Due.IsZero() && d.order.Due <= d.now {
		return plantroom.Errorf(plantroom.CodeInternal, "order %s is still due at %s after it was handled at %s", d.order.ID, d.order.Due, d.now)
	}
	if err := writeOrder(tx, before, &d.order); err != nil {
		return fmt.Errorf("write %s: %w", d.order.ID, err)
	}
	if err := d.withdraw(tx); err != nil {
		return err
	}
	if err := tx.AppendLedger(d.rows...); err != nil {
		return err
	}
	if err := tx.PutProofs(d.proofs...); err != nil {
		return err
	}
	if before.Severity < plantroom.Life && d.order.Severity >= plantroom.Life {
		if err := wake(tx, d.now, before.ID); err != nil {
			return err
		}
	}
	return tx.InsertCalls(d.calls...)
}

// wake lets the calls about an order go out that wait for the end of somebody's
// quiet hours: a life depends on it now.
func wake(tx plantroom.Tx, now plantroom.Instant, id plantroom.OrderID) error {
	if id == "" {
		return nil // it is new
	}
	calls, err := tx.CallsOf(id)
	if err != nil {
		return err
	}
	for _, c := range calls {
		if c.State != plantroom.CallPending || c.Attempts > 0 || c.NextTry <= now {
			continue
		}
		c.NextTry, c.Since = now, now
		if err := tx.UpdateCall(c); err != nil {
			return err
		}
	}
	return nil
}

// writeOrder stores the order if it has changed; a clean cycle, for one, leaves
// it as it is.
func writeOrder(tx plantroom.Tx, before plantroom.WorkOrder, o *plantroom.WorkOrder) error {
	if reflect.DeepEqual(before, *o) {
		return nil
	}
	o.Version = before.Version + 1
	if before.Version == 0 {
		return tx.InsertOrder(*o)
	}
	return tx.UpdateOrder(*o)
}
