package uplink

import (
	"context"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
)

// session is the life of one connection. All of it runs on Run's goroutine,
// but for handle, which only passes acknowledgements on, and the watcher of
// the spool.
type session struct {
	u          *Uplink
	conn       *mqttconn.Conn
	upTopic    string
	ackTopic   string
	stateTopic string
	spoolTopic string

	configTopic string // "": without an errand
	answerTopic string

	acks  chan mqtt.Message
	said  []byte           // the errand's answer that the broker has
	more  chan struct{}    // the spool has grown
	again <-chan time.Time // when the spool is read again; nil: it can be read, and nothing waits for the clock
	sent  time.Time        // when the last batch was sent
	full  bool             // records wait since more than the linger, or fill a batch
}

func newSession(u *Uplink) *session {
	topic := func(l wire.Leaf) string { return wire.Topic(u.o.Estate, u.o.Gateway, l) }
	s := &session{
		u: u, upTopic: topic(wire.Up), ackTopic: topic(wire.AckLeaf), stateTopic: topic(wire.StateLeaf), spoolTopic: topic(wire.SpoolLeaf),
		acks: make(chan mqtt.Message, 256),
		more: make(chan struct{}, 1),
	}
	if u.o.Errand != nil {
		s.configTopic, s.answerTopic = topic(wire.ConfigLeaf), topic(wire.AnswerLeaf)
	}
	return s
}

// handle takes a message from paho. Acknowledgements are cumulative, so one
// that finds no room may be dropped: a later one says it again.
func (s *session) handle(m mqtt.Message) {
	if m.Topic() == s.configTopic {
		s.u.o.Errand.Deliver(m.Payload())
		m.Ack()
		return
	}
	select {
	case s.acks <- m:
	default:
	}
	m.Ack()
}

// run sends and listens until the connection is lost, or until ctx has ended
// and the spool is drained or the time for it is over.
func (s *session) run(ctx context.Context) error {
	u := s.u
	u.w.connected()
	u.o.Times.Connected()
	watch, stop := context.WithCancel(context.Background())
	defer stop()
	go s.watch(watch)
	if err := s.publishState(true); err != nil {
		return err
	}
	linger, expiry := stoppedTimer(), stoppedTimer()
	refresh := time.NewTicker(u.o.StateEvery)
	defer refresh.Stop()
	changed, ask, err := s.errand()
	if err != nil {
		return err
	}
	defer ask.Stop()
	defer linger.Stop()
	defer expiry.Stop()
	stopping, drained := ctx.Done(), (<-chan time.Time)(nil)
	lingering := false
	for {
		if err := s.send(); err != nil {
			return err
		}
		if waits := u.w.next < u.o.Spool.Next(); waits && !s.full && !lingering {
			wait := u.o.Linger - time.Since(s.sent)
			if wait <= 0 {
				s.full = true
				continue
			}
			linger.Reset(wait)
			lingering = true
		}
		if d := u.w.deadline(); !d.IsZero() {
			expiry.Reset(time.Until(d))
		}
		if drained != nil && len(u.w.flight) == 0 && u.w.next >= u.o.Spool.Next() {
			return s.goodbye()
		}
		select {
		case <-stopping:
			stopping = nil
			t := time.NewTimer(u.o.Drain)
			defer t.Stop()
			drained = t.C
			s.full = true
		case <-drained:
			return s.goodbye()
		case err := <-s.conn.Lost:
			if mqttconn.Renewed(err) {
				return err
			}
			return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "send to " + u.o.Broker.URL, Message: "the connection was lost", Err: err}
		case m := <-s.acks:
			u.acknowledged(m.Payload())
		case <-s.more:
		case <-s.again:
			s.again = nil
		case <-linger.C:
			lingering, s.full = false, true
		case now := <-expiry.C:
			if u.w.expire(now) {
				u.count(func(st *Stats) { st.Timeouts++ })
				u.log.Warn("the services do not acknowledge; sending again", "after", u.o.AckTimeout, "from", u.w.next)
			}
		case <-changed:
			if err := s.answer(); err != nil {
				return err
			}
		case <-ask.C:
			if err := s.ask(); err != nil {
				return err
			}
		case <-refresh.C:
			if err := s.publishState(true); err != nil {
				return err
			}
		}
	}
}

// watch tells run that the spool has grown.
func (s *session) watch(ctx context.Context) {
	for next := s.u.o.Spool.Next(); s.u.o.Spool.Wait(ctx, next) == nil; next = s.u.o.Spool.Next() {
		select {
		case s.more <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}
