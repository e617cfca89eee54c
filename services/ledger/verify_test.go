package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"plantroom"

	"pgregory.net/rapid"
)

// chain makes n sealed rows, of both forms in turn.
func chain(n int) []plantroom.LedgerRow {
	rows := make([]plantroom.LedgerRow, n)
	for i := range rows {
		rows[i] = plantroom.LedgerRow{
			At: plantroom.Instant(1_772_409_600e9 + int64(i)*1e9), Kind: "order.dispatch", Subject: fmt.Sprintf("wo-%06d", i%3),
			Actor: "contractor:quicklift", Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)),
		}
		if i%2 == 1 {
			rows[i].Salt = plantroom.Salt{0xa5, 15: byte(i)}
		}
	}
	reseal(rows, 0)
	return rows
}

// reseal gives the rows from the i-th on their place and hash again, as
// somebody who wants to hide a change would.
func reseal(rows []plantroom.LedgerRow, i int) {
	for ; i < len(rows); i++ {
		var prev plantroom.Hash
		if i > 0 {
			prev = rows[i-1].Hash
		}
		rows[i].Seal(int64(i+1), prev)
	}
}

func stream(rows []plantroom.LedgerRow) iter.Seq2[plantroom.LedgerRow, error] {
	return func(yield func(plantroom.LedgerRow, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func wantBroken(t testing.TB, err error, seq int64, damage Damage) {
	t.Helper()
	var b *Broken
	if !errors.As(err, &b) || b.Seq != seq || b.Damage != damage {
		t.Fatalf("got %v, want row %d %s", err, seq, damage)
	}
}

func TestAWholeLedgerIsWhole(t *testing.T) {
	for _, n := range []int{0, 1, 2, 50} {
		rows := chain(n)
		if err := Verify(stream(rows)); err != nil {
			t.Errorf("%d rows: %v", n, err)
		}
		head, err := Walk(stream(rows))
		if err != nil || head.Seq != int64(n) || n > 0 && head.Hash != rows[n-1].Hash {
			t.Errorf("%d rows end at %+v, %v", n, head, err)
		}
	}
}

// fields gives access to the bytes of each field of a row.
var fields = map[string]func(r *plantroom.LedgerRow, edit func([]byte)){
	"kind":    func(r *plantroom.LedgerRow, edit func([]byte)) { r.Kind = edited(r.Kind, edit) },
	"subject": func(r *plantroom.LedgerRow, edit func([]byte)) { r.Subject = edited(r.Subject, edit) },
	"actor":   func(r *plantroom.LedgerRow, edit func([]byte)) { r.Actor = edited(r.Actor, edit) },
	"body": func(r *plantroom.LedgerRow, edit func([]byte)) {
		r.Body = json.RawMessage(edited(string(r.Body), edit))
	},
	"salt": func(r *plantroom.LedgerRow, edit func([]byte)) { edit(r.Salt[:]) },
	"prev": func(r *plantroom.LedgerRow, edit func([]byte)) { edit(r.Prev[:]) },
	"hash": func(r *plantroom.LedgerRow, edit func([]byte)) { edit(r.Hash[:]) },
}

func edited(s string, edit func([]byte)) string {
	b := []byte(s)
	edit(b)
	return string(b)
}

func TestEverySingleEditedByteIsFound(t *testing.T) {
	const n = 6
	for name, field := range fields {
		t.Run(name, func(t *testing.T) {
			for i := range n {
				size := 0
				field(&chain(n)[i], func(b []byte) { size = len(b) })
				for at := range size {
					for bit := range 8 {
						rows := chain(n)
						field(&rows[i], func(b []byte) { b[at] ^= 1 << bit })
						wantBroken(t, Verify(stream(rows)), int64(i+1), Edited)
					}
				}
			}
		})
	}
	t.Run("seq and time", func(t *testing.T) {
		for i := range n {
			for bit := range 63 {
				rows := chain(n)
				rows[i].At ^= 1 << bit
				wantBroken(t, Verify(stream(rows)), int64(i+1), Edited)
				rows = chain(n)
				rows[i].Seq ^= 1 << bit
				wantBroken(t, Verify(stream(rows)), int64(i+1), Edited)
			}
		}
	})
}

func TestBytesMovedBetweenFieldsAreFound(t *testing.T) {
	rows := chain(3)
	rows[1].Kind, rows[1].Subject = rows[1].Kind+rows[1].Subject[:1], rows[1].Subject[1:]
	wantBroken(t, Verify(stream(rows)), 2, Edited)
}

func TestEveryDeletedRowIsFound(t *testing.T) {
	const n = 6
	known := Head{Seq: n, Hash: chain(n)[n-1].Hash}
	for from := range n {
		for to := from + 1; to <= n; to++ {
			rows := slices.Delete(chain(n), from, to)
			wantBroken(t, VerifyTo(stream(rows), known), int64(from+1), Missing)
			if to < n {
				wantBroken(t, Verify(stream(rows)), int64(from+1), Missing)
			}
		}
	}
}

func TestEverySwappedPairIsFound(t *testing.T) {
	const n = 6
	for i := range n {
		for j := i + 1; j < n; j++ {
			rows := chain(n)
			rows[i], rows[j] = rows[j], rows[i]
			wantBroken(t, Verify(stream(rows)), int64(i+1), Reordered)
		}
	}
}

func TestARepeatedRowIsFound(t *testing.T) {
	rows := chain(4)
	wantBroken(t, Verify(stream(slices.Insert(rows, 3, rows[1]))), 2, Reordered)
}

func TestAForgedRowBreaksTheNextOne(t *testing.T) {
	rows := chain(5)
	rows[2].Body = json.RawMessage(`{"forged":true}`)
	rows[2].Seal(3, rows[1].Hash)
	wantBroken(t, Verify(stream(rows)), 4, Replaced)
}

func TestAWhollyForgedLedgerIsFoundByAKnownHead(t *testing.T) {
	rows := chain(5)
	known := Head{Seq: 4, Hash: rows[3].Hash}
	if err := VerifyTo(stream(rows), known); err != nil {
		t.Fatalf("the true ledger, grown since: %v", err)
	}
	rows[1].Body = json.RawMessage(`{"forged":true}`)
	reseal(rows, 1)
	if err := Verify(stream(rows)); err != nil {
		t.Fatalf("the forgery is consistent in itself, but: %v", err)
	}
	wantBroken(t, VerifyTo(stream(rows), known), 4, Replaced)
}

// TestAnyChangeIsFound edits, deletes and swaps at random, several at once.
func TestAnyChangeIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 12
		rows := chain(n)
		known := Head{Seq: n, Hash: rows[n-1].Hash}
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			if len(rows) == 0 {
				break
			}
			i := rapid.IntRange(0, len(rows)-1).Draw(t, "row")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				rows = slices.Delete(rows, i, i+1)
			case 1:
				rows[i].Actor += "x"
			case 2:
				j := rapid.IntRange(0, len(rows)-1).Draw(t, "with")
				rows[i], rows[j] = rows[j], rows[i]
			}
		}
		if err := VerifyTo(stream(rows), known); err == nil && !sameRows(rows, chain(n)) {
			t.Fatalf("nothing found wrong with %d rows", len(rows))
		}
	})
}

