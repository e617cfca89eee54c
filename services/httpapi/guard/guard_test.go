package guard_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/services/httpapi/guard"
)

const (
	token       = "correct-horse-battery-staple"
	viewerToken = "somebody-may-look-and-no-more"
	alertsToken = "grafana-may-say-so-and-no-more"
)

// gate is a guard over a few routes, with a clock that the test moves where it
// brings none of its own.
type gate struct {
	*guard.Guard
	t   *testing.T
	h   http.Handler
	now time.Time
}

func newGate(t *testing.T, opt guard.Options, routes ...guard.Route) *gate {
	t.Helper()
	g := &gate{t: t, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	opt.Token = token
	if opt.Now == nil {
		opt.Now = func() time.Time { return g.now }
	}
	var err error
	if g.Guard, err = guard.New(opt); err != nil {
		t.Fatal(err)
	}
	if g.h, err = g.Handler(routes, nil); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gate) ask(method, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(g.t.Context(), method, "http://plantroom.test"+path, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	g.h.ServeHTTP(w, r)
	return w
}

func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, text, guard.Who(r.Context()).Actor) })
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func TestARouteThatSaysNothingServesNobody(t *testing.T) {
	g := newGate(t, guard.Options{}, guard.Route{Pattern: "GET /forgotten", Handler: says("secret")})
	for name, as := range map[string]func(*http.Request){"a stranger": nil, "the operator": bearer(token)} {
		if w := g.ask(http.MethodGet, "/forgotten", as); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s got %d %s", name, w.Code, w.Body)
		}
	}
}

func TestOnlyTheTokenOpensAnOperatorsRoute(t *testing.T) {
	g := newGate(t, guard.Options{}, guard.Route{Pattern: "GET /api/x", Need: guard.Operator, Handler: says("hello ")})
	for name, as := range map[string]func(*http.Request){
		"nobody": nil, "a wrong token": bearer("wrong"), "an empty token": bearer(""), "half the token": bearer(token[:10]),
		"another scheme": func(r *http.Request) { r.SetBasicAuth("operator", token) },
		"a made-up session": func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: "plantroom", Value: "AAAAAAAAAAAAAAAAAAAAAAAAAA"})
		},
	} {
		if w := g.ask(http.MethodGet, "/api/x", as); w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s got %d", name, w.Code)
		}
	}
	if w := g.ask(http.MethodGet, "/api/x", bearer(token)); w.Code != http.StatusOK || w.Body.String() != "hello person:operator" {
		t.Errorf("the operator got %d %s", w.Code, w.Body)
	}
}

