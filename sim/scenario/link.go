package scenario

import (
	"cmp"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/intake"
	"plantroom/gateway/modbus"
	"plantroom/sim/device"
)

// link is one Modbus link of a gateway's file, from power on to power off: the
// gateway's own poller and framing on a line in virtual time. The line has a
// clock of its own, which runs through the seconds of the stage.
type link struct {
	clock  *device.Clock
	poller *modbus.Poller
	ask    modbus.Ask
	intake *intake.Intake
	open   bool
	again  time.Time // when the link is opened next
	heard  []heard   // in the order of time
}

// heard is what a wire has brought, and when.
type heard struct {
	m       plantroom.Message
	samples []plantroom.Sample
	why     error
}

// reopens is how long a lost link is left alone. The gateway's own pause grows
// at random to a minute; whoever plays it learns nothing from that.
const reopens = 2 * time.Second

// overTCP is how long an answer over TCP takes.
const overTCP = 15 * time.Millisecond

func newLink(now plantroom.Instant, seed uint64, c *config.Modbus, slaves map[byte]*device.Slave, spool intake.Spool) (*link, error) {
	var rules []binding.Rule
	var on []modbus.Device
	for i := range c.Devices {
		d := &c.Devices[i]
		rules = append(rules, binding.Rule{Address: string(d.Device), Map: d.Map})
		on = append(on, d.On())
	}
	binder, err := binding.New(rules, nil)
	if err != nil {
		return nil, err
	}
	l := &link{clock: device.NewClock(now.Time()), intake: intake.New(spool, binder), again: now.Time()}
	random := dice(seed, c.Name)
	o := modbus.Options{
		Name: c.Name, Address: c.Link, Line: modbus.Line{Baud: c.Baud, Parity: c.Parity, StopBits: c.StopBits}, Timeout: time.Duration(c.Timeout),
		Devices: on, Sink: func(m plantroom.Message, ss []plantroom.Sample, why error) {
			l.heard = append(l.heard, heard{m, ss, why})
		},
		Clock: l.clock, Jitter: func(most time.Duration) time.Duration { return time.Duration(random.Int64N(int64(most))) },
	}
	l.poller = modbus.NewPoller(o)
	if l.ask = l.overTCP(o, slaves); c.Link.Serial() {
		const usual = 9600 // baud, where the file says nothing
		l.ask = modbus.OnLine(device.NewLine(l.clock, cmp.Or(c.Baud, usual), slaves), o)
	}
	return l, nil
}

// dice are a gateway's random numbers about one thing: the same for one seed,
// whatever else the gateway has.
func dice(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // cannot fail
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// overTCP answers in place of a connection: the library that speaks Modbus TCP
// dials for itself.
func (l *link) overTCP(o modbus.Options, slaves map[byte]*device.Slave) modbus.Ask {
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = time.Second // the default over TCP
	}
	return func(unit byte, r *registers.Request) (registers.Answer, error) {
		s := slaves[unit]
		switch {
		case s == nil || s.Health == device.Silent:
			l.clock.Sleep(timeout)
			return registers.Answer{}, modbus.ErrSilent
		case s.Health == device.Garbled:
			l.clock.Sleep(overTCP)
			return registers.Answer{}, errors.New("a frame of the wrong form")
		}
		l.clock.Sleep(overTCP)
		return s.Read(r), nil
	}
}

// until lets the line's time pass up to a moment, and hands over what the
// poller has made of it by then. A question that is on the line at that moment
// is answered in it: its answer is handed over later.
func (l *link) until(now plantroom.Instant, taken receipts) {
	for end := now.Time(); l.clock.Now().Before(end); {
		l.turn(end)
	}
	n := 0
	for ; n < len(l.heard) && l.heard[n].m.Received <= now; n++ {
		h := l.heard[n]
		l.intake.Take(h.m, h.samples, h.why, taken())
	}
	l.heard = l.heard[n:]
}

// turn asks one question, or waits for the next, at most to end.
func (l *link) turn(end time.Time) {
	wait := l.again.Sub(l.clock.Now())
	if !l.open && wait <= 0 {
		l.poller.Opened()
		l.open = true
	}
	if l.open {
		var due bool
		if due, wait = l.poller.Due(); due {
			if err := l.poller.Poll(l.ask); err != nil {
				l.poller.Lost(err)
				l.open, l.again = false, l.clock.Now().Add(reopens)
			}
			return
		}
	}
	l.clock.Sleep(min(wait, end.Sub(l.clock.Now())))
}
