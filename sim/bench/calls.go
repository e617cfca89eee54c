package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/notify/webhook"
	"plantroom/services/outbox"
	"plantroom/services/store"
)

// Calls of one run, and how many addresses they go to.
const (
	callCount     = 4000
	callAddresses = 8
)

func delivering() Measurement {
	const how = "4,000 signed webhooks that wait in the outbox are delivered to a receiver on loopback and noted as sent, each in a transaction " +
		"that is synced (SQLite, synchronous=FULL) and has a row in the ledger; until the last one is noted; "
	return Measurement{
		Name: "calls",
		Figures: []Figure{
			{Name: "webhooks delivered, 8 addresses", Unit: "calls/s", Sense: AtLeast, Target: 1000, How: how + "8 addresses, each of which gets one call at a time"},
			{Name: "webhooks delivered, one address", Unit: "calls/s", Sense: Recorded, How: "as above, all to one address: one after the other"},
		},
		Begin: func(_ context.Context, e *Env, _ int) (Run, error) {
			return func(ctx context.Context, _ int) ([]float64, error) {
				many, err := e.deliver(ctx, callAddresses)
				if err != nil {
					return nil, err
				}
				one, err := e.deliver(ctx, 1)
				return []float64{many, one}, err
			}, nil
		},
	}
}

// deliver measures how fast calls leave a new database.
func (e *Env) deliver(ctx context.Context, addresses int) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	mark := len(e.undo)
	defer e.unwind(mark)
	dir, err := e.scratch("calls")
	if err != nil {
		return 0, err
	}
	file, err := store.Open(ctx, filepath.Join(dir, "plantroom.db"))
	if err != nil {
		return 0, err
	}
	e.onStop(func() { _ = file.Close() })
	taker, err := e.taker()
	if err != nil {
		return 0, err
	}
	if err := putCalls(ctx, file, taker.url, addresses); err != nil {
		return 0, err
	}
	channel, err := webhook.New(webhook.Options{Secret: func(string) ([]byte, error) { return make([]byte, 32), nil },
		AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		return 0, err
	}
	box, err := outbox.New(outbox.Options{Store: file, Channels: []plantroom.Channel{channel}})
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	var running sync.WaitGroup
	stopped, stop := context.WithCancel(ctx)
	running.Go(func() { box.Run(stopped) })
	err = allSent(ctx, file, taker)
	took := time.Since(begin)
	stop()
	running.Wait()
	return callCount / took.Seconds(), err
}

// taker is a receiver that takes everything, and counts what it has taken.
type taker struct {
	url string
	all chan struct{} // closed once it has taken every call

	mu  sync.Mutex
	ids map[string]int
}

func (e *Env) taker() (*taker, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &taker{url: "http://" + l.Addr().String(), all: make(chan struct{}), ids: map[string]int{}}
	s := &http.Server{Handler: t, ReadHeaderTimeout: time.Second}
	go func() { _ = s.Serve(l) }() // until Close
	e.onStop(func() { _ = s.Close() })
	return t, nil
}

// ServeHTTP takes one call.
func (t *taker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 1<<20)) // a call that is cut is sent again
	t.mu.Lock()
	defer t.mu.Unlock()
	id := r.Header.Get("webhook-id")
	if t.ids[id]++; t.ids[id] == 1 && len(t.ids) == callCount {
		close(t.all)
	}
	w.WriteHeader(http.StatusNoContent)
}

// putCalls fills the outbox with calls of the usual size.
func putCalls(ctx context.Context, s plantroom.Store, url string, addresses int) error {
	now := plantroom.At(time.Now())
	body, err := json.Marshal(dispatch.Event{SpecVersion: "1.0", Type: "plantroom.order.dispatched", Time: now, ContentType: "application/json",
		Data: dispatch.EventData{Text: "a lift stands", Clocks: make([]dispatch.EventClock, 3), Playbook: make([]dispatch.EventStep, 6)}})
	if err != nil {
		return err
	}
	list := make([]plantroom.Call, callCount)
	for i := range list {
		list[i] = plantroom.Call{ID: plantroom.MessageID(fmt.Sprintf("msg-%06d", i)), Kind: "order.dispatched", Order: "wo-000001", Channel: "webhook",
			To: fmt.Sprintf("%s/%d", url, i%addresses), Who: "contractor:quicklift", Subject: "a lift stands", Body: body,
			State: plantroom.CallPending, Created: now, NextTry: now}
	}
	return s.Update(ctx, func(tx plantroom.Tx) error { return tx.InsertCalls(list...) })
}

// allSent waits until every call is noted as sent.
func allSent(ctx context.Context, s plantroom.Store, t *taker) error {
	select {
	case <-t.all:
	case <-ctx.Done():
		return plantroom.Errorf(plantroom.CodeUnavailable, "the receiver has %d of %d calls: %w", len(t.ids), callCount, ctx.Err())
	}
	for {
		var waiting []plantroom.Call
		err := s.View(ctx, func(tx plantroom.Tx) (err error) {
			waiting, err = tx.Calls(plantroom.CallPending, 1)
			return err
		})
		if err != nil || len(waiting) == 0 {
			return err
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}
