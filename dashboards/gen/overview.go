package gen

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
	for _, d := range m.Domains {
		q := here
		q.Domain = []string{string(d.Name)}
		g.add(12, 3, byState(title(d), "Assets of this domain by their state now. Anything but OK leads to the domain's board. Grey ones are not heard, and count as faults until somebody has looked.",
			q, to(string(d.Name), "Board: "+title(d), "&${building:queryparam}")))
	}
	open, broken, kept := here, here, here
	open.QueryType, open.Open, open.Measure = WorkOrders, true, "orders"
	broken.QueryType, broken.Measure = SLACompliance, "breached"
	kept.QueryType, kept.Measure = SLACompliance, "share"
	g.add(8, 3, figure("Open orders", "Orders that are not over, whenever they were raised. Many at once in one building: look for one cause, its power or its gateway.", "Unknown",
		Field{Colour: &Colour{Mode: "thresholds"}, Thresholds: steps(none)}, "", open, nil, field("orders", called("Open"))))
	g.add(8, 3, figure("Broken promises", "Of the orders raised in this time. Each one is in the table below with its contractor, and will be on a statement.", "Unknown",
		Field{Colour: &Colour{Mode: "thresholds"}, Thresholds: steps(none, at(1, red))}, "", broken, nil))
	g.add(8, 3, figure("Promises kept", "The part of the promises that were decided in this time. The contractors' board says who breaks them.", "None was decided",
		Field{Unit: "percentunit", Colour: &Colour{Mode: "thresholds"}, Thresholds: shareSteps()}, "", kept, nil))
	g.add(24, 10, openOrders(here, "No order is open"))
	g.add(12, 9, notWell(here))
	g.add(12, 9, burndown(here))
	g.row("This time")
	q := here
	q.By = []string{"clock"}
	g.add(8, 8, promises("Promises kept, by kind", "Of the orders raised in this time. A bar that is short says which promise is broken: to answer, to be on site, to free people, or to have it working.", q))
	g.add(16, 8, episodes(here))
	g.guide("**Estate.** Look from the top: a domain with red has a broken promise or a grave fault; the table says which order is the most pressing and who has it. " +
		"What is grey is not heard. Handle orders on Plantroom's own board; here nothing is changed.")
	return m.finish(b, g)
}
