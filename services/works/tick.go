package works

import (
	"time"

	"plantroom"
)

// settle does everything that has come due by now. Doing it again does nothing.
func (d *decision) settle() {
	w := &d.works
	if w.Over() {
		w.Due = 0
		return
	}
	d.notice()
	if w.State == plantroom.WorksPlanned && d.now >= w.From {
		w.State = plantroom.WorksRunning
		d.row("works.begun", bySystem, entry{To: w.To, Unreached: unreached(w)})
		if n := unreached(w); n > 0 {
			d.tellManagers("works.needs", d.say("begun", d.title(), n))
		}
	}
	if w.State == plantroom.WorksRunning && d.now >= w.To {
		w.State, w.Due, d.ended = plantroom.WorksOverrun, w.To, true
		d.row("works.overrun", bySystem, entry{To: w.To, Reason: "nobody has said that they are done"})
	}
	if w.State == plantroom.WorksOverrun && w.Due <= d.now {
		late := d.now.Sub(w.To).Round(time.Minute)
		text := d.say("overrun", d.title(), d.minute(w.To))
		if late > 0 {
			text = d.say("overdue", text, length(late))
		}
		d.tellManagers("works.overrun", text)
		d.tellContractor("works.overrun", text)
		w.Due = d.now.Add(remindEach)
	}
	if w.State != plantroom.WorksOverrun {
		w.Due = d.due()
	}
}

// due is when time alone changes works that do not overrun.
func (d *decision) due() plantroom.Instant {
	w := &d.works
	next := w.To
	if w.State == plantroom.WorksPlanned {
		next = w.From
		for _, n := range w.Notices {
			if at := w.From.Add(-time.Duration(n.Before)); n.Given.IsZero() && at < next {
				next = at
			}
		}
	}
	return next
}

// notice tells the residents concerned when a notice has come due. Of several
// that are due at once, because the works were declared late or the server was
// away, one is given.
func (d *decision) notice() {
	w := &d.works
	due := -1
	for i := range w.Notices {
		if w.Notices[i].Given.IsZero() && d.now >= w.From.Add(-time.Duration(w.Notices[i].Before)) {
			due = i
			w.Notices[i].Given = d.now
		}
	}
	if due < 0 || d.now >= w.To {
		return
	}
	d.office.register(w)
	concerned, called := d.tellResidents("works.notice", "notice")
	w.Notices[due].Called = called
	d.row("works.notice", bySystem, entry{Before: w.Notices[due].Before, Concerned: concerned, Called: called, Needs: len(w.Needs), Unreached: unreached(w)})
	if n := unreached(w); n > 0 {
		d.tellManagers("works.needs", d.say("one_by_one", d.title(), d.span(), n, concerned-called))
	} else if called < concerned {
		d.tellManagers("works.needs", d.say("posters", d.title(), d.span(), concerned-called, concerned))
	}
}

// Tick does what has come due of all open works.
func (o *Office) Tick(tx plantroom.Tx, now plantroom.Instant) error {
	open, err := tx.OpenWorks()
	if err != nil {
		return err
	}
	for _, w := range open {
		if w.Due > now {
			continue
		}
		d := o.decide(now, w)
		d.settle()
		if err := d.write(tx); err != nil {
			return err
		}
	}
	return nil
}

// write stores the decision, and has what was held back about orders called when
// the works have ended.
func (d *decision) write(tx plantroom.Tx) error {
	if d.held > 0 {
		d.row("call.held", bySystem, entry{Held: d.held})
	}
	if d.err != nil {
		return d.err
	}
	d.works.Version++
	if err := tx.PutWorks(d.works); err != nil {
		return err
	}
	if err := tx.AppendLedger(d.rows...); err != nil {
		return err
	}
	if err := tx.InsertCalls(d.calls...); err != nil {
		return err
	}
	if !d.ended {
		return nil
	}
	return d.office.orders.WorksOver(tx, d.now, d.works.ID)
}
