package dispatch

import (
	"maps"
	"slices"

	"plantroom"
)

// maxStranded bounds how many orders are looked after at once; more wait for the
// next start. Those that still nobody can take are among them each time.
const maxStranded = 100_000

// Adopt looks after the orders that the estate's file has left alone: those
// that nobody has, although a contract covers them now, and those that wait for
// the answer of a contractor that is gone from the file. Where the roster has
// changed, those who are on duty now are called. It is for the start of
// a server and for a changed file; doing it again does nothing.
func (d *Desk) Adopt(tx plantroom.Tx, now plantroom.Instant) error {
	stranded, err := tx.Stranded(slices.Collect(maps.Keys(d.book.contractors)), maxStranded)
	if err != nil {
		return err
	}
	for _, o := range stranded {
		in, err := d.behind(tx, o)
		if err != nil {
			return err
		}
		busy, err := d.busy(tx, d.book.assetOf(&o), now)
		if err != nil {
			return err
		}
		if err := write(tx, o, d.book.adopt(now, o, in, busy)); err != nil {
			return err
		}
	}
	return d.onShift(tx, now)
}

// adopt gives an order that nobody has to whoever can take it. Where still
// nobody can, everything stays as it is: the managers know already.
func (b *book) adopt(now plantroom.Instant, o plantroom.WorkOrder, in plantroom.Incident, busy jobs) *decision {
	d := b.decide(now, o, in)
	d.settle() // what has come due comes first
	if choice := d.check(busy); d.best(choice) >= 0 {
		d.order.Choice = choice
		d.give(choice)
	}
	return d.finish()
}
