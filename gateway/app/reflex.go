package app

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/modbus"
	"plantroom/gateway/reflex"
	"plantroom/gateway/sensor"
	"plantroom/gateway/source"
	"plantroom/gateway/source/serial"
	"plantroom/internal/mqttconn"
)

// Files of the reflexes, in the spool's directory.
const (
	reflexState  = "reflex.json"
	reflexSocket = "reflex.sock"
)

// Socket is where the orders of people on site go.
func Socket(cfg config.Config) string { return filepath.Join(cfg.Spool.Dir, reflexSocket) }

// reflexes is what of the reflexes runs. It outlives a reload: what is known of
// outputs must not depend on what else is exchanged.
type reflexes struct {
	runner *reflex.Runner // nil: the file has no outputs and no reflexes
	says   string         // their sections of the file
	stop   func()
	failed error                     // of the newest file
	pins   map[string]*sensor.Output // by pin and level; a line is opened once

	mu    sync.Mutex
	links map[string]*modbus.Link // by name
	lines map[string]*serial.Source
}

// moves reports whether a file has anything to do for the reflexes.
func moves(cfg config.Config) bool {
	return len(cfg.Outputs)+len(cfg.Reflexes) > 0
}

// moveBy is reflexesOf for what cannot be taken back: those from before go on.
func (a *App) moveBy(cfg config.Config) {
	if a.reflexes.failed = a.reflexesOf(cfg); a.reflexes.failed != nil {
		a.log.Error("the reflexes cannot be put to work; those from before go on", "error", a.reflexes.failed)
	}
}

// reflexesOf puts the reflexes of a file to work, or goes on with those that
// run.
func (a *App) reflexesOf(cfg config.Config) error {
	x := &a.reflexes
	if x.runner == nil && !moves(cfg) {
		return nil
	}
	b, err := json.Marshal([]any{cfg.Outputs, cfg.Reflexes, cfg.SelfTest})
	if err != nil || x.says == string(b) {
		return err
	}
	lines := a.outputs(cfg)
	if x.runner != nil {
		err = x.runner.Replace(cfg.Plan(), lines)
	} else {
		err = a.startReflexes(cfg, lines)
	}
	if err == nil {
		x.says = string(b)
	}
	return err
}

func (a *App) startReflexes(cfg config.Config, lines map[string]reflex.Line) error {
	binder, err := binding.New([]binding.Rule{{Match: "*"}}, nil)
	if err != nil {
		return err
	}
	door := intake.New(a.spool, binder)
	r, err := reflex.NewRunner(cfg.Plan(), lines, reflex.Options{
		Store: reflex.File(filepath.Join(cfg.Spool.Dir, reflexState)), Clock: a.clock.Wall, Logger: a.log,
		Sink: func(readings []plantroom.Reading, done func(error)) {
			samples, wall, now := make([]plantroom.Sample, len(readings)), a.clock.Wall(), a.clock.Now()
			for i, x := range readings {
				samples[i] = plantroom.Sample{Address: string(x.Device), Signal: x.Signal, Value: x.Value, At: now.Add(x.At.Sub(wall)), Quality: x.Quality} // on the gateway's clock, which may not be set
			}
			door.Take(plantroom.Message{Topic: "reflexes", Received: now}, samples, nil, done)
		},
	})
	if err != nil {
		return err
	}
	control, err := reflex.Listen(Socket(cfg), r, a.log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { r.Run(ctx) })
	all.Go(func() { control.Run(ctx) })
	a.reflexes.stop = func() { cancel(); all.Wait() }
	a.reflexes.runner = r
	a.heard.Store(r)
	return nil
}

// stopReflexes ends them, if they run.
func (a *App) stopReflexes() {
	if a.reflexes.stop != nil {
		a.reflexes.stop()
	}
}

// reach tells the outputs of the links and lines that run now.
func (x *reflexes) reach(parts []*part) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.links, x.lines = map[string]*modbus.Link{}, map[string]*serial.Source{}
	for _, p := range parts {
		switch {
		case p.link != nil:
			x.links[p.key] = p.link
		case p.line != nil:
			x.lines[p.key] = p.line
		}
	}
}

func (x *reflexes) link(name string) *modbus.Link {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.links["modbus/"+name]
}

func (x *reflexes) line(port string) *serial.Source {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lines["serial/"+port]
}

// outputs makes the lines of a file's outputs.
func (a *App) outputs(cfg config.Config) map[string]reflex.Line {
	lines := map[string]reflex.Line{}
	for i := range cfg.Outputs {
		o := cfg.Outputs[i]
		switch {
		case o.Pin != "":
			pin := a.wire(o)
			lines[o.Name] = func(_ context.Context, to reflex.Position) error { return pin.Set(o.On(to)) }
		case o.Modbus != nil:
			device := boardOf(cfg, *o.Modbus)
			lines[o.Name] = func(ctx context.Context, to reflex.Position) error { return a.coil(ctx, *o.Modbus, device, o.On(to)) }
		case o.Node != nil:
			lines[o.Name] = func(ctx context.Context, to reflex.Position) error {
				s := a.reflexes.line(o.Node.Port)
				if s == nil {
					return plantroom.Errorf(plantroom.CodeUnavailable, "the line %s is not open", o.Node.Port)
				}
				return s.Set(ctx, o.Node.Node, o.Node.Output, o.On(to))
			}
		}
	}
	return lines
}

