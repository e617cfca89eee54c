package dispatch

import (
	"encoding/json"
	"slices"
	"strings"

	"plantroom"
)

// decision is one decision being taken: the order as it will be, and what has
// to be written together with it.
type decision struct {
	book     *book
	now      plantroom.Instant
	incident plantroom.Incident
	order    plantroom.WorkOrder
	rows     []plantroom.LedgerRow
	calls    []plantroom.Call
	proofs   []plantroom.Proof
	via      int                  // the job link that a human has used; 0: none
	offDuty  []plantroom.PersonID // whose undelivered calls are withdrawn
	away     []absence            // of the gateways that bring the news that is decided on
	before   []word               // of the other incidents behind the order
	err      error                // of encoding a row or a call
}

// Actors that are no humans.
const (
	bySystem = "system"
	bySensor = "sensor"
	byAlerts = "grafana" // as services/alerts and the guard have it
)

// witness is who tells of an incident of a domain: a sensor, but for what another
// system watches.
func witness(d plantroom.DomainName) string {
	if d == plantroom.AlertsDomain {
		return byAlerts
	}
	return bySensor
}

// told picks the sentence about what an order's evidence shows: a sensor's word, or
// that of another system.
func (d *decision) told(sensor, alerts plantroom.Text) plantroom.Text {
	if d.incident.Domain == plantroom.AlertsDomain {
		return alerts
	}
	return sensor
}

// decide starts a decision on a copy of the order.
func (b *book) decide(now plantroom.Instant, o plantroom.WorkOrder, in plantroom.Incident) *decision {
	o.Clocks = slices.Clone(o.Clocks)
	o.Former = slices.Clone(o.Former)
	o.Pauses = clonePauses(o.Pauses)
	o.Choice = slices.Clone(o.Choice)
	o.Tasks = slices.Clone(o.Tasks)
	o.Rises = slices.Clone(o.Rises)
	o.OnCall = slices.Clone(o.OnCall)
	o.Earlier = slices.Clone(o.Earlier)
	o.DeclinedBy = slices.Clone(o.DeclinedBy)
	o.TakenFrom = slices.Clone(o.TakenFrom)
	o.Parts, o.Merged, o.Related = slices.Clone(o.Parts), slices.Clone(o.Merged), slices.Clone(o.Related)
	o.Also, o.AlsoRules = slices.Clone(o.Also), slices.Clone(o.AlsoRules)
	return &decision{book: b, now: now, order: o, incident: in}
}

// entry is the body of a ledger row. Each kind of row fills what concerns it.
type entry struct {
	From       plantroom.OrderState   `json:"from,omitempty"`
	To         plantroom.OrderState   `json:"to,omitempty"`
	Order      plantroom.OrderID      `json:"order,omitempty"`
	Incident   plantroom.IncidentID   `json:"incident,omitempty"`
	Severity   string                 `json:"severity,omitempty"`
	Cause      string                 `json:"cause,omitempty"`
	Detail     string                 `json:"detail,omitempty"`
	Clean      string                 `json:"clean,omitempty"` // "2 of 3"
	Contractor plantroom.ContractorID `json:"contractor,omitempty"`
	Contract   plantroom.ContractID   `json:"contract,omitempty"`
	TakenFrom  plantroom.ContractorID `json:"taken_from,omitempty"` // by the office
	Link       int                    `json:"link,omitempty"`
	Terms      string                 `json:"terms,omitempty"`    // the hash of the row of TermsKind that was in force
	Via        int                    `json:"via_link,omitempty"` // the generation of the job link that was pressed
	During     *plantroom.During      `json:"during,omitempty"`   // planned works
	Choice     []plantroom.Candidate  `json:"choice,omitempty"`
	Clocks     []plantroom.Clock      `json:"clocks,omitempty"`
	Pauses     []plantroom.Pause      `json:"pauses,omitempty"`
	Clock      plantroom.ClockKind    `json:"clock,omitempty"`
	Percent    int                    `json:"percent,omitempty"`
	Due        plantroom.Instant      `json:"due,omitzero"`
	LateBy     plantroom.Duration     `json:"late_by,omitzero"`
	Level      int                    `json:"level,omitempty"` // from 1
	Called     []string               `json:"called,omitempty"`
	Playbook   string                 `json:"playbook,omitempty"`
	Task       *plantroom.Task        `json:"task,omitempty"`
	Tasks      []plantroom.Task       `json:"tasks,omitempty"` // of a round that is over
	Code       string                 `json:"code,omitempty"`  // of a pause
	Proof      string                 `json:"proof,omitempty"`
	Files      []plantroom.ProofFile  `json:"files,omitempty"` // of proof, that came with it
	By         string                 `json:"by,omitempty"`
	Note       string                 `json:"note,omitempty"`
	Reason     string                 `json:"reason,omitempty"`
	ETA        plantroom.Instant      `json:"eta,omitzero"`
	Source     plantroom.Instant      `json:"source_time,omitzero"` // of the evidence
}

// row adds a ledger row about the order.
func (d *decision) row(kind, actor string, e entry) {
	d.add(kind, actor, string(d.order.ID), e)
}

// incidentRow adds a ledger row about an incident of the order.
func (d *decision) incidentRow(change plantroom.IncidentChange, in *plantroom.Incident, e entry) {
	e.Order = d.order.ID
	d.add("incident."+string(change), witness(in.Domain), string(in.ID), e)
}

func (d *decision) add(kind, actor, subject string, e entry) {
	if strings.HasPrefix(actor, "contractor:") {
		e.Via = d.via
	}
	body, err := json.Marshal(e)
	if err != nil && d.err == nil {
		d.err = err
	}
	d.rows = append(d.rows, plantroom.LedgerRow{At: d.now, Kind: kind, Subject: subject, Actor: actor, Body: body})
}

// do takes the order through one transition of plantroom.Transitions and
// writes its ledger row. A transition that the table refuses changes nothing
// but d.err.
func (d *decision) do(action plantroom.OrderAction, actor string, e entry) {
	to, err := d.order.State.Next(action)
	if err != nil {
		if d.err == nil {
			d.err = err
		}
		return
	}
	e.From, e.To = d.order.State, to
	d.order.State = to
	d.row("order."+string(action), actor, e)
}

// can reports whether the table permits an action now.
func (d *decision) can(action plantroom.OrderAction) bool {
	_, err := d.order.State.Next(action)
	return err == nil
}

// finish does what is due already, settles when the order is next due, and
// returns the decision.
func (d *decision) finish() *decision {
	d.settle()
	d.order.Due = d.due()
	return d
}
