package history_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/history"
	"plantroom/services/httpapi"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/httpapi/guard"
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

// table is a history that follows nothing.
type table struct {
	t   *history.Table
	now plantroom.Instant
}

func (a table) Read(f func(*history.Table) error) (plantroom.Instant, error) { return a.now, f(a.t) }

// BenchmarkOverHTTP asks a million orders through the API on loopback.
func BenchmarkOverHTTP(b *testing.B) {
	estate, watched, t, now := history.Million()
	house := apitest.New(b)
	api := httpapi.New(httpapi.Options{Estate: func() *plantroom.Estate { return &estate }, Store: house.Store, Events: house.Hub, Domains: watched,
		Now: func() plantroom.Instant { return now }, History: table{t, now}})
	h, err := house.Guard(guard.Options{}).Handler(api.Routes(), nil)
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	ago := func(days int) string {
		return "from=" + now.Add(-time.Duration(days)*24*time.Hour).String() + "&to=" + now.String()
	}
	fifty := "a0"
	for i := range 49 {
		fifty += fmt.Sprintf(",a%d", i+1)
	}
	for name, path := range map[string]string{"orders": "orders?limit=100&" + ago(30), "orders_1000": "orders?limit=1000&" + ago(30), "compliance": "compliance?by=contractor,clock,day&" + ago(90),
		"league": "league?" + ago(90), "states": "states?asset=" + fifty + "&" + ago(7), "now": "now"} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			size := int64(0)
			for b.Loop() {
				began := time.Now()
				r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL+"/api/v1/history/"+path, nil)
				if err != nil {
					b.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer "+apitest.Token)
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				size, err = io.Copy(io.Discard, res.Body)
				if res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
					b.Fatal(res.Status, err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(size), "B/answer")
		})
	}
}
