package alerts

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"plantroom"
)

// Actor is how the ledger names the sender of alerts. There is one token for
// them, so it is one sender.
const Actor = "grafana"

// Subject is what the ledger files rows about alerts under that belong to no
// incident.
const Subject = "alerts"

// Desk keeps incidents and raises orders of them: a dispatch.Desk.
type Desk interface {
	Incident(plantroom.Tx, plantroom.Instant, plantroom.IncidentEvent) error
}

// Door takes messages in. It holds no state but the estate's places, and is safe
// for concurrent use.
type Door struct {
	desk   Desk
	places map[plantroom.AssetID]plantroom.BuildingID
}

// New makes a door for an estate. Alerts can be about its assets and gateways.
func New(e plantroom.Estate, d Desk) *Door {
	door := &Door{desk: d, places: map[plantroom.AssetID]plantroom.BuildingID{}}
	zones := map[plantroom.ZoneID]plantroom.BuildingID{}
	for _, z := range e.Zones {
		zones[z.ID] = z.Building
	}
	for _, g := range e.Gateways {
		door.places[plantroom.AssetID(g.ID)] = zones[g.Zone]
	}
	for _, a := range e.Assets {
		door.places[a.ID] = a.Building
	}
	return door
}

// Take takes a message in, in one transaction with the orders that follow: either
// all of it has been heard or nothing. Taking it again changes nothing. An alert
// that cannot be used is refused in the answer and keeps out no other.
func (d *Door) Take(tx plantroom.Tx, now plantroom.Instant, m Message) (Answer, error) {
	t := taking{door: d, tx: tx, now: now, subjects: map[plantroom.AssetID]*subject{}, stored: map[plantroom.AssetID][]byte{}}
	answer := Answer{Items: make([]Result, 0, len(m.Alerts)), Truncated: m.Truncated}
	if err := t.recall(); err != nil {
		return answer, err
	}
	for _, a := range m.Alerts {
		r, err := t.alert(a)
		if err != nil {
			return answer, err
		}
		if r.Outcome == Refused {
			answer.Refused++
		}
		answer.Items = append(answer.Items, r)
	}
	return answer, t.keep()
}

// taking is one message being taken in.
type taking struct {
	door     *Door
	tx       plantroom.Tx
	now      plantroom.Instant
	stored   map[plantroom.AssetID][]byte
	subjects map[plantroom.AssetID]*subject // those that the message has touched
	aside    *aside
}

// recall reads what is kept of alerts.
func (t *taking) recall() error {
	all, err := t.tx.Detections()
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Rule == RuleGrafana {
			t.stored[d.Asset] = d.State
		}
	}
	t.aside = readAside(t.stored[asideOf])
	return nil
}

// of returns what an alert's asset is about. ok is false for one that the estate
// does not have; while the incident of one that it had is open, it can still be
// said to be over.
func (t *taking) of(asset plantroom.AssetID, firing bool) (_ *subject, ok bool, err error) {
	building, known := t.door.places[asset]
	s := t.subjects[asset]
	if s == nil {
		s = &subject{building: building, memory: &memory{}}
		newest, err := t.tx.Incidents(plantroom.IncidentFilter{Asset: asset, Domain: plantroom.AlertsDomain, Limit: 1})
		if err != nil {
			return nil, false, err
		}
		if len(newest) > 0 { // begin makes each episode later than the last, so that no other one can be open
			if s.last = newest[0].Episode; newest[0].State != plantroom.IncidentClosed {
				s.open = &newest[0]
			}
		}
		if b := t.stored[asset]; b != nil {
			if s.memory, err = readMemory(asset, b); err != nil {
				return nil, false, err
			}
		}
		if !known && s.open == nil {
			return nil, false, nil
		}
		t.subjects[asset] = s
	}
	return s, known || s.open != nil && !firing, nil
}

// testAlert is the name of the alert that Grafana's button Test sends where nobody
// has given it labels.
const testAlert = "TestAlert"

