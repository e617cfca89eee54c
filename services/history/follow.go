package history

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"plantroom"
)

// Store is what is followed: a plantroom.Store.
type Store interface {
	View(context.Context, func(plantroom.Tx) error) error
}

// The kinds of what can have changed.
const (
	ChangedOrder    = "order"
	ChangedIncident = "incident"
	ChangedWorks    = "works"
)

// Options of a Follower.
type Options struct {
	Store  Store
	Path   string // of its file; "": it keeps none
	Logger *slog.Logger
	Now    func() plantroom.Instant // nil: the system's clock
}

// Follower keeps a Table behind a store. What changes it finds in the ledger,
// each of whose rows names what it is about; Changed wakes it up, and names what
// has changed without a row. It reads everything again from the store, off the
// way of whoever commits, and may be any time behind: answers say how far they reach.
type Follower struct {
	opt Options
	log *slog.Logger

	mu    sync.RWMutex
	table *Table

	ready atomic.Bool
	read  atomic.Int64 // orders and incidents so far, while it is not
	kick  chan struct{}
	news  news

	at      Position // what follows is Run's
	saved   Position
	savedAt time.Time
	refused int // orders and incidents that could not be taken over
}

// New makes a Follower that has read nothing yet.
func New(opt Options) *Follower {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = func() plantroom.Instant { return plantroom.At(time.Now()) }
	}
	return &Follower{opt: opt, log: opt.Logger, table: NewTable(), kick: make(chan struct{}, 1), news: news{names: map[change]struct{}{}}}
}

// change names something that has changed.
type change struct{ kind, subject string }

// maxNews is how many names are kept. Beyond, everything that is open is read again.
const maxNews = 10_000

// news are names of what has changed and was not read again yet.
type news struct {
	mu     sync.Mutex
	names  map[change]struct{}
	lost   bool              // there were more than maxNews
	since  plantroom.Instant // when the first of them came; zero: there are none
	taking plantroom.Instant // the same of those that are being read
}

// take hands the names out, and done says that they were read.
func (n *news) take() (names map[change]struct{}, lost bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	names, lost = n.names, n.lost
	n.taking, n.names, n.lost, n.since = n.since, map[change]struct{}{}, false, 0
	return names, lost
}

// done says that what was taken has been read, or, with an error, that it was not.
func (n *news) done(names map[change]struct{}, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.lost = true           // whatever they were
		if !n.taking.IsZero() { // else those that came meanwhile are the first
			n.since = n.taking
		}
	}
	n.taking = 0
}

// asOf is up to when everything is known that has been told. It is never later than
// now, also where the clock was set back meanwhile.
func (n *news) asOf(now plantroom.Instant) plantroom.Instant {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case !n.taking.IsZero():
		return min(n.taking, now)
	case !n.since.IsZero():
		return min(n.since, now)
	}
	return now
}

// Changed says that something was committed. It does not block. Of other kinds than
// these three nothing is kept, but rows of the ledger may have come with them.
func (f *Follower) Changed(kind, subject string) {
	if kind == ChangedOrder || kind == ChangedIncident || kind == ChangedWorks {
		f.note(change{kind, subject})
	}
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

func (f *Follower) note(c change) {
	now := f.opt.Now()
	f.news.mu.Lock()
	if len(f.news.names) < maxNews {
		f.news.names[c] = struct{}{}
	} else {
		f.news.lost = true
	}
	if f.news.since.IsZero() {
		f.news.since = now
	}
	f.news.mu.Unlock()
}

// Read lets f ask the Table, and returns up to when the Table has followed the
// store. f must not keep it. CodeUnavailable: the store is still being read for the
// first time since the start.
func (f *Follower) Read(ask func(*Table) error) (asOf plantroom.Instant, err error) {
	if !f.ready.Load() {
		return 0, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "look into the history",
			Message: "the history is still being read after a start", Hint: "ask again in some seconds; it heals by itself"}
	}
	asOf = f.news.asOf(f.opt.Now())
	f.mu.RLock()
	defer f.mu.RUnlock()
	return asOf, ask(f.table)
}

// Stats tell how far a Follower is.
type Stats struct {
	Ready     bool
	Orders    int
	Incidents int
	Lag       time.Duration // since the first change that is not in answers yet
}

// Stats returns them.
func (f *Follower) Stats() Stats {
	now := f.opt.Now()
	s := Stats{Ready: f.ready.Load(), Lag: max(0, now.Sub(f.news.asOf(now)))}
	f.mu.RLock()
	defer f.mu.RUnlock()
	s.Orders, s.Incidents = f.table.Orders(), f.table.Incidents()
	return s
}

// rowsAtOnce is how many rows of the ledger, orders or incidents are read in one
// transaction.
const rowsAtOnce = 500

// Step reads what has changed until there is nothing left, and returns then. It is
// Run's work, and for tests that have no goroutine.
func (f *Follower) Step(ctx context.Context) error {
	if !f.ready.Load() {
		if err := f.begin(ctx); err != nil {
			return err
		}
	}
	names, lost := f.news.take()
	err := f.step(ctx, names, lost)
	f.news.done(names, err)
	return err
}

func (f *Follower) step(ctx context.Context, names map[change]struct{}, lost bool) error {
	if lost {
		if err := f.readOpen(ctx); err != nil {
			return err
		}
	}
	for more := true; more; {
		var b batch
		err := f.opt.Store.View(ctx, func(tx plantroom.Tx) error {
			b = batch{at: f.at}
			rows, err := tx.Ledger(f.at.Seq, rowsAtOnce)
			if err != nil {
				return err
			}
			about := map[change]struct{}{}
			for i := range rows {
				if c, ok := changeOf(&rows[i]); ok {
					about[c] = struct{}{}
				}
				b.at = Position{rows[i].Seq, rows[i].Hash}
				if rows[i].Seq == 1 {
					b.began = rows[i].At
				}
			}
			for c := range names {
				if len(about) >= 2*rowsAtOnce {
					break
				}
				about[c] = struct{}{}
			}
			more = len(rows) == rowsAtOnce
			return b.read(tx, about)
		})
		if err != nil {
			return err
		}
		f.apply(&b)
		for c := range b.about {
			delete(names, c)
		}
		more = more || len(names) > 0
	}
	return nil
}
