package api_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/api/apitest"
)

func client(t *testing.T, url, token string, timeout time.Duration) *api.Client {
	t.Helper()
	waits := httpclient.DefaultTimeoutOptions
	waits.Timeout = timeout
	c, err := api.New(api.Options{URL: url, Token: token, HTTP: httpclient.Options{Timeouts: &waits}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var week = api.Filter{From: apitest.At(0), To: apitest.At(24 * time.Hour)}

func TestEveryQuestionIsUnderstoodByTheServer(t *testing.T) {
	s := apitest.New(t)
	c := client(t, s.URL, apitest.Token, time.Minute)
	f := week
	f.Building, f.Asset, f.Domain, f.Contractor, f.Severity, f.Rule = []string{"b1", "b2"}, []string{"b1-l1"}, []string{"lifts"}, []string{"quicklift"}, []string{"high"}, []string{"lift.fault"}
	place := api.Filter{From: f.From, To: f.To, Building: f.Building, Asset: f.Asset, Domain: f.Domain}
	after := int64(0)
	for path, ask := range map[string]func() (int, error){
		"orders": func() (int, error) {
			a, err := c.Orders(t.Context(), api.OrdersQuery{Filter: f, Open: true, State: []string{"raised"}, Limit: 10, Before: "wo-000009"})
			return len(a.Items), err
		},
		"incidents": func() (int, error) { a, err := c.Incidents(t.Context(), f, 10); return len(a.Items), err },
		"compliance": func() (int, error) {
			a, err := c.Compliance(t.Context(), f, []string{"restore"}, []string{"clock"})
			return len(a.Items), err
		},
		"league": func() (int, error) { a, err := c.League(t.Context(), f); return len(a.Items), err },
		"burndown": func() (int, error) {
			a, err := c.Burndown(t.Context(), api.BurndownQuery{Filter: f, Order: []string{"wo-000001"}, Clock: []string{"restore"}, Points: 50})
			return len(a.Items), err
		},
		"states": func() (int, error) { a, err := c.States(t.Context(), place); return len(a.Items), err },
		"now":    func() (int, error) { a, err := c.Now(t.Context(), place); return len(a.Items), err },
		"kpi":    func() (int, error) { a, err := c.KPI(t.Context(), place); return len(a.Items), err },
		"events": func() (int, error) {
			a, err := c.Events(t.Context(), api.EventsQuery{Filter: f, After: &after, Subject: "wo-000001", Limit: 10})
			return len(a.Items), err
		},
	} {
		if n, err := ask(); err != nil || n == 0 {
			t.Errorf("%s: %d items, %v", path, n, err)
		}
		if q := s.Asked("/api/v1/history/" + path); q.Get("building") != "b1,b2" || path != "now" && q.Get("from") != "2026-03-02T08:00:00Z" {
			t.Errorf("%s was asked with %v", path, q)
		}
	}
	if all, err := c.Assets(t.Context(), "", ""); err != nil || len(all) != 3 || all[0].Name != "Lift 1, block 1" {
		t.Errorf("the assets of all pages are %v, %v", all, err)
	}
}

// trouble is what a server may do, and what has to be said of it.
var trouble = []struct {
	name   string
	answer http.HandlerFunc
	status int
	says   []string
}{
	{"wrong token", problem(401, "unauthorized", "sign in first"), 401, []string{"token", "viewer"}},
	{"weak token", problem(403, "forbidden", "not for you"), 403, []string{"token", "may not read", "/api/v1/history/kpi"}},
	{"older server", problem(404, "not_found", "there is no such path"), 404, []string{"older than this data source", api.ServerNeeded, "/api/v1/history/kpi"}},
	{"another program", plain(404, "text/plain", "404 page not found"), 404, []string{"does not lead to Plantroom"}},
	{"newer server", problem(400, "invalid", `unknown query parameter "rule"`), 400, []string{"does not understand", `"rule"`}},
	{"too often", limited, 429, []string{"too often", "17s"}},
	{"still reading", problem(503, "unavailable", "the history is still being read"), 503, []string{"cannot answer now", "still being read"}},
	{"its own fault", problem(500, "internal", "our fault"), 500, []string{"500", "our fault"}},
	{"proxy's fault", plain(502, "text/html", "<h1>Bad gateway</h1>"), 502, []string{"cannot answer now (502)"}},
	{"too long a question", plain(414, "text/html", ""), 400, []string{"too long", "All"}},
	{"redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example"+r.URL.Path, http.StatusFound)
	}, 502, []string{"sends elsewhere (302)"}},
	{"sign-in page", plain(200, "text/html; charset=utf-8", "<html>sign in</html>"), 502, []string{"web page instead of data", "URL"}},
	{"broken JSON", plain(200, "application/json", `{"items": [`), 502, []string{"JSON of another shape"}},
	{"other JSON", plain(200, "application/json", `{}`), 502, []string{"JSON without items"}},
	{"null", plain(200, "application/json", `null`), 502, []string{"JSON without items"}},
	{"items of another kind", plain(200, "application/json", `{"items": [{"availability": "good"}]}`), 502, []string{"JSON of another shape"}},
	{"teapot", plain(418, "text/plain", ""), 502, []string{"418"}},
}

func problem(status int, code, detail string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, status, code, detail) }
}

