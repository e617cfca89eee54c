// Package alerts takes the alerts of another system in, as Grafana's webhook
// contact point or Prometheus' Alertmanager send them, and makes incidents of
// them: one for all alerts that fire on an asset, opened by the first and over
// when the last is resolved. So each becomes an order, once, however often it
// is sent.
//
// It decides from a message, what it has kept of earlier ones, and now; it
// serves no HTTP and raises no order itself. It believes nothing that has to do
// with danger to life: that is for Plantroom's own rules, which see the sensor.
package alerts

import (
	"time"

	"plantroom"
)

// RuleGrafana is the rule of which all alerts' incidents are.
const RuleGrafana plantroom.RuleID = "alert.grafana"

// cause is the one cause that an alert has: what it is about stands in the
// incident's detail.
const cause = "grafana_alert"

// Bounds. They are the product's own: far above what a group of alerts about an
// estate comes to, and small enough for one transaction.
const (
	MaxBody     = 512 << 10 // bytes of a message
	MaxAlerts   = 200       // in a message
	MaxLabels   = 64        // of an alert, and as many annotations
	MaxName     = 64        // bytes of the name of a label that is looked at, and of a fingerprint
	MaxText     = 500       // bytes that are kept of a text
	MaxPerAsset = 64        // alerts that are kept of an asset, those that are over included
)

// MaxAhead is how far ahead of ours the clock may be from which an alert's times
// are. One whose times lie farther ahead is refused.
const MaxAhead = 24 * time.Hour

// earliest is the first time that is believed, the same as for readings.
var earliest = plantroom.At(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))

// Domain returns the domain of alerts, so that contracts, playbooks and boards
// can name it. It has no assets, and its rule no New: alerts come over the API.
func Domain() plantroom.Domain {
	const house = "house default, unverified"
	return plantroom.Domain{
		Name:   plantroom.AlertsDomain,
		Title:  plantroom.Text{En: "Alerts", Zh: "告警"},
		Causes: map[string]plantroom.Text{cause: {En: "alert of Grafana", Zh: "Grafana 告警"}},
		Rules: []plantroom.Rule{{
			ID: RuleGrafana, Title: plantroom.Text{En: "Alert of Grafana", Zh: "Grafana 告警"},
			Clocks: []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore}, Clean: 1,
			Steps: []plantroom.Step{
				{ID: "look", Proof: plantroom.ProofNote, Title: plantroom.Text{En: "Look at what the alert shows, and at the asset", Zh: "查看告警内容并到现场检查"}},
				{ID: "remedy", Proof: plantroom.ProofNote, Title: plantroom.Text{En: "Put it right, and note what it was", Zh: "排除问题并记录原因"}},
				{ID: "resolved", Proof: plantroom.ProofReading, Title: plantroom.Text{En: "See that Grafana says that it is resolved", Zh: "确认 Grafana 显示已恢复"}},
			},
			Doc: "An alert that Grafana sends about an asset or a gateway fires. All that fire on one asset are one incident; it is over " +
				"when Grafana says of each that it is resolved, which counts as the one clean cycle.",
		}},
		Targets: []plantroom.Window{
			{Clock: plantroom.Acknowledge, Severity: plantroom.Low, Length: plantroom.Duration(time.Hour), From: plantroom.FromDispatched, Source: house},
			{Clock: plantroom.Acknowledge, Severity: plantroom.High, Length: plantroom.Duration(15 * time.Minute), From: plantroom.FromDispatched, Source: house},
			{Clock: plantroom.Attend, Severity: plantroom.Low, Length: plantroom.Duration(24 * time.Hour), From: plantroom.FromRaised, Source: house},
			{Clock: plantroom.Attend, Severity: plantroom.High, Length: plantroom.Duration(2 * time.Hour), From: plantroom.FromRaised, Source: house},
			{Clock: plantroom.Restore, Severity: plantroom.Low, Length: plantroom.Duration(48 * time.Hour), From: plantroom.FromRaised, Source: house},
			{Clock: plantroom.Restore, Severity: plantroom.High, Length: plantroom.Duration(4 * time.Hour), From: plantroom.FromRaised, Source: house},
		},
	}
}

// Message is what a contact point sends: a group of alerts.
type Message struct {
	Alerts    []Alert
	Truncated int // alerts that the sender has left out
}

// Alert is one alert as it came, nothing of it believed yet.
type Alert struct {
	Status      string // firing or resolved
	Asset       string // label asset
	Severity    string // label severity; "": medium
	Name        string // label alertname
	Summary     string // annotation summary, or description where there is none
	Starts      string // RFC 3339
	Ends        string // the same; Go's zero time while it fires
	Fingerprint string // of its labels
	URL         string // generatorURL: the alert's rule at the sender
}

// Outcome says what became of one alert.
type Outcome string

// The outcomes.
const (
	Raised   Outcome = "raised"   // it has opened an incident
	Joined   Outcome = "joined"   // it fires too, on an asset whose incident is open
	Repeated Outcome = "repeated" // nothing new
	GoesOn   Outcome = "goes_on"  // it fires anew, and that it was resolved was never heard: the same incident
	Eased    Outcome = "eased"    // it is resolved, others on the asset fire still
	Resolved Outcome = "resolved" // it was the last, and the incident is over
	Unheard  Outcome = "unheard"  // it is resolved, and was never heard to fire
	Stale    Outcome = "stale"    // it was overtaken by a later word on the same alert
	Tested   Outcome = "tested"   // it is what Grafana's button Test sends, and nothing follows
	Refused  Outcome = "refused"  // it cannot be used; Result.Message says why
)

// Outcomes lists them all.
func Outcomes() []Outcome {
	return []Outcome{Raised, Joined, Repeated, GoesOn, Eased, Resolved, Unheard, Stale, Tested, Refused}
}

// Result is what became of one alert of a message.
type Result struct {
	Fingerprint string               `json:"fingerprint"`
	Asset       string               `json:"asset"`
	Outcome     Outcome              `json:"outcome"`
	Message     string               `json:"message,omitempty"` // why it was refused, and what to do
	Incident    plantroom.IncidentID `json:"incident,omitempty"`
	Order       plantroom.OrderID    `json:"order,omitempty"`
}

// Answer is what became of a message: a result for each alert, in its order.
type Answer struct {
	Items     []Result `json:"items"`
	Refused   int      `json:"refused"`
	Truncated int      `json:"truncated"` // as the sender says
}

// FirstRefusal says why the first alert that was refused was, "" where none was.
func (a *Answer) FirstRefusal() string {
	for _, r := range a.Items {
		if r.Outcome == Refused {
			return r.Message
		}
	}
	return ""
}
