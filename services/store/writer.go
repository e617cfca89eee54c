package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A synced commit costs the same for one Update as for twenty. So where others
// wait, an Update leaves its transaction open to the next one, as a part of a
// group, and is answered when the group has been committed: after its own
// sync, as before. A part that fails is rolled back by itself.
//
// A group ends when nobody waits, or at one of these bounds, so that whoever
// came first is not kept waiting by those behind.
const (
	groupParts = 32
	groupAge   = 5 * time.Millisecond // a part that begins within it may take longer
)

// writer is the one writing connection, and the queue of those who want it.
type writer struct {
	conn  *conn
	group *group // the open transaction; whoever has the turn has it to himself
	age   time.Duration

	mu    sync.Mutex
	taken bool
	queue []chan struct{} // in the order of asking; closed: it is your turn
}

// group is one transaction with all who have a part in it.
type group struct {
	began time.Time
	parts int
	done  chan struct{} // closed once err is the answer
	err   error
}

// enter waits for one's turn. It reports false where ctx or the store's end
// was quicker.
func (w *writer) enter(ctx context.Context, closed <-chan struct{}) bool {
	w.mu.Lock()
	if !w.taken {
		w.taken = true
		w.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	w.queue = append(w.queue, turn)
	w.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	case <-closed:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.queue, turn); i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
		return false
	}
	return true // it was one's turn already, and somebody may wait for the commit
}

// next gives the turn away, where anybody waits.
func (w *writer) next() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pass()
}

// pass gives the turn to whoever has waited longest, and reports whether there
// was anybody. The mutex is held.
func (w *writer) pass() bool {
	if len(w.queue) == 0 {
		return false
	}
	close(w.queue[0])
	w.queue = w.queue[1:]
	return true
}

// leave ends one's turn. The group stays open for the next in the queue, or is
// committed here.
func (w *writer) leave() {
	if g := w.group; g != nil {
		if g.parts < groupParts && time.Since(g.began) <= w.age && w.next() {
			return
		}
		w.commit()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken = w.pass()
}

// close takes the last turn, for good, and ends what those before have left open.
func (w *writer) close() {
	w.enter(context.Background(), nil)
	if w.group != nil {
		w.commit()
	}
}

// commit answers everybody who has a part in the group.
func (w *writer) commit() {
	err := failure(opWrite, w.conn.run("COMMIT"))
	if err != nil {
		_ = w.conn.run("ROLLBACK") // the only error it has is that SQLite was quicker
	}
	w.end(err)
}

// end answers the group, whose transaction is over.
func (w *writer) end(err error) {
	g := w.group
	w.group, g.err = nil, err
	close(g.done)
}

// begin opens a group where none is open, else a part of it, and returns what
// takes the part back.
func (w *writer) begin() (undo func() error, err error) {
	if w.group != nil {
		if err := w.conn.run("SAVEPOINT part"); err != nil {
			return nil, err
		}
		return func() error {
			if err := w.conn.run("ROLLBACK TO part"); err != nil {
				return err
			}
			return w.conn.run("RELEASE part")
		}, nil
	}
	if err := w.conn.run("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	w.group = &group{began: time.Now(), done: make(chan struct{})}
	return nil, nil // the first part is the whole transaction
}

// abandon takes a part back. Where SQLite has ended the transaction by itself,
// or does not take the part back, everybody's part is lost, and said to be.
func (w *writer) abandon(undo func() error, broken error) {
	if broken == nil && w.group.parts > 0 {
		broken = failure(opWrite, undo())
	}
	if w.group.parts > 0 && broken == nil {
		return
	}
	_ = w.conn.run("ROLLBACK") // as in commit
	w.end(broken)
}

// keep makes a part one of the group's.
func (w *writer) keep() (*group, error) {
	if w.group.parts > 0 {
		if err := w.conn.run("RELEASE part"); err != nil {
			return nil, err
		}
	}
	w.group.parts++
	return w.group, nil
}
