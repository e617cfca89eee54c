package dispatch

import "plantroom"

// Unprompted lets a test tick an order that is not due.
func (d *Desk) Unprompted(now plantroom.Instant, o plantroom.WorkOrder, in plantroom.Incident) (plantroom.WorkOrder, int) {
	dec := d.book.tick(now, o, in)
	return dec.order, len(dec.rows) + len(dec.calls)
}

// Behind is the incident, or the several together, behind an order.
func (d *Desk) Behind(tx plantroom.Tx, o plantroom.WorkOrder) (plantroom.Incident, error) {
	return d.behind(tx, o)
}
