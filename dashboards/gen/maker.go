package gen

import "plantroom"

// maker makes the boards of one flavour.
type maker struct {
	Options
	from    Sources
	flavour Flavour
}

// board begins a board with what all of them have.
func (m *maker) board(name, title, description string, refresh, from string, vars []Variable, more ...Link) Board {
	b := Board{
		UID:           UID(name),
		Title:         title,
		Description:   description,
		Tags:          []string{tag, name},
		SchemaVersion: schemaVersion,
		Editable:      true,
		Crosshair:     1,
		Refresh:       refresh,
		Time:          Span{From: from, To: "now"},
		Timezone:      "browser",
		Annotations:   m.annotations(vars),
		Links:         append(m.links(), more...),
	}
	b.Templating.List = append(vars, m.address())
	if m.flavour == Importable {
		b.Inputs = []Input{{Name: "DS_PLANTROOM", Label: "Plantroom", Description: "Plantroom's data source: orders, windows, incidents, states",
			Type: "datasource", PluginID: PlantroomPlugin, PluginName: "Plantroom"}}
		b.Requires = []Requirement{{Type: "grafana", ID: "grafana", Name: "Grafana", Version: pluginVersion},
			{Type: "datasource", ID: PlantroomPlugin, Name: "Plantroom", Version: ""}}
	}
	return b
}

// finish puts the panels on a board. An importable one that asks InfluxDB lets
// people choose which.
func (m *maker) finish(b Board, g *page) Board {
	b.Panels = g.done()
	if m.flavour != Importable {
		return b
	}
	for _, a := range Targets([]Board{b}) {
		if _, ok := a.Target.(InfluxQuery); ok {
			b.Templating.List = append(b.Templating.List, influxVariable())
			b.Requires = append(b.Requires, Requirement{Type: "datasource", ID: InfluxPlugin, Name: "InfluxDB", Version: ""})
			break
		}
	}
	return b
}

// UID is the uid of a board, by its short name: a domain's, or one of overview,
// dispatch, contractors, asset, quality.
func UID(name string) string { return "plantroom-" + name }

// page puts panels on a board, from left to right and down.
type page struct {
	from    Sources
	panels  []Panel
	id      int
	x, y, h int    // where the next one goes, and how high the present line is
	into    *Panel // a collapsed row that takes them
}

func (m *maker) page() *page { return &page{from: m.from} }

// row begins a row that is open.
func (g *page) row(title string) { g.begin(title, false) }

// fold begins a row that is collapsed: its panels ask nothing until it is opened.
func (g *page) fold(title string) { g.begin(title, true) }

// foldForEach begins a collapsed row that is there once for each value of a
// variable that is chosen: what would be hundreds of lines for an estate is asked
// of one building, by whoever opens its row. Rows of this kind come last.
func (g *page) foldForEach(variable, title string) {
	g.fold(title)
	g.into.Repeat = variable
}

func (g *page) begin(title string, collapsed bool) {
	g.newline()
	g.flush()
	g.id++
	r := Panel{ID: g.id, Type: "row", Title: title, Collapsed: &collapsed, GridPos: GridPos{H: 1, W: 24, Y: g.y}, Panels: []Panel{}}
	g.y++
	if collapsed {
		g.into = &r
		return
	}
	g.panels = append(g.panels, r)
}

func (g *page) flush() {
	if g.into != nil {
		g.panels = append(g.panels, *g.into)
		g.into = nil
	}
}

func (g *page) newline() {
	if g.x > 0 {
		g.x, g.y, g.h = 0, g.y+g.h, 0
	}
}

// add puts a panel of a width and height at the next place.
func (g *page) add(w, h int, p Panel) {
	if g.x+w > 24 {
		g.newline()
	}
	g.id++
	p.ID, p.GridPos = g.id, GridPos{H: h, W: w, X: g.x, Y: g.y}
	g.x, g.h = g.x+w, max(g.h, h)
	for i, t := range p.Targets {
		p.Targets[i] = t.at(string(rune('A'+i)), g.from)
		if i == 0 {
			p.DataSource = sourceOf(p.Targets[0])
		}
	}
	if p.Type != "text" {
		p.PluginVersion = pluginVersion
	}
	if g.into != nil {
		g.into.Panels = append(g.into.Panels, p)
		return
	}
	g.panels = append(g.panels, p)
}

func sourceOf(t Target) *Ref {
	switch q := t.(type) {
	case Query:
		return &q.DataSource
	case InfluxQuery:
		return &q.DataSource
	}
	return nil
}

// done returns the panels.
func (g *page) done() []Panel {
	g.newline()
	g.flush()
	return g.panels
}

// guide is the text for whoever sees a board for the first time. What comes after
// it is there once for each building.
func (g *page) guide(text string) {
	g.fold("How to read this board")
	g.add(24, 8, Panel{Type: "text", Title: "Legend", Description: "What the colours mean on every board, and what this one is for.",
		Options: map[string]any{"mode": "markdown", "content": text + "\n\n" + legendText}})
}

// title is a domain's name.
func title(d plantroom.Domain) string { return d.Title.En }
