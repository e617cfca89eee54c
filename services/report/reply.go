package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// Reply is what became of a statement after it was issued.
type Reply struct {
	Issued   plantroom.Instant `json:"issued"`
	IssuedBy string            `json:"issued_by"`
	Until    plantroom.Instant `json:"until"` // objections are taken before it
	Over     bool              `json:"over"`  // Until has passed: lines without an objection stand
	Digest   string            `json:"digest"`
	Differs  bool              `json:"differs"` // record or contract say otherwise today than when it was issued
	objected []Objection
}

// Objection is a contractor's word against a line, and what the office made of it.
type Objection struct {
	Line     string            `json:"line"`
	At       plantroom.Instant `json:"at"`
	Noted    string            `json:"noted"`        // the actor that wrote it down
	By       string            `json:"by,omitempty"` // who objected, in words
	Reason   string            `json:"reason"`
	Decided  plantroom.Instant `json:"decided,omitzero"`
	Accepted bool              `json:"accepted"`
	Decider  string            `json:"decider,omitempty"`
	Answer   string            `json:"answer,omitempty"`
}

// The rows of the ledger about a statement.
const (
	rowIssued   = "statement.issued"
	rowObjected = "statement.objected"
	rowDecided  = "statement.decided"
)

// Subject is what the ledger's rows about a statement are filed under.
func Subject(c plantroom.ContractID, m Month) string { return fmt.Sprintf("statement:%s:%s", c, m) }

