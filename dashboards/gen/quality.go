package gen

import "plantroom"

// quality says what can be trusted: silence, gaps, batteries, radio, doubt.
func (m *maker) quality() Board {
	vars := []Variable{m.building(), m.assets()}
	b := m.board("quality", "Plantroom: data quality", "What can be trusted: what is silent, where readings are missing, which battery and which radio will fail next.", "30s", "now-2d", vars,
		m.plantroom("Quarantine", "What could not be used, with the reason", "/quarantine"))
	here := selected("")
	g := m.page()
	g.row("Silent now")
	g.add(10, 6, byState("Assets by state", "Grey ones are not known to be well. Many at once in one building: its gateway, its power, its network.", here))
	unknown := here
	unknown.QueryType = AssetCurrent
	g.add(14, 6, table("Not heard", "Assets of which nothing is known, the longest first. One alone: its battery or its antenna. All of one building: its gateway first.", "Every asset is heard", unknown,
		[]Transform{keepRows(AssetCurrent, "state", "unknown"), sortBy(AssetCurrent, "since", false),
			columns(AssetCurrent, []string{"asset_name", "text", "since", "building_name", "floor", "domain"}, "state", "kind", "order")},
		append(aside("asset", "building"), field("asset_name", toAsset()), field("since", inUnit("dateTimeFromNow")))...))
	silence := Query{Building: []string{"$building"}, Domain: []string{string(m.Devices.Name)}}
	g.add(14, 9, openOrders(silence, "No order about silence is open"))
	var rules []string
	for _, r := range m.Devices.Rules {
		rules = append(rules, string(r.ID))
	}
	g.add(10, 9, incidents("Silence of this time", "Every episode in which a device or a gateway was not heard. The same gateway each night: somebody switches its power off. While a gateway is silent its devices are not judged.",
		Query{Building: []string{"$building"}, Rule: rules}))
	g.row("Gaps")
	g.add(12, 9, lines("Readings that arrive", "How many readings came in each interval, by domain and building. Zero is a gap: nothing was stored. After an outage a spool is drained, and the gap fills itself.", "none", 0, arrivals(m.Domains)...))
	g.add(12, 9, kpi(here))
	g.row("Batteries and power")
	g.add(12, 10, latest("Batteries, the emptiest first", "The last word of each device in this time. Below 20 % change it with the next visit, below 10 % now. A device that is not in the list has said nothing: see above.",
		m.device("battery_pct"), false, steps(red, at(10, orange), at(20, yellow), at(40, green))))
	g.add(12, 10, m.deviceChart("battery_v", "Falls slowly in use and fast at the end. A step down is cold or a failing cell; a step up is a new one."))
	g.add(12, 8, m.deviceChart("external_power", "No: the device lives on its battery. Several of one building at once: its power is off."))
	g.add(12, 8, m.deviceChart("device_temp_c", "Beyond what its maker permits a battery ages fast."))
	g.row("Radio")
	g.add(12, 8, m.deviceChart("rssi_dbm", "Below about -115 dBm LoRaWAN frames begin to be lost. A step down: something was put in front of the antenna."))
	g.add(12, 8, m.deviceChart("snr_db", "Noise. A fall of all devices of one gateway is a disturber near it."))
	g.add(12, 8, m.deviceChart("uplinks_lost", "Frames that never came. Some are normal; a few in a hundred are not: move the antenna or add a gateway."))
	g.add(12, 8, m.deviceChart("link_quality", "Zigbee. Below about 50 a device drops out at times: put a router (a plug) between."))
	g.add(12, 8, m.deviceChart("downlink_snr_db", "What the device hears of the gateway. Far below what the gateway hears of it: the gateway's power or antenna."))
	g.row("Devices themselves")
	g.add(12, 9, m.deviceChart("online", "What a device or its bridge says of its being there. Grey: gone."))
	g.add(12, 9, m.deviceChart("tamper", "Somebody opened or moved it: go and look."))
	g.add(12, 8, m.deviceChart("bus_stuck", "The gateway's wires do not answer: power cycle the bus, then look for water in a box."))
	g.add(12, 8, m.deviceChart("counter_reset", "A meter's total began anew: check what hangs on it, bills above all."))
	var doubt []Target
	for _, d := range m.Domains {
		q := doubtful(d.Measurement)
		q.Alias = d.Measurement + " $tag_asset"
		doubt = append(doubt, q)
	}
	g.add(24, 8, lines("Doubtful readings", "Readings that the device itself doubts, that came late on purpose, or whose time was guessed. One asset alone: its sensor. All of a gateway: its clock.", "none", gap(""), doubt...))
	g.row("What was refused")
	log := Query{QueryType: DispatchEvents, Limit: 100}
	g.add(24, 8, events("Gateways and orders, from the ledger", "Newest first. What could not be used at all is in quarantine, on Plantroom's own page (head of this board): look there when a device is heard and its readings are missing here.", log))
	g.guide("**Data quality.** A board that shows nothing wrong is worth what its sensors are worth. Begin with what is silent, then what is about to be: batteries and radio. " +
		"How full the gateways' spools are is not in InfluxDB: each gateway tells it at its own /metrics.")
	return m.finish(b, g)
}

// device is a signal that any device may have.
func (m *maker) device(name string) plantroom.Signal {
	for _, s := range m.Devices.Signals {
		if s.Name == name {
			return s
		}
	}
	panic("gen: devices have no signal " + name) // found by the first test that makes the boards
}

func (m *maker) deviceChart(name, todo string) Panel {
	return signal(plantroom.Domain{Name: "leaks", Measurement: m.Devices.Measurement}, m.device(name), todo)
}

// arrivals counts a signal of each domain: the first that its first rule looks at.
func arrivals(domains []plantroom.Domain) []Target {
	var list []Target
	for _, d := range domains {
		name := d.Signals[0].Name
		for _, s := range d.Signals {
			if len(d.Rules) > 0 && len(d.Rules[0].Signals) > 0 && s.Name == d.Rules[0].Signals[0] {
				name = s.Name
			}
		}
		list = append(list, arriving(d.Measurement, name))
	}
	return list
}

// latest is a table of the last value of each device.
func latest(title, description string, s plantroom.Signal, descending bool, marks *Thresholds) Panel {
	p := table(title, description, "No device has said so in this time", newest(plantroom.DeviceMeasurement, s.Name),
		[]Transform{lastOfEach(), sorted("Last *", descending)},
		append(aside("Field"), // the word Value, once for each device
			field("device", called("Device")), field("asset", called("Asset")),
			field("Last *", append(judged(marks), called(heading(s)), inUnit(UnitOf(s)), cell("gauge"), Property{"min", 0}, Property{"max", 100})...))...)
	return p
}
