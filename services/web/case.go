package web

import (
	"net/http"
	"strings"

	"plantroom"
	"plantroom/services/cases"
	"plantroom/services/ledger"
)

// shownCases is how many cases the page lists, the newest first.
const shownCases = 200

type (
	casesView struct {
		Items []caseLine
		All   bool // closed ones too
	}
	caseLine struct {
		ID                                         plantroom.CaseID
		Title, State, Level, Who, Opened, Deadline string
		Next, Late, Where                          string
	}
	caseView struct {
		Case                         *plantroom.Case
		Line                         caseLine
		About, Asset, Opened, Forget string
		Never                        []string
		Tasks                        []caseTaskLine
		Notes                        []noteLine
		Earlier                      []string
		Outcomes, Staff, Books       []choice
		Calls                        []callLine
		Timeline                     []entryLine
		Open, Kept                   bool
		Findings                     []string
		Said                         string
		typed                        cases.Request // what was pressed and refused
	}
	caseTaskLine struct {
		ID, Title, Role, Proof, Due, Done, What string
		Late, Ready                             bool
		AskWith, AskNote, AskRef                bool
	}
	noteLine struct{ When, Kind, By, To, Text string }
)

func (p *Pages) caseList(w http.ResponseWriter, r *http.Request, say words) error {
	v := casesView{All: r.URL.Query().Get("all") == "1"}
	var all []plantroom.Case
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		all, err = tx.Cases(plantroom.CaseFilter{Open: !v.All, Limit: shownCases})
		return err
	})
	if err != nil {
		return err
	}
	for i := range all {
		v.Items = append(v.Items, say.caseLine(p.opt.Estate(), &all[i]))
	}
	return p.render(w, r, http.StatusOK, "cases.html", say, page{Title: say.t("cases.title"), Body: v})
}

// caseLine is a case in the list: of a private one it does not say whose.
func (s words) caseLine(e *plantroom.Estate, c *plantroom.Case) caseLine {
	l := caseLine{ID: c.ID, Title: c.Title.In(s.lang), State: s.slug("cases.state", string(c.State)), Who: s.t("cases.nobody"),
		Opened: s.moment(c.Opened), Deadline: s.moment(c.Deadline.At), Level: levelRed}
	if c.Responsible != "" {
		l.Who, l.Level = personName(e, c.Responsible), ""
	}
	if !c.Private {
		l.Where = zoneNames(c.Zones)
	}
	if c.State != plantroom.CaseOpen {
		l.State += ": " + outcomeTitle(c, s.lang)
		l.Level = ""
		return l
	}
	next, late := cases.Ahead(c, s.now)
	if next != nil {
		l.Next = next.Title.In(s.lang)
	}
	var names []string
	for _, t := range late {
		names = append(names, t.Title.In(s.lang))
	}
	l.Late = strings.Join(names, " · ")
	if len(late) > 0 || s.now > c.Deadline.At {
		l.Level = levelRed
	}
	return l
}

func outcomeTitle(c *plantroom.Case, lang string) string {
	for _, o := range c.Outcomes {
		if o.ID == c.Outcome {
			return o.Title.In(lang)
		}
	}
	return c.Outcome
}

func zoneNames(zones []plantroom.ZoneID) string {
	names := make([]string, len(zones))
	for i, z := range zones {
		names[i] = string(z)
	}
	return strings.Join(names, ", ")
}

// isCase reports whether what calls are about is a case, which they name where
// others name an order.
func isCase(id string) bool { return strings.HasPrefix(id, "case-") }

func (p *Pages) caseOne(w http.ResponseWriter, r *http.Request, say words) error {
	return p.showCase(w, r, say, http.StatusOK, "", cases.Request{})
}

// showCase shows the case as it is now, with why a press was refused, and what was
// typed.
func (p *Pages) showCase(w http.ResponseWriter, r *http.Request, say words, status int, said string, typed cases.Request) error {
	var c plantroom.Case
	var calls []plantroom.Call
	var rows []plantroom.LedgerRow
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if c, err = tx.Case(plantroom.CaseID(r.PathValue("id"))); err != nil {
			return err
		}
		if calls, err = tx.CallsOf(plantroom.OrderID(c.ID)); err != nil {
			return err
		}
		rows, err = tx.LedgerOf(string(c.ID))
		return err
	})
	if err != nil {
		return err
	}
	v := p.caseView(say, &c)
	v.Calls, v.Timeline, v.Said, v.typed = say.calls(p.opt.Estate(), calls), say.timeline(p.opt.Estate(), ledger.Timeline(rows)), said, typed
	if v.Findings, err = cases.Check(&c, rows); err != nil && plantroom.CodeOf(err) != plantroom.CodeExpired {
		return err
	}
	w.Header().Set("Cache-Control", "no-store") // it tells of people
	return p.render(w, r, status, "case.html", say, page{Title: string(c.ID), Path: "/cases/" + string(c.ID), Body: v})
}

