package proofs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"plantroom"
)

// Reader gives a snapshot of what the store names: a plantroom.Store.
type Reader interface {
	View(context.Context, func(plantroom.Tx) error) error
}

// Audit is what a comparison of directory and store has found.
type Audit struct {
	Files   int              // that orders have
	Bytes   int64            // of these
	Faults  []string         // each names a file, an order that has it, and what is wrong with it
	Orphans []plantroom.Hash // files that no order has: of a press that came to nothing, or of a database that was set back
}

// auditPage is how many files are asked for at a time.
const auditPage = 1000

// Audit compares the directory with what the store names. Whole reads every
// file to its end; otherwise sizes are compared.
func (d *Dir) Audit(ctx context.Context, store Reader, whole bool) (Audit, error) {
	var a Audit
	named := map[plantroom.Hash]struct{}{}
	for after := (plantroom.Hash{}); ; {
		var list []plantroom.Proof
		err := store.View(ctx, func(tx plantroom.Tx) (err error) { list, err = tx.ProofFiles(after, auditPage); return err })
		if err != nil {
			return a, err
		}
		for i := range list {
			p := &list[i]
			after, named[p.Sum] = p.Sum, struct{}{}
			a.Files, a.Bytes = a.Files+1, a.Bytes+p.Size
			if err := d.check(p, whole); err != nil {
				a.Faults = append(a.Faults, fmt.Sprintf("%s, of %s: %s", p.Sum, p.Order, plantroom.MessageOf(err)))
			}
		}
		if len(list) < auditPage {
			break
		}
	}
	there, err := d.list()
	for _, sum := range there {
		if _, ok := named[sum]; !ok {
			a.Orphans = append(a.Orphans, sum)
		}
	}
	return a, err
}

// check looks at one file.
func (d *Dir) check(p *plantroom.Proof, whole bool) error {
	if whole {
		f, err := d.Open(p.Sum)
		if err == nil {
			err = f.Close()
		}
		return err
	}
	info, err := os.Stat(d.File(p.Sum))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d.missing(p.Sum)
	case err != nil:
		return unusable("look at a file of proof", d.File(p.Sum), err)
	case info.Size() != p.Size:
		return plantroom.Errorf(plantroom.CodeInternal, "the file %s was changed: it has %d bytes of %d", p.Sum, info.Size(), p.Size)
	}
	return nil
}

// list gives the files that lie in the directory.
func (d *Dir) list() ([]plantroom.Hash, error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no server of this version has run yet
	}
	if err != nil {
		return nil, unusable("list the files of proof", d.path, err)
	}
	var out []plantroom.Hash
	for _, e := range entries {
		if sum, ok := sumOf(e.Name()); ok {
			out = append(out, sum)
		}
	}
	return out, nil
}

// Sweep removes orphans. It takes the one process that may take files, so that
// none that has just come and is about to be named is among them. A database
// that was set back to an older backup makes orphans of whatever came since:
// nothing but an operator's word orders this.
func (d *Dir) Sweep(orphans []plantroom.Hash) error {
	if d.lock == nil {
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: "sweep the files of proof", Message: "the directory was opened to be read only"}
	}
	for _, sum := range orphans {
		if err := os.Remove(d.File(sum)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unusable("sweep the files of proof", d.File(sum), err)
		}
	}
	return wrap(syncDir(d.path), "sweep the files of proof", d.path)
}
