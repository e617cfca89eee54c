package history_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/history"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/store"
)

// manyOrders fills a store with orders and incidents in many pages. Their numbers have
// holes, as where orders were numbered and not kept, and half of the episodes begin in
// the same moment.
func manyOrders(t *testing.T) (*store.SQLite, []plantroom.WorkOrder) {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var orders []plantroom.WorkOrder
	for n := 1; n <= 40_000; n++ {
		if n > 1_700 && n < 9_000 || n > 9_900 && n != 25_000 && n != 40_000 {
			continue
		}
		at := apitest.Start.Add(time.Duration(n) * time.Second)
		begun := at
		if n%2 == 0 {
			begun = apitest.Start
		}
		asset := plantroom.AssetID(fmt.Sprintf("a-%d", n))
		orders = append(orders, plantroom.WorkOrder{ID: plantroom.OrderID(fmt.Sprintf("wo-%06d", n)), State: plantroom.Closed, Asset: asset, Building: "b1", Domain: "lifts", Rule: "lift.fault",
			Severity: plantroom.High, Cause: "door_close_fault", Incident: plantroom.NewIncidentID("lift.fault", asset, begun), Occurred: begun, Raised: at, Begun: at, Verified: at.Add(time.Minute), Closed: at.Add(time.Hour)})
	}
	err = s.Update(t.Context(), func(tx plantroom.Tx) error {
		for _, o := range orders {
			in := plantroom.Incident{ID: o.Incident, Rule: o.Rule, Asset: o.Asset, Domain: o.Domain, Building: o.Building, Episode: o.Occurred, State: plantroom.IncidentClosed, Proved: o.Verified}
			if err := errors.Join(tx.InsertIncident(in), tx.InsertOrder(o)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, orders
}

func TestEverythingInTheStoreIsReadOnce(t *testing.T) {
	s, orders := manyOrders(t)
	house := newStory(t, 1)
	f := house.follower(s, "")
	if got := f.Stats(); got.Orders != len(orders) || got.Incidents != len(orders) {
		t.Fatalf("it has %d orders and %d incidents of %d each", got.Orders, got.Incidents, len(orders))
	}
	_, err := f.Read(func(table *history.Table) error {
		before := plantroom.OrderID("")
		for at := len(orders); at > 0; {
			page, _ := table.OrderPage(house.book, &history.OrderQuery{From: apitest.Start, To: apitest.Start.Add(48 * time.Hour), Limit: 1000, Before: before}, house.Now())
			if len(page) == 0 {
				return fmt.Errorf("no order is below %q", before)
			}
			for _, o := range page {
				if at--; o.ID != orders[at].ID || o.Asset != orders[at].Asset || o.Closed != orders[at].Closed {
					text, _ := json.Marshal(o)
					return fmt.Errorf("it has %s where %s was written", text, orders[at].ID)
				}
			}
			before = page[len(page)-1].ID
		}
		episodes, more := table.IncidentPage(house.book, &history.Filter{}, apitest.Start.Add(-time.Hour), apitest.Start.Add(48*time.Hour), 5000)
		if len(episodes) != len(orders) || more {
			return fmt.Errorf("%d episodes", len(episodes))
		}
		for _, e := range episodes {
			if e.Order == "" {
				return fmt.Errorf("episode %s has no order", e.ID)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// failing is a store that answers so many times, and then not until it is mended.
type failing struct {
	history.Store
	left atomic.Int64
}

func (f *failing) View(ctx context.Context, view func(plantroom.Tx) error) error {
	if f.left.Add(-1) < 0 {
		return plantroom.Errorf(plantroom.CodeUnavailable, "the disk is gone")
	}
	return f.Store.View(ctx, view)
}

func TestAStoreThatFailsWhileItIsReadIsReadAgain(t *testing.T) {
	s, orders := manyOrders(t)
	broken := &failing{Store: s}
	f := history.New(history.Options{Store: broken, Now: func() plantroom.Instant { return apitest.Start }})
	for _, times := range []int64{0, 1, 2, 7} {
		broken.left.Store(times)
		if err := f.Step(t.Context()); plantroom.CodeOf(err) != plantroom.CodeUnavailable || f.Stats().Ready {
			t.Fatalf("after %d answers: %v, %+v", times, err, f.Stats())
		}
	}
	broken.left.Store(1 << 40)
	if err := f.Step(t.Context()); err != nil || f.Stats().Orders != len(orders) || f.Stats().Incidents != len(orders) {
		t.Fatalf("%v, %+v", err, f.Stats())
	}
}

// meddling is a store in which something happens after each look.
type meddling struct {
	history.Store
	happens func()
	within  bool
}

func (m *meddling) View(ctx context.Context, view func(plantroom.Tx) error) error {
	err := m.Store.View(ctx, view)
	if m.happens != nil && !m.within {
		m.within = true
		m.happens()
		m.within = false
	}
	return err
}

// TestWhatChangesWhileEverythingIsReadIsReadToo starts without a file, and with an old
// one, while orders change between any two looks, half of them without a row.
func TestWhatChangesWhileEverythingIsReadIsReadToo(t *testing.T) {
	for seed := range uint64(8) {
		s := newStory(t, seed)
		for range 40 {
			s.happens()
		}
		path := filepath.Join(t.TempDir(), "history.cache")
		if seed%2 == 1 { // an old file
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			s.follower(s.Store, path).Run(ctx)
			for range 20 {
				s.happens()
			}
		}
		var mu sync.Mutex // two readers look at once
		var f *history.Follower
		m := &meddling{Store: s.Store}
		left := 60
		m.happens = func() {
			if left--; left < 0 {
				return
			}
			if seed%4 > 1 && left == 57 { // and more than is kept
				for i := range 10_001 {
					f.Changed(history.ChangedOrder, fmt.Sprintf("wo-%06d", 500_000+i))
				}
			}
			if left%2 == 0 {
				s.happens()
				return
			}
			o := s.Order(s.seen[s.r.IntN(len(s.seen))])
			if o.State.Final() {
				return
			}
			o.Version++
			o.ETA = s.Now().Add(time.Duration(left) * time.Minute)
			if err := s.Store.Update(t.Context(), func(tx plantroom.Tx) error { return tx.UpdateOrder(o) }); err != nil {
				t.Error(err)
			}
			f.Changed(history.ChangedOrder, string(o.ID))
		}
		f = history.New(history.Options{Store: locked{m, &mu}, Path: path, Now: s.Now})
		for range 4 {
			if err := f.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		m.happens = nil
		if err := f.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.same(fmt.Sprintf("seed %d", seed), f, s.Store)
	}
}

// locked lets one look at a time.
type locked struct {
	history.Store
	mu *sync.Mutex
}

func (l locked) View(ctx context.Context, view func(plantroom.Tx) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Store.View(ctx, view)
}
