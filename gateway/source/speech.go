package source

import (
	"context"
	"slices"
	"time"

	"plantroom"
	"plantroom/internal/mqttconn"
)

// speech carries what a Speaker wants done from whoever gave it its turn to
// the goroutine of the connection: a message's handler must not wait for the
// network. The source's decoding lock guards it.
type speech struct {
	speaker plantroom.Speaker // nil: the family only listens
	clock   func(time.Time) plantroom.Instant
	wake    chan struct{}     // there is something to do
	turns   []plantroom.Turn  // not done yet
	next    plantroom.Instant // of the next turn; zero: none is asked for
}

// maxSpeech is how many turns may wait. A connection that is so far behind is
// given up.
const maxSpeech = 1024

// maxTopics is how many topics one SUBSCRIBE has, so that it stays well below
// what a broker takes for a packet.
const maxTopics = 100

func newSpeech(d plantroom.Decoder, clock func(time.Time) plantroom.Instant) *speech {
	s := &speech{clock: clock, wake: make(chan struct{}, 1)}
	s.speaker, _ = d.(plantroom.Speaker)
	return s
}

// will is what the broker says when the connection dies.
func (s *speech) will() *mqttconn.Will {
	if s.speaker == nil {
		return nil
	}
	p := s.speaker.Will(s.clock(time.Now()))
	if p == nil {
		return nil
	}
	return &mqttconn.Will{Topic: p.Topic, Payload: p.Payload}
}

// turn gives the speaker its turn.
func (s *speech) turn(connected bool) {
	if s.speaker == nil {
		return
	}
	if connected {
		s.turns = nil // of a connection that is gone
	}
	t := s.speaker.Turn(s.clock(time.Now()), connected)
	s.next = t.Next
	s.add(t)
	offer(s.wake, struct{}{})
}

// add lets a turn wait. Devices that announce themselves all at once, at each
// new connection, name a topic each: their topics go in one packet.
func (s *speech) add(t plantroom.Turn) {
	only := t.Err == nil && len(t.Samples)+len(t.Publish)+len(t.Unsubscribe) == 0
	switch last := len(s.turns) - 1; {
	case only && len(t.Subscribe) == 0:
	case only && last >= 0:
		s.turns[last].Subscribe = append(s.turns[last].Subscribe, t.Subscribe...)
	default:
		s.turns = append(s.turns, t)
	}
}

// take returns what is to be done, and how long until the next turn.
func (s *speech) take() (turns []plantroom.Turn, wait time.Duration) {
	turns, s.turns = s.turns, nil
	if s.next.IsZero() {
		return turns, time.Hour
	}
	return turns, max(0, s.next.Sub(s.clock(time.Now())))
}

// speak does what the speaker wants and returns when it wants its next turn.
func (s *Source) speak(ctx context.Context, conn *mqttconn.Conn) (wait time.Duration, err error) {
	s.decoding.Lock()
	turns, wait := s.speech.take()
	s.decoding.Unlock()
	if len(turns) > maxSpeech {
		return 0, plantroom.Errorf(plantroom.CodeUnavailable, "the broker takes what is to be said to devices too slowly")
	}
	for _, t := range turns {
		if len(t.Samples) > 0 || t.Err != nil {
			s.observe(t.Samples, t.Err)
		}
		if len(t.Unsubscribe) > 0 {
			conn.Unsubscribe(t.Unsubscribe...)
		}
		if err := s.follow(ctx, conn, t.Subscribe); err != nil {
			return 0, err
		}
		for _, p := range t.Publish {
			conn.Publish(p.Topic, p.QoS, p.Retain, p.Payload) // a connection that takes nothing is soon lost
		}
	}
	return wait, nil
}

// follow subscribes to topics that devices have named. One that the broker
// refuses is not a reason to hear nothing of the others.
func (s *Source) follow(ctx context.Context, conn *mqttconn.Conn, topics []string) error {
	for some := range slices.Chunk(topics, maxTopics) {
		err := conn.SubscribeAll(ctx, some...)
		switch {
		case plantroom.CodeOf(err) == plantroom.CodeForbidden:
			s.log.Warn("a device names a topic that the broker refuses", "error", err)
		case err != nil:
			return err
		}
	}
	return nil
}

// observe takes samples that no message brought, and what was wrong with
// messages that had to wait. What the spool cannot take now is gone, and the
// devices' next messages say it again.
func (s *Source) observe(samples []plantroom.Sample, why error) {
	m := plantroom.Message{Topic: s.o.Name, Received: s.o.Clock(time.Now())}
	s.o.Intake.Take(m, samples, why, func(err error) {
		if err != nil {
			s.log.Error("what was noticed of a device is lost", "error", err)
		}
	})
}

// farewellTimeout bounds how long a connection is kept open for its farewell.
const farewellTimeout = time.Second

// farewell says the will of a connection that we are about to close: the
// broker forgets it then [MQTT-3.14.4-3]. On one that is lost it does nothing.
func (s *Source) farewell(conn *mqttconn.Conn) {
	s.decoding.Lock()
	w := s.speech.will()
	s.decoding.Unlock()
	if w == nil || !conn.IsConnectionOpen() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewellTimeout)
	defer cancel()
	if err := conn.SendAndWait(ctx, w.Topic, true, w.Payload); err != nil {
		s.log.Debug("no farewell could be said", "error", err)
	}
}

// takeTurn gives the speaker its turn because its time has come or, connected,
// because the connection has just been made.
func (s *Source) takeTurn(connected bool) {
	s.decoding.Lock()
	defer s.decoding.Unlock()
	s.speech.turn(connected)
}
