package binding

import (
	"slices"
	"sync"
	"time"

	"plantroom"
)

// Limits on what strangers on the site's broker can make a gateway remember.
const (
	// MaxDevices is how many devices one Binder serves.
	MaxDevices = 20_000
	// MaxSignals is how many signals one device may have.
	MaxSignals = 64
)

// Tick is the coarsest clock whose equal time stamps are told apart: times of
// one series that lie at most this far behind its newest are moved up, one
// nanosecond past it. A reading that is older than that is late; it keeps its
// time, and later stages see that it is late.
const Tick = time.Millisecond

// Binder binds samples. It is safe for concurrent use.
type Binder struct {
	exact  map[string]*Rule
	globs  []*Rule
	ignore []string

	mu     sync.Mutex
	known  map[string]*device              // by address
	lives  map[plantroom.DeviceID]*life    // as above
	clocks map[plantroom.DeviceID][]*clock // by device: two addresses may feed one
}

// device is one address that has been heard.
type device struct {
	id     plantroom.DeviceID
	rule   *Rule
	life   *life
	series []*series // few per device: searched in order
}

// series is one signal of one device.
type series struct {
	from   string // the decoder's name
	change *Signal
	clock  *clock
}

// clock gives the readings of one (device, signal) their times.
type clock struct {
	signal string // the name here
	newest plantroom.Instant
	late   plantroom.Instant // the newest time given to a reading that came late
}

// New makes a Binder. An exact address goes before ignore, and ignore before
// the globs, which are tried in order. Every error is a CodeInvalid that names
// the rule.
func New(rules []Rule, ignore []string) (*Binder, error) {
	b := &Binder{exact: map[string]*Rule{}, ignore: slices.Clone(ignore),
		known: map[string]*device{}, clocks: map[plantroom.DeviceID][]*clock{}, lives: map[plantroom.DeviceID]*life{}}
	rules = slices.Clone(rules)
	for i := range rules {
		r := &rules[i]
		if err := r.Check(); err != nil {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "device rule %d: %w", i+1, err)
		}
		if r.Match != "" {
			b.globs = append(b.globs, r)
			continue
		}
		if b.exact[r.Address] != nil {
			return nil, invalid("remove one of the rules", "device rule %d: address %q is bound twice", i+1, r.Address)
		}
		b.exact[r.Address] = r
	}
	b.expect()
	return b, nil
}

// Bind makes a reading of a sample. keep is false where the file says to
// ignore the address or the signal. The error is CodeNotFound for an address
// that no rule knows, CodeInvalid for a value that the map does not list or an
// address that cannot be a device id, and CodeTooLarge beyond the limits.
func (b *Binder) Bind(s plantroom.Sample) (r plantroom.Reading, keep bool, err error) {
	return b.bind(s, true, 0)
}

// BindHeard is Bind for a sample that is a sign of life at some time on the
// gateway's clock; zero: it is none, as what a broker had retained.
func (b *Binder) BindHeard(s plantroom.Sample, at plantroom.Instant) (r plantroom.Reading, keep bool, err error) {
	return b.bind(s, true, at)
}

// See is Bind for whoever only looks: the reading has the sample's own time,
// and takes none from those that follow.
func (b *Binder) See(s plantroom.Sample) (r plantroom.Reading, keep bool, err error) {
	return b.bind(s, false, 0)
}

func (b *Binder) bind(s plantroom.Sample, place bool, heard plantroom.Instant) (r plantroom.Reading, keep bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d, ok := b.known[s.Address]
	if !ok {
		if d, err = b.admit(s.Address); err != nil || d == nil {
			return r, false, err
		}
	}
	d.life.sign(s, heard)
	if _, listed := d.rule.Map[s.Signal]; d.rule.Only && !listed {
		return r, false, nil
	}
	line, err := b.line(d, s.Signal)
	if err != nil {
		return r, false, err
	}
	value := s.Value
	if c := line.change; c != nil {
		if c.Drop {
			return r, false, nil
		}
		if value, err = c.apply(s.Signal, value); err != nil {
			return r, false, err
		}
	}
	at := s.At
	if place {
		at = line.clock.place(at)
	}
	return plantroom.Reading{Device: d.id, Signal: line.clock.signal, Value: value, At: at, Quality: s.Quality}, true, nil
}

// Continue takes over the newest times that an earlier Binder has given, so
// that a changed file does not make two readings share an instant.
func (b *Binder) Continue(old *Binder) {
	old.mu.Lock()
	defer old.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, clocks := range old.clocks {
		for _, c := range clocks {
			b.clock(id, c.signal).take(c)
		}
	}
	b.outlive(old)
}

// admit finds the rule of an address that is heard for the first time. A nil
// device without an error is ignored. Addresses that lead to no device are
// not remembered: anybody may invent them.
func (b *Binder) admit(address string) (*device, error) {
	d := &device{rule: b.exact[address]}
	if d.rule != nil {
		d.id = d.rule.id()
	} else {
		if slices.ContainsFunc(b.ignore, func(p string) bool { return match(p, address) }) {
			return nil, nil
		}
		i := slices.IndexFunc(b.globs, func(r *Rule) bool { return match(r.Match, address) })
		if i < 0 {
			return nil, plantroom.Errorf(plantroom.CodeNotFound, "no device rule knows the address %q: list it below devices, or below ignore", clip(address))
		}
		if err := plantroom.ValidID(address); err != nil {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "match %q takes the address %q for a device id: %w", b.globs[i].Match, clip(address), err)
		}
		d.rule, d.id = b.globs[i], plantroom.DeviceID(address)
	}
	if len(b.known) >= MaxDevices {
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "address %q would be device number %d of one source: narrow its match", clip(address), MaxDevices+1)
	}
	d.life = b.alive(d.id, d.rule)
	b.known[address] = d
	return d, nil
}

// line finds or makes the series of a signal.
func (b *Binder) line(d *device, signal string) (*series, error) {
	for _, l := range d.series {
		if l.from == signal {
			return l, nil
		}
	}
	if len(d.series) >= MaxSignals {
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "device %s sends more than %d signals: %q is one too many", d.id, MaxSignals, clip(signal))
	}
	l := &series{from: signal}
	to := signal
	if c, ok := d.rule.Map[signal]; ok {
		l.change = &c
		if c.To != "" {
			to = c.To
		}
	}
	l.clock = b.clock(d.id, to)
	d.series = append(d.series, l)
	return l, nil
}

// clock finds or makes the clock of a (device, signal).
func (b *Binder) clock(id plantroom.DeviceID, signal string) *clock {
	for _, c := range b.clocks[id] {
		if c.signal == signal {
			return c
		}
	}
	c := &clock{signal: signal}
	b.clocks[id] = append(b.clocks[id], c)
	return c
}

// place gives a reading its time: its own where the series is older, and the
// next free nanosecond where the series ticks on the spot.
func (c *clock) place(at plantroom.Instant) plantroom.Instant {
	last := &c.newest
	if at < c.newest.Add(-Tick) {
		last = &c.late
	}
	if at <= *last && at >= last.Add(-Tick) {
		at = *last + 1
	}
	*last = max(*last, at)
	return at
}

// take goes on from another clock.
func (c *clock) take(from *clock) {
	c.newest, c.late = max(c.newest, from.newest), max(c.late, from.late)
}