func sameRows(a, b []plantroom.LedgerRow) bool {
	return slices.EqualFunc(a, b, func(x, y plantroom.LedgerRow) bool {
		return x.Seq == y.Seq && x.Hash == y.Hash && x.Actor == y.Actor
	})
}

func TestAnErrorOfTheRowsIsNoDamage(t *testing.T) {
	lost := errors.New("connection lost")
	rows := func(yield func(plantroom.LedgerRow, error) bool) {
		_ = yield(chain(1)[0], nil) && yield(plantroom.LedgerRow{}, lost)
	}
	for name, err := range map[string]error{"Verify": Verify(rows), "VerifyTo": VerifyTo(rows, Head{Seq: 1, Hash: chain(1)[0].Hash})} {
		if !errors.Is(err, lost) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// pagedStore is a store that holds a ledger only and counts its Views.
type pagedStore struct {
	plantroom.Tx
	rows  []plantroom.LedgerRow
	views int
	fail  error
}

func (s *pagedStore) View(_ context.Context, f func(plantroom.Tx) error) error {
	s.views++
	if s.fail != nil && s.views > 1 {
		return s.fail
	}
	return f(s)
}

func (s *pagedStore) Update(context.Context, func(plantroom.Tx) error) error {
	return errors.New("the ledger is only read here")
}

func (s *pagedStore) Ledger(after int64, limit int) ([]plantroom.LedgerRow, error) {
	rest := s.rows[after:]
	return rest[:min(limit, len(rest))], nil
}

func TestRowsReadsAStoreInPages(t *testing.T) {
	for _, n := range []int{0, 1, page - 1, page, page + 1, 3 * page} {
		s := &pagedStore{rows: chain(n)}
		head, err := Walk(Rows(t.Context(), s))
		if err != nil || head.Seq != int64(n) {
			t.Errorf("%d rows: read up to %d, %v", n, head.Seq, err)
		}
		if want := n/page + 1; s.views != want {
			t.Errorf("%d rows in %d views, want %d", n, s.views, want)
		}
	}
}

func TestRowsPassesOnAnError(t *testing.T) {
	s := &pagedStore{rows: chain(2 * page), fail: errors.New("gone")}
	if err := Verify(Rows(t.Context(), s)); !errors.Is(err, s.fail) {
		t.Errorf("got %v", err)
	}
}

func TestRowsStopsWhenNobodyReadsOn(t *testing.T) {
	s := &pagedStore{rows: chain(2 * page)}
	for r := range Rows(t.Context(), s) {
		if r.Seq == 3 {
			break
		}
	}
	if s.views != 1 {
		t.Errorf("%d views for three rows", s.views)
	}
}
