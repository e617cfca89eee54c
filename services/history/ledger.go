package history

import (
	"math"
	"slices"

	"plantroom"
)

// EventQuery asks for events. Behind: those behind the row After, the first ones;
// else the last ones of [From, To), or of Subject.
type EventQuery struct {
	Behind   bool
	After    int64
	From, To plantroom.Instant // zero: no bound
	Subject  string            // an order's, incident's or gateway's id; "": all
	Limit    int
	Followed int64 // up to which row the columns that tell of rows have followed: Table.Followed
	// Known reports whether an order or incident is in the columns, so that a later row
	// about it can be told of, too; nil: it cannot, since more than whose it is counts.
	Known func(subject string) bool

	last int64 // of the rows that can be told of
}

// EventPage is an answer: events in the order in which they were written, the
// number behind which to go on, and whether there were more than fit, or more than
// is looked through at a time.
type EventPage struct {
	Items []EventItem
	Next  int64
	More  bool
}

// lookedThrough is how many rows of the ledger are read for one answer at most.
const lookedThrough = 20_000

// ReadEvents reads events out of the ledger; tell makes them of rows, see
// Table.Events. Rows are taken to be written in the order of their times. Where a
// clock was set back, a time is looked for at one of the places at which it was
// reached; what is asked for up to now ends with the newest row all the same. A row
// about an order or an incident that the columns do not have yet is told of
// later, as are those behind it: nobody could say whose it is, and whoever goes on
// behind it would never hear of it.
func ReadEvents(tx plantroom.LedgerStore, q *EventQuery, tell func([]plantroom.LedgerRow) ([]EventItem, error)) (EventPage, error) {
	var err error
	if q.last, err = q.followed(tx); err != nil {
		return EventPage{}, err
	}
	switch {
	case q.Subject != "":
		rows, err := tx.LedgerOf(q.Subject)
		if err != nil {
			return EventPage{}, err
		}
		return q.some(q.within(rows), tell)
	case q.Behind:
		return q.behind(tx, tell)
	}
	return q.newest(tx, tell)
}

// followed is the number of the last row up to which each is either followed, or about
// something known, or about neither an order nor an incident.
func (q *EventQuery) followed(tx plantroom.LedgerStore) (int64, error) {
	seq := q.Followed
	for range lookedThrough / rowsAtOnce {
		rows, err := tx.Ledger(seq, rowsAtOnce)
		for i := range rows {
			if c, ok := changeOf(&rows[i]); ok && c.kind != ChangedWorks && (q.Known == nil || !q.Known(c.subject)) {
				return seq, err
			}
			seq = rows[i].Seq
		}
		if err != nil || len(rows) < rowsAtOnce {
			return seq, err
		}
	}
	return seq, nil
}

// within leaves the rows that lie in the time that is asked for.
func (q *EventQuery) within(rows []plantroom.LedgerRow) []plantroom.LedgerRow {
	return slices.DeleteFunc(rows, func(r plantroom.LedgerRow) bool {
		return r.Seq <= q.After || r.Seq > q.last || !q.From.IsZero() && r.At < q.From || !q.To.IsZero() && r.At >= q.To
	})
}

func (q *EventQuery) some(rows []plantroom.LedgerRow, tell func([]plantroom.LedgerRow) ([]EventItem, error)) (p EventPage, err error) {
	if p.Next = q.After; len(rows) > 0 {
		p.Next = rows[len(rows)-1].Seq
	}
	if p.Items, err = tell(rows); err != nil || len(p.Items) <= q.Limit {
		return p, err
	}
	if p.More = true; q.Behind {
		p.Items = p.Items[:q.Limit]
		p.Next = p.Items[q.Limit-1].Seq
	} else {
		p.Items = p.Items[len(p.Items)-q.Limit:]
	}
	return p, nil
}

