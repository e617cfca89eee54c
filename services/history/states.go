package history

import (
	"math"
	"slices"
	"time"

	"plantroom"
)

// Chosen returns the assets of the estate that a filter selects by building, asset
// and domain, in the order of its file.
func (b *Book) Chosen(f *Filter) []plantroom.Asset {
	var out []plantroom.Asset
	for i := range b.list {
		a := &b.list[i]
		if (len(f.Assets) == 0 || slices.Contains(f.Assets, a.ID)) && (len(f.Buildings) == 0 || slices.Contains(f.Buildings, a.Building)) &&
			(len(f.Domains) == 0 || slices.Contains(f.Domains, a.Domain)) {
			out = append(out, *a)
		}
	}
	return out
}

// The bounds of answers about states.
const (
	MaxStates   = 200    // assets
	MaxSegments = 50_000 // of all of them together
)

// StatesItem is how an asset was over a time.
type StatesItem struct {
	Asset     plantroom.AssetID    `json:"asset"`
	AssetName string               `json:"asset_name"`
	Building  plantroom.BuildingID `json:"building"`
	Domain    plantroom.DomainName `json:"domain"`
	Segments  []Segment            `json:"segments"`
}

// States returns how assets were over [from, min(to, now)), without gaps; what had
// begun before is carried in. CodeInvalid: they are too many, or too much happened.
func (t *Table) States(b *Book, assets []plantroom.Asset, from, to, now plantroom.Instant) ([]StatesItem, error) {
	if len(assets) > MaxStates {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "these are %d assets, and states are told of %d at a time: choose a building, a domain or some assets", len(assets), MaxStates)
	}
	to = min(to, now)
	items, total := []StatesItem{}, 0
	for i, facts := range t.facts(b, assets, from, to) {
		a := &assets[i]
		item := StatesItem{Asset: a.ID, AssetName: b.asset(a.ID), Building: a.Building, Domain: a.Domain, Segments: segments(facts, t.known(b, a.ID), from, to)}
		if total += len(item.Segments); total > MaxSegments {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "these assets have changed their states more than %d times: ask for a shorter range or for fewer assets", MaxSegments)
		}
		for j := range item.Segments {
			t.tie(b, &item.Segments[j])
		}
		if item.Segments == nil {
			item.Segments = []Segment{}
		}
		items = append(items, item)
	}
	return items, nil
}

// tie writes down which order and incident a segment is about.
func (t *Table) tie(b *Book, s *Segment) {
	if s.by == nil {
		if s.State == Unknown {
			s.Text = neverHeard.In(b.lang)
		}
		return
	}
	if s.by.order != 0 {
		s.Order = orderID(s.by.order)
	}
	if s.by.incident != 0 {
		s.Incident = t.incidentID(s.by.incident - 1)
	}
}

// NowItem is how an asset is at this moment.
type NowItem struct {
	Asset        plantroom.AssetID    `json:"asset"`
	AssetName    string               `json:"asset_name"`
	Kind         string               `json:"kind"`
	Floor        int                  `json:"floor"`
	Building     plantroom.BuildingID `json:"building"`
	BuildingName string               `json:"building_name"`
	Domain       plantroom.DomainName `json:"domain"`
	State        State                `json:"state"`
	Text         string               `json:"text"`
	Since        plantroom.Instant    `json:"since,omitzero"` // absent where it was so before there was a record
	Order        plantroom.OrderID    `json:"order,omitempty"`
	Latitude     *float64             `json:"latitude,omitempty"` // of the building, degrees
	Longitude    *float64             `json:"longitude,omitempty"`
}

// looks are how far back Now looks for the beginning of a state, until it has found it.
var looks = []time.Duration{24 * time.Hour, 16 * 24 * time.Hour, 256 * 24 * time.Hour, record}