// caseForm is a form of the page: whom it can be signed with, and what was typed
// into it before, where that was refused.
type caseForm struct {
	Staff []choice
	Was   cases.Request
}

// Form is the form of an action, of a step where it ticks one off.
func (v caseView) Form(do cases.Do, step string) caseForm {
	f := caseForm{Staff: v.Staff}
	if v.typed.Do == do && v.typed.Step == step {
		f.Was = v.typed
	}
	return f
}

func (p *Pages) caseView(say words, c *plantroom.Case) caseView {
	e := p.opt.Estate()
	v := caseView{Case: c, Line: say.caseLine(e, c), About: zoneNames(c.Zones), Opened: say.t("cases.opened_by", say.moment(c.Opened), personName(e, c.By)),
		Open: c.State == plantroom.CaseOpen, Kept: c.Forgotten.IsZero(), Staff: staffOf(e)}
	switch {
	case !v.Kept:
		v.Forget = say.t("cases.forgotten", say.moment(c.Forgotten))
	case !v.Open:
		v.Forget = say.t("cases.forget_on", say.moment(c.Forget))
	}
	if c.Asset != "" {
		v.Asset = say.placeOf(e, c.Asset).Asset
	}
	for _, n := range c.Never {
		v.Never = append(v.Never, n.In(say.lang))
	}
	for i := range c.Tasks {
		v.Tasks = append(v.Tasks, say.caseTask(e, c, &c.Tasks[i]))
	}
	for _, n := range c.Notes {
		line := noteLine{When: say.moment(n.At), Kind: say.slug("cases.note", n.Kind), By: personName(e, n.By), Text: n.Text}
		if n.To != "" {
			line.To = say.t("cases.to", n.To, n.How)
		}
		v.Notes = append(v.Notes, line)
	}
	for _, o := range c.Outcomes {
		v.Outcomes = append(v.Outcomes, choice{o.ID, o.Title.In(say.lang)})
	}
	for _, b := range p.opt.Desk.CasePlaybooks() {
		if b.ID != c.Playbook {
			v.Books = append(v.Books, choice{b.ID, b.Title.In(say.lang)})
		}
	}
	for _, round := range c.Earlier {
		done := 0
		for i := range round.Tasks {
			if !round.Tasks[i].Done.IsZero() {
				done++
			}
		}
		v.Earlier = append(v.Earlier, say.t("cases.round", round.Playbook, say.moment(round.Begun), say.moment(round.Ended), done, len(round.Tasks)))
	}
	return v
}

func (s words) caseTask(e *plantroom.Estate, c *plantroom.Case, t *plantroom.CaseTask) caseTaskLine {
	l := caseTaskLine{ID: t.ID, Title: t.Title.In(s.lang), Proof: s.t("proof." + t.Proof)}
	if t.Role != "" {
		l.Role = s.t("role." + t.Role)
	}
	if !t.Due.At.IsZero() {
		l.Due = s.t("order.due", s.moment(t.Due.At))
	}
	switch {
	case !t.Done.IsZero():
		l.Done, l.Late = s.t("task.done", s.moment(t.Done)), !t.Due.At.IsZero() && t.Done > t.Due.At
		parts := []string{personName(e, t.By)}
		for _, part := range []string{t.With, t.Note, t.Ref} {
			if part != "" {
				parts = append(parts, part)
			}
		}
		l.What = strings.Join(parts, " · ")
	case c.State != plantroom.CaseOpen:
	case t.From.IsZero():
		if before := c.Task(t.After); before != nil {
			l.Due = s.t("cases.after", before.Title.In(s.lang))
		}
	case t.From > s.now:
		l.Due = s.t("cases.not_before", s.moment(t.From))
	default:
		l.Ready, l.Late = true, !t.Due.At.IsZero() && s.now > t.Due.At
		l.AskWith = t.Proof == plantroom.ProofPerson || t.Proof == plantroom.ProofSignature
		l.AskRef = t.Proof == plantroom.ProofPhoto || t.Proof == plantroom.ProofSignature
		l.AskNote = t.Proof == plantroom.ProofNote
	}
	return l
}

// staffOf lists whom a case can be given to.
func staffOf(e *plantroom.Estate) (out []choice) {
	for _, p := range e.People {
		if p.Role != "resident" {
			out = append(out, choice{string(p.ID), p.Name})
		}
	}
	return out
}
