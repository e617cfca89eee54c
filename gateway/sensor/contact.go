package sensor

import (
	"context"
	"log/slog"
	"time"

	"periph.io/x/conn/v3/gpio"

	"plantroom"
)

// ContactOptions describes one dry contact.
type ContactOptions struct {
	Device    plantroom.DeviceID
	Pin       string // as periph names it: GPIO17
	Pull      gpio.Pull
	ActiveLow bool          // the contact pulls the pin to ground when it is closed
	Debounce  time.Duration // how long the level has to be steady; 50 ms
	Heartbeat time.Duration // at least one reading in this time; 1 min
	Open      func(name string) (gpio.PinIO, error)
	Sink      Sink
	Clock     Clock
	Sleep     Sleep
	Logger    *slog.Logger
}

// Contact is one dry contact. It emits the signal contact (true: closed), and
// bus_stuck: true while its pin cannot be used, and false once it can, also at
// the first time, since a true of an earlier run may be what is known of it.
type Contact struct {
	o      ContactOptions
	failed bool // the pin cannot be used, and this was logged
}

const (
	defaultDebounce = 50 * time.Millisecond
	// pollEvery bounds the wait for an edge: edges can be lost when the
	// kernel's buffer runs over, and then only looking again helps.
	pollEvery = time.Second
	// quickly is how soon a wait that has failed may return.
	quickly = 2 * time.Millisecond
)

// NewContact makes a Contact.
func NewContact(o ContactOptions) *Contact {
	if o.Debounce <= 0 {
		o.Debounce = defaultDebounce
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Contact{o: o}
}

// Run watches the pin until ctx ends. A pin that cannot be opened or set up is
// reported and tried again.
func (c *Contact) Run(ctx context.Context) {
	for ctx.Err() == nil {
		pin, err := c.setUp()
		if err == nil {
			c.watch(ctx, pin)
			return
		}
		if !c.failed {
			c.o.Logger.Error("a contact's pin cannot be used; it is tried again", "device", c.o.Device, "pin", c.o.Pin, "error", err)
		}
		c.failed = true
		c.emit(c.o.Clock(), stuck, true)
		c.o.Sleep(ctx, firstPause)
	}
}

func (c *Contact) setUp() (gpio.PinIO, error) {
	pin, err := c.o.Open(c.o.Pin)
	if err != nil {
		return nil, err
	}
	// Before anything else: reading a pin that is not set up turns its
	// pull-up on.
	return pin, pin.In(c.o.Pull, gpio.BothEdges)
}

// watch reports the level when it is steady, and at each heartbeat.
func (c *Contact) watch(ctx context.Context, pin gpio.PinIO) {
	defer func() {
		_ = pin.Halt() // nothing is left to wait for
		if l, ok := pin.(interface{ Close() }); ok {
			l.Close() // the line may be somebody else's after a reload
		}
	}()
	c.failed = false
	c.emit(c.o.Clock(), stuck, false)
	now := c.o.Clock()
	d := debouncer{hold: c.o.Debounce, raw: c.closed(pin), since: now}
	beat := now
	for ctx.Err() == nil {
		now = c.o.Clock()
		if changed, at := d.see(c.closed(pin), now); changed {
			c.emit(at, "contact", d.steady)
			beat = now.Add(c.o.Heartbeat)
		} else if d.known && d.raw == d.steady && !now.Before(beat) {
			c.emit(now, "contact", d.steady)
			beat = now.Add(c.o.Heartbeat)
		}
		c.waitForEdge(ctx, pin, d.wait(now))
	}
}

// waitForEdge returns at an edge, after the timeout, or soon. The timeout is
// always positive and finite: drivers do not agree on what others mean. What
// it returns says little (no edge, or no luck): look at the level.
func (c *Contact) waitForEdge(ctx context.Context, pin gpio.PinIO, timeout time.Duration) {
	begun := c.o.Clock()
	if !pin.WaitForEdge(timeout) && c.o.Clock().Sub(begun) < min(timeout, quickly) {
		c.o.Sleep(ctx, min(timeout, pollEvery/10)) // a wait that fails at once must not become a busy loop
	}
}

func (c *Contact) closed(pin gpio.PinIO) bool { return bool(pin.Read()) != c.o.ActiveLow }

func (c *Contact) emit(at time.Time, signal string, v bool) {
	c.o.Sink(c.o.Pin, plantroom.Sample{
		Address: string(c.o.Device), Signal: signal, Value: plantroom.Bool(v), At: plantroom.At(at),
	})
}

// debouncer reports a level once it has been steady for a time.
type debouncer struct {
	hold   time.Duration
	raw    bool      // as last seen
	since  time.Time // when raw began
	steady bool      // as last reported
	known  bool      // something was reported
}

// see takes the level at a time. changed is true where the steady level has
// changed, or is known for the first time, with the time of the edge.
func (d *debouncer) see(level bool, now time.Time) (changed bool, at time.Time) {
	if level != d.raw {
		d.raw, d.since = level, now
	}
	if d.known && d.raw == d.steady || now.Sub(d.since) < d.hold {
		return false, now
	}
	d.steady, d.known = d.raw, true
	return true, d.since
}

// wait returns how long nothing will happen without an edge.
func (d *debouncer) wait(now time.Time) time.Duration {
	if d.known && d.raw == d.steady {
		return pollEvery
	}
	return max(d.hold-now.Sub(d.since), time.Millisecond)
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
