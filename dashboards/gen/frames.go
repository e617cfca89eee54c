package gen

// Column is a column of a frame that a board relies on. Overrides and links go
// by its name, transformations by its heading: Grafana's own rule.
type Column struct{ Name, Heading string }

// frames lists, for each query type, the columns that boards rely on, as the
// data source gives them.
var frames = map[string][]Column{
	WorkOrders: {
		{"raised", "Raised"}, {"id", "Order"}, {"state", "State"}, {"severity", "Severity"}, {"title", "What"}, {"asset_name", "Asset"},
		{"clock", "Clock"}, {"clock_state", "Clock is"}, {"used", "Window used"}, {"due", "Due"}, {"eta", "Expected"}, {"contractor_name", "Contractor"},
		{"cause", "Cause"}, {"cause_id", "Cause id"}, {"breached", "Windows breached"}, {"reopens", "Reopened"}, {"acknowledged", "Acknowledged"}, {"attended", "Attended"},
		{"restored", "Restored"}, {"verified", "Verified"}, {"closed", "Closed"}, {"domain", "Domain"}, {"building", "Building"}, {"asset", "Asset id"},
		{"rule", "Rule"}, {"contractor", "Contractor id"},
	},
	Incidents: {
		{"time", "Began"}, {"timeEnd", "Ended"}, {"title", "What"}, {"text", "Detail"}, {"tags", "Tags"}, {"id", "Incident"}, {"severity", "Severity"}, {"state", "State"},
		{"duration_s", "Lasted"}, {"asset_name", "Asset"}, {"cause", "Cause"}, {"cause_id", "Cause id"}, {"domain", "Domain"}, {"building", "Building"}, {"asset", "Asset id"},
		{"rule", "Rule"}, {"order", "Order"},
	},
	AssetCurrent: {
		{"since", "Since"}, {"asset_name", "Asset"}, {"state", "State"}, {"text", "Why"}, {"order", "Order"}, {"kind", "Kind"}, {"floor", "Floor"},
		{"building_name", "Building"}, {"domain", "Domain"}, {"building", "Building id"}, {"asset", "Asset id"},
		{"assets", "Assets"}, // with the measure assets: a row for each state
	},
	AssetKPI: {
		{"asset_name", "Asset"}, {"domain", "Domain"}, {"building", "Building"}, {"asset", "Asset id"}, {"availability", "Available"}, {"known", "Known"},
		{"downtime_s", "Down"}, {"faults", "Faults"}, {"mtbf_s", "Between faults"}, {"mttr_s", "To repair"},
	},
	SLACompliance: {{"share", "Kept"}, {"promised", "Promised"}, {"met", "Met"}, {"breached", "Breached"}, {"open", "Open"}, {"void", "Void"}},
	ContractorLeague: {
		{"contractor", "Contractor id"}, {"contractor_name", "Contractor"}, {"breach_share", "Breached, share"}, {"orders", "Orders"}, {"promised", "Promised"},
		{"met", "Met"}, {"breached", "Breached"}, {"declined", "Declined"}, {"reopened", "Reopened"}, {"contradicted", "Contradicted by a sensor"},
	},
}

// Columns lists the columns of a query type that boards rely on.
func Columns(kind string) []Column { return frames[kind] }

// head is the heading of a column.
func head(kind, name string) string {
	for _, c := range frames[kind] {
		if c.Name == name {
			return c.Heading
		}
	}
	panic("gen: no column " + name + " of " + kind + " is listed in frames") // found by the first test that makes the boards
}

// filters lists what each query type can be narrowed by; the data source
// refuses others.
var filters = map[string][]string{
	WorkOrders:       {"building", "asset", "domain", "contractor", "severity", "rule", "state", "open"},
	Incidents:        {"building", "asset", "domain", "contractor", "severity", "rule"},
	SLACompliance:    {"by", "building", "asset", "domain", "contractor", "severity", "rule"},
	ContractorLeague: {"building", "asset", "domain", "contractor", "severity", "rule"},
	SLABurndown:      {"building", "asset", "domain", "contractor", "severity", "rule", "order", "clock"},
	AssetState:       {"building", "asset", "domain"},
	AssetCurrent:     {"building", "asset", "domain"},
	AssetKPI:         {"building", "asset", "domain"},
	DispatchEvents:   {"building", "asset", "domain", "contractor", "severity", "rule", "order"},
}

// measures lists the numbers that an alert can take of each query type.
var measures = map[string][]string{
	WorkOrders:     {"orders"},
	Incidents:      {"incidents"},
	DispatchEvents: {"events"},
	SLACompliance:  {"share", "breached", "met", "promised", "open", "void"},
	ContractorLeague: {"breach_share", "orders", "declined", "reopened", "contradicted", "promised", "met", "breached",
		"acknowledge_p50", "acknowledge_p90", "attend_p50", "attend_p90", "release_p50", "release_p90", "restore_p50", "restore_p90"},
	SLABurndown:  {"used"},
	AssetCurrent: {"assets", "level"},
	AssetKPI:     {"availability", "known", "downtime_s", "faults", "mtbf_s", "mttr_s"},
}

// groups are the words of by.
var groups = []string{"contractor", "clock", "domain", "building", "severity", "asset", "rule", "day", "month"}
