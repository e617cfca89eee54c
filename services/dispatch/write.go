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
	return tx.InsertCalls(d.calls...)
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
