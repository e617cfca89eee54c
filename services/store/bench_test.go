package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"plantroom"
	"plantroom/services/store"
)

// at0 is an arbitrary instant: 2026-03-02T00:00:00Z.
const at0 = plantroom.Instant(1_772_409_600e9)

// episode makes the n-th incident and its order, of the usual size.
func episode(n int) (plantroom.Incident, plantroom.WorkOrder) {
	at := at0 + plantroom.Instant(n)*1e9
	in := plantroom.Incident{
		Rule: "lift.fault", Asset: plantroom.AssetID(fmt.Sprintf("b%d-l%d", n%4+1, n)), Domain: "lifts", Building: "b1",
		Episode: at, State: plantroom.IncidentOpen, Severity: plantroom.High, Cause: "safety_circuit_open",
		Detail: "fault relay closed for 5 s", Opened: at + 1e9, Needed: 3,
	}
	in.ID = plantroom.NewIncidentID(in.Rule, in.Asset, in.Episode)
	o := plantroom.WorkOrder{
		State: plantroom.Raised, Incident: in.ID, Asset: in.Asset, Building: in.Building, Domain: in.Domain, Rule: in.Rule,
		Severity: in.Severity, Cause: in.Cause, Detail: in.Detail, Contractor: "quicklift", Contract: "quicklift-2026",
		Occurred: in.Episode, Raised: in.Opened, Ladder: "lifts", Level: -1, Due: in.Opened + 150e9,
	}
	for _, kind := range []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore} {
		o.Clocks = append(o.Clocks, plantroom.Clock{Kind: kind, State: plantroom.ClockRunning, From: plantroom.FromRaised,
			Window: 1800e9, Basis: "contract quicklift: 30 minutes, attended and cleared", Started: in.Opened, Due: in.Opened + 1800e9})
	}
	for _, who := range []plantroom.ContractorID{"quicklift", "makerlift"} {
		o.Choice = append(o.Choice, plantroom.Candidate{Contractor: who, Contract: "2026", OnDuty: 2, Free: 1, Committed: 1800e9,
			Earliest: in.Opened + 300e9, Due: in.Opened + 1800e9, CanMeet: true, Reason: "two technicians on site around the clock"})
	}
	return in, o
}

// raise is the transaction behind an incident that opens: incident, order,
// its dispatch, three ledger rows and one outgoing call.
func raise(tx plantroom.Tx, n int) error {
	in, o := episode(n)
	if err := tx.InsertIncident(in); err != nil {
		return err
	}
	id, err := tx.NextOrderID()
	if err != nil {
		return err
	}
	o.ID, o.Version = id, 1
	if err := tx.InsertOrder(o); err != nil {
		return err
	}
	o.Version, o.State, o.Dispatched = 2, plantroom.Dispatched, o.Raised
	if err := tx.UpdateOrder(o); err != nil {
		return err
	}
	row := func(kind, subject string) plantroom.LedgerRow {
		return plantroom.LedgerRow{At: o.Raised, Kind: kind, Subject: subject, Actor: "system", Body: []byte(`{"contractor":"quicklift","contract":"quicklift-2026"}`)}
	}
	err = tx.AppendLedger(row("incident.opened", string(in.ID)), row("order.raised", string(id)), row("order.dispatch", string(id)))
	if err != nil {
		return err
	}
	return tx.InsertCalls(plantroom.Call{ID: plantroom.MessageID(string(id) + "-dispatched-1"), Kind: "order.dispatched", Order: id,
		Channel: "webhook", To: "https://quicklift.example/hook", Who: "contractor:quicklift", Subject: "Lift stands: safety circuit open",
		Body:  []byte(`{"specversion":"1.0","id":"x","source":"plantroom/story","type":"order.dispatched","data":{"order":"` + string(id) + `"}}`),
		State: plantroom.CallPending, Created: o.Raised, NextTry: o.Raised})
}

func benchStore(b *testing.B) *store.SQLite {
	return open(b, filepath.Join(b.TempDir(), "plantroom.db"))
}

func BenchmarkIncidentToOrder(b *testing.B) {
	s := benchStore(b)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		if err := s.Update(b.Context(), func(tx plantroom.Tx) error { return raise(tx, n) }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}

func BenchmarkPutDetections(b *testing.B) {
	s := benchStore(b)
	ds := make([]plantroom.Detection, 1000)
	for i := range ds {
		ds[i] = plantroom.Detection{Rule: "bin.full", Asset: plantroom.AssetID(fmt.Sprintf("b1-bin-%04d", i)), State: make([]byte, 120)}
	}
	n := byte(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		for i := range ds {
			ds[i].State[0] = n
		}
		if err := s.Update(b.Context(), func(tx plantroom.Tx) error { return tx.PutDetections(ds) }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDueOrders asks for the due ones, ten of them, among 100,000 open orders.
func BenchmarkDueOrders(b *testing.B) {
	const open, due = 100_000, 10
	s := benchStore(b)
	for n := 0; n < open; n += 5000 {
		err := s.Update(b.Context(), func(tx plantroom.Tx) error {
			for i := n; i < n+5000; i++ {
				_, o := episode(i)
				o.ID = plantroom.OrderID(fmt.Sprintf("wo-%06d", i+1))
				o.Due = at0.Add(3600e9) + plantroom.Instant(i*7919%open)
				if err := tx.InsertOrder(o); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		err := s.View(b.Context(), func(tx plantroom.Tx) error {
			os, err := tx.DueOrders(at0.Add(3600e9)+due-1, 1000)
			if len(os) != due {
				b.Fatalf("got %d due orders, want %d", len(os), due)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
