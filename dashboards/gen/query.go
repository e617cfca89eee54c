package gen

// The data sources: their plugins, and the uids that dashboards/provisioning
// gives them.
const (
	PlantroomPlugin = "plantroom-facilities-datasource"
	PlantroomUID    = "plantroom"
	InfluxPlugin    = "influxdb"
	InfluxUID       = "plantroom-influx"
)

// The query types of the data source.
const (
	WorkOrders       = "work_orders"
	Incidents        = "incidents"
	SLACompliance    = "sla_compliance"
	ContractorLeague = "contractor_league"
	SLABurndown      = "sla_burndown"
	AssetState       = "asset_state"
	AssetCurrent     = "asset_current"
	AssetKPI         = "asset_kpi"
	Gateways         = "gateways"
	DispatchEvents   = "dispatch_events"
)

// QueryTypes lists them.
func QueryTypes() []string {
	return []string{WorkOrders, Incidents, SLACompliance, ContractorLeague, SLABurndown, AssetState, AssetCurrent, AssetKPI, Gateways, DispatchEvents}
}

// Target is a panel's query: a Query or an InfluxQuery.
type Target interface {
	at(refID string, from Sources) Target
}

// Query asks Plantroom's data source. A list that is empty does not filter.
type Query struct {
	RefID      string   `json:"refId"`
	DataSource Ref      `json:"datasource"`
	QueryType  string   `json:"queryType"`
	Building   []string `json:"building,omitempty"`
	Asset      []string `json:"asset,omitempty"`
	Domain     []string `json:"domain,omitempty"`
	Contractor []string `json:"contractor,omitempty"`
	Severity   []string `json:"severity,omitempty"`
	Rule       []string `json:"rule,omitempty"`
	Clock      []string `json:"clock,omitempty"`
	Order      []string `json:"order,omitempty"`
	State      []string `json:"state,omitempty"`
	Open       bool     `json:"open,omitempty"`
	By         []string `json:"by,omitempty"`
	Limit      int      `json:"limit,omitempty"`
	Live       bool     `json:"live,omitempty"`
	Measure    string   `json:"measure,omitempty"` // which number an alert looks at
}

func (q Query) at(refID string, from Sources) Target {
	q.RefID, q.DataSource = refID, from.Plantroom
	return q
}

// InfluxQuery asks InfluxDB in InfluxQL, in words that 1.8, 2.x and 3 know.
type InfluxQuery struct {
	RefID        string `json:"refId"`
	DataSource   Ref    `json:"datasource"`
	RawQuery     bool   `json:"rawQuery"`
	Query        string `json:"query"`
	ResultFormat string `json:"resultFormat"` // time_series
	Alias        string `json:"alias,omitempty"`
}

func (q InfluxQuery) at(refID string, from Sources) Target {
	q.RefID, q.DataSource, q.RawQuery, q.ResultFormat = refID, from.Influx, true, "time_series"
	return q
}

// VariableQuery asks Plantroom's data source for what a variable can be.
type VariableQuery struct {
	RefID    string   `json:"refId"`
	Variable string   `json:"variable"` // buildings, assets, contractors, domains, rules, severities, clocks
	Building []string `json:"building,omitempty"`
	Domain   []string `json:"domain,omitempty"`
}

// Sources are the data sources of a flavour.
type Sources struct {
	Plantroom, Influx Ref
}

// provisioned are those of dashboards/provisioning.
var provisioned = Sources{
	Plantroom: Ref{Type: PlantroomPlugin, UID: PlantroomUID},
	Influx:    Ref{Type: InfluxPlugin, UID: InfluxUID},
}

// importable are those that are asked for. Grafana fills in an input only for
// the data source that brings a bundled board, so that InfluxDB is a variable.
var importable = Sources{
	Plantroom: Ref{Type: PlantroomPlugin, UID: "${DS_PLANTROOM}"},
	Influx:    Ref{Type: InfluxPlugin, UID: "${influxdb}"},
}
