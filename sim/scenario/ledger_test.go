package scenario_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/ledger"
	"plantroom/services/store"
	"plantroom/sim/scenario"
)

// lived is what a simulated run has left: the store, and its whole ledger.
func lived(t *testing.T, name string) (*store.SQLite, []plantroom.LedgerRow) {
	t.Helper()
	dir := t.TempDir()
	p, err := scenario.Play(context.Background(), load(t, name), scenario.Options{Dir: dir})
	if err != nil || !p.OK() {
		t.Fatalf("%v, %+v", err, p)
	}
	path := filepath.Join(dir, "plantroom.db")
	rows := ledgerOf(t, path)
	s, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, rows
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

// runs are such as go through most of what an order can meet.
var runs = []string{"01-fault-met-in-the-window.yaml", "02-nobody-answers.yaml", "14-declined.yaml", "28-all-lifts-at-once.yaml"}

// TestEveryStateChangeOfARunHasARow follows each order and incident through its
// rows, from nothing to where the store has it.
func TestEveryStateChangeOfARunHasARow(t *testing.T) {
	for _, name := range runs {
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			t.Parallel()
			long(t, name)
			s, rows := lived(t, name)
			if err := errors.Join(ledger.Verify(stream(rows)), ledger.Agree(t.Context(), s)); err != nil {
				t.Fatal(err)
			}
			state := map[string]plantroom.OrderState{}
			changes := map[string]int{}
			for _, r := range rows {
				var b struct {
					From, To plantroom.OrderState
				}
				if err := json.Unmarshal(r.Body, &b); err != nil {
					t.Fatalf("row %d: %v", r.Seq, err)
				}
				if strings.HasPrefix(r.Kind, "incident.") {
					changes[r.Subject]++
				}
				if b.To == "" {
					continue
				}
				if do, ok := strings.CutPrefix(r.Kind, "order."); ok && do != "raise" {
					if want := plantroom.Transitions[state[r.Subject]][plantroom.OrderAction(do)]; b.From != state[r.Subject] || b.To != want {
						t.Errorf("row %d: %s moves %s from %q to %q; it was %q", r.Seq, r.Kind, r.Subject, b.From, b.To, state[r.Subject])
					}
				}
				state[r.Subject] = b.To
			}
			err := s.View(t.Context(), func(tx plantroom.Tx) error {
				orders, err := tx.Orders(plantroom.OrderFilter{})
				for _, o := range orders {
					if state[string(o.ID)] != o.State {
						t.Errorf("%s is %s, and the ledger leaves it %q", o.ID, o.State, state[string(o.ID)])
					}
				}
				if len(orders) == 0 {
					t.Error("the run has raised no order: it shows nothing")
				}
				incidents, err2 := tx.Incidents(plantroom.IncidentFilter{})
				for _, in := range incidents {
					if changes[string(in.ID)] == 0 {
						t.Errorf("incident %s has no row", in.ID)
					}
				}
				return errors.Join(err, err2)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestVerifyFindsAnyEditOrDeletionInARun edits, takes out and exchanges each row
// of a run by itself, and cuts the ledger off behind each. What is cut off is
// found against a head that was noted before.
func TestVerifyFindsAnyEditOrDeletionInARun(t *testing.T) {
	if raced {
		t.Skip("the race detector learns nothing from the hashes of one goroutine")
	}
	for _, name := range runs[1:] {
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			t.Parallel()
			long(t, name)
			_, rows := lived(t, name)
			head := ledger.Head{Seq: int64(len(rows)), Hash: rows[len(rows)-1].Hash}
			if err := ledger.VerifyTo(stream(rows), head); err != nil {
				t.Fatal(err)
			}
			find := func(changed []plantroom.LedgerRow, seq int, damage ledger.Damage, what string) {
				t.Helper()
				var b *ledger.Broken
				if err := ledger.VerifyTo(stream(changed), head); !errors.As(err, &b) || b.Seq != int64(seq) || b.Damage != damage {
					t.Fatalf("%s: found %v, want row %d %s", what, err, seq, damage)
				}
			}
			for i := range rows {
				for what, edit := range edits {
					changed := slices.Clone(rows)
					edit(&changed[i])
					find(changed, i+1, ledger.Edited, fmt.Sprintf("%s of row %d", what, i+1))
				}
				find(slices.Delete(slices.Clone(rows), i, i+1), i+1, ledger.Missing, fmt.Sprintf("without row %d", i+1))
				find(rows[:i], i+1, ledger.Missing, fmt.Sprintf("cut off before row %d", i+1))
				if j := i + 1; j < len(rows) {
					changed := slices.Clone(rows)
					changed[i], changed[j] = changed[j], changed[i]
					find(changed, i+1, ledger.Reordered, fmt.Sprintf("rows %d and %d exchanged", i+1, j+1))
				}
				changed := slices.Clone(rows)
				edits["actor"](&changed[i])
				changed[i].Seal(changed[i].Seq, changed[i].Prev)
				if i+1 < len(rows) {
					find(changed, i+2, ledger.Replaced, fmt.Sprintf("row %d written anew", i+1))
				} else {
					find(changed, i+1, ledger.Replaced, "the last row written anew")
				}
			}
			t.Logf("%d rows", len(rows))
		})
	}
}

var edits = map[string]func(*plantroom.LedgerRow){
	"time":    func(r *plantroom.LedgerRow) { r.At++ },
	"kind":    func(r *plantroom.LedgerRow) { r.Kind += "x" },
	"subject": func(r *plantroom.LedgerRow) { r.Subject += "1" },
	"actor":   func(r *plantroom.LedgerRow) { r.Actor = "person:eve" },
	"body":    func(r *plantroom.LedgerRow) { r.Body = append(slices.Clone(r.Body[:len(r.Body)-1]), " }"...) },
	"salt":    func(r *plantroom.LedgerRow) { r.Salt[7] ^= 1 },
	"no salt": func(r *plantroom.LedgerRow) { r.Salt = plantroom.Salt{} },
	"link":    func(r *plantroom.LedgerRow) { r.Prev[0] ^= 1 },
	"hash":    func(r *plantroom.LedgerRow) { r.Hash[31] ^= 1 },
}

// TestAnEndThatWasCutOffWithoutItsOrdersIsFoundWithoutAHead cuts a run's ledger
// off in the database, before each row that has moved an order.
func TestAnEndThatWasCutOffWithoutItsOrdersIsFoundWithoutAHead(t *testing.T) {
	long(t, runs[0])
	s, rows := lived(t, runs[0])
	if err := ledger.Agree(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if !strings.HasPrefix(r.Kind, "order.") {
			continue
		}
		var b *ledger.Broken
		err := ledger.Agree(t.Context(), cutOff{s, int64(i)})
		if moved := strings.Contains(string(r.Body), `"to":`); moved && (!errors.As(err, &b) || b.Damage != ledger.Missing) {
			t.Errorf("cut off before row %d (%s): %v", r.Seq, r.Kind, err)
		}
	}
}

// cutOff is a store whose ledger ends at a row.
type cutOff struct {
	plantroom.Store
	end int64
}

func (c cutOff) View(ctx context.Context, f func(plantroom.Tx) error) error {
	return c.Store.View(ctx, func(tx plantroom.Tx) error { return f(cutOffTx{tx, c.end}) })
}

type cutOffTx struct {
	plantroom.Tx
	end int64
}

func (c cutOffTx) LedgerOf(subject string) ([]plantroom.LedgerRow, error) {
	rows, err := c.Tx.LedgerOf(subject)
	return slices.DeleteFunc(rows, func(r plantroom.LedgerRow) bool { return r.Seq > c.end }), err
}
