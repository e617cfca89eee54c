package uplink

import (
	"bytes"
	"context"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// listen subscribes to configurations. A broker that does not permit that
// costs no reading: the access list may be older than the wish.
func (s *session) listen(ctx context.Context) {
	if s.configTopic == "" {
		return
	}
	err, text := s.conn.SubscribeAll(ctx, s.configTopic), ""
	if err != nil {
		text = err.Error()
		s.u.log.Error("configurations of the services cannot be heard", "error", err)
	}
	s.u.count(func(st *Stats) { st.Deaf = text })
}

// errand begins with the answer, and returns what reminds of it. Without an
// errand nothing does.
func (s *session) errand() (changed <-chan struct{}, ask *time.Ticker, err error) {
	ask = time.NewTicker(s.u.o.AskEvery)
	if s.u.o.Errand == nil {
		ask.Stop()
		return nil, ask, nil
	}
	return s.u.o.Errand.Changed(), ask, s.answer()
}

// answer publishes the answer where the broker has another one, and asks.
func (s *session) answer() error {
	b := s.u.o.Errand.Answer()
	if b != nil && !bytes.Equal(b, s.said) {
		if err := s.conn.Send(s.answerTopic, true, b); err != nil {
			return err
		}
		s.said = b
	}
	return s.ask()
}

// ask sends a batch without records, which the services acknowledge: a gateway
// whose devices say nothing now has to know, too, whether it is heard.
func (s *session) ask() error {
	u := s.u
	if !u.o.Errand.Asking() || s.again != nil {
		return nil
	}
	payload, err := wire.AppendBatch(nil, wire.Batch{Gateway: u.o.Gateway, Epoch: u.o.Spool.Epoch(), Base: u.o.Spool.Base(),
		First: max(u.w.next, u.o.Spool.Base(), 1), Sent: plantroom.At(time.Now())})
	if err != nil {
		return err
	}
	return s.conn.Send(s.upTopic, false, payload)
}
