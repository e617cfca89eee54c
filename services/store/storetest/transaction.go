package storetest

import (
	"context"
	"errors"
	"testing"

	"plantroom"
)

var transactionCases = []testCase{
	{"an empty store answers every listing with nothing", emptyStore},
	{"an Update that fails leaves nothing behind", rollbackLeavesNothing},
	{"an Update that panics leaves nothing behind and lets the next one in", panicLeavesNothing},
	{"an Update whose context has ended keeps nothing", cancelledKeepsNothing},
	{"a View cannot write", viewCannotWrite},
	{"a View sees one state from its first read to its end", viewIsSnapshot},
	{"what an Update has written it reads back itself", readYourWrites},
	{"a refused row leaves the transaction usable", refusalIsHarmless},
	{"a transaction that has ended does nothing any more", endedIsRefused},
}

func emptyStore(t *testing.T, s plantroom.Store) {
	view(t, s, func(tx plantroom.Tx) error {
		var errs []error
		none := func(n int, err error) {
			if n != 0 {
				err = errors.New("something is there")
			}
			errs = append(errs, err)
		}
		ps, err := tx.AllProgress()
		none(len(ps), err)
		gs, err := tx.Gaps("gw-b1")
		none(len(gs), err)
		ds, err := tx.Detections()
		none(len(ds), err)
		is, err := tx.Incidents(plantroom.IncidentFilter{})
		none(len(is), err)
		is, err = tx.OpenIncidents()
		none(len(is), err)
		os, err := tx.Orders(plantroom.OrderFilter{})
		none(len(os), err)
		os, err = tx.DueOrders(clock(1e6), 0)
		none(len(os), err)
		rs, err := tx.Ledger(0, 0)
		none(len(rs), err)
		rs, err = tx.LedgerOf("wo-000001")
		none(len(rs), err)
		cs, err := tx.DueCalls(clock(1e6), 0, 0)
		none(len(cs), err)
		cs, err = tx.CallsOf("wo-000001")
		none(len(cs), err)
		cs, err = tx.Calls(plantroom.CallPending, 0)
		none(len(cs), err)
		qs, err := tx.Quarantine(0)
		none(len(qs), err)
		n, err := tx.QuarantineCount()
		none(int(n), err)
		return errors.Join(errs...)
	})
}

// writeEverything uses every writing method once.
func writeEverything(tx plantroom.Tx) error {
	in := incident("b1-l1", "lift.fault", clock(0))
	return errors.Join(
		tx.PutProgress(plantroom.Progress{Gateway: "gw-b1", Epoch: 7, Seen: 10, Stored: 5, Heard: clock(1)}),
		tx.PutGap("gw-b1", 7, plantroom.Gap{First: 1, Last: 2, Reason: "disk full", At: clock(1)}),
		tx.PutDetections([]plantroom.Detection{{Rule: "lift.fault", Asset: "b1-l1", State: []byte("x")}}),
		tx.InsertIncident(in),
		tx.InsertOrder(order(1, in)),
		tx.AppendLedger(plantroom.LedgerRow{At: clock(1), Kind: "order.raised", Subject: "wo-000001", Actor: "system"}),
		tx.InsertCalls(call("m-1", 1, clock(1))),
		tx.PutQuarantine(plantroom.Quarantined{Gateway: "gw-b1", Epoch: 7, Seq: 3, Stage: "wire", Reason: "not CBOR"}),
		tx.InsertConfiguration(configuration("gw-b1", 7)),
	)
}

func rollbackLeavesNothing(t *testing.T, s plantroom.Store) {
	stop := errors.New("stop")
	err := s.Update(t.Context(), func(tx plantroom.Tx) error {
		if err := writeEverything(tx); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("got %v, want f's own error", err)
	}
	emptyStore(t, s)
	update(t, s, writeEverything) // and nothing of it is in the way
}

func panicLeavesNothing(t *testing.T, s plantroom.Store) {
	func() {
		defer func() {
			if recover() != "boom" {
				t.Fatal("the panic did not reach the caller")
			}
		}()
		_ = s.Update(t.Context(), func(tx plantroom.Tx) error {
			if err := writeEverything(tx); err != nil {
				t.Error(err)
			}
			panic("boom")
		})
	}()
	emptyStore(t, s)
	update(t, s, writeEverything)
}

func cancelledKeepsNothing(t *testing.T, s plantroom.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx plantroom.Tx) error {
		if err := writeEverything(tx); err != nil {
			return err
		}
		cancel()
		return nil
	})
	wantCode(t, err, plantroom.CodeUnavailable)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled in the chain", err)
	}
	emptyStore(t, s)
	if err := s.View(ctx, func(plantroom.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Fatalf("View after the context ended: got %v", err)
	}
}