func limited(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "17")
	apitest.Problem(w, 429, "rate_limited", "slowly")
}

func plain(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestWhatGoesWrongIsSaidWithWhatToDo(t *testing.T) {
	for _, tc := range trouble {
		t.Run(tc.name, func(t *testing.T) {
			s := apitest.New(t)
			s.Instead(tc.answer)
			_, err := client(t, s.URL, apitest.Token, time.Minute).KPI(t.Context(), week)
			told(t, err, tc.status, append(tc.says, s.URL)...)
		})
	}
}

// told checks an error: the status, some words, and that no token is in it.
func told(t *testing.T, err error, status int, words ...string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *api.Error", err)
	}
	if e.Status != status {
		t.Errorf("status %d, want %d", e.Status, status)
	}
	for _, w := range words {
		if !strings.Contains(e.Text, w) && !(w == "" || strings.HasPrefix(w, "http") && status == 400) {
			t.Errorf("it does not say %q: %s", w, e.Text)
		}
	}
	if strings.Contains(e.Text, apitest.Token) || len(e.Text) > 700 {
		t.Errorf("it says too much: %s", e.Text)
	}
}

func TestAServerThatIsNotThereIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	_ = l.Close()
	_, err = client(t, url, apitest.Token, time.Minute).KPI(t.Context(), week)
	told(t, err, http.StatusBadGateway, "nothing answers at "+url, "start Plantroom")
}

func TestASlowServerIsNotWaitedForForEver(t *testing.T) {
	s := apitest.New(t)
	s.Instead(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err := client(t, s.URL, apitest.Token, 50*time.Millisecond).KPI(t.Context(), week)
	told(t, err, http.StatusGatewayTimeout, "did not answer in time", "timeout")
}

func TestAQuestionThatIsWithdrawnIsNobodysFault(t *testing.T) {
	s := apitest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.Instead(func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	_, err := client(t, s.URL, apitest.Token, time.Minute).KPI(ctx, week)
	told(t, err, api.StatusCanceled, "withdrawn")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not a cancellation", err)
	}
}

func TestAnAnswerThatIsTooLargeIsNotTaken(t *testing.T) {
	s := apitest.New(t)
	var sent atomic.Int64
	s.Instead(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 100 {
			n, err := w.Write(chunk)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	_, err := client(t, s.URL, apitest.Token, time.Minute).KPI(t.Context(), week)
	told(t, err, http.StatusBadGateway, "more than can be taken", "shorter range")
	if sent.Load() > api.MaxBody+(16<<20) {
		t.Errorf("%d MB were taken", sent.Load()>>20)
	}
}

func TestTheTokenGoesToNobodyElse(t *testing.T) {
	var elsewhere atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Store(true) }))
	defer other.Close()
	s := apitest.New(t)
	s.Instead(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	_, _ = client(t, s.URL, apitest.Token, time.Minute).KPI(t.Context(), week)
	if elsewhere.Load() {
		t.Error("a redirect was followed")
	}
	// A server that says the token back does not put it on a board.
	s.Instead(problem(400, "invalid", "your token "+apitest.Token+" is\nnice"))
	_, err := client(t, s.URL, apitest.Token, time.Minute).KPI(t.Context(), week)
	told(t, err, 400, "(the token) is nice")
}

func TestSettingsThatCannotBeUsedAreNamed(t *testing.T) {
	for url, want := range map[string]string{
		"": "has no URL", " ": "has no URL", "plantroom:8080": "begin with http", "ftp://x": "begin with http", "http://": "name a host",
		"http://a:secret@x": "leave them out", "http://x/?a=b": "the address alone", "http://x\x7f": "cannot be read",
	} {
		_, err := api.New(api.Options{URL: url})
		if told(t, err, 400); !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q", url, err, want)
		}
	}
	_, err := api.New(api.Options{URL: "http://x", Token: "a\nb"})
	told(t, err, 400, "copy it once more")
}

