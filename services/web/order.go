package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/handin"
	"plantroom/services/ledger"
)

// orderView is the page of one work order.
type orderView struct {
	Card       card
	AssetID    plantroom.AssetID
	AssetKnown bool
	Version    int64
	Rule       string
	Detail     string
	Evidence   []fact
	Candidates []candidateLine
	Calls      []callLine
	Timeline   []entryLine
	Actions    []action
	Tasks      []taskLine
	Files      []proofLine
	FileNote   string // typed before
	Accept     string // files that the forms take
	Most       int    // of them with one press
	Pause      pauseView
	Ties       []tie
	FixNote    string
	Said       string // what became of the last thing pressed
	Refused    bool
}

type (
	fact          struct{ Label, Text string }
	candidateLine struct {
		Name, Reason, Earliest, Due, Free, Price string
		Chosen, CanMeet                          bool
	}
	callLine struct {
		ID                                              plantroom.MessageID
		Who, Channel, Kind, State, Subject, When, Error string
		Attempts                                        int
		Dead                                            bool
	}
	entryLine struct{ Anchor, When, Since, Text, Actor, Gist, Detail string }
	// action is one thing that the order's state lets an operator do.
	action struct {
		Do                 plantroom.OrderAction
		Label              string
		AskBy, AskETA      bool
		AskNote, AskReason bool
		Pause              pauseView // with reasons to choose from, of a pause
		Was                pressed   // typed before, where it was refused
		Firms, Assets      []choice
		Orders             []choice
		AskScope           bool
		Danger             bool
	}
	// pressed is a form of the page that was refused, as it was typed.
	pressed struct {
		dispatch.Command
		Task, Ref string // Task: it was that one's form
		ETA       string
	}
)

func (p *Pages) order(w http.ResponseWriter, r *http.Request, say words) error {
	if id := r.PathValue("id"); isCase(id) && plantroom.ValidID(id) == nil { // calls name a case where they name an order
		http.Redirect(w, r, "/cases/"+id, http.StatusSeeOther)
		return nil
	}
	return p.showOrder(w, r, say, http.StatusOK, "", pressed{})
}

// showOrder shows the order as it is now, with what became of a press.
func (p *Pages) showOrder(w http.ResponseWriter, r *http.Request, say words, status int, said string, was pressed) error {
	v, err := p.orderView(r, say)
	if err != nil {
		return err
	}
	v.Said, v.Refused = said, status >= http.StatusBadRequest
	v.keep(was)
	return p.render(w, r, status, "order.html", say, page{Title: string(v.Card.ID) + " · " + v.Card.Asset, Path: "/orders/" + string(v.Card.ID), Body: v})
}

// refuseOrder shows the order with why a press was refused, and what was typed.
func (p *Pages) refuseOrder(w http.ResponseWriter, r *http.Request, say words, status int, why error, was pressed) error {
	return p.showOrder(w, r, say, status, p.refusal(say, why), was)
}

// keep puts what was typed back into the form that it was typed into.
func (v *orderView) keep(was pressed) {
	for i := range v.Actions {
		if a := &v.Actions[i]; a.Do == was.Do {
			a.Was = was
			a.Pause.typed(was.Command)
		}
	}
	for i := range v.Tasks {
		if t := &v.Tasks[i]; t.ID == was.Task && t.AskBy {
			t.By, t.Note, t.Ref, t.Wrong = was.By, was.Note, was.Ref, true
		}
	}
	if was.Do == doProof {
		v.FileNote = was.Note
	}
}

