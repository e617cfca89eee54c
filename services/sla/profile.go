package sla

import (
	"slices"
	"strings"
	"time"

	"plantroom"
)

// Profile is what a jurisdiction demands, whatever a contract says. Every
// window's Source says where it is written and how sure that is.
type Profile struct {
	ID      string
	Title   plantroom.Text
	Windows []Demand
}

// Demand is a window with the matters that the law speaks of. It binds no
// other: a rule on lifts says nothing of a bin that burns. An empty list does
// not restrict.
type Demand struct {
	plantroom.Window
	Domains []plantroom.DomainName
	Rules   []plantroom.RuleID
	Kinds   []string // of assets
}

// Matter is what an order is about.
type Matter struct {
	Domain plantroom.DomainName
	Rule   plantroom.RuleID
	Kind   string // of the asset, "" where it is not known
}

// speaksOf reports whether a demand is made of a matter.
func (d *Demand) speaksOf(m Matter) bool {
	return (len(d.Domains) == 0 || slices.Contains(d.Domains, m.Domain)) &&
		(len(d.Rules) == 0 || slices.Contains(d.Rules, m.Rule)) &&
		(len(d.Kinds) == 0 || slices.Contains(d.Kinds, m.Kind))
}

// demands returns the windows of the profile that speak of a matter.
func (p *Profile) demands(m Matter) []plantroom.Window {
	var ws []plantroom.Window
	for i := range p.Windows {
		if p.Windows[i].speaksOf(m) {
			ws = append(ws, p.Windows[i].Window)
		}
	}
	return ws
}

// Plain is the profile of an estate that names none: no demands by law.
const Plain = "plain"

// Profiles returns the jurisdictions that are known, Plain first. The caller
// may change what it gets.
//
// Duties that no clock of an order times are left out: the answering time of
// the emergency telephone (Hangzhou draft: 30 s), telling the maintainer
// within 5 min (Shanghai Decree 76; the dispatch does it at once), reports to
// an authority (Hong Kong Cap. 618 s. 40), the alarm's self-test (EN 81-28).
func Profiles() []Profile {
	return []Profile{
		{
			ID:    Plain,
			Title: plantroom.Text{En: "No jurisdiction: contract and defaults only", Zh: "无法定时限：仅按合同与默认值"},
		},
		{
			ID:      "cn-urban",
			Title:   plantroom.Text{En: "China, municipalities and cities with districts", Zh: "中国：直辖市与设区的市"},
			Windows: trapped(30*time.Minute, plantroom.FromRaised, "national lift maintenance rule: on site within 30 min of the report of trapped passengers (second-hand, an older edition; TSG T5002-2017 not seen)"),
		},
		{
			ID:      "cn-other",
			Title:   plantroom.Text{En: "China, elsewhere", Zh: "中国：其他地区"},
			Windows: trapped(time.Hour, plantroom.FromRaised, "national lift maintenance rule: generally on site within 1 h of the report of trapped passengers (second-hand, an older edition; TSG T5002-2017 not seen)"),
		},
		{
			ID:      "cn-hangzhou-urban",
			Title:   plantroom.Text{En: "Hangzhou, urban districts", Zh: "杭州：城区"},
			Windows: trapped(15*time.Minute, plantroom.FromRaised, "Hangzhou lift safety rules, draft of 2024: on site within 15 min in urban districts (draft seen, final text not)"),
		},
		{
			ID:      "cn-hangzhou-other",
			Title:   plantroom.Text{En: "Hangzhou, elsewhere", Zh: "杭州：其他区域"},
			Windows: trapped(30*time.Minute, plantroom.FromRaised, "Hangzhou lift safety rules, draft of 2024: on site within 30 min outside urban districts (draft seen, final text not)"),
		},
		{
			ID:      "de-trbs3121",
			Title:   plantroom.Text{En: "Germany, TRBS 3121", Zh: "德国：TRBS 3121"},
			Windows: trapped(30*time.Minute, plantroom.FromOccurred, "TRBS 3121: help arrives within half an hour of the emergency call (seen as a quotation)"),
		},
		{
			ID:    "uk-high-rise",
			Title: plantroom.Text{En: "England, high-rise residential buildings", Zh: "英格兰：高层住宅"},
			Windows: []Demand{{
				Domains: []plantroom.DomainName{"lifts"}, Kinds: []string{"firefighters"},
				Window: plantroom.Window{Clock: plantroom.Restore, Severity: plantroom.High, Length: plantroom.Duration(24 * time.Hour), From: plantroom.FromOccurred,
					Source: "Fire Safety (England) Regulations 2022 reg. 7: a firefighters' lift not repaired in 24 h is reported to the fire service (read; that it means faults of high severity is our reading)"},
			}},
		},
		{
			ID:    "uk-social",
			Title: plantroom.Text{En: "England, social landlords", Zh: "英格兰：社会住房"},
			Windows: []Demand{{
				Domains: []plantroom.DomainName{"leaks"},
				Window: plantroom.Window{Clock: plantroom.Restore, Severity: plantroom.High, Length: plantroom.Duration(24 * time.Hour), From: plantroom.FromRaised,
					Source: "Awaab's Law, from 27 October 2025: emergency hazards are investigated and made safe within 24 h (read; which faults are emergency hazards is the landlord's judgement, applied here to serious leaks alone)"},
			}},
		},
	}
}

// trapped is the window of a rule on how soon somebody is with people trapped
// in a lift.
func trapped(length time.Duration, from plantroom.ClockStart, source string) []Demand {
	return []Demand{{
		Domains: []plantroom.DomainName{"lifts"}, Rules: []plantroom.RuleID{"lift.entrapment"},
		Window: plantroom.Window{Clock: plantroom.Attend, Severity: plantroom.Life, Length: plantroom.Duration(length), From: from, Source: source},
	}}
}

// ProfileByID returns a profile; "" is Plain. An unknown id is CodeNotFound
// and the error lists those there are.
func ProfileByID(id string) (Profile, error) {
	if id == "" {
		id = Plain
	}
	all := Profiles()
	if i := slices.IndexFunc(all, func(p Profile) bool { return p.ID == id }); i >= 0 {
		return all[i], nil
	}
	ids := make([]string, len(all))
	for i, p := range all {
		ids[i] = p.ID
	}
	return Profile{}, plantroom.Errorf(plantroom.CodeNotFound, "profile %q is not one of %s", id, strings.Join(ids, ", "))
}
