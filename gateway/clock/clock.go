package clock

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Trust says whom to believe that the system's clock is right.
type Trust string

// The kinds of trust.
const (
	Auto   Trust = "auto"   // the kernel's word that it is synchronised, or a clock of the machine that runs without power and agrees
	NTP    Trust = "ntp"    // the kernel's word alone
	Always Trust = "always" // the system's clock, whatever it shows
)

// DefaultWait is how long records wait for the clock once the uplink could
// send them. NTP needs the same network, and then some seconds (chrony takes
// four answers two seconds apart: unverified).
const DefaultWait = 10 * time.Second

const (
	lookEvery = time.Second
	saveEvery = time.Minute
	// stepped is from when on a difference is a step; a leap second is none.
	stepped = 1500 * time.Millisecond
	// backwards is how far a clock that runs without power may lie behind what
	// was known last, and still be believed.
	backwards = 10 * time.Minute
)

// Spool is the part of the spool that the clock needs to know.
type Spool interface {
	Epoch() uint64
	Base() uint64 // the oldest sequence number that it still holds
	Next() uint64 // the sequence number that the next record gets
}

// Options of a Clock.
type Options struct {
	Dir    string        // of the spool: the clock's file is beside its segments
	Trust  Trust         // "": Auto
	Wait   time.Duration // longest time that records wait for the clock from when they could be sent; 0: DefaultWait; negative: they do not
	Kernel Kernel        // nil: System
	Logger *slog.Logger  // nil: silent
}

// State is how far the clock can be believed.
type State string

// The states.
const (
	Set  State = "set"  // the system's clock is right
	Held State = "held" // it was right in this boot, and is continued
	None State = "unset"
)

// Stats is what the health page shows.
type Stats struct {
	State     State
	Since     plantroom.Instant // of the state, as far as the time was known then
	Now       plantroom.Instant // the time of day, or the best guess at it
	Steps     uint64            // times that the system's clock was stepped while it was right
	Corrected uint64            // records sent with a time that was corrected, repeats included
	Estimated uint64            // records sent with a guessed time, repeats included
	Fault     string            // why the clock's file cannot be written; "": it can
}

// Clock is a gateway's clock. It is safe for concurrent use.
type Clock struct {
	o     Options
	log   *slog.Logger
	spool Spool

	line atomic.Pointer[line]

	saving sync.Mutex // taken before mu; a disk that is stuck holds up nobody who only asks
	file   file

	mu      sync.Mutex
	ledger  ledger
	changes uint64        // of the ledger
	written uint64        // up to which change it is on disk
	saved   time.Duration // when it was last noted what time it is, since the start of the machine
	until   time.Duration // up to when records wait for the clock; 0: none has yet
	decoder wire.Decoder
	stats   Stats
}

// line is how times since the start of this process become times of the clock.
type line struct {
	follow bool              // the system's clock
	at     time.Time         // a moment,
	boot   time.Duration     // the machine's age then,
	zero   plantroom.Instant // and what the clock showed at the machine's start
}

// Open makes the clock of a gateway whose spool has just been opened, and that
// takes nothing in yet. A file that cannot be read or written does not keep it
// from running: Stats says so, and times that are not decided are not sent.
func Open(o Options, s Spool) *Clock {
	if o.Trust == "" {
		o.Trust = Auto
	}
	if o.Wait == 0 {
		o.Wait = DefaultWait
	}
	if o.Kernel == nil {
		o.Kernel = System
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Clock{o: o, log: o.Logger, spool: s, file: file{path: filepath.Join(o.Dir, fileName)}}
	l, known, err := c.file.load()
	if err != nil {
		c.log.Error("the clock's file cannot be read", "error", err)
	}
	m := o.Kernel()
	c.ledger = l
	c.ledger.adopt(s.Epoch(), s.Base(), s.Next(), m, known)
	if !c.trusts(m) && !c.ledger.isSet(m.ID) {
		c.ledger.begin(s.Next(), m)
		c.log.Warn("the clock is not set: readings wait for it, or get an estimated time", "system_clock", m.Wall, "taken_for", c.ledger.now(m))
	}
	c.look(m, time.Now())
	c.note(m)
	_ = c.save() // Look tries again, and Stats says why
	return c
}

// trusts reports whether the system's clock is right.
func (c *Clock) trusts(m Moment) bool {
	if c.o.Trust == Always || m.Synced {
		return true
	}
	return c.o.Trust == Auto && m.Kept && m.Wall >= max(earliest, c.ledger.last.Add(-backwards))
}

// At tells when t was on the gateway's clock. t comes from time.Now in this
// process.
func (c *Clock) At(t time.Time) plantroom.Instant {
	l := c.line.Load()
	if l.follow && !t.Before(l.at) { // before, the system's clock showed something else
		return plantroom.At(t)
	}
	return l.zero.Add(l.boot + t.Sub(l.at))
}

// Place tells when it was on the gateway's clock that the system's clock
// showed a time, a moment ago: for what has kept that alone.
func (c *Clock) Place(wall plantroom.Instant) plantroom.Instant {
	now := time.Now()
	ago := plantroom.At(now).Sub(wall)
	if ago.Abs() > time.Hour { // the system's clock was set between the two
		return c.At(now)
	}
	if c.line.Load().follow {
		return wall
	}
	return c.At(now).Add(-ago)
}

// Now is the present on the gateway's clock, as its Kernel tells it.
func (c *Clock) Now() plantroom.Instant {
	m := c.o.Kernel()
	if l := c.line.Load(); !l.follow {
		return l.zero.Add(m.Boot)
	}
	return m.Wall
}

// Wall is the time of day, or the best guess at it: for what is sent beside
// readings, and for the dates of certificates.
func (c *Clock) Wall() plantroom.Instant {
	m := c.o.Kernel()
	if c.line.Load().follow {
		return m.Wall
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ledger.now(m)
}

// WallOf tells at which time of day it was that the clock showed at, in this run
// of the machine: what it showed before it was set is placed by what is known of
// the time now.
func (c *Clock) WallOf(at plantroom.Instant) plantroom.Instant {
	if !at.IsUnset() {
		return at
	}
	return c.Wall().Add(at.Sub(plantroom.Unset) - c.o.Kernel().Boot)
}

// Run looks at the system's clock every second until ctx ends.
func (c *Clock) Run(ctx context.Context) {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			c.Look()
		case <-ctx.Done():
			return
		}
	}
}

