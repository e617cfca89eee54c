package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/routers"

	"plantroom/services/alerts"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/httpapi/problem"
)

// firing is an alert as a contact point writes it.
func firing(asset, print string) string {
	return fmt.Sprintf(`{"status":"firing","labels":{"alertname":"Motor hot","asset":%q,"severity":"high"},"annotations":{"summary":"91 degrees"},
		"startsAt":%q,"endsAt":"0001-01-01T00:00:00Z","fingerprint":%q,"generatorURL":"http://grafana.test/a","values":{"A":91}}`, asset, apitest.Start.Add(-time.Minute), print)
}

func message(as ...string) string {
	return `{"receiver":"plantroom","status":"firing","version":"1","groupKey":"{}:{}","truncatedAlerts":0,"alerts":[` + strings.Join(as, ",") + `]}`
}

// answered reads what became of a message, whichever status it has.
func answered(t *testing.T, body string) alerts.Answer {
	t.Helper()
	var a alerts.Answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return a
}

func TestAnAlertOfGrafanaRaisesAnOrderOnce(t *testing.T) {
	s := newService(t)
	for i, want := range []alerts.Outcome{alerts.Raised, alerts.Repeated, alerts.Repeated} {
		w := s.ask(http.MethodPost, "/api/v1/alerts", message(firing("b1-l1", "a1")))
		a := answered(t, w.Body.String())
		if w.Code != http.StatusOK || len(a.Items) != 1 || a.Items[0].Outcome != want || a.Items[0].Order != "wo-000001" || a.Refused != 0 {
			t.Errorf("time %d: %d %s", i+1, w.Code, w.Body)
		}
	}
	if w := s.ask(http.MethodGet, "/api/v1/orders", ""); strings.Count(w.Body.String(), `"rule":"alert.grafana"`) != 1 {
		t.Errorf("the orders: %s", w.Body)
	}
}

// The sender shows a failure, so that somebody looks; and sending it again is of no harm.
func TestAMessageOfWhichOneAlertIsRefusedFailsAndTheOthersAreHeard(t *testing.T) {
	s := newService(t)
	w := s.ask(http.MethodPost, "/api/v1/alerts", message(firing("b9-l9", "a1"), firing("b1-l1", "a2")))
	a := answered(t, w.Body.String())
	if w.Code != http.StatusBadRequest || w.Header().Get("Content-Type") != problem.MediaType || a.Refused != 1 ||
		a.Items[0].Outcome != alerts.Refused || a.Items[1].Outcome != alerts.Raised || !strings.Contains(w.Body.String(), "1 of 2 alerts cannot be used: there is no asset or gateway b9-l9") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	doc := loadDocument(t)
	const path = "/api/v1/alerts"
	route := &routers.Route{Spec: doc, Path: path, PathItem: doc.Paths.Value(path), Method: http.MethodPost, Operation: doc.Paths.Value(path).Post}
	if err := conforms(t, route, request(t, http.MethodPost, path, message(firing("b9-l9", "a1"), firing("b1-l1", "a2"))), w.Code, w.Header(), w.Body.Bytes()); err != nil {
		t.Error(err)
	}
	w = s.ask(http.MethodPost, "/api/v1/alerts", message(firing("b9-l9", "a1"), firing("b1-l1", "a2")))
	if a := answered(t, w.Body.String()); w.Code != http.StatusBadRequest || a.Items[1].Outcome != alerts.Repeated {
		t.Errorf("once more: %d %s", w.Code, w.Body)
	}
}

func TestWhatIsNoMessageOfAlertsIsRefusedWhole(t *testing.T) {
	s := newService(t)
	for name, c := range map[string]struct {
		body, media string
		status      int
	}{
		"half a message":  {message(firing("b1-l1", "a1"))[:200], "application/json", http.StatusBadRequest},
		"no message":      {`{"text":"hi"}`, "application/json", http.StatusBadRequest},
		"a form":          {"alerts=1", "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType},
		"too many alerts": {message(strings.Split(strings.TrimSuffix(strings.Repeat("{};", alerts.MaxAlerts+1), ";"), ";")...), "application/json", http.StatusRequestEntityTooLarge},
		"too many bytes":  {message(firing("b1-l1", strings.Repeat("a", alerts.MaxBody))), "application/json", http.StatusRequestEntityTooLarge},
	} {
		if w := s.ask(http.MethodPost, "/api/v1/alerts", c.body, "Content-Type", c.media); w.Code != c.status {
			t.Errorf("%s: %d %.300s", name, w.Code, w.Body)
		}
	}
	if w := s.ask(http.MethodGet, "/api/v1/orders", ""); strings.Contains(w.Body.String(), "wo-") {
		t.Errorf("orders were raised: %s", w.Body)
	}
}

func TestNobodyButItsSenderSendsAlerts(t *testing.T) {
	s := newService(t)
	for name, c := range map[string]struct {
		token  string
		status int
	}{"the operator": {apitest.Token, 403}, "a viewer": {viewerToken, 403}, "a stranger": {"x", 401}} {
		if w := s.ask(http.MethodPost, "/api/v1/alerts", message(firing("b1-l1", "a1")), "Authorization", "Bearer "+c.token); w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// A viewer reads places, incidents and numbers, and nothing of people.
func TestAViewerSeesNoPeople(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	s.ask(http.MethodPost, "/api/v1/orders/"+string(o.ID)+"/acknowledge", `{"by":"Li Qiang"}`)
	s.ask(http.MethodPost, "/api/v1/orders/"+string(o.ID)+"/tasks/cause", `{"note":"worn roller", "by": "Li Qiang"}`)
	for _, path := range []string{"/api/v1/summary", "/api/v1/estate", "/api/v1/buildings", "/api/v1/assets", "/api/v1/devices", "/api/v1/incidents", "/api/v1/gateways", "/api/v1/gaps", "/api/v1/quarantine/count"} {
		w := s.ask(http.MethodGet, path, "", "Authorization", "Bearer "+viewerToken)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		for _, secret := range []string{"Li Qiang", "Lin", "chen", "wheelchair", "worn roller", "example.net", "mqtt"} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%s tells a viewer of %s: %s", path, secret, w.Body)
			}
		}
	}
	for _, path := range []string{"/api/v1/orders", "/api/v1/orders/wo-000001", "/api/v1/orders/wo-000001/timeline", "/api/v1/assets/b1-l1", "/api/v1/roster", "/api/v1/cases", "/api/v1/works", "/api/v1/outbox", "/api/v1/quarantine", "/api/v1/ledger"} {
		if w := s.ask(http.MethodGet, path, "", "Authorization", "Bearer "+viewerToken); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "operator token") {
			t.Errorf("%s answers a viewer %d %.200s", path, w.Code, w.Body)
		}
	}
}
