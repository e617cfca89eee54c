package web

import (
	"cmp"
	"slices"

	"plantroom"
)

// mostOffered bounds how many other orders a page offers to merge or relate with.
const mostOffered = 100

type (
	// tie is an order that belongs to the one shown.
	tie struct {
		ID      plantroom.OrderID
		How     string
		Related bool // it can be undone
	}
	// choice is one line of a list to choose from.
	choice struct{ Value, Label string }
)

// ties lists the orders that belong to an order, and how.
func (s words) ties(o *plantroom.WorkOrder) []tie {
	var out []tie
	list := func(how string, undone bool, ids ...plantroom.OrderID) {
		for _, id := range ids {
			if id != "" {
				out = append(out, tie{ID: id, How: how, Related: undone})
			}
		}
	}
	list(s.t("tie.into"), false, o.MergedInto)
	list(s.t("tie.part_of"), false, o.PartOf)
	list(s.t("tie.part"), false, o.Parts...)
	list(s.t("tie.merged"), false, o.Merged...)
	list(s.t("tie.related"), true, o.Related...)
	return out
}

// firmsFor lists the contractors that the office could give an order to: those
// whose contract covers it, but for the one that has it.
func (s words) firmsFor(e *plantroom.Estate, o *plantroom.WorkOrder, now plantroom.Instant) []choice {
	var out []choice
	about := plantroom.Asset{ID: o.Asset, Building: o.Building, Domain: o.Domain}
	for i := range e.Contracts {
		c := &e.Contracts[i]
		line := choice{string(c.Contractor), contractorName(e, c.Contractor, s.lang)}
		if c.Contractor != o.Contractor && c.Covers(about, now) && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

// assetsNear lists the assets of an order's building, its own first.
func (s words) assetsNear(e *plantroom.Estate, o *plantroom.WorkOrder) []choice {
	out := []choice{{"", s.t("action.asset_own")}}
	for _, a := range e.Assets {
		if a.Building == o.Building && a.ID != o.Asset && len(out) < mostOffered {
			out = append(out, choice{string(a.ID), cmp.Or(a.Name.In(s.lang), string(a.ID))})
		}
	}
	return out
}

// othersOpen lists the open orders beside the one shown, those of its building
// first.
func (p *Pages) othersOpen(s words, e *plantroom.Estate, o *plantroom.WorkOrder, open []plantroom.WorkOrder) []choice {
	var near, far []choice
	for i := range open {
		x := &open[i]
		line := choice{string(x.ID), string(x.ID) + " · " + s.placeOf(e, x.Asset).Asset + " · " + p.fault(s, x.Rule, x.Cause)}
		switch {
		case x.ID == o.ID:
		case x.Building == o.Building:
			near = append(near, line)
		default:
			far = append(far, line)
		}
	}
	return append(near, far...)
}
