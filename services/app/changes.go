package app

import (
	"context"
	"strings"

	"plantroom"
	"plantroom/services/httpapi/live"
	"plantroom/services/ingest"
)

// watchedStore tells, after each commit, what the transaction has changed, so
// that pages and the outbox need not ask all the time.
type watchedStore struct {
	plantroom.Store
	changed func([]change)
}

// change says that a subject of a kind, one of httpapi/live's or worksChange, has
// changed.
type change struct{ kind, subject string }

// Update implements plantroom.Store.
func (s watchedStore) Update(ctx context.Context, f func(plantroom.Tx) error) error {
	var w watchedTx
	err := s.Store.Update(ctx, func(tx plantroom.Tx) error {
		w = watchedTx{Tx: tx} // f may be run again: what it noted before did not happen
		if t, can := tx.(ingest.Trimmer); can {
			return f(trimmingTx{&w, t})
		}
		return f(&w)
	})
	if err == nil && len(w.changes) > 0 {
		s.changed(w.changes)
	}
	return err
}

// trimmingTx is a watchedTx over a store that can bound its quarantine.
type trimmingTx struct {
	*watchedTx
	ingest.Trimmer
}

// TrimQuarantine implements ingest.Trimmer.
func (w trimmingTx) TrimQuarantine(keep int64) (int64, error) {
	dropped, err := w.Trimmer.TrimQuarantine(keep)
	if dropped > 0 {
		w.note(live.Quarantine, "")
	}
	return dropped, err
}

// watchedTx notes the writes that somebody outside may be waiting for.
type watchedTx struct {
	plantroom.Tx
	changes []change
}

func (w *watchedTx) note(kind, subject string) {
	c := change{kind, subject}
	for _, have := range w.changes {
		if have == c {
			return
		}
	}
	w.changes = append(w.changes, c)
}

func (w *watchedTx) InsertIncident(in plantroom.Incident) error {
	w.note(live.Incident, string(in.ID))
	return w.Tx.InsertIncident(in)
}

func (w *watchedTx) UpdateIncident(in plantroom.Incident) error {
	w.note(live.Incident, string(in.ID))
	return w.Tx.UpdateIncident(in)
}

func (w *watchedTx) InsertOrder(o plantroom.WorkOrder) error {
	w.note(live.Order, string(o.ID))
	return w.Tx.InsertOrder(o)
}

func (w *watchedTx) UpdateOrder(o plantroom.WorkOrder) error {
	w.note(live.Order, string(o.ID))
	return w.Tx.UpdateOrder(o)
}

// AppendLedger notes what rows are about that come without a write of their order or
// incident, as those of calls and alerts do: whoever follows events hears of them at
// once.
func (w *watchedTx) AppendLedger(rows ...plantroom.LedgerRow) error {
	for i := range rows {
		switch subject := rows[i].Subject; {
		case strings.HasPrefix(subject, "wo-"):
			w.note(live.Order, subject)
		case strings.HasPrefix(subject, "inc-"):
			w.note(live.Incident, subject)
		}
	}
	return w.Tx.AppendLedger(rows...)
}

func (w *watchedTx) PutCase(c plantroom.Case) error {
	w.note(live.Case, string(c.ID))
	return w.Tx.PutCase(c)
}

func (w *watchedTx) PutWorks(x plantroom.Works) error {
	w.note(worksChange, string(x.ID))
	return w.Tx.PutWorks(x)
}

func (w *watchedTx) PutProofs(ps ...plantroom.Proof) error {
	for _, p := range ps {
		w.note(live.Order, string(p.Order))
	}
	return w.Tx.PutProofs(ps...)
}

func (w *watchedTx) InsertCalls(cs ...plantroom.Call) error {
	for _, c := range cs {
		w.note(live.Call, string(c.Order))
	}
	return w.Tx.InsertCalls(cs...)
}

func (w *watchedTx) UpdateCall(c plantroom.Call) error {
	w.note(live.Call, string(c.Order))
	return w.Tx.UpdateCall(c)
}

func (w *watchedTx) PutQuarantine(qs ...plantroom.Quarantined) error {
	w.note(live.Quarantine, "")
	return w.Tx.PutQuarantine(qs...)
}
