package history_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/history"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/store"
)

// BenchmarkReadEverything reads orders and incidents as a start without a file does.
func BenchmarkReadEverything(b *testing.B) {
	const orders = 10_000
	house := apitest.New(b)
	like := house.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Needed: 2})
	house.Pass(time.Minute)
	like = house.Order(like.ID)
	s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "plantroom.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	err = s.Update(b.Context(), func(tx plantroom.Tx) error {
		for n := range orders {
			at := apitest.Start.Add(time.Duration(n) * time.Minute)
			in := plantroom.Incident{ID: plantroom.NewIncidentID("lift.fault", "b1-l1", at), Rule: "lift.fault", Asset: "b1-l1", Episode: at, State: plantroom.IncidentClosed, Proved: at.Add(time.Minute), Detail: "door does not close"}
			o := like
			o.ID, o.Incident, o.Raised, o.State, o.Due, o.Version = plantroom.OrderID(fmt.Sprintf("wo-%06d", n+1)), in.ID, at, plantroom.Closed, 0, 1
			if err := tx.InsertIncident(in); err != nil {
				return err
			}
			if err := tx.InsertOrder(o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	doc, _ := json.Marshal(like)
	for b.Loop() {
		f := history.New(history.Options{Store: s, Now: house.Now})
		if err := f.Step(b.Context()); err != nil || f.Stats().Orders != orders {
			b.Fatal(f.Stats(), err)
		}
	}
	b.ReportMetric(float64(len(doc)), "B/document")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/orders, "µs/order+incident")
}
