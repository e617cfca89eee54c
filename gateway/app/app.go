package app

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/sandbox"
	"plantroom/gateway/sensor"
	"plantroom/gateway/spool"
	"plantroom/gateway/uplink"
	"plantroom/internal/mqttconn"
	"plantroom/internal/yamldoc"
)

// Options is what does not come from the file.
type Options struct {
	Version string
	Logger  *slog.Logger // nil: silent

	// Reload asks for Load to be called and its result to be put to work.
	// nil: the file is not read again.
	Reload <-chan struct{}
	Load   func() (config.Config, error)

	// Ready is called once everything has been started, with the address
	// of the health page.
	Ready func(health string)

	OpenPin func(string) (gpio.PinIO, error)    // nil: this machine's
	OpenBus func(string) (i2c.BusCloser, error) // nil: this machine's
	Backoff mqttconn.Backoff                    // between connections; zero: the usual pace
	Sandbox sandbox.Options                     // what runs codecs
}

// App is a running gateway.
type App struct {
	o       Options
	log     *slog.Logger
	begun   time.Time
	spool   *spool.Spool
	streams []config.Stream // of readings, as the file had them at the start
	found   spool.Recovery
	sandbox *sandbox.Sandbox // runs the codecs of all sources

	mu    sync.Mutex
	cfg   config.Config
	parts []*part // changed by Run's goroutine only

	reloads, refused int // files put to work, and files found faulty
}

// Run runs a gateway until ctx ends, and returns nil then. An error means that
// it could not be started; everything that already was has been stopped.
func Run(ctx context.Context, cfg config.Config, o Options) error {
	var undo cleanUp
	defer undo.run()
	a, err := start(cfg, o, &undo)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			a.log.Info("gateway stops")
			return nil
		case <-o.Reload:
			a.reload()
		}
	}
}

// cleanUp is what has to be undone, last in, first out.
type cleanUp []func()

func (c *cleanUp) add(f func()) { *c = append(*c, f) }

func (c *cleanUp) run() {
	for i := len(*c) - 1; i >= 0; i-- {
		(*c)[i]()
	}
}

// start starts everything. It stops in the opposite order: first what brings
// readings, then the uplink, which drains the spool, then the spool.
func start(cfg config.Config, o Options, undo *cleanUp) (*App, error) {
	o.fill()
	a := &App{o: o, log: o.Logger, begun: time.Now(), cfg: cfg, streams: cfg.Spool.Streams}
	var err error
	a.spool, a.found, err = spool.Open(spool.Options{
		Dir: cfg.Spool.Dir, MaxBytes: int64(cfg.Spool.Max), Reserve: reserve(cfg.Spool), Linger: time.Duration(cfg.Spool.Linger), Logger: o.Logger,
	})
	if err != nil {
		return nil, err
	}
	undo.add(func() {
		if err := a.spool.Close(); err != nil {
			a.log.Error("the spool was not closed in order; it heals at the next start", "error", err)
		}
	})
	if o.Sandbox.Logger == nil {
		o.Sandbox.Logger = o.Logger
	}
	a.sandbox = sandbox.New(o.Sandbox)
	undo.add(a.sandbox.Close)
	undo.add(a.declareGaps())
	parts, err := a.build(cfg)
	if err != nil {
		return nil, err
	}
	addr, stop, err := a.serve(cfg.Health.Listen)
	if err != nil {
		return nil, err
	}
	undo.add(stop)
	undo.add(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		stopAll(a.parts)
	})
	for _, p := range parts {
		p.start()
	}
	a.mu.Lock()
	a.parts = parts
	a.mu.Unlock()
	a.log.Info("gateway runs", "gateway", cfg.Gateway, "estate", cfg.Estate, "version", o.Version, "parts", len(parts), "health", addr)
	o.Ready(addr)
	return a, nil
}

func (o *Options) fill() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Ready == nil {
		o.Ready = func(string) {}
	}
	if o.OpenPin == nil {
		o.OpenPin = sensor.OpenPin
	}
	if o.OpenBus == nil {
		o.OpenBus = sensor.OpenBus
	}
}

// reload puts a changed file to work. Everything that can fail comes first;
// then the parts that have changed are exchanged, and the others are not
// touched.
func (a *App) reload() {
	cfg, err := a.o.Load()
	if err == nil {
		err = a.fixed(cfg)
	}
	var fresh []*part
	if err == nil {
		fresh, err = a.build(cfg)
	}
	if err != nil {
		a.mu.Lock()
		a.refused++
		a.mu.Unlock()
		a.complain(err)
		return
	}
	stopped, started := exchange(a.parts, fresh)
	a.mu.Lock()
	a.parts, a.cfg = fresh, cfg
	a.reloads++
	a.mu.Unlock()
	a.log.Info("the file is at work", "parts_stopped", stopped, "parts_started", started)
}

// complain logs why a changed file is not put to work, a line for each fault.
func (a *App) complain(err error) {
	var faults yamldoc.Faults
	if !errors.As(err, &faults) {
		a.log.Error("the changed file cannot be used", "error", err)
	}
	for _, f := range faults {
		a.log.Error("a fault in the changed file", "file", f.File, "line", f.Line, "column", f.Col, "at", f.Path, "problem", f.Problem, "remedy", f.Remedy)
	}
	a.log.Error("the changed file is not put to work; the gateway goes on as before", "faults", max(len(faults), 1))
}

// fixed refuses changes that a running gateway cannot follow.
func (a *App) fixed(cfg config.Config) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range []struct {
		key  string
		same bool
	}{
		{"gateway", cfg.Gateway == a.cfg.Gateway},
		{"estate", cfg.Estate == a.cfg.Estate},
		{"spool", reflect.DeepEqual(cfg.Spool, a.cfg.Spool)},
		{"health", cfg.Health == a.cfg.Health},
	} {
		if !f.same {
			return plantroom.Errorf(plantroom.CodeConflict, "%s has changed, which needs a restart of the gateway", f.key)
		}
	}
	return nil
}

// exchange puts into fresh those running parts that have not changed, stops
// the others, and starts what is new.
func exchange(running, fresh []*part) (stopped, started int) {
	next := map[string]int{} // place in fresh
	for i, p := range fresh {
		next[p.key] = i
	}
	var old []*part
	for _, was := range running {
		i, stays := next[was.key]
		if stays && fresh[i].says == was.says {
			fresh[i] = was
			continue
		}
		old = append(old, was)
	}
	stopAll(old)
	for _, was := range old {
		if i, stays := next[was.key]; stays {
			fresh[i].follow(was)
		}
	}
	for _, p := range fresh {
		if p.ended == nil {
			p.start()
			started++
		}
	}
	return len(old), started
}

// uplinkStats finds the uplink's numbers.
func uplinkStats(parts []*part) uplink.Stats {
	for _, p := range parts {
		if p.uplink != nil {
			return p.uplink.Stats()
		}
	}
	return uplink.Stats{}
}
