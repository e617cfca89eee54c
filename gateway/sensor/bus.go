package sensor

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"periph.io/x/conn/v3/i2c"

	"plantroom"
)

// BusOptions describes one I²C bus and what hangs on it.
type BusOptions struct {
	Name   string // as periph names it; "": the first one
	Inputs []InputOptions
	Open   func(name string) (i2c.BusCloser, error)
	Sink   Sink
	Clock  Clock
	Logger *slog.Logger

	// Stuck is how long one transfer may take before all devices of the
	// bus are reported; 2 s. The kernel cannot be told to give up.
	Stuck time.Duration
}

// InputOptions describes one input of an ADS1115: exactly one of Rope and
// Distance.
type InputOptions struct {
	Device    plantroom.DeviceID
	Address   uint16 // of the converter; 0x48
	Channel   int    // 0 to 3
	Poll      time.Duration
	Heartbeat time.Duration
	Rope      *Rope
	Distance  *Distance
}

// Bus polls the devices on one I²C bus, one after the other, from one
// goroutine.
type Bus struct {
	o      BusOptions
	inputs []*input

	mu      sync.Mutex
	begun   time.Time // of the transfer under way; zero: none
	hanging bool
	free    map[*input]bool // bus_stuck=false is what was last said of it
}

// input is one input and what is known of it.
type input struct {
	InputOptions
	brk  breaker
	next time.Time // of the next poll
	beat time.Time // when it has to speak
	last string    // rope: as last reported
	seen string    // rope: as last measured
	runs int       // how often in a row
}

// NewBus makes a Bus.
func NewBus(o BusOptions) *Bus {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Stuck <= 0 {
		o.Stuck = 2 * time.Second
	}
	b := &Bus{o: o, free: make(map[*input]bool, len(o.Inputs))}
	for _, in := range o.Inputs {
		b.inputs = append(b.inputs, newInput(in))
	}
	return b
}

func newInput(o InputOptions) *input {
	if o.Address == 0 {
		o.Address = 0x48
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.Rope != nil {
		r := *o.Rope
		r.fill()
		o.Rope = &r
		if o.Poll <= 0 {
			o.Poll = defaultPoll
		}
	}
	if o.Distance != nil {
		d := *o.Distance
		d.fill()
		o.Distance = &d
		if o.Poll <= 0 {
			o.Poll = o.Heartbeat
		}
	}
	return &input{InputOptions: o}
}

// Run polls until ctx ends. A transfer that hangs in the kernel keeps the
// polling goroutine; Run returns all the same.
func (b *Bus) Run(ctx context.Context) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.poll(ctx)
	}()
	t := time.NewTicker(b.o.Stuck / 2)
	defer t.Stop()
	for {
		select {
		case <-ended:
			return
		case <-t.C:
			b.watch()
		case <-ctx.Done():
			select {
			case <-ended:
			case <-time.After(b.o.Stuck):
				b.o.Logger.Warn("a transfer on the bus does not end; it is left behind", "bus", b.o.Name)
			}
			return
		}
	}
}

// watch reports a transfer that hangs, once.
func (b *Bus) watch() {
	now := b.o.Clock()
	b.mu.Lock()
	hangs := !b.begun.IsZero() && now.Sub(b.begun) > b.o.Stuck && !b.hanging
	b.hanging = b.hanging || hangs
	b.mu.Unlock()
	if hangs {
		b.o.Logger.Error("the bus is stuck: a transfer does not end", "bus", b.o.Name, "hint", "a device may hold a line low; cut its power")
		b.allStuck(now)
	}
}

// allStuck reports every device of the bus as stuck.
func (b *Bus) allStuck(now time.Time) {
	for _, in := range b.inputs {
		b.reach(in, now, false)
	}
}

// reach reports whether a device answers. That it does is said at its first
// answer, also after a start, since a stuck of an earlier run may be what is
// known of it; that it does not, each time.
func (b *Bus) reach(in *input, now time.Time, answers bool) {
	b.mu.Lock()
	known := answers && b.free[in]
	b.free[in] = answers
	b.mu.Unlock()
	if !known {
		b.emit(in, now, stuck, plantroom.Bool(!answers), plantroom.Good)
	}
}

