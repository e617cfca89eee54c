package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"plantroom"
)

// Agree compares the ledger with the orders that are kept beside it: each has to
// stand where the newest row that moved it has left it. It finds an order that
// was changed without a row, and an end of the ledger that was cut off while the
// orders stayed. It returns a *Broken for the first order that does not agree,
// oldest first within each page of the newest.
func Agree(ctx context.Context, store plantroom.Store) error {
	f := plantroom.OrderFilter{Limit: page}
	for {
		n := 0
		err := store.View(ctx, func(tx plantroom.Tx) error {
			orders, err := tx.Orders(f)
			if err != nil {
				return err
			}
			if n = len(orders); n > 0 {
				f.Before = orders[n-1].ID
			}
			for i := len(orders) - 1; i >= 0; i-- {
				rows, err := tx.LedgerOf(string(orders[i].ID))
				if err != nil {
					return err
				}
				if err := agrees(&orders[i], rows); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n < page {
			return err
		}
	}
}

// agrees compares an order with its own rows.
func agrees(o *plantroom.WorkOrder, rows []plantroom.LedgerRow) error {
	var said plantroom.OrderState
	var seq int64
	for _, r := range rows {
		var moved struct {
			From, To plantroom.OrderState
		}
		if err := json.Unmarshal(r.Body, &moved); err != nil || moved.To == "" {
			continue
		}
		if moved.From != said {
			return &Broken{Seq: r.Seq, Damage: Missing, Detail: fmt.Sprintf("before it %s was %q, and it moves it from %q: a row between is not there", o.ID, said, moved.From)}
		}
		said, seq = moved.To, r.Seq
	}
	if said != o.State {
		return &Broken{Seq: seq + 1, Damage: Missing, Detail: fmt.Sprintf("%s is %s, and the newest row that moved it (%d) left it %q", o.ID, o.State, seq, said)}
	}
	return nil
}
