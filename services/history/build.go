package history

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	"plantroom"
)

// begin takes up what there is: the file and what the store holds since, or, where
// there is no file or it is not of this store, everything.
func (f *Follower) begin(ctx context.Context) error {
	started := time.Now()
	t, at, err := f.load(ctx)
	if err != nil {
		return err
	}
	fresh := t == nil
	if fresh {
		t = NewTable()
		if at, err = f.end(ctx); err != nil { // what happens while it is built is read again
			return err
		}
	}
	f.mu.Lock()
	f.table = t
	f.mu.Unlock()
	f.at, f.saved, f.savedAt = at, at, started
	if fresh {
		f.saved, f.savedAt = Position{}, time.Time{} // it is kept as soon as it is complete
		err = f.build(ctx)                           // what changes meanwhile is told, and read after it
	} else {
		err = f.readOpen(ctx)
	}
	if err != nil {
		return err
	}
	if err := f.birth(ctx); err != nil {
		return err
	}
	if err := f.step(ctx, nil, false); err != nil {
		return err
	}
	f.ready.Store(true)
	if f.read.Load() > manyRead {
		debug.FreeOSMemory() // what decoding so much has left behind is several times what is kept
	}
	f.log.Info("follow the store: the history is complete", "orders", f.table.Orders(), "incidents", f.table.Incidents(),
		"from_file", !fresh, "took", time.Since(started).Round(time.Millisecond))
	return nil
}

// manyRead is how many orders and incidents leave enough behind to be worth a
// collection of its own, of some tenths of a second.
const manyRead = 100_000

// load reads the file, and returns nil where it cannot be gone on from.
func (f *Follower) load(ctx context.Context) (*Table, Position, error) {
	if f.opt.Path == "" {
		return nil, Position{}, nil
	}
	t, at, err := Load(f.opt.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Position{}, nil
	}
	why := "it is not of this database, or of a later state of it"
	if err != nil {
		why = err.Error()
	} else {
		var fits bool
		err := f.opt.Store.View(ctx, func(tx plantroom.Tx) error {
			rows, err := tx.Ledger(at.Seq-1, 1)
			fits = at.Seq == 0 || len(rows) == 1 && rows[0].Seq == at.Seq && rows[0].Hash == at.Hash
			return err
		})
		if err != nil || fits {
			return t, at, err
		}
	}
	f.log.Warn("take up the history: its file is not used", "file", f.opt.Path, "why", why, "next", "nothing to do: it is made anew from the database")
	return nil, Position{}, nil
}

// birth finds out since when there is a record.
func (f *Follower) birth(ctx context.Context) error {
	return f.opt.Store.View(ctx, func(tx plantroom.Tx) error {
		rows, err := tx.Ledger(0, 1)
		if err == nil && len(rows) == 1 {
			f.mu.Lock()
			f.table.Began(rows[0].At)
			f.mu.Unlock()
		}
		return err
	})
}

// end is the newest row of the ledger.
func (f *Follower) end(ctx context.Context) (at Position, err error) {
	err = f.opt.Store.View(ctx, func(tx plantroom.Tx) error {
		last, err := lastRow(tx)
		at = Position{last.Seq, last.Hash}
		return err
	})
	return at, err
}

// readOpen reads what can have changed without a row of the ledger: what is open in
// the store, and what was in the Table. Nothing else ever does.
func (f *Follower) readOpen(ctx context.Context) error {
	if err := f.readWorks(ctx); err != nil {
		return err
	}
	about := f.table.open()
	b := batch{at: f.at}
	if err := f.opt.Store.View(ctx, func(tx plantroom.Tx) (err error) { b.incidents, err = tx.OpenIncidents(); return err }); err != nil {
		return err
	}
	f.apply(&b)
	filter := plantroom.OrderFilter{Open: true, Limit: rowsAtOnce}
	for n := rowsAtOnce; n == rowsAtOnce; {
		b := batch{at: f.at}
		err := f.opt.Store.View(ctx, func(tx plantroom.Tx) (err error) { b.orders, err = tx.Orders(filter); return err })
		if err != nil {
			return err
		}
		for i := range b.orders {
			delete(about, change{ChangedOrder, string(b.orders[i].ID)})
		}
		if n = len(b.orders); n > 0 {
			filter.Before = b.orders[n-1].ID
		}
		f.apply(&b)
	}
	return f.again(ctx, about)
}