// poll opens the bus and reads each device when it is due.
func (b *Bus) poll(ctx context.Context) {
	bus := b.open(ctx)
	if bus == nil {
		return
	}
	defer func() { _ = bus.Close() }() // nothing was written that could be lost
	for ctx.Err() == nil {
		now := b.o.Clock()
		for _, in := range b.inputs {
			if ctx.Err() == nil && !now.Before(in.next) && in.brk.closed(now) {
				b.read(ctx, bus, in)
				in.next = now.Add(in.Poll)
			}
		}
		sleep(ctx, b.idle())
	}
}

// open opens the bus, again and again until it is there.
func (b *Bus) open(ctx context.Context) i2c.BusCloser {
	for tries := 0; ctx.Err() == nil; tries++ {
		bus, err := b.o.Open(b.o.Name)
		if err == nil {
			return bus
		}
		if tries == 0 {
			b.o.Logger.Error("the I²C bus cannot be opened; it is tried again", "bus", b.o.Name, "error", err,
				"hint", "the gateway's user has to be in the group i2c")
		}
		b.allStuck(b.o.Clock())
		sleep(ctx, longestWait/2)
	}
	return nil
}

// idle returns the time until the next device is due.
func (b *Bus) idle() time.Duration {
	now := b.o.Clock()
	wait := time.Second
	for _, in := range b.inputs {
		due := in.next
		if due.Before(in.brk.until) {
			due = in.brk.until
		}
		wait = min(wait, due.Sub(now))
	}
	return max(wait, time.Millisecond)
}

// read polls one device.
func (b *Bus) read(ctx context.Context, bus i2c.Bus, in *input) {
	converter := &adc{dev: i2c.Dev{Bus: bus, Addr: in.Address}, sleep: func(d time.Duration) { sleep(ctx, d) }}
	volts, err := b.measure(converter, in)
	now := b.o.Clock()
	if err != nil {
		if ctx.Err() == nil && in.brk.fail(now) {
			b.o.Logger.Error("a device on the bus does not answer; it is tried less often", "bus", b.o.Name, "device", in.Device, "error", err)
		}
		if in.brk.failed >= breakAfter {
			b.reach(in, now, false)
		}
		return
	}
	in.brk.ok()
	b.reach(in, now, true)
	b.judge(in, volts, now)
}

// measure returns the median of the conversions that the device wants.
func (b *Bus) measure(converter *adc, in *input) (float64, error) {
	n := 1
	if in.Distance != nil {
		n = in.Distance.Samples
	}
	defer b.transfer(time.Time{})
	volts := make([]float64, n)
	for i := range volts {
		b.transfer(b.o.Clock())
		var err error
		if volts[i], err = converter.volts(in.Channel); err != nil {
			return 0, err
		}
	}
	slices.Sort(volts)
	return volts[n/2], nil
}

// transfer notes the beginning of a transfer, or with zero the end of it.
func (b *Bus) transfer(at time.Time) {
	b.mu.Lock()
	b.begun = at
	freed := b.hanging
	b.hanging = false
	b.mu.Unlock()
	if freed {
		b.o.Logger.Info("the transfer on the bus has ended", "bus", b.o.Name)
	}
}

// judge makes a reading of a voltage where there is news, or a heartbeat due.
func (b *Bus) judge(in *input, volts float64, now time.Time) {
	if in.Distance != nil {
		m, q := in.Distance.metres(volts)
		b.emit(in, now, "distance_m", plantroom.Float(m), q)
		return
	}
	state := in.Rope.state(volts)
	if state != in.seen {
		in.seen, in.runs = state, 0
	}
	in.runs++
	if in.runs >= settle && state != in.last || in.last != "" && !now.Before(in.beat) {
		if in.runs >= settle {
			in.last = state
		}
		in.beat = now.Add(in.Heartbeat)
		b.emit(in, now, "state", plantroom.String(in.last), plantroom.Good)
	}
}

func (b *Bus) emit(in *input, at time.Time, signal string, v plantroom.Value, q plantroom.Quality) {
	b.o.Sink(b.o.Name, plantroom.Sample{Address: string(in.Device), Signal: signal, Value: v, At: plantroom.At(at), Quality: q})
}
