package plantroom

import "context"

// Store keeps what must not be lost: incidents, orders, clocks, ledger,
// outbox, and how far each gateway has been heard. Correctness rests on its
// unique keys and compare-and-set versions. services/store implements it; its
// suite services/store/storetest says what any implementation has to do.
type Store interface {
	// View runs f on a consistent snapshot; writing methods fail there.
	View(context.Context, func(Tx) error) error
	// Update runs f in one transaction and commits durably if f returns nil.
	// f may be run again after a conflict, so it must only touch the Tx.
	Update(context.Context, func(Tx) error) error
}

// Tx is what one transaction can read and write.
type Tx interface {
	ProgressStore
	DetectionStore
	IncidentStore
	OrderStore
	LedgerStore
	OutboxStore
	QuarantineStore
	ConfigurationStore
	WorksStore
	CaseStore
	ProofStore
}

// Progress is how far one gateway's spool has been heard.
type Progress struct {
	Gateway GatewayID
	Epoch   uint64
	Seen    uint64  // every record up to here has been judged, and the consequences committed
	Stored  uint64  // every record up to here is in InfluxDB or in quarantine; Stored ≤ Seen
	Heard   Instant // when the last batch came
	Latest  []byte  // newest source time per device and signal, in the detection engine's own format
}

// ProgressStore keeps one Progress per (gateway, epoch).
type ProgressStore interface {
	Progress(gw GatewayID, epoch uint64) (Progress, bool, error)
	AllProgress() ([]Progress, error)
	PutProgress(Progress) error
	// PutGap keeps a declared loss; the same (gateway, epoch, First) once.
	PutGap(gw GatewayID, epoch uint64, g Gap) error
	Gaps(gw GatewayID) ([]Gap, error)
}

// Detection is the durable state of one detector.
type Detection struct {
	Rule  RuleID
	Asset AssetID
	State []byte
}

// DetectionStore keeps one Detection per (rule, asset).
type DetectionStore interface {
	Detections() ([]Detection, error)
	PutDetections([]Detection) error
}

// IncidentStore keeps incidents. At most one that is not closed exists per
// (rule, asset), and one per (rule, asset, episode) ever: a second one is
// refused with CodeConflict.
type IncidentStore interface {
	Incident(IncidentID) (Incident, error) // CodeNotFound
	OpenIncidents() ([]Incident, error)
	Incidents(IncidentFilter) ([]Incident, error)
	InsertIncident(Incident) error
	UpdateIncident(Incident) error
}

// IncidentFilter selects incidents, newest episode first. Zero fields select all.
type IncidentFilter struct {
	Asset    AssetID
	Domain   DomainName
	From, To Instant // of Episode, To exclusive
	Limit    int     // 0: 1,000
}

// OrderStore keeps work orders. One order exists per incident: a second one
// is refused with CodeConflict, whichever column collides. An order with PartOf
// does not count: its incident is that of the order that it was split off, which
// OrderOf returns.
type OrderStore interface {
	NextOrderID() (OrderID, error) // wo-000001, wo-000002 …
	Order(OrderID) (WorkOrder, error)
	OrderOf(IncidentID) (WorkOrder, error) // by its present or any earlier incident
	Orders(OrderFilter) ([]WorkOrder, error)
	// Jobs returns the newest of the orders that keep a technician of a contractor
	// on other assets than one, at most so many.
	Jobs(c ContractorID, elsewhere AssetID, most int) ([]Job, error)
	// Stranded returns the orders that wait for somebody to take them or to
	// answer (raised, dispatched, declined, reopened), and that nobody has, or a
	// contractor that is not one of these.
	Stranded(contractors []ContractorID, limit int) ([]WorkOrder, error)
	// DueOrders returns orders with Due ≤ now, earliest first.
	DueOrders(now Instant, limit int) ([]WorkOrder, error)
	InsertOrder(WorkOrder) error // with Version 1
	// UpdateOrder writes o over the version before o.Version and fails with
	// CodeConflict when that is not what the store holds.
	UpdateOrder(o WorkOrder) error
}

