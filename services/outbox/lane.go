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
	place *place
}

// place is where an address stands that is busy. Its fields are guarded by Outbox.mu.
type place struct {
	queue  queue
	served bool          // it has its slot
	gone   chan struct{} // closed when a call about an order has overtaken it
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
	return queue{calls[0].Channel, !slices.ContainsFunc(calls, aboutOrder)}
}

// aboutOrder reports whether a call is about an order: not about planned works,
// residents' cases or channels. One kind that begins with "works." is about an order
// that they have left over.
func aboutOrder(c plantroom.Call) bool {
	return c.Kind == "works.left" || !slices.ContainsFunc([]string{"works.", "case.", "channel."}, func(of string) bool { return strings.HasPrefix(c.Kind, of) })
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
	b.run(ctx, lanes, now, run, done)
	return nil
}

func (b *Outbox) run(ctx context.Context, lanes []lane, now func() plantroom.Instant, run func(func()), done func(tally)) {
	for _, l := range lanes {
		run(func() {
			t := b.serve(ctx, now, l)
			b.release(l)
			done(t)
		})
	}
}

// overtake finds addresses that are busy with notices, and for which a call about an
// order has come meanwhile. One that waits goes on among those that are called about
// orders; one that is served ends with its present call, and is claimed anew.
func (b *Outbox) overtake(ctx context.Context, now plantroom.Instant) (first []lane, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var but []plantroom.Address
	for to, p := range b.busy {
		if !p.queue.notices {
			but = append(but, to)
		}
	}
	told := len(b.busy) - len(but)
	if told == 0 {
		return nil, nil
	}
	due, err := b.due(ctx, now, 4*(batch+told), but) // a few for each
	if err != nil {
		return nil, err
	}
	for _, l := range b.group(due) {
		p := b.busy[l.to]
		if p == nil || p.overtaken() || queueOf(l.calls).notices {
			continue
		}
		close(p.gone)
		if !p.served {
			b.occupy(&l)
			first = append(first, l)
		}
	}
	return first, nil
}

// claim reads what is due, grouped by address, and marks the addresses as
// busy. Reading and marking are one step under the mutex: a lane that ends
// between the two would otherwise have its last call seen as still pending,
// and sent twice.
func (b *Outbox) claim(ctx context.Context, now plantroom.Instant) ([]lane, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	due, err := b.due(ctx, now, batch, slices.Collect(maps.Keys(b.busy)))
	if err != nil {
		return nil, err
	}
	lanes := b.group(due)
	for i := range lanes {
		b.occupy(&lanes[i])
	}
	return lanes, nil
}

func (b *Outbox) due(ctx context.Context, now plantroom.Instant, limit int, but []plantroom.Address) (due []plantroom.Call, err error) {
	err = b.opts.Store.View(ctx, func(tx plantroom.Tx) (err error) {
		due, err = tx.DueCalls(now, laneLength, limit, but...)
		return err
	})
	return due, err
}

// occupy marks a lane's address as busy.
func (b *Outbox) occupy(l *lane) {
	l.place = &place{queue: queueOf(l.calls), gone: make(chan struct{})}
	b.busy[l.to] = l.place
}

// group makes lanes of calls, without those whose outcome is owed to the store. In a
// lane calls about orders come first, and of these the ones that were never tried, as
// the store lists them, so that news does not queue behind repeats to a receiver that
// hangs.
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
	for _, l := range lanes {
		slices.SortStableFunc(l.calls, func(x, y plantroom.Call) int {
			switch {
			case aboutOrder(x) == aboutOrder(y):
				return 0
			case aboutOrder(x):
				return -1
			}
			return 1
		})
	}
	return lanes
}

// release frees an address, unless another lane of it has taken its place.
func (b *Outbox) release(l lane) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy[l.to] == l.place {
		delete(b.busy, l.to)
	}
}

// begin notes that a place has its slot; false where it was overtaken before.
func (b *Outbox) begin(p *place) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.served = !p.overtaken()
	return p.served
}

func (p *place) overtaken() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// serve attempts the calls of one address in turn and stops at the first
// failure that may heal: the others stay due, and other addresses get the slot.
func (b *Outbox) serve(ctx context.Context, now func() plantroom.Instant, l lane) (t tally) {
	if slots := b.slots[l.place.queue]; slots != nil { // nil: there is no such channel to wait for
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-l.place.gone:
			return t
		case <-ctx.Done():
			return t
		}
	}
	if !b.begin(l.place) {
		return t
	}
	for _, c := range l.calls {
		if ctx.Err() != nil || l.place.overtaken() {
			return t
		}
		waits, err := b.waits(ctx, c.ID)
		switch {
		case ctx.Err() != nil:
			return t
		case err != nil:
			t.err = errors.Join(t.err, err)
			return t
		case !waits:
			continue
		}
		err = b.attempt(ctx, c)
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

// waits reports whether a call still waits to be sent: what it waited behind may have
// taken minutes, and somebody's shift may have ended meanwhile.
func (b *Outbox) waits(ctx context.Context, id plantroom.MessageID) (waits bool, err error) {
	err = b.opts.Store.View(ctx, func(tx plantroom.Tx) error {
		c, err := tx.Call(id)
		if plantroom.CodeOf(err) == plantroom.CodeNotFound {
			return nil
		}
		waits = err == nil && c.State == plantroom.CallPending
		return err
	})
	return waits, err
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