// readWorks reads all planned works.
func (f *Follower) readWorks(ctx context.Context) error {
	b := batch{at: f.at}
	err := f.opt.Store.View(ctx, func(tx plantroom.Tx) (err error) { b.works, err = tx.AllWorks(maxWorks); return err })
	if err == nil {
		f.apply(&b)
	}
	return err
}

// maxWorks is how many planned works are taken over, the last first.
const maxWorks = 100_000

// again reads things by name, some at a time.
func (f *Follower) again(ctx context.Context, about map[change]struct{}) error {
	for len(about) > 0 {
		some := map[change]struct{}{}
		for c := range about {
			if some[c] = struct{}{}; len(some) == rowsAtOnce {
				break
			}
		}
		b := batch{at: f.at}
		if err := f.opt.Store.View(ctx, func(tx plantroom.Tx) error {
			b = batch{at: f.at}
			return b.read(tx, some)
		}); err != nil {
			return err
		}
		f.apply(&b)
		for c := range some {
			delete(about, c)
		}
	}
	return nil
}

// open names what a Table holds as not over.
func (t *Table) open() map[change]struct{} {
	out := map[change]struct{}{}
	for k, c := range t.orders {
		for i := uint32(0); c != nil && i < chunkRows; i++ {
			if c.state[i] != 0 && !stateOf(c.state[i]).Final() {
				out[change{ChangedOrder, string(orderID(uint32(k)*chunkRows + i))}] = struct{}{}
			}
		}
	}
	for k, c := range t.incidents {
		for i := uint32(0); c.open > 0 && i < t.filled(k); i++ {
			if row := uint32(k)*chunkRows + i; c.end[i].IsZero() {
				out[change{ChangedIncident, string(t.incidentID(row))}] = struct{}{}
			}
		}
	}
	return out
}

// The times of Run.
const (
	lookEvery  = time.Minute      // in which the ledger is looked at without having been told to
	retryEvery = 2 * time.Second  // while the store fails
	saveEvery  = 6 * time.Hour    // in which the file is written anew
	saveRows   = 100_000          // rows of the ledger after which it is, too
	lastWait   = 20 * time.Second // for what is left to do at the end
)

// Run follows until ctx ends, and writes the file then. Whoever commits has to be
// done before: what is committed later is read at the next start.
func (f *Follower) Run(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	failing := false
	for ctx.Err() == nil {
		err := f.Step(ctx)
		if err != nil && ctx.Err() == nil {
			if !failing {
				f.log.Error("follow the store: not possible now, answers about the past stay behind", "error", err, "next", "it is tried again; see to the database")
			}
			failing = true
			select {
			case <-time.After(retryEvery):
			case <-ctx.Done():
			}
			continue
		}
		failing = false
		if f.at.Seq-f.saved.Seq >= saveRows || f.at != f.saved && time.Since(f.savedAt) > saveEvery {
			f.save()
		}
		select {
		case <-f.kick:
		case <-look.C:
		case <-ctx.Done():
		}
	}
	if f.ready.Load() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWait)
		defer cancel()
		if err := f.Step(last); err == nil {
			f.save()
		}
	}
}

// save writes the file where something has changed. Only Run's goroutine puts
// anything into the Table, so it needs no lock.
func (f *Follower) save() {
	if f.opt.Path == "" || f.at == f.saved {
		return
	}
	f.savedAt = time.Now()
	if err := Save(f.opt.Path, f.table, f.at); err != nil {
		f.log.Warn("keep the history", "error", err)
		return
	}
	f.saved = f.at
	if info, err := os.Stat(f.opt.Path); err == nil {
		f.log.Debug("keep the history: written", "bytes", info.Size(), "took", time.Since(f.savedAt).Round(time.Millisecond))
	}
}
