package world_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/ledger"
)

// The worlds hold three promises: one work order for each episode (G3), each
// mark of a window once (G4), each call at least once, with one effect (G5).
//
// In each world the real services, from uplink to outbox on SQLite, live
// through some hours of an estate in which lifts break. Servers die between
// any two steps, gateways lose the network, acknowledgements are lost, batches
// come twice, the servers' clock is set wrong by an hour or by thirty days and
// right again, the machine sleeps for eight hours, and of 30 % of the
// receivers' answers nobody hears. Then the trouble ends, everything is
// repaired, and what is written is counted.

// How many worlds are made: all of them with PLANTROOM_FULL=1, else what takes
// some seconds. The race detector makes SQLite, which is C translated to Go,
// slower by a factor of thirty.
const (
	allWorlds  = 10_000
	someWorlds = 150
	fewWorlds  = 8
)

func worlds() uint64 {
	switch {
	case os.Getenv("PLANTROOM_FULL") == "1":
		return allWorlds
	case raced || testing.Short():
		return fewWorlds
	}
	return someWorlds
}

func TestTheWorldsKeepThePromises(t *testing.T) {
	var (
		mu   sync.Mutex
		seen sights
	)
	empty, began := emptyDatabase(t), time.Now()
	t.Run("worlds", func(t *testing.T) {
		for seed := range worlds() {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				l := newLife(t, seed, empty)
				defer func() {
					if t.Failed() {
						t.Logf("to play it alone: PLANTROOM_FULL=1 go test ./sim/world -run 'TestTheWorldsKeepThePromises/worlds/^%d$'", seed)
					}
				}()
				l.live()
				mu.Lock()
				defer mu.Unlock()
				seen.add(l.seen)
			})
		}
	})
	t.Logf("%s; %s", seen, time.Since(began).Round(time.Second))
	if seen.worlds > 100 && (seen.deaths == 0 || seen.cuts == 0 || seen.steps == 0 || seen.sleeps == 0 || seen.seconds == 0 || seen.marks == 0) {
		t.Error("a kind of trouble has not happened in any world")
	}
}

func TestOneSeedIsOneLife(t *testing.T) {
	empty := emptyDatabase(t)
	play := func() (last plantroom.Hash, rows int64) {
		l := newLife(t, 3, empty)
		l.live()
		l.view(func(tx plantroom.Tx) error {
			for _, r := range l.rows(tx) {
				last, rows = r.Hash, r.Seq
			}
			return nil
		})
		return last, rows
	}
	one, n := play()
	if other, m := play(); one != other || n != m || n == 0 {
		t.Errorf("one seed gave two ledgers, of %d and of %d rows", n, m)
	}
}

// live plays the life and looks at what has come of it.
func (l *life) live() {
	for l.now < l.end {
		l.trouble()
		// On odd nanoseconds no two promises end at the same moment by chance.
		pace := []time.Duration{5 * time.Second, 20 * time.Second, time.Minute, 4 * time.Minute}[l.rnd.IntN(4)]
		l.beat(pace + time.Duration(l.rnd.IntN(1e9)))
	}
	l.mend()
	l.settle()
	l.view(func(tx plantroom.Tx) error {
		l.checkIncidents(tx)
		l.checkOrders(tx)
		l.checkCalls(tx)
		return ledger.Verify(func(yield func(plantroom.LedgerRow, error) bool) {
			for _, r := range l.rows(tx) {
				if !yield(r, nil) {
					return
				}
			}
		})
	})
}

// mend ends the trouble: everything that is known to be broken is repaired,
// until nothing is. What a clock that was thirty days ahead has said of the
// silence of devices is over in thirty days, and is not waited for.
func (l *life) mend() {
	l.calm, l.wrong = true, 0
	for _, s := range l.servers {
		s.back = 0
	}
	for _, g := range l.gateways {
		g.away = 0
	}
	for n := 0; ; n++ {
		l.beat(time.Minute)
		open := l.openIncidents()
		switch {
		case len(open) == 0 && len(l.broken) == 0:
			return
		case n == 120:
			l.t.Fatalf("%s: two hours after the trouble %+v are open; broken: %v", l.now, open, l.broken)
		case n%10 == 9: // a technician looks in, and makes test runs
			for _, id := range lifts {
				l.repair(id)
			}
		}
	}
}

func (l *life) openIncidents() (open []plantroom.Incident) {
	l.view(func(tx plantroom.Tx) (err error) {
		open, err = tx.OpenIncidents()
		return err
	})
	return slices.DeleteFunc(open, func(in plantroom.Incident) bool { return in.Domain != "lifts" })
}

// settle lets everything come due that is still to come: what was written down
// by a clock that was thirty days ahead, too.
func (l *life) settle() {
	l.wrong = 32 * 24 * time.Hour
	for range 500 {
		for _, s := range l.servers {
			if s.fate.end = 0; s.spine == nil {
				s.start()
			}
			err := s.spine.TickOrders(l.t.Context(), l.clock())
			if err == nil {
				_, _, err = s.spine.Outbox.Deliver(l.t.Context(), l.clock())
			}
			s.after(err)
		}
		open := 0
		l.view(func(tx plantroom.Tx) error {
			orders, err := tx.Orders(plantroom.OrderFilter{Open: true, Domain: "lifts"})
			if err != nil {
				return err
			}
			calls, err := tx.Calls(plantroom.CallPending, 10)
			open = len(orders) + len(calls)
			return err
		})
		if open == 0 {
			return
		}
		l.now = l.now.Add(5 * time.Minute)
	}
	l.t.Fatal("orders or calls are open for ever")
}

func (l *life) rows(tx plantroom.Tx) []plantroom.LedgerRow {
	rows, err := tx.Ledger(0, 1<<20)
	if err != nil {
		l.t.Fatal(err)
	}
	return rows
}

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
	seen := map[mark]int{}
	for _, r := range rows {
		if e := l.entry(r); e.Percent > 0 {
			seen[mark{e.Clock, e.Due, e.Percent}]++
			l.seen.marks++
		}
	}
	for m, n := range seen {
		if n > 1 {
			l.t.Errorf("%s: %d %% of %s due %s was marked %d times", o.ID, m.percent, m.clock, m.due, n)
		}
	}
	for _, c := range o.Clocks {
		if o.State.Final() && c.Open() || c.State == plantroom.ClockBreached && c.Marked < 100 {
			l.t.Errorf("%s is %s, and its clock is %+v", o.ID, o.State, c)
		}
		for _, p := range plantroom.Marks {
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
	for _, r := range rows {
		switch e := l.entry(r); r.Kind {
		case "order.dispatch":
			want["order.dispatched"]++ // to the contractor
		case "clock.at_risk":
			want[r.Kind]++ // manager; the contractor too, where there is one
		case "clock.breached":
			want[r.Kind]++ // manager
		case "ladder.call":
			want[r.Kind] += len(e.Called)
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
