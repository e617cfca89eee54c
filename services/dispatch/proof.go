package dispatch

import (
	"fmt"
	"slices"

	"plantroom"
)

// Bounds on files of proof. What one job link can bring in is bounded by those
// of its order.
const (
	// MaxProofs is how many files one order may have.
	MaxProofs = 24
	// MaxProofBytes is how many bytes the files of one order may come to.
	MaxProofBytes = 64 << 20
	// ProofTotal is how many bytes all files may come to where nobody says otherwise.
	ProofTotal = 20 << 30
)

// Handed says that somebody has handed in files of proof, with no task and no
// press of a button. The files are durable already.
type Handed struct {
	Order plantroom.OrderID
	Actor string // contractor:quicklift or person:operator, as authenticated
	Link  int    // generation of the job link that was used; 0: none was
	By    string // who it was, in their own words
	Note  string // what they show
	Files []plantroom.ProofFile
}

// Proof keeps that an order has files of proof, in the ledger too. Files that it
// has already change nothing. CodeNotFound: no such order; CodeInvalid: no file,
// or a field is too long; CodeTooLarge: the order or the house has enough of
// them; CodeExpired, CodeForbidden: see Command; CodeTransition: the contractor
// has not accepted the order.
func (d *Desk) Proof(tx plantroom.Tx, now plantroom.Instant, h Handed) (plantroom.WorkOrder, error) {
	if !fits(h.By, maxName) || !fits(h.Note, maxNote) {
		return plantroom.WorkOrder{}, plantroom.Errorf(plantroom.CodeInvalid, "a name holds at most %d bytes, a note %d, of valid text", maxName, maxNote)
	}
	if len(h.Files) == 0 {
		return plantroom.WorkOrder{}, plantroom.Errorf(plantroom.CodeInvalid, "there is no file among what was sent: choose a photo or a PDF")
	}
	order, err := tx.Order(h.Order)
	if err != nil {
		return plantroom.WorkOrder{}, err
	}
	if err := MayHand(&order, h.Actor, h.Link); err != nil {
		return order, err
	}
	kept, err := onShelf(tx, order.ID)
	if err != nil {
		return order, err
	}
	in, err := d.behind(tx, order)
	if err != nil {
		return order, err
	}
	fresh := kept.lacking(h.Files)
	if len(fresh) == 0 {
		return order, nil
	}
	dec := d.book.decide(now, order, in)
	dec.via = h.Link
	dec.settle() // what has come due comes first
	if err := dec.attach(kept, fresh, plantroom.Proof{Actor: h.Actor, By: h.By, Note: h.Note}); err != nil {
		return order, err
	}
	dec.row("order.proof", h.Actor, entry{By: h.By, Note: h.Note, Files: fresh})
	if err := write(tx, order, dec.finish()); err != nil {
		return order, err
	}
	return dec.order, d.contradictParts(tx, now, order, dec.order)
}

// MayHand says whether an actor may hand in files about an order now: somebody of
// the office always, a contractor that has accepted the order and has it still,
// over a link that is good. The codes are Proof's.
func MayHand(o *plantroom.WorkOrder, actor string, link int) error {
	cmd := Command{Actor: actor, Link: link}
	if err := permitted(*o, cmd); err != nil {
		return err
	}
	if cmd.contractor() == "" {
		return nil
	}
	switch o.State {
	case plantroom.Acknowledged, plantroom.Attended, plantroom.Restored, plantroom.Verified, plantroom.Closed:
		return nil
	}
	return plantroom.Errorf(plantroom.CodeTransition, "%s is %s: accept it first", o.ID, o.State)
}

// shelf is what is kept of files when further ones come.
type shelf struct {
	own []plantroom.Proof // the order's
	all int64             // bytes of all files
}

func onShelf(tx plantroom.Tx, id plantroom.OrderID) (s shelf, err error) {
	if s.own, err = tx.Proofs(id); err == nil {
		_, s.all, err = tx.ProofUse()
	}
	return s, err
}

// lacking gives the files that the order has not yet, each once.
func (s *shelf) lacking(files []plantroom.ProofFile) []plantroom.ProofFile {
	var out []plantroom.ProofFile
	for _, f := range files {
		same := func(p plantroom.Proof) bool { return p.Sum == f.Sum }
		if !slices.ContainsFunc(s.own, same) && !slices.ContainsFunc(out, func(o plantroom.ProofFile) bool { return o.Sum == f.Sum }) {
			out = append(out, f)
		}
	}
	return out
}

// ProofRoom says how many files, and how many bytes in all, an order may still
// be given by its own bounds; CodeTooLarge where it is none.
func ProofRoom(tx plantroom.Tx, id plantroom.OrderID) (files int, bytes int64, err error) {
	s := shelf{}
	if s.own, err = tx.Proofs(id); err != nil {
		return 0, 0, err
	}
	files, bytes = MaxProofs-len(s.own), int64(MaxProofBytes)-s.bytes()
	if files <= 0 || bytes <= 0 {
		return 0, 0, s.full(id)
	}
	return files, bytes, nil
}

func (s *shelf) bytes() (n int64) {
	for _, p := range s.own {
		n += p.Size
	}
	return n
}

// full says that the order has enough.
func (s *shelf) full(id plantroom.OrderID) error {
	return plantroom.Errorf(plantroom.CodeTooLarge, "%s can have at most %d files of at most %d MiB together, and has %d", id, MaxProofs, MaxProofBytes>>20, len(s.own))
}

// attach gives the order the files that it lacks; like says by whom, and for what.
func (d *decision) attach(kept shelf, fresh []plantroom.ProofFile, like plantroom.Proof) error {
	own, all := kept.bytes(), kept.all
	for _, f := range fresh {
		own, all = own+f.Size, all+f.Size
		p := like
		p.Order, p.ProofFile, p.At = d.order.ID, f, d.now
		d.proofs = append(d.proofs, p)
	}
	switch {
	case len(kept.own)+len(fresh) > MaxProofs || own > MaxProofBytes:
		return kept.full(d.order.ID)
	case len(fresh) > 0 && all > d.book.proofTotal:
		return &plantroom.Error{Code: plantroom.CodeTooLarge, Op: "keep a file about " + string(d.order.ID),
			Message: fmt.Sprintf("the server has as many files of proof as it may keep: %.1f of %.1f GB", float64(kept.all)/1e9, float64(d.book.proofTotal)/1e9), Hint: "let it keep more: proofs.total_gib in the server's file"}
	}
	return nil
}

// sums names files by their hashes.
func sums(files []plantroom.ProofFile) []plantroom.Hash {
	var out []plantroom.Hash
	for _, f := range files {
		if !slices.Contains(out, f.Sum) {
			out = append(out, f.Sum)
		}
	}
	return out
}
