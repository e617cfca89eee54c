package reflex

import (
	"context"
	"time"

	"plantroom"
)

// keep saves the state whenever it has changed. Nothing waits for it but the
// self-test, and whoever gives an order, for a moment.
func (r *Runner) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		}
		for !r.once() {
			select {
			case <-ctx.Done():
				return
			case <-time.After(again):
			}
		}
	}
}

// once saves the state as it is now, and reports whether that worked.
func (r *Runner) once() bool {
	r.mu.Lock()
	b, version, err := r.core.Encoded()
	r.mu.Unlock()
	if err == nil {
		err = r.o.Store.Save(b)
	}
	r.mu.Lock()
	first := err != nil && r.fault == nil
	r.fault = err
	if err == nil {
		r.kept = max(r.kept, version)
		close(r.keeping)
		r.keeping = make(chan struct{})
	}
	r.mu.Unlock()
	if first {
		r.log.Error("the state of the outputs cannot be kept; it is tried again", "error", err)
	}
	if err == nil {
		r.do(func(now plantroom.Instant) []Drive { return r.core.Saved(version, now) })
	}
	return err == nil
}

// kept waits until a version is kept, and reports whether it is.
func (r *Runner) wait(ctx context.Context, version uint64) bool {
	for {
		r.mu.Lock()
		done, more := r.kept >= version, r.keeping
		r.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-more:
		case <-ctx.Done():
			return false
		}
	}
}

// send puts readings on their way, in order. What the spool does not take is
// tried again until it does.
func (r *Runner) send(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.unsent:
		}
		for r.some(ctx) {
		}
	}
}

// some sends the oldest readings, and reports whether there may be more.
func (r *Runner) some(ctx context.Context) bool {
	r.mu.Lock()
	entries := r.core.Unsent(batch)
	r.mu.Unlock()
	if len(entries) == 0 || ctx.Err() != nil {
		return false
	}
	readings := make([]plantroom.Reading, len(entries))
	for i, e := range entries {
		readings[i] = e.Reading
	}
	stored := make(chan error, 1)
	go r.o.Sink(readings, func(err error) { stored <- err })
	var err error
	select {
	case err = <-stored:
	case <-ctx.Done():
		return false
	}
	if err == nil {
		r.mu.Lock()
		r.core.Recorded(entries[len(entries)-1].N)
		r.mu.Unlock()
		return true
	}
	r.log.Warn("what the outputs did is not on disk; it is tried again", "readings", len(entries), "error", err)
	select {
	case <-time.After(again):
	case <-ctx.Done():
	}
	return true
}

// Order carries out what a person wants. durable says whether it would outlive
// a loss of power by now.
func (r *Runner) Order(ctx context.Context, x Order) (durable bool, err error) {
	var version uint64
	r.do(func(now plantroom.Instant) []Drive {
		var drives []Drive
		drives, err = r.core.Order(x, now)
		version = r.core.Version()
		return drives
	})
	if err != nil {
		return false, err
	}
	r.log.Info("a person has ordered an output", "output", x.Output, "to", x.To, "for", x.For, "uid", x.UID)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return r.wait(ctx, version), nil
}
