package live_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/services/httpapi/live"
)

const at plantroom.Instant = 1_772_416_800_000_000_000

// frames runs a stream for a while in virtual time and returns what was sent.
func frames(t *testing.T, h *live.Hub, lastID string, during func()) string {
	t.Helper()
	return framesOf(t, h, lastID, during)
}

func framesOf(t *testing.T, h http.Handler, lastID string, during func()) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/events", nil)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() { h.ServeHTTP(w, r); close(done) }()
	synctest.Wait()
	during()
	synctest.Wait()
	cancel()
	<-done
	return w.Body.String()
}

func TestAClientHearsEventsWithTheirIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(live.Options{})
		got := frames(t, h, "", func() { h.Publish(live.Order, "wo-000007", at) })
		for _, want := range []string{"retry: 2000", "event: beat", "\nevent: order\n", `data: {"kind":"order","subject":"wo-000007","at":"2026-03-02T02:00:00Z"}`, "id: "} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in %q", want, got)
			}
		}
	})
}

func TestASilentStreamBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(live.Options{Heartbeat: 15 * time.Second})
		got := frames(t, h, "", func() { time.Sleep(46 * time.Second) })
		if n := strings.Count(got, "event: beat"); n != 4 { // at once, and after 15, 30 and 45 s
			t.Errorf("%d beats in 46 s, want 4", n)
		}
	})
}

// lastID reads the id of the last event of a stream.
func lastID(stream string) (id string) {
	for sc := bufio.NewScanner(strings.NewReader(stream)); sc.Scan(); {
		if s, ok := strings.CutPrefix(sc.Text(), "id: "); ok {
			id = s
		}
	}
	return id
}

func TestAClientThatReturnsMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(live.Options{})
		id := lastID(frames(t, h, "", func() { h.Publish(live.Order, "wo-000001", at) }))
		h.Publish(live.Order, "wo-000002", at)
		h.Publish(live.Order, "wo-000003", at)
		got := frames(t, h, id, func() {})
		inQuery := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.RawQuery = "after=" + id // as of a client that can set no header
			h.ServeHTTP(w, r)
		})
		for _, got := range []string{got, framesOf(t, inQuery, "", func() {})} {
			if strings.Contains(got, "wo-000001") || !strings.Contains(got, "wo-000002") || !strings.Contains(got, "wo-000003") || strings.Contains(got, "reset") {
				t.Errorf("after %s came %q", id, got)
			}
		}
	})
}

// Whoever may not see some kinds learns neither that such a thing exists nor
// what it is called, also of what was missed.
func TestAStreamOfSomeKindsShowsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(live.Options{Keep: 4})
		some := h.Only(live.Order, live.Incident)
		publish := func() {
			h.Publish(live.Case, "case-000001", at)
			h.Publish(live.Order, "wo-000001", at)
			h.Publish(live.Call, "case-000001", at)
			h.Publish(live.Incident, "inc-a", at)
		}
		heard := framesOf(t, some, "", publish)
		id := lastID(heard)
		publish()
		missed := framesOf(t, some, id, func() {})
		for name, got := range map[string]string{"as it happens": heard, "afterwards": missed} {
			if strings.Contains(got, "case") || !strings.Contains(got, "wo-000001") || !strings.Contains(got, "inc-a") || strings.Contains(got, "reset") {
				t.Errorf("%s: %q", name, got)
			}
		}
		publish()
		publish()
		publish()
		if got := framesOf(t, some, id, func() {}); !strings.Contains(got, "event: reset") {
			t.Errorf("after too long: %q", got)
		}
	})
}

func TestAClientThatWasAwayTooLongIsToldToReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(live.Options{Keep: 2})
		id := lastID(frames(t, h, "", func() { h.Publish(live.Order, "wo-000001", at) }))
		for range 10 {
			h.Publish(live.Order, "wo-000002", at)
		}
		for _, stale := range []string{id, "otherboot-3", "nonsense", strings.Replace(id, "-1", "-99", 1)} {
			if got := frames(t, h, stale, func() {}); !strings.Contains(got, "event: reset") || strings.Contains(got, "event: order") {
				t.Errorf("after %s came %q", stale, got)
			}
		}
	})
}

func TestASlowClientIsDroppedAndHoldsNobodyUp(t *testing.T) {
	h := live.NewHub(live.Options{Buffer: 3})
	slow, err := h.Subscribe(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		h.Publish(live.Order, "wo-000001", at)
	}
	n := 0
	for range slow { // ends, because the hub has closed it
		n++
	}
	if n != 3 || h.Clients() != 0 {
		t.Errorf("the slow client got %d events, %d clients are left", n, h.Clients())
	}
}

func TestThereIsRoomForSoManyClientsAndNoMore(t *testing.T) {
	h := live.NewHub(live.Options{Clients: 2})
	ctx, cancel := context.WithCancel(t.Context())
	first, _ := h.Subscribe(ctx, "")
	if _, err := h.Subscribe(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Subscribe(t.Context(), ""); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("a third client: %v", err)
	}
	cancel()
	for range first { // until the hub has noticed
	}
	if _, err := h.Subscribe(t.Context(), ""); err != nil {
		t.Errorf("after one has left: %v", err)
	}
}

func TestClosingTheHubEndsEveryStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.NewHub(live.Options{})
		done := make(chan struct{})
		go func() {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events", nil))
			close(done)
		}()
		synctest.Wait()
		h.Close()
		<-done
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events", nil))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("a closed hub answered %d", w.Code)
		}
	})
}

// TestAStreamOutlivesTheServersWriteTimeout runs over a real connection.
func TestAStreamOutlivesTheServersWriteTimeout(t *testing.T) {
	h := live.NewHub(live.Options{Heartbeat: 20 * time.Millisecond})
	server := httptest.NewUnstartedServer(h)
	server.Config.WriteTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	defer h.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	began, beats := time.Now(), 0
	for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
		if sc.Text() == "event: beat" {
			beats++
		}
		if time.Since(began) > 4*server.Config.WriteTimeout {
			return
		}
	}
	t.Errorf("the stream ended after %s and %d beats", time.Since(began), beats)
}
