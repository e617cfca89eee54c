package sensor

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"plantroom"
)

// asked is a device as far as its poller knows it.
type asked interface {
	// ask measures. It calls begin before each transfer, so that the
	// watchdog knows how long that one takes. An error that wraps errGone
	// has the poller open its line again.
	ask(ctx context.Context, begin func()) error
	// tell says what is news of what was measured last, after an ask
	// without error.
	tell(now time.Time, say say)
}

// say takes a reading of the device that is asked.
type say func(signal string, v plantroom.Value, q plantroom.Quality)

// errGone is the end of a line: no device on it will answer before it is
// opened again.
var errGone = errors.New("the line has gone")

// defaultStuck is how long one transfer may take on most buses.
const defaultStuck = 2 * time.Second

// line is what the devices of a poller share: an I²C or a 1-Wire bus, a serial
// port, or nothing but the goroutine.
type line struct {
	name   string // in samples and logs
	what   string // "the I²C bus"
	hint   string // what to do when it cannot be opened
	open   func() (closer func(), err error)
	sink   Sink
	clock  Clock
	sleep  Sleep
	logger *slog.Logger
	stuck  time.Duration // how long one transfer may take
}

// poller asks the devices on one line, one after the other, from one
// goroutine: transfers in the kernel cannot be told to give up, so nobody else
// may depend on them. A watchdog reports a transfer that hangs; a breaker for
// each device keeps one that does not answer from holding up the others.
type poller struct {
	line
	polled []*polled

	mu      sync.Mutex
	begun   time.Time // of the transfer under way; zero: none
	hanging bool
	free    map[*polled]bool // bus_stuck=false is what was last said of it
}

// polled is one device and when it is asked.
type polled struct {
	device plantroom.DeviceID
	every  time.Duration
	asked  asked
	brk    breaker
	next   time.Time // of the next poll
}

func newPoller(l line) *poller {
	if l.clock == nil {
		l.clock = time.Now
	}
	if l.sleep == nil {
		l.sleep = sleep
	}
	if l.logger == nil {
		l.logger = slog.New(slog.DiscardHandler)
	}
	if l.stuck <= 0 {
		l.stuck = defaultStuck
	}
	return &poller{line: l, free: map[*polled]bool{}}
}

func (p *poller) add(device plantroom.DeviceID, every time.Duration, a asked) {
	p.polled = append(p.polled, &polled{device: device, every: every, asked: a})
}

// Poll is Run without a goroutine of its own and without the watchdog: for
// virtual time, in which no transfer hangs.
func (p *poller) Poll(ctx context.Context) { p.work(ctx) }

// Run polls until ctx ends. A transfer that hangs in the kernel keeps the
// polling goroutine; Run returns all the same.
func (p *poller) Run(ctx context.Context) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.work(ctx)
	}()
	t := time.NewTicker(p.stuck / 2)
	defer t.Stop()
	for {
		select {
		case <-ended:
			return
		case <-t.C:
			p.watch()
		case <-ctx.Done():
			select {
			case <-ended:
			case <-time.After(p.stuck):
				p.logger.Warn("a transfer on the bus does not end; it is left behind", "on", p.what, "bus", p.name)
			}
			return
		}
	}
}

// watch reports a transfer that hangs, once.
func (p *poller) watch() {
	now := p.clock()
	p.mu.Lock()
	hangs := !p.begun.IsZero() && now.Sub(p.begun) > p.stuck && !p.hanging
	p.hanging = p.hanging || hangs
	p.mu.Unlock()
	if hangs {
		p.logger.Error("the bus is stuck: a transfer does not end", "on", p.what, "bus", p.name, "hint", "a device may hold a line low; cut its power")
		p.allStuck(now)
	}
}

// allStuck reports every device of the line as stuck.
func (p *poller) allStuck(now time.Time) {
	for _, d := range p.polled {
		p.reach(d, now, false)
	}
}

