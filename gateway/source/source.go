package source

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/internal/mqttconn"
)

// Intake is where decoded messages go; see intake.Intake.Take.
type Intake interface {
	Take(m plantroom.Message, samples []plantroom.Sample, why error, done func(error))
}

// Options says what to listen to. Zero durations mean the defaults beside them.
type Options struct {
	Name    string // in logs and on the health page
	Broker  mqttconn.Options
	Topics  []string // MQTT filters
	Decoder plantroom.Decoder
	Intake  Intake

	Clock func(time.Time) plantroom.Instant // tells when a moment was on the gateway's clock; nil: the system's
	Wall  func() plantroom.Instant          // the time of day, for the dates of certificates; nil: the system's

	Look time.Duration // how often changed certificates are looked for; 30 s

	Fleeting bool             // no session is kept: what the broker has for us from while we were away is of no use
	Patience time.Duration    // oldest message without acknowledgement, until the connection is given up; 60 s
	Backoff  mqttconn.Backoff // after a lost connection
	Full     mqttconn.Backoff // after a message that the spool could not take; at most every 4 s

	Logger *slog.Logger // nil: silent
}

// settleTimeout bounds how long stopping waits for the messages that are on
// their way to the disk.
const settleTimeout = 2 * time.Second

// Source is one subscription to one broker.
type Source struct {
	o   Options
	log *slog.Logger

	decoding sync.Mutex // a connection's last message may still be under way when the next one's first comes
	speech   *speech
	warned   bool // of messages that nobody asks for; guarded by decoding
	lanes    lanes

	messages, failed atomic.Uint64

	mu    sync.Mutex
	state State
}

// State is what the health page shows.
type State struct {
	Connected bool
	Since     plantroom.Instant // of the present state
	Connects  uint64
	Messages  uint64 // received
	Failed    uint64 // connections given up because the spool took no more; the broker sends again
	Doubt     string // why changed certificates are not used; "": there are none, or they are
	LastError string
}

// New makes a Source. It fails where the options could never work.
func New(o Options) (*Source, error) {
	if len(o.Topics) == 0 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "source %s has no topics", o.Name)
	}
	if o.Broker.ClientID == "" {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "source %s has no client id: a persistent session needs one", o.Name)
	}
	if err := o.Broker.Check(); err != nil {
		return nil, err
	}
	if o.Patience <= 0 {
		o.Patience = time.Minute
	}
	if o.Full == (mqttconn.Backoff{}) {
		o.Full = mqttconn.Backoff{First: time.Second, Cap: 4 * time.Second}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = plantroom.At
	}
	return &Source{o: o, log: o.Logger.With("source", o.Name), speech: newSpeech(o.Decoder, o.Clock)}, nil
}

// State returns a snapshot.
func (s *Source) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state
	st.Messages, st.Failed = s.messages.Load(), s.failed.Load()
	return st
}

// Run listens until ctx ends. It never fails: whatever goes wrong is logged,
// shown in State and tried again.
func (s *Source) Run(ctx context.Context) {
	lost, full := s.o.Backoff, s.o.Full
	for pause := &lost; pause.Pause(ctx); {
		up, err := s.connection(ctx)
		if ctx.Err() != nil {
			return
		}
		s.note(false, err)
		s.log.Warn("source is down", "broker", s.o.Broker.URL, "error", err)
		lost.Ended(up)
		full.Ended(up)
		pause = &lost
		if errors.As(err, new(*refusal)) {
			pause = &full
		}
	}
}

func (s *Source) note(up bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Connected, s.state.Since = up, plantroom.At(time.Now())
	if up {
		s.state.Connects++
		s.state.LastError = ""
	}
	if err != nil {
		s.state.LastError = err.Error()
	}
}

// doubt takes why changed certificates are not used.
func (s *Source) doubt(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	s.mu.Lock()
	was := s.state.Doubt
	s.state.Doubt = text
	s.mu.Unlock()
	if text != "" && was == "" {
		s.log.Error("the source's changed certificates cannot be used", "error", err)
	}
}

// refusal is a message that the spool could not take.
type refusal struct{ err error }

