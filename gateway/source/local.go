package source

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"plantroom"
)

// LocalOptions say what a Local makes of messages.
type LocalOptions struct {
	Name    string   // in logs and on the health page
	Topics  []string // MQTT filters of what it hears from the start
	Decoder plantroom.Decoder
	Intake  Intake
	Clock   func(time.Time) plantroom.Instant // as of Options
	Logger  *slog.Logger                      // nil: silent
}

// Local is a source without a connection: its messages come from the gateway's
// own broker by a function call.
type Local struct {
	s *Source
	// refused says that the spool did not take a message: its device sends it
	// again, and a decoder that remembers it must not take that for a repeat.
	refused atomic.Bool
}

// Voice is how a family that speaks is heard by its devices.
type Voice interface {
	Publish(plantroom.Publication)
	// Follow hears further topics, what is retained on them first, by Hear.
	Follow(filters ...string)
}

// NewLocal makes a Local.
func NewLocal(o LocalOptions) *Local {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = plantroom.At
	}
	return &Local{s: &Source{
		o:   Options{Name: o.Name, Topics: o.Topics, Decoder: o.Decoder, Intake: o.Intake, Clock: o.Clock},
		log: o.Logger.With("source", o.Name), speech: newSpeech(o.Decoder, o.Clock),
	}}
}

// Name and Topics are as in the options.
func (l *Local) Name() string     { return l.s.o.Name }
func (l *Local) Topics() []string { return l.s.o.Topics }

// State returns a snapshot: connected is what runs.
func (l *Local) State() State { return l.s.State() }

// Hear takes one message. done is called exactly once, as by Intake.Take. Of
// concurrent calls each waits for the one before: decoders keep state.
func (l *Local) Hear(m plantroom.Message, done func(error)) {
	l.s.messages.Add(1)
	l.s.decoding.Lock()
	defer l.s.decoding.Unlock()
	if f, ok := l.s.o.Decoder.(plantroom.Forgetter); ok && l.refused.Swap(false) {
		f.Forget()
	}
	l.s.take(m, false, func(err error) {
		if err != nil {
			l.refused.Store(true)
		}
		done(err)
	})
}

// Run gives a family that speaks its turns until ctx ends, and then lets it
// say its will.
func (l *Local) Run(ctx context.Context, v Voice) {
	s := l.s
	s.note(true, nil)
	defer s.note(false, nil)
	s.takeTurn(true)
	turn := time.NewTimer(time.Hour) // until the speaker says otherwise
	defer turn.Stop()
	for {
		select {
		case <-turn.C:
			s.takeTurn(false)
		case <-s.speech.wake:
			turn.Reset(l.speak(v))
		case <-ctx.Done():
			s.decoding.Lock() // a device may still be heard
			w := s.speech.will()
			s.decoding.Unlock()
			if w != nil {
				v.Publish(plantroom.Publication{Topic: w.Topic, Payload: w.Payload, QoS: 1, Retain: true})
			}
			return
		}
	}
}

// speak does what the speaker wants and returns when it wants its next turn.
func (l *Local) speak(v Voice) (wait time.Duration) {
	l.s.decoding.Lock()
	turns, wait := l.s.speech.take()
	l.s.decoding.Unlock()
	for _, t := range turns {
		if len(t.Samples) > 0 || t.Err != nil {
			l.s.observe(t.Samples, t.Err)
		}
		if len(t.Subscribe) > 0 {
			v.Follow(t.Subscribe...)
		}
		for _, p := range t.Publish {
			v.Publish(p)
		}
	}
	return wait
}
