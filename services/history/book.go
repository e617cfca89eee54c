package history

import (
	"slices"
	"time"

	"plantroom"
	"plantroom/services/detect"
)

// Book is an estate as answers need it: its names, its zone, and what stands
// behind which gateway. It is made once for each estate and never changes.
type Book struct {
	lang string
	zone *time.Location

	list        []plantroom.Asset // in the order of the file
	assets      map[plantroom.AssetID]*plantroom.Asset
	gateways    map[plantroom.GatewayID]plantroom.BuildingID
	gatewayList []plantroom.GatewayID // in the order of the file
	buildings   map[plantroom.BuildingID]*plantroom.Building
	contractors map[plantroom.ContractorID]string
	domains     map[plantroom.DomainName]struct{}
	rules       map[plantroom.RuleID]string
	causes      map[string]string
	names       map[plantroom.AssetID]string // of assets, and of gateways, which incidents call assets

	behind map[plantroom.GatewayID][]plantroom.AssetID
	judged map[plantroom.AssetID]time.Duration // after which the silence of its devices is noticed; none: it never is
}

// NewBook makes a Book of an estate and everything that is watched, devices and
// gateways included.
func NewBook(e *plantroom.Estate, domains []plantroom.Domain) (*Book, error) {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "name what the history tells of", Message: "estate zone " + e.Zone,
			Hint: "use an IANA name, as in Asia/Shanghai", Err: err}
	}
	b := &Book{lang: e.Lang, zone: zone, list: e.Assets,
		assets: map[plantroom.AssetID]*plantroom.Asset{}, gateways: map[plantroom.GatewayID]plantroom.BuildingID{},
		buildings: map[plantroom.BuildingID]*plantroom.Building{}, contractors: map[plantroom.ContractorID]string{},
		domains: map[plantroom.DomainName]struct{}{}, rules: map[plantroom.RuleID]string{}, causes: map[string]string{}, names: map[plantroom.AssetID]string{},
		behind: map[plantroom.GatewayID][]plantroom.AssetID{}, judged: map[plantroom.AssetID]time.Duration{}}
	b.places(e)
	for i := range e.Contractors {
		b.contractors[e.Contractors[i].ID] = e.Contractors[i].Name.In(e.Lang)
	}
	for i := range domains {
		b.domains[domains[i].Name] = struct{}{}
		for j := range domains[i].Rules {
			b.rules[domains[i].Rules[j].ID] = domains[i].Rules[j].Title.In(e.Lang)
		}
		for slug, text := range domains[i].Causes {
			b.causes[slug] = text.In(e.Lang)
		}
	}
	for i := range e.Devices {
		b.device(&e.Devices[i])
	}
	return b, nil
}

func (b *Book) places(e *plantroom.Estate) {
	zones := map[plantroom.ZoneID]plantroom.BuildingID{}
	for i := range e.Zones {
		zones[e.Zones[i].ID] = e.Zones[i].Building
	}
	for i := range e.Buildings {
		b.buildings[e.Buildings[i].ID] = &e.Buildings[i]
	}
	for i := range e.Gateways {
		g := &e.Gateways[i]
		b.gateways[g.ID] = zones[g.Zone]
		b.gatewayList = append(b.gatewayList, g.ID)
		b.names[plantroom.AssetID(g.ID)] = g.Name.In(e.Lang)
	}
	for i := range e.Assets {
		b.assets[e.Assets[i].ID] = &e.Assets[i]
		b.names[e.Assets[i].ID] = e.Assets[i].Name.In(e.Lang)
	}
}

func (b *Book) device(d *plantroom.Device) {
	if list := b.behind[d.Gateway]; !slices.Contains(list, d.Asset) {
		b.behind[d.Gateway] = append(list, d.Asset)
	}
	if d.Interval > 0 {
		b.judged[d.Asset] = max(b.judged[d.Asset], detect.MissedIntervals*time.Duration(d.Interval), detect.MinAllowance)
	}
}

func named[K ~string](m map[K]string, id K) string {
	if name := m[id]; name != "" {
		return name
	}
	return string(id)
}

func (b *Book) asset(id plantroom.AssetID) string           { return named(b.names, id) }
func (b *Book) contractor(id plantroom.ContractorID) string { return named(b.contractors, id) }
func (b *Book) rule(id plantroom.RuleID) string             { return named(b.rules, id) }
func (b *Book) cause(slug string) string                    { return named(b.causes, slug) }
func (b *Book) knowsAsset(id plantroom.AssetID) bool        { _, ok := b.names[id]; return ok }
func (b *Book) position(id plantroom.BuildingID) *plantroom.Position {
	if x := b.buildings[id]; x != nil {
		return x.Position
	}
	return nil
}

func (b *Book) building(id plantroom.BuildingID) string {
	if x := b.buildings[id]; x != nil && x.Name.In(b.lang) != "" {
		return x.Name.In(b.lang)
	}
	return string(id)
}
