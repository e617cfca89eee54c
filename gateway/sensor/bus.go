package sensor

import (
	"context"
	"log/slog"
	"slices"
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
	Sleep  Sleep
	Logger *slog.Logger

	// Stuck is how long one transfer may take before all devices of the
	// bus are reported; 2 s. The kernel cannot be told to give up.
	Stuck time.Duration
}

// InputOptions describes one input of a converter: exactly one of Rope and
// Distance on an ADS1115, or of Load on an NAU7802.
type InputOptions struct {
	Device    plantroom.DeviceID
	Address   uint16 // of the converter; 0x48, or 0x2a for a load
	Channel   int    // 0 to 3; of a load, 0 or 1
	Poll      time.Duration
	Heartbeat time.Duration
	Rope      *Rope
	Distance  *Distance
	Load      *Load
}

// Bus polls the devices on one I²C bus, one after the other, from one
// goroutine.
type Bus struct{ *poller }

// NewBus makes a Bus.
func NewBus(o BusOptions) *Bus {
	wire := &i2cWire{sleep: o.Sleep}
	if wire.sleep == nil {
		wire.sleep = sleep
	}
	b := &Bus{newPoller(line{
		name: o.Name, what: "the I²C bus", hint: "the gateway's user has to be in the group i2c",
		sink: o.Sink, clock: o.Clock, sleep: o.Sleep, logger: o.Logger, stuck: o.Stuck,
		open: func() (func(), error) {
			bus, err := o.Open(o.Name)
			if err != nil {
				return nil, err
			}
			wire.bus = bus
			return func() { _ = bus.Close() }, nil // nothing was written that could be lost
		},
	})}
	scales := map[uint16]*nau7802{}
	for _, in := range o.Inputs {
		in.fill()
		if in.Load == nil {
			b.add(in.Device, in.Poll, &input{InputOptions: in, wire: wire})
			continue
		}
		if scales[in.Address] == nil {
			scales[in.Address] = &nau7802{wire: wire, addr: in.Address, channel: -1}
		}
		b.add(in.Device, in.Poll, &i2cLoad{load: *in.Load, channel: in.Channel, chip: scales[in.Address]})
	}
	return b
}

func (o *InputOptions) fill() {
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	switch {
	case o.Load != nil:
		l := *o.Load
		l.fill()
		o.Load = &l
		if o.Address == 0 {
			o.Address = NAU7802Address
		}
	case o.Rope != nil:
		r := *o.Rope
		r.fill()
		o.Rope = &r
		if o.Poll <= 0 {
			o.Poll = defaultPoll
		}
	case o.Distance != nil:
		d := *o.Distance
		d.fill()
		o.Distance = &d
	}
	if o.Address == 0 {
		o.Address = ADS1115Address
	}
	if o.Poll <= 0 {
		o.Poll = o.Heartbeat
	}
}

// i2cWire is the bus while it is open. Only the polling goroutine uses it.
type i2cWire struct {
	bus   i2c.Bus
	sleep Sleep
}

func (w *i2cWire) dev(addr uint16) i2c.Dev { return i2c.Dev{Bus: w.bus, Addr: addr} }

// input is one input of an ADS1115 and what is known of it.
type input struct {
	InputOptions
	wire  *i2cWire
	volts float64
	beat  time.Time // when it has to speak
	last  string    // rope: as last reported
	seen  string    // rope: as last measured
	runs  int       // how often in a row
}

// ask measures the median of the conversions that the device wants.
func (in *input) ask(ctx context.Context, begin func()) error {
	converter := &adc{dev: in.wire.dev(in.Address), sleep: func(d time.Duration) { in.wire.sleep(ctx, d) }}
	n := 1
	if in.Distance != nil {
		n = in.Distance.Samples
	}
	volts := make([]float64, n)
	for i := range volts {
		begin()
		var err error
		if volts[i], err = converter.volts(in.Channel); err != nil {
			return err
		}
	}
	in.volts = median(volts)
	return nil
}

// tell makes a reading of the voltage where there is news, or a heartbeat due.
func (in *input) tell(now time.Time, say say) {
	if in.Distance != nil {
		m, q := in.Distance.metres(in.volts)
		say("distance_m", plantroom.Float(m), q)
		return
	}
	state := in.Rope.state(in.volts)
	if state != in.seen {
		in.seen, in.runs = state, 0
	}
	in.runs++
	if in.runs >= settle && state != in.last || in.last != "" && !now.Before(in.beat) {
		if in.runs >= settle {
			in.last = state
		}
		in.beat = now.Add(in.Heartbeat)
		say("state", plantroom.String(in.last), plantroom.Good)
	}
}

// median returns the middle of values, of two the greater one. It sorts them.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