// OrderFilter selects orders, newest first. Zero fields select all.
type OrderFilter struct {
	Open       bool // only states that are not final
	Asset      AssetID
	Domain     DomainName
	Building   BuildingID
	Contractor ContractorID
	Rule       RuleID
	States     []OrderState
	From, To   Instant // of Raised, To exclusive
	Before     OrderID // paging: only orders with a lower number
	Limit      int     // 0: 1,000
}

// WorksStore keeps planned works. There are few at a time.
type WorksStore interface {
	Works(WorksID) (Works, error)        // CodeNotFound
	OpenWorks() ([]Works, error)         // neither done nor cancelled, the first first
	AllWorks(limit int) ([]Works, error) // the last first; limit 0: 1,000
	// PutWorks writes w over the version before w.Version, 1 being new, and
	// fails with CodeConflict when that is not what the store holds.
	PutWorks(w Works) error
}

// CaseStore keeps residents' cases.
type CaseStore interface {
	NextCaseID() (CaseID, error)        // case-000001, case-000002 …
	Case(CaseID) (Case, error)          // CodeNotFound
	CaseOfKey(key string) (Case, error) // CodeNotFound
	Cases(CaseFilter) ([]Case, error)
	// DueCases returns cases with Due ≤ now, earliest first.
	DueCases(now Instant, limit int) ([]Case, error)
	// PutCase writes c over the version before c.Version, 1 being new, and fails
	// with CodeConflict when that is not what the store holds, or when another
	// case has its key.
	PutCase(c Case) error
}

// CaseFilter selects cases, newest first. Zero fields select all.
type CaseFilter struct {
	Open        bool
	Kind        CaseKind
	Responsible PersonID
	Before      CaseID // paging: only cases with a lower number
	Limit       int    // 0: 1,000
}

// LedgerStore appends to the hash chain.
type LedgerStore interface {
	// AppendLedger seals the rows in order behind the newest row.
	AppendLedger(...LedgerRow) error
	// Ledger returns rows with Seq > after, in order.
	Ledger(after int64, limit int) ([]LedgerRow, error)
	LedgerOf(subject string) ([]LedgerRow, error)
}

// OutboxStore keeps outgoing calls. One that cannot be understood any more comes
// as a Damaged one with what is known of it (ID, Order, Channel, To, State,
// Attempts, NextTry), so that it holds up no other.
type OutboxStore interface {
	// InsertCalls ignores a call whose ID is already there.
	InsertCalls(...Call) error
	// DueCalls returns pending calls with NextTry ≤ now, shared out fairly:
	// at most perAddress to one address (Channel and To), each address's first
	// call before any address's second. Of one address those with the fewest
	// attempts come first, then the earliest. Within a turn the earliest come first.
	// Calls to the addresses but are left out.
	DueCalls(now Instant, perAddress, limit int, but ...Address) ([]Call, error)
	Call(MessageID) (Call, error)
	CallsOf(OrderID) ([]Call, error)
	Calls(state CallState, limit int) ([]Call, error) // newest first
	UpdateCall(Call) error
}

// Quarantined is something that came and could not be used, with the reason
// and the raw bytes, so that it can be looked at and replayed after a fix.
type Quarantined struct {
	ID      int64     `json:"id"`
	Gateway GatewayID `json:"gateway"`
	Epoch   uint64    `json:"epoch"`
	Seq     uint64    `json:"seq"`    // 0: the whole message
	At      Instant   `json:"at"`     // when it was set aside
	Stage   string    `json:"stage"`  // gateway, wire, check, influx
	Source  string    `json:"source"` // topic, device or batch
	Reason  string    `json:"reason"`
	Raw     []byte    `json:"raw"`
}

// QuarantineStore keeps what could not be used. The same (gateway, epoch,
// seq, stage, source) is kept once where seq is not 0.
type QuarantineStore interface {
	PutQuarantine(...Quarantined) error
	Quarantine(limit int) ([]Quarantined, error) // newest first
	QuarantineCount() (int64, error)
	// QuarantineTallies counts the entries of each gateway that has any, sorted by
	// its id: all, and those set aside at an instant of since or later, one count each.
	QuarantineTallies(since ...Instant) ([]QuarantineTally, error)
}

// QuarantineTally is how much of one gateway is in quarantine. Gateway is "" where
// what came named none.
type QuarantineTally struct {
	Gateway GatewayID
	All     int64
	Since   []int64 // in the order in which was asked
}
