package dispatch

import (
	"slices"
	"strings"
	"time"

	"plantroom"
)

// Times that contracts do not say. They are the product's own choice, not from
// any rule.
const (
	// ContradictAfter is how long a contractor's "fixed" stands while the
	// sensor still sees the fault.
	ContradictAfter = 2 * time.Minute
	// ContradictAlertAfter is the same for alerts of another system. Grafana looks
	// at a rule each minute, say, and tells of a group of alerts 5 min apart where
	// nobody has set that otherwise: the word that it is resolved takes as long.
	ContradictAlertAfter = 15 * time.Minute
	// CloseAfter is how long a verified order stays open, so that a fault
	// which comes straight back is seen on the same page.
	CloseAfter = 10 * time.Minute
	// LinkLife is how long a job link can be used after the dispatch.
	LinkLife = 7 * 24 * time.Hour
	// SayLate is how much later than due a thing has to be done for the call
	// about it to say so.
	SayLate = 10 * time.Second
)

// LinkExpires is when the job link of an order's present dispatch ends.
func LinkExpires(o *plantroom.WorkOrder) plantroom.Instant { return o.Dispatched.Add(LinkLife) }

// LinkOf reports whether a job link that ends at an instant can be an order's.
// One that was made before the order was raised is of a lost order that had its
// number, before a backup was restored. Links hold whole seconds.
func LinkOf(o *plantroom.WorkOrder, expires plantroom.Instant) bool {
	return expires.Add(-LinkLife).Add(time.Second) > o.Raised
}

// LinkSigner makes the token of a job link; joblink.Key is one.
type LinkSigner interface {
	Sign(order plantroom.OrderID, c plantroom.ContractorID, generation int, expires plantroom.Instant) string
}

// Options says what a Desk needs. Estate is required. Without Links or
// PublicURL calls carry no job link.
type Options struct {
	Estate     plantroom.Estate
	Domains    []plantroom.Domain
	Playbooks  []plantroom.Playbook // that are built in; those of Estate go before them
	Links      LinkSigner
	File       plantroom.Hash // SHA-256 of the estate file's text, named with the terms; zero: not known
	ProofTotal int64          // how many bytes all files of proof may come to; 0: ProofTotal
	PublicURL  string         // where the pages are reached from outside, as in https://plantroom.example.net
}

// Desk takes incidents, commands and the passing of time. It holds no state
// but the estate and the name of its terms, and is safe for concurrent use; of two transactions that
// change the same order the store lets one win.
type Desk struct {
	book  *book
	terms []byte // the body of the row that holds them
}

// New makes a Desk. It fails with CodeInvalid for an estate in which somebody
// who has to be called could not be: a contract without its contractor or
// ladder, a contractor or manager without an address.
func New(o Options) (*Desk, error) {
	b, err := newBook(o)
	if err != nil {
		return nil, err
	}
	terms, err := b.termsOf(o.Domains)
	if err != nil {
		return nil, err
	}
	return &Desk{book: b, terms: terms}, nil
}

// Incident takes one change of an incident: it keeps the incident, and raises,
// reopens or moves the order behind it. The Desk is the only writer of
// incidents; a change that the store already has is ignored, so the same event
// may come twice. Whatever the change, an incident that has no order gets one.
func (d *Desk) Incident(tx plantroom.Tx, now plantroom.Instant, ev plantroom.IncidentEvent) error {
	known, err := keepIncident(tx, ev.Incident)
	if err != nil {
		return err
	}
	order, err := tx.OrderOf(ev.Incident.ID)
	switch {
	case plantroom.CodeOf(err) == plantroom.CodeNotFound:
		err = d.open(tx, now, ev.Incident)
	case err == nil && !known:
		err = d.change(tx, now, order, ev)
	}
	if err != nil || known {
		return err
	}
	return d.resight(tx, now, ev.Incident)
}

// change moves an order by a change of its present incident or of an earlier
// one. An order that was merged is carried on by another one, and parts follow
// what their order's sensor says.
func (d *Desk) change(tx plantroom.Tx, now plantroom.Instant, order plantroom.WorkOrder, ev plantroom.IncidentEvent) error {
	order, err := carrier(tx, order)
	if err != nil {
		return err
	}
	present, err := d.behind(tx, order)
	if err != nil {
		return err
	}
	var scene scene
	if order.State == plantroom.Cancelled {
		if scene, err = d.scene(tx, d.book.assetOf(&order), now); err != nil {
			return err
		}
	}
	away, err := d.absences(tx, order, ev.Incident.Asset)
	if err != nil {
		return err
	}
	before, err := d.wordsBefore(tx, order, ev)
	if err != nil {
		return err
	}
	dec := d.book.evidence(now, order, present, ev, scene, away, before)
	if err := write(tx, order, dec); err != nil {
		return err
	}
	if err := d.followParts(tx, now, order, ev); err != nil {
		return err
	}
	return d.contradictParts(tx, now, order, dec.order)
}

// keepIncident stores an incident and says whether it was stored like that before.
func keepIncident(tx plantroom.Tx, in plantroom.Incident) (known bool, err error) {
	old, err := tx.Incident(in.ID)
	switch {
	case plantroom.CodeOf(err) == plantroom.CodeNotFound:
		return false, tx.InsertIncident(in)
	case err != nil || old == in:
		return true, err
	}
	return false, tx.UpdateIncident(in)
}

