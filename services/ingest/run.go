package ingest

import (
	"context"
	"sync"
	"time"

	"plantroom"
)

// What Run does at once, and how it waits.
const (
	groupParcels  = 64     // most deliveries in one transaction
	groupReadings = 20_000 // and most readings, give or take a batch
	readAhead     = 32     // deliveries decoded ahead of the judge

	companyFor = 40 * time.Millisecond // from one transaction to the next, while there is always more

	// crowdedPause is how long judging may wait for a time-series database
	// that works, but slower than readings come: it is cheaper than to drop
	// points and to have them sent again. One that does not work is not
	// waited for. After the pause a little is judged, which finds room in the
	// other half of the queue as long as the database takes that much in a
	// pause.
	crowdedPause    = time.Second
	crowdedReadings = 5_000

	fullLoad  = 1_000 // points that are written without waiting for company
	tickEvery = time.Second
	drainFor  = 5 * time.Second

	storeBackoff, storeBackoffMax = 50 * time.Millisecond, time.Second
	writeBackoff, writeBackoffMax = 250 * time.Millisecond, 15 * time.Second
	deniedBackoff                 = 15 * time.Second // the database knows us not: a person has to act
	longestHeed                   = time.Minute      // of what the database asks for
	heldFor                       = 30 * time.Second // a delivery that cannot be judged is retried
)

// Run takes deliveries from in until ctx is done or in is closed, and calls
// publish, from one goroutine, with each acknowledgement that has become true.
// publish must not block for long. While the store fails Run stops taking
// deliveries; while the time-series database fails it goes on. When ctx is
// done, writes under way get a few seconds to end; what is still in memory
// then was never acknowledged and stays with the gateways.
func (i *Ingest) Run(ctx context.Context, in <-chan Delivery, publish func(plantroom.GatewayID, Ack)) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	parsed := make(chan *parcel, readAhead)
	s := &shell{
		Ingest: i, publish: publish,
		parsed: parsed, landed: make(chan outcome, i.opt.Writers),
		linger: linger{least: i.opt.MinLinger, most: i.opt.MaxLinger},
	}
	s.workers.Go(func() { readAll(ctx, i, in, parsed) })
	defer s.workers.Wait()
	defer cancel()
	s.loop(ctx, work)
	return nil
}

// readAll decodes deliveries, ahead of the judge, until there are no more.
func readAll(ctx context.Context, i *Ingest, in <-chan Delivery, out chan<- *parcel) {
	defer close(out)
	for {
		select {
		case <-ctx.Done():
			return
		case d, ok := <-in:
			if !ok {
				return
			}
			select {
			case out <- i.reader.read(d, i.opt.Now()):
			case <-ctx.Done():
				return
			}
		}
	}
}

// shell is the state of one Run. Run's goroutine owns it, and the Ingest
// except for its reader.
type shell struct {
	*Ingest
	publish func(plantroom.GatewayID, Ack)
	workers sync.WaitGroup
	parsed  <-chan *parcel // nil: there will be no more
	landed  chan outcome   // writes that have ended; has room for all

	held      []*parcel // could not be judged yet, in order
	heldSince plantroom.Instant
	store     backoff
	writer    backoff
	writes    int // under way
	linger    linger
	nextTick  plantroom.Instant
	judgedAt  plantroom.Instant // when deliveries were last judged
	company   plantroom.Instant // until when the next transaction waits for company
	seen      plantroom.Instant // the time when it was last looked for
}

// outcome is how a write ended.
type outcome struct {
	ld      *load
	refused []plantroom.Refused
	err     error
}

func (s *shell) loop(ctx, work context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for s.parsed != nil || s.busy() {
		input := s.parsed
		if now := s.look(); len(s.held) > 0 || s.crowded(now) || s.early(now) {
			input = nil
		}
		var first *parcel
		select {
		case <-ctx.Done():
			s.drain(work)
			return
		case p, ok := <-input:
			if first = p; !ok {
				s.parsed = nil
			}
		case out := <-s.landed:
			s.land(out)
		case <-timer.C:
		}
		now := s.look()
		s.tick(work, now)
		s.judgeWaiting(work, now, first)
		s.startWrites(work, now)
		timer.Reset(s.wake(now).Sub(now))
	}
}

// look returns the time. Where the clock was set back, nothing waits for what it
// showed before: readings would not be taken in for as long.
func (s *shell) look() plantroom.Instant {
	now := s.opt.Now()
	if now < s.seen {
		for _, at := range []*plantroom.Instant{&s.heldSince, &s.store.next, &s.writer.next, &s.nextTick, &s.judgedAt, &s.company, &s.linger.since, &s.linger.taken} {
			*at = min(*at, now)
		}
	}
	s.seen = now
	return now
}

// busy reports whether something is still to be judged, written or settled.
func (s *shell) busy() bool { return len(s.held) > 0 || len(s.flight) > 0 || len(s.queue.chunks) > 0 }

// wake is when the loop has to turn again if nothing happens.
func (s *shell) wake(now plantroom.Instant) plantroom.Instant {
	at := s.nextTick
	if len(s.held) > 0 || s.settleable() && !s.early(now) {
		at = min(at, s.store.next)
	}
	if s.crowded(now) {
		at = min(at, s.judgedAt.Add(crowdedPause))
	}
	if now < s.company {
		at = min(at, s.company)
	}
	if s.writes < s.opt.Writers {
		if s.idle() != nil {
			at = min(at, s.writer.next)
		} else if len(s.queue.chunks) > 0 {
			at = min(at, max(s.linger.due(s.queue.points), s.writer.next))
		}
	}
	return max(at, now)
}

