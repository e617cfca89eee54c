package history

import (
	"context"
	"runtime"
	"sync"
	"time"

	"plantroom"
)

// What is read at a time when there is no file: decoding orders is what takes time,
// and whoever else the server has to do with needs a processor, too.
const (
	maxReaders = 2
	stripes    = 16 // of the numbers of orders, so that readers end at about the same time
)

// source reads a part of the store and gives what it has read to take, some at a time.
type source func(ctx context.Context, take func(batch) error) error

// build reads all planned works, orders and incidents. In which order they come does
// not matter.
func (f *Follower) build(ctx context.Context) error {
	if err := f.readWorks(ctx); err != nil {
		return err
	}
	sources, err := f.sources(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		all    sync.WaitGroup
		todo   = make(chan source, len(sources))
		read   = make(chan batch)
		failed = make(chan error, maxReaders)
	)
	for _, s := range sources {
		todo <- s
	}
	close(todo)
	take := func(b batch) error {
		select {
		case read <- b:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for range min(maxReaders, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for s := range todo {
				if err := s(ctx, take); err != nil {
					failed <- err
					cancel()
					return
				}
			}
		})
	}
	go func() { all.Wait(); close(read) }()
	f.takeAll(read)
	select {
	case err := <-failed: // the first; those of the others come of it
		return err
	default:
		return nil
	}
}

// takeAll puts into the Table what is read, and tells now and then how much it was.
func (f *Follower) takeAll(read <-chan batch) {
	told := time.Now()
	for b := range read {
		b.at = f.at
		f.apply(&b)
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			f.log.Info("follow the store: the history is being read", "orders_and_incidents", f.read.Load())
		}
	}
}

// sources lists what there is to read: the newest orders first.
func (f *Follower) sources(ctx context.Context) ([]source, error) {
	var newest []plantroom.WorkOrder
	err := f.opt.Store.View(ctx, func(tx plantroom.Tx) (err error) {
		newest, err = tx.Orders(plantroom.OrderFilter{Limit: 1})
		return err
	})
	if err != nil {
		return nil, err
	}
	list := []source{f.allIncidents}
	if len(newest) == 0 {
		return list, nil
	}
	n, ok := orderNumber(newest[0].ID)
	if !ok { // an id of which no row could be kept either: apply says so
		return append(list, f.orders(0, "")), nil
	}
	for above, each := n, n/stripes+1; ; {
		from := above - min(above, each)
		below := orderID(above + 1)
		if above == n {
			below = "" // and whatever comes meanwhile
		}
		if list = append(list, f.orders(from, below)); from == 0 {
			return list, nil
		}
		above = from
	}
}

// orders reads those numbered above from, and below an id; "": all of these.
func (f *Follower) orders(from uint32, below plantroom.OrderID) source {
	return func(ctx context.Context, take func(batch) error) error {
		filter := plantroom.OrderFilter{Before: below, Limit: rowsAtOnce}
		for {
			var b batch
			err := f.opt.Store.View(ctx, func(tx plantroom.Tx) (err error) { b.orders, err = tx.Orders(filter); return err })
			if err != nil {
				return err
			}
			last := len(b.orders) < rowsAtOnce
			for i := range b.orders {
				if n, ok := orderNumber(b.orders[i].ID); ok && n <= from { // these are another source's
					b.orders, last = b.orders[:i], true
					break
				}
			}
			if n := len(b.orders); n > 0 {
				filter.Before = b.orders[n-1].ID
			}
			if err := take(b); err != nil || last {
				return err
			}
		}
	}
}

// allIncidents reads all incidents.
func (f *Follower) allIncidents(ctx context.Context, take func(batch) error) error {
	for past := (plantroom.IncidentFilter{Limit: rowsAtOnce}); ; {
		var b batch
		err := f.opt.Store.View(ctx, func(tx plantroom.Tx) (err error) { b.incidents, err = tx.Incidents(past); return err })
		if err != nil {
			return err
		}
		n := len(b.incidents)
		if n == 0 {
			return nil
		}
		end := b.incidents[n-1].Episode
		if err := take(b); err != nil || n < past.Limit {
			return err
		}
		// Those of the last episode may go on behind the page: they come again.
		if to := end + 1; to == past.To {
			past.Limit *= 2
		} else {
			past.To, past.Limit = to, rowsAtOnce
		}
	}
}
