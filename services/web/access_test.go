package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"plantroom/services/domains"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/httpapi/guard"
	"plantroom/services/joblink"
	"plantroom/services/web"
)

// access says of every route who may use it: "anyone", "operator", "viewer" (and the
// operator) or "alerts". A new
// route fails TestWhoMayReachWhat until somebody has thought about it here.
var access = map[string]string{
	"GET /healthz":                                            "anyone",
	"GET /api/v1/openapi.yaml":                                "viewer",
	"GET /api/v1/summary":                                     "viewer",
	"GET /api/v1/estate":                                      "viewer",
	"POST /api/v1/estate/check":                               "operator",
	"GET /api/v1/buildings":                                   "viewer",
	"GET /api/v1/assets":                                      "viewer",
	"GET /api/v1/assets/{id}":                                 "operator",
	"GET /api/v1/devices":                                     "viewer",
	"GET /api/v1/incidents":                                   "viewer",
	"GET /api/v1/incidents/{id}":                              "viewer",
	"GET /api/v1/orders":                                      "operator",
	"GET /api/v1/orders/{id}":                                 "operator",
	"GET /api/v1/orders/{id}/candidates":                      "operator",
	"GET /api/v1/orders/{id}/timeline":                        "operator",
	"GET /api/v1/orders/{id}/calls":                           "operator",
	"POST /api/v1/orders/{id}/{action}":                       "operator",
	"POST /api/v1/orders/{id}/tasks/{task}":                   "operator",
	"GET /api/v1/orders/{id}/proofs":                          "operator",
	"POST /api/v1/orders/{id}/proofs":                         "operator",
	"GET /api/v1/orders/{id}/proofs/{sum}":                    "operator",
	"GET /api/v1/orders/{id}/evidence":                        "operator",
	"POST /orders/{id}/proofs":                                "operator",
	"GET /orders/{id}/proofs/{sum}":                           "operator",
	"GET /job/{token}/steps":                                  "anyone", // checks the signed link itself
	"POST /job/{token}/tasks/{task}":                          "anyone", // checks the signed link itself
	"POST /job/{token}/proofs":                                "anyone", // checks the signed link itself
	"GET /job/{token}/proofs/{sum}":                           "anyone", // checks the signed link itself
	"GET /api/v1/outbox":                                      "operator",
	"GET /api/v1/outbox/{id}":                                 "operator",
	"POST /api/v1/outbox/{id}/resend":                         "operator",
	"GET /api/v1/quarantine":                                  "operator",
	"GET /api/v1/quarantine/count":                            "viewer",
	"GET /api/v1/gaps":                                        "viewer",
	"GET /api/v1/gateways":                                    "viewer",
	"GET /api/v1/history/gateways":                            "viewer",
	"GET /api/v1/works":                                       "operator",
	"POST /api/v1/works":                                      "operator",
	"GET /api/v1/works/{id}":                                  "operator",
	"POST /api/v1/works/{id}/{action}":                        "operator",
	"GET /api/v1/cases":                                       "operator",
	"POST /api/v1/cases":                                      "operator",
	"GET /api/v1/case-playbooks":                              "operator",
	"GET /api/v1/cases/{id}":                                  "operator",
	"GET /api/v1/cases/{id}/record":                           "operator",
	"POST /api/v1/cases/{id}/steps/{task}":                    "operator",
	"POST /api/v1/cases/{id}/{action}":                        "operator",
	"GET /cases":                                              "operator",
	"GET /cases/new":                                          "operator",
	"POST /cases":                                             "operator",
	"GET /cases/{id}":                                         "operator",
	"POST /cases/{id}/steps/{task}":                           "operator",
	"POST /cases/{id}/{action}":                               "operator",
	"GET /statements":                                         "operator",
	"GET /statements/{contract}/{month}":                      "operator",
	"POST /statements/{contract}/{month}/{action}":            "operator",
	"GET /works":                                              "operator",
	"GET /works/{id}":                                         "operator",
	"POST /works/{id}/{action}":                               "operator",
	"POST /works/{id}/calls/{call}/retry":                     "operator",
	"GET /announce":                                           "operator",
	"POST /announce":                                          "operator",
	"GET /api/v1/ledger":                                      "operator",
	"GET /api/v1/contracts/{id}/statements/{month}":           "operator",
	"POST /api/v1/contracts/{id}/statements/{month}/{action}": "operator",
	"POST /api/v1/alerts":                                     "alerts",
	"GET /api/v1/events":                                      "viewer",
	"GET /{$}":                                                "operator",
	"GET /board":                                              "operator",
	"GET /orders/{id}":                                        "operator",
	"POST /orders/{id}/{action}":                              "operator",
	"POST /orders/{id}/tasks/{task}":                          "operator",
	"POST /orders/{id}/calls/{call}/retry":                    "operator",
	"GET /assets/{id}":                                        "operator",
	"GET /quarantine":                                         "operator",
	"POST /logout":                                            "operator",
	"GET /login":                                              "anyone",
	"POST /login":                                             "anyone", // checks the token itself
	"GET /job/{token}":                                        "anyone", // checks the signed link itself
	"POST /job/{token}/{action}":                              "anyone", // checks the signed link itself
	"GET /static/{file}":                                      "anyone",
	"GET /calendar/{token}":                                   "anyone", // checks the link itself
	"GET /api/v1/history/orders":                              "viewer",
	"GET /api/v1/history/incidents":                           "viewer",
	"GET /api/v1/history/compliance":                          "viewer",
	"GET /api/v1/history/league":                              "viewer",
	"GET /api/v1/history/burndown":                            "viewer",
	"GET /api/v1/history/states":                              "viewer",
	"GET /api/v1/history/now":                                 "viewer",
	"GET /api/v1/history/kpi":                                 "viewer",
	"GET /api/v1/history/events":                              "viewer",
	"GET /api/v1/roster":                                      "operator",
	"GET /api/v1/gateways/{id}/configuration":                 "operator",
	"POST /api/v1/gateways/{id}/configuration":                "operator",
}