func (q *EventQuery) behind(tx plantroom.LedgerStore, tell func([]plantroom.LedgerRow) ([]EventItem, error)) (EventPage, error) {
	p := EventPage{Items: []EventItem{}, Next: q.After}
	for range lookedThrough / rowsAtOnce {
		rows, err := tx.Ledger(p.Next, rowsAtOnce)
		if err != nil {
			return p, err
		}
		more := len(rows) == rowsAtOnce && rows[len(rows)-1].Seq < q.last
		switch {
		case len(rows) > 0:
			p.Next = max(p.Next, min(rows[len(rows)-1].Seq, q.last))
		default:
			if p.Next, err = q.reached(tx, p.Next); err != nil {
				return p, err
			}
		}
		items, err := tell(q.within(rows))
		if err != nil {
			return p, err
		}
		if p.Items = append(p.Items, items...); len(p.Items) > q.Limit {
			p.Items, p.More = p.Items[:q.Limit], true
			p.Next = p.Items[q.Limit-1].Seq
			return p, nil
		}
		if !more {
			return p, nil
		}
	}
	p.More = true
	return p, nil
}

// reached is the number of a row where there is one, else that of the newest: whoever
// follows a database that was set back to an older backup asks for rows that it has
// not written yet, and would wait until it has.
func (q *EventQuery) reached(tx plantroom.LedgerStore, seq int64) (int64, error) {
	if seq <= 0 {
		return seq, nil
	}
	if rows, err := tx.Ledger(seq-1, 1); err != nil || len(rows) > 0 {
		return seq, err
	}
	newest, err := lastRow(tx)
	return min(newest.Seq, q.last), err
}

func (q *EventQuery) newest(tx plantroom.LedgerStore, tell func([]plantroom.LedgerRow) ([]EventItem, error)) (EventPage, error) {
	newest, err := lastRow(tx)
	if err != nil {
		return EventPage{}, err
	}
	first, err := since(tx, newest.Seq, q.From)
	if err != nil {
		return EventPage{}, err
	}
	end := min(newest.Seq, q.last) + 1
	if newest.At >= q.To {
		before, err := since(tx, newest.Seq, q.To)
		if err != nil {
			return EventPage{}, err
		}
		end = min(end, before)
	}
	p := EventPage{Next: end - 1}
	for looked := 0; end > first; {
		if looked += rowsAtOnce; looked > lookedThrough {
			p.More = true
			break
		}
		from := max(first, end-rowsAtOnce)
		rows, err := tx.Ledger(from-1, int(end-from))
		if err != nil {
			return p, err
		}
		items, err := tell(q.within(rows))
		if err != nil {
			return p, err
		}
		if p.Items, end = append(items, p.Items...), from; len(p.Items) > q.Limit {
			p.Items, p.More = p.Items[len(p.Items)-q.Limit:], true
			break
		}
	}
	return p, nil
}

// since is the number of the first row, among those up to the newest, that was
// written at an instant or later; one more than the newest where none was.
func since(tx plantroom.LedgerStore, newest int64, at plantroom.Instant) (int64, error) {
	low, high := int64(1), newest+1
	for low < high {
		mid := low + (high-low)/2
		rows, err := tx.Ledger(mid-1, 1)
		if err != nil {
			return 0, err
		}
		if len(rows) == 0 || rows[0].At >= at {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low, nil
}

// lastRow returns the newest row of the ledger, a zero one where there is none. The
// store has no query for it, and numbers have no holes.
func lastRow(tx plantroom.LedgerStore) (plantroom.LedgerRow, error) {
	var last plantroom.LedgerRow
	low, high := int64(0), int64(math.MaxInt64) // there is a row low, or it is 0; there is none behind high
	for step := int64(1); low < high; {
		mid := low + step // it is first looked for ever further away
		if high != math.MaxInt64 {
			mid = low + (high-low+1)/2
		}
		rows, err := tx.Ledger(mid-1, 1)
		if err != nil {
			return last, err
		}
		if len(rows) == 0 {
			high = mid - 1
			continue
		}
		last, low, step = rows[0], mid, 2*step
	}
	return last, nil
}
