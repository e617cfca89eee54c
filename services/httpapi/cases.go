package httpapi

import (
	"net/http"
	"slices"
	"strconv"

	"plantroom"
	"plantroom/services/cases"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/problem"
	"plantroom/services/ledger"
)

// caseItem is a case in a list: nothing that was written about somebody, and of a
// private case not whose it is either.
type caseItem struct {
	ID          plantroom.CaseID    `json:"id"`
	Version     int64               `json:"version"`
	State       plantroom.CaseState `json:"state"`
	Kind        plantroom.CaseKind  `json:"kind"`
	Class       string              `json:"class,omitempty"`
	Playbook    string              `json:"playbook"`
	Title       plantroom.Text      `json:"title"`
	Private     bool                `json:"private"`
	Zones       []plantroom.ZoneID  `json:"zones,omitempty"`
	Asset       plantroom.AssetID   `json:"asset,omitempty"`
	Responsible plantroom.PersonID  `json:"responsible,omitempty"`
	Opened      plantroom.Instant   `json:"opened"`
	Deadline    plantroom.Instant   `json:"deadline"`
	Next        string              `json:"next,omitempty"` // the step that is due first, or could be done
	NextDue     plantroom.Instant   `json:"next_due,omitzero"`
	Late        []string            `json:"late,omitempty"` // steps
	Outcome     string              `json:"outcome,omitempty"`
	Closed      plantroom.Instant   `json:"closed,omitzero"`
	Forgotten   plantroom.Instant   `json:"forgotten,omitzero"`
}

func itemOf(c *plantroom.Case, now plantroom.Instant) caseItem {
	item := caseItem{ID: c.ID, Version: c.Version, State: c.State, Kind: c.Kind, Class: c.Class, Playbook: c.Playbook, Title: c.Title, Private: c.Private,
		Asset: c.Asset, Responsible: c.Responsible, Opened: c.Opened, Deadline: c.Deadline.At, Outcome: c.Outcome, Closed: c.Closed, Forgotten: c.Forgotten}
	if !c.Private {
		item.Zones = c.Zones
	}
	if c.State != plantroom.CaseOpen {
		return item
	}
	next, late := cases.Ahead(c, now)
	if next != nil {
		item.Next, item.NextDue = next.ID, next.Due.At
	}
	for _, t := range late {
		item.Late = append(item.Late, t.ID)
	}
	return item
}

// caseView is a case as it is kept, without the key of its commitments: that
// has to be gone when it is forgotten.
func caseView(c plantroom.Case) plantroom.Case {
	c.Salt = plantroom.Salt{}
	return c
}

// openingBody is the body of an opening.
type openingBody struct {
	Playbook    string             `json:"playbook"`
	Key         string             `json:"key"`
	Zones       []plantroom.ZoneID `json:"zones"`
	Asset       plantroom.AssetID  `json:"asset"`
	Order       plantroom.OrderID  `json:"order"`
	Contact     string             `json:"contact"`
	Text        string             `json:"text"`
	By          plantroom.PersonID `json:"by"`
	Responsible plantroom.PersonID `json:"responsible"`
}

// caseBody is the body of what is done about a case.
type caseBody struct {
	By          plantroom.PersonID `json:"by"`
	With        string             `json:"with"`
	Note        string             `json:"note"`
	Ref         string             `json:"ref"`
	Responsible plantroom.PersonID `json:"responsible"`
	To          string             `json:"to"`
	How         string             `json:"how"`
	Text        string             `json:"text"`
	Reason      string             `json:"reason"`
	Playbook    string             `json:"playbook"`
	Outcome     string             `json:"outcome"`
	Version     int64              `json:"version"`
}

