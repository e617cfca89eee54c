package joblink

import (
	"context"
	"sync"

	"plantroom"
)

// Register writes the uses of job links to the ledger, and no more of them than
// the bounds permit, whoever floods it. It is safe for concurrent use.
type Register struct {
	store plantroom.Store

	mu      sync.Mutex
	strange int               // not written of yet
	wrote   plantroom.Instant // when strange ones were last written of
}

// NewRegister makes a Register over a store.
func NewRegister(s plantroom.Store) *Register { return &Register{store: s} }

// Note writes a use down. Links that lead to no order are counted, and a row
// tells of them at once or, of those within StrangeEvery, together with the next
// one after it; a count that is waiting is lost when the server stops.
func (g *Register) Note(ctx context.Context, now plantroom.Instant, u Use) error {
	if u.strange() {
		return g.stranger(ctx, now, u)
	}
	return g.store.Update(ctx, func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf(string(u.Claims.Order))
		if err != nil {
			return err
		}
		row, ok := u.Row(rows, now)
		if !ok {
			return nil
		}
		return tx.AppendLedger(row)
	})
}

func (g *Register) stranger(ctx context.Context, now plantroom.Instant, u Use) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strange++
	if !g.wrote.IsZero() && now >= g.wrote && now.Sub(g.wrote) < StrangeEvery {
		return nil
	}
	row := u.row(Strangers, useBody{Do: u.Do, Why: u.Why, Count: g.strange}, now)
	err := g.store.Update(ctx, func(tx plantroom.Tx) error { return tx.AppendLedger(row) })
	if err == nil {
		g.strange, g.wrote = 0, now
	}
	return err
}
