package ingest

import (
	"context"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// apply takes over what a transaction has committed, and returns the
// acknowledgements that have thereby become true.
func (i *Ingest) apply(t *transaction) []GatewayAck {
	for n := range t.steps {
		i.applyStep(&t.steps[n])
	}
	for _, ld := range t.landed {
		i.finish(ld)
	}
	i.aside.counted(t.refused...)
	i.flight = i.flight[len(t.landed):]
	i.counters.queued.Store(int64(i.waiting()))

	acks := make([]GatewayAck, 0, len(t.lanes))
	for _, l := range t.lanes {
		if l.coming() {
			l.moved(t.now)
		}
		l.position = l.next
		l.high = max(l.high, l.seen)
		acks = append(acks, l.ack(false))
	}
	i.counters.acks.Add(int64(len(acks)))
	return acks
}

func (i *Ingest) applyStep(s *step) {
	p, c := s.p, &i.counters
	switch {
	case p.whole != nil:
		i.aside.counted(*p.whole)
		i.aside.remember(p.whole)
		p.free()
		return
	case p.leaf == wire.StateLeaf:
		c.states.Add(1)
		p.free()
		return
	}
	c.batches.Add(1)
	if s.gap.Last > 0 {
		i.countGaps(s.gap)
	}
	if s.lost > 0 {
		c.gaps.Add(1)
		c.lost.Add(int64(s.lost))
	}
	switch {
	case s.early:
		c.early.Add(1)
	case s.fresh:
		c.judged.Add(int64(len(p.readings)) - int64(s.from.readings))
		i.countGaps(p.gaps[s.from.gaps:]...)
		i.aside.counted(p.aside[s.from.aside:]...)
	default:
		c.duplicates.Add(1)
	}
	c.dropped.Add(int64(s.drop))
	if s.upTo == 0 {
		p.free()
		return
	}
	i.queue.push(chunk{l: s.l, upTo: s.upTo, p: p, next: s.skip})
}

func (i *Ingest) countGaps(gaps ...plantroom.Gap) {
	for _, g := range gaps {
		i.counters.gaps.Add(1)
		i.counters.lost.Add(int64(g.Last - g.First + 1))
	}
}

// finish counts a settled write and frees what it was made of.
func (i *Ingest) finish(ld *load) {
	i.counters.points.Add(int64(len(ld.points) - len(ld.refused)))
	i.counters.refused.Add(int64(len(ld.refused)))
	for _, c := range ld.ends {
		c.p.free()
	}
}

// waiting is how many points are not yet in the time-series database.
func (i *Ingest) waiting() int {
	n := i.queue.points
	for _, ld := range i.flight {
		n += len(ld.points)
	}
	return n
}

// ready reads the store for the first time, or brings Core back to what the
// store holds.
func (i *Ingest) ready(ctx context.Context) error {
	if !i.loaded {
		if err := i.opt.Store.View(ctx, i.recall); err != nil {
			return err
		}
		i.loaded = true
	}
	if i.stale {
		if err := i.opt.Core.Reload(ctx, i.opt.Store); err != nil {
			return err
		}
		i.stale = false
		i.counters.reloads.Add(1)
	}
	return nil
}

// recall takes over how far each spool was heard before.
func (i *Ingest) recall(tx plantroom.Tx) error {
	rows, err := tx.AllProgress()
	if err != nil {
		return err
	}
	if i.aside.rows, err = tx.QuarantineCount(); err != nil {
		return err
	}
	i.lanes = newLanes()
	i.lanes.restore(rows)
	return nil
}

// storeFailed counts a failure and says so once until it heals.
func (i *Ingest) storeFailed(now plantroom.Instant, err error) error {
	i.counters.storeErrors.Add(1)
	if i.counters.storeDown.CompareAndSwap(0, int64(now)) {
		i.opt.Logger.Error("judge readings: the store does not take them; nothing is acknowledged until it does", "error", err)
	}
	return &plantroom.Error{
		Code: plantroom.CodeUnavailable, Op: "judge readings", Message: "the store did not take the consequences",
		Hint: "free its disk or bring it back; gateways keep their readings until then", Err: err,
	}
}

func (i *Ingest) storeWorks(now plantroom.Instant) {
	if since := i.counters.storeDown.Swap(0); since != 0 {
		i.opt.Logger.Info("judge readings: the store works again", "down", now.Sub(plantroom.Instant(since)))
	}
}
