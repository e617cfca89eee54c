package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/dashboards/gen"
	"plantroom/services/alerts"
)

// anAlert lets an alert of Grafana fire, twice, and be resolved: that is one
// order, and its end. Whoever hears the live channel of events is told.
func (g *grafana) anAlert(t *testing.T) {
	const asset = "b4-bin-6"
	hear := g.live(t)
	fires := map[string]any{"status": "firing", "fingerprint": "8f2a4c1e90b7d356", "startsAt": time.Now().UTC().Format(time.RFC3339), "endsAt": "0001-01-01T00:00:00Z",
		"labels":       map[string]string{"alertname": "Battery low", "grafana_folder": "Plantroom", "asset": asset, "device": asset + "-level", "severity": "low", "plantroom_order": "yes"},
		"annotations":  map[string]string{"summary": asset + "-level on " + asset + ": less than 10 % of the battery is left."},
		"generatorURL": "http://127.0.0.1:3000/alerting/grafana/plantroom-battery-low/view", "values": map[string]float64{"B": 7, "C": 1}}
	first := g.tell(t, fires)
	if first.Outcome != alerts.Raised || first.Order == "" {
		t.Fatalf("the alert came to %+v", first)
	}
	if again := g.tell(t, fires); again.Outcome != alerts.Repeated || again.Order != first.Order {
		t.Errorf("the same alert again came to %+v", again)
	}
	hear(string(first.Order))
	g.comesAt(t, first.Order, time.Now().Add(time.Hour))
	if o := g.ordersOf(t, asset); len(o) != 1 || o[0].ID != first.Order || o[0].Rule != alerts.RuleGrafana || o[0].State.Final() {
		t.Errorf("the alert's orders are %+v", o)
	}
	fires["status"], fires["endsAt"] = "resolved", time.Now().UTC().Format(time.RFC3339)
	if over := g.tell(t, fires); over.Outcome != alerts.Resolved {
		t.Errorf("the alert that is resolved came to %+v", over)
	}
	within(t, soon, "the order is verified", func(context.Context) error {
		o := g.ordersOf(t, asset)
		return unless(len(o) == 1 && o[0].Verified != 0, "its orders are %+v", o)
	})
	got, err := g.asks(t, time.Now().Add(-time.Hour), time.Now().Add(time.Second), false, choice{}.query(gen.Query{RefID: "A", QueryType: gen.WorkOrders, Asset: []string{asset}}, 100))
	if err != nil || len(got["A"].Frames) != 1 || len(got["A"].Frames[0].Data.Values[1]) != 1 || got["A"].Frames[0].Data.Values[1][0] != string(first.Order) {
		t.Errorf("a board shows of it %+v, %v", got["A"], err)
	}
}

// comesAt accepts an order with a time of arrival, as the operator.
func (g *grafana) comesAt(t *testing.T, id plantroom.OrderID, eta time.Time) {
	t.Helper()
	token, err := g.Token()
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Appendf(nil, `{"by": "Sun Jie", "eta": %q}`, eta.UTC().Format(time.RFC3339))
	status, text, err := g.send(t.Context(), fmt.Sprintf("%s/api/v1/orders/%s/acknowledge", g.URL(), id), http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}}, body)
	if err != nil || status != http.StatusOK {
		t.Fatalf("accepting %s: %d %s, %v", id, status, text, err)
	}
}

// tell sends an alert as Grafana's contact point does, with the alerts token.
func (g *grafana) tell(t *testing.T, alert map[string]any) alerts.Result {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"receiver": "plantroom", "status": alert["status"], "orgId": 1, "version": "1", "truncatedAlerts": 0, "groupKey": `{}/{plantroom_order="yes"}:{}`, "externalURL": "http://127.0.0.1:3000/",
		"groupLabels": map[string]string{}, "commonLabels": alert["labels"], "commonAnnotations": alert["annotations"], "title": "[FIRING:1]", "state": "alerting", "message": "**Firing**",
		"alerts": []any{alert}})
	if err != nil {
		t.Fatal(err)
	}
	status, text, err := g.send(t.Context(), g.URL()+"/api/v1/alerts", http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + g.token(g.AlertsTokenFile())}}, body)
	var a alerts.Answer
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil || status != http.StatusOK || len(a.Items) != 1 {
		t.Fatalf("the alert was answered %d %s, %v", status, text, err)
	}
	return a.Items[0]
}

func (g *grafana) ordersOf(t *testing.T, asset plantroom.AssetID) (list []plantroom.WorkOrder) {
	t.Helper()
	all, err := g.Orders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if o.Asset == asset && o.Rule == alerts.RuleGrafana {
			list = append(list, o)
		}
	}
	return list
}

// live opens the channel of dispatch events. The function waits until an event
// speaks of something.
func (g *grafana) live(t *testing.T) (hear func(of string)) {
	t.Helper()
	got, err := g.asks(t, time.Now().Add(-time.Hour), time.Now(), false, choice{}.query(gen.Query{RefID: "A", QueryType: gen.DispatchEvents, Live: true}, 100))
	if err != nil || len(got["A"].Frames) == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*soon)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.base+"/api/live/"+got["A"].Frames[0].Schema.Meta.Channel, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_, _ = io.Copy(io.Discard, resp.Body) // it ends with what was cancelled
		resp.Body.Close()
	})
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 4<<20)
	lines.Scan()
	if backlog := lines.Text(); resp.StatusCode != http.StatusOK || !strings.Contains(backlog, "wo-") {
		t.Fatalf("%s: the backlog is %.300s", resp.Status, backlog)
	}
	return func(of string) {
		t.Helper()
		for lines.Scan() {
			frame, event := strings.CutPrefix(lines.Text(), "data: ")
			if event && strings.Contains(frame, fmt.Sprintf("%q", of)) {
				return
			}
		}
		t.Fatalf("no event of %s came: %v", of, lines.Err())
	}
}
