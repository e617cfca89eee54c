package dispatch

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/profiles"
	"plantroom/services/sla"
)

// book is the estate as decisions need it: immutable but for the name of its
// terms, indexed, checked.
type book struct {
	estate      plantroom.Estate
	file        plantroom.Hash // of the estate file's text; zero: not known
	terms       termsRef
	zone        *time.Location
	profile     plantroom.Profile
	links       LinkSigner
	publicURL   string
	assets      map[plantroom.AssetID]plantroom.Asset
	buildings   map[plantroom.BuildingID]plantroom.Building
	people      map[plantroom.PersonID]plantroom.Person
	contractors map[plantroom.ContractorID]plantroom.Contractor
	contracts   map[plantroom.ContractID]*plantroom.Contract
	ladders     map[plantroom.LadderID]plantroom.Ladder
	calendars   map[plantroom.CalendarID]*sla.Calendar
	rules       map[plantroom.RuleID]plantroom.Rule
	targets     map[plantroom.DomainName][]plantroom.Window
	causes      map[string]plantroom.Text // by slug
	proofTotal  int64                     // bytes of all files of proof
	playbooks   []plantroom.Playbook      // the first that speaks of a matter counts
	managers    []plantroom.Person
	gateways    map[plantroom.AssetID]map[plantroom.GatewayID]struct{} // behind which an asset's devices stand
}

func newBook(o Options) (*book, error) {
	const op = "open the dispatch desk"
	zone, err := time.LoadLocation(o.Estate.Zone)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "estate zone " + o.Estate.Zone, Hint: "use an IANA name, as in Asia/Shanghai", Err: err}
	}
	profile, err := profiles.Of(&o.Estate)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "estate profile", Err: err}
	}
	b := &book{
		estate: o.Estate, file: o.File, zone: zone, profile: profile, playbooks: slices.Concat(o.Estate.Playbooks, o.Playbooks),
		proofTotal: cmp.Or(o.ProofTotal, ProofTotal),
		links:      o.Links, publicURL: strings.TrimRight(o.PublicURL, "/"),
		assets:      index(o.Estate.Assets, func(a plantroom.Asset) plantroom.AssetID { return a.ID }),
		buildings:   index(o.Estate.Buildings, func(b plantroom.Building) plantroom.BuildingID { return b.ID }),
		people:      index(o.Estate.People, func(p plantroom.Person) plantroom.PersonID { return p.ID }),
		contractors: index(o.Estate.Contractors, func(c plantroom.Contractor) plantroom.ContractorID { return c.ID }),
		ladders:     index(o.Estate.Ladders, func(l plantroom.Ladder) plantroom.LadderID { return l.ID }),
		contracts:   make(map[plantroom.ContractID]*plantroom.Contract),
		rules:       make(map[plantroom.RuleID]plantroom.Rule),
		targets:     make(map[plantroom.DomainName][]plantroom.Window),
		causes:      make(map[string]plantroom.Text),
		gateways:    make(map[plantroom.AssetID]map[plantroom.GatewayID]struct{}),
	}
	b.calendars, err = sla.NewCalendars(o.Estate.Calendars, zone)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "estate calendar", Err: err}
	}
	for i := range o.Estate.Contracts {
		b.contracts[o.Estate.Contracts[i].ID] = &o.Estate.Contracts[i]
	}
	for _, d := range o.Domains {
		b.targets[d.Name] = d.Targets
		maps.Copy(b.causes, d.Causes)
		for _, r := range d.Rules {
			b.rules[r.ID] = r
		}
	}
	for _, d := range o.Estate.Devices {
		if b.gateways[d.Asset] == nil {
			b.gateways[d.Asset] = make(map[plantroom.GatewayID]struct{})
		}
		b.gateways[d.Asset][d.Gateway] = struct{}{}
	}
	for _, p := range o.Estate.People {
		if p.Role == "manager" && len(p.Channels) > 0 {
			b.managers = append(b.managers, p)
		}
	}
	if faults := b.faults(); len(faults) > 0 {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: strings.Join(faults, "; "), Hint: "correct the estate's file"}
	}
	return b, nil
}

