package world_test

import (
	"fmt"
	"os"
	"regexp"
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

// salted is how rows name the row of terms that was in force: by its hash, which
// is another one in each run.
var salted = regexp.MustCompile(`"terms":"[0-9a-f]{64}",?`)

func TestOneSeedIsOneLife(t *testing.T) {
	empty := emptyDatabase(t)
	play := func() (said []string) {
		l := newLife(t, 3, empty)
		l.live()
		l.view(func(tx plantroom.Tx) error {
			for _, r := range l.rows(tx) {
				said = append(said, fmt.Sprintf("%s %s %s %s %s", r.At, r.Kind, r.Subject, r.Actor, salted.ReplaceAll(r.Body, nil)))
			}
			return nil
		})
		return said
	}
	one, other := play(), play()
	for i := range min(len(one), len(other)) {
		if one[i] != other[i] {
			t.Fatalf("one seed gave two lives, which part at row %d:\n%s\n%s", i+1, one[i], other[i])
		}
	}
	if len(one) != len(other) || len(one) == 0 {
		t.Errorf("one seed gave ledgers of %d and of %d rows", len(one), len(other))
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