// Whoever comes with a wrong token, or none, is told which one is wanted there.
func TestAChallengeNamesTheTokenThatIsWanted(t *testing.T) {
	g := newGate(t, guard.Options{Viewer: viewerToken, Alerts: alertsToken},
		guard.Route{Pattern: "GET /api/do", Need: guard.Operator, Handler: says("")},
		guard.Route{Pattern: "GET /api/look", Need: guard.Viewer, Handler: says("")},
		guard.Route{Pattern: "POST /api/tell", Need: guard.Alerts, Handler: says("")})
	for path, want := range map[string]string{"GET /api/do": "send the operator token", "GET /api/look": "send the viewer token", "POST /api/tell": "send the alerts token", "GET /api/none": "send the operator token"} {
		method, path, _ := strings.Cut(path, " ")
		for _, as := range []func(*http.Request){nil, bearer("a-token-of-somewhere-else")} {
			if w := g.ask(method, path, as); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
	}
}

// A viewer looks, the operator may look too, and what sends alerts does only that.
func TestEachTokenOpensItsOwnRoutes(t *testing.T) {
	g := newGate(t, guard.Options{Viewer: viewerToken, Alerts: alertsToken},
		guard.Route{Pattern: "GET /api/do", Need: guard.Operator, Handler: says("")},
		guard.Route{Pattern: "GET /api/look", Need: guard.Viewer, Handler: says("")},
		guard.Route{Pattern: "POST /api/tell", Need: guard.Alerts, Handler: says("")},
		guard.Route{Pattern: "GET /page", Need: guard.Operator, Page: true, Handler: says("")})
	for _, c := range []struct {
		method, path, token string
		status              int
		says                string
	}{
		{"GET", "/api/do", token, 200, "person:operator"},
		{"GET", "/api/do", viewerToken, 403, "this wants the operator token, and you have sent the viewer token"},
		{"GET", "/api/do", alertsToken, 403, "this wants the operator token, and you have sent the alerts token"},
		{"GET", "/api/look", token, 200, "person:operator"},
		{"GET", "/api/look", viewerToken, 200, "viewer"},
		{"GET", "/api/look", alertsToken, 403, "this wants the viewer token, and you have sent the alerts token"},
		{"POST", "/api/tell", token, 403, "this wants the alerts token, and you have sent the operator token"},
		{"POST", "/api/tell", viewerToken, 403, "this wants the alerts token"},
		{"POST", "/api/tell", alertsToken, 200, "grafana"},
		{"GET", "/page", viewerToken, 403, "this wants the operator token"}, // and not the sign-in page, which it cannot pass
		{"GET", "/api/look", viewerToken[1:], 401, "send the"},
		{"POST", "/api/tell", "", 401, ""},
	} {
		if w := g.ask(c.method, c.path, bearer(c.token)); w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s with %.8s…: %d %s, want %d and %q", c.method, c.path, c.token, w.Code, w.Body, c.status, c.says)
		}
	}
	for _, other := range []string{viewerToken, alertsToken} {
		if err := g.SignIn(httptest.NewRecorder(), other); plantroom.CodeOf(err) != plantroom.CodeUnauth {
			t.Errorf("signing in with %s: %v", other, err)
		}
	}
}

func TestWhereThereIsNoViewerNoTokenMakesOne(t *testing.T) {
	g := newGate(t, guard.Options{}, guard.Route{Pattern: "GET /api/look", Need: guard.Viewer, Handler: says("")}, guard.Route{Pattern: "POST /api/tell", Need: guard.Alerts, Handler: says("")})
	for _, text := range []string{"", " ", viewerToken, alertsToken} {
		if look, tell := g.ask("GET", "/api/look", bearer(text)).Code, g.ask("POST", "/api/tell", bearer(text)).Code; look != 401 || tell != 401 {
			t.Errorf("with %q: looking %d, telling %d", text, look, tell)
		}
	}
	if w := g.ask("POST", "/api/tell", bearer(token)); w.Code != 403 || !strings.Contains(w.Body.String(), "web.alerts_token_file") {
		t.Errorf("the operator, who has set no alerts token, is told %d %s", w.Code, w.Body)
	}
}

func TestStrangersDoNotLearnWhichAPIPathsExist(t *testing.T) {
	g := newGate(t, guard.Options{}, guard.Route{Pattern: "GET /api/x", Need: guard.Operator, Handler: says("")})
	known, unknown, method := g.ask(http.MethodGet, "/api/x", nil), g.ask(http.MethodGet, "/api/y", nil), g.ask(http.MethodPut, "/api/x", nil)
	if known.Code != http.StatusUnauthorized || unknown.Code != known.Code || method.Code != known.Code || unknown.Body.String() != known.Body.String() {
		t.Errorf("known path %d, unknown path %d, unknown method %d", known.Code, unknown.Code, method.Code)
	}
}

