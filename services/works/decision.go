package works

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

// decision is one decision on works: as they will be, and what is written with it.
type decision struct {
	office *Office
	now    plantroom.Instant
	works  plantroom.Works
	ended  bool // what was held back about orders is due
	held   int  // calls that wait for the end of quiet hours
	rows   []plantroom.LedgerRow
	calls  []plantroom.Call
	err    error
}

func (o *Office) decide(now plantroom.Instant, w plantroom.Works) *decision {
	w.Needs, w.Notices = slices.Clone(w.Needs), slices.Clone(w.Notices)
	return &decision{office: o, now: now, works: w}
}

// entry is the body of a ledger row. It names no resident.
type entry struct {
	From       plantroom.Instant      `json:"from,omitzero"`
	To         plantroom.Instant      `json:"to,omitzero"`
	Assets     []plantroom.AssetID    `json:"assets,omitempty"`
	Contractor plantroom.ContractorID `json:"contractor,omitempty"`
	Hold       plantroom.HeldCalls    `json:"hold,omitempty"`
	Before     plantroom.Duration     `json:"before,omitzero"`
	Concerned  int                    `json:"concerned,omitempty"` // residents
	Called     int                    `json:"called,omitempty"`    // of them, who have an address
	Needs      int                    `json:"needs,omitempty"`     // of them, who have registered needs
	Unreached  int                    `json:"unreached,omitempty"` // of those, to whom nobody has talked
	Held       int                    `json:"held,omitempty"`      // calls
	By         string                 `json:"by,omitempty"`
	Reason     string                 `json:"reason,omitempty"`
}

const bySystem = "system"

func (d *decision) row(kind, actor string, e entry) {
	body, err := json.Marshal(e)
	if err != nil && d.err == nil {
		d.err = err
	}
	d.rows = append(d.rows, plantroom.LedgerRow{At: d.now, Kind: kind, Subject: string(d.works.ID), Actor: actor, Body: body})
}

// event is the CloudEvent of a call about works.
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
	Text  string     `json:"text"` // in Lang
	Lang  string     `json:"lang,omitempty"`
	Works eventWorks `json:"works"`
}

type eventWorks struct {
	ID         plantroom.WorksID      `json:"id"`
	State      plantroom.WorksState   `json:"state"`
	Title      plantroom.Text         `json:"title"`
	Text       plantroom.Text         `json:"text"`
	Assets     []plantroom.AssetID    `json:"assets"`
	Contractor plantroom.ContractorID `json:"contractor"`
	From       plantroom.Instant      `json:"from"`
	To         plantroom.Instant      `json:"to"`
}

// tell puts a call into the outbox, to the first address with the others to fall
// back to; false where there is none. In quiet hours it waits for their end, unless
// works would have begun by then of which it is told before.
func (d *decision) tell(kind, who, lang string, addresses []plantroom.Address, quiet plantroom.Quiet, says plantroom.Text) bool {
	if addresses = reach(addresses); len(addresses) == 0 {
		return false
	}
	w, text := &d.works, says.In(lang)
	at := d.now
	if until := roster.QuietUntil(quiet.Hours, d.office.zone, d.now); !until.IsZero() && plantroom.Low < quiet.Below && (d.now >= w.From || until <= w.From) {
		at = until
		d.held++
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s\x00%s", w.ID, d.now, kind, who))
	id := plantroom.MessageID("msg-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15])))
	body, err := json.Marshal(event{SpecVersion: "1.0", ID: string(id), Source: "urn:plantroom:" + string(d.office.estate.ID),
		Type: "plantroom." + kind, Subject: string(w.ID), Time: d.now, ContentType: "application/json",
		Data: eventData{Text: text, Lang: lang, Works: eventWorks{ID: w.ID, State: w.State, Title: w.Title, Text: w.Text, Assets: w.Assets,
			Contractor: w.Contractor, From: w.From, To: w.To}}})
	if err != nil && d.err == nil {
		d.err = err
	}
	d.calls = append(d.calls, plantroom.Call{ID: id, Kind: kind, Order: plantroom.OrderID(w.ID), Channel: addresses[0].Channel, To: addresses[0].To,
		Who: who, Subject: text, Body: body, Fallback: addresses[1:], State: plantroom.CallPending, Created: d.now, NextTry: at})
	return true
}

// reach lists the addresses that are used for what is not severe, in the order of
// preference; all of them where none is, because somebody has to be told.
func reach(list []plantroom.Address) []plantroom.Address {
	var some, all []plantroom.Address
	for _, a := range list {
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

func (d *decision) tellManagers(kind string, text plantroom.Text) {
	for _, p := range d.office.estate.People {
		if p.Role == "manager" {
			d.tell(kind, "person:"+string(p.ID), p.Lang, p.Channels, p.Quiet, text)
		}
	}
}

func (d *decision) tellContractor(kind string, text plantroom.Text) {
	if firm := d.office.firm(d.works.Contractor); firm != nil {
		d.tell(kind, "contractor:"+string(firm.ID), firm.Lang, firm.Channels, plantroom.Quiet{}, text)
	}
}

// tellResidents tells each of those concerned in their language, and returns how
// many there are and how many have an address.
func (d *decision) tellResidents(kind string, key string) (concerned, called int) {
	people, _ := d.office.residents(&d.works)
	text := d.say(key, d.works.Title, d.span())
	if d.works.Text != (plantroom.Text{}) {
		text = d.say("more", text, d.works.Text)
	}
	for _, p := range people {
		if d.tell(kind, "person:"+string(p.ID), p.Lang, p.Channels, p.Quiet, text) {
			called++
		}
	}
	return len(people), called
}

// span says from when to when, on the clocks of the estate.
func (d *decision) span() string {
	from, to := d.works.From.Time().In(d.office.zone), d.works.To.Time().In(d.office.zone)
	until := "15:04"
	if from.YearDay() != to.YearDay() || from.Year() != to.Year() {
		until = "2006-01-02 15:04"
	}
	return from.Format("2006-01-02 15:04") + " – " + to.Format(until)
}
