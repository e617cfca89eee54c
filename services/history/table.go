package history

import (
	"plantroom"
	"plantroom/services/detect"
)

// Table holds a row for each order and each incident. Putting the same again
// changes nothing, and the order in which things are put does not matter: two Tables
// that were given the same newest state of everything answer alike. It may be
// asked by many at a time, but not while something is put into it.
type Table struct {
	assets      names[plantroom.AssetID]
	buildings   names[plantroom.BuildingID]
	domains     names[plantroom.DomainName]
	rules       names[plantroom.RuleID]
	causes      names[cause]
	contractors names[plantroom.ContractorID]

	orders   []*orderChunk // order number n is in row n%rows of chunk n/rows; nil: none of them
	count    int
	plain    map[uint32][]plainClock // the clocks that count, of orders where all of them are plain
	live     map[uint32]running      // the same of the others
	late     map[uint32]span         // how long the window to restore was overrun, where it was
	declined map[uint32][]uint32     // the contractors who have declined an order, in its present round

	incidents []*incidentChunk // the last one has room
	episodes  int
	rowOf     map[incidentKey]uint32
	odd       map[uint32]plantroom.IncidentID // ids that are not made by plantroom.NewIncidentID
	claims    map[incidentKey]uint32          // the orders of incidents that have not come yet

	works map[plantroom.WorksID]plantroom.Works
	first []plantroom.Instant // by asset: the first time that anything was known of it; 0: never
	began plantroom.Instant   // of the record; 0: not known

	followed int64 // row of the ledger; what is about a later one may not be here yet
}

// cause is a slug of a domain's vocabulary.
type cause string

// NewTable makes an empty Table.
func NewTable() *Table {
	return &Table{
		assets: newNames[plantroom.AssetID](), buildings: newNames[plantroom.BuildingID](), domains: newNames[plantroom.DomainName](),
		rules: newNames[plantroom.RuleID](), causes: newNames[cause](), contractors: newNames[plantroom.ContractorID](),
		plain: map[uint32][]plainClock{}, live: map[uint32]running{}, late: map[uint32]span{}, declined: map[uint32][]uint32{},
		rowOf: map[incidentKey]uint32{}, odd: map[uint32]plantroom.IncidentID{}, claims: map[incidentKey]uint32{},
		works: map[plantroom.WorksID]plantroom.Works{},
	}
}

// Orders is how many orders there are.
func (t *Table) Orders() int { return t.count }

// Incidents is how many incidents there are.
func (t *Table) Incidents() int { return t.episodes }

// Followed is the row of the ledger up to which the store was followed.
func (t *Table) Followed() int64 { return t.followed }

// PutWorks keeps planned works.
func (t *Table) PutWorks(w plantroom.Works) { t.works[w.ID] = w }

// Began says when the record begins. The earliest word counts.
func (t *Table) Began(at plantroom.Instant) {
	if !at.IsZero() && (t.began.IsZero() || at < t.began) {
		t.began = at
	}
}

// span is a time, to exclusive; a zero To: it lasts.
type span struct{ From, To plantroom.Instant }

// overlaps reports whether a time has a part in [from, to).
func (s span) overlaps(from, to plantroom.Instant) bool {
	return s.From < to && (s.To.IsZero() || s.To > from)
}

// silence reports whether a rule says that something is not heard, which is to
// know nothing rather than to know of a fault.
func silence(r plantroom.RuleID) bool {
	return r == detect.RuleDeviceSilent || r == detect.RuleGatewaySilent
}

// saw notes that something was known of an asset at an instant.
func (t *Table) saw(asset uint32, at plantroom.Instant, rule plantroom.RuleID) {
	if silence(rule) {
		return
	}
	for int(asset) >= len(t.first) {
		t.first = append(t.first, 0)
	}
	if f := &t.first[asset]; f.IsZero() || at < *f {
		*f = at
	}
}
