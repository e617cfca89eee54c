package history

import (
	"strings"

	"plantroom"
)

// Filter says what an answer is about. What is left empty selects all.
type Filter struct {
	Buildings   []plantroom.BuildingID
	Assets      []plantroom.AssetID
	Domains     []plantroom.DomainName
	Contractors []plantroom.ContractorID // who has the order
	Severities  []plantroom.Severity
	Rules       []plantroom.RuleID
}

// Unknown names the ids of a filter that neither the estate nor the history knows,
// as in "asset b9-l9": they select nothing, and whoever asks should hear that.
func (t *Table) Unknown(b *Book, f *Filter) []string {
	out := []string{}
	unknown(&out, "building", f.Buildings, func(id plantroom.BuildingID) bool { return b.buildings[id] != nil || t.buildings.knows(id) })
	unknown(&out, "asset", f.Assets, func(id plantroom.AssetID) bool { return b.knowsAsset(id) || t.assets.knows(id) })
	unknown(&out, "domain", f.Domains, func(id plantroom.DomainName) bool { _, ok := b.domains[id]; return ok || t.domains.knows(id) })
	unknown(&out, "contractor", f.Contractors, func(id plantroom.ContractorID) bool { _, ok := b.contractors[id]; return ok || t.contractors.knows(id) })
	unknown(&out, "rule", f.Rules, func(id plantroom.RuleID) bool { return b.rules[id] != "" || t.rules.knows(id) })
	return out
}

// UnknownSubject names a subject of events that is none, as in "order wo-999999"; "":
// it is known.
func (t *Table) UnknownSubject(b *Book, id string) string {
	_, gateway := b.gateways[plantroom.GatewayID(id)]
	switch {
	case gateway || t.Knows(id):
		return ""
	case IsOrder(id):
		return "order " + id
	case strings.HasPrefix(id, incidentPrefix):
		return "incident " + id
	}
	return "order, incident or gateway " + id
}

// Knows reports whether there is an order or an incident of an id.
func (t *Table) Knows(id string) bool {
	if n, order := orderNumber(plantroom.OrderID(id)); order {
		return t.has(n)
	}
	key, _ := keyOf(plantroom.IncidentID(id))
	_, ok := t.rowOf[key]
	return ok
}

func unknown[T ~string](out *[]string, what string, ids []T, known func(T) bool) {
	for _, id := range ids {
		if !known(id) {
			*out = append(*out, what+" "+string(id))
		}
	}
}

// selection is a Filter in the numbers of a Table. A nil list selects all.
type selection struct {
	building, asset, domain, holder, rule, severity []bool
}

func (t *Table) selection(f *Filter) selection {
	s := selection{building: t.buildings.pick(f.Buildings), asset: t.assets.pick(f.Assets), domain: t.domains.pick(f.Domains),
		holder: t.contractors.pick(f.Contractors), rule: t.rules.pick(f.Rules)}
	if len(f.Severities) > 0 {
		s.severity = make([]bool, 256)
		for _, v := range f.Severities {
			s.severity[v] = true
		}
	}
	return s
}

// all reports whether nothing is left out.
func (s *selection) all() bool {
	return s.building == nil && s.asset == nil && s.domain == nil && s.holder == nil && s.rule == nil && s.severity == nil
}

func (s *selection) order(c *orderChunk, i uint32) bool {
	return picks(s.asset, c.asset[i]) && picks(s.building, c.building[i]) && picks(s.domain, c.domain[i]) &&
		picks(s.rule, c.rule[i]) && picks(s.holder, c.holder[i]) && picks(s.severity, uint32(c.severity[i]))
}

// incident reports whether an incident is selected. A contractor's are those whose
// order it has.
func (s *selection) incident(t *Table, c *incidentChunk, i uint32) bool {
	return picks(s.asset, c.asset[i]) && picks(s.building, c.building[i]) && picks(s.domain, c.domain[i]) &&
		picks(s.rule, c.rule[i]) && picks(s.severity, uint32(c.severity[i])) && (s.holder == nil || s.holder[t.holderOf(c.order[i])])
}

func (t *Table) holderOf(n uint32) uint32 {
	if c, i := t.chunk(n); c != nil {
		return c.holder[i]
	}
	return 0
}

// raised calls f for each order that was raised in [from, to) and is selected, in
// the order of their numbers.
func (t *Table) raised(s *selection, from, to plantroom.Instant, f func(n uint32, c *orderChunk, i uint32)) {
	for k, c := range t.orders {
		if c == nil || c.last < from || c.first >= to {
			continue
		}
		for i := range uint32(chunkRows) {
			if at := c.raised[i]; c.state[i] != 0 && from <= at && at < to && s.order(c, i) {
				f(uint32(k)*chunkRows+i, c, i)
			}
		}
	}
}
