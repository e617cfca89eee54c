package gen

// schemaVersion is the classic schema's last version; file provisioning of 13.x
// refuses the later one that is called v2.
const schemaVersion = 42

// pluginVersion is the oldest Grafana that the boards are for. With it panels
// are not taken for older ones that have to be migrated.
const pluginVersion = "12.3.0"

// Board is a dashboard. Names and meaning of all that follows are Grafana's.
type Board struct {
	Inputs        []Input       `json:"__inputs,omitempty"` // importable only
	Requires      []Requirement `json:"__requires,omitempty"`
	UID           string        `json:"uid"`
	Title         string        `json:"title"`
	Description   string        `json:"description"`
	Tags          []string      `json:"tags"`
	SchemaVersion int           `json:"schemaVersion"`
	Editable      bool          `json:"editable"`
	Crosshair     int           `json:"graphTooltip"` // 1: shared by all panels
	Refresh       string        `json:"refresh"`
	Time          Span          `json:"time"`
	Timezone      string        `json:"timezone"`
	Annotations   Annotations   `json:"annotations"`
	Templating    Templating    `json:"templating"`
	Links         []Link        `json:"links"`
	Panels        []Panel       `json:"panels"`
}

// Input is what is asked for when a board is imported.
type Input struct {
	Name        string `json:"name"`
	Label       string `json:"label"`
	Description string `json:"description"`
	Type        string `json:"type"`
	PluginID    string `json:"pluginId"`
	PluginName  string `json:"pluginName"`
}

// Requirement is what has to be there.
type Requirement struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Span is the range that a board opens with.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Ref names a data source.
type Ref struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Annotations and Templating are lists that Grafana wraps.
type (
	Annotations struct {
		List []Annotation `json:"list"`
	}
	Templating struct {
		List []Variable `json:"list"`
	}
)

// Annotation is a query whose results are drawn on all panels with a time axis.
type Annotation struct {
	Name       string `json:"name"`
	DataSource Ref    `json:"datasource"`
	Enable     bool   `json:"enable"`
	Hide       bool   `json:"hide"`
	IconColour string `json:"iconColor"`
	Target     Query  `json:"target"`
}

// Variable is a variable of a board.
type Variable struct {
	Name        string   `json:"name"`
	Label       string   `json:"label,omitempty"`
	Description string   `json:"description,omitempty"`
	Type        string   `json:"type"` // query, constant, textbox, datasource
	Hide        int      `json:"hide"` // 0: shown, 2: hidden
	DataSource  *Ref     `json:"datasource,omitempty"`
	Query       any      `json:"query"`             // a VariableQuery, or a text
	Refresh     int      `json:"refresh,omitempty"` // 1: with the board, 2: with the range
	Sort        int      `json:"sort,omitempty"`    // 0: as the data source gives them
	Multi       bool     `json:"multi,omitempty"`
	IncludeAll  bool     `json:"includeAll,omitempty"`
	AllValue    string   `json:"allValue,omitempty"`
	Current     *Current `json:"current,omitempty"`
	Regex       string   `json:"regex,omitempty"`
	SkipURLSync bool     `json:"skipUrlSync,omitempty"`
}

// Current is what a variable begins with.
type Current struct {
	Text  any `json:"text"`
	Value any `json:"value"`
}

// Link is a link in a board's head.
type Link struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"` // dashboards (by tags), link
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	URL         string   `json:"url"`
	Tags        []string `json:"tags"`
	AsDropdown  bool     `json:"asDropdown"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	TargetBlank bool     `json:"targetBlank"`
}

// Panel is a panel, or a row with the panels that it hides while it is
// collapsed.
type Panel struct {
	ID              int          `json:"id"`
	Type            string       `json:"type"`
	Title           string       `json:"title"`
	Description     string       `json:"description,omitempty"`
	GridPos         GridPos      `json:"gridPos"`
	PluginVersion   string       `json:"pluginVersion,omitempty"`
	DataSource      *Ref         `json:"datasource,omitempty"`
	Interval        string       `json:"interval,omitempty"`      // the least $__interval
	MaxDataPoints   int          `json:"maxDataPoints,omitempty"` // 0: as many as the panel is wide
	Targets         []Target     `json:"targets,omitempty"`
	Transformations []Transform  `json:"transformations,omitempty"`
	FieldConfig     *FieldConfig `json:"fieldConfig,omitempty"`
	Options         any          `json:"options,omitempty"`
	Links           []Link       `json:"links,omitempty"`
	Repeat          string       `json:"repeat,omitempty"`
	RepeatDirection string       `json:"repeatDirection,omitempty"`
	MaxPerRow       int          `json:"maxPerRow,omitempty"`
	Collapsed       *bool        `json:"collapsed,omitempty"` // rows only
	Panels          []Panel      `json:"panels,omitzero"`     // rows only, also of none
}

// GridPos is a place on a grid of 24 columns.
type GridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// Transform is a transformation of a panel's frames.
type Transform struct {
	ID      string `json:"id"`
	Options any    `json:"options"`
}

// FieldConfig says how a panel's fields are shown.
type FieldConfig struct {
	Defaults  Field      `json:"defaults"`
	Overrides []Override `json:"overrides"`
}

// Field is how a field is shown. Nil and empty leave it to the data source.
type Field struct {
	Unit       string         `json:"unit,omitempty"`
	Decimals   *int           `json:"decimals,omitempty"`
	Min        *float64       `json:"min,omitempty"`
	Max        *float64       `json:"max,omitempty"`
	NoValue    string         `json:"noValue,omitempty"`
	Colour     *Colour        `json:"color,omitempty"`
	Thresholds *Thresholds    `json:"thresholds,omitempty"`
	Mappings   []Mapping      `json:"mappings,omitempty"`
	Links      []DataLink     `json:"links,omitempty"`
	Custom     map[string]any `json:"custom,omitempty"`
}

// Colour is how a field gets its colour.
type Colour struct {
	Mode  string `json:"mode"` // thresholds, fixed, palette-classic
	Fixed string `json:"fixedColor,omitempty"`
}

// Thresholds part the values; the first step has no value.
type Thresholds struct {
	Mode  string `json:"mode"`
	Steps []Step `json:"steps"`
}

// Step is a colour from a value on.
type Step struct {
	Colour string   `json:"color"`
	Value  *float64 `json:"value"`
}

// Mapping gives values a text and a colour.
type Mapping struct {
	Type    string `json:"type"` // value: by the value; special: null
	Options any    `json:"options"`
}

// Shown is what a value is mapped to.
type Shown struct {
	Text   string `json:"text"`
	Colour string `json:"color,omitempty"`
	Index  int    `json:"index"`
}

// DataLink is a link on a field or a panel.
type DataLink struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	TargetBlank bool   `json:"targetBlank,omitempty"`
}

// Override changes how some fields are shown.
type Override struct {
	Matcher    Matcher    `json:"matcher"`
	Properties []Property `json:"properties"`
}

// Matcher chooses fields.
type Matcher struct {
	ID      string `json:"id"` // byName, byRegexp
	Options string `json:"options"`
}

// Property is one changed property, as in unit.
type Property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}
