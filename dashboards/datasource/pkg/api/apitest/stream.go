package apitest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Happen adds a row to the ledger and tells whoever follows the events.
func (s *Server) Happen(kind, subject, level, text string) int64 {
	s.mu.Lock()
	seq := int64(len(s.entries) + 1)
	s.entries = append(s.entries, entry(seq, time.Now().UTC(), kind, subject, level, text))
	s.mu.Unlock()
	s.Publish("order", subject)
	return seq
}

// Publish tells whoever follows the events, of nothing that is in the ledger.
func (s *Server) Publish(kind, subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.streams {
		select {
		case c <- fmt.Sprintf("id: x-1\nevent: %s\ndata: {\"kind\":%q,\"subject\":%q}\n\n", kind, kind, subject):
		default:
		}
	}
}

// Followers is how many follow the events now.
func (s *Server) Followers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

// Cut ends every stream of events, as a server that restarts.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.streams {
		close(c)
		delete(s.streams, c)
	}
}

func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	c := make(chan string, 64)
	s.mu.Lock()
	s.streams[c] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.streams, c)
		s.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(frame string) bool {
		_, err := w.Write([]byte(frame))
		return err == nil && http.NewResponseController(w).Flush() == nil
	}
	if !send("retry: 2000\n\nevent: beat\ndata: {}\n\n") {
		return
	}
	for {
		select {
		case frame, open := <-c:
			if !open || !send(frame) {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// events answers rows of the ledger: those after one, or the newest.
func (s *Server) events(q url.Values) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := 100
	if n, err := strconv.Atoi(q.Get("limit")); err == nil {
		limit = n
	}
	after, err := strconv.ParseInt(q.Get("after"), 10, 64)
	if q.Has("after") && err != nil {
		s.t.Errorf("after=%s is no sequence number", q.Get("after"))
	}
	rows := []map[string]any{}
	for _, e := range s.entries {
		if (err != nil || e["seq"].(int64) > after) && (q.Get("subject") == "" || q.Get("subject") == e["subject"]) {
			rows = append(rows, e)
		}
	}
	list := listed(q, rows)
	list.Next, list.More = int64(len(s.entries)), len(rows) > limit
	switch {
	case !list.More:
	case err != nil:
		list.Items = rows[len(rows)-limit:]
	default:
		list.Items, list.Next = rows[:limit], rows[limit-1]["seq"]
	}
	return list
}
