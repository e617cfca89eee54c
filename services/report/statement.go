package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plantroom"
)

// Line is one window on a statement. Penalty is what it costs, Why says under
// which term, or why nothing; Ground and Source say the same in parts.
type Line struct {
	Outcome
	Penalty   int64      `json:"penalty"`
	Why       string     `json:"why,omitempty"`
	Source    string     `json:"-"` // see Ground
	Objection *Objection `json:"objection,omitempty"`
}

// VisitLine is one visit on a statement.
type VisitLine struct {
	Visit
	CallOut int64 `json:"call_out"`
	Work    int64 `json:"work"`
}

// Statement is what a month came to under a contract. Amounts are in minor units.
//
// A window belongs to the month in which it ended, a visit to that in which
// somebody arrived, by the clocks of the estate. Total is Fixed, CallOuts and Work
// less Penalties; Penalties is the sum of the lines less CapReduction.
type Statement struct {
	Contract     plantroom.ContractID   `json:"contract"`
	Contractor   plantroom.ContractorID `json:"contractor"`
	Month        string                 `json:"month"`
	Zone         string                 `json:"zone"`
	Currency     string                 `json:"currency"`
	AsOf         plantroom.Instant      `json:"as_of"`
	Lines        []Line                 `json:"lines"`
	Visits       []VisitLine            `json:"visits"`
	Kept         int                    `json:"kept"`
	Missed       int                    `json:"missed"`
	Open         int                    `json:"open"`
	Void         int                    `json:"void"`
	Fixed        int64                  `json:"fixed"`
	CallOuts     int64                  `json:"call_outs"`
	Work         int64                  `json:"work"`
	Owed         int64                  `json:"owed"` // penalties of all lines
	Cap          int64                  `json:"cap,omitempty"`
	Capped       bool                   `json:"capped"` // there is a Cap
	CapReduction int64                  `json:"cap_reduction"`
	Penalties    int64                  `json:"penalties"`
	Total        int64                  `json:"total"`
	Provisional  []string               `json:"provisional,omitempty"` // why it may still change; none: it may not
	Doubts       []Doubt                `json:"-"`                     // the same in parts
	Reply        *Reply                 `json:"reply,omitempty"`       // once it was issued

	before map[string]string // promises that cost something in a month before, and the lines that say so
}

// Basis is what a statement is made of.
type Basis struct {
	Contract  *plantroom.Contract
	Month     Month
	Zone      *time.Location
	Currency  string
	Calendars Calendars
	Records   []Record
	Events    []plantroom.LedgerRow // of the statement itself; see Subject
	Now       plantroom.Instant
}

// Make makes a statement. Once it was issued, it is as it was at that moment, but
// for what was agreed since.
func Make(b Basis) (Statement, error) {
	reply, err := replyOf(b.Events, time.Duration(b.Contract.Reply), b.Now)
	if err != nil {
		return Statement{}, err
	}
	at := b.Now
	if reply != nil {
		at = reply.Issued
	}
	s := Statement{Contract: b.Contract.ID, Contractor: b.Contract.Contractor, Month: b.Month.String(), Zone: b.Zone.String(),
		Currency: b.Currency, AsOf: at, Lines: []Line{}, Visits: []VisitLine{}, Fixed: fixed(b.Contract, b.Month, b.Zone), before: map[string]string{}}
	from, to := b.Month.Bounds(b.Zone)
	for i := range b.Records {
		if err := s.add(&b, &b.Records[i], from, to, at); err != nil {
			return s, err
		}
	}
	slices.SortFunc(s.Lines, func(x, y Line) int { return cmp.Or(cmp.Compare(x.when(), y.when()), cmp.Compare(x.ID, y.ID)) })
	slices.SortFunc(s.Visits, func(x, y VisitLine) int {
		return cmp.Or(cmp.Compare(x.Arrived, y.Arrived), cmp.Compare(x.Order, y.Order))
	})
	s.once()
	if at < to {
		s.doubt(MonthLasts, 1)
	}
	s.sum(b.Contract)
	if reply != nil {
		reply.Differs = s.digest() != reply.Digest
		reply.apply(&s)
		s.Reply = reply
		s.sum(b.Contract)
	}
	s.doubts()
	return s, nil
}