// crowded reports whether the queue is half full although the time-series
// database takes what it is given, and the judge has not paused for long.
func (s *shell) crowded(now plantroom.Instant) bool {
	return s.writer.wait == 0 && s.halfFull() && now.Sub(s.judgedAt) < crowdedPause
}

func (s *shell) halfFull() bool { return s.waiting() > s.queue.max/2 }

// early reports whether the last transaction began a moment ago, so that the
// next one waits for company: what a transaction costs (a sync, the state of
// the detectors that it touched) is then shared. What comes after a pause
// waits for nobody, and nobody waits once the reader is as far ahead as it may.
func (s *shell) early(now plantroom.Instant) bool {
	return now < s.company && len(s.parsed) < readAhead
}

func (s *shell) tick(ctx context.Context, now plantroom.Instant) {
	if now < s.nextTick {
		return
	}
	s.nextTick = now.Add(tickEvery)
	if acks, err := s.Tick(ctx, now); err == nil { // an error is counted and will show in judge, too
		s.publishAll(acks)
	}
}

// judgeWaiting makes one transaction of what has been held, of first (which
// may be nil), of what else has come, and of the writes that have ended.
func (s *shell) judgeWaiting(ctx context.Context, now plantroom.Instant, first *parcel) {
	if first != nil {
		s.held = append(s.held, first)
	}
	if now < s.store.next || len(s.held) == 0 && s.early(now) {
		return
	}
	if !s.crowded(now) {
		s.gather()
	}
	if len(s.held) == 0 && !s.settleable() {
		return
	}
	s.company = now.Add(companyFor)
	if len(s.held) > 0 {
		s.judgedAt = now
	}
	acks, left, err := s.judge(ctx, now, s.held)
	s.publishAll(acks)
	s.held = left
	if err == nil {
		s.store, s.heldSince = backoff{}, 0
		return
	}
	s.store.fail(now, storeBackoff, storeBackoffMax)
	switch {
	case s.heldSince.IsZero():
		s.heldSince = now
	case now.Sub(s.heldSince) > heldFor:
		s.abandon(now)
	}
}

// gather adds to held what has been read and waits.
func (s *shell) gather() {
	readings := 0
	for _, p := range s.held {
		readings += len(p.readings)
	}
	most := groupReadings
	if s.halfFull() {
		most = crowdedReadings
	}
	for len(s.held) < groupParcels && readings < most {
		select {
		case p, ok := <-s.parsed:
			if !ok {
				s.parsed = nil
				return
			}
			s.held = append(s.held, p)
			readings += len(p.readings)
		default:
			return
		}
	}
}

// abandon lets go of deliveries that cannot be judged. Their gateways still
// have them, and will be asked for them.
func (s *shell) abandon(now plantroom.Instant) {
	for _, p := range s.held {
		if l := s.lanes.byKey[laneKey{p.gateway, p.epoch}]; l != nil && p.whole == nil {
			l.high, l.heard = max(l.high, p.last()), now
		}
		s.opt.Logger.Error("judge readings: a delivery is given up for now; its gateway will be asked to send it again",
			"gateway", p.gateway, "epoch", p.epoch, "first", p.first, "records", len(p.marks), "failing", now.Sub(s.heldSince))
		s.counters.abandoned.Add(1)
		p.free()
	}
	s.held, s.heldSince = nil, 0
}

// idle returns the oldest load whose write has failed; nil: none.
func (s *shell) idle() *load {
	for _, ld := range s.flight {
		if !ld.busy && !ld.written {
			return ld
		}
	}
	return nil
}

// startWrites starts the writes that are due. While they fail there is one at
// a time.
func (s *shell) startWrites(ctx context.Context, now plantroom.Instant) {
	s.linger.watch(now, len(s.queue.chunks))
	for s.writes < s.opt.Writers && now >= s.writer.next && (s.writer.wait == 0 || s.writes == 0) {
		ld := s.idle()
		if ld == nil && len(s.queue.chunks) > 0 && now >= s.linger.due(s.queue.points) {
			ld = s.takeoff()
			s.linger.took(now, len(ld.points), len(s.queue.chunks))
		}
		if ld == nil || ld.written {
			return
		}
		ld.busy = true
		s.writes++
		s.workers.Go(func() {
			refused, err := s.opt.Writer.Write(ctx, ld.points)
			s.landed <- outcome{ld, refused, err}
		})
	}
}

// land takes the outcome of a write. It is committed with the next judgement.
func (s *shell) land(out outcome) {
	now := s.look()
	s.writes--
	out.ld.busy = false
	if s.written(now, out.ld, out.refused, out.err) == nil {
		s.writer = backoff{}
		return
	}
	s.writer.fail(now, writeBackoff, writeBackoffMax)
	s.writer.heed(now, out.err)
}

// drain lets the writes under way end and settles them.
func (s *shell) drain(ctx context.Context) {
	deadline := time.NewTimer(drainFor)
	defer deadline.Stop()
	for s.writes > 0 {
		select {
		case out := <-s.landed:
			s.land(out)
		case <-deadline.C:
			return
		}
	}
	if acks, err := s.settle(ctx, s.opt.Now()); err == nil {
		s.publishAll(acks)
	}
}

func (s *shell) publishAll(acks []GatewayAck) {
	for _, a := range acks {
		s.publish(a.Gateway, a.Ack)
	}
}
