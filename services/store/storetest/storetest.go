// Package storetest says what an implementation of plantroom.Store has to do:
// an implementation is right when it passes Run, Durable and SurvivesKill.
//
// It deliberately knows no database. Speed, backups and refusals of one
// particular technology are tested beside that technology.
package storetest

import (
	"fmt"
	"reflect"
	"testing"

	"plantroom"
)

// Run runs the suite. Every test asks open for a store of its own, empty and
// not shared; open closes it with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) plantroom.Store) {
	groups := []struct {
		name  string
		cases []testCase
	}{
		{"Transaction", transactionCases},
		{"Progress", progressCases},
		{"Detections", detectionCases},
		{"Incidents", incidentCases},
		{"Orders", orderCases},
		{"Races", raceCases},
		{"Ledger", ledgerCases},
		{"Outbox", outboxCases},
		{"Quarantine", quarantineCases},
		{"Configurations", configurationCases},
		{"Works", worksCases},
		{"Cases", caseCases},
		{"Proofs", proofCases},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.says, func(t *testing.T) { c.run(t, open(t)) })
			}
		})
	}
}

// testCase is one sentence of the specification.
type testCase struct {
	says string
	run  func(t *testing.T, s plantroom.Store)
}

// update runs f in a transaction that has to succeed.
func update(t *testing.T, s plantroom.Store, f func(tx plantroom.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// view runs f on a snapshot, which has to succeed.
func view(t *testing.T, s plantroom.Store, f func(tx plantroom.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), f); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// read returns one value out of a View.
func read[T any](t *testing.T, s plantroom.Store, f func(tx plantroom.Tx) (T, error)) T {
	t.Helper()
	var v T
	view(t, s, func(tx plantroom.Tx) (err error) {
		v, err = f(tx)
		return err
	})
	return v
}

// refused runs f in a transaction that has to fail with a code.
func refused(t *testing.T, s plantroom.Store, want plantroom.Code, f func(tx plantroom.Tx) error) {
	t.Helper()
	wantCode(t, s.Update(t.Context(), f), want)
}

func wantCode(t *testing.T, err error, want plantroom.Code) {
	t.Helper()
	if got := plantroom.CodeOf(err); got != want {
		t.Fatalf("got code %q (%v), want %q", got, err, want)
	}
}

func wantEqual[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

// keys maps values to what names them, for short comparisons.
func keys[T any, K any](vs []T, key func(T) K) []K {
	out := make([]K, len(vs))
	for i, v := range vs {
		out[i] = key(v)
	}
	return out
}

// clock makes instants: so many seconds after some Monday in March 2026.
func clock(seconds int64) plantroom.Instant {
	return plantroom.Instant((1_772_409_600 + seconds) * 1e9)
}

// incident makes a whole incident of a lift's fault, named by its episode.
func incident(asset plantroom.AssetID, rule plantroom.RuleID, episode plantroom.Instant) plantroom.Incident {
	return plantroom.Incident{
		ID: plantroom.NewIncidentID(rule, asset, episode), Rule: rule, Asset: asset,
		Domain: "lifts", Building: "b1", Episode: episode, State: plantroom.IncidentOpen,
		Severity: plantroom.High, Cause: "safety_circuit_open", Detail: "fault relay closed for 5 s",
		Opened: episode.Add(5e9), Needed: 3, Relapses: 1,
	}
}

// order makes a whole order of an incident.
func order(num int, in plantroom.Incident) plantroom.WorkOrder {
	return plantroom.WorkOrder{
		ID: orderID(num), Version: 1, State: plantroom.Raised, Incident: in.ID,
		Asset: in.Asset, Building: in.Building, Domain: in.Domain, Rule: in.Rule,
		Severity: in.Severity, Cause: in.Cause, Detail: in.Detail,
		Contractor: "quicklift", Contract: "quicklift-2026",
		Choice: []plantroom.Candidate{{Contractor: "quicklift", Contract: "quicklift-2026", OnDuty: 2, Free: 1,
			Committed: plantroom.Duration(30 * 60e9), Earliest: in.Opened.Add(60e9), Due: in.Opened.Add(1800e9),
			CanMeet: true, CallOut: 0, Chosen: true, Reason: "on site around the clock"}},
		Clocks: []plantroom.Clock{{Kind: plantroom.Acknowledge, State: plantroom.ClockRunning, From: plantroom.FromRaised,
			Window: plantroom.Duration(5 * 60e9), Basis: "contract quicklift", Started: in.Opened, Due: in.Opened.Add(300e9)}},
		Occurred: in.Episode, Raised: in.Opened, Ladder: "lifts", Level: -1, Due: in.Opened.Add(150e9),
	}
}

func orderID(num int) plantroom.OrderID { return plantroom.OrderID(fmt.Sprintf("wo-%06d", num)) }

// insertOrder keeps an incident together with its order.
func insertOrder(t *testing.T, s plantroom.Store, o plantroom.WorkOrder) {
	t.Helper()
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertOrder(o) })
}

func orderNames(os []plantroom.WorkOrder) []plantroom.OrderID {
	return keys(os, func(o plantroom.WorkOrder) plantroom.OrderID { return o.ID })
}
