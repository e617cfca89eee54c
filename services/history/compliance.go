package history

import (
	"cmp"
	"slices"
	"time"

	"plantroom"
)

// Key is what clocks can be counted by.
type Key string

// The keys. Days and months are those of the estate's zone in which the order was raised.
const (
	ByContractor Key = "contractor"
	ByClock      Key = "clock"
	ByDomain     Key = "domain"
	ByBuilding   Key = "building"
	BySeverity   Key = "severity"
	ByAsset      Key = "asset"
	ByRule       Key = "rule"
	ByDay        Key = "day"
	ByMonth      Key = "month"
)

// Keys lists them.
var Keys = []Key{ByContractor, ByClock, ByDomain, ByBuilding, BySeverity, ByAsset, ByRule, ByDay, ByMonth}

// MaxGroups is how many rows Compliance makes at most.
const MaxGroups = 10_000

// ComplianceQuery asks how the clocks of orders were kept that were raised in
// [From, To).
type ComplianceQuery struct {
	Filter
	Clocks   []plantroom.ClockKind // none: all
	By       []Key                 // each once; none: one row
	From, To plantroom.Instant
}

// ComplianceItem counts clocks. It has those keys that were asked for.
type ComplianceItem struct {
	Contractor     *plantroom.ContractorID `json:"contractor,omitempty"` // "": nobody has the order
	ContractorName string                  `json:"contractor_name,omitempty"`
	Clock          *plantroom.ClockKind    `json:"clock,omitempty"`
	Domain         *plantroom.DomainName   `json:"domain,omitempty"`
	Building       *plantroom.BuildingID   `json:"building,omitempty"`
	BuildingName   string                  `json:"building_name,omitempty"`
	Severity       *plantroom.Severity     `json:"severity,omitempty"`
	Asset          *plantroom.AssetID      `json:"asset,omitempty"`
	AssetName      string                  `json:"asset_name,omitempty"`
	Rule           *plantroom.RuleID       `json:"rule,omitempty"`
	Title          string                  `json:"title,omitempty"` // the rule's
	Day            string                  `json:"day,omitempty"`   // 2026-03-02
	Month          string                  `json:"month,omitempty"` // 2026-03

	Promised int      `json:"promised"`
	Met      int      `json:"met"`
	Breached int      `json:"breached"`
	Open     int      `json:"open"` // and not late
	Void     int      `json:"void"`
	Share    *float64 `json:"share,omitempty"` // met of those that are decided; absent where none is
}

// groupKey holds the numbers of the keys that are asked for, in their order.
type groupKey [9]uint32

// group counts the clocks of orders that share a key, by kind and number of state.
type group struct {
	key   groupKey
	count [kinds][8]int
}

// Compliance counts. Its rows stand in the order of their keys. CodeInvalid: there
// would be too many.
func (t *Table) Compliance(b *Book, q *ComplianceQuery) ([]ComplianceItem, error) {
	s, days := t.selection(&q.Filter), calendar{zone: b.zone}
	groups := map[groupKey]*group{}
	var last *group
	if !slices.ContainsFunc(q.By, func(k Key) bool { return k != ByClock }) {
		last = &group{}
		groups[last.key] = last // there is a row of everything, be it of nothing
	}
	over := false
	t.raised(&s, q.From, q.To, func(_ uint32, c *orderChunk, i uint32) {
		key := groupKey{}
		for at, by := range q.By {
			key[at] = c.key(by, i, &days)
		}
		if last == nil || last.key != key {
			if last = groups[key]; last == nil {
				last = &group{key: key}
				if over = over || len(groups) >= MaxGroups; !over {
					groups[key] = last
				}
			}
		}
		bits := c.clocks[i]
		for k := range kinds {
			last.count[k][bits>>(4*k)&7]++
		}
	})
	items := t.complianceItems(b, q, groups)
	if over || len(items) > MaxGroups {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the answer would have more than %d rows: ask for a shorter range, for less, or by fewer keys", MaxGroups)
	}
	return items, nil
}

// key is an order's number for a key; of a clock it is found out later.
func (c *orderChunk) key(by Key, i uint32, days *calendar) uint32 {
	switch by {
	case ByContractor:
		return c.holder[i]
	case ByDomain:
		return c.domain[i]
	case ByBuilding:
		return c.building[i]
	case BySeverity:
		return uint32(c.severity[i])
	case ByAsset:
		return c.asset[i]
	case ByRule:
		return c.rule[i]
	case ByDay:
		return days.day(c.raised[i])
	case ByMonth:
		return days.day(c.raised[i]) / 100
	}
	return 0
}