// Look looks at the system's clock.
func (c *Clock) Look() {
	m, now := c.o.Kernel(), time.Now()
	c.mu.Lock()
	c.look(m, now)
	if m.Boot-c.saved >= saveEvery {
		c.note(m)
	}
	unsaved := c.changes != c.written
	c.mu.Unlock()
	if unsaved {
		_ = c.save() // the next Look tries again, and Stats says why
	}
}

// look takes over what the system's clock says. The caller holds mu, or is the
// only one.
func (c *Clock) look(m Moment, now time.Time) {
	was, set := c.stats.State, c.ledger.isSet(m.ID)
	switch {
	case c.trusts(m):
		c.stats.State = Set
		if by := m.zero().Sub(c.ledger.zero); set && by.Abs() >= stepped {
			c.stats.Steps++
			c.log.Warn("the system's clock was stepped; readings from now on have the new time", "by", by.Round(time.Millisecond))
		}
		if c.ledger.set(m) {
			c.changes++
			c.log.Info("the clock is set", "time", m.Wall, "after_start", m.Boot.Round(time.Second))
		}
	case set:
		c.stats.State = Held
	default:
		c.stats.State = None
	}
	c.draw(m, now)
	if c.stats.State == was {
		return
	}
	c.stats.Since = c.ledger.now(m)
	if c.stats.State == Held {
		c.log.Warn("nobody keeps the system's clock right any more; the time is continued from what it was", "system_clock", m.Wall)
	}
}

// draw makes the line by which times are told. It stays as it is while nothing
// has changed, so that two times keep their order.
func (c *Clock) draw(m Moment, now time.Time) {
	next := &line{follow: c.stats.State == Set, at: now, boot: m.Boot, zero: plantroom.Unset}
	if c.stats.State != None {
		next.zero = c.ledger.zero
	}
	const slept = 100 * time.Millisecond // time.Now's monotonic part stands still while the machine sleeps
	if old := c.line.Load(); old != nil && old.follow == next.follow &&
		(next.follow || old.zero == next.zero && m.Boot-old.boot-now.Sub(old.at) < slept) {
		return
	}
	c.line.Store(next)
}

// note notes what time it is, for a boot that knows less. The caller holds mu,
// or is the only one.
func (c *Clock) note(m Moment) {
	c.saved = m.Boot
	c.changes++
	c.ledger.trim(c.spool.Base())
	now := c.ledger.now(m)
	if c.stats.State == None {
		now = max(now, c.ledger.last)
	}
	c.ledger.last = now
}

// save puts the ledger on disk as it is now. The caller does not hold mu.
func (c *Clock) save() error {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	l, n := c.ledger, c.changes
	l.runs = slices.Clone(l.runs)
	c.mu.Unlock()
	err := c.file.save(&l)
	c.mu.Lock()
	defer c.mu.Unlock()
	text := ""
	if err == nil {
		c.written = n
	}
	if err != nil {
		text = err.Error()
		if c.stats.Fault == "" {
			c.log.Error("what is known of the time cannot be noted", "error", err)
		}
	}
	c.stats.Fault = text
	return err
}

// Stats returns a snapshot.
func (c *Clock) Stats() Stats {
	m := c.o.Kernel()
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.stats
	st.Now = c.ledger.now(m)
	return st
}

// Close notes the time and closes the file.
func (c *Clock) Close() error {
	m := c.o.Kernel()
	c.mu.Lock()
	c.note(m)
	c.mu.Unlock()
	err := c.save()
	c.saving.Lock()
	defer c.saving.Unlock()
	c.file.close()
	return err
}
