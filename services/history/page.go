package history

import (
	"cmp"
	"slices"

	"plantroom"
)

// OrderQuery asks for orders. Open: those that are open now, whenever they were
// raised; else those that were raised in [From, To).
type OrderQuery struct {
	Filter
	States   []plantroom.OrderState
	Open     bool
	From, To plantroom.Instant
	Before   plantroom.OrderID // only those with a lower number; "": all
	Limit    int
}

// OrderItem is an order in an answer.
type OrderItem struct {
	ID             plantroom.OrderID      `json:"id"`
	State          plantroom.OrderState   `json:"state"`
	Severity       plantroom.Severity     `json:"severity"`
	Domain         plantroom.DomainName   `json:"domain"`
	Building       plantroom.BuildingID   `json:"building"`
	Asset          plantroom.AssetID      `json:"asset"`
	AssetName      string                 `json:"asset_name"`
	Rule           plantroom.RuleID       `json:"rule"`
	Title          string                 `json:"title"` // the rule's
	Cause          string                 `json:"cause"`
	CauseText      string                 `json:"cause_text"`
	Contractor     plantroom.ContractorID `json:"contractor,omitempty"`
	ContractorName string                 `json:"contractor_name,omitempty"`
	Raised         plantroom.Instant      `json:"raised"`
	Acknowledged   plantroom.Instant      `json:"acknowledged,omitzero"`
	Attended       plantroom.Instant      `json:"attended,omitzero"`
	Restored       plantroom.Instant      `json:"restored,omitzero"`
	Verified       plantroom.Instant      `json:"verified,omitzero"`
	Closed         plantroom.Instant      `json:"closed,omitzero"`
	ETA            plantroom.Instant      `json:"eta,omitzero"`
	Clock          *ClockItem             `json:"clock,omitempty"` // the most pressing one, or the worst once none counts
	Breached       int                    `json:"breached"`        // clocks that are
	Reopens        int                    `json:"reopens"`
	Href           string                 `json:"href"`
}

// OrderPage returns a page of orders, highest number first, and whether there are more.
func (t *Table) OrderPage(b *Book, q *OrderQuery, now plantroom.Instant) (items []OrderItem, more bool) {
	s := t.selection(&q.Filter)
	states := t.states(q)
	before, ok := orderNumber(q.Before)
	if !ok {
		before = maxOrder
	}
	items = []OrderItem{}
	for k := len(t.orders) - 1; k >= 0; k-- {
		c := t.orders[k]
		if c == nil || uint32(k)*chunkRows >= before || !q.Open && (c.last < q.From || c.first >= q.To) {
			continue
		}
		for i := uint32(chunkRows) - 1; i < chunkRows; i-- {
			n := uint32(k)*chunkRows + i
			if !states[c.state[i]] || n >= before || !q.Open && (c.raised[i] < q.From || c.raised[i] >= q.To) || !s.order(c, i) {
				continue
			}
			if len(items) == q.Limit {
				return items, true
			}
			items = append(items, t.orderItem(b, n, c, i, now))
		}
	}
	return items, false
}

// states says which numbers of states a query asks for; never 0, which is no order.
func (t *Table) states(q *OrderQuery) (want [256]bool) {
	for i, s := range States {
		want[i+1] = (len(q.States) == 0 || slices.Contains(q.States, s)) && !(q.Open && s.Final())
	}
	return want
}

func (t *Table) orderItem(b *Book, n uint32, c *orderChunk, i uint32, now plantroom.Instant) OrderItem {
	id, asset, rule := orderID(n), t.assets.list[c.asset[i]], t.rules.list[c.rule[i]]
	o := OrderItem{ID: id, State: stateOf(c.state[i]), Severity: plantroom.Severity(c.severity[i]), Domain: t.domains.list[c.domain[i]],
		Building: t.buildings.list[c.building[i]], Asset: asset, AssetName: b.asset(asset), Rule: rule, Title: b.rule(rule),
		Cause: string(t.causes.list[c.cause[i]]), Contractor: t.contractors.list[c.holder[i]],
		Raised: c.raised[i], Acknowledged: c.acknowledged[i], Attended: c.attended[i], Restored: c.restored[i], Verified: c.verified[i], Closed: c.closed[i],
		ETA: c.eta[i], Clock: t.pressing(n, c, i, now), Breached: c.clocks[i].breached(), Reopens: int(c.reopens[i]), Href: orderHref(id)}
	o.CauseText = b.cause(o.Cause)
	if o.Contractor != "" {
		o.ContractorName = b.contractor(o.Contractor)
	}
	return o
}

func orderHref(id plantroom.OrderID) string { return "/orders/" + string(id) }

