package app

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/sensor"
	"plantroom/gateway/source"
	"plantroom/gateway/source/serial"
	"plantroom/gateway/uplink"
)

// part is something that runs: the uplink, a source, a pin or a bus.
type part struct {
	key  string // what it is, as in source/zigbee
	says string // its section of the file, to see whether that has changed
	run  func(context.Context)

	// What the health page and a successor want to know of it.
	binder *binding.Binder
	intake *intake.Intake
	source *source.Source
	line   *serial.Source
	uplink *uplink.Uplink

	cancel context.CancelFunc
	ended  chan struct{}
}

func (p *part) start() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.ended = cancel, make(chan struct{})
	go func() {
		defer close(p.ended)
		p.run(ctx)
	}()
}

// follow goes on from a part that this one replaces.
func (p *part) follow(was *part) {
	if p.binder != nil && was.binder != nil {
		p.binder.Continue(was.binder)
	}
}

// stopAll stops parts: first all that bring readings, together, then the
// uplink, so that it can drain what they brought.
func stopAll(parts []*part) {
	stop := func(uplinks bool) {
		var wait sync.WaitGroup
		for _, p := range parts {
			if (p.uplink != nil) == uplinks {
				wait.Go(func() {
					p.cancel()
					<-p.ended
				})
			}
		}
		wait.Wait()
	}
	stop(false)
	stop(true)
}

// build makes the parts that a file describes, and starts none.
func (a *App) build(cfg config.Config) ([]*part, error) {
	up, err := a.uplink(cfg)
	if err != nil {
		return nil, err
	}
	parts := []*part{up}
	for i := range cfg.MQTT {
		p, err := a.source(cfg.MQTT[i])
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	for _, c := range cfg.Serial {
		p, err := a.line(c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	for _, c := range cfg.Pins {
		p, err := a.contact(c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	for _, b := range cfg.Buses {
		p, err := a.bus(b)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// newPart makes a part of a section of the file; with a binder where it brings
// readings.
func (a *App) newPart(key string, section any, b *binding.Binder) (*part, error) {
	says, err := json.Marshal(section)
	p := &part{key: key, says: string(says), binder: b}
	if b != nil {
		p.intake = intake.New(a.spool, b)
	}
	return p, err
}

func (a *App) uplink(cfg config.Config) (*part, error) {
	u, err := uplink.New(uplink.Options{
		Broker: cfg.Uplink.Options, Estate: cfg.Estate, Gateway: cfg.Gateway, Version: a.o.Version, Spool: a.spool,
		Window: cfg.Uplink.Window, Linger: time.Duration(cfg.Uplink.Linger), Backoff: a.o.Backoff, Logger: a.log,
	})
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("uplink", cfg.Uplink, nil)
	p.uplink, p.run = u, u.Run
	return p, err
}

func (a *App) source(c config.Source) (*part, error) {
	family, err := devices.ByName(c.Family)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, err
	}
	binder, err := binding.New(c.Devices, c.Ignore)
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("source/"+c.Name, c, binder)
	if err != nil {
		return nil, err
	}
	o := devices.Options{Prefix: c.Prefix, Zone: zone, Models: c.Models}
	topics := c.Topics
	if len(topics) == 0 {
		topics = family.Topics(o)
	}
	p.source, err = source.New(source.Options{
		Name: c.Name, Broker: c.Options, Topics: topics, Decoder: family.New(o), Intake: p.intake, Backoff: a.o.Backoff, Logger: a.log,
	})
	if err != nil {
		return nil, err
	}
	p.run = p.source.Run
	return p, nil
}

// sink makes a sensor's way into the spool. A sensor keeps nothing: what the
// spool cannot take now is gone, and the next heartbeat says it again.
func (a *App) sink(p *part) sensor.Sink {
	return func(from string, samples ...plantroom.Sample) {
		m := plantroom.Message{Topic: from, Received: plantroom.At(time.Now())}
		p.intake.Take(m, samples, nil, func(err error) {
			if err != nil {
				a.log.Error("a reading of a wired sensor is lost", "from", from, "error", err)
			}
		})
	}
}

// wired makes the binder of devices whose samples carry the device id.
func wired(rules ...binding.Rule) (*binding.Binder, error) { return binding.New(rules, nil) }

func (a *App) contact(c config.Pin) (*part, error) {
	binder, err := wired(binding.Rule{Address: string(c.Device), Map: c.Map})
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("pin/"+string(c.Device), c, binder)
	contact := sensor.NewContact(sensor.ContactOptions{
		Device: c.Device, Pin: c.Pin, Pull: pull(c.Pull), ActiveLow: c.Active == "low",
		Debounce: time.Duration(c.Debounce), Heartbeat: time.Duration(c.Heartbeat),
		Open: a.o.OpenPin, Sink: a.sink(p), Logger: a.log,
	})
	p.run = contact.Run
	return p, err
}

func pull(s string) gpio.Pull {
	switch s {
	case "up":
		return gpio.PullUp
	case "down":
		return gpio.PullDown
	case "none":
		return gpio.Float
	}
	return gpio.PullNoChange
}

func (a *App) bus(c config.Bus) (*part, error) {
	var rules []binding.Rule
	var inputs []sensor.InputOptions
	for _, in := range c.Devices {
		rules = append(rules, binding.Rule{Address: string(in.Device), Map: in.Map})
		inputs = append(inputs, sensor.InputOptions{
			Device: in.Device, Address: in.Address, Channel: in.Channel, Poll: time.Duration(in.Poll),
			Heartbeat: time.Duration(in.Heartbeat), Rope: in.Rope, Distance: in.Distance,
		})
	}
	binder, err := wired(rules...)
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("bus/"+c.Name, c, binder)
	bus := sensor.NewBus(sensor.BusOptions{Name: c.Name, Inputs: inputs, Open: a.o.OpenBus, Sink: a.sink(p), Logger: a.log})
	p.run = bus.Run
	return p, err
}