func TestARouteWithoutAMethodIsRefused(t *testing.T) {
	g, err := guard.New(guard.Options{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Handler([]guard.Route{{Pattern: "/anything", Need: guard.Anyone, Handler: says("")}}, nil); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("got %v", err)
	}
}

func signIn(g *gate) *http.Cookie {
	g.t.Helper()
	w := httptest.NewRecorder()
	if err := g.SignIn(w, token); err != nil {
		g.t.Fatal(err)
	}
	return w.Result().Cookies()[0]
}

func TestASessionEndsByAgeByIdlenessAndBySigningOut(t *testing.T) {
	g := newGate(t, guard.Options{}, guard.Route{Pattern: "GET /", Need: guard.Operator, Handler: says("")})
	as := func(c *http.Cookie) int {
		return g.ask(http.MethodGet, "/", func(r *http.Request) { r.AddCookie(c) }).Code
	}
	c := signIn(g)
	for d := time.Duration(0); d < guard.SessionAge; d += time.Hour {
		if code := as(c); code != http.StatusOK {
			t.Fatalf("after %s in use: %d", d, code)
		}
		g.now = g.now.Add(time.Hour)
	}
	if code := as(c); code != http.StatusUnauthorized {
		t.Errorf("after %s: %d", guard.SessionAge, code)
	}
	c = signIn(g)
	g.now = g.now.Add(guard.SessionIdle)
	if code := as(c); code != http.StatusUnauthorized {
		t.Errorf("after %s unused: %d", guard.SessionIdle, code)
	}
	c = signIn(g)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/logout", nil)
	r.AddCookie(c)
	w := httptest.NewRecorder()
	g.SignOut(w, r)
	if code := as(c); code != http.StatusUnauthorized || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("after signing out: %d, cookie %v", code, w.Result().Cookies())
	}
}

func TestSigningOutEndsWhatRunsInTheSession(t *testing.T) {
	started, ended := make(chan struct{}), make(chan struct{})
	g := newGate(t, guard.Options{}, guard.Route{Pattern: "GET /stream", Need: guard.Operator, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
	})})
	c := signIn(g)
	go func() {
		g.ask(http.MethodGet, "/stream", func(r *http.Request) { r.AddCookie(c) })
		close(ended)
	}()
	<-started
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/logout", nil)
	r.AddCookie(c)
	g.SignOut(httptest.NewRecorder(), r)
	<-ended
}

// Nobody asks for the session while its event stream runs: it has to end by
// itself.
func TestAStreamEndsWithItsSession(t *testing.T) {
	for name, c := range map[string]struct {
		pace time.Duration // of requests beside the stream; 0: none
		want time.Duration
	}{
		"held open and nothing else": {0, guard.SessionIdle},
		"beside a page in use":       {time.Hour, guard.SessionAge},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := streamed(t, c.pace); got != c.want {
					t.Errorf("the stream ended after %s, want %s", got, c.want)
				}
			})
		})
	}
}

// streamed returns how long a stream of a new session lasts while a page is
// asked for at a pace.
func streamed(t *testing.T, pace time.Duration) time.Duration {
	t.Helper()
	stream := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	g := newGate(t, guard.Options{Now: time.Now}, guard.Route{Pattern: "GET /stream", Need: guard.Operator, Handler: stream},
		guard.Route{Pattern: "GET /page", Need: guard.Operator, Handler: says("")})
	c := signIn(g)
	began, ended := time.Now(), make(chan time.Duration, 1)
	go func() {
		g.ask(http.MethodGet, "/stream", func(r *http.Request) { r.AddCookie(c) })
		ended <- time.Since(began)
	}()
	var use <-chan time.Time
	if pace > 0 {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		use = tick.C
	}
	for end := time.After(2 * guard.SessionAge); ; {
		select {
		case <-use:
			g.ask(http.MethodGet, "/page", func(r *http.Request) { r.AddCookie(c) })
		case d := <-ended:
			return d
		case <-end:
			t.Fatal("the stream outlives its session")
		}
	}
}

func TestThereAreOnlySoManySessions(t *testing.T) {
	g := newGate(t, guard.Options{}, guard.Route{Pattern: "GET /", Need: guard.Operator, Handler: says("")})
	first := signIn(g)
	for range 100 {
		g.now = g.now.Add(time.Second)
		signIn(g)
	}
	if w := g.ask(http.MethodGet, "/", func(r *http.Request) { r.AddCookie(first) }); w.Code != http.StatusUnauthorized {
		t.Errorf("the oldest of 101 sessions still opens: %d", w.Code)
	}
}

