package reflex

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"plantroom"
)

// Options says how a Runner works.
type Options struct {
	Store Store
	// Sink puts readings on their way; done is called once they are on disk,
	// or cannot be. It may wait for the disk.
	Sink   func(readings []plantroom.Reading, done func(error))
	Clock  func() plantroom.Instant // the time of day, or the best guess at it; nil: the system's
	Logger *slog.Logger             // nil: silent
}

const (
	beat       = 250 * time.Millisecond // between two looks at the time
	again      = 2 * time.Second        // after a disk that did not take something
	stopWithin = time.Second            // for all lines together
	jump       = 2 * time.Second        // by which the wall clock has to be off for the clock to be set
	batch      = 64                     // readings that are put on their way together
)

// Runner runs a Core: it drives lines, keeps the state, and puts readings on
// their way. Its methods may be called from any goroutine.
type Runner struct {
	o     Options
	log   *slog.Logger
	watch atomic.Pointer[map[key]bool] // what the plan depends on; nil: nothing

	mu      sync.Mutex
	core    *Core
	workers map[string]*worker
	ctx     context.Context // of the workers; nil: Run has not begun
	running sync.WaitGroup
	base    time.Time         // of the steady clock,
	zero    plantroom.Instant // and what it showed then
	kept    uint64            // the version that the store has
	keeping chan struct{}     // closed and replaced when kept grows
	fault   error             // of the store
	old     uint64            // readings that came too late to count
	lost    string            // what was wrong with the state at the start

	changed chan struct{} // there is something to keep; buffered
	unsent  chan struct{} // there is something to send; buffered
}

// NewRunner makes a Runner of what the store has. A state that cannot be read
// is put aside: the gateway has to work, and the health page says so.
func NewRunner(p Plan, lines map[string]Line, o Options) (*Runner, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = func() plantroom.Instant { return plantroom.At(time.Now()) }
	}
	r := &Runner{o: o, log: o.Logger, base: time.Now(), zero: o.Clock(), keeping: make(chan struct{}), changed: make(chan struct{}, 1), unsent: make(chan struct{}, 1)}
	core, err := New(p, r.load(), r.now())
	if err != nil {
		return nil, err
	}
	r.core = core
	r.equip(p, lines)
	return r, nil
}

func (r *Runner) load() State {
	b, err := r.o.Store.Load()
	if err == nil && b == nil {
		return State{}
	}
	var s State
	if err == nil {
		s, err = Decode(b)
	}
	if err == nil {
		return s
	}
	r.lost = "what was known of the outputs is lost: " + err.Error()
	r.log.Error("the state of the outputs cannot be read; it is put aside, and valves stay where they are", "error", err)
	if f, ok := r.o.Store.(File); ok {
		if err := f.aside(); err != nil {
			r.log.Error("the damaged state cannot be put aside", "error", err)
		}
	}
	return State{}
}

// equip gives a plan its workers. The caller has made sure that nobody else
// looks.
func (r *Runner) equip(p Plan, lines map[string]Line) {
	r.workers = map[string]*worker{}
	for _, o := range p.Outputs {
		if line := lines[o.Name]; line != nil {
			r.workers[o.Name] = newWorker(o, line, func(to Position, err error) { r.driven(o.Name, to, err) })
		}
	}
	watch := map[key]bool{}
	p.conditions(func(c *Condition, _ bool) { watch[key{c.Device, c.Signal}] = true })
	r.watch.Store(&watch)
}

// now is a clock that runs evenly while the machine's is set. The caller of
// anything but NewRunner holds mu.
func (r *Runner) now() plantroom.Instant { return r.zero.Add(time.Since(r.base)) }

// set follows the machine's clock.
func (r *Runner) set() {
	wall := r.o.Clock()
	off := wall.Sub(r.now())
	if off > -jump && off < jump {
		return
	}
	r.log.Warn("the clock was set; what is timed goes on", "by", off)
	r.core.Shift(off)
	r.base, r.zero = time.Now(), wall
}

