package uplink

import (
	"context"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// goodbyeTimeout bounds the wait for the PUBACK of the last state.
const goodbyeTimeout = 2 * time.Second

// send fills the window with batches that are full, or whose linger is over.
func (s *session) send() error {
	u := s.u
	for u.w.open() && s.again == nil {
		next, from := u.o.Spool.Next(), max(u.w.next, u.o.Spool.Base())
		if from >= next {
			s.full = false
			return nil
		}
		if !s.full && next-from < uint64(u.o.MaxRecords) {
			return nil
		}
		sent, err := s.sendBatch(from)
		if err != nil || !sent {
			return err
		}
	}
	return nil
}

// sendBatch publishes one batch, and reports false where the spool had
// nothing durable after all.
func (s *session) sendBatch(from uint64) (bool, error) {
	u := s.u
	first, records, err := u.o.Spool.Read(from, u.o.MaxRecords, wire.MaxPayload-u.o.MaxRecords) // a quality makes each a byte longer
	if err == nil {
		records, err = s.place(first, records)
	}
	s.noteRead(err)
	if err != nil || len(records) == 0 {
		return false, nil
	}
	base := u.o.Spool.Base()
	if first > from {
		// Records are missing from the midst of the spool. Base declares
		// the hole, and must not declare more than that: everything
		// before it has to have been heard.
		if len(u.w.flight) > 0 {
			return false, nil
		}
		base = first
	}
	payload, err := wire.AppendBatch(make([]byte, 0, size(records)), wire.Batch{
		Gateway: u.o.Gateway, Epoch: u.o.Spool.Epoch(), Base: base,
		First: first, Sent: u.o.Times.Wall(), Records: records,
	})
	if err != nil {
		return false, err
	}
	if err := s.conn.Send(s.upTopic, false, payload); err != nil {
		return false, err
	}
	s.sent = time.Now()
	u.w.sent(first, len(records), s.sent)
	u.count(func(st *Stats) {
		st.Batches++
		st.Records += uint64(len(records))
		if st.Owed.IsZero() {
			st.Owed = plantroom.At(time.Now())
		}
	})
	return true, nil
}

// place gives records times of day, and leaves out those that wait for the
// clock: they are looked at again in a moment.
func (s *session) place(first uint64, records [][]byte) ([][]byte, error) {
	n, err := s.u.o.Times.Correct(first, records)
	if err != nil {
		return nil, err
	}
	s.u.count(func(st *Stats) { st.Waiting = n < len(records) })
	if n == 0 && len(records) > 0 {
		s.again = time.After(s.u.o.LookAgain)
	}
	return records[:n], nil
}

// noteRead notes whether the spool could be read. A disk that fails is no
// reason to give up the connection.
func (s *session) noteRead(err error) {
	u, text := s.u, ""
	if err != nil {
		text = err.Error()
		s.again = time.After(u.o.ReadAgain)
		u.log.Error("what is in the spool cannot be sent; it is tried again", "after", u.o.ReadAgain, "error", err)
	}
	u.count(func(st *Stats) { st.SpoolError = text })
}

// size bounds the length of a batch.
func size(records [][]byte) int {
	n := 128 + 3*len(records)
	for _, r := range records {
		n += len(r)
	}
	return n
}

// acknowledged takes an acknowledgement from the services.
func (u *Uplink) acknowledged(payload []byte) {
	a, err := u.readAck(payload)
	if err != nil {
		u.count(func(st *Stats) { st.Ignored++ })
		if err.Error() != u.refused { // one line for a thousand of the same
			u.refused = err.Error()
			u.log.Warn("an acknowledgement is ignored", "error", err)
		}
		return
	}
	u.refused = ""
	if a.Rewind && a != u.w.ack {
		u.log.Info("the services ask for records again", "from", a.Stored+1, "to", a.Seen)
	}
	u.w.receive(a)
	if err := u.o.Spool.Trim(a.Stored); err != nil {
		u.log.Error("cannot trim the spool", "to", a.Stored, "error", err)
	}
	u.count(func(st *Stats) {
		st.Acks++
		if a.Rewind {
			st.Rewinds++
		}
		st.Seen, st.Stored, st.LastAck = a.Seen, a.Stored, plantroom.At(time.Now())
		st.Owed = 0
		if len(u.w.flight) > 0 {
			st.Owed = st.LastAck
		}
	})
}

// readAck refuses what is not about this spool: trimming on it would lose
// readings.
func (u *Uplink) readAck(payload []byte) (wire.Ack, error) {
	a, err := wire.DecodeAck(payload)
	if err != nil {
		return a, err
	}
	if epoch := u.o.Spool.Epoch(); a.Epoch != epoch {
		return a, plantroom.Errorf(plantroom.CodeConflict, "it is for epoch %d of the spool, which is at epoch %d", a.Epoch, epoch)
	}
	if next := u.o.Spool.Next(); a.Seen >= next {
		return a, plantroom.Errorf(plantroom.CodeConflict, "it is for record %d, and the next one to be written is %d: does another gateway use the id %s?", a.Seen, next, u.o.Gateway)
	}
	return a, nil
}

// state makes the message for the state topic.
func (u *Uplink) state(online bool) ([]byte, error) {
	return wire.AppendState(nil, wire.State{
		Gateway: u.o.Gateway, Online: online, Version: u.o.Version, Epoch: u.o.Spool.Epoch(),
		Base: u.o.Spool.Base(), Next: u.o.Spool.Next(), At: u.o.Times.Wall(),
	})
}

func (s *session) publishState(online bool) error {
	b, err := s.u.state(online)
	if err != nil {
		return err
	}
	if err := s.conn.Send(s.stateTopic, true, b); err != nil {
		return err
	}
	return s.mentionRoom()
}

// mentionRoom tells how full the spool is, to whoever wants to know.
func (s *session) mentionRoom() error {
	u := s.u
	if u.o.Room == nil {
		return nil
	}
	room := u.o.Room()
	room.Gateway, room.Epoch, room.At = u.o.Gateway, u.o.Spool.Epoch(), u.o.Times.Wall()
	b, err := wire.AppendSpool(nil, room)
	if err != nil {
		return err
	}
	return s.conn.Mention(s.spoolTopic, true, b)
}

// goodbye replaces the retained state, which the broker would not do: its will
// is for connections that end without a word.
func (s *session) goodbye() error {
	b, err := s.u.state(false)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeTimeout)
	defer cancel()
	return s.conn.SendAndWait(ctx, s.stateTopic, true, b)
}
