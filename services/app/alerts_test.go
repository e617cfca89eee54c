package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/alerts"
)

// alertHouse is a house that takes alerts, and has a lift b1-l2.
func alertHouse(t *testing.T) *house {
	return newHouse(t, func(f *files) {
		f.MoreWeb = ", alerts_token_file: alerts-token"
		f.Lifts = []string{"b1-l2"}
	}).withInflux().start()
}

// sends sends an alert as Grafana does, and returns what became of it.
func (h *house) sends(status, asset string, since plantroom.Instant) alerts.Result {
	h.t.Helper()
	ends := "0001-01-01T00:00:00Z"
	if status == "resolved" {
		ends = h.now().String()
	}
	body := fmt.Sprintf(`{"receiver":"plantroom","status":%q,"version":"1","alerts":[{"status":%q,"labels":{"alertname":"Motor hot","asset":%q,"severity":"high"},
		"annotations":{"summary":"91 degrees"},"startsAt":%q,"endsAt":%q,"fingerprint":%q}]}`, status, status, asset, since, ends, "fp-"+asset)
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.URL()+"/api/v1/alerts", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+h.read("alerts-token"))
	resp, err := browser.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer alerts.Answer
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || len(answer.Items) != 1 || (resp.StatusCode == http.StatusOK) != (answer.Refused == 0) {
		h.t.Fatalf("%d: %+v, %v", resp.StatusCode, answer, err)
	}
	return answer.Items[0]
}

// becomes sends an alert and checks what became of it.
func (h *house) becomes(want alerts.Outcome, status, asset string, since plantroom.Instant) alerts.Result {
	h.t.Helper()
	r := h.sends(status, asset, since)
	if r.Outcome != want {
		h.t.Errorf("%s on %s became %s, want %s (%s)", status, asset, r.Outcome, want, r.Message)
	}
	return r
}

func (h *house) open() []plantroom.Incident {
	h.t.Helper()
	return get[plantroom.Incident](h, "/api/v1/incidents?open=true")
}

// The detection has no detector for an alert: it must neither close its incident
// nor stumble over it, at a start, while it judges, and when the estate is read again.
func TestAnAlertOutlivesRestartsAndReloadsAndTheDetectionLeavesItAlone(t *testing.T) {
	h := alertHouse(t)
	since := h.now()
	r := h.becomes(alerts.Raised, "firing", "b1-l1", since)
	h.Stop()
	h.start()
	g := h.gateway("gw-b1")
	g.take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), h.now()),
		reading("b1-l2-box", "floor", plantroom.Float(3), h.now()))
	g.stored()
	if err := h.Reload(t.Context(), h.load()); err != nil {
		t.Fatal(err)
	}
	h.becomes(alerts.Repeated, "firing", "b1-l1", since)
	if all := h.open(); len(all) != 2 {
		t.Errorf("open are %+v, want the alert and the lift's own fault", all)
	}
	if n := len(h.orders()); n != 2 {
		t.Errorf("%d orders", n)
	}
	if body := h.page("/orders/" + string(r.Order)); !strings.Contains(body, "Alert of Grafana") || !strings.Contains(body, "Motor hot: 91 degrees") {
		t.Errorf("the order's page does not tell of the alert:\n%s", body)
	}
	h.becomes(alerts.Resolved, "resolved", "b1-l1", since)
	h.Stop()
	h.start()
	h.becomes(alerts.Stale, "firing", "b1-l1", since)
	if all := h.open(); len(all) != 1 || all[0].Rule != "lift.fault" {
		t.Errorf("open are %+v, want the lift's own fault", all)
	}
	if n := h.log.count("level=ERROR"); n != 0 {
		t.Errorf("the log:\n%s", h.log)
	}
}

// Nobody was under contract for alerts when it came; when the file says who is, the
// order is that firm's.
func TestAnAlertThatNobodyCoversIsGivenToWhoeverComesUnderContract(t *testing.T) {
	h := alertHouse(t)
	since := h.now()
	r := h.becomes(alerts.Raised, "firing", "b1-l1", since)
	if o := h.orders()[0]; o.ID != r.Order || o.State != plantroom.Raised || o.Contractor != "" {
		t.Errorf("without a contract the order is %s, with %q", o.State, o.Contractor)
	}
	h.files.Covers = ", alerts"
	h.write()
	if err := h.Reload(t.Context(), h.load()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the order is given away", func() bool { return h.orders()[0].Contractor == "quicklift" })
	h.becomes(alerts.Repeated, "firing", "b1-l1", since)
	if n := len(h.orders()); n != 1 {
		t.Errorf("%d orders", n)
	}
}

func TestAReloadThatTakesTheAssetAwayLeavesItsAlertToEnd(t *testing.T) {
	h := alertHouse(t)
	since := h.now()
	h.becomes(alerts.Raised, "firing", "b1-l2", since)
	h.files.Lifts = nil
	h.write()
	if err := h.Reload(t.Context(), h.load()); err != nil {
		t.Fatal(err)
	}
	h.becomes(alerts.Refused, "firing", "b1-l2", since)
	if h.log.count("take alerts in: not all of them could be used") != 1 {
		t.Errorf("the log does not tell of it:\n%s", h.log)
	}
	h.pass(time.Minute)
	h.becomes(alerts.Resolved, "resolved", "b1-l2", since)
	if all := h.open(); len(all) != 0 {
		t.Errorf("open are %+v", all)
	}
}