func TestAnAddressMayHaveAPath(t *testing.T) {
	s := apitest.New(t)
	proxy := httptest.NewServer(http.StripPrefix("/plantroom", s))
	defer proxy.Close()
	if _, err := client(t, proxy.URL+"/plantroom/", apitest.Token, time.Minute).KPI(t.Context(), week); err != nil {
		t.Error(err)
	}
}

func TestAStreamTellsWhatHasChangedAndWhyItEnds(t *testing.T) {
	s := apitest.New(t)
	c := client(t, s.URL, apitest.Token, 50*time.Millisecond) // which does not hold for streams
	heard := make(chan api.Event, 10)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- c.Follow(ctx, func(e api.Event) { heard <- e }) }()
	if e := <-heard; e.Kind != api.Beat {
		t.Fatalf("it begins with %v", e)
	}
	time.AfterFunc(100*time.Millisecond, func() { s.Publish("order", "wo-000007") })
	if e := <-heard; e != (api.Event{Kind: "order", Subject: "wo-000007"}) {
		t.Errorf("heard %v", e)
	}
	s.Cut()
	told(t, <-ended, http.StatusBadGateway, "has ended the stream")
	cancel()
	told(t, c.Follow(ctx, func(api.Event) {}), api.StatusCanceled, "withdrawn")
	s.Instead(plain(200, "text/html", "x"))
	told(t, c.Follow(t.Context(), func(api.Event) {}), http.StatusBadGateway, "web page")
	s.Instead(problem(401, "unauthorized", ""))
	told(t, c.Follow(t.Context(), func(api.Event) {}), 401, "token")
	s.Instead(plain(200, "text/event-stream", "data: "+strings.Repeat("x", 1<<20)))
	told(t, c.Follow(t.Context(), func(api.Event) {}), http.StatusBadGateway, "too long")
}

func FuzzAnswers(f *testing.F) {
	f.Add(`{"items":[{"order":"wo-1","points":[["2026-03-02T08:00:00Z",0.5]],"asset_name":{"en":"a"}}]}`)
	f.Add(`{"items":[{"contractor":"x","share":null,"promised":1,"day":"2026-03-02"}],"unknown":["asset x"]}`)
	f.Add(`{"items":[{"segments":[{"from":"2026-03-02T08:00:00Z"}]}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		h := httptest.NewServer(plain(200, "application/json", body))
		defer h.Close()
		c, err := api.New(api.Options{URL: h.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, ask := range []func() error{
			func() error { _, err := c.Burndown(t.Context(), api.BurndownQuery{Filter: week}); return err },
			func() error { _, err := c.Compliance(t.Context(), week, nil, nil); return err },
			func() error { _, err := c.States(t.Context(), week); return err },
		} {
			var known *api.Error
			if err := ask(); err != nil && !errors.As(err, &known) {
				t.Fatal(fmt.Errorf("%q: %w", body, err))
			}
		}
	})
}
