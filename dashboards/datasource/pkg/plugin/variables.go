package plugin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/legend"
	"plantroom/dashboards/datasource/pkg/query"
)

// choice is one value of a variable and what it is called.
type choice struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// kinds is what variables can be made from.
var kinds = []string{"buildings", "assets", "contractors", "domains", "rules", "severities", "clocks"}

// clocks are the promises that are timed, in the order in which they fall due.
var clocks = []choice{{"Acknowledge", "acknowledge"}, {"Attend", "attend"}, {"Release", "release"}, {"Restore", "restore"}}

// choices lists the values of a kind, narrowed by buildings and domains: an
// empty list, never null.
func (d *Datasource) choices(ctx context.Context, kind string, q query.Query) ([]choice, error) {
	list := []choice{}
	switch kind {
	case "severities":
		for _, m := range legend.Severities() {
			list = append(list, choice{m.Text, m.Value})
		}
	case "clocks":
		list = append(list, clocks...)
	case "buildings", "contractors":
		return d.places(ctx, kind, q)
	case "assets", "domains":
		return d.things(ctx, kind, q)
	case "rules":
		return d.rules(ctx, q)
	default:
		return nil, &api.Error{Status: 404, Text: fmt.Sprintf("there is no variable of %q: there are %s", clip(kind), strings.Join(kinds, ", "))}
	}
	return list, nil
}

// places are the estate's buildings and contractors. A domain narrows buildings
// to those that have an asset of it, and does not narrow contractors: who works
// on what is in contracts, which a viewer does not see.
func (d *Datasource) places(ctx context.Context, kind string, q query.Query) ([]choice, error) {
	e, err := d.desk.API.Estate(ctx)
	if err != nil {
		return nil, err
	}
	list := []choice{}
	if kind == "contractors" {
		for _, c := range e.Contractors {
			list = append(list, choice{title(c.Name, c.ID), c.ID})
		}
		return list, nil
	}
	has := map[string]bool{}
	if len(q.Domain) > 0 {
		assets, err := d.assets(ctx, query.Query{Domain: q.Domain})
		if err != nil {
			return nil, err
		}
		for _, a := range assets {
			has[a.Building] = true
		}
	}
	for _, b := range e.Buildings {
		if (len(q.Domain) == 0 || has[b.ID]) && (len(q.Building) == 0 || slices.Contains(q.Building, b.ID)) {
			list = append(list, choice{title(b.Name, b.ID), b.ID})
		}
	}
	return list, nil
}

// things are assets, and the domains that they belong to.
func (d *Datasource) things(ctx context.Context, kind string, q query.Query) ([]choice, error) {
	assets, err := d.assets(ctx, q)
	if err != nil {
		return nil, err
	}
	list, seen := []choice{}, map[string]bool{}
	for _, a := range assets {
		switch {
		case kind == "assets":
			list = append(list, choice{title(a.Name, a.ID), a.ID})
		case !seen[a.Domain]:
			seen[a.Domain] = true
			list = append(list, choice{word(a.Domain), a.Domain})
		}
	}
	if kind == "domains" {
		slices.SortFunc(list, func(x, y choice) int { return strings.Compare(x.Value, y.Value) })
	}
	return list, nil
}

// assets asks for those of a single building or domain; of several, it picks.
func (d *Datasource) assets(ctx context.Context, q query.Query) ([]api.Asset, error) {
	only := func(list []string) string {
		if len(list) == 1 {
			return list[0]
		}
		return ""
	}
	all, err := d.desk.API.Assets(ctx, only(q.Building), only(q.Domain))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a api.Asset) bool {
		return len(q.Building) > 0 && !slices.Contains(q.Building, a.Building) || len(q.Domain) > 0 && !slices.Contains(q.Domain, a.Domain)
	}), nil
}

// rules are those that have raised an order within a year: the server has no
// list of rules.
func (d *Datasource) rules(ctx context.Context, q query.Query) ([]choice, error) {
	now := time.Now().UTC().Truncate(time.Minute)
	page, err := d.desk.API.Compliance(ctx, api.Filter{From: now.AddDate(-1, 0, 0), To: now, Building: q.Building, Domain: q.Domain}, nil, []string{"rule"})
	if err != nil {
		return nil, err
	}
	list := []choice{}
	for _, c := range page.Items {
		if r := string(c.Key["rule"]); r != "" {
			list = append(list, choice{title(c.Key["title"], r), r})
		}
	}
	slices.SortFunc(list, func(x, y choice) int { return strings.Compare(x.Value, y.Value) })
	return list, nil
}

func title(name api.Text, id string) string {
	if name == "" {
		return id
	}
	return string(name)
}

func word(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
