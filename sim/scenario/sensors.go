package scenario

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/sensor"
	"plantroom/sim/device"
)

// bench is what hangs on a gateway's pins and buses, with or without power.
type bench struct {
	contacts map[string]*device.Contact // by pin
	ropes    map[plantroom.DeviceID]*device.Rope
	buses    map[string]device.Bus // by name
}

// newBench makes the contacts, open, and the ropes, whole and dry, of a file.
// Counters and other sensors are not played.
func newBench(c config.Config) bench {
	b := bench{map[string]*device.Contact{}, map[plantroom.DeviceID]*device.Rope{}, map[string]device.Bus{}}
	for _, p := range c.Pins {
		b.contacts[p.Pin] = device.NewContact()
	}
	for _, bus := range c.Buses {
		b.buses[bus.Name] = device.Bus{}
		for i := range bus.Devices {
			in := &bus.Devices[i]
			if in.Rope == nil {
				continue
			}
			// Where the file says nothing: docs/gateway.md.
			b.ropes[in.Device] = &device.Rope{SupplyVolt: cmp.Or(in.Rope.SupplyVolt, 3.3), SeriesOhm: cmp.Or(in.Rope.SeriesOhm, 10_000), EndOhm: cmp.Or(in.Rope.EndOhm, 4_700)}
			if b.buses[bus.Name][in.At()] == nil {
				b.buses[bus.Name][in.At()] = &device.ADC{}
			}
			b.connect(bus.Name, in)
		}
	}
	return b
}

// connect brings a rope's volts to its input.
func (b bench) connect(bus string, in *config.Input) {
	b.buses[bus][in.At()].Volts[in.Channel] = b.ropes[in.Device].Volts()
}

// watch is a pin or a bus of a gateway that has power: the gateway's own loop,
// played in turns.
type watch struct {
	turns  *device.Turns
	intake *intake.Intake
	heard  []heard
}

func newWatch(now plantroom.Instant, rules []binding.Rule, spool intake.Spool, loop func(context.Context, *watch)) (*watch, error) {
	binder, err := binding.New(rules, nil)
	if err != nil {
		return nil, err
	}
	w := &watch{intake: intake.New(spool, binder)}
	w.turns = device.NewTurns(now.Time(), func(ctx context.Context, _ *device.Turns) { loop(ctx, w) })
	return w, nil
}

// sink is where the gateway's sensors put what they read.
func (w *watch) sink(from string, samples ...plantroom.Sample) {
	w.heard = append(w.heard, heard{m: plantroom.Message{Topic: from, Received: plantroom.At(w.turns.Now())}, samples: samples})
}

// until lets time pass, and hands over what was read.
func (w *watch) until(now plantroom.Instant, taken receipts) {
	w.turns.Until(now.Time())
	for _, h := range w.heard {
		w.intake.Take(h.m, h.samples, nil, taken())
	}
	w.heard = nil
}

// watches makes the pins and buses of a file.
func (b bench) watches(now plantroom.Instant, c config.Config, spool intake.Spool) (out []*watch, err error) {
	for _, p := range c.Pins {
		if p.Count != nil {
			continue
		}
		w, err := newWatch(now, []binding.Rule{{Address: string(p.Device), Map: p.Map}}, spool, func(ctx context.Context, w *watch) { b.contact(ctx, p, w) })
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	for _, bus := range c.Buses {
		var rules []binding.Rule
		var inputs []sensor.InputOptions
		for _, in := range bus.Devices {
			if in.Rope == nil {
				continue
			}
			rules = append(rules, binding.Rule{Address: string(in.Device), Map: in.Map})
			inputs = append(inputs, sensor.InputOptions{Device: in.Device, Address: in.Address, Channel: in.Channel, Poll: time.Duration(in.Poll), Heartbeat: time.Duration(in.Heartbeat), Rope: in.Rope})
		}
		w, err := newWatch(now, rules, spool, func(ctx context.Context, w *watch) {
			sensor.NewBus(sensor.BusOptions{Name: bus.Name, Inputs: inputs, Open: func(name string) (i2c.BusCloser, error) { return b.buses[name], nil },
				Sink: w.sink, Clock: w.turns.Now, Sleep: w.turns.Sleep}).Poll(ctx)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// contact is the gateway's loop about one contact.
func (b bench) contact(ctx context.Context, p config.Pin, w *watch) {
	low := p.Active == "low"
	sensor.NewContact(sensor.ContactOptions{
		Device: p.Device, Pin: p.Pin, ActiveLow: low, Debounce: time.Duration(p.Debounce), Heartbeat: time.Duration(p.Heartbeat),
		Open: func(name string) (gpio.PinIO, error) { return b.contacts[name].Wire(w.turns, low), nil },
		Sink: w.sink, Clock: w.turns.Now, Sleep: w.turns.Sleep,
	}).Run(ctx)
}

// The acts on wired sensors.
type (
	// ContactAct closes or opens a contact.
	ContactAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Pin     string              `json:"pin"`
		Closed  bool                `json:"closed"`
		Bounces int                 `json:"bounces"`
	}
	// RopeAct is what water or a pair of pliers does to a rope.
	RopeAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Device  plantroom.DeviceID  `json:"device"`
		Leak    float64             `json:"leak_ohm"` // 0: it is dry
		Cut     bool                `json:"cut"`
	}
)

func (p *play) contact(a *ContactAct) (string, error) {
	s, err := p.site(a.Gateway)
	if err != nil {
		return "", err
	}
	c := s.bench.contacts[a.Pin]
	if c == nil {
		return "", plantroom.Errorf(plantroom.CodeNotFound, "gateway %s has no pin %q", a.Gateway, a.Pin)
	}
	for _, w := range s.watches { // so that each is where it would be at this moment
		w.turns.Until(p.now.Time())
	}
	c.Set(p.now.Time(), a.Closed, 2*a.Bounces)
	return fmt.Sprintf("the contact on %s %s", a.Pin, map[bool]string{true: "closes", false: "opens"}[a.Closed]), nil
}

func (p *play) rope(a *RopeAct) (string, error) {
	s, err := p.site(a.Gateway)
	if err != nil {
		return "", err
	}
	for _, bus := range s.file.Buses {
		i := slices.IndexFunc(bus.Devices, func(in config.Input) bool { return in.Device == a.Device && in.Rope != nil })
		if i < 0 {
			continue
		}
		r := s.bench.ropes[a.Device]
		r.LeakOhm, r.Cut = a.Leak, a.Cut
		s.bench.connect(bus.Name, &bus.Devices[i])
		return fmt.Sprintf("the rope of %s has %.2f V at its head", a.Device, r.Volts()), nil
	}
	return "", plantroom.Errorf(plantroom.CodeNotFound, "gateway %s has no rope %q", a.Gateway, a.Device)
}
