package gen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/dashboards/gen"
)

// transforms are the options of each transformation of a kind.
func transforms(p *gen.Panel, id string) (list []map[string]any) {
	for _, tr := range p.Transformations {
		if tr.ID == id {
			list = append(list, tr.Options.(map[string]any))
		}
	}
	return list
}

// properties are what a panel changes of a field.
func properties(p *gen.Panel, field string) map[string]any {
	list := map[string]any{}
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.Options != field {
			continue
		}
		for _, property := range o.Properties {
			list[property.ID] = property.Value
		}
	}
	return list
}

// outOfSight reports whether a column of a frame is not in a table.
func outOfSight(p *gen.Panel, c gen.Column) bool {
	if _, ok := properties(p, c.Name)["custom.hideFrom"]; ok {
		return true
	}
	return slices.ContainsFunc(transforms(p, "organize"), func(o map[string]any) bool { return o["excludeByName"].(map[string]bool)[c.Heading] })
}

func TestATableSaysNamesAndNoIDsThatHaveOne(t *testing.T) {
	tables := 0
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.Type != "table" {
				return
			}
			q, ok := p.Targets[0].(gen.Query)
			if !ok {
				return
			}
			tables++
			for _, c := range gen.Columns(q.QueryType) {
				if strings.HasSuffix(c.Heading, " id") && !outOfSight(p, c) {
					t.Errorf("%q shows the column %s", p.Title, c.Heading)
				}
			}
			for _, by := range q.By {
				if slices.Contains([]string{"contractor", "building", "asset", "rule"}, by) && !outOfSight(p, gen.Column{Name: by}) {
					t.Errorf("%q shows the id of each %s beside its name", p.Title, by)
				}
			}
		})
	})
	if tables < 40 {
		t.Errorf("only %d tables", tables)
	}
}

// A table begins with what is worst. Orders and incidents of a time come newest
// first from the server.
func TestATableBeginsWithWhatIsWorst(t *testing.T) {
	want := map[string]string{ // by the query and the board's matter: the column, and whether the greatest is worst
		"work_orders open": "Window used true", "asset_current": "Level true", "asset_current unknown": "Since false",
		"asset_kpi": "Down true", "asset_kpi known": "Known false", "contractor_league": "Breached, share true",
		"sla_compliance": "Breached true", "sla_compliance month": "Month true", "influx": "Last * false", "gateways": "Silent true",
	}
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.Type != "table" {
				return
			}
			key := "influx"
			if q, ok := p.Targets[0].(gen.Query); ok {
				key = q.QueryType
				switch {
				case q.Open:
					key += " open"
				case slices.Contains(q.By, "month"):
					key += " month"
				case strings.HasPrefix(p.Title, "Not heard"):
					key += " unknown"
				case strings.HasPrefix(p.Title, "Known"):
					key += " known"
				case q.QueryType == gen.WorkOrders || q.QueryType == gen.Incidents:
					return
				}
			}
			is := ""
			for _, o := range transforms(p, "sortBy") { // the last one decides
				by := o["sort"].([]map[string]any)[0]
				is = fmt.Sprint(by["field"], " ", by["desc"])
			}
			if is != want[key] {
				t.Errorf("%q (%s) is sorted by %q, want %q", p.Title, key, is, want[key])
			}
		})
	})
}

// Grafana says in an empty cell what the table says where it has no rows: beside an
// asset without an order would stand that every asset is known to be well.
func TestAnEmptyCellDoesNotSpeakForTheTable(t *testing.T) {
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.Type != "table" {
				return
			}
			first := p.FieldConfig.Overrides[0]
			if first.Matcher != (gen.Matcher{ID: "byRegexp", Options: "/.*/"}) || len(first.Properties) != 1 || first.Properties[0] != (gen.Property{ID: "noValue", Value: "–"}) {
				t.Errorf("%q says %q in its empty cells", p.Title, p.FieldConfig.Defaults.NoValue)
			}
		})
	})
}

// A value that is not there is below all marks for Grafana. It is grey and has a
// word: a firm of which nothing is decided has not kept its promises, nor broken one.
func TestWhatIsNotThereHasTheColourOfNoMark(t *testing.T) {
	judged := 0
	missing := func(list []gen.Mapping) bool {
		return slices.ContainsFunc(list, func(m gen.Mapping) bool {
			o, ok := m.Options.(map[string]any)
			return ok && o["match"] == "null+nan" && o["result"].(gen.Shown).Colour == "#8e8e8e" && o["result"].(gen.Shown).Text != ""
		})
	}
	coloured := func(marks *gen.Thresholds) bool {
		return marks != nil && slices.Contains([]string{"green", "yellow", "orange", "red"}, marks.Steps[0].Colour)
	}
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.FieldConfig == nil || p.Type == "timeseries" {
				return
			}
			if d := p.FieldConfig.Defaults; coloured(d.Thresholds) && len(transforms(p, "filterByValue")) == 0 {
				judged++
				if !missing(d.Mappings) {
					t.Errorf("%q is %s where there is no value", p.Title, d.Thresholds.Steps[0].Colour)
				}
			}
			for _, o := range p.FieldConfig.Overrides {
				has := properties(p, o.Matcher.Options)
				marks, _ := has["thresholds"].(*gen.Thresholds)
				mappings, _ := has["mappings"].([]gen.Mapping)
				if used := o.Matcher.Options == "used"; coloured(marks) || used { // the data source's marks of a window are green at first
					judged++
					if !missing(mappings) {
						t.Errorf("%q shows a missing %s in a colour", p.Title, o.Matcher.Options)
					}
				}
			}
		})
	})
	if judged < 40 {
		t.Errorf("only %d fields that are judged", judged)
	}
}

// The data source says words of the API; a board says words for people, for each
// that there is.
func TestTheWordsOfTheAPIAreSaidInWordsForPeople(t *testing.T) {
	states := []plantroom.OrderState{plantroom.Raised, plantroom.Dispatched, plantroom.Acknowledged, plantroom.Attended, plantroom.Restored, plantroom.Verified,
		plantroom.Closed, plantroom.Declined, plantroom.Cancelled, plantroom.Reopened, plantroom.Merged}
	clocks := []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore}
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.Type != "table" {
				return
			}
			q, ok := p.Targets[0].(gen.Query)
			if !ok {
				return
			}
			if q.QueryType == gen.WorkOrders {
				says(t, p, "state", states)
				says(t, p, "clock", clocks)
			}
			if slices.Contains(q.By, "clock") {
				says(t, p, "clock", clocks)
			}
		})
	})
}

func says[S ~string](t *testing.T, p *gen.Panel, field string, values []S) {
	t.Helper()
	mappings, ok := properties(p, field)["mappings"].([]gen.Mapping)
	if !ok {
		t.Errorf("%q has no words for its %s", p.Title, field)
		return
	}
	for _, v := range values {
		if mappings[0].Options.(map[string]gen.Shown)[string(v)].Text == "" {
			t.Errorf("%q has no word for the %s %s", p.Title, field, v)
		}
	}
}
