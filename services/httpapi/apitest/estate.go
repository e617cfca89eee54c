package apitest

import (
	"time"

	"plantroom"
)

// Estate makes a small estate: two blocks with lifts, a pump room, a bin and
// a fire lane, two firms under contract for the lifts and the office for the
// rest. Technicians are on duty around the clock.
func Estate() plantroom.Estate {
	e := plantroom.Estate{
		ID: "story", Name: plantroom.Text{En: "Story Court", Zh: "故事苑"}, Zone: "Asia/Shanghai", Profile: "cn-urban", Currency: "CNY",
		Buildings: []plantroom.Building{
			{ID: "b1", Name: plantroom.Text{En: "Block 1", Zh: "一号楼"}, Floors: 26},
			{ID: "b2", Name: plantroom.Text{En: "Block 2", Zh: "二号楼"}, Floors: 26},
		},
		Zones: []plantroom.Zone{
			{ID: "b1-plant", Building: "b1", Kind: "plant_room", Floor: -1, Name: plantroom.Text{En: "Plant room, block 1", Zh: "1号楼机房"}},
			{ID: "b2-plant", Building: "b2", Kind: "plant_room", Floor: -1, Name: plantroom.Text{En: "Plant room, block 2", Zh: "2号楼机房"}},
			{ID: "b2-waste", Building: "b2", Kind: "waste_point", Name: plantroom.Text{En: "Waste point, block 2", Zh: "2号楼垃圾点"}},
			{ID: "b1-12a", Building: "b1", Kind: "flat", Floor: 12, Name: plantroom.Text{En: "Flat 12a, block 1", Zh: "1号楼12a室"}},
			{ID: "kerb", Building: "b1", Kind: "frontage", Name: plantroom.Text{En: "North kerb", Zh: "北侧路沿"}},
		},
		Assets:      assets(),
		Gateways:    gateways(),
		People:      people(),
		Contractors: contractors(),
		Contracts:   contracts(),
		Ladders: []plantroom.Ladder{{ID: "day", Levels: []plantroom.Level{
			{After: minutes(3)}, {After: minutes(12), People: []plantroom.PersonID{"lin"}}}}},
	}
	for _, a := range e.Assets {
		gw := plantroom.GatewayID("gw-" + string(a.Building))
		e.Devices = append(e.Devices, plantroom.Device{ID: plantroom.DeviceID(string(a.ID) + "-box"), Asset: a.ID, Gateway: gw, Model: "lift-box", Interval: minutes(1)})
	}
	return e
}

func minutes(n int) plantroom.Duration { return plantroom.Duration(time.Duration(n) * time.Minute) }

func assets() []plantroom.Asset {
	return []plantroom.Asset{
		{ID: "b1-l1", Domain: "lifts", Kind: "passenger", Building: "b1", Name: plantroom.Text{En: "Lift 1, block 1", Zh: "1号楼1号梯"}},
		{ID: "b1-l2", Domain: "lifts", Kind: "firefighters", Building: "b1", Name: plantroom.Text{En: "Lift 2, block 1", Zh: "1号楼2号梯"}},
		{ID: "b2-l1", Domain: "lifts", Kind: "passenger", Building: "b2", Name: plantroom.Text{En: "Lift 1, block 2", Zh: "2号楼1号梯"}},
		{ID: "b2-l2", Domain: "lifts", Kind: "firefighters", Building: "b2", Name: plantroom.Text{En: "Lift 2, block 2", Zh: "2号楼2号梯"}},
		{ID: "b1-pumps", Domain: "leaks", Kind: "rope", Building: "b1", Zone: "b1-plant", Floor: -1, Name: plantroom.Text{En: "Pump room, block 1", Zh: "1号楼水泵房"}},
		{ID: "b2-bin-1", Domain: "waste", Kind: "rigid_1100", Building: "b2", Zone: "b2-waste", Name: plantroom.Text{En: "Bin 1, block 2", Zh: "2号楼1号桶"},
			Params: map[string]float64{"d_empty_m": 1.3, "d_full_m": 0.3, "blind_zone_m": 0.25}},
		{ID: "fire-n1", Domain: "bays", Kind: "fire_lane", Building: "b1", Zone: "kerb", Name: plantroom.Text{En: "Fire lane, north 1", Zh: "北消防通道1"},
			Params: map[string]float64{"grace_s": 180}},
	}
}

func gateways() []plantroom.Gateway {
	return []plantroom.Gateway{
		{ID: "gw-b1", Zone: "b1-plant", Name: plantroom.Text{En: "Gateway, block 1", Zh: "1号楼网关"}},
		{ID: "gw-b2", Zone: "b2-plant", Name: plantroom.Text{En: "Gateway, block 2", Zh: "2号楼网关"}},
		{ID: "gw-b3", Zone: "b2-plant", Name: plantroom.Text{En: "Gateway, gate house", Zh: "门岗网关"}},
	}
}

