package ingest

import (
	"context"
	"errors"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Judge takes deliveries in: their new records are judged and the
// consequences committed, together with everything that has to be set aside,
// in one transaction. It returns the acknowledgements to publish, at most one
// per spool. Where the transaction fails each delivery is tried by itself, so
// that one cannot hold up another gateway; those for which an error is
// returned have had no effect and have to be delivered again.
func (i *Ingest) Judge(ctx context.Context, now plantroom.Instant, ds ...Delivery) ([]GatewayAck, error) {
	ps := make([]*parcel, len(ds))
	for n, d := range ds {
		ps[n] = i.reader.read(d, now)
	}
	acks, _, err := i.judge(ctx, now, ps)
	return acks, err
}

// judge returns the parcels that could not be committed, in order.
func (i *Ingest) judge(ctx context.Context, now plantroom.Instant, ps []*parcel) (acks []GatewayAck, left []*parcel, err error) {
	acks, err = i.commit(ctx, now, ps)
	if err == nil {
		return acks, nil, nil
	}
	if len(ps) < 2 && !i.settleable() || ctx.Err() != nil {
		return nil, ps, err
	}
	return i.judgeEach(ctx, now, ps)
}

// judgeEach gives each parcel a transaction of its own. After some failures
// without a success it is the store that fails, and the rest is not tried.
func (i *Ingest) judgeEach(ctx context.Context, now plantroom.Instant, ps []*parcel) (acks []GatewayAck, left []*parcel, err error) {
	const giveUp = 3
	held := make(map[plantroom.GatewayID]bool)
	acks, err = i.settle(ctx, now) // what was written is not held up either
	committed := len(acks) > 0
	for _, p := range ps {
		if held[p.gateway] || !committed && len(held) == giveUp { // a gateway's batches stay in order
			left = append(left, p)
			continue
		}
		one, e := i.commit(ctx, now, []*parcel{p})
		if e != nil {
			held[p.gateway] = true
			left, err = append(left, p), e
			continue
		}
		committed = true
		acks = mergeAcks(acks, one)
	}
	return acks, left, err
}

// commit makes one transaction of parcels and of the writes that have
// finished. On error nothing has changed, here or in the store.
func (i *Ingest) commit(ctx context.Context, now plantroom.Instant, ps []*parcel) ([]GatewayAck, error) {
	if err := i.ready(ctx); err != nil {
		return nil, i.storeFailed(now, err)
	}
	t := i.plan(now, ps)
	if t.empty() {
		return nil, nil
	}
	if err := i.update(ctx, t); err != nil {
		return nil, i.storeFailed(now, err)
	}
	i.storeWorks(now)
	return i.apply(t), nil
}

// transaction is what one commit will do.
type transaction struct {
	now     plantroom.Instant
	steps   []step
	lanes   []*lane // touched, each once
	landed  []*load
	refused []plantroom.Quarantined
	judged  bool // Core is involved
	tick    bool // time passes for the detectors
}

func (t *transaction) empty() bool { return len(t.steps) == 0 && len(t.landed) == 0 }

func (i *Ingest) plan(now plantroom.Instant, ps []*parcel) *transaction {
	i.round++
	t := &transaction{now: now}
	room := i.queue.max - i.waiting()
	for _, p := range ps {
		s := i.planParcel(t, p, room > 0)
		t.steps = append(t.steps, s)
		if s.upTo > 0 {
			room -= len(p.points) - s.skip
		}
	}
	for _, ld := range i.flight {
		if !ld.written {
			break
		}
		t.landed = append(t.landed, ld)
		t.refused = append(t.refused, ld.refusedRows(now)...)
		for _, c := range ld.ends {
			i.touch(t, c.l)
			c.l.next.stored = c.upTo
		}
	}
	return t
}

func (i *Ingest) planParcel(t *transaction, p *parcel, room bool) step {
	if p.whole == nil && p.leaf == wire.StateLeaf {
		t.judged = true
		return step{p: p, l: i.known(t, p)}
	}
	var l *lane
	if p.whole == nil {
		if l = i.lanes.of(p.gateway, p.epoch); l == nil {
			p.whole = &plantroom.Quarantined{
				Gateway: p.gateway, Epoch: p.epoch, At: t.now, Stage: stageWire,
				Source: wire.Topic(i.opt.Estate, p.gateway, wire.Up),
				Reason: "the gateway has started too many spools; find out why its epoch keeps changing",
			}
		}
	}
	if p.whole != nil {
		return step{p: p, known: i.aside.seenBefore(p.whole)}
	}
	t.judged = true
	i.touch(t, l)
	return l.plan(p, t.now, room)
}

// known returns the lane that the state of a gateway speaks of: one that is
// back is told how far it has been heard. nil: none.
func (i *Ingest) known(t *transaction, p *parcel) *lane {
	l := i.lanes.byKey[laneKey{p.gateway, p.state.Epoch}]
	if l == nil || !p.state.Online {
		return nil
	}
	i.touch(t, l)
	l.next.heard = max(l.next.heard, t.now)
	return l
}

func (i *Ingest) touch(t *transaction, l *lane) {
	if l.round != i.round {
		l.round, l.next = i.round, l.position
		t.lanes = append(t.lanes, l)
	}
}

// errAgain stops a store that runs the transaction's function once more: the
// detectors have moved on and must be reloaded first.
var errAgain = errors.New("ingest: the transaction has to start over")

// update runs the transaction. After a failure Core is marked for reload.
func (i *Ingest) update(ctx context.Context, t *transaction) error {
	for tries := 1; ; tries++ {
		ran := false
		err := i.opt.Store.Update(ctx, func(tx plantroom.Tx) error {
			if ran {
				return errAgain
			}
			ran = true
			return i.write(tx, t)
		})
		if err == nil {
			return nil
		}
		i.stale = i.stale || t.judged
		if !errors.Is(err, errAgain) || tries == 3 {
			return err
		}
		if err := i.ready(ctx); err != nil {
			return err
		}
	}
}

// write is the transaction's function. It changes nothing but the store, and
// Core's memory.
func (i *Ingest) write(tx plantroom.Tx, t *transaction) error {
	if t.tick {
		return i.opt.Core.Tick(tx, t.now)
	}
	i.docket.clear() // of a transaction that failed
	for n := range t.steps {
		if err := i.writeStep(tx, t.now, &t.steps[n]); err != nil {
			return err
		}
	}
	if err := i.docket.judge(i.opt.Core, tx, t.now); err != nil {
		return err
	}
	if err := i.aside.put(tx, t.refused...); err != nil {
		return err
	}
	for _, l := range t.lanes {
		if err := tx.PutProgress(l.row()); err != nil {
			return err
		}
	}
	return nil
}

// writeStep writes all of a step but for what the detectors make of it, which
// goes on the docket.
func (i *Ingest) writeStep(tx plantroom.Tx, now plantroom.Instant, s *step) error {
	p := s.p
	switch {
	case p.whole != nil && s.known:
		return nil
	case p.whole != nil:
		return i.aside.put(tx, *p.whole)
	case p.leaf == wire.StateLeaf:
		return i.hear(tx, now, s)
	}
	if s.gap.Last > 0 {
		if err := tx.PutGap(p.gateway, p.epoch, s.gap); err != nil {
			return err
		}
	}
	if s.lost > 0 {
		if err := tx.PutGap(p.gateway, p.epoch, s.spare); err != nil {
			return err
		}
	}
	if !s.fresh {
		if len(p.marks) == 0 { // a sign of life; a batch that is known already may be an echo of the broker's
			i.docket.add(s.l, nil)
		}
		return nil
	}
	for _, g := range p.gaps[s.from.gaps:] {
		if err := tx.PutGap(p.gateway, p.epoch, g); err != nil {
			return err
		}
	}
	if err := i.aside.put(tx, p.aside[s.from.aside:]...); err != nil {
		return err
	}
	i.docket.add(s.l, p.readings[s.from.readings:])
	return nil
}

// hear takes a gateway's state, after all that the gateway said before it.
func (i *Ingest) hear(tx plantroom.Tx, now plantroom.Instant, s *step) error {
	if err := i.docket.judge(i.opt.Core, tx, now); err != nil {
		return err
	}
	if err := i.opt.Core.Heard(tx, now, s.p.gateway, s.p.state.Online); err != nil {
		return err
	}
	if s.l == nil {
		return nil // Core keeps its Latest until a lane takes it
	}
	if latest := i.opt.Core.Latest(s.p.gateway); latest != nil {
		s.l.next.latest = latest
	}
	return nil
}
