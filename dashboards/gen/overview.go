package gen

import "plantroom"

// overview is what hangs on the wall: what is wrong now, whose clock runs out,
// what cannot be trusted.
func (m *maker) overview() Board {
	const what = "What is wrong on the estate now, whose window runs out, and what cannot be trusted."
	vars := []Variable{m.building()}
	b := m.board("overview", "Plantroom: estate", what, "30s", "now-24h", vars,
		m.plantroom("Planned works", "Works that are announced or under way", "/works"))
	here := Query{Building: []string{"$building"}}
	g := m.page()
	g.row("Now")
	danger, open, kept := here, here, here
	danger.QueryType, danger.Open, danger.Severity, danger.Measure = WorkOrders, true, []string{plantroom.Life.String()}, "orders"
	open.QueryType, open.Open, open.Measure = WorkOrders, true, "orders"
	kept.QueryType, kept.Measure = SLACompliance, "share"
	counted := func(marks *Thresholds, more string) Field {
		return Field{Colour: &Colour{Mode: "thresholds"}, Thresholds: marks, Links: []DataLink{toDispatch(more)}}
	}
	g.add(6, 3, figure("Somebody is in danger", "Open orders of the severity life: somebody is trapped, or may come to harm. Ring now: the table below says whom.", "Unknown",
		counted(steps(none, at(1, darkRed)), "&var-severity="+plantroom.Life.String()), "", danger, nil))
	g.add(6, 3, brokenNow(here))
	g.add(6, 3, figure("Open orders", "Orders that are not over, whenever they were raised. Many at once in one building: look for one cause, its power or its gateway.", "Unknown",
		counted(steps(none), ""), "", open, nil))
	share := counted(shareSteps(), "")
	share.Mappings = []Mapping{absent("None was decided")} // it would be red
	share.Unit, share.Links = "percentunit", []DataLink{to("contractors", "Contractors, for these buildings", "&${building:queryparam}")}
	g.add(6, 3, figure("Promises kept in this time (%)", "The part of the promises of orders raised in this time that were decided and kept. The contractors' board says who breaks them.", "None was decided",
		share, "", kept, nil))
	for _, d := range m.Domains {
		q := here
		q.Domain = []string{string(d.Name)}
		g.add(12, 3, byState(title(d), "Assets of this domain by their state now, the worst at the left. Anything but OK leads to the domain's board. Grey ones are not heard, and count as faults until somebody has looked.",
			q, to(string(d.Name), "Board: "+title(d), "&${building:queryparam}")))
	}
	g.add(24, 10, openOrders(here, "No order is open"))
	g.add(12, 9, notWell(here))
	g.add(12, 9, burndown(here))
	g.row("This time")
	q := here
	q.By = []string{"clock"}
	g.add(8, 8, promises("Promises kept, by kind", "Of the orders raised in this time. A bar that is short says which promise is broken: to answer, to be on site, to free people, or to have it working.", q))
	g.add(16, 8, episodes(here))
	g.guide("**Estate.** Look from the top left: who is in danger, which promise is broken; then the domains: one with red has a broken promise or a grave fault; the table says which order is the most pressing and who has it. " +
		"What is grey is not heard. Handle orders on Plantroom's own board; here nothing is changed.")
	return m.finish(b, g)
}