// Now returns how assets are. Their number does not matter much: what lasts now is
// mostly young.
func (t *Table) Now(b *Book, assets []plantroom.Asset, now plantroom.Instant) []NowItem {
	items, open := make([]NowItem, len(assets)), make([]int, len(assets))
	for i := range assets {
		a := &assets[i]
		items[i] = NowItem{Asset: a.ID, AssetName: b.asset(a.ID), Kind: a.Kind, Floor: a.Floor, Building: a.Building, BuildingName: b.building(a.Building), Domain: a.Domain}
		if at := b.position(a.Building); at != nil {
			items[i].Latitude, items[i].Longitude = &at.Latitude, &at.Longitude
		}
		open[i] = i
	}
	for _, look := range looks {
		rest := make([]plantroom.Asset, len(open))
		for k, i := range open {
			rest[k] = assets[i]
		}
		from, unknown := now.Add(-look), open[:0]
		for k, facts := range t.facts(b, rest, from, math.MaxInt64) {
			i := open[k]
			all := segments(begun(facts, now), t.known(b, rest[k].ID), from, now+1)
			if t.present(b, &items[i], all); items[i].Since <= from {
				items[i].Since = 0
				unknown = append(unknown, i)
			}
		}
		if open = unknown; len(open) == 0 {
			break
		}
	}
	return items
}

// begun leaves out what comes after now. What lasts has begun, whatever it says: where
// the clock was set back, an open episode must not be forgotten until its time has
// come once more.
func begun(facts []fact, now plantroom.Instant) []fact {
	facts = slices.DeleteFunc(facts, func(f fact) bool { return f.From > now && !f.To.IsZero() })
	for i := range facts {
		facts[i].From = min(facts[i].From, now)
	}
	return facts
}

// present fills in how an asset is at the end of its segments, and since when it
// has been so, whatever the reasons.
func (t *Table) present(b *Book, item *NowItem, all []Segment) {
	s := &all[len(all)-1]
	t.tie(b, s)
	item.State, item.Text, item.Order, item.Since = s.State, s.Text, s.Order, s.From
	for i := len(all) - 2; i >= 0 && all[i].State == s.State; i-- {
		item.Since = all[i].From
	}
}

// KPIItem is how an asset served over a time. It is down while its state is fault
// or degraded; planned works and unknown times are not held against it.
type KPIItem struct {
	Asset        plantroom.AssetID    `json:"asset"`
	AssetName    string               `json:"asset_name"`
	Building     plantroom.BuildingID `json:"building"`
	Domain       plantroom.DomainName `json:"domain"`
	Availability *float64             `json:"availability,omitempty"` // 0 to 1, of the time in which the state was known
	Known        float64              `json:"known"`                  // that time's share of the range
	Downtime     float64              `json:"downtime_s"`             // seconds
	Faults       int                  `json:"faults"`                 // times that it was down, one that was carried in included
	MTBF         *float64             `json:"mtbf_s,omitempty"`       // known seconds in which it was not down, for each fault
	MTTR         *float64             `json:"mttr_s,omitempty"`       // down seconds for each fault
}

// MaxKPIs is of how many assets figures are told at a time.
const MaxKPIs = 2000

// KPI returns figures of assets over [from, min(to, now)). CodeInvalid: they are too many.
func (t *Table) KPI(b *Book, assets []plantroom.Asset, from, to, now plantroom.Instant) ([]KPIItem, error) {
	if len(assets) > MaxKPIs {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "these are %d assets, and figures are told of %d at a time: choose a building, a domain or some assets", len(assets), MaxKPIs)
	}
	to = min(to, now)
	items := []KPIItem{}
	for i, facts := range t.facts(b, assets, from, to) {
		a := &assets[i]
		item := KPIItem{Asset: a.ID, AssetName: b.asset(a.ID), Building: a.Building, Domain: a.Domain}
		item.count(segments(facts, t.known(b, a.ID), from, to))
		items = append(items, item)
	}
	return items, nil
}

func (k *KPIItem) count(all []Segment) {
	var whole, known, down time.Duration
	was := false
	for i := range all {
		s := &all[i]
		d := s.To.Sub(s.From)
		whole += d
		is := s.State == Fault || s.State == Degraded
		if s.State != Unknown {
			known += d
		}
		if is {
			down += d
		}
		if is && !was {
			k.Faults++
		}
		was = is
	}
	k.Downtime = down.Seconds()
	if whole > 0 {
		k.Known = known.Seconds() / whole.Seconds()
	}
	if known > 0 {
		v := 1 - down.Seconds()/known.Seconds()
		k.Availability = &v
	}
	if k.Faults > 0 {
		between, repair := (known-down).Seconds()/float64(k.Faults), down.Seconds()/float64(k.Faults)
		k.MTBF, k.MTTR = &between, &repair
	}
}
