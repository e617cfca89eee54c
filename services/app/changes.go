package app

import (
	"context"

	"plantroom"
)

// watchedStore tells, after each commit, what the transaction has changed, so
// that pages and the outbox need not ask all the time.
type watchedStore struct {
	plantroom.Store
	changed func([]change)
}

// change says that a subject of a kind has changed; the kinds are those of
// httpapi/live.
type change struct{ kind, subject string }

// Update implements plantroom.Store.
func (s watchedStore) Update(ctx context.Context, f func(plantroom.Tx) error) error {
	var w watchedTx
	err := s.Store.Update(ctx, func(tx plantroom.Tx) error {
		w = watchedTx{Tx: tx}
		return f(&w)
	})
	if err == nil && len(w.changes) > 0 {
		s.changed(w.changes)
	}
	return err
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
	w.note("incident", string(in.ID))
	return w.Tx.InsertIncident(in)
}

func (w *watchedTx) UpdateIncident(in plantroom.Incident) error {
	w.note("incident", string(in.ID))
	return w.Tx.UpdateIncident(in)
}

func (w *watchedTx) InsertOrder(o plantroom.WorkOrder) error {
	w.note("order", string(o.ID))
	return w.Tx.InsertOrder(o)
}

func (w *watchedTx) UpdateOrder(o plantroom.WorkOrder) error {
	w.note("order", string(o.ID))
	return w.Tx.UpdateOrder(o)
}

func (w *watchedTx) InsertCalls(cs ...plantroom.Call) error {
	for _, c := range cs {
		w.note("call", string(c.Order))
	}
	return w.Tx.InsertCalls(cs...)
}

func (w *watchedTx) UpdateCall(c plantroom.Call) error {
	w.note("call", string(c.Order))
	return w.Tx.UpdateCall(c)
}

func (w *watchedTx) PutQuarantine(qs ...plantroom.Quarantined) error {
	w.note("quarantine", "")
	return w.Tx.PutQuarantine(qs...)
}