func (a *API) caseList(w http.ResponseWriter, r *http.Request, q *query) error {
	f := plantroom.CaseFilter{Open: q.flag("open"), Responsible: plantroom.PersonID(q.id("responsible")), Before: plantroom.CaseID(q.id("before"))}
	if kinds := oneOf(q, "kind", plantroom.CaseKinds()); len(kinds) == 1 {
		f.Kind = kinds[0]
	} else if len(kinds) > 1 {
		q.fail("kind", "one of "+join(plantroom.CaseKinds()))
	}
	limit := q.limit()
	if q.err != nil {
		return q.err
	}
	f.Limit = limit + 1
	var all []plantroom.Case
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		all, err = tx.Cases(f)
		return err
	})
	if err != nil {
		return err
	}
	next := ""
	if len(all) > limit {
		all = all[:limit]
		next = string(all[limit-1].ID)
	}
	items := make([]caseItem, len(all))
	for i := range all {
		items[i] = itemOf(&all[i], a.opt.Now())
	}
	return send(w, http.StatusOK, listOf(items, next))
}

func (a *API) loadCase(r *http.Request, more func(plantroom.Tx, *plantroom.Case) error) (c plantroom.Case, err error) {
	id, err := pathID(r)
	if err != nil {
		return c, err
	}
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if c, err = tx.Case(plantroom.CaseID(id)); err != nil || more == nil {
			return err
		}
		return more(tx, &c)
	})
	return c, err
}

func (a *API) caseOne(w http.ResponseWriter, r *http.Request, _ *query) error {
	c, err := a.loadCase(r, nil)
	if err != nil {
		return err
	}
	return sendCase(w, c)
}

func sendCase(w http.ResponseWriter, c plantroom.Case) error {
	w.Header().Set("ETag", strconv.Quote(strconv.FormatInt(c.Version, 10)))
	w.Header().Set("Cache-Control", "no-store") // it tells of people
	return send(w, http.StatusOK, caseView(c))
}

// caseRecord is the ledger of a case, and what in the case does not agree with it.
func (a *API) caseRecord(w http.ResponseWriter, r *http.Request, _ *query) error {
	var rows []plantroom.LedgerRow
	c, err := a.loadCase(r, func(tx plantroom.Tx, c *plantroom.Case) (err error) {
		rows, err = tx.LedgerOf(string(c.ID))
		return err
	})
	if err != nil {
		return err
	}
	findings, err := cases.Check(&c, rows)
	if err != nil && plantroom.CodeOf(err) != plantroom.CodeExpired {
		return err
	}
	if findings == nil {
		findings = []string{}
	}
	return send(w, http.StatusOK, struct {
		Items    []ledger.Entry `json:"items"`
		Checked  bool           `json:"checked"` // false: it is forgotten
		Findings []string       `json:"findings"`
	}{ledger.Timeline(rows), err == nil, findings})
}

func (a *API) openCase(w http.ResponseWriter, r *http.Request, _ *query) error {
	var b openingBody
	if err := readJSON(r, &b); err != nil {
		return err
	}
	c, err := a.opt.Desk.OpenCase(r.Context(), cases.Opening{Playbook: b.Playbook, Key: b.Key, Zones: b.Zones, Asset: b.Asset, Order: b.Order, Contact: b.Contact,
		Text: b.Text, By: b.By, Responsible: b.Responsible, Actor: guard.Who(r.Context()).Actor})
	if err != nil {
		return err
	}
	return sendCase(w, c)
}

func (a *API) caseTask(w http.ResponseWriter, r *http.Request, _ *query) error {
	return a.doCase(w, r, cases.Tick)
}

func (a *API) caseAction(w http.ResponseWriter, r *http.Request, _ *query) error {
	do := cases.Do(r.PathValue("action"))
	if do == cases.Tick || !slices.Contains(cases.Actions(), do) {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no action %q: about a case one can %s, and tick steps", clip(string(do)),
			join(slices.DeleteFunc(cases.Actions(), func(d cases.Do) bool { return d == cases.Tick })))
	}
	return a.doCase(w, r, do)
}