// Observe takes a reading as it is heard. It waits for no disk and for no line.
func (r *Runner) Observe(x plantroom.Reading) {
	if !(*r.watch.Load())[key{x.Device, x.Signal}] {
		return
	}
	r.do(func(now plantroom.Instant) []Drive {
		drives, used := r.core.Observe(x, now)
		if !used && now.Sub(x.At) > MaxAge {
			r.old++
		}
		return drives
	})
}

// do has the core decide, and hands over what it decides.
func (r *Runner) do(decide func(now plantroom.Instant) []Drive) {
	for _, d := range r.decide(decide) { // outside the lock: whoever reads the log may be slow
		r.log.Info("an output is driven", "output", d.Output, "to", d.To, "why", d.Why)
	}
}

func (r *Runner) decide(decide func(now plantroom.Instant) []Drive) []Drive {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.core.Version()
	drives := decide(r.now())
	for _, d := range drives {
		if w := r.workers[d.Output]; w != nil {
			w.drive(d.To)
		}
	}
	if r.core.Version() != was || r.kept == 0 {
		poke(r.changed)
	}
	if len(r.core.s.Outbox) > 0 {
		poke(r.unsent)
	}
	return drives
}

func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (r *Runner) driven(output string, to Position, err error) {
	first := false
	r.do(func(now plantroom.Instant) []Drive {
		drives := r.core.Driven(output, to, err, now)
		st := r.core.s.Outputs[output]
		first = err != nil && st != nil && st.Want == to && st.Fails == 1
		return drives
	})
	if first {
		r.log.Warn("an output was not driven; it is tried until it is", "output", output, "to", to, "error", err)
	}
}

// Run works until ctx ends, and leaves the outputs as the plan says.
func (r *Runner) Run(ctx context.Context) {
	work, end := context.WithCancel(context.Background())
	r.mu.Lock()
	r.ctx = work
	r.start()
	r.mu.Unlock()
	var others sync.WaitGroup
	others.Go(func() { r.keep(work) })
	others.Go(func() { r.send(work) })
	t := time.NewTicker(beat)
	defer t.Stop()
	for ctx.Err() == nil {
		r.do(func(plantroom.Instant) []Drive {
			r.set()
			return r.core.Tick(r.now())
		})
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	end()
	r.mu.Lock()
	workers := r.workers
	r.ctx = nil
	r.mu.Unlock()
	within(stopWithin, r.running.Wait)
	r.rest(workers)
	within(stopWithin, func() { r.once() })
	within(stopWithin, others.Wait)
}

// within waits for f, and no longer than d: a line, or a disk, may hang for
// ever.
func within(d time.Duration, f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}

// start starts the workers. The caller holds mu.
func (r *Runner) start() {
	ctx := r.ctx
	for _, w := range r.workers {
		r.running.Go(func() { w.run(ctx) })
	}
}

// rest drives the outputs to where the gateway leaves them.
func (r *Runner) rest(workers map[string]*worker) {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var all sync.WaitGroup
	for _, w := range workers {
		if to := w.output.atStop(); to != "" {
			all.Go(func() {
				if err := w.line(ctx, to); err != nil {
					r.log.Warn("an output was not left as the file says", "output", w.output.Name, "to", to, "error", err)
				}
			})
		}
	}
	within(stopWithin, all.Wait)
}

// Replace goes on with another plan and other lines. What is known of outputs
// and reflexes whose names stay is kept.
func (r *Runner) Replace(p Plan, lines map[string]Line) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.core.State()
	if err != nil {
		return err
	}
	core, err := New(p, s, r.now())
	if err != nil {
		return err
	}
	core.version = r.core.version + 1
	r.core = core
	old := r.workers
	r.equip(p, lines)
	if r.ctx != nil {
		for _, w := range old {
			w.drop()
		}
		r.start()
	}
	poke(r.changed)
	return nil
}
