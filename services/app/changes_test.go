package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"plantroom"
	"plantroom/services/ingest"
	"plantroom/services/store"
)

func newStore(t *testing.T) *store.SQLite {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestWhatATransactionHasChangedIsToldOnceAfterItsCommit(t *testing.T) {
	inner := newStore(t)
	var told []change
	s := watchedStore{inner, func(cs []change) {
		told = append(told, cs...)
		if err := inner.Update(t.Context(), func(plantroom.Tx) error { return nil }); err != nil {
			t.Errorf("when it is told, the transaction is not over: %v", err)
		}
	}}
	in := plantroom.Incident{ID: "inc-1", Rule: "lift.fault", Asset: "b1-l1", Episode: 1, State: plantroom.IncidentOpen}
	order := plantroom.WorkOrder{ID: "wo-000001", Version: 1, Incident: in.ID, State: plantroom.Raised}
	call := plantroom.Call{ID: "m-1", Order: order.ID, State: plantroom.CallPending}
	write := func(tx plantroom.Tx) error {
		if len(told) > 0 {
			t.Error("it was told before the commit")
		}
		err := errors.Join(tx.InsertIncident(in), tx.UpdateIncident(in), tx.InsertOrder(order), tx.InsertCalls(call), tx.UpdateCall(call), tx.PutCase(plantroom.Case{ID: "case-000001", Version: 1}), tx.PutWorks(plantroom.Works{ID: "painting", Version: 1}),
			tx.PutQuarantine(plantroom.Quarantined{Gateway: "gw-b1"}), tx.PutProgress(plantroom.Progress{Gateway: "gw-b1"}))
		order.Version++
		return errors.Join(err, tx.UpdateOrder(order))
	}
	stop := errors.New("stop")
	if err := s.Update(t.Context(), func(tx plantroom.Tx) error { return errors.Join(write(tx), stop) }); !errors.Is(err, stop) || told != nil {
		t.Fatalf("undone: %v, told %v", err, told)
	}
	order.Version = 1
	if err := s.Update(t.Context(), write); err != nil {
		t.Fatal(err)
	}
	if want := []change{{"incident", "inc-1"}, {"order", "wo-000001"}, {"call", "wo-000001"}, {"case", "case-000001"}, {"works", "painting"}, {"quarantine", ""}}; !reflect.DeepEqual(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	told = nil
	if err := s.Update(t.Context(), func(tx plantroom.Tx) error { return tx.PutProgress(plantroom.Progress{Gateway: "gw-b1"}) }); err != nil || told != nil {
		t.Errorf("progress alone: told %v (%v); nobody waits for it", told, err)
	}
}

func TestARowAloneTellsOfWhatItIsAbout(t *testing.T) {
	var told []change
	s := watchedStore{newStore(t), func(cs []change) { told = append(told, cs...) }}
	var rows []plantroom.LedgerRow
	for _, subject := range []string{"inc-1", "wo-000001", "wo-000001", "gw-b1"} {
		rows = append(rows, plantroom.LedgerRow{Kind: "alert.joined", Subject: subject, Actor: "grafana"})
	}
	if err := s.Update(t.Context(), func(tx plantroom.Tx) error { return tx.AppendLedger(rows...) }); err != nil {
		t.Fatal(err)
	}
	if want := []change{{"incident", "inc-1"}, {"order", "wo-000001"}}; !reflect.DeepEqual(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// againStore runs a transaction's function twice, as after a conflict.
type againStore struct{ plantroom.Store }

func (s againStore) Update(ctx context.Context, f func(plantroom.Tx) error) error {
	again := errors.New("again")
	if err := s.Store.Update(ctx, func(tx plantroom.Tx) error { return errors.Join(f(tx), again) }); !errors.Is(err, again) {
		return err
	}
	return s.Store.Update(ctx, f)
}

func TestAFunctionThatRunsAgainTellsOnlyOfItsLastRun(t *testing.T) {
	var told []change
	s := watchedStore{againStore{newStore(t)}, func(cs []change) { told = append(told, cs...) }}
	runs := 0
	err := s.Update(t.Context(), func(tx plantroom.Tx) error {
		runs++
		return tx.InsertIncident(plantroom.Incident{ID: plantroom.IncidentID(fmt.Sprint("inc-", runs)), Rule: "r", Asset: "a", State: plantroom.IncidentOpen})
	})
	if want := []change{{"incident", "inc-2"}}; err != nil || runs != 2 || !reflect.DeepEqual(told, want) {
		t.Errorf("%d runs, told %v, %v; want %v", runs, told, err, want)
	}
}

// plainStore is a store whose transactions cannot trim.
type plainStore struct{ plantroom.Store }

func (s plainStore) Update(ctx context.Context, f func(plantroom.Tx) error) error {
	return s.Store.Update(ctx, func(tx plantroom.Tx) error { return f(struct{ plantroom.Tx }{tx}) })
}

func TestAWatchedStoreTrimsIfTheStoreBelowItCan(t *testing.T) {
	file := newStore(t)
	for _, c := range []struct {
		name  string
		store plantroom.Store
		can   bool
	}{{"SQLite", file, true}, {"another", plainStore{file}, false}} {
		err := watchedStore{c.store, func([]change) {}}.Update(t.Context(), func(tx plantroom.Tx) error {
			if _, can := tx.(ingest.Trimmer); can != c.can {
				t.Errorf("%s: trims %v, want %v: ingest would wait for room that is never made", c.name, can, c.can)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestAFullQuarantineDropsItsOldestRows(t *testing.T) {
	const most = 100
	var told int
	s := watchedStore{newStore(t), func(cs []change) {
		for _, c := range cs {
			if c.kind == "quarantine" {
				told++
			}
		}
	}}
	estate := plantroom.Estate{ID: "story", Zone: "Asia/Shanghai", Profile: "cn-urban", Gateways: []plantroom.Gateway{{ID: "gw-b1"}},
		People: []plantroom.Person{{ID: "lin", Role: "manager", Channels: []plantroom.Address{{Channel: "mqtt", To: "lin"}}}}}
	spine, err := NewSpine(SpineOptions{Estate: estate, Store: s})
	if err != nil {
		t.Fatal(err)
	}
	i := ingest.New(ingest.Options{Store: s, Core: spine.core, Estate: "story", Gateways: []plantroom.GatewayID{"gw-b1"}, MaxQuarantine: most})
	const came = 350
	for n := range came {
		d := ingest.Delivery{Topic: "plantroom/1/story/gw-b1/up", Payload: fmt.Appendf(nil, "nonsense %d", n)}
		if _, err := i.Judge(t.Context(), plantroom.Instant(1_800_000_000_000_000_000+n), d); err != nil {
			t.Fatal(err)
		}
	}
	var rows []plantroom.Quarantined
	if err := s.View(t.Context(), func(tx plantroom.Tx) (err error) {
		rows, err = tx.Quarantine(came)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(rows) > most || len(rows) < most*9/10 {
		t.Errorf("%d rows are kept, want about %d and never more", len(rows), most)
	}
	for n, q := range rows {
		if want := fmt.Sprint("nonsense ", came-1-n); string(q.Raw) != want {
			t.Fatalf("row %d is %q, want %q: the newest without a hole", n, q.Raw, want)
		}
	}
	if snap := i.Snapshot(); snap.AsideWire != came || snap.AsideDropped != came-int64(len(rows)) {
		t.Errorf("%d set aside and %d dropped were counted; %d came and %d are left", snap.AsideWire, snap.AsideDropped, came, len(rows))
	}
	if told != came {
		t.Errorf("the board was told %d times, want %d", told, came)
	}
}
