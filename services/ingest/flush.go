package ingest

import (
	"context"

	"plantroom"
)

// Flush writes all points that wait to the time-series database, commits that
// they are stored, and returns the acknowledgements to publish. After an error
// nothing is lost: call it again, not before the wait that RetryAfter names.
func (i *Ingest) Flush(ctx context.Context, now plantroom.Instant) ([]GatewayAck, error) {
	var acks []GatewayAck
	for {
		ld := i.unwritten()
		if ld == nil {
			break
		}
		refused, err := i.opt.Writer.Write(ctx, ld.points)
		if err := i.written(now, ld, refused, err); err != nil {
			return acks, err
		}
		more, err := i.settle(ctx, now)
		if err != nil {
			return acks, err
		}
		acks = mergeAcks(acks, more)
	}
	more, err := i.settle(ctx, now) // of an earlier call that failed
	return mergeAcks(acks, more), err
}

// unwritten returns the oldest load that has to be written, taking it from
// the queue if none is under way; nil: there is nothing to write.
func (i *Ingest) unwritten() *load {
	for _, ld := range i.flight {
		if !ld.written {
			return ld
		}
	}
	if ld := i.takeoff(); ld != nil && !ld.written {
		return ld
	}
	return nil
}

// takeoff takes a load from the queue. One without points, which only moves
// lanes on, counts as written.
func (i *Ingest) takeoff() *load {
	ld := i.queue.take(i.opt.MaxLines)
	if ld != nil {
		ld.written = len(ld.points) == 0
		i.flight = append(i.flight, ld)
	}
	return ld
}

// written takes the outcome of a write.
func (i *Ingest) written(now plantroom.Instant, ld *load, refused []plantroom.Refused, err error) error {
	if err != nil {
		i.counters.writeErrors.Add(1)
		if i.counters.writerDown.CompareAndSwap(0, int64(now)) {
			i.opt.Logger.Error("write to the time-series database: not possible; readings are judged all the same, and stay with the gateways", "error", err)
		}
		return err
	}
	if since := i.counters.writerDown.Swap(0); since != 0 {
		i.opt.Logger.Info("write to the time-series database: it works again", "down", now.Sub(plantroom.Instant(since)))
	}
	ld.written, ld.refused = true, refused
	return nil
}

// settleable reports whether a write has ended that can be committed.
func (i *Ingest) settleable() bool { return len(i.flight) > 0 && i.flight[0].written }

// settle commits what has been written.
func (i *Ingest) settle(ctx context.Context, now plantroom.Instant) ([]GatewayAck, error) {
	if !i.settleable() {
		return nil, nil
	}
	return i.commit(ctx, now, nil)
}

// mergeAcks keeps the newest acknowledgement of each spool.
func mergeAcks(acks, more []GatewayAck) []GatewayAck {
next:
	for _, m := range more {
		for n := range acks {
			if acks[n].Gateway == m.Gateway && acks[n].Ack.Epoch == m.Ack.Epoch {
				acks[n] = m
				continue next
			}
		}
		acks = append(acks, m)
	}
	return acks
}

// Tick lets time pass for the detectors, in a transaction of its own, and
// returns the requests to send again that have become due: to spools
// whose records went ahead of others that never came, and to those whose
// points were dropped while the time-series database was away and that can be
// taken now. Call it every second or so.
func (i *Ingest) Tick(ctx context.Context, now plantroom.Instant) ([]GatewayAck, error) {
	if err := i.ready(ctx); err != nil {
		return nil, i.storeFailed(now, err)
	}
	if err := i.update(ctx, &transaction{now: now, judged: true, tick: true}); err != nil {
		return nil, i.storeFailed(now, err)
	}
	i.storeWorks(now)
	ready := i.counters.writerDown.Load() == 0 && i.waiting() <= i.queue.max/4
	var acks []GatewayAck
	for _, l := range i.lanes.ordered {
		if l.ask(now, ready) {
			acks = append(acks, l.ack(true))
		}
	}
	i.counters.acks.Add(int64(len(acks)))
	i.counters.rewinds.Add(int64(len(acks)))
	return acks, nil
}
