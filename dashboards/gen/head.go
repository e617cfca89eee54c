package gen

import "strings"

// tag is on every board; the list of boards in each one's head goes by it.
const tag = "plantroom"

// everything is the value of All. It is a regular expression, for InfluxQL;
// Plantroom's data source takes it for no filter.
const everything = ".*"

// variable makes a variable that Plantroom's data source fills.
func (m *maker) variable(name, label, description string, q VariableQuery) Variable {
	q.RefID = "variable-" + name
	from := m.from.Plantroom
	return Variable{
		Name: name, Label: label, Description: description, Type: "query", DataSource: &from, Query: q,
		Refresh: 1, Multi: true, IncludeAll: true, AllValue: everything,
		Current: &Current{Text: []string{"All"}, Value: []string{"$__all"}},
	}
}

// building offers the buildings that have an asset of the domains; of none
// named, all.
func (m *maker) building(domains ...string) Variable {
	return m.variable("building", "Building", "Whose assets are shown", VariableQuery{Variable: "buildings", Domain: domains})
}

func (m *maker) assets(domains ...string) Variable {
	return m.variable("asset", "Asset", "Of the chosen buildings", VariableQuery{Variable: "assets", Building: []string{"$building"}, Domain: domains})
}

// oneAsset is the same for a board about one asset.
func (m *maker) oneAsset() Variable {
	v := m.assets("$domain")
	v.Multi, v.IncludeAll, v.AllValue, v.Current = false, false, "", nil
	v.Description = "The one that this board is about"
	return v
}

func (m *maker) domains() Variable {
	var names []string
	for _, d := range m.Domains {
		names = append(names, title(d))
	}
	return m.variable("domain", "Domain", strings.Join(names, ", "), VariableQuery{Variable: "domains"})
}

func (m *maker) contractor() Variable {
	return m.variable("contractor", "Contractor", "Who has the order", VariableQuery{Variable: "contractors"})
}

func (m *maker) severity() Variable {
	return m.variable("severity", "Severity", "Life: somebody is in danger or trapped", VariableQuery{Variable: "severities"})
}

// address is where Plantroom's own pages are. In a provisioned board it is
// fixed; where somebody imports one it can be written in.
func (m *maker) address() Variable {
	v := Variable{Name: "plantroom_url", Type: "constant", Hide: 2, Query: m.Address, SkipURLSync: true}
	if m.flavour == Importable {
		v.Type, v.Hide, v.Label, v.Description = "textbox", 0, "Plantroom", "Where browsers find Plantroom's own pages"
		v.Current = &Current{Text: m.Address, Value: m.Address}
	}
	return v
}

func influxVariable() Variable {
	return Variable{Name: "influxdb", Label: "Telemetry", Description: "The InfluxDB that Plantroom writes to, asked in InfluxQL",
		Type: "datasource", Query: InfluxPlugin, Refresh: 1}
}

// annotations marks the incidents of what the variables choose, of some domains
// where a board is about them.
func (m *maker) annotations(vars []Variable, domains ...string) Annotations {
	q := Query{RefID: "incidents", DataSource: m.from.Plantroom, QueryType: Incidents, Domain: domains, Limit: 200}
	for _, v := range vars {
		switch chosen := []string{"$" + v.Name}; v.Name {
		case "building":
			q.Building = chosen
		case "asset":
			q.Asset = chosen
		case "domain":
			q.Domain = chosen
		case "contractor":
			q.Contractor = chosen
		case "severity":
			q.Severity = chosen
		}
	}
	return Annotations{List: []Annotation{
		{Name: "Incidents", DataSource: m.from.Plantroom, Enable: true, IconColour: red, Target: q},
	}}
}

// links are in the head of every board: to all boards, and to Plantroom itself.
func (m *maker) links() []Link {
	return []Link{
		{Title: "Boards", Type: "dashboards", Icon: "dashboard", Tooltip: "The other boards, with the same time and choices",
			Tags: []string{tag}, AsDropdown: true, IncludeVars: true, KeepTime: true},
		{Title: "Overview", Type: "link", Icon: "apps", Tooltip: "What is wrong on the estate now", URL: "/d/" + UID("overview"),
			Tags: []string{}, IncludeVars: true, KeepTime: true},
		m.plantroom("Operations board", "Plantroom's own board, where orders are handled", "/"),
	}
}

// plantroom links to one of Plantroom's own pages.
func (m *maker) plantroom(title, tooltip, path string) Link {
	return Link{Title: title, Type: "link", Icon: "external link", Tooltip: tooltip, URL: "${plantroom_url}" + path, Tags: []string{}, TargetBlank: true}
}

// to links to another board and keeps the time.
func to(name, title, more string) DataLink {
	return DataLink{Title: title, URL: "/d/" + UID(name) + "?${__url_time_range}" + more}
}

// onPanel is a link at the head of a panel, which has to be as long as one of a board.
func onPanel(l DataLink) Link {
	return Link{Title: l.Title, Type: "link", Icon: "dashboard", URL: l.URL, Tags: []string{}}
}

// toAsset links a row of a frame of ours to its asset's board and page. What
// the data source itself links to is given way to.
func toAsset() Property {
	return linked(
		to("asset", "Asset board of ${__data.fields.asset}", "&var-building=$__all&var-domain=$__all&var-asset=${__data.fields.asset}"),
		DataLink{Title: "Asset in Plantroom", URL: "${plantroom_url}/assets/${__data.fields.asset}", TargetBlank: true})
}

// seriesToAsset links a series or bar to its asset's board.
func seriesToAsset() DataLink {
	return to("asset", "Asset board of ${__field.labels.asset}", "&var-building=$__all&var-domain=$__all&var-asset=${__field.labels.asset}")
}
