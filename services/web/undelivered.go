package web

import (
	"slices"
	"strings"

	"plantroom"
)

// deadLine is a call that nobody took. It says in the visitor's language what the
// call was about; the call itself is in the receiver's.
type deadLine struct{ Path, Who, About string }

// maxDead bounds the calls shown; their number is among the figures.
const maxDead = 4

// deadLink leads to the newest call that nobody took.
func deadLink(dead []plantroom.Call) string {
	if len(dead) == 0 {
		return ""
	}
	return callPath(dead[0])
}

// about says of what a call was, and about which open order; one that is about
// something else is named by its id.
func (p *Pages) about(say words, e *plantroom.Estate, c plantroom.Call, open []plantroom.WorkOrder) string {
	what := string(c.Order)
	if i := slices.IndexFunc(open, func(o plantroom.WorkOrder) bool { return o.ID == c.Order }); i >= 0 {
		what += " · " + say.placeOf(e, open[i].Asset).Asset + " · " + p.fault(say, open[i].Rule, open[i].Cause)
	}
	return say.slug("call", c.Kind) + " · " + what
}

// leftOver is the one kind of call beginning with "works." that is about an order.
const leftOver = "works.left"

// callPath leads to a call on the page of what it is about: an order, planned works
// or a case.
func callPath(c plantroom.Call) string {
	if isCase(string(c.Order)) {
		return "/cases/" + string(c.Order) + "#calls"
	}
	if strings.HasPrefix(c.Kind, "works.") && c.Kind != leftOver {
		return worksPath(plantroom.WorksID(c.Order)) + "#calls"
	}
	return "/orders/" + string(c.Order) + "#calls"
}
