package scenario

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"

	"plantroom"
	"plantroom/services/alerts"
)

// grafana stands for a Grafana that sends its alerts to Plantroom: it knows of
// each alert that fires since when it does, and with which severity.
type grafana struct {
	fires map[string]fires
}

type fires struct {
	since    plantroom.Instant
	severity string
}

// again is how long after a failure it sends a message once more: Grafana's
// default interval between two messages about a group of alerts.
const again = 5 * time.Minute

// message is what its webhook contact point sends about an alert.
func (g *grafana) message(now plantroom.Instant, a *AlertAct) ([]byte, error) {
	f, known := g.fires[a.ID]
	status, ends := "firing", "0001-01-01T00:00:00Z"
	switch {
	case a.Resolved && !known:
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the alert %s does not fire: it cannot be resolved", a.ID)
	case a.Resolved:
		status, ends = "resolved", now.String()
		delete(g.fires, a.ID)
	case !known:
		f = fires{now, a.Severity}
		g.fires[a.ID] = f
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(a.ID))
	labels := map[string]string{"alertname": a.Name, "asset": string(a.Asset)}
	if f.severity != "" {
		labels["severity"] = f.severity
	}
	return json.Marshal(map[string]any{
		"receiver": "plantroom", "status": status, "version": "1", "orgId": 1, "truncatedAlerts": 0,
		"alerts": []map[string]any{{"status": status, "labels": labels, "annotations": map[string]string{},
			"startsAt": f.since.String(), "endsAt": ends, "fingerprint": fmt.Sprintf("%016x", h.Sum64()), "values": map[string]float64{"A": 1}}},
	})
}

// alert lets Grafana send a message, as often as the act says. What the server
// does not take is sent again later.
func (p *play) alert(a *AlertAct) (string, error) {
	body, err := p.grafana.message(p.now, a)
	if err != nil {
		return "", err
	}
	says := fmt.Sprintf("Grafana: %s on %s fires", a.ID, a.Asset)
	if a.Resolved {
		says = fmt.Sprintf("Grafana: %s on %s is resolved", a.ID, a.Asset)
	}
	return says, p.post(body, max(a.Times, 1))
}

func (p *play) post(body []byte, times int) error {
	if !p.server.up() {
		p.plan(p.now.Add(again), func() error { return p.post(body, times) })
		return nil
	}
	for range times {
		m, err := alerts.Decode(body)
		if err != nil {
			return err
		}
		answer, err := p.server.spine.TakeAlerts(p.ctx, p.now, m)
		if err != nil {
			return err
		}
		if answer.Refused > 0 {
			return plantroom.Errorf(plantroom.CodeInvalid, "Plantroom refuses the alert: %s", answer.FirstRefusal())
		}
	}
	return nil
}
