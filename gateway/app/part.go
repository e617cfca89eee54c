package app

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/devices"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/modbus"
	"plantroom/gateway/sensor"
	"plantroom/gateway/source"
	"plantroom/gateway/source/serial"
	"plantroom/gateway/uplink"
)

// part is something that runs: the uplink, a source, a pin, a bus or a link.
type part struct {
	key  string // what it is, as in source/zigbee
	says string // its section of the file, to see whether that has changed
	run  func(context.Context)

	// What the health page and a successor want to know of it.
	binder *binding.Binder
	intake *intake.Intake
	door   source.Intake // before intake, where the reflexes listen
	taps   []*intake.Tap
	ear    *source.Source // of an MQTT source, for the reflexes
	source *source.Source
	line   *serial.Source
	uplink *uplink.Uplink
	link   *modbus.Link
	listen *listen

	cancel context.CancelFunc
	ended  chan struct{}
}

func (p *part) start() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.ended = cancel, make(chan struct{})
	go func() {
		defer close(p.ended)
		p.runAll(ctx)
	}()
}

// runAll runs the part and what belongs to it. Its taps end last: they hold
// what the part has brought.
func (p *part) runAll(ctx context.Context) {
	taps, end := context.WithCancel(context.Background())
	var before, behind sync.WaitGroup
	for _, t := range p.taps {
		behind.Go(func() { t.Run(taps) })
	}
	if p.ear != nil {
		before.Go(func() { p.ear.Run(ctx) })
	}
	p.run(ctx)
	before.Wait()
	end()
	behind.Wait()
}

// follow goes on from a part that this one replaces.
func (p *part) follow(was *part) {
	if p.binder != nil && was.binder != nil {
		p.binder.Continue(was.binder)
	}
	if p.listen != nil && was.listen != nil {
		p.listen.follow(was.listen)
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
	a.listening = moves(cfg)
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
	if cfg.Listen != nil {
		p, err := a.listen(cfg.Listen)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	for _, c := range cfg.Pins {
		p, err := a.pin(c)
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
	for _, m := range cfg.Modbus {
		p, err := a.link(m, cfg.Drives(m.Name))
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	more, err := a.wired(cfg)
	return append(parts, more...), err
}

// newPart makes a part of a section of the file; with a binder where it brings
// readings.
func (a *App) newPart(key string, section any, b *binding.Binder) (*part, error) {
	says, err := json.Marshal(section)
	p := &part{key: key, says: string(says), binder: b}
	if b != nil {
		p.intake = intake.New(a.gate(key), b)
		p.door = a.tap(p, p.intake, a.hear)
	}
	if a.listening && key != "uplink" {
		p.says += " before reflexes"
	}
	return p, err
}

func (a *App) uplink(cfg config.Config) (*part, error) {
	u, err := uplink.New(uplink.Options{
		Broker: cfg.Uplink.Options, Estate: cfg.Estate, Gateway: cfg.Gateway, Version: a.o.Version, Spool: a.spool, Times: a.clock,
		Window: cfg.Uplink.Window, Linger: time.Duration(cfg.Uplink.Linger), Backoff: a.o.Backoff, Errand: a.errand(), Room: a.room, Logger: a.log,
	})
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("uplink", cfg.Uplink, nil)
	p.uplink, p.run = u, u.Run
	return p, err
}

// room is how full the spool is, as the services are told.
func (a *App) room() wire.Spool {
	s := a.spool.Stats()
	return wire.Spool{Used: uint64(max(s.Bytes, 0)), Limit: uint64(max(s.MaxBytes, 0)), Clock: clockWord(a.clock.Stats().State)}
}

func (a *App) source(c config.Source) (*part, error) {
	f, err := a.family(c)
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("source/"+c.Name, c, f.binder)
	if err != nil {
		return nil, err
	}
	if _, speaks := f.decoder.(plantroom.Speaker); speaks {
		p.taps = nil
		p.door = a.tap(p, p.intake, a.hearNew)
	} else if a.listening {
		p.taps, p.door = nil, p.intake
		if p.ear, err = a.ear(c, p.intake); err != nil {
			return nil, err
		}
	}
	p.source, err = source.New(source.Options{
		Name: c.Name, Broker: c.Options, Topics: f.topics, Decoder: f.decoder, Intake: p.door,
		Clock: a.clock.At, Wall: a.clock.Wall, Backoff: a.o.Backoff, Logger: a.log,
	})
	if err != nil {
		return nil, err
	}
	p.run = p.source.Run
	return p, nil
}

// spoken is what a source of the file makes of messages.
type spoken struct {
	topics  []string
	decoder plantroom.Decoder
	binder  *binding.Binder
}

func (a *App) family(c config.Source) (spoken, error) {
	f, err := devices.ByName(c.Family)
	if err != nil {
		return spoken{}, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return spoken{}, err
	}
	o := devices.Options{Prefix: c.Prefix, FullTopic: c.FullTopic, Zone: zone, Models: c.Models, Codecs: a.codecs(c.Codecs), Host: c.Host}
	s := spoken{topics: c.Topics, decoder: f.New(o)}
	if len(s.topics) == 0 {
		s.topics = f.Topics(o)
	}
	s.binder, err = binding.New(c.Devices, c.Ignore)
	return s, err
}

// codecs makes the payload decoders that a source's section brings along.
func (a *App) codecs(section map[string]*config.Codec) map[string]plantroom.PayloadDecoder {
	out := make(map[string]plantroom.PayloadDecoder, len(section))
	for key, c := range section {
		out[key] = codec.New(c.Program, c.Map, a.sandbox.Run).Decode
	}
	return out
}

// sink makes a sensor's way into the spool. A sensor keeps nothing: what the
// spool cannot take now is gone, and the next heartbeat says it again.
func (a *App) sink(p *part) sensor.Sink {
	return func(from string, samples ...plantroom.Sample) {
		m := plantroom.Message{Topic: from, Received: a.clock.At(time.Now())}
		p.door.Take(m, a.placed(samples), nil, func(err error) {
			if err != nil {
				a.log.Error("a reading of a wired sensor is lost", "from", from, "error", err)
			}
		})
	}
}

// wired makes the binder of devices whose samples carry the device id.
func wired(rules ...binding.Rule) (*binding.Binder, error) { return binding.New(rules, nil) }

func (a *App) contact(c config.Pin) (*part, error) {
	binder, err := wired(binding.Rule{Address: string(c.Device), Map: c.Map, Interval: beat(c.Heartbeat)})
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
		rules = append(rules, binding.Rule{Address: string(in.Device), Map: in.Map, Interval: max(beat(in.Heartbeat), in.Poll)})
		inputs = append(inputs, sensor.InputOptions{
			Device: in.Device, Address: in.Address, Channel: in.Channel, Poll: time.Duration(in.Poll),
			Heartbeat: time.Duration(in.Heartbeat), Rope: in.Rope, Distance: in.Distance, Load: in.Load,
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