// reach reports whether a device answers. That it does is said at its first
// answer, also after a start, since a stuck of an earlier run may be what is
// known of it; that it does not, each time.
func (p *poller) reach(d *polled, now time.Time, answers bool) {
	p.mu.Lock()
	known := answers && p.free[d]
	p.free[d] = answers
	p.mu.Unlock()
	if !known {
		p.emit(d, now, stuck, plantroom.Bool(!answers), plantroom.Good)
	}
}

// work opens the line and polls, and opens it again where it has gone.
func (p *poller) work(ctx context.Context) {
	for ctx.Err() == nil {
		closer := p.openLine(ctx)
		if closer == nil {
			return
		}
		p.poll(ctx)
		closer()
	}
}

// openLine opens the line, again and again until it is there. It returns nil
// when ctx ends first.
func (p *poller) openLine(ctx context.Context) (closer func()) {
	for tries := 0; ctx.Err() == nil; tries++ {
		closer, err := p.open()
		if err == nil {
			return closer
		}
		if tries == 0 {
			p.logger.Error("a bus cannot be opened; it is tried again", "on", p.what, "bus", p.name, "error", err, "hint", p.hint)
		}
		p.allStuck(p.clock())
		p.sleep(ctx, longestWait/2)
	}
	return nil
}

// poll asks each device when it is due, until ctx ends or the line goes.
func (p *poller) poll(ctx context.Context) {
	for ctx.Err() == nil {
		now := p.clock()
		for _, d := range p.polled {
			if ctx.Err() != nil || now.Before(d.next) || !d.brk.closed(now) {
				continue
			}
			d.next = now.Add(d.every)
			if err := p.ask(ctx, d); errors.Is(err, errGone) {
				return
			}
		}
		p.sleep(ctx, p.idle())
	}
}

// idle returns the time until the next device is due.
func (p *poller) idle() time.Duration {
	now := p.clock()
	wait := time.Second
	for _, d := range p.polled {
		due := d.next
		if due.Before(d.brk.until) {
			due = d.brk.until
		}
		wait = min(wait, due.Sub(now))
	}
	return max(wait, time.Millisecond)
}

// ask asks one device.
func (p *poller) ask(ctx context.Context, d *polled) error {
	err := d.asked.ask(ctx, func() { p.transfer(p.clock()) })
	p.transfer(time.Time{})
	now := p.clock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		d.next = now.Add(min(d.every, firstPause)) // one that is asked once a minute need not be given up for a minute
		if d.brk.fail(now) {
			p.logger.Error("a device on the bus does not answer; it is tried less often", "on", p.what, "bus", p.name, "device", d.device, "error", err)
		}
		if d.brk.failed >= breakAfter {
			p.reach(d, now, false)
		}
		return err
	}
	d.brk.ok()
	p.reach(d, now, true)
	d.asked.tell(now, func(signal string, v plantroom.Value, q plantroom.Quality) { p.emit(d, now, signal, v, q) })
	return nil
}

// transfer notes the beginning of a transfer, or with zero the end of it.
func (p *poller) transfer(at time.Time) {
	p.mu.Lock()
	p.begun = at
	freed := p.hanging
	p.hanging = false
	p.mu.Unlock()
	if freed {
		p.logger.Info("the transfer on the bus has ended", "on", p.what, "bus", p.name)
	}
}

func (p *poller) emit(d *polled, at time.Time, signal string, v plantroom.Value, q plantroom.Quality) {
	p.sink(p.name, plantroom.Sample{Address: string(d.device), Signal: signal, Value: v, At: plantroom.At(at), Quality: q})
}

// reading is what a device says that says one thing at each poll.
type reading struct {
	signal  string
	value   float64
	quality plantroom.Quality
}

func (r *reading) tell(_ time.Time, say say) { say(r.signal, plantroom.Float(r.value), r.quality) }

// round rounds to steps of one per-th.
func round(v, per float64) float64 { return math.Round(v*per) / per }
