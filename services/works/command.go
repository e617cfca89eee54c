package works

import (
	"slices"
	"strings"
	"time"

	"plantroom"
)

// Step is what a person does about works.
type Step string

// The steps.
const (
	Finish  Step = "finish"  // they are done
	Extend  Step = "extend"  // they will take until To
	Cancel  Step = "cancel"  // they will not be, or not go on
	Reached Step = "reached" // somebody has talked to a resident with registered needs
)

// Steps lists them.
func Steps() []Step { return []Step{Finish, Extend, Cancel, Reached} }

// Request is one step. Office.Do answers with CodeInvalid for one that says too
// little, CodeConflict where somebody else was first (it says who) and
// CodeTransition for works that are over.
type Request struct {
	Works  plantroom.WorksID
	Do     Step
	Actor  string
	By     string // in their own words; may be empty
	Reason string // needed to extend and to cancel
	To     plantroom.Instant
	Person plantroom.PersonID // with Reached
}

// Declare keeps new works. The same declaration again returns what is there; one
// with another content under the same name is refused with CodeConflict.
func (o *Office) Declare(tx plantroom.Tx, now plantroom.Instant, actor string, w plantroom.Works) (plantroom.Works, error) {
	old, err := tx.Works(w.ID)
	switch {
	case err == nil && same(&old, &w):
		return old, nil
	case err == nil:
		return old, plantroom.Errorf(plantroom.CodeConflict, "works %s: declared by %s at %s already, otherwise", w.ID, old.By, old.Declared)
	case plantroom.CodeOf(err) != plantroom.CodeNotFound:
		return w, err
	}
	return o.plan(tx, now, actor, w, 0)
}

// plan keeps works that are declared, over a version of them that the file had
// called off; 0: they are new.
func (o *Office) plan(tx plantroom.Tx, now plantroom.Instant, actor string, w plantroom.Works, over int64) (plantroom.Works, error) {
	if err := o.check(&w, now); err != nil {
		return w, err
	}
	d := o.decide(now, plantroom.Works{ID: w.ID, Version: over, State: plantroom.WorksPlanned, Title: w.Title, Text: w.Text, Assets: w.Assets, Floors: w.Floors,
		Contractor: w.Contractor, From: w.From, To: w.To, Hold: w.Hold, InFile: w.InFile, By: actor, Declared: now})
	for _, before := range o.estate.WorksNotice {
		d.works.Notices = append(d.works.Notices, plantroom.Notice{Before: before})
	}
	o.register(&d.works)
	d.row("works.declared", actor, entry{From: w.From, To: w.To, Assets: w.Assets, Contractor: w.Contractor, Hold: w.Hold, Needs: len(d.works.Needs)})
	d.tellContractor("works.planned", d.say("planned", d.title(), d.span()))
	d.settle()
	return d.store(tx)
}

func (d *decision) store(tx plantroom.Tx) (plantroom.Works, error) {
	err := d.write(tx)
	return d.works, err
}

// same reports whether two declarations say the same.
func same(a, b *plantroom.Works) bool {
	return a.Title == b.Title && a.Text == b.Text && slices.Equal(a.Assets, b.Assets) && slices.Equal(a.Floors, b.Floors) &&
		a.Contractor == b.Contractor && a.From == b.From && a.To == b.To && a.Hold == b.Hold
}

// Do takes a step about works.
func (o *Office) Do(tx plantroom.Tx, now plantroom.Instant, r Request) (plantroom.Works, error) {
	w, err := tx.Works(r.Works)
	if err != nil {
		return w, err
	}
	d := o.decide(now, w)
	d.settle() // what has come due comes first
	switch {
	case len(r.By) > 200 || len(r.Reason) > MaxText:
		return w, plantroom.Errorf(plantroom.CodeTooLarge, "name or reason is too long")
	case (r.Do == Extend || r.Do == Cancel) && strings.TrimSpace(r.Reason) == "":
		return w, plantroom.Errorf(plantroom.CodeInvalid, "say why: the residents concerned are told")
	}
	done, err := d.take(r)
	if done || err != nil {
		return w, err
	}
	d.settle()
	return d.store(tx)
}

// take does the step, or reports that its actor has done it already.
func (d *decision) take(r Request) (already bool, err error) {
	w := &d.works
	ends := map[Step]plantroom.WorksState{Finish: plantroom.WorksDone, Cancel: plantroom.WorksCancelled}
	switch {
	case w.Over() && ends[r.Do] == w.State && w.EndedBy == r.Actor:
		return true, nil
	case w.Over() && r.Do != Reached:
		return false, plantroom.Errorf(plantroom.CodeConflict, "works %s are %s: %s has said so at %s", w.ID, w.State, w.EndedBy, w.Ended)
	}
	switch r.Do {
	case Finish:
		if w.State == plantroom.WorksPlanned {
			return false, plantroom.Errorf(plantroom.CodeTransition, "works %s have not begun: cancel them", w.ID)
		}
		d.end(plantroom.WorksDone, r)
		d.row("works.finish", r.Actor, entry{By: r.By, To: w.To})
	case Cancel:
		told := slices.ContainsFunc(w.Notices, func(n plantroom.Notice) bool { return !n.Given.IsZero() })
		d.end(plantroom.WorksCancelled, r)
		e := entry{By: r.By, Reason: r.Reason}
		if told {
			e.Concerned, e.Called = d.tellResidents("works.cancelled", "cancelled")
		}
		d.row("works.cancel", r.Actor, e)
		d.tellContractor("works.cancelled", d.say("called_off", d.title(), r.Reason))
	case Extend:
		return d.extend(r)
	case Reached:
		return d.reached(r)
	default:
		return false, plantroom.Errorf(plantroom.CodeInvalid, "%q is no step about works", r.Do)
	}
	return false, nil
}

