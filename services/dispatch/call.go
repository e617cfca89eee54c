package dispatch

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"

	"plantroom"
	"plantroom/services/roster"
)

// recipient is somebody who can be called.
type recipient struct {
	who       string // contractor:quicklift, person:li
	addresses []plantroom.Address
	quiet     plantroom.Quiet
	lang      string
}

func (d *decision) person(p plantroom.Person) recipient {
	return recipient{who: "person:" + string(p.ID), addresses: p.Channels, quiet: p.Quiet, lang: p.Lang}
}

// onDuty is a person whom the roster has on duty: no hour is quiet for it.
func (d *decision) onDuty(p plantroom.Person) recipient {
	to := d.person(p)
	to.quiet = plantroom.Quiet{}
	return to
}

func (d *decision) contractor() recipient {
	firm := d.book.contractors[d.order.Contractor]
	return recipient{who: "contractor:" + string(d.order.Contractor), addresses: firm.Channels, lang: firm.Lang}
}

// tellContractor calls the order's contractor, if it has one.
func (d *decision) tellContractor(kind string, subject plantroom.Text, key ...any) {
	if d.order.Contractor != "" {
		d.tellFirm(kind, subject, key...)
	}
}

// tellFirm calls the order's contractor, or the managers where that is gone
// from the estate's file, and returns whom it calls.
func (d *decision) tellFirm(kind string, subject plantroom.Text, key ...any) []string {
	to := d.contractor()
	if len(to.addresses) > 0 {
		return []string{d.tell(kind, to, subject, key...)}
	}
	d.row("call.unaddressed", bySystem, entry{Called: []string{to.who}, Reason: kind + ": the estate's file has no address of it any more"})
	return d.tellManagers(kind, say("unaddressed", subject, to.who), key...)
}

// tellManagers calls everybody who has the role manager and an address, and
// returns whom it calls.
func (d *decision) tellManagers(kind string, subject plantroom.Text, key ...any) (called []string) {
	for _, p := range d.book.managers {
		called = append(called, d.tell(kind, d.person(p), subject, key...))
	}
	return called
}

// tell puts one call into the outbox, to the recipient's first address for the
// order's severity with the others to fall back to, and returns whom it calls.
// In the recipient's quiet hours the call waits for their end. The key is what tells
// this call from others of its kind about the order at one moment. The moment is
// a part of the id, because after a backup was restored numbers, versions and
// levels are counted again, and a receiver must not take the new calls for old
// ones. That a decision is not taken twice is the order's version's business.
func (d *decision) tell(kind string, to recipient, says plantroom.Text, key ...any) string {
	o := &d.order
	if d.heldByWorks(kind, to.who) {
		return to.who
	}
	at := d.now
	if until := d.quietUntil(to); !until.IsZero() {
		if at = until; kind == "ladder.call" {
			key = key[:min(len(key), 1)] // the repeats of a night are one call in the morning
		}
		says = say("quiet", says, d.at(d.now))
		d.row("call.held", bySystem, entry{Called: []string{to.who}, Due: until, Reason: kind + ": quiet hours until " + d.when(until)})
	}
	id := messageID(append([]any{o.ID, int64(at), o.Reopens, kind, to.who}, key...)...)
	addresses, subject := to.reach(o.Severity), says.In(to.lang)
	body, err := json.Marshal(d.event(id, kind, to, subject))
	if err != nil && d.err == nil {
		d.err = err
	}
	d.calls = append(d.calls, plantroom.Call{
		ID: id, Kind: kind, Order: o.ID, Channel: addresses[0].Channel, To: addresses[0].To, Who: to.who,
		Subject: subject, Body: body, Fallback: addresses[1:], State: plantroom.CallPending, Created: d.now, NextTry: at,
	})
	return to.who
}

// reach lists the addresses that are used for a severity, in the order of
// preference; all of them where none is, because somebody has to be called.
func (r recipient) reach(s plantroom.Severity) []plantroom.Address {
	var some, all []plantroom.Address
	for _, a := range r.addresses {
		plain := plantroom.Address{Channel: a.Channel, To: a.To}
		if all = append(all, plain); a.Severity <= s {
			some = append(some, plain)
		}
	}
	if len(some) == 0 {
		return all
	}
	return some
}

// quietUntil says until when a call waits, zero where it goes out at once. Where a
// life depends on the order no hour is quiet, whatever the estate's file says.
func (d *decision) quietUntil(to recipient) plantroom.Instant {
	if s := d.order.Severity; s >= plantroom.Life || s >= to.quiet.Below {
		return 0
	}
	return roster.QuietUntil(to.quiet.Hours, d.book.zone, d.now)
}