func (r *refusal) Error() string { return "the spool takes no more readings: " + r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// connection makes one connection and listens on it until it is lost, a
// message cannot be stored, or ctx ends. It returns since when the connection
// was up; zero: it was never made.
func (s *Source) connection(ctx context.Context) (up time.Time, err error) {
	acks := newAcker()
	defer acks.close()
	defer s.forget(acks)
	s.decoding.Lock()
	will := s.speech.will()
	s.decoding.Unlock()
	conn, err := mqttconn.Connect(ctx, s.o.Broker, mqttconn.Session{
		Persistent: !s.o.Fleeting,
		Will:       will,
		Now:        s.o.Wall,
		Look:       s.o.Look,
		Doubt:      s.doubt,
		Gather:     true,
		Handle:     func(m mqtt.Message) { s.handle(acks, m) },
	})
	if err != nil {
		return up, err
	}
	defer conn.Close()
	acks.connected(conn.Present)
	if err := conn.SubscribeAll(ctx, s.o.Topics...); err != nil {
		return up, err
	}
	defer s.farewell(conn)
	up = time.Now()
	s.note(true, nil)
	s.log.Info("source is up", "broker", s.o.Broker.URL, "topics", s.o.Topics, "session_kept", conn.Present)
	s.takeTurn(true)
	watchdog := time.NewTicker(s.o.Patience / 4)
	defer watchdog.Stop()
	turn := time.NewTimer(time.Hour) // until the speaker says otherwise
	defer turn.Stop()
	for {
		select {
		case <-turn.C:
			s.takeTurn(false)
		case <-s.speech.wake:
			wait, err := s.speak(ctx, conn)
			if err != nil {
				return up, err
			}
			turn.Reset(wait)
		case <-ctx.Done():
			acks.settle(settleTimeout)
			return up, ctx.Err()
		case err := <-conn.Lost:
			if mqttconn.Renewed(err) {
				acks.settle(settleTimeout)
				return up, err
			}
			return up, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "listen to " + s.o.Broker.URL, Message: "the connection was lost", Err: err}
		case err := <-acks.failed:
			s.failed.Add(1)
			return up, &refusal{err}
		case now := <-watchdog.C:
			if age := acks.oldest(now); age > s.o.Patience {
				return up, plantroom.Errorf(plantroom.CodeUnavailable, "a message is without acknowledgement since %s: is the disk stuck?", age.Round(time.Second))
			}
		}
	}
}

// handle takes one message from paho. One that cannot be entered is not
// acknowledged either: the broker gives it to the next connection.
func (s *Source) handle(acks *acker, m mqtt.Message) {
	s.decoding.Lock()
	defer s.decoding.Unlock()
	e := acks.enter(m) // under the lock: see forget
	if e == nil {
		return
	}
	if !s.wanted(m.Topic()) {
		s.strange(m.Topic())
		e.done(nil)
		return
	}
	s.messages.Add(1)
	msg := plantroom.Message{Topic: m.Topic(), Payload: m.Payload(), Retained: m.Retained(), Received: s.o.Clock(e.at)}
	s.take(msg, e.late, e.done)
}

// take decodes a message and hands over what is in it. The caller holds the
// decoding lock. A late one was kept by the broker: the time of its receipt
// says nothing.
func (s *Source) take(m plantroom.Message, late bool, done func(error)) {
	samples, later, err := s.decode(m)
	if later != nil && s.leave(m, late, samples, later, done) {
		return
	}
	if later != nil {
		err = plantroom.Errorf(plantroom.CodeUnavailable, "%d messages wait to be decoded: the decoder of %s is too slow for them", maxLane, later.Lane)
	}
	s.hand(m, late, samples, err, done)
	s.speech.turn(false)
}

// hand gives the intake what a message held.
func (s *Source) hand(m plantroom.Message, late bool, samples []plantroom.Sample, err error, done func(error)) {
	if late {
		estimate(samples, m.Received)
	}
	s.o.Intake.Take(m, samples, err, done)
}

// strange logs, once, that messages come which nobody asks for any more.
func (s *Source) strange(topic string) {
	if !s.warned {
		s.warned = true
		s.log.Warn("the broker still sends what an earlier file has subscribed to; it is left out",
			"topic", topic, "hint", "remove the session of "+s.o.Broker.ClientID+" from the broker, or take another client_id")
	}
}

// estimate marks the samples that were given the time of receipt: it is not
// the time of what they say.
func estimate(samples []plantroom.Sample, received plantroom.Instant) {
	for i := range samples {
		if s := &samples[i]; s.At == received && s.Quality == plantroom.Good {
			s.Quality = plantroom.EstimatedTime
		}
	}
}

// forget ends the decoding of a connection's messages. Where some of them have
// no acknowledgement the broker gives them again, whether their readings reach
// the disk or not, and the decoder must not take them for repeated.
func (s *Source) forget(acks *acker) {
	s.decoding.Lock()
	defer s.decoding.Unlock()
	f, remembers := s.o.Decoder.(plantroom.Forgetter)
	if acks.refuse() && remembers {
		f.Forget()
	}
}

// decode decodes a message, as far as that does not take long.
func (s *Source) decode(m plantroom.Message) (samples []plantroom.Sample, later *plantroom.Later, err error) {
	samples, err = s.guarded(m, func() (samples []plantroom.Sample, err error) {
		if d, ok := s.o.Decoder.(plantroom.Deferrer); ok {
			samples, later, err = d.Begin(m)
			return samples, err
		}
		return s.o.Decoder.Decode(m)
	})
	return samples, later, err
}

// guarded keeps a decoder that panics on one message from ending the gateway:
// the broker would give it the same message after every restart.
func (s *Source) guarded(m plantroom.Message, decode func() ([]plantroom.Sample, error)) (samples []plantroom.Sample, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("the decoder panicked", "topic", m.Topic, "panic", r, "stack", string(debug.Stack()))
			samples, err = nil, plantroom.Errorf(plantroom.CodeInternal, "the decoder panicked: %v", r)
		}
	}()
	return decode()
}
