package app_test

import (
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/app"
)

// open lists the routes that answer somebody without the operator's token.
// They are few, and each knows by itself what it may say; everything else is
// closed, a route that is not thought of yet included.
var open = map[string]bool{
	"GET /healthz":                   true, // names parts, and tells nothing of them
	"GET /login":                     true,
	"POST /login":                    true, // checks the token
	"GET /job/{token}":               true, // checks the signed link
	"POST /job/{token}/{action}":     true, // checks the signed link
	"GET /job/{token}/steps":         true, // checks the signed link
	"POST /job/{token}/tasks/{task}": true, // checks the signed link
	"POST /job/{token}/proofs":       true, // checks the signed link
	"GET /job/{token}/proofs/{sum}":  true, // checks the signed link
	"GET /calendar/{token}":          true, // checks the link; there is none before somebody has made it
	"GET /static/{file}":             true,
}

// looking lists the routes that a viewer may use besides those for anyone.
var looking = map[string]bool{
	"GET /api/v1/openapi.yaml": true, "GET /api/v1/summary": true, "GET /api/v1/estate": true, "GET /api/v1/buildings": true, "GET /api/v1/assets": true,
	"GET /api/v1/devices": true, "GET /api/v1/incidents": true, "GET /api/v1/incidents/{id}": true, "GET /api/v1/quarantine/count": true,
	"GET /api/v1/gaps": true, "GET /api/v1/gateways": true, "GET /api/v1/events": true,
	"GET /api/v1/history/orders": true, "GET /api/v1/history/incidents": true, "GET /api/v1/history/compliance": true, "GET /api/v1/history/league": true,
	"GET /api/v1/history/burndown": true, "GET /api/v1/history/states": true, "GET /api/v1/history/now": true, "GET /api/v1/history/kpi": true, "GET /api/v1/history/gateways": true, "GET /api/v1/history/events": true,
}

// telling lists those that are for a sender of alerts alone.
var telling = map[string]bool{"POST /api/v1/alerts": true}

// challenged reports whether the guard has answered: with 401 for programs, or
// by sending people to the sign-in page.
func challenged(status int, header http.Header) bool {
	return status == http.StatusUnauthorized && header.Get("WWW-Authenticate") != "" ||
		status == http.StatusSeeOther && strings.HasPrefix(header.Get("Location"), "/login?next=")
}

// fillIn puts something in place of what a pattern leaves open.
var fillIn = strings.NewReplacer("{$}", "", "{id}", "wo-000404", "{action}", "fix", "{call}", "c", "{token}", "t", "{file}", "style.css", "{task}", "look", "{sum}", strings.Repeat("0", 64))

// wants is what the guard says to whoever comes with another token than a route wants.
var wants = regexp.MustCompile("this wants the (operator|viewer|alerts) token")

func TestNothingAnswersWithoutTheTokenButWhatIsListed(t *testing.T) {
	h := newHouse(t, func(f *files) { f.MoreWeb = ", viewer_token_file: viewer-token, alerts_token_file: alerts-token" }).withInflux().start()
	patterns, err := h.Patterns()
	if err != nil {
		t.Fatal(err)
	}
	token := h.token()
	roles := []struct {
		name, token string
		operator    bool
	}{{"a stranger", "", false}, {"somebody with a wrong token", strings.Repeat("x", len(token)), false},
		{"somebody with a part of the token", token[:len(token)-1], false}, {"the operator", token, true}}
	listed := 0
	for _, p := range patterns {
		method, path, _ := strings.Cut(p, " ")
		path = fillIn.Replace(path)
		if open[p] {
			listed++
		}
		for _, r := range roles {
			status, header, body := h.request(method, path, r.token)
			if r.operator && telling[p] {
				if status != http.StatusForbidden {
					t.Errorf("%s as %s: %d, want 403", p, r.name, status)
				}
				continue
			}
			if got, want := challenged(status, header), !open[p] && !r.operator; got != want {
				t.Errorf("%s as %s: held up by the guard %v, want %v (status %d)", p, r.name, got, want, status)
			}
			if !open[p] && !r.operator && strings.Contains(body, "quicklift") {
				t.Errorf("%s as %s: the refusal tells of the estate: %.200s", p, r.name, body)
			}
		}
	}
	for _, p := range patterns {
		method, path, _ := strings.Cut(p, " ")
		path = fillIn.Replace(path)
		for _, r := range []struct {
			file string
			may  map[string]bool
		}{{"viewer-token", looking}, {"alerts-token", telling}} {
			status, _, body := h.request(method, path, h.read(r.file))
			if got, want := wants.MatchString(body), !open[p] && !r.may[p]; got != want || want && status != http.StatusForbidden {
				t.Errorf("%s with the %s: held up by the guard %v, want %v (status %d, %.200s)", p, r.file, got, want, status, body)
			}
			if !open[p] && !r.may[p] && strings.Contains(body, "quicklift") {
				t.Errorf("%s with the %s: the refusal tells of the estate: %.200s", p, r.file, body)
			}
		}
	}
	for _, p := range slices.Concat(slices.Collect(maps.Keys(looking)), slices.Collect(maps.Keys(telling))) {
		if !slices.Contains(patterns, p) {
			t.Errorf("%s is listed and is no route", p)
		}
	}
	if listed != len(open) {
		t.Errorf("%d of the %d listed routes exist", listed, len(open))
	}
	for _, p := range []string{"GET /metrics", "GET /{$}", "GET /api/v1/orders", "GET /api/v1/events"} {
		if !slices.Contains(patterns, p) {
			t.Errorf("%s is not among the routes: the list is not what the server answers", p)
		}
	}
	for _, path := range []string{"/debug/pprof/", "/metrics/", "/api/v2/orders", "/static/", "/data/secrets/operator-token"} {
		if status, _, body := h.request("GET", path, ""); status == http.StatusOK {
			t.Errorf("%s, which is no route, answers a stranger: %.80s", path, body)
		}
	}
}

func (h *house) read(name string) string {
	h.t.Helper()
	b, err := os.ReadFile(h.path(name))
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestAServerWhoseViewerHasTheOperatorsTokenDoesNotStart(t *testing.T) {
	h := newHouse(t, func(f *files) { f.MoreWeb = ", viewer_token_file: data/secrets/operator-token" }).withInflux()
	s, err := app.Start(t.Context(), h.load(), app.Options{})
	if err == nil {
		s.Stop()
	}
	if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), "the viewer token is the same as the operator token") {
		t.Errorf("%v", err)
	}
}
