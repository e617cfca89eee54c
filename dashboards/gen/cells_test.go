package gen_test

import (
	"slices"
	"testing"

	"plantroom/dashboards/gen"
)

// Grafana writes a table's words for "there are no rows" into every cell that holds
// nothing, unless the cells have words of their own: an order without a time of
// arrival would be "No order is open".
func TestAnEmptyCellOfATableSaysNothing(t *testing.T) {
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.Type != "table" {
				return
			}
			for _, o := range p.FieldConfig.Overrides {
				if o.Matcher.ID == "byRegexp" && o.Matcher.Options == "/.*/" && len(o.Properties) == 1 && o.Properties[0].ID == "noValue" && o.Properties[0].Value == "–" {
					return
				}
			}
			t.Errorf("%s: the cells of %q have no word of their own", b.UID, p.Title)
		})
	})
}

// People read names. An id is beside its name for links to use, and out of sight.
func TestATableHasNoIDBesideItsName(t *testing.T) {
	each(t, func(t *testing.T, b *gen.Board) {
		b.Each(func(p *gen.Panel) {
			if p.Type != "table" {
				return
			}
			hidden := map[string]bool{}
			for _, o := range p.FieldConfig.Overrides {
				for _, q := range o.Properties {
					hidden[o.Matcher.Options] = hidden[o.Matcher.Options] || q.ID == "custom.hideFrom"
				}
			}
			for _, target := range p.Targets {
				q, ours := target.(gen.Query)
				if !ours {
					continue
				}
				for _, by := range q.By {
					if slices.Contains([]string{"contractor", "asset", "building"}, by) && !hidden[by] {
						t.Errorf("%s: %q shows the column %s", b.UID, p.Title, by)
					}
				}
			}
		})
	})
}
