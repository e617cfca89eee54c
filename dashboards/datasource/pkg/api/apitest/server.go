// Package apitest is a Plantroom server for tests of the data source: a small
// estate with a known week, behind the paths and shapes of the API.
//
// It holds to what the API takes: a parameter that a path does not know, or one
// that cannot be read, fails the test. It computes nothing: what is asked for
// is narrowed by little more than the range's being there.
package apitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Token is the only one that the server accepts.
const Token = "pt-viewer-5f3c9a71d2"

// Server is a fake Plantroom. Its fields are set before it is asked.
type Server struct {
	*httptest.Server
	t testing.TB

	mu      sync.Mutex
	instead http.HandlerFunc      // answers all but what passes lets through
	passes  []string              // paths that are answered all the same
	empty   bool                  // everything is
	entries []map[string]any      // of the ledger
	streams map[chan string]bool  // who follows the events
	asked   map[string]url.Values // the last question of each path
	counts  map[string]int        // of questions
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	s := &Server{t: t, streams: map[chan string]bool{}, asked: map[string]url.Values{}, counts: map[string]int{}, entries: ledger()}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// Instead lets a handler answer in the place of the API; nil ends that.
func (s *Server) Instead(h http.HandlerFunc, except ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instead, s.passes = h, except
}

// Empty makes every list empty.
func (s *Server) Empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty = true
}

// Asked returns the last question of a path; nil: none was asked.
func (s *Server) Asked(path string) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// Count is how often a path was asked.
func (s *Server) Count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[path]
}

// ServeHTTP answers as Plantroom does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	instead := s.instead
	if slices.Contains(s.passes, r.URL.Path) {
		instead = nil
	}
	s.asked[r.URL.Path] = r.URL.Query()
	s.counts[r.URL.Path]++
	s.mu.Unlock()
	if instead != nil {
		instead(w, r)
		return
	}
	s.Pass(w, r)
}

// Pass answers as the API does, also for what stands in its place.
func (s *Server) Pass(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		s.t.Errorf("%s %s: the data source only reads", r.Method, r.URL.Path)
	}
	if r.Header.Get("Authorization") != "Bearer "+Token {
		Problem(w, http.StatusUnauthorized, "unauthorized", "sign in first")
		return
	}
	route, known := routes[r.URL.Path]
	if !known {
		Problem(w, http.StatusNotFound, "not_found", "there is no such path")
		return
	}
	if err := check(r.URL.Query(), route); err != nil {
		s.t.Errorf("%s?%s: %v", r.URL.Path, r.URL.RawQuery, err)
		Problem(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	if r.URL.Path == "/api/v1/events" {
		s.stream(w, r)
		return
	}
	s.mu.Lock()
	empty := s.empty
	s.mu.Unlock()
	body := route.answer(s, r.URL.Query())
	if list, ok := body.(envelope); ok && empty {
		list.Items, list.More = []any{}, false
		if _, number := list.Next.(int64); !number { // events go on
			list.Next = nil
		}
		body = list
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.t.Errorf("%s: %v", r.URL.Path, err)
	}
}

// Problem answers as Plantroom does when it does not do what it was asked.
func Problem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "urn:plantroom:problem:" + code, "title": "No", "status": status, "detail": detail, "code": code})
}

// envelope is what every list of the history comes in. From a newer server
// there are fields that the data source does not know.
type envelope struct {
	Items   any       `json:"items"`
	Unknown []string  `json:"unknown"`
	AsOf    time.Time `json:"as_of"`
	Next    any       `json:"next,omitempty"`
	More    bool      `json:"more,omitempty"`
	Newer   any       `json:"of_a_newer_server"`
}

func listed(q url.Values, items any) envelope {
	return envelope{Items: items, Unknown: unknown(q), AsOf: At(8 * time.Hour), Newer: map[string]any{"x": 1}}
}

// unknown names the ids that the estate does not have.
func unknown(q url.Values) []string {
	out := []string{}
	for name, has := range map[string][]string{"building": {"b1", "b2"}, "asset": {"b1-l1", "b1-l2", "b2-w1"}, "domain": {"lifts", "leaks"}, "contractor": {"quicklift", "drywell"}} {
		for v := range strings.SplitSeq(q.Get(name), ",") {
			if v != "" && !slices.Contains(has, v) {
				out = append(out, name+" "+v)
			}
		}
	}
	slices.Sort(out)
	return out
}

// route is what a path takes and answers.
type route struct {
	params []string // besides those of shared
	shared []string
	ranged bool // from and to are required, unless after or subject say enough
	answer func(*Server, url.Values) any
}

var common = []string{"from", "to", "building", "asset", "domain", "contractor", "severity", "rule"}

// check holds a question to what the path takes.
func check(q url.Values, r route) error {
	for name, v := range q {
		if !slices.Contains(r.params, name) && !slices.Contains(r.shared, name) {
			return fmt.Errorf("unknown query parameter %q", name)
		}
		if len(v) != 1 || v[0] == "" {
			return fmt.Errorf("%q is given %d times, or empty", name, len(v))
		}
		if n := len(strings.Split(v[0], ",")); n > 1000 {
			return fmt.Errorf("%q has %d values", name, n)
		}
	}
	if r.ranged && q.Get("after") == "" && q.Get("subject") == "" {
		from, err1 := time.Parse(time.RFC3339Nano, q.Get("from"))
		to, err2 := time.Parse(time.RFC3339Nano, q.Get("to"))
		if err1 != nil || err2 != nil || !from.Before(to) || to.After(from.AddDate(10, 0, 1)) {
			return fmt.Errorf("from %q to %q is no range", q.Get("from"), q.Get("to"))
		}
	}
	for name, bounds := range map[string][2]int{"limit": {1, 1000}, "points": {2, 500}} {
		if v := q.Get(name); v != "" {
			if n, err := strconv.Atoi(v); err != nil || n < bounds[0] || n > bounds[1] {
				return fmt.Errorf("%s=%s is not from %d to %d", name, v, bounds[0], bounds[1])
			}
		}
	}
	return nil
}