// event is the body of such a row.
type event struct {
	Digest   string `json:"digest,omitempty"`
	Total    *int64 `json:"total,omitempty"`
	Currency string `json:"currency,omitempty"`
	Line     string `json:"line,omitempty"`
	By       string `json:"by,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Accepted *bool  `json:"accepted,omitempty"`
}

// replyOf reads the rows about a statement, nil where it was not issued.
func replyOf(rows []plantroom.LedgerRow, window time.Duration, now plantroom.Instant) (*Reply, error) {
	var r *Reply
	for i := range rows {
		row := &rows[i]
		var e event
		if err := json.Unmarshal(row.Body, &e); err != nil {
			return nil, fmt.Errorf("ledger row %d (%s): %w", row.Seq, row.Kind, err)
		}
		switch {
		case row.Kind == rowIssued && r == nil:
			r = &Reply{Issued: row.At, IssuedBy: row.Actor, Until: row.At.Add(window), Over: now >= row.At.Add(window), Digest: e.Digest}
		case row.Kind == rowObjected && r != nil:
			r.objected = append(r.objected, Objection{Line: e.Line, At: row.At, Noted: row.Actor, By: e.By, Reason: e.Reason})
		case row.Kind == rowDecided && r != nil:
			if o := r.objection(e.Line); o != nil && e.Accepted != nil {
				o.Decided, o.Accepted, o.Decider, o.Answer = row.At, *e.Accepted, row.Actor, e.Reason
			}
		}
	}
	return r, nil
}

func (r *Reply) objection(line string) *Objection {
	i := slices.IndexFunc(r.objected, func(o Objection) bool { return o.Line == line })
	if i < 0 {
		return nil
	}
	return &r.objected[i]
}

// apply puts the objections beside their lines. One that was accepted takes the
// line's penalty away.
func (r *Reply) apply(s *Statement) {
	for i := range s.Lines {
		l := &s.Lines[i]
		o := r.objection(l.ID)
		if o == nil {
			continue
		}
		l.Objection = o
		if o.Accepted {
			l.Penalty, l.Ground, l.Source, l.Why = 0, Upheld, o.Answer, sourced("no penalty: the objection was accepted", o.Answer)
		}
	}
}

// digest is a hash over what was stated: it tells whether the same comes out again.
func (s *Statement) digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %s %d %d %d %d %d\n", s.Contract, s.Month, s.Currency, s.Fixed, s.CallOuts, s.Work, s.Penalties, s.Total)
	for i := range s.Lines {
		l := &s.Lines[i]
		fmt.Fprintf(h, "%s %s %d %d %d\n", l.ID, l.Verdict, l.Due, l.Late, l.Penalty)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Limits on what a human may write, in bytes.
const (
	maxReason = 4000
	maxBy     = 200
)

// Step is something that is done about a statement.
type Step string

// The steps.
const (
	Issue  Step = "issue"  // give it to the contractor
	Object Step = "object" // the contractor's word against a line
	Accept Step = "accept" // the office's answer to that
	Refuse Step = "refuse"
)

// Steps lists them.
func Steps() []Step { return []Step{Issue, Object, Accept, Refuse} }

// Request asks for a step.
type Request struct {
	Do     Step
	Actor  string // person:lin, or the contractor itself for its objection, as authenticated
	By     string // a human's name, in their own words; may be empty
	Line   string // but to issue
	Reason string // but to issue
}

// Row makes the row of the ledger that a step is, or says why not: CodeInvalid and
// CodeTooLarge for a malformed request, CodeNotFound for a line that is not on the
// statement, CodeForbidden for somebody who may not, CodeTransition for what comes
// too early, CodeConflict for what was done already, CodeExpired once the time to
// object is over.
func (r *Request) Row(s *Statement, m Month, now plantroom.Instant) (plantroom.LedgerRow, error) {
	if len(r.By) > maxBy {
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeTooLarge, "the name is longer than %d bytes", maxBy)
	}
	switch r.Do {
	case Issue:
		return r.issue(s, m, now)
	case Object:
		return r.object(s, m, now)
	case Accept, Refuse:
		return r.decide(s, m, now)
	}
	return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeNotFound, "nobody can %.40q a statement: it can be issued, objected to, and an objection accepted or refused", r.Do)
}

// office checks that somebody of the estate asks.
func (r *Request) office() error {
	if !strings.HasPrefix(r.Actor, "person:") {
		return plantroom.Errorf(plantroom.CodeForbidden, "somebody of the estate has to %s, not %s", r.Do, r.Actor)
	}
	return nil
}

// issue gives a statement to the contractor: from then on it stays as it is, and
// the time to reply runs.
func (r *Request) issue(s *Statement, m Month, now plantroom.Instant) (plantroom.LedgerRow, error) {
	switch {
	case s.Reply != nil:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeConflict, "the statement of %s for %s was issued on %s by %s already", s.Contract, s.Month, s.Reply.Issued, s.Reply.IssuedBy)
	case len(s.Provisional) > 0 && s.Provisional[0] == notOver:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeTransition, "the month %s is not over", s.Month)
	}
	if err := r.office(); err != nil {
		return plantroom.LedgerRow{}, err
	}
	return r.row(s, m, rowIssued, now, event{Digest: s.digest(), Total: &s.Total, Currency: s.Currency})
}

// object is the contractor's, or is noted by the office for it.
func (r *Request) object(s *Statement, m Month, now plantroom.Instant) (plantroom.LedgerRow, error) {
	l, err := r.answerable(s)
	switch {
	case err != nil:
		return plantroom.LedgerRow{}, err
	case r.Actor != "contractor:"+string(s.Contractor) && r.office() != nil:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeForbidden, "the statement is %s's, not %s's", s.Contractor, r.Actor)
	case l.Objection != nil:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeConflict, "%s was objected to on %s already", r.Line, l.Objection.At)
	case now >= s.Reply.Until:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeExpired, "the time to object ended at %s", s.Reply.Until)
	}
	return r.row(s, m, rowObjected, now, event{Line: r.Line, Reason: r.Reason})
}

// decide is what the office makes of an objection.
func (r *Request) decide(s *Statement, m Month, now plantroom.Instant) (plantroom.LedgerRow, error) {
	l, err := r.answerable(s)
	if err == nil {
		err = r.office()
	}
	switch {
	case err != nil:
		return plantroom.LedgerRow{}, err
	case l.Objection == nil:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeTransition, "nobody has objected to %s", r.Line)
	case !l.Objection.Decided.IsZero():
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeConflict, "%s was decided on %s by %s already", r.Line, l.Objection.Decided, l.Objection.Decider)
	}
	accepted := r.Do == Accept
	return r.row(s, m, rowDecided, now, event{Line: r.Line, Reason: r.Reason, Accepted: &accepted})
}

// answerable finds the line of a statement that was issued.
func (r *Request) answerable(s *Statement) (*Line, error) {
	i := slices.IndexFunc(s.Lines, func(l Line) bool { return l.ID == r.Line })
	switch {
	case s.Reply == nil:
		return nil, plantroom.Errorf(plantroom.CodeTransition, "the statement of %s for %s has not been issued", s.Contract, s.Month)
	case i < 0:
		return nil, plantroom.Errorf(plantroom.CodeNotFound, "the statement has no line %.80q: its lines are named as in wo-000012.1.restore", r.Line)
	case strings.TrimSpace(r.Reason) == "":
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "say why: the ledger keeps the reason")
	case len(r.Reason) > maxReason:
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "the reason is longer than %d bytes", maxReason)
	}
	return &s.Lines[i], nil
}

func (r *Request) row(s *Statement, m Month, kind string, now plantroom.Instant, e event) (plantroom.LedgerRow, error) {
	e.By = r.By
	body, err := json.Marshal(e)
	return plantroom.LedgerRow{At: now, Kind: kind, Subject: Subject(s.Contract, m), Actor: r.Actor, Body: body}, err
}