func index[T any, K comparable](list []T, key func(T) K) map[K]T {
	m := make(map[K]T, len(list))
	for _, v := range list {
		m[key(v)] = v
	}
	return m
}

// faults lists every way in which somebody who has to be called could not be.
func (b *book) faults() []string {
	var out []string
	if len(b.managers) == 0 {
		out = append(out, "nobody with the role manager has an address: nobody would hear of a breach")
	}
	for _, c := range b.estate.Contracts {
		if firm, ok := b.contractors[c.Contractor]; !ok {
			out = append(out, "contract "+string(c.ID)+" names the unknown contractor "+string(c.Contractor))
		} else if len(firm.Channels) == 0 {
			out = append(out, "contractor "+string(c.Contractor)+" has no channel: no order could reach it")
		}
		for _, w := range c.Windows {
			if b.calendars[w.Calendar] == nil && w.Calendar != "" {
				out = append(out, "contract "+string(c.ID)+" names the unknown calendar "+string(w.Calendar))
			}
		}
		if b.calendars[c.Price.Outside] == nil && c.Price.Outside != "" {
			out = append(out, "the price of contract "+string(c.ID)+" names the unknown calendar "+string(c.Price.Outside))
		}
		if _, ok := b.ladders[c.Ladder]; !ok && c.Ladder != "" {
			out = append(out, "contract "+string(c.ID)+" names the unknown ladder "+string(c.Ladder))
		}
	}
	for _, l := range b.estate.Ladders {
		out = append(out, b.ladderFaults(l)...)
	}
	return out
}

func (b *book) ladderFaults(l plantroom.Ladder) []string {
	var out []string
	if !slices.IsSortedFunc(l.Levels, func(x, y plantroom.Level) int { return int(x.After - y.After) }) {
		out = append(out, "the levels of ladder "+string(l.ID)+" are not in the order of their times")
	}
	for _, level := range l.Levels {
		if _, ok := b.contractors[level.OnDuty]; !ok && level.OnDuty != "" {
			out = append(out, "ladder "+string(l.ID)+" names the unknown contractor "+string(level.OnDuty))
		}
		for _, id := range level.People {
			if p, ok := b.people[id]; !ok {
				out = append(out, "ladder "+string(l.ID)+" names the unknown person "+string(id))
			} else if len(p.Channels) == 0 {
				out = append(out, "ladder "+string(l.ID)+" calls "+string(id)+", who has no channel")
			}
		}
	}
	return out
}

// asset returns what an incident is about. The domain is the incident's: a
// silent lift sensor is a matter for whoever looks after devices. A gateway is
// no asset, and gets one made for it.
func (b *book) asset(in plantroom.Incident) plantroom.Asset {
	a, ok := b.assets[in.Asset]
	if !ok {
		a = plantroom.Asset{ID: in.Asset, Building: in.Building, Name: plantroom.Text{En: string(in.Asset)}}
	}
	a.Domain = in.Domain
	return a
}

// assetOf is what an order is about, in the order's domain. It is the incident's
// asset, but for a part that is about another one.
func (b *book) assetOf(o *plantroom.WorkOrder) plantroom.Asset {
	return b.asset(plantroom.Incident{Asset: o.Asset, Building: o.Building, Domain: o.Domain})
}

// covering returns the contracts in force for an asset, as listed in the estate.
func (b *book) covering(a plantroom.Asset, at plantroom.Instant) []*plantroom.Contract {
	var out []*plantroom.Contract
	for i := range b.estate.Contracts {
		if c := &b.estate.Contracts[i]; c.Covers(a, at) {
			out = append(out, c)
		}
	}
	return out
}

// clockKinds returns the clocks that a rule starts. A rule of no domain, as
// that on silent devices, starts those that any repair has.
func (b *book) clockKinds(id plantroom.RuleID) []plantroom.ClockKind {
	if r, ok := b.rules[id]; ok {
		return r.Clocks
	}
	return []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore}
}
