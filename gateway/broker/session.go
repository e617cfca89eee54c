package broker

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// maxUnacked is how many messages of one client may wait for the disk. At the
// bound the client is read no further. MQTT 5 clients are told it as receive
// maximum.
const maxUnacked = 1024

// session is one client's connection: the messages that it has sent and that
// are not on disk yet, in the order of their arrival. Acknowledgements go out
// in that order [MQTT-4.6.0-2], from a goroutine of the session, since whoever
// reports a message done must not wait for the network.
type session struct {
	run     *running
	account *Account
	client  *mochi.Client
	conn    *conn
	will    *packets.Packet // nil: none

	mu       sync.Mutex
	changed  sync.Cond // anything of the following
	waiting  []*entry
	sending  bool  // what has been removed from waiting is being acknowledged
	closed   bool  // the client's messages are taken no more
	failed   bool  // one could not be stored: it and those after it are not acknowledged
	failure  error // why, until the client is told to go
	finished bool  // the connection is over

	wake  chan struct{} // something is done, or finished is set
	ended chan struct{} // it is finished, and nothing waits any more
	gone  chan struct{} // its client id is free again

	shadow *mochi.Client // speaks in the client's name; made when needed
}

// entry is one message.
type entry struct {
	session *session
	id      uint16 // 0: at QoS 0, which nobody acknowledges
	at      time.Time
	spread  *packets.Packet // to be passed on to subscribers; nil: nobody wants it
	err     error           // valid once ready
	ready   atomic.Bool
}

func newSession(run *running, a *Account, cl *mochi.Client, c *conn) *session {
	s := &session{run: run, account: a, client: cl, conn: c,
		wake: make(chan struct{}, 1), ended: make(chan struct{}), gone: make(chan struct{})}
	s.changed.L = &s.mu
	go s.acknowledge()
	return s
}

// enter notes a message of the client, and waits while too many others are
// not on disk yet. It gives nil where no more are taken.
func (s *session) enter(id uint16, spread *packets.Packet) *entry {
	e := &entry{session: s, id: id, at: time.Now(), spread: spread}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) >= maxUnacked && !s.closed {
		s.changed.Wait()
	}
	if s.closed {
		return nil
	}
	s.waiting = append(s.waiting, e)
	s.run.b.unacked.Add(1)
	return e
}

// done reports the end of a message: its readings are durable, or err says why
// not.
func (e *entry) done(err error) {
	e.err = err
	e.ready.Store(true)
	e.session.poke()
}

func (s *session) poke() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// close takes no more messages of the client.
func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changed.Broadcast()
}

// stop ends the connection, with a reason where the client speaks MQTT 5. Its
// reader notices.
func (s *session) stop(why packets.Code) {
	s.close()
	if s.client.Properties.ProtocolVersion == 5 {
		_ = s.run.server.DisconnectClient(s.client, why) // it returns the reason
	}
	s.client.Stop(why)
}

// settle waits until nothing is on its way to the disk, or ctx ends.
func (s *session) settle(ctx context.Context) {
	defer context.AfterFunc(ctx, s.close)() // wakes us, and the session is closed anyway
	s.mu.Lock()
	defer s.mu.Unlock()
	for (len(s.waiting) > 0 || s.sending) && ctx.Err() == nil {
		s.changed.Wait()
	}
}

// finish is the end of the connection, after its last packet: what came in
// before still goes to the disk, and the last will behind it.
func (s *session) finish() {
	var last *entry
	s.mu.Lock()
	s.closed, s.finished = true, true
	if s.speaksItsWill() {
		last = &entry{session: s, at: time.Now(), spread: s.will}
		s.waiting = append(s.waiting, last)
		s.run.b.unacked.Add(1)
	}
	s.changed.Broadcast()
	s.mu.Unlock()
	if last != nil {
		s.run.hear(s.will, last)
	}
	s.poke()
	select {
	case <-s.ended:
	case <-s.run.abandon: // the disk is stuck, and the gateway stops
	}
	s.run.forget(s)
	close(s.gone)
}

// speaksItsWill reports whether the last will is due now that the connection
// is gone: not after a DISCONNECT, and not when it is the gateway that goes.
func (s *session) speaksItsWill() bool {
	return s.will != nil && s.client.StopCause() != error(packets.CodeDisconnect) && !s.run.stopping.Load()
}

// take takes a message of the client in. It returns false where no more are
// taken.
func (s *session) take(pk *packets.Packet) bool {
	var spread *packets.Packet
	if pk.FixedHeader.Retain || s.run.listened() {
		keep := *pk
		spread = &keep
	}
	e := s.enter(pk.PacketID, spread)
	if e == nil {
		return false
	}
	s.run.hear(pk, e)
	return true
}

// acknowledge runs until the session is finished and nothing waits.
func (s *session) acknowledge() {
	defer close(s.ended)
	var batch []*entry
	var acks []byte
	for range s.wake {
		var over bool
		batch, over = s.ready(batch[:0])
		acks = acks[:0]
		for _, e := range batch {
			if e.id != 0 && e.err == nil {
				acks = binary.BigEndian.AppendUint16(append(acks, byte(packets.Puback)<<4, 2), e.id)
			}
		}
		if len(acks) > 0 {
			_, _ = s.conn.Write(acks) // a failure ends the connection, and the client sends again
		}
		for i, e := range batch {
			if e.spread != nil && e.err == nil {
				s.pass(e.spread)
			}
			batch[i] = nil
		}
		if why := s.sent(); why != nil {
			go s.run.refused(s, why) // it may wait for the client's network
		}
		if over {
			return
		}
	}
}

// sent notes that what was ready has been acknowledged. It returns, once, why
// the client has to go.
func (s *session) sent() (why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = false
	s.changed.Broadcast()
	why, s.failure = s.failure, nil
	return why
}

// ready removes the messages at the head that are done, up to the first that
// was to be acknowledged and cannot be. From then on all are given up as they
// come: the client repeats them in order.
func (s *session) ready(batch []*entry) (_ []*entry, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for ; n < len(s.waiting) && s.waiting[n].ready.Load(); n++ {
		e := s.waiting[n]
		switch {
		case s.failed && e.id != 0:
		case e.err == nil:
			batch = append(batch, e)
		case e.id == 0:
			s.run.b.lost.Add(1)
		default:
			s.failed, s.closed = true, true
			s.failure = e.err
		}
	}
	clear(s.waiting[:n])
	s.waiting = s.waiting[n:]
	s.run.b.unacked.Add(-int64(n))
	s.sending = true
	s.changed.Broadcast()
	return batch, s.finished && len(s.waiting) == 0
}

// oldest returns how long the oldest message waits.
func (s *session) oldest(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return 0
	}
	return now.Sub(s.waiting[0].at)
}

// pass passes a message on to subscribers and retains it, in the name of its
// client: mochi's own way, from which OnPacketRead has kept it.
func (s *session) pass(pk *packets.Packet) {
	if s.shadow == nil {
		s.shadow = s.run.server.NewClient(nil, mochi.LocalListener, s.client.ID, true)
		s.shadow.Properties.ProtocolVersion = s.client.Properties.ProtocolVersion
	}
	s.run.pass(s.shadow, *pk)
}