// open finds out whether an incident continues an earlier order, and raises or
// reopens accordingly.
func (d *Desk) open(tx plantroom.Tx, now plantroom.Instant, in plantroom.Incident) error {
	scene, err := d.scene(tx, d.book.asset(in), now)
	if err != nil {
		return err
	}
	recent, err := tx.Orders(plantroom.OrderFilter{Asset: in.Asset, Rule: in.Rule, Limit: 8 * maxParts,
		States: []plantroom.OrderState{plantroom.Verified, plantroom.Closed}})
	if err != nil {
		return err
	}
	recent = slices.DeleteFunc(recent, func(o plantroom.WorkOrder) bool { return o.PartOf != "" }) // the whole is what comes back
	if len(recent) > 0 {
		repaired, err := tx.Incident(recent[0].Incident)
		if err != nil {
			return err
		}
		if d.book.continues(recent[0], repaired, in) {
			return write(tx, recent[0], d.book.reopen(now, recent[0], in, scene))
		}
	}
	id, err := tx.NextOrderID()
	if err != nil {
		return err
	}
	return write(tx, plantroom.WorkOrder{}, d.book.raise(now, id, in, scene))
}

// Command does what a human asks, or says why not. Asking for what the same
// actor has already done returns the order as it is. See Command for the codes.
func (d *Desk) Command(tx plantroom.Tx, now plantroom.Instant, cmd Command) (plantroom.WorkOrder, error) {
	if err := cmd.check(now); err != nil {
		return plantroom.WorkOrder{}, err
	}
	order, err := tx.Order(cmd.Order)
	if err != nil {
		return plantroom.WorkOrder{}, err
	}
	switch done, err := repeated(tx, order, cmd); {
	case err != nil:
		return order, err
	case done && len(cmd.Files) > 0: // a photo that comes after the word is not lost
		return d.Proof(tx, now, Handed{Order: order.ID, Actor: cmd.Actor, Link: cmd.Link, By: cmd.By, Note: cmd.Note, Files: cmd.Files})
	case done:
		return order, nil
	}
	after, err := d.obey(tx, now, order, cmd)
	if plantroom.CodeOf(err) == plantroom.CodeConflict {
		err = whoMoved(tx, order, err)
	}
	if err != nil {
		return order, err
	}
	return after, d.settleWhole(tx, now, after)
}

// obey does what a command asks that is no repeat.
func (d *Desk) obey(tx plantroom.Tx, now plantroom.Instant, order plantroom.WorkOrder, cmd Command) (plantroom.WorkOrder, error) {
	switch cmd.Do {
	case plantroom.DoRelate, plantroom.DoUnrelate, plantroom.DoMerge:
		return d.pair(tx, now, order, cmd)
	case plantroom.DoSplit:
		return d.split(tx, now, order, cmd)
	}
	in, err := d.behind(tx, order)
	if err != nil {
		return order, err
	}
	var busy jobs
	if cmd.Do == plantroom.DoDecline || cmd.Do == plantroom.DoTransfer {
		if busy, err = d.busy(tx, d.book.assetOf(&order), now); err != nil {
			return order, err
		}
	}
	blind := ""
	if cmd.Do == plantroom.DoFix {
		if blind, err = d.blind(tx, order); err != nil {
			return order, err
		}
	}
	var kept shelf
	if len(cmd.Files) > 0 {
		if kept, err = onShelf(tx, order.ID); err != nil {
			return order, err
		}
	}
	dec, err := d.book.command(now, order, in, cmd, busy, blind, kept)
	if err != nil {
		return order, err
	}
	if err := write(tx, order, dec); err != nil {
		return order, err
	}
	return dec.order, d.contradictParts(tx, now, order, dec.order)
}

// whoMoved adds to a refusal for a version that is no longer the present one who
// has moved the order since.
func whoMoved(tx plantroom.Tx, o plantroom.WorkOrder, refusal error) error {
	rows, err := tx.LedgerOf(string(o.ID))
	if err != nil {
		return err
	}
	for i := len(rows) - 1; i >= 0; i-- {
		r := &rows[i]
		words, ok := done[plantroom.OrderAction(strings.TrimPrefix(r.Kind, "order."))]
		if ok && (strings.HasPrefix(r.Actor, "person:") || strings.HasPrefix(r.Actor, "contractor:")) {
			return plantroom.Errorf(plantroom.CodeConflict, "%s (last: %s by %s at %s)", plantroom.MessageOf(refusal), words, whoDid(r), r.At)
		}
	}
	return refusal
}

// Tick does what has come due: marks of clocks, rungs of the ladder,
// contradictions, closing. It handles at most limit orders, earliest first,
// and returns how many; fewer than limit means that nothing else was due.
func (d *Desk) Tick(tx plantroom.Tx, now plantroom.Instant, limit int) (done int, err error) {
	orders, err := tx.DueOrders(now, limit)
	if err != nil {
		return 0, err
	}
	for _, order := range orders {
		if order.PartOf != "" { // its whole may have moved it a moment ago
			if order, err = tx.Order(order.ID); err != nil {
				return done, err
			}
		}
		in, err := d.behind(tx, order)
		if err != nil {
			return done, err
		}
		dec := d.book.tick(now, order, in)
		if err := write(tx, order, dec); err != nil {
			return done, err
		}
		if err := d.contradictParts(tx, now, order, dec.order); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}
