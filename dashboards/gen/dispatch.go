package gen

// dispatch is for whoever sits at the telephone: orders, windows, and what
// happens, as it happens.
func (m *maker) dispatch() Board {
	vars := []Variable{m.building(), m.domains(), m.contractor(), m.severity()}
	b := m.board("dispatch", "Plantroom: dispatch and SLA", "Who promised what, how much of each window is left, and what has just happened.", "10s", "now-6h", vars)
	here := Query{Building: []string{"$building"}, Domain: []string{"$domain"}, Contractor: []string{"$contractor"}, Severity: []string{"$severity"}}
	as := func(kind string) Query { q := here; q.QueryType = kind; return q }
	g := m.page()
	g.row("Now")
	work := openOrders(here, "No order is open")
	work.Links = nil // to this board
	g.add(24, 11, work)
	g.add(14, 10, burndown(here))
	live := as(DispatchEvents)
	live.Live, live.Limit = true, 100
	g.add(10, 10, events("As it happens", "Every step of orders, incidents and gateways, from the ledger, without a reload. When it stands still while the table moves, the connection is lost: reload the page.", live))
	g.row("Where orders stand")
	open := as(WorkOrders)
	open.Open, open.Limit = true, 1000
	var states []Override
	for _, s := range orderStates() {
		states = append(states, field(s.State, always(s.Colour), headed(s.Text)))
	}
	g.add(8, 8, figure("Open orders by state", "Declined, raised, reopened and dispatched ones have nobody yet: those are the ones to ring about.", "No order is open",
		Field{Colour: &Colour{Mode: "fixed", Fixed: plain[0]}}, "/.*/", open, append(countBy(WorkOrders, "state", "id"), arranged(inOrder(orderStates()))),
		states...))
	by := as(SLACompliance)
	by.By = []string{"clock"}
	g.add(8, 8, promises("Promises kept, by kind", "Of the orders raised in this time. The shortest bar is the promise to talk about.", by))
	worst := as(SLACompliance)
	worst.By = []string{"building", "clock"}
	g.add(8, 8, compliance("Promises by building", "Where promises are broken. One building alone: look for its access, its gateway, its contractor's way there.", worst))
	g.row("Raised in this time")
	raised := as(WorkOrders)
	raised.Limit = 200
	g.add(24, 10, orders("Orders raised in this time", "All of them, those that are over included, the newest first. The order's number leads to its page with timeline, calls and proofs.", raised))
	g.guide("**Dispatch.** The table is the list to work through from the top. Answer with Plantroom's own board: here nothing is changed.")
	return m.finish(b, g)
}
