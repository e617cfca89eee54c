package dispatch

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync/atomic"

	"plantroom"
)

// TermsKind is the ledger row that holds what an estate's file and the program
// promise and watch: contracts, calendars, ladders, the profile, default windows,
// rules and playbooks. It is written when they are first in force and when they have
// changed, and the rows that raise, give away and reopen an order name its hash
// in terms. So what was promised can be shown as it was, whatever the file says
// today. Each contract, rule and playbook is a member of its own, to be shown without the others.
const TermsKind = "estate.terms"

// TermsSubject is what these rows are filed under.
func TermsSubject(e plantroom.EstateID) string { return "estate:" + string(e) }

// The members of a row of TermsKind that are made for each id; file, zone,
// currency and profile stand once.
const (
	TermsContract = "contract " // a plantroom.Contract
	TermsCalendar = "calendar "
	TermsLadder   = "ladder "
	TermsDefaults = "defaults " // the windows of a domain
	TermsRule     = "rule "     // title, doc, clocks, clean cycles, signals, steps
	TermsPlaybook = "playbook " // a plantroom.Playbook; they stand in the order in which they are asked. A second one of an id has 2 behind it
	TermsAsset    = "asset "    // kind and the numbers that its rules go by, where it has any
)

// ruleTerms is a rule as a row keeps it.
type ruleTerms struct {
	Title   plantroom.Text
	Doc     string
	Clocks  []plantroom.ClockKind
	Clean   int
	Signals []string
	Steps   []plantroom.Step
}

type assetTerms struct {
	Kind   string
	Params map[string]float64
}

// termsOf makes the body of the row: a compact JSON object whose members stand
// in the order of the file, so that the same terms give the same bytes.
func (b *book) termsOf(domains []plantroom.Domain) ([]byte, error) {
	var out bytes.Buffer
	var failed error
	add := func(name string, value any) {
		key, err1 := json.Marshal(name)
		text, err2 := json.Marshal(value)
		if err1 != nil || err2 != nil {
			failed = plantroom.Errorf(plantroom.CodeInternal, "keep the terms of %s: %v %v", name, err1, err2)
			return
		}
		sep := byte(',')
		if out.Len() == 0 {
			sep = '{'
		}
		out.WriteByte(sep)
		out.Write(key)
		out.WriteByte(':')
		out.Write(text)
	}
	if b.file != (plantroom.Hash{}) {
		add("file", b.file)
	}
	add("zone", b.estate.Zone)
	add("currency", b.estate.Currency)
	add("profile", b.profile)
	for _, c := range b.estate.Contracts {
		add(TermsContract+string(c.ID), c)
	}
	for _, c := range b.estate.Calendars {
		add(TermsCalendar+string(c.ID), c)
	}
	for _, l := range b.estate.Ladders {
		add(TermsLadder+string(l.ID), l)
	}
	for _, d := range domains {
		if len(d.Targets) > 0 {
			add(TermsDefaults+string(d.Name), d.Targets)
		}
		for _, r := range d.Rules {
			add(TermsRule+string(r.ID), ruleTerms{r.Title, r.Doc, r.Clocks, r.Clean, r.Signals, r.Steps})
		}
	}
	seen := map[string]int{}
	for _, p := range b.playbooks {
		name := TermsPlaybook + p.ID
		if seen[p.ID]++; seen[p.ID] > 1 { // the estate's goes before one that is built in, and may not speak of all that this does
			name += " " + strconv.Itoa(seen[p.ID])
		}
		add(name, p)
	}
	for _, a := range b.estate.Assets {
		if len(a.Params) > 0 {
			add(TermsAsset+string(a.ID), assetTerms{a.Kind, a.Params})
		}
	}
	out.WriteByte('}')
	return out.Bytes(), failed
}

// termsRef holds the hash of the row that is in force; nil: none is known.
type termsRef struct{ atomic.Pointer[plantroom.Hash] }

// text is what rows say; "" where no row of terms is known.
func (t *termsRef) text() string {
	if h := t.Load(); h != nil {
		return h.String()
	}
	return ""
}

// Terms sees to it that the ledger holds the terms of the Desk's estate, and
// returns the hash of the row that does. Where they are the newest there already
// it writes nothing.
func (d *Desk) Terms(tx plantroom.Tx, now plantroom.Instant) (plantroom.Hash, error) {
	subject := TermsSubject(d.book.estate.ID)
	rows, err := tx.LedgerOf(subject)
	if err != nil {
		return plantroom.Hash{}, err
	}
	if n := len(rows); n > 0 && bytes.Equal(rows[n-1].Body, d.terms) {
		return rows[n-1].Hash, nil
	}
	if err := tx.AppendLedger(plantroom.LedgerRow{At: now, Kind: TermsKind, Subject: subject, Actor: bySystem, Body: d.terms}); err != nil {
		return plantroom.Hash{}, err
	}
	if rows, err = tx.LedgerOf(subject); err != nil || len(rows) == 0 {
		return plantroom.Hash{}, err
	}
	return rows[len(rows)-1].Hash, nil
}

// GoBy lets the Desk name a row of terms from now on: what Terms has returned,
// once that is committed.
func (d *Desk) GoBy(terms plantroom.Hash) { d.book.terms.Store(&terms) }
