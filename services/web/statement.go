package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/report"
)

type (
	// statementView is the statement of one contract for one month.
	statementView struct {
		Path, Before, After string // of this statement's page, and of the months beside it
		Contract            plantroom.ContractID
		Title, Firm         string
		Month, AsOf, Zone   string
		Currency            string
		Doubts              []string
		Reply               []string // of whom it is and until when it can be objected to; none: not issued
		Differs             string
		CanIssue            bool
		Outcome             string // of all windows, in numbers
		Lines               []statementLine
		Visits              []visitLine
		Sums                []sumLine
		Said                string // what became of the last thing pressed, where it concerns no line
	}
	statementLine struct {
		ID, Due, Stopped, Outcome, Penalty, Why string
		Order                                   plantroom.OrderID
		Asset, Fault, Clock, Window, Basis      string
		Level                                   string
		Evidence                                []evidenceLine
		Objection                               *objectionView
		CanObject, CanDecide                    bool
		Wrong, Field                            string // why the last thing pressed was refused, and which field it is about
		By, Reason                              string // typed before
	}
	evidenceLine  struct{ Path, Text, Hash string }
	objectionView struct{ Said, Reason, Decided, Answer string }
	visitLine     struct {
		Order                               plantroom.OrderID
		Asset, Arrived, Left, CallOut, Work string
	}
	sumLine struct {
		What, Amount string
		Total        bool
	}
)

// typed is what was pressed on a statement and refused.
type typed struct {
	report.Request
	wrong string
}

// statementOf reads from the path which statement is meant.
func statementOf(r *http.Request) (plantroom.ContractID, report.Month, error) {
	id := r.PathValue("contract")
	m, err := report.ParseMonth(r.PathValue("month"))
	if plantroom.ValidID(id) != nil || err != nil {
		return "", m, plantroom.Errorf(plantroom.CodeNotFound, "there is no such statement")
	}
	return plantroom.ContractID(id), m, nil
}

func (p *Pages) statement(w http.ResponseWriter, r *http.Request, say words) error {
	return p.showStatement(w, r, say, http.StatusOK, typed{})
}

// showStatement shows the statement as it is now, with what was refused.
func (p *Pages) showStatement(w http.ResponseWriter, r *http.Request, say words, status int, t typed) error {
	id, month, err := statementOf(r)
	if err != nil {
		return err
	}
	e := p.opt.Estate()
	house, err := report.NewHouse(*e, p.opt.Domains)
	if err != nil {
		return err
	}
	var s report.Statement
	err = p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		s, err = house.Statement(tx, id, month, say.now)
		return err
	})
	if err != nil {
		return err
	}
	v := p.statementView(say, e, &s, month, t)
	return p.render(w, r, status, "statement.html", say, page{Title: say.t("statement.heading", v.Firm, v.Month), Path: v.Path, Body: v})
}

func (p *Pages) statementView(s words, e *plantroom.Estate, st *report.Statement, m report.Month, t typed) statementView {
	v := statementView{Path: statementPath(st.Contract, m), Contract: st.Contract, Firm: contractorName(e, st.Contractor, s.lang), Month: s.month(m),
		AsOf: s.stamp(st.AsOf), Zone: st.Zone, Currency: st.Currency, Sums: s.sums(st),
		Outcome: s.t("statement.windows", st.Kept, st.Missed, st.Open, st.Void), CanIssue: st.Reply == nil}
	if i := slices.IndexFunc(e.Contracts, func(c plantroom.Contract) bool { return c.ID == st.Contract }); i >= 0 {
		v.Title = e.Contracts[i].Title.In(s.lang)
	}
	v.Before = statementPath(st.Contract, m.Add(-1))
	if next := m.Add(1); next.String() <= report.MonthOf(s.now, s.zone).String() {
		v.After = statementPath(st.Contract, next)
	}
	for _, d := range st.Doubts {
		if d.Kind == report.MonthLasts {
			v.Doubts, v.CanIssue = append(v.Doubts, s.t("statement.doubt.month_lasts")), false
			continue
		}
		v.Doubts = append(v.Doubts, s.t("statement.doubt."+string(d.Kind), d.Count))
	}
	v.Reply, v.Differs = s.reply(e, st)
	for i := range st.Lines {
		v.Lines = append(v.Lines, p.statementLine(s, e, st, &st.Lines[i], t))
	}
	for _, x := range st.Visits {
		v.Visits = append(v.Visits, visitLine{Order: x.Order, Asset: s.placeOf(e, x.Asset).Asset, Arrived: s.stamp(x.Arrived), Left: s.stamp(x.Left),
			CallOut: report.Money(x.CallOut), Work: report.Money(x.Work)})
	}
	if !slices.ContainsFunc(v.Lines, func(l statementLine) bool { return l.Wrong != "" }) {
		v.Said = t.wrong
	}
	return v
}

