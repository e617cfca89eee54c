package gen_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/dashboards/gen"
)

// What follows holds the boards to what whoever watches them all day relies on.

// option finds a value in what a panel's options hold, by its path.
func option(t *testing.T, p *gen.Panel, path ...string) any {
	t.Helper()
	var v any = p.Options
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("%q has no option %v", p.Title, path)
		}
		v = m[key]
	}
	return v
}

// perEach are the tags by which a query gets a line for each thing that is
// watched.
var perEach = []string{`"asset"`, `"device"`}

// What has a line for each asset or device is asked of one building, and only
// where somebody opens its row; the board of an asset is about a single one.
// A bar chart of states shows its rows page by page.
func TestNoChartHasALineForEachAssetOfAnEstate(t *testing.T) {
	charts := 0
	each(t, func(t *testing.T, b *gen.Board) {
		check := func(p *gen.Panel, row *gen.Panel) {
			for _, target := range p.Targets {
				q, ok := target.(gen.InfluxQuery)
				if !ok || p.Type == "table" || b.UID == gen.UID("asset") {
					continue
				}
				_, by, _ := strings.Cut(q.Query, "GROUP BY")
				if !slices.ContainsFunc(perEach, func(tag string) bool { return strings.Contains(by, tag) }) {
					continue
				}
				charts++
				if row == nil || row.Repeat != "building" || !*row.Collapsed || !strings.Contains(row.Title, "${building:text}") {
					t.Errorf("%q has a line for each asset of the estate", p.Title)
				}
				if !strings.Contains(q.Query, "${building:regex}") {
					t.Errorf("%q is in the row of a building, and asks of all", p.Title)
				}
			}
			if p.Type == "state-timeline" && option(t, p, "perPage") == nil {
				t.Errorf("%q shows all its rows at once", p.Title)
			}
		}
		for i := range b.Panels {
			check(&b.Panels[i], nil)
			for j := range b.Panels[i].Panels {
				check(&b.Panels[i].Panels[j], &b.Panels[i])
			}
		}
	})
	if charts < 60 {
		t.Errorf("only %d charts", charts)
	}
}

// What a board asks each half minute while all its foldable rows are closed. A
// panel that is added to an open row is paid for by everybody who watches.
func TestABoardAsksLittleUntilARowIsOpened(t *testing.T) {
	each(t, func(t *testing.T, b *gen.Board) {
		queries := 0
		b.Each(func(p *gen.Panel) {
			if (p.Type == "timeseries" || p.Type == "state-timeline") && (p.MaxDataPoints == 0 || p.MaxDataPoints > 500 || p.Interval == "") {
				t.Errorf("%q asks for as many values as it is wide (%d, %q)", p.Title, p.MaxDataPoints, p.Interval)
			}
		})
		for i := range b.Panels {
			queries += len(b.Panels[i].Targets)
			if r := b.Panels[i].Repeat; r != "" && r != "building" {
				t.Errorf("%q is there once for each %s, and nobody knows how many there are", b.Panels[i].Title, r)
			}
		}
		if most := 9 + len(everybody().Domains); queries > most {
			t.Errorf("it asks %d queries at once, want at most %d", queries, most)
		}
	})
}

func TestAChartOfNumbersSaysItsUnitInItsTitleAndNoTwoInARowAreCalledAlike(t *testing.T) {
	written := map[string]string{"percent": "(%)", "percentunit": "(%)", "lengthm": "(m)", "masskg": "(kg)", "degree": "(°)", "celsius": "(°C)", "litre": "(L)", "litreh": "(L/h)",
		"amp": "(A)", "volt": "(V)", "kwatth": "(kWh)", "dB": "(dB)", "dBm": "(dBm)"}
	each(t, func(t *testing.T, b *gen.Board) {
		titles := map[string]string{}
		row := ""
		b.Each(func(p *gen.Panel) {
			if p.Type == "row" {
				row = p.Title
				return
			}
			if titles[p.Title] == row {
				t.Errorf("two panels of the row %q are called %q", row, p.Title)
			}
			titles[p.Title] = row
			if strings.Contains(p.Title, "_") {
				t.Errorf("%q is no title for people", p.Title)
			}
			if p.Type != "timeseries" {
				return
			}
			if _, ours := p.Targets[0].(gen.Query); ours {
				return
			}
			if unit := written[p.FieldConfig.Defaults.Unit]; unit != "" && !strings.Contains(p.Title, unit) {
				t.Errorf("%q does not say that it is in %s", p.Title, unit)
			}
		})
	})
}