func (a *App) wire(o config.Output) *sensor.Output {
	key := o.Pin + " " + o.Active
	if a.reflexes.pins == nil {
		a.reflexes.pins = map[string]*sensor.Output{}
	}
	if a.reflexes.pins[key] == nil {
		a.reflexes.pins[key] = sensor.NewOutput(sensor.OutputOptions{Pin: o.Pin, ActiveLow: o.Active == "low", Open: a.o.OpenPin})
	}
	return a.reflexes.pins[key]
}

// boardOf is the device that has a coil.
func boardOf(cfg config.Config, c config.Coil) plantroom.DeviceID {
	for _, m := range cfg.Modbus {
		for _, s := range m.Devices {
			if m.Name == c.Link && s.Unit == c.Unit {
				return s.Device
			}
		}
	}
	return ""
}

// coil writes a coil and reads it back: a relay that does not take what its
// board has confirmed is not seen by that, a board that was exchanged is.
func (a *App) coil(ctx context.Context, c config.Coil, device plantroom.DeviceID, on bool) error {
	l := a.reflexes.link(c.Link)
	if l == nil {
		return plantroom.Errorf(plantroom.CodeUnavailable, "the link %s is not open", c.Link)
	}
	if err := l.WriteCoil(ctx, device, c.Coil, on); err != nil {
		return err
	}
	is, err := l.ReadCoil(ctx, device, c.Coil)
	if _, refused := err.(modbus.Exception); refused {
		return nil // a board whose coils can only be written
	}
	if err == nil && is != on {
		return plantroom.Errorf(plantroom.CodeUnavailable, "coil %d of %s was confirmed, and reads otherwise", c.Coil, device)
	}
	return err
}

// coils are the outputs that a link may write, in its own terms.
func coils(m config.Modbus, drives []config.Coil) []modbus.Output {
	var out []modbus.Output
	for _, c := range drives {
		if i := slices.IndexFunc(m.Devices, func(s config.Slave) bool { return s.Unit == c.Unit }); i >= 0 {
			out = append(out, modbus.Output{Device: m.Devices[i].Device, Coil: c.Coil})
		}
	}
	return out
}

// quickly is how a link with outputs is opened again: nothing else is on it,
// so there is nobody to be spared.
var quickly = mqttconn.Backoff{First: 100 * time.Millisecond, Cap: time.Second}

// hear hands a reading to the reflexes.
func (a *App) hear(_ plantroom.Message, r plantroom.Reading) {
	if x := a.heard.Load(); x != nil {
		r.At = a.clock.WallOf(r.At)
		x.Observe(r)
	}
}

// hearNew is hear without what a broker has kept: it may be long over, and what
// has come after it is on its way. What is retained is the last word.
func (a *App) hearNew(m plantroom.Message, r plantroom.Reading) {
	if r.Quality != plantroom.EstimatedTime || m.Retained {
		a.hear(m, r)
	}
}

// tap puts the reflexes before a part's intake.
func (a *App) tap(p *part, in *intake.Intake, hear func(plantroom.Message, plantroom.Reading)) source.Intake {
	if !a.listening {
		return in
	}
	t := intake.NewTap(in, hear)
	p.taps = append(p.taps, t)
	return t
}

// ear makes a second subscription of a source for the reflexes alone. It is of
// another session, which acknowledges at once: what waits for the disk on the
// first one holds it up as little as a broker's bound on messages under way.
// A family that speaks has one only, since it can speak once.
func (a *App) ear(c config.Source, in *intake.Intake) (*source.Source, error) {
	f, err := a.family(c)
	if err != nil {
		return nil, err
	}
	o := c.Options
	o.ClientID += "-reflex"
	back := a.o.Backoff
	if back == (mqttconn.Backoff{}) {
		back = mqttconn.Backoff{First: 250 * time.Millisecond, Cap: 5 * time.Second}
	}
	return source.New(source.Options{Name: c.Name + "-reflex", Broker: o, Topics: f.topics, Decoder: f.decoder, Fleeting: true,
		Intake: shown{in, a.hear}, Clock: a.clock.At, Wall: a.clock.Wall, Backoff: back, Logger: a.log})
}

// shown is an intake that takes nothing in.
type shown struct {
	in   *intake.Intake
	hear func(plantroom.Message, plantroom.Reading)
}

// Take implements source.Intake.
func (s shown) Take(m plantroom.Message, samples []plantroom.Sample, _ error, done func(error)) {
	s.in.Show(m, samples, s.hear)
	if done != nil {
		done(nil)
	}
}
