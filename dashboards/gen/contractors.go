package gen

// contractors compares those who promise.
func (m *maker) contractors() Board {
	vars := []Variable{m.building(), m.domains(), m.contractor()}
	b := m.board("contractors", "Plantroom: contractors", "Who keeps promises: answers, arrivals and repairs, and what was broken.", "30s", "now-30d", vars,
		m.plantroom("Statements", "Monthly statements with penalties", "/statements"))
	here := Query{Building: []string{"$building"}, Domain: []string{"$domain"}, Contractor: []string{"$contractor"}}
	as := func(kind string, by ...string) Query { q := here; q.QueryType, q.By = kind, by; return q }
	g := m.page()
	g.row("League")
	g.add(24, 8, table("Contractors",
		"Of the orders raised in this time. p50: half of them were quicker; p90: one in ten was slower, which is what people remember. Declined: they were asked and said no. Contradicted: “fixed”, and the sensor still saw the fault. Reopened: it came back. "+
			"Compare only those with enough orders.", "No order went to anybody in this time", as(ContractorLeague),
		[]Transform{sortBy(ContractorLeague, "breach_share", true), columns(ContractorLeague, []string{"contractor_name", "orders", "breach_share", "breached", "met", "promised"})},
		append(aside("contractor"),
			field("contractor_name", linked(to("dispatch", "Orders of ${__data.fields.contractor}", "&${building:queryparam}&${domain:queryparam}&var-contractor=${__data.fields.contractor}"))),
			field("breach_share", append(judged(breachSteps(), "Undecided"), cell("color-background"))...))...))
	g.row("Promises")
	g.add(12, 9, compliance("By contractor and promise", "Which promise of whom is broken: to answer, to be on site, to have it working.", as(SLACompliance, "contractor", "clock")))
	g.add(12, 9, compliance("By contractor and severity", "Whether grave ones are treated better than others, as they should be.", as(SLACompliance, "contractor", "severity")))
	g.add(12, 9, compliance("By month", "Whether it gets better. Months are those of the estate's zone; one that is not over has open promises.", as(SLACompliance, "month", "contractor")))
	g.add(12, 9, compliance("By asset", "Assets whose promises are broken most: often the asset is the cause, not the firm.", as(SLACompliance, "asset")))
	g.row("Orders")
	raised := as(WorkOrders)
	raised.Limit = 500
	g.add(24, 10, orders("Orders of this time", "The ground of the figures above, at most 500. Statements with money are on Plantroom's own pages.", raised))
	g.guide("**Contractors.** Figures of the record, not of opinions. Choose a contractor to see their orders. What is owed is on the statements, which follow the contract; shares here count every promise alike.")
	return m.finish(b, g)
}
