package world_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"plantroom"
)

// checkIncidents: each fault is one incident, and each incident has one order.
func (l *life) checkIncidents(tx plantroom.Tx) {
	incidents, err := tx.Incidents(plantroom.IncidentFilter{Limit: 1 << 20})
	if err != nil {
		l.t.Fatal(err)
	}
	heard := map[watchedRule]int{}
	for _, in := range incidents {
		if in.Domain == "lifts" {
			heard[watchedRule{in.Rule, in.Asset}]++
		}
		if _, err := tx.OrderOf(in.ID); err != nil {
			l.t.Errorf("the order of %s is lost: %v", in.ID, err)
		}
	}
	for w, n := range l.caused {
		if heard[w] != n {
			l.t.Errorf("%s broke %d times, and has %d incidents of %s", w.asset, n, heard[w], w.rule)
		}
	}
	for w, n := range heard {
		if l.caused[w] == 0 {
			l.t.Errorf("%s has %d incidents of %s, and never broke", w.asset, n, w.rule)
		}
	}
}

// checkOrders: no incident has two orders, and each order has had each of its
// effects once.
func (l *life) checkOrders(tx plantroom.Tx) {
	orders, err := tx.Orders(plantroom.OrderFilter{Limit: 1 << 20})
	if err != nil {
		l.t.Fatal(err)
	}
	l.seen.orders = len(orders)
	owners := map[plantroom.IncidentID]plantroom.OrderID{}
	for _, o := range orders {
		for _, id := range append([]plantroom.IncidentID{o.Incident}, o.Earlier...) {
			if owners[id] != "" {
				l.t.Errorf("%s has the orders %s and %s", id, owners[id], o.ID)
			}
			owners[id] = o.ID
		}
		rows, err := tx.LedgerOf(string(o.ID))
		if err != nil {
			l.t.Fatal(err)
		}
		calls, err := tx.CallsOf(o.ID)
		if err != nil {
			l.t.Fatal(err)
		}
		l.checkMarks(&o, rows)
		l.checkSaid(&o, rows, calls)
	}
}

// entry is what of a ledger row is looked at.
type entry struct {
	Clock   plantroom.ClockKind
	Percent int
	Due     plantroom.Instant
	Called  []string
	Call    plantroom.MessageID
	Level   int
	Reason  string
}

func (l *life) entry(r plantroom.LedgerRow) (e entry) {
	if err := json.Unmarshal(r.Body, &e); err != nil {
		l.t.Fatal(err)
	}
	return e
}

// checkMarks: each mark of a promise has one row, none is missing below the
// highest, and what ended late was marked.
func (l *life) checkMarks(o *plantroom.WorkOrder, rows []plantroom.LedgerRow) {
	type mark struct {
		clock   plantroom.ClockKind
		due     plantroom.Instant
		percent int
	}
	seen, ever, corrected := map[mark]int{}, map[mark]int{}, map[mark]int{}
	for _, r := range rows {
		if e := l.entry(r); e.Percent > 0 {
			seen[mark{e.Clock, e.Due, e.Percent}]++
			ever[mark{clock: e.Clock, percent: e.Percent}]++
			l.seen.marks++
		} else if r.Kind == "clock.corrected" { // found anew, if the fault comes back: there was none
			corrected[mark{e.Clock, e.Due, 100}]++
		}
	}
	for m, n := range seen {
		if n > 1+corrected[m] {
			l.t.Errorf("%s: %d %% of %s due %s was marked %d times", o.ID, m.percent, m.clock, m.due, n)
		}
	}
	for _, c := range o.Clocks {
		if o.State.Final() && c.Open() || c.State == plantroom.ClockBreached && c.Marked < 100 {
			l.t.Errorf("%s is %s, and its clock is %+v", o.ID, o.State, c)
		}
		for _, p := range plantroom.Marks {
			// One that goes on after a repair that did not last may have been marked when it was due at another time,
			// or have been stopped late, as below.
			if !c.Resumed.IsZero() && (ever[mark{clock: c.Kind, percent: p}] > 0 || p < c.Marked && c.Noticed <= c.Resumed) {
				continue
			}
			// A clock that was stopped late, before anybody had looked, has the last mark only.
			if n := seen[mark{c.Kind, c.Due, p}]; n != 1 && (p == c.Marked || p < c.Marked && c.Stopped.IsZero()) {
				l.t.Errorf("%s: %s due %s is marked up to %d %%, and the ledger has %d rows of %d %%", o.ID, c.Kind, c.Due, c.Marked, n, p)
			}
		}
	}
}

// checkSaid: what the ledger says was told, stands in the outbox once.
func (l *life) checkSaid(o *plantroom.WorkOrder, rows []plantroom.LedgerRow, calls []plantroom.Call) {
	want, sent := map[string]int{}, map[plantroom.MessageID]int{}
	var held []string           // since the last call of the ladder
	nights := map[string]bool{} // calls that wait for a morning: the repeats of a night are one
	round := 0
	for _, r := range rows {
		switch e := l.entry(r); r.Kind {
		case "order.reopen":
			round++
		case "call.held":
			if strings.HasPrefix(e.Reason, "ladder.call:") {
				held = append(held, fmt.Sprint(e.Called, e.Due))
			}
		case "order.dispatch":
			want["order.dispatched"]++ // to the contractor
		case "clock.at_risk":
			want[r.Kind]++ // manager; the contractor too, where there is one
		case "clock.breached":
			want[r.Kind]++ // manager
		case "ladder.call", "ladder.hand_over":
			want["ladder.call"] += len(e.Called)
			for _, h := range held {
				night := fmt.Sprint(round, r.Kind, e.Level, h)
				if nights[night] {
					want["ladder.call"]--
				}
				nights[night] = true
			}
			held = nil
		case "call.sent":
			sent[e.Call]++
		}
	}
	have := map[string]int{}
	events := map[string]bool{} // a call to the next address is about the same one
	for _, c := range calls {
		var event struct{ ID string }
		if err := json.Unmarshal(c.Body, &event); err != nil {
			l.t.Fatal(err)
		}
		if !events[event.ID] && (c.Kind != "clock.at_risk" || c.Who == "person:lin") {
			have[c.Kind]++
		}
		events[event.ID] = true
		if n := sent[c.ID]; n > 1 || (n == 1) != (c.State == plantroom.CallSent) {
			l.t.Errorf("%s: call %s is %s, and its sending stands in the ledger %d times", o.ID, c.ID, c.State, n)
		}
	}
	for kind, n := range want {
		if have[kind] != n {
			l.t.Errorf("%s: by the ledger %d calls %s, in the outbox %d", o.ID, n, kind, have[kind])
		}
	}
}

// checkCalls: each call was taken at least once or given up, and none that
// was never committed.
func (l *life) checkCalls(tx plantroom.Tx) {
	calls, err := tx.Calls("", 1<<20)
	if err != nil {
		l.t.Fatal(err)
	}
	l.seen.calls = len(calls)
	known := map[plantroom.MessageID]bool{}
	for _, c := range calls {
		known[c.ID] = true
		if c.State == plantroom.CallSent && (l.taken[c.ID] == 0 || c.Attempts == 0) {
			l.t.Errorf("call %s is sent, after %d attempts, and its receiver has it %d times", c.ID, c.Attempts, l.taken[c.ID])
		}
		if c.State == plantroom.CallDead && len(c.Fallback) == 0 {
			l.t.Errorf("call %s was given up after %d attempts", c.ID, c.Attempts)
		}
	}
	for id := range l.taken {
		if !known[id] {
			l.t.Errorf("a receiver has call %s, which was never committed", id)
		}
	}
}