func (p *Pages) orderView(r *http.Request, say words) (orderView, error) {
	var o plantroom.WorkOrder
	var inc plantroom.Incident
	var calls []plantroom.Call
	var files []plantroom.Proof
	var rows [][]plantroom.LedgerRow
	var open []plantroom.WorkOrder
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if o, err = tx.Order(plantroom.OrderID(r.PathValue("id"))); err != nil {
			return err
		}
		if inc, err = tx.Incident(o.Incident); err != nil {
			return err
		}
		if calls, err = tx.CallsOf(o.ID); err != nil {
			return err
		}
		if files, err = tx.Proofs(o.ID); err != nil {
			return err
		}
		if open, err = tx.Orders(plantroom.OrderFilter{Open: true, Limit: mostOffered}); err != nil {
			return err
		}
		for _, subject := range append(append([]string{string(o.ID), string(o.Incident)}, asStrings(o.Earlier)...), asStrings(o.Also)...) {
			of, err := tx.LedgerOf(subject)
			if err != nil {
				return err
			}
			rows = append(rows, of)
		}
		return nil
	})
	if err != nil {
		return orderView{}, err
	}
	e := p.opt.Estate()
	pause := say.pauses(e, &o)
	return orderView{Card: p.card(say, e, &o, &inc), AssetID: o.Asset, AssetKnown: say.placeOf(e, o.Asset).Known, Version: o.Version,
		Rule: p.rule(say, o.Rule), Detail: o.Detail, FixNote: o.FixNote, Evidence: say.evidence(inc),
		Candidates: say.candidates(e, o.Choice), Calls: say.calls(e, calls),
		Timeline: say.timeline(e, ledger.Timeline(rows...)), Actions: p.actions(say, e, &o, open, pause), Tasks: say.tasks(&o), Files: say.proofLines(e, &o, files, "/orders/"+string(o.ID)+"/proofs/"), Accept: accept, Most: handin.MaxFiles, Pause: pause, Ties: say.ties(&o)}, nil
}

func asStrings(ids []plantroom.IncidentID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// evidence says what the sensors have shown.
func (s words) evidence(inc plantroom.Incident) []fact {
	facts := []fact{
		{s.t("evidence.detail"), inc.Detail},
		{s.t("evidence.episode"), s.precise(inc.Episode)},
		{s.t("evidence.opened"), s.precise(inc.Opened)},
		{s.t("evidence.state"), s.t("incident." + string(inc.State))},
	}
	add := func(key string, at plantroom.Instant) {
		if !at.IsZero() {
			facts = append(facts, fact{s.t(key), s.precise(at)})
		}
	}
	add("evidence.released", inc.Released)
	add("evidence.cleared", inc.Cleared)
	facts = append(facts, fact{s.t("evidence.clean"), s.t("evidence.clean_of", inc.Clean, inc.Needed)})
	add("evidence.proved", inc.Proved)
	if inc.Relapses > 0 {
		facts = append(facts, fact{s.t("evidence.relapses"), s.t("number", inc.Relapses)})
	}
	return facts
}

func (s words) candidates(e *plantroom.Estate, choice []plantroom.Candidate) []candidateLine {
	var out []candidateLine
	for _, c := range choice {
		out = append(out, candidateLine{Name: contractorName(e, c.Contractor, s.lang), Reason: s.reason(c.Reason),
			Earliest: s.moment(c.Earliest), Due: s.moment(c.Due), Free: s.t("candidate.free_of", c.Free, c.OnDuty),
			Price: s.money(c.CallOut, e.Currency), Chosen: c.Chosen, CanMeet: c.CanMeet})
	}
	return out
}

// money shows minor units; currencies without two decimals are not expected.
func (s words) money(minor int64, currency string) string {
	return s.t("money", minor/100, minor%100, currency)
}

func (s words) timeline(e *plantroom.Estate, entries []ledger.Entry) []entryLine {
	out := make([]entryLine, len(entries))
	for i, t := range entries {
		out[i] = entryLine{Anchor: rowAnchor(t.Seq), When: s.precise(t.At), Since: s.span(t.Since), Text: s.slug("ledger", t.Kind),
			Actor: s.who(e, t.Actor), Gist: s.gist(e, t.Body), Detail: bodyText(t.Body)}
	}
	return out
}

// gist takes from a ledger row's body what a person asks first: which window,
// which firm, who, and why. A body that is not like that has none.
func (s words) gist(e *plantroom.Estate, body json.RawMessage) string {
	var b struct {
		Clock, By, Clean, Cause, Reason, Note, Error string
		Contractor                                   plantroom.ContractorID
	}
	if json.Unmarshal(body, &b) != nil {
		return ""
	}
	var parts []string
	if b.Clock != "" {
		parts = append(parts, s.slug("clock", b.Clock))
	}
	if b.Contractor != "" {
		parts = append(parts, contractorName(e, b.Contractor, s.lang))
	}
	if b.Cause != "" {
		parts = append(parts, s.slug("cause", b.Cause))
	}
	for _, text := range []string{personName(e, plantroom.PersonID(b.By)), b.Clean, b.Reason, b.Note, b.Error} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " · ")
}

// bodyText shows the body of a ledger row on one line, as it is kept.
func bodyText(body json.RawMessage) string {
	var b bytes.Buffer
	if len(body) == 0 || json.Compact(&b, body) != nil || b.String() == "{}" || b.String() == "null" {
		return ""
	}
	return b.String()
}