func (a *API) doCase(w http.ResponseWriter, r *http.Request, do cases.Do) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var b caseBody
	if err := readJSON(r, &b); err != nil {
		return err
	}
	match, err := ifMatch(r.Header.Get("If-Match"))
	switch {
	case err != nil:
		return err
	case b.Version < 0:
		return plantroom.Errorf(plantroom.CodeInvalid, "field \"version\" is %d: versions count from 1", b.Version)
	case match != 0 && b.Version != 0 && match != b.Version:
		return plantroom.Errorf(plantroom.CodeInvalid, "If-Match names version %d and the body %d: give one", match, b.Version)
	}
	text, err := b.words(do)
	if err != nil {
		return err
	}
	c, err := a.opt.Desk.DoCase(r.Context(), cases.Request{Case: plantroom.CaseID(id), Do: do, Actor: guard.Who(r.Context()).Actor, By: b.By, Version: max(match, b.Version),
		Text: text, Step: r.PathValue("task"), With: b.With, Ref: b.Ref, Responsible: b.Responsible, To: b.To, How: b.How, Playbook: b.Playbook, Outcome: b.Outcome})
	if match != 0 && plantroom.CodeOf(err) == plantroom.CodeConflict {
		return plantroom.Errorf(problem.CodePrecondition, "the case is not at version %d, or somebody was first: %s", match, plantroom.MessageOf(err))
	}
	if err != nil {
		return err
	}
	return sendCase(w, c)
}

// words are those of an action: a proof's are its note, what was said or noted is
// the text, and everything else has a reason. Words in another field would be lost.
func (b *caseBody) words(do cases.Do) (string, error) {
	field, text := "reason", b.Reason
	switch do {
	case cases.Tick:
		field, text = "note", b.Note
	case cases.Say, cases.Note:
		field, text = "text", b.Text
	}
	if b.Note+b.Text+b.Reason != text {
		return "", plantroom.Errorf(plantroom.CodeInvalid, "to %s, put the words into the field %q and into no other", do, field)
	}
	return text, nil
}

// casePlaybook is a playbook of cases; the keys are those of its file.
type casePlaybook struct {
	Case     string                  `json:"case"`
	Kind     plantroom.CaseKind      `json:"kind"`
	Class    string                  `json:"class,omitempty"`
	Title    plantroom.Text          `json:"title"`
	Private  bool                    `json:"private"`
	Within   plantroom.Duration      `json:"within"`
	Hours    string                  `json:"hours"`
	Keep     plantroom.Duration      `json:"keep"`
	Source   string                  `json:"source"`
	Sure     plantroom.Certainty     `json:"sure"`
	Never    []plantroom.Text        `json:"never"`
	Steps    []caseStep              `json:"steps"`
	Outcomes []plantroom.CaseOutcome `json:"outcomes"`
}

type caseStep struct {
	ID     string             `json:"id"`
	Title  plantroom.Text     `json:"title"`
	Role   string             `json:"role,omitempty"`
	After  string             `json:"after,omitempty"`
	Wait   plantroom.Duration `json:"wait,omitzero"`
	Within plantroom.Duration `json:"within,omitzero"`
	Hours  string             `json:"hours"`
	Proof  string             `json:"proof"`
}

func hoursOf(always bool) string {
	if always {
		return "all"
	}
	return "office"
}

func (a *API) casePlaybooks(w http.ResponseWriter, _ *http.Request, _ *query) error {
	var out []casePlaybook
	for _, p := range a.opt.Desk.CasePlaybooks() {
		v := casePlaybook{Case: p.ID, Kind: p.Kind, Class: p.Class, Title: p.Title, Private: p.Private, Within: p.Within, Hours: hoursOf(p.Always), Keep: p.Keep,
			Source: p.Source, Sure: p.Sure, Never: append([]plantroom.Text{}, p.Never...), Outcomes: p.Outcomes}
		for _, s := range p.Steps {
			v.Steps = append(v.Steps, caseStep{s.ID, s.Title, s.Role, s.After, s.Wait, s.Within, hoursOf(s.Always), s.Proof})
		}
		out = append(out, v)
	}
	return send(w, http.StatusOK, listOf(out, ""))
}
