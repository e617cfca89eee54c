package past

import (
	"context"
	"encoding/json"
	"time"

	"plantroom"
)

// Options of a past.
type Options struct {
	Estate plantroom.Estate // of Load
	Store  plantroom.Store  // without an order
	Now    plantroom.Instant
	Orders int
	Seed   uint64
	Tell   func(written int) // hears how far it is, now and then; nil: nobody
}

// year is how long the past is, batch how many orders one transaction takes, and
// told how many of the newest the ledger tells of.
const (
	year  = 365 * 24 * time.Hour
	batch = 5000
	told  = 20_000
)

// mostOf an asset: with more, some rule would have to fail twice at once.
const mostOf = 2000

// Write writes it, oldest first. CodeInvalid: there are too many orders for the
// assets.
func Write(ctx context.Context, o Options) error {
	if o.Orders > mostOf*len(o.Estate.Assets) {
		return plantroom.Errorf(plantroom.CodeInvalid, "%d orders in a year are too many for %d assets: %d an asset at most", o.Orders, len(o.Estate.Assets), mostOf)
	}
	f := newFate(&o.Estate, o.Now, o.Seed)
	gap := float64(year) / float64(max(o.Orders, 1))
	for first := 1; first <= o.Orders; first += batch {
		err := o.Store.Update(ctx, func(tx plantroom.Tx) error {
			var rows []plantroom.LedgerRow
			for n := first; n < min(first+batch, o.Orders+1); n++ {
				at := o.Now.Add(-year + time.Duration(gap*(float64(n-1)+f.draw.Float64())))
				in, order := f.episode(n, at)
				if err := tx.InsertIncident(in); err != nil {
					return err
				}
				if err := tx.InsertOrder(order); err != nil {
					return err
				}
				if n == 1 || n > o.Orders-told { // the first row says since when there is a record
					rows = append(rows, rowOf(&order))
				}
			}
			return tx.AppendLedger(rows...)
		})
		if err != nil {
			return err
		}
		if o.Tell != nil {
			o.Tell(min(first+batch-1, o.Orders))
		}
	}
	return nil
}

// rowOf is what the ledger says of an order's beginning.
func rowOf(o *plantroom.WorkOrder) plantroom.LedgerRow {
	body, _ := json.Marshal(map[string]any{"to": plantroom.Dispatched, "contractor": o.Contractor}) // two words
	return plantroom.LedgerRow{At: o.Raised, Kind: "order.dispatch", Subject: string(o.ID), Actor: "system", Body: body}
}
