package sensor

import (
	"context"
	"log/slog"
	"math"
	"time"

	"plantroom"
	"plantroom/gateway/sensor/gpioline"
)

// EdgeLine is a GPIO line that reports its edges, as gpioline.Line does.
type EdgeLine interface {
	Wait(timeout time.Duration, into []gpioline.Edge) ([]gpioline.Edge, error)
	Active() (bool, error)
	Now() time.Duration // the clock of the edges
	Close() error
}

// Count says what pulses are worth.
type Count struct {
	Signal   string  `json:"signal,omitempty"`    // pulses
	PerPulse float64 `json:"per_pulse,omitempty"` // in the signal's unit; 1
	Start    float64 `json:"start,omitempty"`     // what the meter's display shows at the first start; another number begins anew
	MaxPerS  float64 `json:"max_per_s,omitempty"` // the most pulses in a second; 1 ÷ (2 × debounce), at most MostPulses
}

// MostPulses is the greatest rate that a counter may be given, in pulses a
// second. At that, with two edges for each, half of what maxEdges promises is
// left for bounce.
const MostPulses = 100

// fastDebounce is how long a pulse and a pause have to be where nothing is
// said. An S0 output gives 30 ms and more (EN 62053-31, second hand), a reed
// contact on a water meter longer ones.
const fastDebounce = 10 * time.Millisecond

func (c *Count) fill(debounce time.Duration) {
	if c.Signal == "" {
		c.Signal = "pulses"
	}
	set(&c.PerPulse, 1)
	set(&c.MaxPerS, min(MostPulses, fastest(debounce)))
}

// fastest is the greatest rate of pulses and pauses that debounce lets pass.
func fastest(debounce time.Duration) float64 { return 0.5 / debounce.Seconds() }

// Check reports what cannot be, once the defaults are filled in.
func (c Count) Check(debounce time.Duration) error {
	if debounce == 0 {
		debounce = fastDebounce
	}
	c.fill(debounce)
	switch {
	case debounce < time.Millisecond:
		return invalid("use at least 1ms", "a debounce of %v is shorter than what can be promised", debounce)
	case c.MaxPerS > MostPulses:
		return invalid("divide them by a counter in hardware", "%v pulses a second are more than the %v that are promised to be seen", c.MaxPerS, MostPulses)
	case c.MaxPerS > fastest(debounce):
		return invalid("give a shorter debounce, or a smaller max_per_s", "with a debounce of %v no more than %.3g pulses a second are seen", debounce, fastest(debounce))
	case c.PerPulse < 0 || c.Start < 0:
		return invalid("give numbers above 0", "a total only grows")
	}
	return nil
}

// CounterOptions describes a counter of pulses on a GPIO line.
type CounterOptions struct {
	Device    plantroom.DeviceID
	Pin       string
	Count     Count
	Debounce  time.Duration // the shortest pulse, and the shortest pause; 10 ms
	Heartbeat time.Duration // the total is kept and reported as often; 1 min
	File      string        // where the total is kept; its directory is made
	Open      func() (EdgeLine, error)
	Sink      Sink
	Clock     Clock
	Logger    *slog.Logger
}

// Counter counts the pulses of a water or energy meter. At each heartbeat, and
// when it ends, it writes its total to disk where that has grown, and then
// reports it: what was reported is never taken back. A power cut loses the
// pulses since the last heartbeat; the first reading after it is Suspect.
//
// A reading is Suspect as well where its heartbeat had more pulses in a second
// than the stated maximum, more edges than can be promised to be seen, or
// edges that the kernel had to drop; and where the total could not be written.
//
// It also emits counter_reset, at each start: true where the total has begun
// anew at Count.Start (the file is missing or damaged, or start or signal have
// changed in the gateway's file), so that a total that goes backwards is never
// without it. And bus_stuck, as a contact does.
type Counter struct {
	o       CounterOptions
	total   total
	written total
	doubt   bool // the next reading is Suspect
	failed  bool // the line cannot be used, and this was logged
	unkept  bool // the total cannot be written, and this was logged
}

