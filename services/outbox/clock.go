package outbox

import (
	"context"

	"plantroom"
)

// mostSetBack bounds how many calls are looked at when the clock was set back:
// the newest, which are those that the wrong clock can have put off.
const mostSetBack = 20_000

// mindClock looks after the calls that wait by a clock that was ahead.
func (b *Outbox) mindClock(ctx context.Context, now plantroom.Instant) error {
	b.mu.Lock()
	steps := b.opts.Steps()
	due := b.clock.Due(now, steps)
	b.mu.Unlock()
	if due {
		if err := b.setBack(ctx, now); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock.Looked(now, steps)
	return nil
}

// setBack lets the calls that wait by a clock that was ahead wait by that of now.
func (b *Outbox) setBack(ctx context.Context, now plantroom.Instant) error {
	var moved []plantroom.Call
	err := b.opts.Store.View(ctx, func(tx plantroom.Tx) (err error) { moved, err = putOff(tx, now); return err })
	if err != nil || len(moved) == 0 {
		return err // as nearly always: nothing is written
	}
	b.opts.Logger.Warn("outbox: the clock was set back; calls that waited for a time that it had shown wait as long from now on", "calls", len(moved))
	return b.opts.Store.Update(ctx, func(tx plantroom.Tx) error {
		moved, err := putOff(tx, now)
		if err != nil {
			return err
		}
		for _, c := range moved {
			if err := tx.UpdateCall(c); err != nil {
				return err
			}
		}
		return nil
	})
}

// putOff returns the pending calls whose wait began at a time that has not come
// yet, as they should be: the same wait, from now on. So who has quiet hours is
// not woken by a clock that is set right.
func putOff(tx plantroom.Tx, now plantroom.Instant) (moved []plantroom.Call, err error) {
	pending, err := tx.Calls(plantroom.CallPending, mostSetBack)
	for _, c := range pending {
		since := max(c.Created, c.Since)
		if since <= now || c.Damaged {
			continue
		}
		c.NextTry = now.Add(max(0, c.NextTry.Sub(since)))
		c.Created, c.Since = min(c.Created, now), now
		moved = append(moved, c)
	}
	return moved, err
}
