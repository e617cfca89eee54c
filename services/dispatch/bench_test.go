package dispatch_test

import (
	"testing"
	"time"

	"plantroom"
)

// BenchmarkIncident is one incident to one dispatched order: window check,
// order, clocks, ledger rows and call, committed to SQLite in memory. What a
// decision takes without the store is BenchmarkTick.
func BenchmarkIncident(b *testing.B) {
	h := newHouse(b)
	for b.Loop() {
		h.now++
		h.in = plantroom.Incident{ID: plantroom.NewIncidentID("lift.fault", "b1-l1", h.now), Rule: "lift.fault", Asset: "b1-l1", Domain: "lifts",
			Building: "b1", Episode: h.now, State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "door_close_fault", Opened: h.now, Needed: 1}
		h.event(plantroom.IncidentOpened)
		b.StopTimer()
		h.proved(h.now)       // only one may be open on an asset, and none may keep a technician
		h.pass(5 * time.Hour) // it closes, and the next is no repeat of it
		b.StartTimer()
	}
}

// BenchmarkTick decides on one order whose mark has come due, without a store.
func BenchmarkTick(b *testing.B) {
	h := newHouse(b)
	o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	b.ReportAllocs()
	for b.Loop() {
		if _, effects := h.desk.Unprompted(o.Due, o, h.in); effects == 0 {
			b.Fatal("nothing was due")
		}
	}
}