// alert takes one alert in.
func (t *taking) alert(a Alert) (Result, error) {
	r := Result{Fingerprint: clip(a.Fingerprint), Asset: clip(a.Asset), Outcome: Refused}
	if a.Asset == "" && a.Name == testAlert {
		r.Outcome = Tested
		return r, nil
	}
	c, err := check(t.now, a)
	if err != nil {
		r.Message = plantroom.MessageOf(err)
		return r, t.refused(c, a, r.Message)
	}
	s, ok, err := t.of(c.asset, c.firing)
	if err != nil {
		return r, err
	}
	if !ok {
		r.Message = "there is no asset or gateway " + string(c.asset) + " in the estate's file: put the id of one into the label asset"
		return r, t.refused(c, a, r.Message)
	}
	j := s.judge(t.now, c)
	r.Outcome, r.Message, r.Incident = j.outcome, j.why, j.incident
	switch j.outcome {
	case Refused:
		return r, t.refused(c, a, j.why)
	case Repeated, Stale:
	default:
		if err := t.row(j.outcome, j.incident, c, ""); err != nil {
			return r, err
		}
	}
	for _, ev := range j.events {
		if err := t.door.desk.Incident(t.tx, t.now, ev); err != nil {
			return r, err
		}
	}
	if j.incident == "" {
		return r, nil
	}
	o, err := t.tx.OrderOf(j.incident)
	r.Order = o.ID
	return r, err
}

// rowBody is what a row of the ledger says of an alert.
type rowBody struct {
	Fingerprint string            `json:"fingerprint,omitempty"`
	Asset       string            `json:"asset,omitempty"`
	Name        string            `json:"name,omitempty"`
	Severity    string            `json:"severity,omitempty"`
	Status      string            `json:"status,omitempty"`
	Detail      string            `json:"detail,omitempty"`
	URL         string            `json:"url,omitempty"`
	Starts      plantroom.Instant `json:"starts,omitzero"`
	Ends        plantroom.Instant `json:"ends,omitzero"`
	Reason      string            `json:"reason,omitempty"`
}

func (t *taking) row(o Outcome, of plantroom.IncidentID, c claim, reason string) error {
	b := rowBody{Fingerprint: clip(c.print), Asset: clip(string(c.asset)), Name: c.name, Status: "resolved", Detail: c.detail, URL: c.url, Starts: c.starts, Ends: c.ends, Reason: reason}
	if c.firing {
		b.Status = "firing"
	}
	if c.severity != plantroom.NoSeverity {
		b.Severity = c.severity.String()
	}
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	about := Subject
	if of != "" {
		about = string(of)
	}
	return t.tx.AppendLedger(plantroom.LedgerRow{At: t.now, Kind: "alert." + string(o), Subject: about, Actor: Actor, Body: body})
}

// refused writes a refusal down: each once a day, and no more in a day than are
// kept, because what is refused is sent again every few minutes.
func (t *taking) refused(c claim, a Alert, why string) error {
	if !t.aside.fresh(t.now, sha256.Sum256([]byte(a.Fingerprint+"\x00"+a.Status+"\x00"+a.Starts+"\x00"+why))) {
		return nil
	}
	return t.row(Refused, "", c, why)
}

// keep stores what has to be known when the next message comes.
func (t *taking) keep() error {
	var out []plantroom.Detection
	put := func(asset plantroom.AssetID, b []byte, err error) error {
		if err == nil && string(b) != string(t.stored[asset]) {
			out = append(out, plantroom.Detection{Rule: RuleGrafana, Asset: asset, State: b})
		}
		return err
	}
	for asset, s := range t.subjects {
		b, err := s.memory.bytes()
		if err := put(asset, b, err); err != nil {
			return err
		}
	}
	if t.aside.changed {
		b, err := t.aside.bytes()
		if err := put(asideOf, b, err); err != nil {
			return err
		}
	}
	slices.SortFunc(out, func(a, b plantroom.Detection) int { return cmp.Compare(a.Asset, b.Asset) })
	return t.tx.PutDetections(out)
}
