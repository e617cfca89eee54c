package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
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

// challenged reports whether the guard has answered: with 401 for programs, or
// by sending people to the sign-in page.
func challenged(status int, header http.Header) bool {
	return status == http.StatusUnauthorized && header.Get("WWW-Authenticate") != "" ||
		status == http.StatusSeeOther && strings.HasPrefix(header.Get("Location"), "/login?next=")
}

func TestNothingAnswersWithoutTheTokenButWhatIsListed(t *testing.T) {
	h := newHouse(t).withInflux().start()
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
		path = strings.NewReplacer("{$}", "", "{id}", "wo-000404", "{action}", "fix", "{call}", "c", "{token}", "t", "{file}", "style.css", "{task}", "look", "{sum}", strings.Repeat("0", 64)).Replace(path)
		if open[p] {
			listed++
		}
		for _, r := range roles {
			status, header, body := h.request(method, path, r.token)
			if got, want := challenged(status, header), !open[p] && !r.operator; got != want {
				t.Errorf("%s as %s: held up by the guard %v, want %v (status %d)", p, r.name, got, want, status)
			}
			if !open[p] && !r.operator && strings.Contains(body, "quicklift") {
				t.Errorf("%s as %s: the refusal tells of the estate: %.200s", p, r.name, body)
			}
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
