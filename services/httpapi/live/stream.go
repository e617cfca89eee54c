package live

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"plantroom/services/httpapi/problem"
)

// writeWait is how long one write to a client may take. It replaces the
// server's write timeout, which would end every stream.
const writeWait = 10 * time.Second

// ServeHTTP streams events until the client, the request's context or the hub
// ends, from now on or after the event that Last-Event-ID names; a client that
// can set no header names it in the query as after. Frames carry "id:", "event:" and a JSON "data:". A "beat" event
// without an id comes with every heartbeat, because browsers do not show
// comments to scripts, which could then not tell silence from a dead line.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func(string) bool { return true })
}

// Only streams as ServeHTTP does, but for events of other kinds than these, of
// which it does not even show the ids. A Reset, which tells nothing, always
// goes out.
func (h *Hub) Only(kinds ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.serve(w, r, func(kind string) bool { return kind == Reset || slices.Contains(kinds, kind) })
	})
}

func (h *Hub) serve(w http.ResponseWriter, r *http.Request, shown func(kind string) bool) {
	events, err := h.Subscribe(r.Context(), cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")))
	if err != nil {
		problem.Write(w, r, h.opt.Logger, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	s := stream{w: w, c: http.NewResponseController(w)}
	if s.send("retry: 2000\n\n") != nil || s.beat() != nil {
		return
	}
	tick := time.NewTicker(h.opt.Heartbeat)
	defer tick.Stop()
	for {
		select {
		case e, open := <-events:
			if !open || shown(e.Kind) && s.event(e) != nil {
				return
			}
		case <-tick.C:
			if s.beat() != nil {
				return
			}
		}
	}
}

type stream struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (s stream) beat() error { return s.send("event: beat\ndata: {}\n\n") }

func (s stream) event(e Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.send(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, data))
}

func (s stream) send(frame string) error {
	// A writer without deadlines (a test's recorder) needs none.
	_ = s.c.SetWriteDeadline(time.Now().Add(writeWait))
	if _, err := s.w.Write([]byte(frame)); err != nil {
		return err
	}
	return s.c.Flush()
}
