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
// changed, those who are on duty now are called, and what waits by a clock that
// was ahead goes on. It is for the start of a server, for a changed file and for a
// clock that was set back; doing it again does nothing.
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
	if err := d.onShift(tx, now); err != nil {
		return err
	}
	return d.setBack(tx, now)
}

// setBack lets the ladders and the claims go on that wait by a clock that was ahead
// and is set right now.
func (d *Desk) setBack(tx plantroom.Tx, now plantroom.Instant) error {
	waiting := plantroom.OrderFilter{Open: true, States: []plantroom.OrderState{plantroom.Dispatched, plantroom.Restored}}
	return each(tx, waiting, func(o plantroom.WorkOrder) error {
		if o.NextCall <= now && o.Watched <= now {
			return nil
		}
		in, err := d.behind(tx, o)
		if err != nil {
			return err
		}
		dec := d.book.decide(now, o, in)
		dec.setBack()
		return write(tx, o, dec.finish())
	})
}

// setBack bounds the waits for the ladder's next call and for the fall of a claim by
// what they can be from now on. An order that was dispatched while the clock was
// ahead climbs no further than it has.
func (d *decision) setBack() {
	o := &d.order
	o.Watched = min(o.Watched, d.now)
	levels := d.book.ladders[o.Ladder].Levels
	if level := min(o.Level, len(levels)-1); level >= 0 && o.NextCall > d.now {
		o.NextCall = earlier(o.NextCall, d.nextCall(levels[level], d.now))
	}
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
