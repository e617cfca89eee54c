package gen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// domain is the board of one watched domain, made of its signals and rules.
func (m *maker) domain(d plantroom.Domain) Board {
	name := string(d.Name)
	vars := []Variable{m.building(name), m.assets(name)} // a panel repeated for a building without any would be empty
	b := m.board(name, "Plantroom: "+strings.ToLower(title(d)), "State, open orders and signals of "+strings.ToLower(title(d))+": what is wrong, since when, who is on it.", "30s", "now-24h", vars)
	b.Annotations = m.annotations(vars, name)
	here := selected("", name)
	g := m.page()
	g.row("Now")
	g.add(10, 5, byState("Assets by state", "How many assets are in which state now. Grey ones are not heard, and count as faults until somebody has looked.", here))
	g.add(14, 5, notWell(here))
	g.add(14, 9, openOrders(here, "No order is open"))
	g.add(10, 9, burndown(here))
	g.row("State")
	p := timeline("State of each asset: ${building:text}", here)
	p.Repeat, p.RepeatDirection, p.MaxPerRow = "building", "h", 2
	g.add(24, 10, p)
	g.fold("Figures of this time")
	g.add(12, 10, kpi(here))
	g.add(12, 10, episodes(here))
	g.guide(about(d))
	g.foldForEach("building", "Signals: ${building:text}")
	rest := []plantroom.Signal{}
	for _, s := range d.Signals {
		if by := rulesOf(d, s.Name); len(by) > 0 {
			g.add(12, 8, signal(d, s, judgedBy(by)))
		} else {
			rest = append(rest, s)
		}
	}
	for _, s := range rest {
		g.add(12, 8, signal(d, s, "No rule judges it: it is here to explain what the others show."))
	}
	g.add(12, 8, doubts(d))
	return m.finish(b, g)
}

// signal is the panel of one signal.
func signal(d plantroom.Domain, s plantroom.Signal, more string) Panel {
	doc := sentence(s.Doc) + " " + more + " "
	join := gap(d.Name)
	switch {
	case s.Kind == plantroom.StringKind:
		p := bars(heading(s), doc+"A bar for each device. The last state of each interval: a shorter one can be missed here, and is on the asset's board. "+ends(join),
			join.Milliseconds(), mappingsOf(s), series(d.Measurement, s))
		p.FieldConfig.Defaults.Links = []DataLink{seriesToAsset()}
		return p
	case s.Kind == plantroom.BoolKind:
		half := "Yes"
		if falseIsWorse(s) {
			half = "No"
		}
		p := bars(heading(s), doc+half+" where it was so at any moment of an interval. "+ends(join), join.Milliseconds(), mappingsOf(s), series(d.Measurement, s))
		p.FieldConfig.Defaults.Links = []DataLink{seriesToAsset()}
		return p
	}
	name := heading(s) + ", " + words[function(s.Name)]
	if totals[s.Name] {
		name = heading(s) + ", growth"
		doc += "Shown is how much it grows in each interval, for each device."
	} else {
		doc += "Of each interval the " + words[function(s.Name)] + " is shown. Readings more than " + hours(join.Hours()) + " apart are not joined."
	}
	p := lines(name, doc, UnitOf(s), join, series(d.Measurement, s))
	bounded(&p, s)
	p.FieldConfig.Defaults.Links = []DataLink{seriesToAsset()}
	return p
}

// bounded gives a chart the ends of its scale: of a share both, so that the eye
// can compare boards; of what begins at zero, zero. A voltage falls by tenths,
// which such a scale would flatten.
func bounded(p *Panel, s plantroom.Signal) {
	f := &p.FieldConfig.Defaults
	switch least, most := s.Min, s.Max; {
	case isPart(s) || s.Unit == "%":
		f.Min, f.Max = &least, &most
	case least == 0 && s.Unit != "V":
		f.Custom["axisSoftMin"] = 0
	}
}

func ends(join time.Duration) string {
	return "A bar ends " + hours(join.Hours()) + " after the last reading."
}

var words = map[string]string{"mean": "mean", "max": "greatest", "min": "least", "sum": "sum", "last": "last"}

func hours(h float64) string { return fmt.Sprintf("%g h", h) }

func sentence(doc string) string {
	return strings.ToUpper(doc[:1]) + strings.TrimSuffix(doc[1:], ".") + "."
}

// rulesOf are the rules that look at a signal.
func rulesOf(d plantroom.Domain, signal string) []plantroom.Rule {
	var by []plantroom.Rule
	for _, r := range d.Rules {
		if slices.Contains(r.Signals, signal) {
			by = append(by, r)
		}
	}
	return by
}

func judgedBy(rules []plantroom.Rule) string {
	var names []string
	for _, r := range rules {
		names = append(names, fmt.Sprintf("“%s” (%s)", r.Title.En, r.ID))
	}
	return "Judged by " + strings.Join(names, " and ") + ", which raises the order by itself: look above who has it."
}

// doubts counts the readings that came with a doubt.
func doubts(d plantroom.Domain) Panel {
	return lines("Doubtful readings", "Readings that the device itself doubts, that came late on purpose, or whose time was guessed, in each interval. Rules do not judge the first two. "+
		"Many of one asset: look at its sensor (blind zone, tilt, clock).", "none", gap(d.Name), doubtful(d.Measurement))
}

// about is what a domain's rules say, and how to begin with what they find.
func about(d plantroom.Domain) string {
	var t strings.Builder
	fmt.Fprintf(&t, "**%s.** What raises an order here:\n", title(d))
	for _, r := range d.Rules {
		fmt.Fprintf(&t, "\n- **%s** (`%s`): %s", r.Title.En, r.ID, r.Doc)
		if len(r.Steps) > 0 {
			fmt.Fprintf(&t, " First: %s.", strings.TrimSuffix(r.Steps[0].Title.En, "."))
		}
	}
	return t.String()
}