// Incidents are marked of what a board shows, and of nothing else.
func TestTheIncidentsThatAreMarkedAreThoseOfTheBoard(t *testing.T) {
	domain := map[string]bool{}
	for _, d := range everybody().Domains {
		domain[gen.UID(string(d.Name))] = true
	}
	each(t, func(t *testing.T, b *gen.Board) {
		q := b.Annotations.List[0].Target
		if domain[b.UID] && !slices.Equal(q.Domain, []string{strings.TrimPrefix(b.UID, "plantroom-")}) {
			t.Errorf("it marks the incidents of %v", q.Domain)
		}
		by := map[string][]string{"building": q.Building, "asset": q.Asset, "domain": q.Domain, "contractor": q.Contractor, "severity": q.Severity}
		for _, v := range b.Templating.List {
			if list, ok := by[v.Name]; ok && !slices.Equal(list, []string{"$" + v.Name}) {
				t.Errorf("it marks incidents whatever %s is chosen: %v", v.Name, list)
			}
		}
	})
}

// Whoever goes from a board to another one by a panel keeps what was chosen.
func TestLinksFromBoardToBoardKeepTheChoices(t *testing.T) {
	has := map[string][]string{}
	for _, b := range gen.Boards(everybody(), gen.Provisioned) {
		for _, v := range b.Templating.List {
			has[b.UID] = append(has[b.UID], v.Name)
		}
	}
	each(t, func(t *testing.T, b *gen.Board) {
		for _, w := range strings_(t, b) {
			path, query, _ := strings.Cut(w.text, "?")
			to := strings.TrimPrefix(path, "/d/")
			if w.key != "url" || to == path || query == "" {
				continue
			}
			for _, name := range has[to] {
				if !slices.Contains(has[b.UID], name) || name == "plantroom_url" || name == "asset" && to != gen.UID("asset") {
					continue // an asset of one domain is none of another
				}
				if !strings.Contains(query, "${"+name+":queryparam}") && !strings.Contains(query, "var-"+name+"=") {
					t.Errorf("%s forgets which %s was chosen", w.text, name)
				}
			}
		}
	})
}

// The no of a truth whose no is bad is not hidden by a yes in the same interval.
func TestTheBadHalfOfATruthIsSeen(t *testing.T) {
	bad := map[string]string{"online": "min", "external_power": "min", "self_test_ok": "min", "tamper": "max", "bus_stuck": "max", "passenger_alarm": "max", "occupied": "max"}
	seen := map[string]bool{}
	for _, a := range gen.Targets(gen.Boards(everybody(), gen.Provisioned)) {
		q, ok := a.Target.(gen.InfluxQuery)
		if !ok || !strings.Contains(q.Query, "$__interval") {
			continue
		}
		for signal, of := range bad {
			if strings.Contains(q.Query, `("`+signal+`")`) && !strings.Contains(q.Query, "count(") {
				seen[signal] = true
				if !strings.Contains(q.Query, `SELECT `+of+`("`) {
					t.Errorf("%s, %s: %s", a.Board, a.Panel, q.Query)
				}
			}
		}
	}
	if len(seen) != len(bad) {
		t.Errorf("only %v are asked for", seen)
	}
}

// Of two devices in one asset, a dry one must not hide a wet one.
func TestStatesOfSeveralDevicesStandSideBySide(t *testing.T) {
	for _, d := range everybody().Domains {
		for _, s := range d.Signals {
			if s.Kind != plantroom.StringKind {
				continue
			}
			for _, a := range gen.Targets(gen.Boards(everybody(), gen.Provisioned)) {
				q, ok := a.Target.(gen.InfluxQuery)
				if ok && a.Board == gen.UID(string(d.Name)) && strings.Contains(q.Query, `last("`+s.Name+`")`) && !strings.Contains(q.Query, `"device" fill`) {
					t.Errorf("%s, %s: %s", a.Board, a.Panel, q.Query)
				}
			}
		}
	}
}

// What is worst stands first where states are counted, and the overview begins
// with people.
func TestTheWorstStandsTopLeft(t *testing.T) {
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			q, ok := gen.Target(nil), false
			if len(p.Targets) > 0 {
				q, ok = p.Targets[0], p.Type == "stat"
			}
			if mine, is := q.(gen.Query); !ok || !is || mine.Measure != "assets" {
				return
			}
			order := transforms(p, "organize")
			if want := map[string]int{"fault": 0, "degraded": 1, "warning": 2, "unknown": 3, "maintenance": 4, "ok": 5}; len(order) != 1 || !maps.Equal(order[0]["indexByName"].(map[string]int), want) {
				t.Errorf("%q has the states in the order %v, want %v", p.Title, order, want)
			}
		})
		if b.UID != gen.UID("overview") {
			return
		}
		first := b.Panels[1]
		if q := first.Targets[0].(gen.Query); !q.Open || !slices.Equal(q.Severity, []string{"life"}) {
			t.Errorf("it begins with %q", first.Title)
		}
	})
}

// A tile with one number has its title for a name; the field's would be said beside it.
func TestATileWithOneNumberSaysNoNameTwice(t *testing.T) {
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.Type != "stat" {
				return
			}
			want := "value"
			if len(p.FieldConfig.Overrides) > 0 {
				want = "value_and_name"
			}
			if is := option(t, p, "textMode"); is != want {
				t.Errorf("%q is shown as %v, want %s", p.Title, is, want)
			}
		})
	})
}