// NewCounter makes a Counter.
func NewCounter(o CounterOptions) *Counter {
	if o.Debounce <= 0 {
		o.Debounce = fastDebounce
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Count.fill(o.Debounce)
	return &Counter{o: o, total: total{Signal: o.Count.Signal, PerPulse: o.Count.PerPulse, Start: o.Count.Start}}
}

// Run counts until ctx ends.
func (c *Counter) Run(ctx context.Context) {
	c.begin()
	for ctx.Err() == nil {
		l, err := c.o.Open()
		if err == nil {
			c.failed = false
			c.emit(stuck, plantroom.Bool(false), plantroom.Good)
			err = c.watch(ctx, l)
			_ = l.Close() // nothing is left to wait for
		}
		if ctx.Err() != nil {
			break
		}
		if !c.failed {
			c.o.Logger.Error("a counter's line cannot be used; it is tried again", "device", c.o.Device, "pin", c.o.Pin, "error", err)
		}
		c.failed, c.doubt = true, true
		c.emit(stuck, plantroom.Bool(true), plantroom.Good)
		sleep(ctx, firstPause)
	}
	c.keep(true)
}

// begin goes on from the file. That it is written at once shows early whether
// it can be, and says of this run that it may end without a word.
func (c *Counter) begin() {
	was, err := readTotal(c.o.File)
	if err != nil {
		c.o.Logger.Error("a counter's total cannot be read; it begins anew", "device", c.o.Device, "file", c.o.File, "error", err)
	}
	how := c.total.follow(was)
	c.doubt = how != goesOn
	if how == unclean {
		c.o.Logger.Warn("the gateway was not stopped in order: pulses since the last heartbeat are not in a counter's total", "device", c.o.Device, "total", c.total.value())
	}
	c.emit("counter_reset", plantroom.Bool(how == anew), plantroom.Good)
	c.keep(false)
}

// watch counts until ctx ends, or the line does.
func (c *Counter) watch(ctx context.Context, l EdgeLine) error {
	active, err := l.Active()
	if err != nil {
		return err
	}
	t := newTally(c.o.Debounce, c.o.Count.MaxPerS, active, l.Now())
	edges := make([]gpioline.Edge, 0, 64)
	beat := c.o.Clock()
	defer func() { // what came while nobody waited
		now := l.Now()
		if edges, err := l.Wait(time.Millisecond, edges[:0]); err == nil {
			t.batch(edges, now)
		}
		c.add(t)
	}()
	for ctx.Err() == nil {
		if now := c.o.Clock(); !now.Before(beat) {
			c.add(t)
			c.report()
			beat = now.Add(c.o.Heartbeat)
		}
		wait := min(pollEvery, max(beat.Sub(c.o.Clock()), time.Millisecond))
		now := l.Now()
		if edges, err = l.Wait(wait, edges[:0]); err != nil {
			return err
		}
		t.batch(edges, now)
	}
	return nil
}

// add takes what was counted into the total.
func (c *Counter) add(t *tally) {
	pulses, f := t.take()
	c.total.Pulses += pulses
	if f.any() {
		c.doubt = true
		c.o.Logger.Warn("a counter may be wrong", "device", c.o.Device, "too_fast", f.Fast, "noisy", f.Noisy, "edges_lost", f.Lost,
			"hint", "more pulses in a second than max_per_s, or a contact that bounces for too long")
	}
}

// keep writes the total, where it is not written already.
func (c *Counter) keep(clean bool) bool {
	c.total.Clean = clean
	if c.total == c.written {
		return true
	}
	if err := writeTotal(c.o.File, c.total); err != nil {
		if !c.unkept {
			c.o.Logger.Error("a counter's total is not safe", "device", c.o.Device, "error", totalFault(c.o.File, err))
		}
		c.unkept = true
		return false
	}
	c.unkept, c.written = false, c.total
	return true
}

// report keeps the total and says it.
func (c *Counter) report() {
	q := plantroom.Good
	if !c.keep(false) || c.doubt {
		q = plantroom.Suspect
	}
	c.doubt = false
	if v := c.total.value(); !math.IsInf(v, 0) {
		c.emit(c.o.Count.Signal, plantroom.Float(v), q)
	}
}

func (c *Counter) emit(signal string, v plantroom.Value, q plantroom.Quality) {
	c.o.Sink(c.o.Pin, plantroom.Sample{Address: string(c.o.Device), Signal: signal, Value: v, At: plantroom.At(c.o.Clock()), Quality: q})
}