// limited are the routes on which secrets could be guessed.
var limited = map[string]bool{"POST /login": true, "GET /job/{token}": true, "POST /job/{token}/{action}": true,
	"GET /job/{token}/steps": true, "POST /job/{token}/tasks/{task}": true, "POST /job/{token}/proofs": true, "GET /job/{token}/proofs/{sum}": true,
	"GET /calendar/{token}": true}

func TestWhoMayReachWhat(t *testing.T) {
	house := apitest.New(t)
	const viewer, alerts = "somebody-may-look-and-no-more", "grafana-may-say-so-and-no-more"
	g := house.Guard(guard.Options{Viewer: viewer, Alerts: alerts})
	pages, err := web.New(web.Options{Estate: house.Estate, Domains: domains.All(), Store: house.Store, Desk: house, Links: house.Links, Proofs: house.Files, Uses: joblink.NewRegister(house.Store), Door: g, Now: house.Now})
	if err != nil {
		t.Fatal(err)
	}
	routes := append(house.API().Routes(), pages.Routes()...)
	// What stands behind a route is replaced, so that reaching it is all
	// that the reply depends on.
	reached := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	left := map[string]string{}
	for p, who := range access {
		left[p] = who
	}
	for i := range routes {
		routes[i].Handler = reached
		if _, ok := access[routes[i].Pattern]; !ok {
			t.Errorf("nobody has said who may use %q: add it to the table", routes[i].Pattern)
		}
		if routes[i].Limited != limited[routes[i].Pattern] {
			t.Errorf("%q: rate limit %v, want %v", routes[i].Pattern, routes[i].Limited, limited[routes[i].Pattern])
		}
		delete(left, routes[i].Pattern)
	}
	for p := range left {
		t.Errorf("the table names %q, which is no route", p)
	}
	h, err := g.Handler(routes, pages.Refuse)
	if err != nil {
		t.Fatal(err)
	}
	session := func(r *http.Request) {
		w := httptest.NewRecorder()
		if err := g.SignIn(w, apitest.Token); err != nil {
			t.Fatal(err)
		}
		r.AddCookie(w.Result().Cookies()[0])
	}
	roles := map[string]func(*http.Request){
		"a stranger": func(*http.Request) {},
		"a job link's holder": func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+house.Links.Sign("wo-000001", "quicklift", 1, house.Now()+1e15))
		},
		"the operator by token":   func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+apitest.Token) },
		"the operator by session": session,
		"a viewer":                func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+viewer) },
		"a sender of alerts":      func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+alerts) },
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route.Pattern, " ")
		path = strings.NewReplacer("{$}", "", "{id}", "x", "{action}", "fix", "{call}", "c", "{token}", "t", "{file}", "f", "{sum}", "0", "{task}", "look", "{contract}", "c", "{month}", "2026-03").Replace(path)
		for role, as := range roles {
			r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
			as(r)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			want := map[string]bool{"anyone": true, "operator": strings.HasPrefix(role, "the operator"),
				"viewer": strings.HasPrefix(role, "the operator") || role == "a viewer", "alerts": role == "a sender of alerts"}[access[route.Pattern]]
			if got := w.Code == http.StatusTeapot; got != want {
				t.Errorf("%s as %s: reached %v, want %v (%d)", route.Pattern, role, got, want, w.Code)
			}
		}
	}
}
