package ledger

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"plantroom"
)

// Head is the end of a chain. Kept outside the database (printed, sent,
// notarised) it proves later that no row was cut off.
type Head struct {
	Seq  int64 // of the newest row; 0: no rows
	Hash plantroom.Hash
}

// String gives the form that ParseHead reads, and that a person can note:
// 4711:9f86d0… with all 64 digits.
func (h Head) String() string { return strconv.FormatInt(h.Seq, 10) + ":" + h.Hash.String() }

// ParseHead reads what String gives; "" is the zero Head, which any ledger reaches.
func ParseHead(text string) (h Head, err error) {
	if text == "" {
		return h, nil
	}
	seq, hash, _ := strings.Cut(text, ":")
	if h.Seq, err = strconv.ParseInt(seq, 10, 64); err == nil {
		err = h.Hash.UnmarshalText([]byte(hash))
	}
	if err != nil || h.Seq < 1 {
		return Head{}, plantroom.Errorf(plantroom.CodeInvalid, "%.100q is no end of a ledger: write the row's number, a colon and its hash of 64 hexadecimal digits", text)
	}
	return h, nil
}

// Damage says what is wrong with a row.
type Damage string

// The kinds of damage.
const (
	Edited    Damage = "edited"    // a field of the row, or its hash, was changed
	Missing   Damage = "missing"   // the row is not there
	Reordered Damage = "reordered" // the row stands in another place
	Replaced  Damage = "replaced"  // the row before was exchanged for another one
)

// Broken is the first row of a ledger that is not as it was written.
type Broken struct {
	Seq    int64 // the row that is edited, missing, out of place or no longer linked
	Damage Damage
	Detail string
}

// Error names the row and what is wrong with it.
func (b *Broken) Error() string { return b.Unwrap().Error() }

// Unwrap gives the finding as a plantroom.Error, whose message may be shown.
func (b *Broken) Unwrap() error {
	return &plantroom.Error{Code: plantroom.CodeInternal, Op: "verify ledger",
		Message: fmt.Sprintf("row %d is %s: %s", b.Seq, b.Damage, b.Detail), Hint: "compare with a backup from before"}
}

// Verify walks a whole ledger, from its first row, and returns a *Broken for
// the first row that is not as it was written, or the error of the rows
// themselves.
func Verify(rows iter.Seq2[plantroom.LedgerRow, error]) error {
	_, err := Walk(rows)
	return err
}

// VerifyTo is Verify for a ledger that must at least reach to a Head from
// earlier: rows cut off the end are found too.
func VerifyTo(rows iter.Seq2[plantroom.LedgerRow, error], known Head) error {
	_, err := WalkTo(rows, known)
	return err
}

// WalkTo is VerifyTo, and returns the ledger's end.
func WalkTo(rows iter.Seq2[plantroom.LedgerRow, error], known Head) (Head, error) {
	var passed bool
	head, err := Walk(func(yield func(plantroom.LedgerRow, error) bool) {
		for r, err := range rows {
			passed = passed || err == nil && r.Seq == known.Seq && r.Hash == known.Hash
			if !yield(r, err) {
				return
			}
		}
	})
	switch {
	case err != nil:
		return head, err
	case head.Seq < known.Seq:
		return head, &Broken{Seq: head.Seq + 1, Damage: Missing, Detail: fmt.Sprintf("the ledger ends at row %d and was known up to row %d", head.Seq, known.Seq)}
	case known.Seq > 0 && !passed:
		return head, &Broken{Seq: known.Seq, Damage: Replaced, Detail: "its hash is not the one that was known"}
	}
	return head, nil
}

// Walk verifies a whole ledger and returns its end.
func Walk(rows iter.Seq2[plantroom.LedgerRow, error]) (Head, error) {
	var head Head
	var ahead *plantroom.LedgerRow // the first row that came too early
	for r, err := range rows {
		switch {
		case err != nil:
			return head, err
		case ahead == nil:
			if err := follows(head, &r); err != nil {
				return head, err
			}
			if r.Seq == head.Seq+1 {
				head = Head{Seq: r.Seq, Hash: r.Hash}
			} else {
				ahead = &r // missing, unless it comes later
			}
		case r.Seq == head.Seq+1:
			return head, &Broken{Seq: r.Seq, Damage: Reordered, Detail: fmt.Sprintf("it comes after row %d", ahead.Seq)}
		}
	}
	if ahead != nil {
		return head, &Broken{Seq: head.Seq + 1, Damage: Missing, Detail: fmt.Sprintf("row %d stands in its place", ahead.Seq)}
	}
	return head, nil
}

// follows checks one row against the end of the chain before it. A row that
// comes too early passes: whether another one is missing shows later.
func follows(head Head, r *plantroom.LedgerRow) error {
	switch {
	case r.Sum() != r.Hash:
		return &Broken{Seq: head.Seq + 1, Damage: Edited, Detail: fmt.Sprintf("its content (%s of %s, row %d) does not give its hash", r.Kind, r.Subject, r.Seq)}
	case r.Seq <= head.Seq:
		return &Broken{Seq: r.Seq, Damage: Reordered, Detail: fmt.Sprintf("it comes after row %d", head.Seq)}
	case r.Seq == head.Seq+1 && r.Prev != head.Hash:
		return &Broken{Seq: r.Seq, Damage: Replaced, Detail: "it does not carry the hash of the row before it, which was exchanged"}
	}
	return nil
}

// page is how many rows Rows reads at a time.
const page = 1000

// Rows returns a store's whole ledger in order, read a page at a time; rows
// that are appended meanwhile are included.
func Rows(ctx context.Context, store plantroom.Store) iter.Seq2[plantroom.LedgerRow, error] {
	return func(yield func(plantroom.LedgerRow, error) bool) {
		var after int64
		for {
			var rows []plantroom.LedgerRow
			err := store.View(ctx, func(tx plantroom.Tx) (err error) {
				rows, err = tx.Ledger(after, page)
				return err
			})
			if err != nil {
				yield(plantroom.LedgerRow{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
				after = r.Seq
			}
			if len(rows) < page {
				return
			}
		}
	}
}
