package evidence

import (
	"iter"

	"plantroom"
)

// page is how many rows are read at a time.
const page = 1000

// chainOf gives the rows behind after, up to and with to, a page at a time.
func chainOf(tx plantroom.Tx, after, to int64) iter.Seq2[plantroom.LedgerRow, error] {
	return func(yield func(plantroom.LedgerRow, error) bool) {
		for after < to {
			rows, err := tx.Ledger(after, int(min(page, to-after)))
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
			if len(rows) == 0 {
				return
			}
		}
	}
}
