// Package outbox delivers the calls that a transaction has left in the store
// through the channels below services/notify: at least once, each with an id
// that stays the same over retries.
//
// A call that fails is tried again with exponential back-off and jitter. One
// that is given up is dead: it is shown, it can be sent again by hand
// (Retry), and its next address, where it has one, gets a call of its own in
// the same transaction. What became of a call is written to the ledger.
//
// A clock that was wrong and is set back delays no call: what was decided on
// while it was ahead waits as long from now on. A call whose document in the
// store is damaged is given up with the reason.
//
// Everything needed to go on is in the store, so a restart loses nothing. The
// package deliberately does not decide whom to call or what to say (that is
// services/dispatch), and cannot promise exactly once: between a receiver's
// taking a call and our commit lies a gap in which a crash causes a repeat.
package outbox

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"plantroom"
)

// Defaults of Options.
const (
	defaultTimeout      = 10 * time.Second
	defaultParallel     = 8
	defaultAttempts     = 6  // about a minute with the default back-off
	defaultLastAttempts = 20 // about an hour and a quarter
	firstBackoff        = 2 * time.Second
	longestBackoff      = 5 * time.Minute
	batch               = 500 // due calls looked at in one pass, one address's first before any other's second
	laneLength          = 50  // due calls to one address looked at in one pass
	poll                = time.Second
	settleTime          = 5 * time.Second // for noting an outcome while shutting down
)

// Options says what an Outbox needs. Store and Channels are required; the
// zero values of the others are fit for use.
type Options struct {
	Store    plantroom.Store
	Channels []plantroom.Channel
	Logger   *slog.Logger

	// Timeout bounds one attempt.
	Timeout time.Duration
	// Parallel is how many addresses of each channel are served at the same
	// time, and how many more of those that are only told of works, cases or tests. One
	// address gets one call at a time, so a receiver that hangs delays only
	// itself, and a provider that hangs only its own channel.
	// With 1, Deliver serves one after the other, in an order that depends on
	// the store alone.
	Parallel int
	// Attempts is how often an address is tried while the call has another
	// one to fall back to; LastAttempts, how often where it has none.
	Attempts, LastAttempts int
	// Backoff gives the wait after the nth failed attempt, n from 1.
	Backoff func(n int) time.Duration
	// Now is the clock of Run; Deliver is told the time.
	Now func() plantroom.Instant
	// Steps counts how often the clock was set back; nil: only Deliver's times tell.
	Steps func() uint64
}

func (o *Options) setDefaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	if o.LastAttempts <= 0 {
		o.LastAttempts = defaultLastAttempts
	}
	if o.Backoff == nil {
		o.Backoff = backoff
	}
	if o.Now == nil {
		o.Now = func() plantroom.Instant { return plantroom.At(time.Now()) }
	}
	if o.Steps == nil {
		o.Steps = func() uint64 { return 0 }
	}
}

// backoff doubles from two seconds to five minutes; the actual wait is drawn
// from the upper half, so that calls which failed together do not return together.
func backoff(n int) time.Duration {
	d := longestBackoff
	if n < 9 { // 2 s doubled eight times is past the longest
		d = min(firstBackoff<<(n-1), longestBackoff)
	}
	return d/2 + rand.N(d/2+1)
}

// Outbox delivers calls. All methods are safe for concurrent use.
type Outbox struct {
	opts     Options
	channels map[string]plantroom.Channel
	kick     chan struct{}           // holds one token when Run should look again
	slots    map[queue]chan struct{} // one token for each address being served

	mu    sync.Mutex
	busy  map[plantroom.Address]*place     // addresses that are served, or wait for a slot
	owed  map[plantroom.MessageID]*verdict // outcomes that the store did not take
	clock plantroom.SetBack                // of the passes
}

// New makes an Outbox. It fails with CodeInvalid where two channels share a
// name or a required option is missing.
func New(o Options) (*Outbox, error) {
	if o.Store == nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "an outbox needs Options.Store")
	}
	o.setDefaults()
	b := &Outbox{
		opts:     o,
		channels: make(map[string]plantroom.Channel, len(o.Channels)),
		kick:     make(chan struct{}, 1),
		slots:    make(map[queue]chan struct{}, 2*len(o.Channels)),
		busy:     make(map[plantroom.Address]*place),
		owed:     make(map[plantroom.MessageID]*verdict),
	}
	for _, c := range o.Channels {
		if b.channels[c.Name()] != nil {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "two channels are called %s: an address could not tell them apart", c.Name())
		}
		b.channels[c.Name()] = c
		for _, notices := range []bool{false, true} {
			b.slots[queue{c.Name(), notices}] = make(chan struct{}, o.Parallel)
		}
	}
	return b, nil
}

// Kick makes Run look for due calls now. It never blocks. Call it after a
// commit that has put calls into the outbox.
func (b *Outbox) Kick() {
	select {
	case b.kick <- struct{}{}:
	default:
	}
}

// Run delivers until the context ends, and returns when the attempts under way
// have ended and what became of them is noted. Unlike Deliver it does not wait
// for slow receivers before it serves others. It polls stored due times, since
// timers stop while a machine sleeps.
func (b *Outbox) Run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var (
		lanes sync.WaitGroup
		away  bool // the store did not answer last time
		look  bool // for addresses that wait with notices, and have a call about an order since
	)
	defer lanes.Wait()
	for {
		done := func(tally) { b.Kick() }
		err := b.start(ctx, b.opts.Now, lanes.Go, done)
		if err == nil && look {
			var first []lane
			first, err = b.overtake(ctx, b.opts.Now())
			b.run(ctx, first, b.opts.Now, lanes.Go, done)
		}
		if ctx.Err() != nil {
			return
		}
		b.report(err, &away)
		select {
		case <-ctx.Done():
			return
		case <-b.kick:
			look = false
		case <-tick.C:
			look = true
		}
	}
}

// report logs a store that stops answering once, and once its return.
func (b *Outbox) report(err error, away *bool) {
	switch {
	case err != nil && !*away:
		b.opts.Logger.Error("outbox: the store does not answer; calls wait and are tried every second", "error", err)
	case err == nil && *away:
		b.opts.Logger.Info("outbox: the store answers again")
	}
	*away = err != nil
}

// Deliver makes one pass at a given time: it attempts what is due, waits for
// the attempts to end and says how many were taken and how many were not. An
// error is the store's; calls that it has kept us from noting are noted, not
// sent again, by the next pass.
func (b *Outbox) Deliver(ctx context.Context, now plantroom.Instant) (sent, failed int, err error) {
	var (
		lanes sync.WaitGroup
		mu    sync.Mutex
		sum   tally
	)
	run := lanes.Go
	if b.opts.Parallel == 1 {
		run = func(serve func()) { serve() }
	}
	err = b.start(ctx, func() plantroom.Instant { return now }, run, func(t tally) {
		mu.Lock()
		defer mu.Unlock()
		sum.add(t)
	})
	lanes.Wait()
	if err == nil {
		err = sum.err
	}
	return sum.sent, sum.failed, err
}
