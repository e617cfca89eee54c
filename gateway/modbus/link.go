package modbus

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
	"plantroom/internal/mqttconn"
)

// Sink takes what was read: samples, and the reason where something could not
// be understood. It must not block.
type Sink func(m plantroom.Message, samples []plantroom.Sample, why error)

// Options describes one link and the devices on it.
type Options struct {
	Name    string // in logs and on the health page
	Address Address
	Line    Line             // of a serial link
	Timeout time.Duration    // for an answer; 500 ms on a line, 1 s over TCP
	Backoff mqttconn.Backoff // between two attempts to open the link
	Devices []Device
	Outputs []Output // that WriteCoil may write; none by default
	Sink    Sink
	At      func(time.Time) plantroom.Instant // tells when a moment was on the gateway's clock; nil: the system's
	Logger  *slog.Logger                      // nil: silent

	Clock  Clock                                  // of a Poller; nil: the machine's
	Jitter func(most time.Duration) time.Duration // spreads retries; nil: at random

	dial func(context.Context, Options) (conn, error) // nil: the real one
}

// Device is one device on a link.
type Device struct {
	ID        plantroom.DeviceID
	Unit      byte
	Map       *registers.Map  // without Problems
	Wanted    map[string]bool // signals that the map reports on request
	Period    time.Duration   // between two readings; 0: the map's
	Heartbeat time.Duration   // the longest time between two readings of an unchanged value; 1 min
}

// Requests plans how the device is read: what the map reports always, and
// what it reports only where it is Wanted.
func (d *Device) Requests() []registers.Request {
	return d.Map.Requests(func(p *registers.Point) bool { return !p.OnlyMapped || d.Wanted[p.Signal] })
}

// Output is a coil that may be written.
type Output struct {
	Device plantroom.DeviceID
	Coil   uint16
}

// Link polls the devices of one link: a Poller with a connection and a
// goroutine of its own.
type Link struct {
	o      Options
	log    *slog.Logger
	poller *Poller
	writes chan write
}

// fill sets what the options leave open.
func (o *Options) fill() {
	o.Line.fill()
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout(o.Address)
	}
	if o.At == nil {
		o.At = plantroom.At
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = wall{}
	}
	if o.Jitter == nil {
		o.Jitter = rand.N[time.Duration]
	}
	if o.dial == nil {
		o.dial = dial
	}
}

// New makes a Link.
func New(o Options) *Link {
	p := NewPoller(o)
	return &Link{o: p.o, log: p.log, poller: p, writes: make(chan write)}
}

// State returns a snapshot.
func (l *Link) State() State { return l.poller.State() }

// Run polls until ctx ends. It never fails: whatever goes wrong is logged,
// shown in State and tried again. It returns within a timeout.
func (l *Link) Run(ctx context.Context) {
	pause := l.o.Backoff
	for pause.Pause(ctx) {
		up, err := l.connection(ctx)
		if ctx.Err() != nil {
			return
		}
		l.log.Warn("the link is down", "address", l.o.Address, "error", err)
		l.poller.Lost(err)
		pause.Ended(up)
	}
}

// connection opens the link and polls until it is lost or ctx ends. It returns
// since when it was open; zero: it never was.
func (l *Link) connection(ctx context.Context) (up time.Time, err error) {
	c, err := l.o.dial(ctx, l.o)
	if err != nil {
		return up, err
	}
	defer c.close()
	up = time.Now()
	l.poller.Opened()
	for ctx.Err() == nil {
		due, wait := l.poller.Due()
		if !due {
			if err := l.idle(ctx, c, wait); err != nil {
				return up, err
			}
			continue
		}
		select {
		case w := <-l.writes: // before the next question
			if err := l.write(c, w); err != nil {
				return up, err
			}
		default:
		}
		if err := l.poller.Poll(c.read); err != nil {
			return up, err
		}
	}
	return up, ctx.Err()
}

// idle waits for the next turn, or for something to write.
func (l *Link) idle(ctx context.Context, c conn, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case w := <-l.writes:
		return l.write(c, w)
	}
	return nil
}
