package web

import (
	"slices"

	"plantroom"
	"plantroom/services/dispatch"
)

// pauseView is what a page says of the pauses of an order, and what it offers.
type pauseView struct {
	Terms    []term // reasons for which a pause can be asked for now
	Asked    string // a pause waits for a second person: its reason in words
	Lasts    string // a pause lasts: its reason in words
	Since    string
	Ends     string // by itself; "": it does not
	Who      string // has asked for it
	Reason   string
	Proof    string
	Continue bool

	Code, Shown, Why string // typed before, of a pause that was refused: reason, proof and words
}

// typed keeps what was typed into a form that was refused.
func (v *pauseView) typed(cmd dispatch.Command) {
	v.Code, v.Shown, v.Why = cmd.Code, cmd.Proof, cmd.Reason
}

// term is a reason in a contract.
type term struct {
	Code, Title string
	Proof       bool
}

// pauses looks at an order's pauses. A pause can be asked for while somebody is
// at work and a clock runs that the contract lets stand still.
func (s words) pauses(e *plantroom.Estate, o *plantroom.WorkOrder) pauseView {
	var terms []plantroom.PauseTerm
	if i := slices.IndexFunc(e.Contracts, func(c plantroom.Contract) bool { return c.ID == o.Contract }); i >= 0 {
		terms = e.Contracts[i].Pauses
	}
	title := func(code string) string {
		if i := slices.IndexFunc(terms, func(t plantroom.PauseTerm) bool { return t.Code == code }); i >= 0 {
			return terms[i].Title.In(s.lang)
		}
		return code
	}
	_, permitted := plantroom.Transitions[o.State][plantroom.DoPause]
	if p := o.Pause(); p != nil {
		v := pauseView{Who: s.who(e, p.By), Reason: p.Reason, Proof: p.Proof, Since: s.moment(p.Asked)}
		if p.Begun.IsZero() {
			v.Asked = title(p.Code)
			return v
		}
		v.Lasts, v.Since, v.Continue = title(p.Code), s.moment(p.Begun), permitted
		if !p.Ends.IsZero() {
			v.Ends = s.moment(p.Ends)
		}
		return v
	}
	if !permitted || o.Severity >= plantroom.Life {
		return pauseView{}
	}
	var v pauseView
	for _, t := range terms {
		if slices.ContainsFunc(o.Clocks, func(c plantroom.Clock) bool {
			return t.Pauses(c.Kind) && c.State == plantroom.ClockRunning && !c.ByLaw
		}) {
			v.Terms = append(v.Terms, term{Code: t.Code, Title: t.Title.In(s.lang), Proof: t.Proof})
		}
	}
	return v
}