// calendar tells the days of instants that mostly follow each other.
type calendar struct {
	zone     *time.Location
	from, to plantroom.Instant
	number   uint32
}

// day is a day as a number, as in 20260302. What is kept of it ends where clocks are
// put forward or back: in some zones they are at midnight, which then comes twice or
// not at all.
func (d *calendar) day(at plantroom.Instant) uint32 {
	if at < d.from || at >= d.to {
		t := at.Time().In(d.zone)
		y, m, day := t.Date()
		d.number = uint32(y)*10000 + uint32(m)*100 + uint32(day)
		h, minute, s := t.Clock()
		d.from = at.Add(-time.Duration(h)*time.Hour - time.Duration(minute)*time.Minute - time.Duration(s)*time.Second - time.Duration(t.Nanosecond()))
		d.to = d.from.Add(24 * time.Hour)
		begun, ends := t.ZoneBounds()
		if !begun.IsZero() {
			d.from = max(d.from, plantroom.At(begun))
		}
		if !ends.IsZero() {
			d.to = min(d.to, plantroom.At(ends))
		}
	}
	return d.number
}

func (t *Table) complianceItems(b *Book, q *ComplianceQuery, groups map[groupKey]*group) []ComplianceItem {
	items := []ComplianceItem{}
	byClock := slices.Contains(q.By, ByClock)
	for _, g := range groups {
		item := ComplianceItem{}
		for at, by := range q.By {
			t.label(b, &item, by, g.key[at])
		}
		for k, kind := range Kinds {
			if len(q.Clocks) > 0 && !slices.Contains(q.Clocks, kind) {
				continue
			}
			item.add(&g.count[k])
			if byClock {
				if item.Clock = &kind; item.Promised > 0 {
					items = append(items, item.done())
				}
				item.Promised, item.Met, item.Breached, item.Open, item.Void = 0, 0, 0, 0, 0
			}
		}
		if !byClock && (item.Promised > 0 || len(q.By) == 0) {
			items = append(items, item.done())
		}
	}
	slices.SortFunc(items, func(x, y ComplianceItem) int {
		for _, by := range q.By {
			if c := compareBy(by, &x, &y); c != 0 {
				return c
			}
		}
		return 0
	})
	return items
}

func (c *ComplianceItem) add(states *[8]int) {
	for state, n := range states {
		switch clockStates[min(state, len(clockStates)-1)] {
		case "":
			continue
		case plantroom.ClockMet:
			c.Met += n
		case plantroom.ClockBreached:
			c.Breached += n
		case plantroom.ClockVoid:
			c.Void += n
		default:
			c.Open += n
		}
		c.Promised += n
	}
}

func (c ComplianceItem) done() ComplianceItem {
	c.Share = share(c.Met, c.Met+c.Breached)
	return c
}

// share is a part of a whole, nil where there is none.
func share(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	v := float64(part) / float64(whole)
	return &v
}

func (t *Table) label(b *Book, c *ComplianceItem, by Key, n uint32) {
	switch by {
	case ByContractor:
		id := t.contractors.list[n]
		if c.Contractor = &id; id != "" {
			c.ContractorName = b.contractor(id)
		}
	case ByDomain:
		c.Domain = &t.domains.list[n]
	case ByBuilding:
		c.Building, c.BuildingName = &t.buildings.list[n], b.building(t.buildings.list[n])
	case BySeverity:
		s := plantroom.Severity(n)
		c.Severity = &s
	case ByAsset:
		c.Asset, c.AssetName = &t.assets.list[n], b.asset(t.assets.list[n])
	case ByRule:
		c.Rule, c.Title = &t.rules.list[n], b.rule(t.rules.list[n])
	case ByDay:
		c.Day = time.Date(int(n/10000), time.Month(n/100%100), int(n%100), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	case ByMonth:
		c.Month = time.Date(int(n/100), time.Month(n%100), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
	}
}

func compareBy(by Key, x, y *ComplianceItem) int {
	switch by {
	case ByContractor:
		return cmp.Compare(*x.Contractor, *y.Contractor)
	case ByClock:
		return cmp.Compare(slices.Index(Kinds, *x.Clock), slices.Index(Kinds, *y.Clock))
	case ByDomain:
		return cmp.Compare(*x.Domain, *y.Domain)
	case ByBuilding:
		return cmp.Compare(*x.Building, *y.Building)
	case BySeverity:
		return cmp.Compare(*x.Severity, *y.Severity)
	case ByAsset:
		return cmp.Compare(*x.Asset, *y.Asset)
	case ByRule:
		return cmp.Compare(*x.Rule, *y.Rule)
	case ByDay:
		return cmp.Compare(x.Day, y.Day)
	}
	return cmp.Compare(x.Month, y.Month)
}
