package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/clock"
	"plantroom/gateway/reflex"
	"plantroom/gateway/remote"
	"plantroom/gateway/sandbox"
	"plantroom/gateway/sensor"
	"plantroom/gateway/sensor/gpioline"
	"plantroom/gateway/spool"
	"plantroom/gateway/uplink"
	"plantroom/internal/mqttconn"
	"plantroom/internal/sdnotify"
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
	Sys     fs.FS                               // of thermometers and load cells; nil: this machine's /sys
	// OpenEdges opens a line of pulses. nil: this machine's.
	OpenEdges func(string, gpioline.Options) (sensor.EdgeLine, error)
	Kernel    clock.Kernel       // tells the time; nil: this machine's
	Backoff   mqttconn.Backoff   // between connections; zero: the usual pace
	Sandbox   sandbox.Options    // what runs codecs
	Manager   *sdnotify.Notifier // the service manager; nil: there is none
}

// App is a running gateway.
type App struct {
	o       Options
	log     *slog.Logger
	begun   time.Time
	spool   *spool.Spool
	streams []config.Stream // of readings, as the file had them at the start
	found   spool.Recovery
	clock   *clock.Clock
	sandbox *sandbox.Sandbox // runs the codecs of all sources

	mu    sync.Mutex
	own   config.Config // the gateway's own file; used by Run's goroutine only
	cfg   config.Config // what is at work: own, or what the services have sent
	parts []*part       // changed by Run's goroutine only

	reloads, refused int // files put to work, and files found faulty

	turned   atomic.Int64 // when Run's loop has last turned, after begun
	stopping atomic.Bool

	remote *remote.Keeper // nil: no configurations from the services
	sent   chan []byte    // the newest of them

	reflexes  reflexes
	heard     atomic.Pointer[reflex.Runner] // whom readings are shown
	listening bool                          // while parts are built: the file has reflexes
}

// Run runs a gateway until ctx ends, and returns nil then. An error means that
// it could not be started; everything that already was has been stopped.
func Run(ctx context.Context, cfg config.Config, o Options) error {
	var undo cleanUp
	stop := func() {}
	defer func() {
		undo.run()
		stop() // last, for the manager watches the end, too
	}()
	a, err := start(cfg, o, &undo)
	if err != nil {
		return err
	}
	a.turns(0)
	a.tell(o.Manager.Ready(a.summary()))
	stop = a.manager()
	tick := time.NewTicker(turnPace)
	defer tick.Stop()
	look, seen := a.looks()
	defer seen()
	for {
		select {
		case <-ctx.Done():
			a.log.Info("gateway stops")
			a.stopping.Store(true)
			a.tell(o.Manager.Stopping())
			return nil
		case <-o.Reload:
			a.turns(maxReload)
			a.tell(o.Manager.Reloading())
			a.reload()
			a.tell(o.Manager.Ready(a.summary()))
			a.turns(0)
		case message := <-a.sent:
			a.turns(maxReload)
			a.remote.Offer(a, message)
			a.turns(0)
		case <-look:
			a.turns(maxReload)
			a.remote.Look(a)
			a.turns(0)
		case <-tick.C:
			a.turns(0)
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
	a := &App{o: o, log: o.Logger, begun: time.Now(), own: cfg, cfg: cfg, streams: cfg.Spool.Streams}
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
	a.startClock(undo)
	if o.Sandbox.Logger == nil {
		o.Sandbox.Logger = o.Logger
	}
	a.sandbox = sandbox.New(o.Sandbox)
	undo.add(a.sandbox.Close)
	undo.add(a.declareGaps())
	undo.add(a.stopReflexes)
	if err := a.openRemote(); err != nil {
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
	if err := a.begin(); err != nil {
		return nil, err
	}
	if err := a.reflexes.failed; err != nil {
		return nil, err
	}
	a.log.Info("gateway runs", "gateway", cfg.Gateway, "estate", cfg.Estate, "version", o.Version, "parts", len(a.parts), "health", addr)
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
	if o.OpenEdges == nil {
		o.OpenEdges = func(name string, o gpioline.Options) (sensor.EdgeLine, error) { return gpioline.Open(name, o) }
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
	if err == nil {
		err = a.follow(cfg)
	}
	if err != nil {
		a.mu.Lock()
		a.refused++
		a.mu.Unlock()
		a.complain(err)
		return
	}
	a.mu.Lock()
	a.reloads++
	a.mu.Unlock()
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
	for _, f := range []struct {
		key  string
		same bool
	}{
		{"gateway", cfg.Gateway == a.own.Gateway},
		{"estate", cfg.Estate == a.own.Estate},
		{"spool", reflect.DeepEqual(cfg.Spool, a.own.Spool)},
		{"health", cfg.Health == a.own.Health},
		{"remote", reflect.DeepEqual(cfg.Remote, a.own.Remote)},
		{"clock", cfg.Clock.Same(a.own.Clock)},
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