// add takes what an order has for the contract in a month.
func (s *Statement) add(b *Basis, r *Record, from, to, at plantroom.Instant) error {
	outcomes, err := Outcomes(r, b.Calendars, at)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.Contract != b.Contract.ID || o.when() >= to {
			continue
		}
		l := Line{Outcome: o}
		l.charge(b.Contract)
		switch {
		case o.when() >= from:
			s.Lines = append(s.Lines, l)
		case l.Penalty > 0:
			s.before[l.promise()] = l.ID
		}
	}
	visits, err := Visits(r)
	if err != nil {
		return err
	}
	for _, v := range visits {
		if v.Contract != b.Contract.ID || v.Arrived < from || v.Arrived >= to || v.Arrived > at {
			continue
		}
		l := VisitLine{Visit: v, CallOut: callOut(&b.Contract.Price, b.Calendars, v.Arrived)}
		if !v.Left.IsZero() && v.Left <= at {
			l.Work = work(b.Contract.Price.Hour, v.Left.Sub(v.Arrived))
		}
		s.Visits = append(s.Visits, l)
	}
	return nil
}

// once takes from the lines of a whole and its parts under one contract what one
// window would cost several times: the one that costs most counts, or that of a month
// before, which may have been issued. It is one window that began at one moment: a
// pause, or a repair that did not last, moves its end.
func (s *Statement) once() {
	dearest := map[string]*Line{}
	for i := range s.Lines {
		l := &s.Lines[i]
		key := l.promise()
		other := dearest[key]
		switch {
		case l.Penalty == 0:
		case s.before[key] != "":
			l.oneWindow(s.before[key])
		case other == nil:
			dearest[key] = l
		case l.Penalty > other.Penalty:
			other.oneWindow(l.ID)
			dearest[key] = l
		default:
			l.oneWindow(other.ID)
		}
	}
}

// promise names a window by the order that it was given for, and when it began.
func (l *Line) promise() string {
	whole := l.Of
	if whole == "" {
		whole = l.Order
	}
	return fmt.Sprint(whole, l.Clock, l.began)
}

// oneWindow takes away what a line costs, because another one says it for both.
func (l *Line) oneWindow(with string) {
	l.Penalty, l.Ground, l.Source, l.Why = 0, OneWindow, with, "no penalty: one window with "+with
}

// sum adds everything up.
func (s *Statement) sum(c *plantroom.Contract) {
	s.Kept, s.Missed, s.Open, s.Void, s.CallOuts, s.Work, s.Owed = 0, 0, 0, 0, 0, 0, 0
	for i := range s.Lines {
		l := &s.Lines[i]
		s.Owed += l.Penalty
		switch l.Verdict {
		case Kept:
			s.Kept++
		case Missed:
			s.Missed++
		case Open:
			s.Open++
		default:
			s.Void++
		}
	}
	for _, v := range s.Visits {
		s.CallOuts += v.CallOut
		s.Work += v.Work
	}
	s.Penalties, s.CapReduction = s.Owed, 0
	if s.Cap, s.Capped = limit(c); s.Capped {
		s.Penalties = min(s.Owed, s.Cap)
		s.CapReduction = s.Owed - s.Penalties
	} else {
		s.Cap = 0
	}
	s.Total = s.Fixed + s.CallOuts + s.Work - s.Penalties
}

// notOver is why a statement may change while its month lasts.
const notOver = "the month is not over"

// doubts notes why the statement may still change.
func (s *Statement) doubts() {
	counting, working, claimed := 0, 0, 0
	for i := range s.Lines {
		if s.Lines[i].Counting {
			counting++
		}
		if s.Lines[i].claimed {
			claimed++
		}
	}
	for _, v := range s.Visits {
		if v.Left.IsZero() || v.Left > s.AsOf {
			working++
		}
	}
	for _, d := range []Doubt{{StillOpen, s.Open}, {StillLate, counting}, {StillAtWork, working}, {StillClaimed, claimed}} {
		if d.Count > 0 {
			s.doubt(d.Kind, d.Count)
		}
	}
}
