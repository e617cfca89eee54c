package outbox

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// A lane is the due calls of one address, attempted one after the other.
type lane struct {
	to    plantroom.Address
	calls []plantroom.Call
}

// queue is who waits for the same places: the addresses of a channel that are
// called about orders, and those that are not, since a notice of works goes to
// all residents at once and a lift must not wait for that.
type queue struct {
	channel string
	notices bool
}

// queueOf says where the calls of one address wait.
func queueOf(calls []plantroom.Call) queue {
	return queue{calls[0].Channel, !slices.ContainsFunc(calls, func(c plantroom.Call) bool {
		return !strings.HasPrefix(c.Kind, "works.") && !strings.HasPrefix(c.Kind, "channel.")
	})}
}

// tally counts what became of attempts.
type tally struct {
	sent, failed int
	err          error // of the store
}

func (t *tally) add(u tally) {
	t.sent += u.sent
	t.failed += u.failed
	t.err = errors.Join(t.err, u.err)
}

// start settles what is owed, then lets run serve each address that has due
// calls and is not being served. Each ends by calling done.
func (b *Outbox) start(ctx context.Context, now func() plantroom.Instant, run func(func()), done func(tally)) error {
	at := now()
	if err := b.payOwed(ctx, at); err != nil {
		return err
	}
	if err := b.mindClock(ctx, at); err != nil {
		return err
	}
	lanes, err := b.claim(ctx, at)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		run(func() {
			t := b.serve(ctx, now, l.calls)
			b.release(l.to)
			done(t)
		})
	}
	return nil
}

// claim reads what is due, grouped by address, and marks the addresses as
// busy. Reading and marking are one step under the mutex: a lane that ends
// between the two would otherwise have its last call seen as still pending,
// and sent twice.
func (b *Outbox) claim(ctx context.Context, now plantroom.Instant) ([]lane, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var due []plantroom.Call
	busy := slices.Collect(maps.Keys(b.busy))
	err := b.opts.Store.View(ctx, func(tx plantroom.Tx) (err error) {
		due, err = tx.DueCalls(now, laneLength, batch, busy...)
		return err
	})
	if err != nil {
		return nil, err
	}
	lanes := b.group(due)
	for _, l := range lanes {
		b.busy[l.to] = true
	}
	return lanes, nil
}

// group makes lanes of calls, without those whose outcome is owed to the store.
// In a lane the calls that were never tried come first, as the store lists them,
// so that news does not queue behind repeats to a receiver that hangs.
func (b *Outbox) group(due []plantroom.Call) []lane {
	var (
		lanes []lane
		place = make(map[plantroom.Address]int)
	)
	for _, c := range due {
		to := plantroom.Address{Channel: c.Channel, To: c.To}
		if b.owed[c.ID] != nil {
			continue
		}
		i, ok := place[to]
		if !ok {
			i = len(lanes)
			place[to] = i
			lanes = append(lanes, lane{to: to})
		}
		lanes[i].calls = append(lanes[i].calls, c)
	}
	return lanes
}

func (b *Outbox) release(to plantroom.Address) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.busy, to)
}

// serve attempts the calls of one address in turn and stops at the first
// failure that may heal: the others stay due, and other addresses get the slot.
func (b *Outbox) serve(ctx context.Context, now func() plantroom.Instant, calls []plantroom.Call) (t tally) {
	if slots := b.slots[queueOf(calls)]; slots != nil { // nil: there is no such channel to wait for
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-ctx.Done():
			return t
		}
	}
	for _, c := range calls {
		if ctx.Err() != nil {
			return t
		}
		err := b.attempt(ctx, c)
		if err != nil && ctx.Err() != nil {
			return t // we ended it, so it says nothing of the receiver
		}
		t.err = errors.Join(t.err, b.note(ctx, &verdict{call: c.ID, err: err, at: now()}))
		if err == nil {
			t.sent++
			continue
		}
		t.failed++
		if !permanent(err) {
			return t
		}
	}
	return t
}

func (b *Outbox) attempt(ctx context.Context, c plantroom.Call) error {
	channel := b.channels[c.Channel]
	switch {
	case c.Damaged:
		return &plantroom.SendError{Permanent: true, Err: plantroom.Errorf(plantroom.CodeInternal, "%s", c.LastErr)}
	case channel == nil:
		return &plantroom.SendError{Permanent: true, Err: plantroom.Errorf(plantroom.CodeInvalid,
			"no channel is called %q: correct the address in the estate's file, or configure the channel", c.Channel)}
	}
	ctx, cancel := context.WithTimeout(ctx, b.timeout(channel))
	defer cancel()
	return channel.Send(ctx, c)
}

// longestAttempt bounds the patience of a channel.
const longestAttempt = 2 * time.Minute

// timeout bounds one attempt: Options.Timeout, or as long as the channel says
// that its receivers take, as a telephone that rings.
func (b *Outbox) timeout(c plantroom.Channel) time.Duration {
	if p, is := c.(interface{ Patience() time.Duration }); is {
		return min(max(b.opts.Timeout, p.Patience()), longestAttempt)
	}
	return b.opts.Timeout
}

func permanent(err error) bool {
	var se *plantroom.SendError
	return errors.As(err, &se) && se.Permanent
}
