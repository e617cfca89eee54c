package modbus

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
)

// Clock is the time of a link: its questions, pauses and time limits.
type Clock interface {
	Now() time.Time
	Sleep(time.Duration)
}

// wall is the machine's clock.
type wall struct{}

func (wall) Now() time.Time        { return time.Now() }
func (wall) Sleep(d time.Duration) { time.Sleep(d) }

// Ask asks a device for registers and waits for the answer. The error is an
// Exception, ErrSilent, ErrGarbled, or one that ends the link.
type Ask func(unit byte, r *registers.Request) (registers.Answer, error)

// Poller is the heart of a Link: whom to ask when, and what becomes of the
// answers. It has no goroutine and no connection, and its time is that of its
// options' Clock. All methods but State are for one goroutine.
type Poller struct {
	o     Options
	log   *slog.Logger
	units []*unit
	polls []*poll

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

// NewPoller makes a Poller. Of the options it needs no address to be there,
// and no Backoff.
func NewPoller(o Options) *Poller {
	o.fill()
	p := &Poller{o: o, log: o.Logger.With("link", o.Name)}
	for _, d := range o.Devices {
		u := newUnit(d)
		p.units = append(p.units, u)
		p.polls = append(p.polls, u.polls...)
	}
	p.publish(func(*State) {})
	return p
}

// Opened notes that the link is open.
func (p *Poller) Opened() {
	p.publish(func(s *State) { s.open(p.o.Clock.Now()) })
	p.log.Info("the link is up", "address", p.o.Address, "devices", len(p.units))
	p.mute = 0
}

// Due reports whether a question is due, and if not, how long there is none.
func (p *Poller) Due() (bool, time.Duration) {
	next, wait := p.next(p.o.Clock.Now())
	return next != nil, wait
}

// Poll asks the question that is due the longest, if one is, and takes what
// comes of it. An error ends the link: see Lost.
func (p *Poller) Poll(ask Ask) error {
	next, _ := p.next(p.o.Clock.Now())
	if next == nil {
		return nil
	}
	return p.ask(ask, next)
}

// Lost says that the link is down, or could not be opened. The devices are
// off-line when it has been lost some times without an answer in between: a
// converter that starts anew is no news.
func (p *Poller) Lost(err error) {
	now := p.o.Clock.Now()
	p.report(now, true)
	if p.downs++; p.downs >= offlineAfter {
		for _, u := range p.units {
			u.known, u.up, u.err = true, false, err
			p.tell(u, now, online, false)
		}
	}
	p.publish(func(s *State) { s.down(now, err) })
}

// next picks the poll that is due the longest. A device that is not known to
// answer has its turn when no other device is due, so that nobody waits for
// more than one timeout because of the silence of others; on a link that is
// never idle, once in ten timeouts. nil: none is due for so long.
func (p *Poller) next(now time.Time) (*poll, time.Duration) {
	var best, doubtful *poll
	wait := time.Minute
	for _, x := range p.polls {
		due := x.due()
		if due.After(now) {
			wait = min(wait, due.Sub(now))
			continue
		}
		choice := &best
		if x.unit.failed > 0 || !x.unit.up {
			choice = &doubtful
		}
		if *choice == nil || due.Before((*choice).due()) {
			*choice = x
		}
	}
	if best == nil || doubtful != nil && now.Sub(p.silent) > 10*p.o.Timeout {
		best = doubtful
	}
	return best, wait
}

// ask makes one poll. The error ends the link.
func (p *Poller) ask(ask Ask, x *poll) error {
	if x.next.IsZero() {
		x.next = p.o.Clock.Now()
	}
	answer, err := ask(x.unit.Unit, x.Request)
	now := p.o.Clock.Now()
	defer p.publish(func(s *State) { s.count(err) })
	if !answered(err) {
		return p.unanswered(x, now, err)
	}
	p.mute, p.downs = 0, 0
	p.report(now, false)
	back := x.unit.known && !x.unit.up
	x.unit.answer()
	if back {
		p.log.Info("a device answers again", "device", x.unit.ID, "unit", x.unit.Unit)
	}
	samples := []plantroom.Sample{x.unit.say(p.o.At(now), online, true)}
	m := plantroom.Message{Topic: p.topic(x.unit), Payload: answer.Bytes(), Received: p.o.At(now)}
	var why error
	if e, ok := err.(Exception); ok {
		x.refusal(now, e)
		why = explain(e, x.Request)
		if x.refused == 1 {
			p.log.Warn("a device refuses a request", "device", x.unit.ID, "unit", x.unit.Unit, "error", why)
		}
	} else {
		x.done(now)
		var read []plantroom.Sample
		read, why = x.Decode(answer, string(x.unit.ID), m.Received)
		samples = append(samples, read...)
	}
	p.send(x.unit, now, m, samples, why)
	return nil
}

// unanswered notes a question without an answer.
func (p *Poller) unanswered(x *poll, now time.Time, err error) error {
	if !usable(err) {
		return err
	}
	p.silent = now
	first := x.unit.failed == offlineAfter-1
	if x.unit.silence(now, err, p.o.Jitter) {
		if first {
			p.log.Error("a device does not answer; it is tried less often", "device", x.unit.ID, "unit", x.unit.Unit, "error", err)
		}
		p.tell(x.unit, now, online, false)
	}
	if p.mute++; p.mute >= muteAfter {
		return plantroom.Errorf(plantroom.CodeUnavailable, "%d questions in a row went unanswered: is the line connected the right way round, with the right speed and parity?", p.mute)
	}
	return nil
}

// send hands over what is news.
func (p *Poller) send(u *unit, now time.Time, m plantroom.Message, samples []plantroom.Sample, why error) {
	samples = u.news(now, samples)
	if len(samples) > 0 || why != nil {
		p.o.Sink(m, samples, why)
	}
}

// tell says of a device what the gateway knows.
func (p *Poller) tell(u *unit, now time.Time, signal string, v bool) {
	m := plantroom.Message{Topic: p.topic(u), Received: p.o.At(now)}
	p.send(u, now, m, []plantroom.Sample{u.say(m.Received, signal, v)}, nil)
}

// report tells of all devices whether their bus is stuck, when that changes:
// the services take what they hear of a device for a sign of its life.
func (p *Poller) report(now time.Time, is bool) {
	if is == p.stuck {
		return
	}
	p.stuck = is
	for _, u := range p.units {
		p.tell(u, now, stuck, is)
	}
}

// topic names link and unit for people.
func (p *Poller) topic(u *unit) string { return fmt.Sprintf("modbus/%s/%d", p.o.Name, u.Unit) }