func people() []plantroom.Person {
	at := func(id string) []plantroom.Address { return []plantroom.Address{{Channel: "mqtt", To: id}} }
	return []plantroom.Person{
		{ID: "chen", Name: "Chen <Bo>", Role: "resident", Lang: "zh", Zone: "b1-12a", Needs: []string{"wheelchair"}},
		{ID: "lin", Name: "Lin Mei", Role: "manager", Lang: "zh", Channels: at("lin")},
		{ID: "li", Name: "Li Qiang", Role: "technician", Lang: "zh", Channels: at("li")},
		{ID: "wu", Name: "Wu Gang", Role: "technician", Lang: "zh", Channels: at("wu")},
		{ID: "keller", Name: "Anna Keller", Role: "technician", Lang: "en", Channels: at("keller")},
		{ID: "sun", Name: "Sun Jie", Role: "technician", Lang: "zh", Channels: at("sun")},
	}
}

func contractors() []plantroom.Contractor {
	firm := func(id, en, zh string, staff ...plantroom.PersonID) plantroom.Contractor {
		return plantroom.Contractor{ID: plantroom.ContractorID(id), Name: plantroom.Text{En: en, Zh: zh}, Technicians: staff,
			Roster:   []plantroom.Shift{{People: staff}},
			Channels: []plantroom.Address{{Channel: "webhook", To: "http://127.0.0.1:9/hooks/" + id}}}
	}
	return []plantroom.Contractor{
		firm("quicklift", "Quicklift Services", "快梯维保", "li", "wu"),
		firm("grandlift", "Grand Elevator Works", "巨力电梯", "keller"),
		firm("office", "Estate office", "物业服务中心", "sun"),
	}
}

func contracts() []plantroom.Contract {
	window := func(kind plantroom.ClockKind, n int, from plantroom.ClockStart, sev plantroom.Severity) plantroom.Window {
		return plantroom.Window{Clock: kind, Severity: sev, Length: minutes(n), From: from, Source: "contract, clause 4"}
	}
	return []plantroom.Contract{
		{ID: "quicklift-2026", Contractor: "quicklift", Domains: []plantroom.DomainName{"lifts"}, OnSite: true, Travel: minutes(5), Clean: 3, Reopen: minutes(240), Ladder: "day",
			Title: plantroom.Text{En: "Lifts, attended", Zh: "电梯驻场维保"}, Price: plantroom.Price{Yearly: 190_000_00, CallOut: 50_00, Hour: 90_00}, Reply: minutes(7 * 24 * 60), Cap: plantroom.PenaltyCap{Amount: 300_00},
			Penalties: []plantroom.Penalty{{Clock: plantroom.Attend, Severity: plantroom.Low, Amount: 150_00, Source: "clause 9.1"},
				{Clock: plantroom.Restore, Severity: plantroom.Low, Amount: 200_00, Per: minutes(30), PerAmount: 50_00, Most: 1000_00, Source: "clause 9.2"}},
			Exclusions: []plantroom.Exclusion{{Causes: []string{"power_loss"}, Source: "clause 9.9"}},
			Pauses: []plantroom.PauseTerm{{Code: "no_access", Title: plantroom.Text{En: "No access", Zh: "无法进入"}, Proof: true, Second: true, Longest: minutes(60)},
				{Code: "weather", Title: plantroom.Text{En: "Storm", Zh: "恶劣天气"}}},
			Windows: []plantroom.Window{window(plantroom.Acknowledge, 5, plantroom.FromDispatched, 0), window(plantroom.Attend, 15, plantroom.FromRaised, 0),
				window(plantroom.Release, 20, plantroom.FromRaised, plantroom.Life), window(plantroom.Restore, 30, plantroom.FromRaised, 0)}},
		{ID: "grandlift-2026", Contractor: "grandlift", Domains: []plantroom.DomainName{"lifts"}, Travel: minutes(120), Clean: 3, Reopen: minutes(240), Ladder: "day",
			Price:   plantroom.Price{CallOut: 80000},
			Windows: []plantroom.Window{window(plantroom.Acknowledge, 15, plantroom.FromDispatched, 0), window(plantroom.Attend, 120, plantroom.FromRaised, 0), window(plantroom.Restore, 1440, plantroom.FromRaised, 0)}},
		{ID: "house-2026", Contractor: "office", Domains: []plantroom.DomainName{"leaks", "waste", "bays", "devices"}, OnSite: true, Travel: minutes(5), Clean: 1, Reopen: minutes(120), Ladder: "day",
			Windows: []plantroom.Window{window(plantroom.Acknowledge, 10, plantroom.FromDispatched, 0), window(plantroom.Attend, 20, plantroom.FromRaised, plantroom.High),
				window(plantroom.Restore, 240, plantroom.FromRaised, plantroom.High), window(plantroom.Restore, 1440, plantroom.FromRaised, 0)}},
	}
}
