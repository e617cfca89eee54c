package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"plantroom/dashboards/datasource/pkg/answer"
	"plantroom/dashboards/datasource/pkg/api"
)

// follower sends the events of a channel in their order and each once. The
// server's stream only says that something has changed; what, is asked for with
// the number of the last event, so that nothing is missed however often the
// stream breaks.
type follower struct {
	api    *api.Client
	events answer.Events
	after  *int64 // the newest event that was sent; nil: none
	limit  int
	send   func([]api.Entry) error
	saw    func(seq int64)
	pause  func(ctx context.Context, tries int)

	tries int  // that failed, one after the other
	down  bool // and that it was said
}

const (
	// settle is how long the rest of a burst of events is waited for.
	settle = 200 * time.Millisecond
	// lag is how long the history may follow behind the events.
	lag = time.Second
	// page is how many events are asked for at once.
	page = 500
)

// run returns nil when ctx ends, and an error where packets are not taken any more.
func (f *follower) run(ctx context.Context) error {
	for {
		err := f.session(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errGone):
			return err
		}
		if err := f.failed(err); err != nil {
			return err
		}
		f.pause(ctx, f.tries)
	}
}

// session follows the server's stream until that ends. Nothing of it is left
// when it returns.
func (f *follower) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	heard := make(chan api.Event, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- f.api.Follow(ctx, func(e api.Event) {
			select {
			case heard <- e:
			default: // somebody will look in a moment anyway
			}
		})
		close(ended)
	}()
	defer func() {
		cancel()
		for range ended { //revive:disable-line:empty-block -- waits for the goroutine's end
		}
	}()
	var later <-chan time.Time
	for {
		select {
		case err := <-ended:
			return err
		case <-later:
			later = nil
		case e := <-heard:
			if later = nil; e.Kind != api.Beat {
				sleep(ctx, settle)
				later = time.After(lag)
			}
		}
		if err := f.catchUp(ctx); err != nil {
			return err
		}
	}
}

// catchUp sends what has come since the last event that was sent; where there
// is none, the newest.
func (f *follower) catchUp(ctx context.Context) error {
	for {
		var got answer.Happened
		var err error
		if f.after == nil {
			got, err = f.events.Newest(ctx, f.limit)
			got.More = false // which is of what was before
		} else {
			got, err = f.events.After(ctx, *f.after, page)
		}
		if err != nil {
			return err
		}
		if err := f.recovered(); err != nil {
			return err
		}
		if len(got.Rows) > 0 && f.send(got.Rows) != nil {
			return errGone
		}
		f.after = &got.Next
		f.saw(got.Next)
		if !got.More {
			return nil
		}
	}
}

// failed says in the panel that nothing comes, once: at once where somebody has
// to mend something, else when a second try fails, too.
func (f *follower) failed(err error) error {
	f.tries++
	var known *api.Error
	final := errors.As(err, &known) && (known.Status == http.StatusUnauthorized || known.Status == http.StatusForbidden || known.Status == http.StatusNotFound)
	if f.down || !final && f.tries < 2 {
		return nil
	}
	f.down = true
	return f.note("error", fmt.Sprintf("No live events: %v. It is tried again.", err))
}

func (f *follower) recovered() error {
	f.tries = 0
	if !f.down {
		return nil
	}
	f.down = false
	return f.note("info", "Live events come again; what happened meanwhile follows.")
}

// note sends a line of our own. Its number is none of the ledger's.
func (f *follower) note(level, text string) error {
	now := time.Now()
	if f.send([]api.Entry{{Seq: -now.UnixNano(), At: now.UTC(), Kind: "stream", Level: level, Text: api.Text(text)}}) != nil {
		return errGone
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