func (d *decision) end(state plantroom.WorksState, r Request) {
	d.works.State, d.works.Ended, d.works.EndedBy, d.ended = state, d.now, r.Actor, true
}

// extend moves the end. Orders that were raised until now keep the end that was
// planned then.
func (d *decision) extend(r Request) (already bool, err error) {
	w := &d.works
	switch {
	case r.To == w.To:
		return true, nil
	case r.To <= max(w.To, d.now):
		return false, plantroom.Errorf(plantroom.CodeInvalid, "works %s end at %s: name a later time that is not past", w.ID, w.To)
	case w.From < r.To.Add(-MaxLength):
		return false, plantroom.Errorf(plantroom.CodeInvalid, "works %s would last longer than %s", w.ID, MaxLength)
	}
	w.To = r.To
	if w.State == plantroom.WorksOverrun {
		w.State = plantroom.WorksRunning
	}
	concerned, called := d.tellResidents("works.extended", "extended")
	d.row("works.extend", r.Actor, entry{By: r.By, Reason: r.Reason, To: r.To, Concerned: concerned, Called: called})
	d.tellManagers("works.extended", d.say("longer", d.title(), d.span(), r.Reason))
	return false, nil
}

// reached notes who has talked to a resident with registered needs. The ledger
// has how many are left, and not whom.
func (d *decision) reached(r Request) (already bool, err error) {
	i := slices.IndexFunc(d.works.Needs, func(n plantroom.Need) bool { return n.Person == r.Person })
	if i < 0 {
		return false, plantroom.Errorf(plantroom.CodeInvalid, "works %s: %q is not among the residents with registered needs", d.works.ID, r.Person)
	}
	n := &d.works.Needs[i]
	switch {
	case !n.Reached.IsZero() && n.By == r.Actor:
		return true, nil
	case !n.Reached.IsZero():
		return false, plantroom.Errorf(plantroom.CodeConflict, "%s: reached by %s at %s already", r.Person, n.By, n.Reached)
	}
	n.Reached, n.By = d.now, r.Actor
	d.row("works.reached", r.Actor, entry{By: r.By, Needs: len(d.works.Needs), Unreached: unreached(&d.works)})
	return false, nil
}

// byFile is the actor of what the estate's file declares.
const byFile = "system"

// Sync declares what the estate's file has and the store has not, and cancels what
// the file had and has no longer, where it has not begun. It is for the start of a
// server and for a changed file. Works of which the file says something else now are
// taken back and declared anew only while they are planned.
func (o *Office) Sync(tx plantroom.Tx, now plantroom.Instant) error {
	open, err := tx.OpenWorks()
	if err != nil {
		return err
	}
	for _, w := range open {
		in := slices.ContainsFunc(o.estate.Works, func(f plantroom.Works) bool { return f.ID == w.ID })
		if !w.InFile || in || w.State != plantroom.WorksPlanned || w.From <= now {
			continue
		}
		if _, err := o.Do(tx, now, Request{Works: w.ID, Do: Cancel, Actor: byFile, Reason: "the estate's file has it no longer"}); err != nil {
			return err
		}
	}
	for _, f := range o.estate.Works {
		f.InFile = true
		if err := o.sync(tx, now, f); err != nil {
			return err
		}
	}
	return nil
}

// sync brings one declaration of the file into the store.
func (o *Office) sync(tx plantroom.Tx, now plantroom.Instant, f plantroom.Works) error {
	old, err := tx.Works(f.ID)
	switch {
	case plantroom.CodeOf(err) == plantroom.CodeNotFound:
		if f.To <= now {
			return nil // it was over before it was heard of
		}
		_, err = o.Declare(tx, now, byFile, f)
		return err
	case err == nil && old.State == plantroom.WorksCancelled && old.EndedBy == byFile && f.To > now:
		_, err = o.plan(tx, now, byFile, f, old.Version) // it was taken out of the file, and stands there again
		return err
	case err != nil || same(&old, &f) || old.State != plantroom.WorksPlanned || old.From <= now || f.To <= now:
		return err
	}
	if err := o.check(&f, now); err != nil {
		return err
	}
	d := o.decide(now, old)
	w := &d.works
	told := slices.ContainsFunc(w.Notices, func(n plantroom.Notice) bool { return !n.Given.IsZero() })
	w.Title, w.Text, w.Assets, w.Floors, w.Contractor, w.From, w.To, w.Hold = f.Title, f.Text, f.Assets, f.Floors, f.Contractor, f.From, f.To, f.Hold
	for i := range w.Notices { // what lies ahead again after the works were put off is given again
		if now < w.From.Add(-time.Duration(w.Notices[i].Before)) {
			w.Notices[i].Given, w.Notices[i].Called = 0, 0
		}
	}
	o.register(w)
	d.row("works.changed", byFile, entry{From: w.From, To: w.To, Assets: w.Assets, Contractor: w.Contractor, Hold: w.Hold, Needs: len(w.Needs)})
	d.tellContractor("works.planned", d.say("moved", d.title(), d.span()))
	if told {
		d.tellResidents("works.changed", "changed")
	}
	d.settle()
	return d.write(tx)
}