func viewCannotWrite(t *testing.T, s plantroom.Store) {
	in := incident("b1-l1", "lift.fault", clock(0))
	writes := map[string]func(tx plantroom.Tx) error{
		"PutProgress":    func(tx plantroom.Tx) error { return tx.PutProgress(plantroom.Progress{Gateway: "gw-b1"}) },
		"PutGap":         func(tx plantroom.Tx) error { return tx.PutGap("gw-b1", 1, plantroom.Gap{First: 1, Last: 1}) },
		"PutDetections":  func(tx plantroom.Tx) error { return tx.PutDetections([]plantroom.Detection{{Rule: "r", Asset: "a"}}) },
		"InsertIncident": func(tx plantroom.Tx) error { return tx.InsertIncident(in) },
		"UpdateIncident": func(tx plantroom.Tx) error { return tx.UpdateIncident(in) },
		"NextOrderID":    func(tx plantroom.Tx) error { _, err := tx.NextOrderID(); return err },
		"InsertOrder":    func(tx plantroom.Tx) error { return tx.InsertOrder(order(1, in)) },
		"UpdateOrder":    func(tx plantroom.Tx) error { return tx.UpdateOrder(order(1, in)) },
		"AppendLedger":   func(tx plantroom.Tx) error { return tx.AppendLedger(plantroom.LedgerRow{Kind: "k"}) },
		"InsertCalls":    func(tx plantroom.Tx) error { return tx.InsertCalls(call("m-1", 1, 0)) },
		"UpdateCall":     func(tx plantroom.Tx) error { return tx.UpdateCall(call("m-1", 1, 0)) },
		"PutQuarantine":  func(tx plantroom.Tx) error { return tx.PutQuarantine(plantroom.Quarantined{Reason: "r"}) },
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			wantCode(t, s.View(t.Context(), write), plantroom.CodeInternal)
		})
	}
	emptyStore(t, s)
}

func viewIsSnapshot(t *testing.T, s plantroom.Store) {
	view(t, s, func(tx plantroom.Tx) error {
		before, err := tx.QuarantineCount()
		if err != nil {
			return err
		}
		update(t, s, writeEverything)
		after, err := tx.QuarantineCount()
		if err != nil {
			return err
		}
		if _, err := tx.Order("wo-000001"); plantroom.CodeOf(err) != plantroom.CodeNotFound {
			t.Errorf("an order that came later shows through: %v", err)
		}
		wantEqual(t, after, before)
		return nil
	})
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (int64, error) { return tx.QuarantineCount() }), 1)
}

func readYourWrites(t *testing.T, s plantroom.Store) {
	update(t, s, func(tx plantroom.Tx) error {
		if err := writeEverything(tx); err != nil {
			return err
		}
		in := incident("b1-l1", "lift.fault", clock(0))
		got, err := tx.OrderOf(in.ID)
		if err != nil {
			return err
		}
		wantEqual(t, got, order(1, in))
		rows, err := tx.LedgerOf("wo-000001")
		wantEqual(t, len(rows), 1)
		return err
	})
}

func refusalIsHarmless(t *testing.T, s plantroom.Store) {
	in := incident("b1-l1", "lift.fault", clock(0))
	update(t, s, func(tx plantroom.Tx) error {
		if err := errors.Join(tx.InsertIncident(in), tx.InsertOrder(order(1, in))); err != nil {
			return err
		}
		wantCode(t, tx.InsertIncident(in), plantroom.CodeConflict)
		wantCode(t, tx.InsertOrder(order(2, in)), plantroom.CodeConflict)
		_, err := tx.Order("wo-000099")
		wantCode(t, err, plantroom.CodeNotFound)
		return tx.AppendLedger(plantroom.LedgerRow{Kind: "k", Subject: "s"})
	})
	view(t, s, func(tx plantroom.Tx) error {
		os, err := tx.Orders(plantroom.OrderFilter{})
		wantEqual(t, orderNames(os), []plantroom.OrderID{"wo-000001"})
		return err
	})
	wantEqual(t, len(read(t, s, func(tx plantroom.Tx) ([]plantroom.LedgerRow, error) { return tx.Ledger(0, 0) })), 1)
}

func endedIsRefused(t *testing.T, s plantroom.Store) {
	var kept plantroom.Tx
	update(t, s, func(tx plantroom.Tx) error { kept = tx; return nil })
	if err := kept.AppendLedger(plantroom.LedgerRow{Kind: "late"}); err == nil {
		t.Error("an Update's Tx still writes after the commit")
	}
	view(t, s, func(tx plantroom.Tx) error { kept = tx; return nil })
	if _, err := kept.QuarantineCount(); err == nil {
		t.Error("a View's Tx still reads after its end")
	}
}
