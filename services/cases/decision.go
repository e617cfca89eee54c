package cases

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"plantroom"
	"plantroom/services/roster"
)

// decision is one decision on a case: as it will be, and what is written with it.
type decision struct {
	desk  *Desk
	now   plantroom.Instant
	c     plantroom.Case
	rows  []plantroom.LedgerRow
	calls []plantroom.Call
	err   error
}

func (d *Desk) decide(now plantroom.Instant, c plantroom.Case) *decision {
	c.Tasks, c.Notes, c.Earlier = slices.Clone(c.Tasks), slices.Clone(c.Notes), slices.Clone(c.Earlier)
	return &decision{desk: d, now: now, c: c}
}

// entry is the body of a ledger row. It has no word that was written about
// somebody: Sum commits to those.
type entry struct {
	Kind        plantroom.CaseKind `json:"kind,omitempty"`
	Playbook    string             `json:"playbook,omitempty"`
	Asset       plantroom.AssetID  `json:"asset,omitempty"`
	Order       plantroom.OrderID  `json:"order,omitempty"`
	Step        string             `json:"step,omitempty"`
	By          plantroom.PersonID `json:"by,omitempty"` // of the staff
	Responsible plantroom.PersonID `json:"responsible,omitempty"`
	Outcome     string             `json:"outcome,omitempty"`
	Due         plantroom.Instant  `json:"due,omitzero"`
	LateBy      plantroom.Duration `json:"late_by,omitzero"`
	Called      []string           `json:"called,omitempty"` // of the staff
	Undone      []string           `json:"undone,omitempty"` // steps
	Forget      plantroom.Instant  `json:"forget,omitzero"`
	Sum         *plantroom.Hash    `json:"sum,omitempty"` // see seal
}

const bySystem = "system"

func (d *decision) row(kind, actor string, e entry) {
	body, err := json.Marshal(e)
	d.fail(err)
	d.rows = append(d.rows, plantroom.LedgerRow{At: d.now, Kind: kind, Subject: string(d.c.ID), Actor: actor, Body: body})
}

func (d *decision) fail(err error) {
	if err != nil && d.err == nil {
		d.err = err
	}
}

// sum hands a commitment on to a row.
func (d *decision) sum(h plantroom.Hash, err error) *plantroom.Hash {
	d.fail(err)
	return &h
}

// event is the CloudEvent of a call about a case. It names no resident, no flat
// and nothing that was written: it goes through other people's networks.
type event struct {
	SpecVersion string            `json:"specversion"`
	ID          string            `json:"id"`
	Source      string            `json:"source"`
	Type        string            `json:"type"`
	Subject     string            `json:"subject"`
	Time        plantroom.Instant `json:"time"`
	ContentType string            `json:"datacontenttype"`
	Data        eventData         `json:"data"`
}

type eventData struct {
	Text string    `json:"text"` // in Lang
	Lang string    `json:"lang,omitempty"`
	Case eventCase `json:"case"`
}

type eventCase struct {
	ID          plantroom.CaseID    `json:"id"`
	State       plantroom.CaseState `json:"state"`
	Playbook    string              `json:"playbook"`
	Title       plantroom.Text      `json:"title"`
	Responsible plantroom.PersonID  `json:"responsible,omitempty"`
	Step        string              `json:"step,omitempty"`
	Due         plantroom.Instant   `json:"due,omitzero"`
}

// notice is what somebody of the staff is called about.
type notice struct {
	kind   string
	step   string // "": the whole case
	due    plantroom.Instant
	always bool                     // no hour is quiet for it: its time counts around the clock
	text   func(lang string) string // behind the case's name
}

// tell puts a call into the outbox, to the person's first address with the others
// to fall back to; false where there is none. In quiet hours it waits for their end.
func (d *decision) tell(p *plantroom.Person, n notice) bool {
	addresses := reach(p)
	if len(addresses) == 0 {
		return false
	}
	c := &d.c
	who := "person:" + string(p.ID)
	text := fmt.Sprintf("%s %s: %s", c.ID, c.Title.In(p.Lang), n.text(p.Lang))
	at := d.now
	if until := roster.QuietUntil(p.Quiet.Hours, d.desk.zone, d.now); !until.IsZero() && !n.always && plantroom.Low < p.Quiet.Below {
		at = until
		d.row("call.held", bySystem, entry{Called: []string{who}, Due: until, Step: n.step})
	}
	id := messageID(string(c.ID), int64(d.now), n.kind, n.step, who)
	body, err := json.Marshal(event{SpecVersion: "1.0", ID: string(id), Source: "urn:plantroom:" + string(d.desk.estate.ID),
		Type: "plantroom." + n.kind, Subject: string(c.ID), Time: d.now, ContentType: "application/json",
		Data: eventData{Text: text, Lang: p.Lang, Case: eventCase{ID: c.ID, State: c.State, Playbook: c.Playbook, Title: c.Title, Responsible: c.Responsible, Step: n.step, Due: n.due}}})
	d.fail(err)
	d.calls = append(d.calls, plantroom.Call{ID: id, Kind: n.kind, Order: plantroom.OrderID(c.ID), Channel: addresses[0].Channel, To: addresses[0].To,
		Who: who, Subject: text, Body: body, Fallback: addresses[1:], State: plantroom.CallPending, Created: d.now, NextTry: at})
	return true
}

// reach lists the addresses that are used for what is not severe, in the order of
// preference; all of them where none is, because somebody has to be called.
func reach(p *plantroom.Person) []plantroom.Address {
	var some, all []plantroom.Address
	for _, a := range p.Channels {
		plain := plantroom.Address{Channel: a.Channel, To: a.To}
		if all = append(all, plain); a.Severity <= plantroom.Low {
			some = append(some, plain)
		}
	}
	if len(some) == 0 {
		return all
	}
	return some
}

// tellManagers calls the managers but one, and returns whom it calls.
func (d *decision) tellManagers(but plantroom.PersonID, n notice) (called []string) {
	for i := range d.desk.estate.People {
		if p := &d.desk.estate.People[i]; p.Role == "manager" && p.ID != but && d.tell(p, n) {
			called = append(called, "person:"+string(p.ID))
		}
	}
	return called
}

// messageID derives an id from what makes a call unique.
func messageID(parts ...any) plantroom.MessageID {
	h := sha256.New()
	for _, p := range parts {
		s := fmt.Sprint(p)
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return plantroom.MessageID("msg-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:15])))
}

// write stores the decision with its rows and calls.
func (d *decision) write(tx plantroom.Tx) (plantroom.Case, error) {
	d.c.Due = d.due()
	switch {
	case d.err != nil:
		return d.c, d.err
	case !d.c.Due.IsZero() && d.c.Due <= d.now:
		return d.c, plantroom.Errorf(plantroom.CodeInternal, "%s is still due at %s after it was handled at %s", d.c.ID, d.c.Due, d.now)
	}
	d.c.Version++
	if err := tx.PutCase(d.c); err != nil {
		return d.c, err
	}
	if err := tx.AppendLedger(d.rows...); err != nil {
		return d.c, err
	}
	return d.c, tx.InsertCalls(d.calls...)
}
