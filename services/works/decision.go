package works

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"plantroom"
)

// decision is one decision on works: as they will be, and what is written with it.
type decision struct {
	office *Office
	now    plantroom.Instant
	works  plantroom.Works
	ended  bool // what was held back about orders is due
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
	Text  string     `json:"text"`
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
// back to; false where there is none.
func (d *decision) tell(kind, who string, addresses []plantroom.Address, text string) bool {
	if len(addresses) == 0 {
		return false
	}
	w := &d.works
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s\x00%s", w.ID, d.now, kind, who))
	id := plantroom.MessageID("msg-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15])))
	body, err := json.Marshal(event{SpecVersion: "1.0", ID: string(id), Source: "urn:plantroom:" + string(d.office.estate.ID),
		Type: "plantroom." + kind, Subject: string(w.ID), Time: d.now, ContentType: "application/json",
		Data: eventData{Text: text, Works: eventWorks{ID: w.ID, State: w.State, Title: w.Title, Text: w.Text, Assets: w.Assets,
			Contractor: w.Contractor, From: w.From, To: w.To}}})
	if err != nil && d.err == nil {
		d.err = err
	}
	d.calls = append(d.calls, plantroom.Call{ID: id, Kind: kind, Order: plantroom.OrderID(w.ID), Channel: addresses[0].Channel, To: addresses[0].To,
		Who: who, Subject: text, Body: body, Fallback: addresses[1:], State: plantroom.CallPending, Created: d.now, NextTry: d.now})
	return true
}

func (d *decision) tellManagers(kind, text string) {
	for _, p := range d.office.estate.People {
		if p.Role == "manager" {
			d.tell(kind, "person:"+string(p.ID), p.Channels, text)
		}
	}
}

func (d *decision) tellContractor(kind, text string) {
	if firm := d.office.firm(d.works.Contractor); firm != nil {
		d.tell(kind, "contractor:"+string(firm.ID), firm.Channels, text)
	}
}

// tellResidents tells each of those concerned in their language, and returns how
// many there are and how many have an address.
func (d *decision) tellResidents(kind, en, zh string) (concerned, called int) {
	people, _ := d.office.residents(&d.works)
	for _, p := range people {
		w := &d.works
		text := fmt.Sprintf("%s: %s, %s", en, w.Title.In("en"), d.span())
		if p.Lang == "zh" {
			text = fmt.Sprintf("%s：%s，%s", zh, w.Title.In("zh"), d.span())
		}
		if more := w.Text.In(p.Lang); more != "" {
			text += ". " + more
		}
		if d.tell(kind, "person:"+string(p.ID), p.Channels, text) {
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

func (d *decision) title() string { return string(d.works.ID) + " " + d.works.Title.En }
