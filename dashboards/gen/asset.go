package gen

import (
	"fmt"

	"plantroom"
)

// asset is all that is known of one asset.
func (m *maker) asset() Board {
	vars := []Variable{m.building(), m.domains(), m.oneAsset()}
	b := m.board("asset", "Plantroom: asset", "All that is known of one asset: its state, its orders, and every reading as it came.", "30s", "now-24h", vars,
		m.plantroom("This asset in Plantroom", "Its page, with its orders and devices", "/assets/${asset}"))
	here := Query{Asset: []string{"$asset"}}
	g := m.page()
	g.row("Now")
	g.add(6, 5, figure("State now: ${asset:text}", "What Plantroom makes of all that was heard. Grey: not heard, so not known to be well.", "Unknown",
		Field{Mappings: stateMappings(), Colour: &Colour{Mode: "thresholds"}, Thresholds: steps(grey)}, "/^"+head(AssetCurrent, "state")+"$/", withType(here, AssetCurrent), nil))
	open := openOrders(here, "No order is open for this asset")
	open.Links = nil // what is chosen here says which asset, not whose orders
	g.add(18, 5, open)
	g.add(24, 5, timeline("State over time: ${asset:text}", here))
	g.row("This time")
	g.add(12, 8, episodes(here))
	g.add(12, 8, burndown(here))
	g.add(24, 5, kpi(here))
	raised := withType(here, WorkOrders)
	raised.Limit = 100
	g.add(24, 8, orders("Orders raised in this time", "Whether the same comes back. “Came back” counts repairs that did not last.", raised))
	for _, d := range m.Domains {
		g.fold("Every reading: " + title(d))
		for _, s := range d.Signals {
			g.add(12, 7, reading(d, s))
		}
		g.add(12, 7, rawQuality(d))
	}
	g.fold("Every reading: the devices themselves")
	for _, s := range m.Devices.Signals {
		g.add(12, 7, reading(m.Devices, s))
	}
	g.guide("**Asset.** Open the row of the asset's domain: the others have no readings of it. Each line or bar is one device, each point one reading as it came, doubtful ones included.")
	return m.finish(b, g)
}

// reading shows each reading of a signal.
func reading(d plantroom.Domain, s plantroom.Signal) Panel {
	doc := sentence(s.Doc) + " Each reading of each device as it came"
	join := gap(d.Name)
	if s.Kind == plantroom.FloatKind {
		p := lines(heading(s), fmt.Sprintf("%s. Readings more than %s apart are not joined. No readings: this asset has no device that tells it, or none was heard.", doc, hours(join.Hours())),
			UnitOf(s), join, every(d.Measurement, s))
		if !totals[s.Name] {
			bounded(&p, s)
		}
		return p
	}
	return bars(heading(s), fmt.Sprintf("%s; the bar ends %s after the last one. No readings: this asset has no device that tells it, or none was heard.", doc, hours(join.Hours())),
		join.Milliseconds(), mappingsOf(s), every(d.Measurement, s))
}

// rawQuality shows which readings came with a doubt.
func rawQuality(d plantroom.Domain) Panel {
	s := plantroom.Signal{Name: "quality", Kind: plantroom.StringKind, Values: []string{"estimated_time", "suspect", "historical", "simulated"}}
	mappings := []Mapping{{Type: "value", Options: map[string]Shown{
		"estimated_time": {Text: "estimated time", Colour: blue, Index: 0}, "suspect": {Text: "suspect", Colour: orange, Index: 1},
		"historical": {Text: "historical", Colour: blue, Index: 2}, "simulated": {Text: "simulated", Colour: yellow, Index: 3}}}, noData()}
	return bars("Doubts", "Readings that came with a doubt: the time was guessed, the device doubts the value, it was sent late on purpose, or it is not real. The last three open no order.",
		60_000, mappings, every(d.Measurement, s))
}