// messageID derives an id from what makes a call unique. It holds no full
// stop, which separates the parts that Standard Webhooks signs.
func messageID(parts ...any) plantroom.MessageID {
	h := sha256.New()
	for _, p := range parts {
		s := fmt.Sprint(p)
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return plantroom.MessageID("msg-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:15])))
}

// Event is the body of a call: CloudEvents 1.0, structured mode. Its type is
// "plantroom." and the call's kind, its subject the order's id, its id the
// call's.
type Event struct {
	SpecVersion string            `json:"specversion"`
	ID          string            `json:"id"`
	Source      string            `json:"source"` // urn:plantroom:{estate}
	Type        string            `json:"type"`
	Subject     string            `json:"subject"`
	Time        plantroom.Instant `json:"time"`
	ContentType string            `json:"datacontenttype"`
	Data        EventData         `json:"data"`
}

// EventData is what a call tells.
type EventData struct {
	Text      string               `json:"text"`           // the call in one line, in Lang
	Lang      string               `json:"lang,omitempty"` // the recipient's: en, zh
	Order     EventOrder           `json:"order"`
	Asset     EventAsset           `json:"asset"`
	Window    *plantroom.Candidate `json:"window,omitempty"` // the window check of the chosen contractor
	Clocks    []EventClock         `json:"clocks"`
	Playbook  []EventStep          `json:"playbook,omitempty"`   // to contractors
	JobLink   string               `json:"job_link,omitempty"`   // to contractors: accept, arrive, fix
	OrderPage string               `json:"order_page,omitempty"` // to people
}

// EventOrder is the order as it is after what the call tells of.
type EventOrder struct {
	ID         plantroom.OrderID      `json:"id"`
	State      plantroom.OrderState   `json:"state"`
	Severity   plantroom.Severity     `json:"severity"`
	Rule       plantroom.RuleID       `json:"rule"`
	Cause      string                 `json:"cause"`
	Fault      plantroom.Text         `json:"fault"` // the cause in words
	Detail     string                 `json:"detail"`
	Contractor plantroom.ContractorID `json:"contractor,omitempty"`
	During     plantroom.WorksID      `json:"during_works,omitempty"` // planned works in which it was raised
	Occurred   plantroom.Instant      `json:"occurred"`
	Raised     plantroom.Instant      `json:"raised"`
	ETA        plantroom.Instant      `json:"eta,omitzero"`
	By         string                 `json:"by,omitempty"`
}

// EventAsset says where to go.
type EventAsset struct {
	ID       plantroom.AssetID `json:"id"`
	Name     plantroom.Text    `json:"name"`
	Kind     string            `json:"kind,omitempty"`
	Building plantroom.Text    `json:"building"`
	Floor    int               `json:"floor"`
}

// EventClock is one promise.
type EventClock struct {
	Kind   plantroom.ClockKind  `json:"kind"`
	State  plantroom.ClockState `json:"state"`
	Window plantroom.Duration   `json:"window"`
	Due    plantroom.Instant    `json:"due,omitzero"`
	Basis  string               `json:"basis"`
}

// EventStep is one line of the playbook.
type EventStep struct {
	ID    string         `json:"id"`
	Title plantroom.Text `json:"title"`
	Proof string         `json:"proof"`
}

func (d *decision) event(id plantroom.MessageID, kind string, to recipient, text string) Event {
	o := &d.order
	data := EventData{
		Text: text, Lang: to.lang,
		Order: EventOrder{ID: o.ID, State: o.State, Severity: o.Severity, Rule: o.Rule, Cause: o.Cause, Fault: d.fault(), Detail: o.Detail,
			Contractor: o.Contractor, Occurred: o.Occurred, Raised: o.Raised, ETA: o.ETA, By: o.By},
		Asset:  d.place(),
		Clocks: make([]EventClock, 0, len(o.Clocks)),
	}
	if o.During != nil {
		data.Order.During = o.During.Works
	}
	for i := range o.Choice {
		if o.Choice[i].Chosen {
			data.Window = &o.Choice[i]
		}
	}
	for _, c := range o.Clocks {
		data.Clocks = append(data.Clocks, EventClock{Kind: c.Kind, State: c.State, Window: c.Window, Due: c.Due, Basis: c.Basis})
	}
	if strings.HasPrefix(to.who, "contractor:") {
		data.Playbook, data.JobLink = d.playbook(), d.jobLink()
	} else if d.book.publicURL != "" {
		data.OrderPage = d.book.publicURL + "/orders/" + string(o.ID)
	}
	return Event{SpecVersion: "1.0", ID: string(id), Source: "urn:plantroom:" + string(d.book.estate.ID),
		Type: "plantroom." + kind, Subject: string(o.ID), Time: d.now, ContentType: "application/json", Data: data}
}

func (d *decision) place() EventAsset {
	a := d.book.assetOf(&d.order)
	return EventAsset{ID: a.ID, Name: a.Name, Kind: a.Kind, Building: d.book.buildings[a.Building].Name, Floor: a.Floor}
}

// playbook is what of the order's tasks is the contractor's business: all but the
// manager's. An order of before there were tasks has the steps of its rule.
func (d *decision) playbook() []EventStep {
	var steps []EventStep
	for _, t := range d.order.Tasks {
		if t.Role != "manager" {
			steps = append(steps, EventStep{ID: t.ID, Title: t.Title, Proof: t.Proof})
		}
	}
	if len(d.order.Tasks) > 0 {
		return steps
	}
	for _, s := range d.book.rules[d.order.Rule].Steps {
		steps = append(steps, EventStep{ID: s.ID, Title: s.Title, Proof: s.Proof})
	}
	return steps
}

// jobLink is the contractor's link of the present generation. It is the same
// in every call of one dispatch.
func (d *decision) jobLink() string {
	o := &d.order
	if d.book.links == nil || d.book.publicURL == "" {
		return ""
	}
	return d.book.publicURL + "/job/" + d.book.links.Sign(o.ID, o.Contractor, o.Link, LinkExpires(o))
}
