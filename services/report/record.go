package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"plantroom"
)

// Record is all that is kept of one work order.
type Record struct {
	Order     plantroom.WorkOrder
	Incidents []plantroom.Incident
	Rows      []plantroom.LedgerRow // of the order and of its incidents, by Seq
}

// Lookback is how long before a time an order may have been raised that still
// matters to it. Windows are shorter, and so is what lets an order go on.
const Lookback = 400 * 24 * time.Hour

const page = 1000

// Read loads the orders that were raised before to and were not over, with all
// their windows, before from; oldest first.
func Read(tx plantroom.Tx, from, to plantroom.Instant) ([]Record, error) {
	return read(tx, from, to, readOne)
}

// read loads orders, each by a function of its own.
func read(tx plantroom.Tx, from, to plantroom.Instant, one func(plantroom.Tx, plantroom.WorkOrder) (Record, error)) ([]Record, error) {
	var out []Record
	f := plantroom.OrderFilter{From: from.Add(-Lookback), To: to, Limit: page}
	for {
		orders, err := tx.Orders(f)
		if err != nil {
			return nil, err
		}
		for _, o := range orders {
			if over(&o, from) {
				continue
			}
			r, err := one(tx, o)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
		if len(orders) < page {
			slices.Reverse(out)
			return out, nil
		}
		f.Before = orders[len(orders)-1].ID
	}
}

// over reports whether nothing of a closed order lies at or after an instant.
func over(o *plantroom.WorkOrder, at plantroom.Instant) bool {
	if o.State != plantroom.Closed || o.Closed >= at {
		return false
	}
	return !slices.ContainsFunc(o.Clocks, func(c plantroom.Clock) bool { return c.Due >= at })
}

func readOne(tx plantroom.Tx, o plantroom.WorkOrder) (Record, error) {
	r := Record{Order: o}
	rows, err := tx.LedgerOf(string(o.ID))
	if err != nil {
		return r, err
	}
	r.Rows = rows
	for _, id := range append(slices.Clone(o.Earlier), o.Incident) {
		if slices.ContainsFunc(r.Incidents, func(in plantroom.Incident) bool { return in.ID == id }) {
			continue // a cancelled order that was taken up again keeps its incident
		}
		in, err := tx.Incident(id)
		if err != nil {
			return r, err
		}
		if rows, err = tx.LedgerOf(string(id)); err != nil {
			return r, err
		}
		r.Incidents = append(r.Incidents, in)
		r.Rows = append(r.Rows, rows...)
	}
	slices.SortStableFunc(r.Rows, func(a, b plantroom.LedgerRow) int { return cmp.Compare(a.Seq, b.Seq) })
	return r, nil
}

// straight reports whether an order has had one round, one contractor and its own
// incident alone, so that it says of itself all that rounds would find out from its
// rows.
func straight(o *plantroom.WorkOrder) bool {
	return o.State == plantroom.Closed && o.Reopens == 0 && o.Link == 1 && len(o.Merged) == 0
}

// readShort is readOne without the ledger where that tells nothing more. What a
// statement names as evidence is missing then.
func readShort(tx plantroom.Tx, o plantroom.WorkOrder) (Record, error) {
	if !straight(&o) {
		return readOne(tx, o)
	}
	in, err := tx.Incident(o.Incident)
	return Record{Order: o, Incidents: []plantroom.Incident{in}}, err
}

func (r *Record) incident(id plantroom.IncidentID) plantroom.Incident {
	for _, in := range r.Incidents {
		if in.ID == id {
			return in
		}
	}
	return plantroom.Incident{ID: id}
}

// entry is what dispatch writes into the rows that matter here.
type entry struct {
	Incident   plantroom.IncidentID   `json:"incident"`
	Severity   string                 `json:"severity"`
	Contractor plantroom.ContractorID `json:"contractor"`
	Contract   plantroom.ContractID   `json:"contract"`
	Link       int                    `json:"link"`
	Clocks     []plantroom.Clock      `json:"clocks"`
	Pauses     []plantroom.Pause      `json:"pauses"`
	Clock      plantroom.ClockKind    `json:"clock"`
	Source     plantroom.Instant      `json:"source_time"`
}

// telling are the kinds of rows whose bodies matter; of the others it is enough
// that they are there.
var telling = map[string]bool{"incident.opened": true, "incident.released": true, "order.raise": true, "order.reopen": true, "order.dispatch": true,
	"order.decline": true, "order.cancel": true, "order.transfer": true, "order.merge": true, "order.carries": true, "order.worsened": true, "order.prove": true, "order.agree_pause": true, "order.continue": true,
	"clock.breached": true, "clock.corrected": true, "clock.disbelieved": true}

// told reads what a row says.
func told(r *plantroom.LedgerRow) (entry, error) {
	var e entry
	if !telling[r.Kind] {
		return e, nil
	}
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return e, fmt.Errorf("ledger row %d (%s of %s): %w", r.Seq, r.Kind, r.Subject, err)
	}
	return e, nil
}

func severityOf(name string) plantroom.Severity {
	var s plantroom.Severity
	if err := s.UnmarshalText([]byte(name)); err != nil {
		return plantroom.NoSeverity
	}
	return s
}
