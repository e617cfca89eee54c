package bench

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/dispatch"
	"plantroom/services/garbage"
	"plantroom/services/store"
)

// Orders of one run: of one writer after the other, and of several at once, as
// where gateways, people and receivers are heard at the same time.
const (
	orderCount   = 2000
	orderWriters = 16
)

func orders() Measurement {
	const how = "an incident of a sound lift opens and its order is raised, dispatched and put into ledger and outbox, each in a transaction of its own " +
		"that is answered after its sync (SQLite, synchronous=FULL), with the garbage collector set as plantroom serve sets it; 2,000 orders, all of which stay open, then a new database; "
	return Measurement{
		Name: "orders",
		Figures: []Figure{
			{Name: "incident → order, 16 at a time", Unit: "transactions/s", Sense: AtLeast, Target: 2000, How: how + "16 writers, which share commits where they wait for each other"},
			{Name: "incident → order, one by one", Unit: "transactions/s", Sense: Recorded, How: "as above, with one writer: each waits for a sync of its own"},
		},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			return func(ctx context.Context, _ int) ([]float64, error) {
				many, err := e.raise(ctx, orderWriters)
				if err != nil {
					return nil, err
				}
				one, err := e.raise(ctx, 1)
				return []float64{many, one}, err
			}, nil
		},
	}
}

// raise measures how fast orders are raised in a new database.
func (e *Env) raise(ctx context.Context, writers int) (float64, error) {
	mark := len(e.undo)
	defer e.unwind(mark)
	defer garbage.Room()() // as plantroom serve
	dir, err := e.scratch("orders")
	if err != nil {
		return 0, err
	}
	s := site{Probes: orderCount}
	estate, err := s.load()
	if err != nil {
		return 0, err
	}
	file, err := store.Open(ctx, filepath.Join(dir, "plantroom.db"))
	if err != nil {
		return 0, err
	}
	e.onStop(func() { _ = file.Close() })
	desk, err := dispatch.New(dispatch.Options{Estate: estate, Domains: app.Domains()})
	if err != nil {
		return 0, err
	}
	var (
		all    sync.WaitGroup
		next   atomic.Int64
		failed = make(chan error, writers)
		now    = plantroom.At(time.Now())
		begin  = time.Now()
	)
	for range writers {
		all.Go(func() {
			for i := next.Add(1) - 1; i < orderCount; i = next.Add(1) - 1 {
				if err := raiseOne(ctx, file, desk, now, probe(int(i))); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	select {
	case err := <-failed:
		return 0, err
	default:
		return orderCount / took.Seconds(), nil
	}
}

// raiseOne opens an incident of a lift, with its order.
func raiseOne(ctx context.Context, s plantroom.Store, desk *dispatch.Desk, now plantroom.Instant, lift string) error {
	in := fault(lift, now)
	return s.Update(ctx, func(tx plantroom.Tx) error {
		return desk.Incident(tx, now, plantroom.IncidentEvent{Change: plantroom.IncidentOpened, Incident: in})
	})
}

// fault is an incident of a lift that has just stopped.
func fault(lift string, now plantroom.Instant) plantroom.Incident {
	id := plantroom.AssetID(lift)
	return plantroom.Incident{ID: plantroom.NewIncidentID("lift.fault", id, now), Rule: "lift.fault", Asset: id, Domain: "lifts", Building: "b1",
		Episode: now, State: plantroom.IncidentOpen, Severity: plantroom.High, Cause: "controller_fault", Detail: "bench", Opened: now, Needed: 3}
}
