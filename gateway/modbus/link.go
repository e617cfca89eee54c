package modbus

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
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
	Clock   func(time.Time) plantroom.Instant // tells when a moment was on the gateway's clock; nil: the system's
	Logger  *slog.Logger                      // nil: silent

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

// Link polls the devices of one link.
type Link struct {
	o     Options
	log   *slog.Logger
	units []*unit
	polls []*poll

	writes chan write
	silent time.Time // when a question went unanswered last
	mute   int       // questions in a row that nobody has answered
	downs  int       // times that the link was lost since somebody has answered
	stuck  bool      // the devices have been told so

	mu    sync.Mutex
	state State
}

// muteAfter is how many questions in a row may go unanswered before the link
// is opened anew: a TCP connection may be dead, an adapter hang.
const muteAfter = 9

// New makes a Link.
func New(o Options) *Link {
	o.Line.fill()
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout(o.Address)
	}
	if o.Clock == nil {
		o.Clock = plantroom.At
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.dial == nil {
		o.dial = dial
	}
	l := &Link{o: o, log: o.Logger.With("link", o.Name), writes: make(chan write)}
	for _, d := range o.Devices {
		u := newUnit(d)
		l.units = append(l.units, u)
		l.polls = append(l.polls, u.polls...)
	}
	l.publish(func(*State) {})
	return l
}

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
		l.lost(err)
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
	l.publish(func(s *State) { s.open() })
	l.log.Info("the link is up", "address", l.o.Address, "devices", len(l.units))
	l.mute = 0
	for ctx.Err() == nil {
		p, wait := l.next(time.Now())
		if p == nil {
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
		if err := l.ask(c, p); err != nil {
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

// next picks the poll that is due the longest. A device that is not known to
// answer has its turn when no other device is due, so that nobody waits for
// more than one timeout because of the silence of others; on a link that is
// never idle, once in ten timeouts. nil: none is due for so long.
func (l *Link) next(now time.Time) (*poll, time.Duration) {
	var best, doubtful *poll
	wait := time.Minute
	for _, p := range l.polls {
		due := p.due()
		if due.After(now) {
			wait = min(wait, due.Sub(now))
			continue
		}
		choice := &best
		if p.unit.failed > 0 || !p.unit.up {
			choice = &doubtful
		}
		if *choice == nil || due.Before((*choice).due()) {
			*choice = p
		}
	}
	if best == nil || doubtful != nil && now.Sub(l.silent) > 10*l.o.Timeout {
		best = doubtful
	}
	return best, wait
}

// ask makes one poll. The error ends the link.
func (l *Link) ask(c conn, p *poll) error {
	if p.next.IsZero() {
		p.next = time.Now()
	}
	answer, err := c.read(p.unit.Unit, p.Request)
	now := time.Now()
	defer l.publish(func(s *State) { s.count(err) })
	if !answered(err) {
		return l.unanswered(p, now, err)
	}
	l.mute, l.downs = 0, 0
	l.report(false)
	back := p.unit.known && !p.unit.up
	p.unit.answer()
	if back {
		l.log.Info("a device answers again", "device", p.unit.ID, "unit", p.unit.Unit)
	}
	samples := []plantroom.Sample{p.unit.say(l.o.Clock(now), online, true)}
	m := plantroom.Message{Topic: l.topic(p.unit), Payload: answer.Bytes(), Received: l.o.Clock(now)}
	var why error
	if e, ok := err.(Exception); ok {
		p.refusal(now, e)
		why = explain(e, p.Request)
		if p.refused == 1 {
			l.log.Warn("a device refuses a request", "device", p.unit.ID, "unit", p.unit.Unit, "error", why)
		}
	} else {
		p.done(now)
		var read []plantroom.Sample
		read, why = p.Decode(answer, string(p.unit.ID), m.Received)
		samples = append(samples, read...)
	}
	l.send(p.unit, now, m, samples, why)
	return nil
}

// unanswered notes a question without an answer.
func (l *Link) unanswered(p *poll, now time.Time, err error) error {
	if !usable(err) {
		return err
	}
	l.silent = now
	first := p.unit.failed == offlineAfter-1
	if p.unit.silence(now, err) {
		if first {
			l.log.Error("a device does not answer; it is tried less often", "device", p.unit.ID, "unit", p.unit.Unit, "error", err)
		}
		l.tell(p.unit, now, online, false)
	}
	if l.mute++; l.mute >= muteAfter {
		return plantroom.Errorf(plantroom.CodeUnavailable, "%d questions in a row went unanswered: is the line connected the right way round, with the right speed and parity?", l.mute)
	}
	return nil
}

// send hands over what is news.
func (l *Link) send(u *unit, now time.Time, m plantroom.Message, samples []plantroom.Sample, why error) {
	samples = u.news(now, samples)
	if len(samples) > 0 || why != nil {
		l.o.Sink(m, samples, why)
	}
}

// tell says of a device what the gateway knows.
func (l *Link) tell(u *unit, now time.Time, signal string, v bool) {
	m := plantroom.Message{Topic: l.topic(u), Received: l.o.Clock(now)}
	l.send(u, now, m, []plantroom.Sample{u.say(m.Received, signal, v)}, nil)
}

// lost says that the link is down. The devices are off-line when it has been
// lost some times without an answer in between: a converter that starts anew is
// no news.
func (l *Link) lost(err error) {
	now := time.Now()
	l.report(true)
	if l.downs++; l.downs >= offlineAfter {
		for _, u := range l.units {
			u.known, u.up, u.err = true, false, err
			l.tell(u, now, online, false)
		}
	}
	l.publish(func(s *State) { s.down(err) })
}

// report tells of all devices whether their bus is stuck, when that changes:
// the services take what they hear of a device for a sign of its life.
func (l *Link) report(is bool) {
	if is == l.stuck {
		return
	}
	l.stuck = is
	now := time.Now()
	for _, u := range l.units {
		l.tell(u, now, stuck, is)
	}
}

// topic names link and unit for people.
func (l *Link) topic(u *unit) string { return fmt.Sprintf("modbus/%s/%d", l.o.Name, u.Unit) }