func TestTheCookieIsOutOfReach(t *testing.T) {
	plain, secure := signIn(newGate(t, guard.Options{PublicURL: "http://plantroom.test"})), signIn(newGate(t, guard.Options{PublicURL: "https://plantroom.test"}))
	for _, c := range []*http.Cookie{plain, secure} {
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %v", c)
		}
	}
	if plain.Secure || !secure.Secure || secure.Name != "__Host-plantroom" {
		t.Errorf("over http %v, over https %v", plain, secure)
	}
}

func TestEveryReplyCarriesTheSecurityHeaders(t *testing.T) {
	g := newGate(t, guard.Options{PublicURL: "https://plantroom.test"}, guard.Route{Pattern: "GET /page", Need: guard.Anyone, Handler: says("")})
	for _, path := range []string{"/page", "/nothing", "/api/nothing"} {
		h := g.ask(http.MethodGet, path, nil).Header()
		for name, want := range map[string]string{"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "Strict-Transport-Security": "max-age=", "Cache-Control": "no-store"} {
			if !strings.Contains(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: the policy is %q", path, h.Get("Content-Security-Policy"))
		}
	}
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	g := newGate(t, guard.Options{PublicURL: "https://public.example"}, guard.Route{Pattern: "POST /act", Need: guard.Anyone, Handler: says("done")})
	for name, c := range map[string]struct {
		header, value string
		status        int
	}{
		"a modern browser, other site":     {"Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		"a modern browser, sister host":    {"Sec-Fetch-Site", "same-site", http.StatusForbidden},
		"a modern browser, own page":       {"Sec-Fetch-Site", "same-origin", http.StatusOK},
		"an old phone, other site":         {"Origin", "https://evil.example", http.StatusForbidden},
		"an old phone, hidden origin":      {"Origin", "null", http.StatusForbidden},
		"an old phone, own page":           {"Origin", "http://plantroom.test", http.StatusOK},
		"an old phone, through the proxy":  {"Origin", "https://public.example", http.StatusOK},
		"a program, which sends no origin": {"X-Nothing", "", http.StatusOK},
	} {
		if w := g.ask(http.MethodPost, "/act", func(r *http.Request) { r.Header.Set(c.header, c.value) }); w.Code != c.status {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
	}
}

func TestRequestsAreLimitedPerAddress(t *testing.T) {
	g := newGate(t, guard.Options{Limit: guard.Rate{Burst: 3, Every: 2 * time.Second}}, guard.Route{Pattern: "GET /limited", Need: guard.Anyone, Limited: true, Handler: says("")},
		guard.Route{Pattern: "GET /free", Need: guard.Anyone, Handler: says("")})
	from := func(addr, path string) *httptest.ResponseRecorder {
		return g.ask(http.MethodGet, path, func(r *http.Request) { r.RemoteAddr = addr })
	}
	for range 3 {
		if w := from("192.0.2.1:1000", "/limited"); w.Code != http.StatusOK {
			t.Fatalf("within the burst: %d", w.Code)
		}
	}
	if w := from("192.0.2.1:2000", "/limited"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "2" {
		t.Errorf("beyond it, from another port: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if w := from("192.0.2.1:1000", "/free"); w.Code != http.StatusOK {
		t.Errorf("a route without a limit: %d", w.Code)
	}
	if w := from("192.0.2.2:1000", "/limited"); w.Code != http.StatusOK {
		t.Errorf("another address: %d", w.Code)
	}
	g.now = g.now.Add(2 * time.Second)
	if a, b := from("192.0.2.1:1000", "/limited").Code, from("192.0.2.1:1000", "/limited").Code; a != http.StatusOK || b != http.StatusTooManyRequests {
		t.Errorf("two seconds later: %d, then %d", a, b)
	}
	for i := range 4 { // a subscriber has a whole /64
		w := from(fmt.Sprintf("[2001:db8::%d]:1000", i), "/limited")
		if want := map[bool]int{true: http.StatusOK, false: http.StatusTooManyRequests}[i < 3]; w.Code != want {
			t.Errorf("address %d of one /64: %d, want %d", i, w.Code, want)
		}
	}
}

func TestBehindAProxyOnThisMachineVisitorsAreCountedApart(t *testing.T) {
	g := newGate(t, guard.Options{Limit: guard.Rate{Burst: 1, Every: time.Minute}}, guard.Route{Pattern: "GET /limited", Need: guard.Anyone, Limited: true, Handler: says("")})
	for i, c := range []struct {
		peer, forwarded string
		status          int
	}{
		{"127.0.0.1:1", "192.0.2.1", http.StatusOK},
		{"127.0.0.1:1", "192.0.2.2", http.StatusOK},
		{"[::1]:1", "192.0.2.1", http.StatusTooManyRequests},
		{"127.0.0.1:1", "192.0.2.99, 192.0.2.2", http.StatusTooManyRequests}, // the visitor made the first one up
		{"192.0.2.7:1", "192.0.2.50", http.StatusOK},
		{"192.0.2.7:1", "192.0.2.51", http.StatusTooManyRequests}, // no proxy of ours: not believed
		{"127.0.0.1:1", "", http.StatusOK},
		{"127.0.0.1:1", "nonsense", http.StatusTooManyRequests},
	} {
		w := g.ask(http.MethodGet, "/limited", func(r *http.Request) {
			r.RemoteAddr = c.peer
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
		})
		if w.Code != c.status {
			t.Errorf("%d: %s for %q: %d, want %d", i, c.peer, c.forwarded, w.Code, c.status)
		}
	}
}

func TestAPanicIsAnAnswerAndNotTheEnd(t *testing.T) {
	g := newGate(t, guard.Options{}, guard.Route{Pattern: "GET /api/bug", Need: guard.Anyone, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("password is 1234") })})
	if w := g.ask(http.MethodGet, "/api/bug", nil); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "1234") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

// Whoever reads the log must not be able to press a job's buttons.
func TestTheLogOfAPanicHoldsNoLink(t *testing.T) {
	var log strings.Builder
	bug := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") })
	g := newGate(t, guard.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, guard.Route{Pattern: "GET /job/{token}", Need: guard.Anyone, Handler: bug},
		guard.Route{Pattern: "GET /calendar/{token}", Need: guard.Anyone, Handler: bug})
	for _, path := range []string{"/job/secret-1", "/calendar/secret-2.ics"} {
		if w := g.ask(http.MethodGet, path, nil); w.Code != http.StatusInternalServerError {
			t.Errorf("%s answered %d", path, w.Code)
		}
	}
	if s := log.String(); strings.Contains(s, "secret-") || strings.Count(s, "handler panicked") != 2 {
		t.Errorf("the log: %s", s)
	}
}

func TestBadOptionsAreNamed(t *testing.T) {
	for name, opt := range map[string]guard.Options{"short token": {Token: "hunter2"}, "short viewer token": {Token: token, Viewer: "hunter2"}, "short alerts token": {Token: token, Alerts: "hunter2"},
		"a viewer who is the operator": {Token: token, Viewer: token}, "alerts from the operator": {Token: token, Alerts: token}, "alerts from a viewer": {Token: token, Viewer: viewerToken, Alerts: viewerToken},
		"no host": {Token: token, PublicURL: "plantroom"}, "scheme": {Token: token, PublicURL: "ftp://x"}} {
		if _, err := guard.New(opt); plantroom.CodeOf(err) != plantroom.CodeInvalid || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTokenFileIsMadeOnceAndKeptPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "operator.token")
	first, err := guard.TokenFile(path, guard.Operator)
	if err != nil || len(first) < guard.MinToken {
		t.Fatalf("%q, %v", first, err)
	}
	again, err := guard.TokenFile(path, guard.Operator)
	if err != nil || again != first {
		t.Errorf("the second time %q, %v", again, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := guard.TokenFile(path, guard.Operator); plantroom.CodeOf(err) != plantroom.CodeForbidden || strings.Contains(err.Error(), first) {
		t.Errorf("a file that others can read: %v", err)
	}
}

func TestAnEmptyTokenFileIsNoToken(t *testing.T) {
	for _, text := range []string{"", "\n", "hunter2\n"} {
		path := filepath.Join(t.TempDir(), "viewer")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := guard.TokenFile(path, guard.Viewer); plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), "read the viewer token") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
