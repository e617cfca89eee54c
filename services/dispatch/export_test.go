package dispatch

import "plantroom"

// Unprompted lets a test tick an order that is not due.
func (d *Desk) Unprompted(now plantroom.Instant, o plantroom.WorkOrder, in plantroom.Incident) (plantroom.WorkOrder, int) {
	dec := d.book.tick(now, o, in)
	return dec.order, len(dec.rows) + len(dec.calls)
}
