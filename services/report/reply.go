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
	By       string            `json:"by"`
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
			r.objected = append(r.objected, Objection{Line: e.Line, At: row.At, By: row.Actor, Reason: e.Reason})
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
			l.Penalty, l.Why = 0, sourced("no penalty: the objection was accepted", o.Answer)
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

// maxReason bounds what is written of an objection, in bytes.
const maxReason = 4000

// Issue makes the row that gives a statement to the contractor: from then on it
// stays as it is, and the time to reply runs. A month that is not over cannot be
// issued (CodeTransition), nor can a statement twice (CodeConflict).
func Issue(s *Statement, m Month, now plantroom.Instant, actor string) (plantroom.LedgerRow, error) {
	switch {
	case s.Reply != nil:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeConflict, "the statement of %s for %s was issued on %s by %s already", s.Contract, s.Month, s.Reply.Issued, s.Reply.IssuedBy)
	case len(s.Provisional) > 0 && s.Provisional[0] == notOver:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeTransition, "the month %s is not over", s.Month)
	}
	return row(s, m, rowIssued, now, actor, event{Digest: s.digest(), Total: &s.Total, Currency: s.Currency})
}

// Object makes the row of a contractor's objection to a line.
func Object(s *Statement, m Month, now plantroom.Instant, actor, line, reason string) (plantroom.LedgerRow, error) {
	l, err := s.answerable(line, reason)
	switch {
	case err != nil:
		return plantroom.LedgerRow{}, err
	case actor != "contractor:"+string(s.Contractor):
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeForbidden, "the statement is %s's, not %s's", s.Contractor, actor)
	case l.Objection != nil:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeConflict, "%s was objected to on %s already", line, l.Objection.At)
	case now >= s.Reply.Until:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeExpired, "the time to object ended at %s", s.Reply.Until)
	}
	return row(s, m, rowObjected, now, actor, event{Line: line, Reason: reason})
}

// Decide makes the row of what the office has made of an objection.
func Decide(s *Statement, m Month, now plantroom.Instant, actor, line string, accepted bool, reason string) (plantroom.LedgerRow, error) {
	l, err := s.answerable(line, reason)
	switch {
	case err != nil:
		return plantroom.LedgerRow{}, err
	case !strings.HasPrefix(actor, "person:"):
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeForbidden, "somebody of the estate has to decide, not %s", actor)
	case l.Objection == nil:
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeTransition, "nobody has objected to %s", line)
	case !l.Objection.Decided.IsZero():
		return plantroom.LedgerRow{}, plantroom.Errorf(plantroom.CodeConflict, "%s was decided on %s by %s already", line, l.Objection.Decided, l.Objection.Decider)
	}
	return row(s, m, rowDecided, now, actor, event{Line: line, Reason: reason, Accepted: &accepted})
}

// answerable finds a line of a statement that was issued.
func (s *Statement) answerable(line, reason string) (*Line, error) {
	i := slices.IndexFunc(s.Lines, func(l Line) bool { return l.ID == line })
	switch {
	case s.Reply == nil:
		return nil, plantroom.Errorf(plantroom.CodeTransition, "the statement of %s for %s has not been issued", s.Contract, s.Month)
	case i < 0:
		return nil, plantroom.Errorf(plantroom.CodeNotFound, "the statement has no line %.80q: its lines are named as in wo-000012.1.restore", line)
	case strings.TrimSpace(reason) == "":
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "say why: the ledger keeps the reason")
	case len(reason) > maxReason:
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "the reason is longer than %d bytes", maxReason)
	}
	return &s.Lines[i], nil
}

func row(s *Statement, m Month, kind string, now plantroom.Instant, actor string, e event) (plantroom.LedgerRow, error) {
	body, err := json.Marshal(e)
	return plantroom.LedgerRow{At: now, Kind: kind, Subject: Subject(s.Contract, m), Actor: actor, Body: body}, err
}