// OpenIn returns the orders that were open at some time of [from, to), the highest
// numbers first. Where there are more than most, those are left out whose windows
// press least at now: first those of orders of which none counts any more, the lowest
// numbers first.
func (t *Table) OpenIn(f *Filter, from, to, now plantroom.Instant, most int) []plantroom.OrderID {
	type one struct {
		n    uint32
		used float64 // of the window of which most is used; below 0: none counts
	}
	var list []one
	rest, s := 0, t.selection(f)
	for k := len(t.orders) - 1; k >= 0; k-- {
		c := t.orders[k]
		if c == nil || !c.within(from, to) || c.open == 0 && rest >= most {
			continue
		}
		for i := uint32(chunkRows) - 1; i < chunkRows; i-- {
			if c.state[i] == 0 || c.raised[i] >= to || stateOf(c.state[i]).Final() && c.ended(i) < from || !s.order(c, i) {
				continue
			}
			o := one{n: uint32(k)*chunkRows + i}
			_, o.used = t.most(o.n, now)
			if o.used < 0 {
				if rest++; rest > most {
					continue
				}
			}
			list = append(list, o)
		}
	}
	if len(list) > most {
		slices.SortStableFunc(list, func(a, b one) int { return cmp.Compare(b.used, a.used) })
		list = list[:most]
		slices.SortFunc(list, func(a, b one) int { return cmp.Compare(b.n, a.n) })
	}
	out := make([]plantroom.OrderID, len(list))
	for i := range list {
		out[i] = orderID(list[i].n)
	}
	return out
}

// IncidentItem is an incident in an answer. Detail is not among what a Table holds:
// it is for whoever reads the incident itself.
type IncidentItem struct {
	ID        plantroom.IncidentID    `json:"id"`
	Rule      plantroom.RuleID        `json:"rule"`
	Title     string                  `json:"title"` // the rule's
	Asset     plantroom.AssetID       `json:"asset"`
	AssetName string                  `json:"asset_name"`
	Building  plantroom.BuildingID    `json:"building"`
	Domain    plantroom.DomainName    `json:"domain"`
	Severity  plantroom.Severity      `json:"severity"`
	Cause     string                  `json:"cause"`
	CauseText string                  `json:"cause_text"`
	Detail    string                  `json:"detail"`
	Begin     plantroom.Instant       `json:"begin"`
	End       plantroom.Instant       `json:"end,omitzero"`
	State     plantroom.IncidentState `json:"state"`
	Order     plantroom.OrderID       `json:"order,omitempty"`
	Href      string                  `json:"href,omitempty"` // of the order's page
}

// IncidentPage returns the incidents that lasted at some time of [from, to), the
// last to begin first, at most limit of them, and whether there are more.
func (t *Table) IncidentPage(b *Book, f *Filter, from, to plantroom.Instant, limit int) (items []IncidentItem, more bool) {
	s := t.selection(f)
	type found struct {
		begin plantroom.Instant
		row   uint32
	}
	var have []found
	newest := func(x, y found) int {
		if x.begin != y.begin {
			return cmp.Compare(y.begin, x.begin)
		}
		return cmp.Compare(t.incidentID(x.row), t.incidentID(y.row))
	}
	var least plantroom.Instant // to begin among those that are certainly enough
	for _, k := range t.latest(from, to) {
		c := t.incidents[k]
		if len(have) > limit && c.begun < least {
			break
		}
		for i := range t.filled(k) {
			if len(have) > limit && c.begin[i] < least || !c.span(i).overlaps(from, to) || !s.incident(t, c, i) {
				continue
			}
			have = append(have, found{c.begin[i], uint32(k)*chunkRows + i})
			if len(have) >= 8*(limit+1) {
				slices.SortFunc(have, newest)
				have = have[:limit+1]
				least = have[limit].begin
			}
		}
		if len(have) > limit {
			slices.SortFunc(have, newest)
			have = have[:limit+1]
			least = have[limit].begin
		}
	}
	slices.SortFunc(have, newest)
	items = []IncidentItem{}
	for _, x := range have[:min(limit, len(have))] {
		items = append(items, t.incidentItem(b, x.row))
	}
	return items, len(have) > limit
}

// latest returns the chunks that may hold something of [from, to), that whose last
// incident began last first. How they lie depends on how they were read.
func (t *Table) latest(from, to plantroom.Instant) (chunks []int) {
	for k, c := range t.incidents {
		if c.within(from, to) {
			chunks = append(chunks, k)
		}
	}
	slices.SortFunc(chunks, func(x, y int) int { return cmp.Compare(t.incidents[y].begun, t.incidents[x].begun) })
	return chunks
}

// filled is how many rows of a chunk of incidents there are.
func (t *Table) filled(chunk int) uint32 {
	return uint32(min(chunkRows, t.episodes-chunk*chunkRows))
}

func (t *Table) incidentItem(b *Book, row uint32) IncidentItem {
	c, i := t.incidents[row/chunkRows], row%chunkRows
	asset, rule := t.assets.list[c.asset[i]], t.rules.list[c.rule[i]]
	in := IncidentItem{ID: t.incidentID(row), Rule: rule, Title: b.rule(rule), Asset: asset, AssetName: b.asset(asset), Building: t.buildings.list[c.building[i]],
		Domain: t.domains.list[c.domain[i]], Severity: plantroom.Severity(c.severity[i]), Cause: string(t.causes.list[c.cause[i]]),
		Begin: c.begin[i], End: c.end[i], State: incidentStates[c.state[i]]}
	in.CauseText = b.cause(in.Cause)
	if n := c.order[i]; n != 0 {
		in.Order = orderID(n)
		in.Href = orderHref(in.Order)
	}
	return in
}
