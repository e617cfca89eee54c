package reflex

import (
	"context"
	"sync"
	"time"

	"plantroom"
)

// Line drives one output, and returns once the line has what it takes to get to
// the position, read back where that can be. It may be asked again for the same
// position, and is called by one goroutine at a time.
type Line func(ctx context.Context, to Position) error

// The pace of a worker.
const (
	// attempt bounds one attempt: a second one has to fit into the second in
	// which a reflex acts.
	attempt    = 600 * time.Millisecond
	firstRetry = 100 * time.Millisecond
	lastRetry  = 2 * time.Second // a valve that is open costs more than an attempt
	// assert is how often a line is driven again where it should be already: a
	// board that had no power for a moment has forgotten it.
	assert = 30 * time.Second
)

// worker drives the line of one output, whatever the other lines do.
type worker struct {
	output Output
	line   Line
	report func(to Position, err error)

	mu     sync.Mutex
	want   Position
	fresh  bool               // want has changed since it was tried
	cancel context.CancelFunc // of the attempt under way
	doing  Position           // what that is for
	wake   chan struct{}      // buffered
	end    chan struct{}      // closed when another has taken over
}

func newWorker(o Output, line Line, report func(Position, error)) *worker {
	return &worker{output: o, line: line, report: report, wake: make(chan struct{}, 1), end: make(chan struct{})}
}

// drive says where the output is to be from now on. It does not wait; an
// attempt for another position is given up.
func (w *worker) drive(to Position) {
	if w.output.never(to) {
		return
	}
	w.mu.Lock()
	w.want, w.fresh = to, true
	if w.cancel != nil && w.doing != to {
		w.cancel()
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// drop ends the worker, and its attempt.
func (w *worker) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.end)
	if w.cancel != nil {
		w.cancel()
	}
}

// run drives until ctx ends, or another worker takes over.
func (w *worker) run(ctx context.Context) {
	retry := firstRetry
	t := time.NewTimer(assert)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.end:
			return
		case <-w.wake:
		case <-t.C:
		}
		to, fresh := w.next()
		if to == "" {
			t.Reset(assert)
			continue
		}
		if fresh {
			retry = firstRetry
		}
		err := w.try(ctx, to)
		if ctx.Err() != nil {
			return
		}
		wait := assert
		if err != nil {
			wait, retry = retry, min(2*retry, lastRetry)
		}
		t.Reset(wait)
	}
}

func (w *worker) next() (to Position, fresh bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	to, fresh = w.want, w.fresh
	w.fresh = false
	return to, fresh
}

// try makes one attempt and reports what became of it. A line that does not
// return in time is reported, and waited for: two attempts at once could end in
// either position.
func (w *worker) try(ctx context.Context, to Position) error {
	limit, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	w.mu.Lock()
	w.cancel, w.doing = cancel, to
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.cancel, w.doing = nil, ""
		w.mu.Unlock()
	}()
	done := make(chan error, 1)
	go func() { done <- w.line(limit, to) }()
	for {
		t := time.NewTimer(2 * attempt)
		select {
		case err := <-done:
			t.Stop()
			select {
			case <-w.end: // it counts for nothing any more
			default:
				w.report(to, err)
			}
			return err
		case <-t.C:
			w.report(to, plantroom.Errorf(plantroom.CodeUnavailable, "the line has not returned for a second"))
		case <-ctx.Done(): // whoever ends it gives up on the line
			t.Stop()
			return ctx.Err()
		}
	}
}
