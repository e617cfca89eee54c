package world_test

import (
	"context"
	"errors"

	"plantroom"
)

// errDead is what a server hears from the moment of its death on.
var errDead = errors.New("the process has died")

// fate counts the steps of a server's life and ends it at one of them. A step
// is whatever can be seen from outside the process: each write of a
// transaction, its commit, that the commit is known, each request to a
// receiver, and that its answer is here.
type fate struct {
	steps int
	end   int // the step that is never made; 0: none
	dead  bool
}

// step reports whether the server is still alive to make one.
func (f *fate) step() error {
	if !f.dead {
		f.steps++
		f.dead = f.steps == f.end
	}
	if f.dead {
		return errDead
	}
	return nil
}

// mortal is the store as a server sees it that may die at any step.
type mortal struct {
	plantroom.Store
	fate *fate
}

func (m mortal) View(ctx context.Context, f func(plantroom.Tx) error) error {
	if err := m.fate.step(); err != nil {
		return err
	}
	return m.Store.View(ctx, f)
}

func (m mortal) Update(ctx context.Context, f func(plantroom.Tx) error) error {
	if err := m.fate.step(); err != nil {
		return err
	}
	err := m.Store.Update(ctx, func(tx plantroom.Tx) error {
		if err := f(mortalTx{tx, m.fate}); err != nil {
			return err
		}
		return m.fate.step() // everything is written, and not committed
	})
	if err != nil {
		return err
	}
	return m.fate.step() // it is committed, and nobody knows
}

// mortalTx makes a step of each write.
type mortalTx struct {
	plantroom.Tx
	fate *fate
}

func (t mortalTx) do(write func() error) error {
	if err := t.fate.step(); err != nil {
		return err
	}
	return write()
}

func (t mortalTx) InsertIncident(in plantroom.Incident) error {
	return t.do(func() error { return t.Tx.InsertIncident(in) })
}

func (t mortalTx) UpdateIncident(in plantroom.Incident) error {
	return t.do(func() error { return t.Tx.UpdateIncident(in) })
}

func (t mortalTx) InsertOrder(o plantroom.WorkOrder) error {
	return t.do(func() error { return t.Tx.InsertOrder(o) })
}

func (t mortalTx) UpdateOrder(o plantroom.WorkOrder) error {
	return t.do(func() error { return t.Tx.UpdateOrder(o) })
}

func (t mortalTx) AppendLedger(rows ...plantroom.LedgerRow) error {
	return t.do(func() error { return t.Tx.AppendLedger(rows...) })
}

func (t mortalTx) InsertCalls(calls ...plantroom.Call) error {
	return t.do(func() error { return t.Tx.InsertCalls(calls...) })
}

func (t mortalTx) UpdateCall(c plantroom.Call) error {
	return t.do(func() error { return t.Tx.UpdateCall(c) })
}

func (t mortalTx) PutProgress(p plantroom.Progress) error {
	return t.do(func() error { return t.Tx.PutProgress(p) })
}

func (t mortalTx) PutDetections(ds []plantroom.Detection) error {
	return t.do(func() error { return t.Tx.PutDetections(ds) })
}

func (t mortalTx) PutQuarantine(qs ...plantroom.Quarantined) error {
	return t.do(func() error { return t.Tx.PutQuarantine(qs...) })
}
