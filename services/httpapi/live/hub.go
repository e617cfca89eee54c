// Package live tells browsers and programs that something has changed, over
// server-sent events. An event names what changed and carries none of it:
// whoever cares reads the thing again, with its own rights.
//
// It keeps a short memory so that a client that was cut off for a moment
// misses nothing. It does not persist events, and delivers none to the
// outside world: that is the outbox's work.
package live

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"plantroom"
)

// The kinds of events. Reset tells a client that its memory of the stream is
// of no use and that it must read everything again.
const (
	Order      = "order"
	Incident   = "incident"
	Gateway    = "gateway"
	Quarantine = "quarantine"
	Call       = "call"
	Case       = "case"
	Reset      = "reset"
)

// Event says that a subject of a kind has changed.
type Event struct {
	ID      string            `json:"-"` // the stream's own; goes out as the SSE id
	Kind    string            `json:"kind"`
	Subject string            `json:"subject,omitempty"` // an order's, incident's, gateway's or call's id
	At      plantroom.Instant `json:"at,omitzero"`
}

// Options of a Hub; zero fields take the default.
type Options struct {
	Keep      int           // events remembered for clients that return, 1,024
	Buffer    int           // events a client may lag behind before it is dropped, 64
	Clients   int           // clients at one time, 256
	Heartbeat time.Duration // 15 s
	Logger    *slog.Logger
}

// Hub passes events on to any number of clients. A publisher never waits for
// a client: one that does not keep up loses its stream and comes back with
// the id of the last event it saw.
type Hub struct {
	opt  Options
	boot string // makes ids of an earlier process recognisable

	mu      sync.Mutex
	next    uint64
	ring    []Event // the newest opt.Keep events, ring[i] has number next-len+i
	clients map[chan Event]struct{}
	closed  bool
}

// NewHub makes a hub.
func NewHub(opt Options) *Hub {
	opt.Keep = or(opt.Keep, 1024)
	opt.Buffer = or(opt.Buffer, 64)
	opt.Clients = or(opt.Clients, 256)
	opt.Heartbeat = or(opt.Heartbeat, 15*time.Second)
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	return &Hub{opt: opt, boot: strings.ToLower(rand.Text()[:8]), clients: map[chan Event]struct{}{}}
}

func or[T int | time.Duration](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}

// Publish tells every client that a subject has changed. It never blocks.
// Call it after the transaction that made the change has committed.
func (h *Hub) Publish(kind, subject string, at plantroom.Instant) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.next++
	e := Event{ID: h.boot + "-" + strconv.FormatUint(h.next, 10), Kind: kind, Subject: subject, At: at}
	if h.ring = append(h.ring, e); len(h.ring) > 2*h.opt.Keep {
		h.ring = append(h.ring[:0], h.ring[len(h.ring)-h.opt.Keep:]...)
	}
	for c := range h.clients {
		select {
		case c <- e:
		default: // too slow: end its stream, it will come back
			delete(h.clients, c)
			close(c)
		}
	}
}

// Subscribe returns the events that follow the one named by after ("": from
// now on). Where those are not remembered any more, a Reset comes first. The
// channel is closed when ctx ends, the hub closes or the reader is too slow.
// CodeUnavailable: too many clients, or closed.
func (h *Hub) Subscribe(ctx context.Context, after string) (<-chan Event, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.clients) >= h.opt.Clients {
		return nil, plantroom.Errorf(plantroom.CodeUnavailable, "no room for another event stream: try again in a minute")
	}
	missed := h.missed(after)
	c := make(chan Event, h.opt.Buffer+len(missed))
	for _, e := range missed {
		c <- e
	}
	h.clients[c] = struct{}{}
	context.AfterFunc(ctx, func() { h.drop(c) })
	return c, nil
}

// missed returns what a client has to be told before it joins the stream.
func (h *Hub) missed(after string) []Event {
	if after == "" {
		return nil
	}
	last := Event{ID: h.boot + "-" + strconv.FormatUint(h.next, 10), Kind: Reset}
	boot, num, _ := strings.Cut(after, "-")
	n, err := strconv.ParseUint(num, 10, 64)
	behind := h.next - n
	if err != nil || boot != h.boot || n > h.next || behind > uint64(len(h.ring)) {
		return []Event{last}
	}
	return h.ring[uint64(len(h.ring))-behind:]
}

func (h *Hub) drop(c chan Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.clients[c]; ok {
		delete(h.clients, c)
		close(c)
	}
}

// Close ends every stream. Give it to http.Server.RegisterOnShutdown, or the
// server's Shutdown waits for the streams until its context ends.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for c := range h.clients {
		delete(h.clients, c)
		close(c)
	}
}

// Clients returns how many streams are open.
func (h *Hub) Clients() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}