// reply says to whom and until when, and what became of the objections.
func (s words) reply(e *plantroom.Estate, st *report.Statement) (lines []string, differs string) {
	r := st.Reply
	if r == nil {
		return nil, ""
	}
	lines = []string{s.t("statement.issued", s.who(e, r.IssuedBy), s.stamp(r.Issued))}
	switch {
	case r.Until == r.Issued:
		lines = append(lines, s.t("statement.no_reply"))
	case r.Over:
		lines = append(lines, s.t("statement.reply_over", s.stamp(r.Until)))
	default:
		lines = append(lines, s.t("statement.reply_until", s.stamp(r.Until), s.span(r.Until.Sub(s.now))))
	}
	objected, accepted, refused := 0, 0, 0
	for i := range st.Lines {
		if o := st.Lines[i].Objection; o != nil {
			objected++
			if o.Accepted {
				accepted++
			} else if !o.Decided.IsZero() {
				refused++
			}
		}
	}
	lines = append(lines, s.t("statement.objections", objected, accepted, refused, objected-accepted-refused))
	if r.Differs {
		differs = s.t("statement.differs")
	}
	return lines, differs
}

func (p *Pages) statementLine(s words, e *plantroom.Estate, st *report.Statement, l *report.Line, t typed) statementLine {
	v := statementLine{ID: l.ID, Due: s.stamp(l.Due), Stopped: s.stamp(l.Stopped), Outcome: s.outcome(l), Penalty: report.Money(l.Penalty), Why: s.ground(l),
		Order: l.Order, Asset: s.placeOf(e, l.Asset).Asset, Fault: p.fault(s, l.Rule, l.Cause), Clock: s.t("clock." + string(l.Clock)),
		Window: s.exact(time.Duration(l.Window)), Basis: s.basis(l.Basis), Level: levelUnknown}
	switch l.Verdict {
	case report.Kept:
		v.Level = levelGreen
	case report.Missed:
		v.Level = levelRed
	}
	for _, x := range l.Evidence {
		v.Evidence = append(v.Evidence, evidenceLine{Path: "/orders/" + string(l.Order) + "#" + rowAnchor(x.Seq), Hash: x.Hash.String(),
			Text: s.t("statement.row", x.Seq, s.slug("ledger", x.Kind))})
	}
	o := l.Objection
	v.CanObject = st.Reply != nil && !st.Reply.Over && o == nil
	if o != nil {
		v.CanDecide = o.Decided.IsZero()
		v.Objection = &objectionView{Said: s.t("statement.objected", s.objector(e, o), s.stamp(o.At)), Reason: o.Reason, Answer: o.Answer}
		switch {
		case o.Decided.IsZero():
		case o.Accepted:
			v.Objection.Decided = s.t("statement.accepted", s.who(e, o.Decider), s.stamp(o.Decided))
		default:
			v.Objection.Decided = s.t("statement.refused", s.who(e, o.Decider), s.stamp(o.Decided))
		}
	}
	if t.Line == l.ID {
		v.Wrong, v.By, v.Reason = t.wrong, t.By, t.Reason
	}
	return v
}

// objector names who objected, in their own words where they gave a name.
func (s words) objector(e *plantroom.Estate, o *report.Objection) string {
	if o.By != "" {
		return o.By
	}
	return s.who(e, o.Noted)
}

// outcome says what became of a window.
func (s words) outcome(l *report.Line) string {
	parts := []string{s.t("statement.verdict." + string(l.Verdict))}
	if l.Verdict == report.Missed && l.Late > 0 {
		parts[0] = s.t("statement.late", s.exact(time.Duration(l.Late)))
	}
	if l.Counting {
		parts = append(parts, s.t("statement.counting"))
	}
	if l.Paused > 0 {
		parts = append(parts, s.t("statement.paused", s.exact(time.Duration(l.Paused))))
	}
	if !l.Resumed.IsZero() {
		parts = append(parts, s.t("statement.resumed", s.exact(time.Duration(l.Spent))))
	}
	return strings.Join(parts, " · ")
}

// ground says why a line costs what it costs, or does not count.
func (s words) ground(l *report.Line) string {
	if l.Ground == "" {
		return ""
	}
	text := s.t("statement.ground." + string(l.Ground))
	if l.Source != "" {
		text += s.t("statement.source", l.Source)
	}
	return text
}

// sums are the lines at the foot, which add up to the last.
func (s words) sums(st *report.Statement) []sumLine {
	sums := []sumLine{{What: s.t("statement.fixed"), Amount: report.Money(st.Fixed)}, {What: s.t("statement.call_outs", len(st.Visits)), Amount: report.Money(st.CallOuts)},
		{What: s.t("statement.work"), Amount: report.Money(st.Work)}, {What: s.t("statement.owed"), Amount: report.Money(-st.Owed)}}
	if st.Capped {
		sums = append(sums, sumLine{What: s.t("statement.cap", report.Money(st.Cap)), Amount: report.Money(st.CapReduction)})
	}
	return append(sums, sumLine{What: s.t("statement.total", st.Currency), Amount: report.Money(st.Total), Total: true})
}

// rowAnchor is where a row of the ledger stands on its order's page.
func rowAnchor(seq int64) string { return "row-" + strconv.FormatInt(seq, 10) }
