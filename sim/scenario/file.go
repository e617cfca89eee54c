// Package scenario is the language in which a story of the virtual estate is
// written down, and the stage on which it is played: in virtual time, through
// the real decoders, spool, ingest, detection, dispatch and outbox, with
// scripted contractors.
//
// What stands outside the process is played too: the network between gateway
// and server, InfluxDB, and the contractors' phones. docs/scenarios.md
// describes the language.
package scenario

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// Schema is the JSON Schema of a scenario file.
//
//go:embed scenario.schema.json
var Schema []byte

// Offset is a time since the scenario's start.
type Offset = plantroom.Duration

// Scenario is one file.
type Scenario struct {
	Title       string                               `json:"scenario"`
	About       string                               `json:"about"`
	Estate      string                               `json:"estate"`
	Start       string                               `json:"start"`
	Length      Offset                               `json:"length"`
	Seed        *uint64                              `json:"seed"`
	Residents   bool                                 `json:"residents"`
	Contractors map[plantroom.ContractorID]Behaviour `json:"contractors"`
	Do          []Act                                `json:"do"`
	Expect      []Expectation                        `json:"expect"`

	doc *yamldoc.Doc
}

// Behaviour is how a contractor answers an order. Each time counts from the
// step before it; a nil step does not happen.
type Behaviour struct {
	Decline     *Offset `json:"decline"`
	Acknowledge *Offset `json:"acknowledge"`
	Arrive      *Offset `json:"arrive"`
	Fix         *Offset `json:"fix"`
	ClaimOnly   bool    `json:"claim_only"`
}

// Act is one thing that happens; exactly one of its pointers is set.
type Act struct {
	At        Offset        `json:"at"`
	Fault     *FaultAct     `json:"fault"`
	Trap      *LiftAct      `json:"trap"`
	Free      *LiftAct      `json:"free"`
	Mode      *ModeAct      `json:"mode"`
	Leak      *LeakAct      `json:"leak"`
	Isolate   *ZoneAct      `json:"isolate"`
	Cut       *ZoneAct      `json:"cut"`
	Fill      *FillAct      `json:"fill"`
	Collect   *BinAct       `json:"collect"`
	Park      *ParkAct      `json:"park"`
	Leave     *BayAct       `json:"leave"`
	Repair    *AssetAct     `json:"repair"`
	Silence   *DeviceAct    `json:"silence"`
	Network   *NetworkAct   `json:"network"`
	Server    *DownAct      `json:"server"`
	InfluxDB  *DownAct      `json:"influxdb"`
	Gateway   *GatewayAct   `json:"gateway"`
	Duplicate *DuplicateAct `json:"duplicate"`
	Late      *DeviceAct    `json:"late"`
	Message   *MessageAct   `json:"message"`
	Press     *PressAct     `json:"press"`
	Office    *OfficeAct    `json:"office"`
	Works     *WorksAct     `json:"works"`
	Case      *CaseAct      `json:"case"`
	Alert     *AlertAct     `json:"alert"`
	Registers *RegistersAct `json:"registers"`
	Unit      *UnitAct      `json:"unit"`
	Measure   *MeasureAct   `json:"measure"`
	Restart   *RestartAct   `json:"restart"`
	Line      *LineAct      `json:"line"`
	Publish   *PublishAct   `json:"publish"`
	Contact   *ContactAct   `json:"contact"`
	Rope      *RopeAct      `json:"rope"`
}

// The acts, as the schema describes them.
type (
	FaultAct struct {
		Lift  plantroom.AssetID `json:"lift"`
		Cause string            `json:"cause"`
	}
	LiftAct struct {
		Lift plantroom.AssetID `json:"lift"`
	}
	ModeAct struct {
		Lift plantroom.AssetID `json:"lift"`
		To   string            `json:"to"`
	}
	LeakAct struct {
		Zone   plantroom.ZoneID `json:"zone"`
		Floors int              `json:"floors"`
	}
	ZoneAct struct {
		Zone plantroom.ZoneID `json:"zone"`
	}
	FillAct struct {
		Bin  plantroom.AssetID `json:"bin"`
		To   float64           `json:"to"`
		Over Offset            `json:"over"`
	}
	BinAct struct {
		Bin plantroom.AssetID `json:"bin"`
	}
	ParkAct struct {
		Bay plantroom.AssetID `json:"bay"`
		For Offset            `json:"for"`
	}
	BayAct struct {
		Bay plantroom.AssetID `json:"bay"`
	}
	AssetAct struct {
		Asset plantroom.AssetID `json:"asset"`
	}
	DeviceAct struct {
		Device plantroom.DeviceID `json:"device"`
		For    Offset             `json:"for"`
	}
	NetworkAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Down    Offset              `json:"down"`
	}
	DownAct struct {
		Down Offset `json:"down"`
	}
	GatewayAct struct {
		ID    plantroom.GatewayID `json:"id"`
		Down  Offset              `json:"down"`
		Unset Offset              `json:"unset"` // how long after that NTP finds its clock
	}
	DuplicateAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Times   int                 `json:"times"`
	}
	MessageAct struct {
		Gateway plantroom.GatewayID `json:"gateway"`
		Topic   string              `json:"topic"`
		Payload string              `json:"payload"` // text; "": Hex
		Hex     string              `json:"hex"`
	}
	PressAct struct {
		Contractor plantroom.ContractorID `json:"contractor"` // or
		Person     plantroom.PersonID     `json:"person"`     // of the estate
		Asset      plantroom.AssetID      `json:"asset"`
		Action     plantroom.OrderAction  `json:"action"`
		Note       string                 `json:"note"`
		Code       string                 `json:"code"`  // with pause: one of the contract's reasons
		Proof      string                 `json:"proof"` // with pause
	}
	OfficeAct struct {
		Asset  plantroom.AssetID      `json:"asset"`
		Rule   plantroom.RuleID       `json:"rule"` // of the order, "": any
		Action plantroom.OrderAction  `json:"action"`
		To     plantroom.ContractorID `json:"to"`
		With   plantroom.AssetID      `json:"with"` // the asset of the other order
		Part   plantroom.AssetID      `json:"part"` // the asset of the part
		Scope  string                 `json:"scope"`
		Reason string                 `json:"reason"`
	}
	CaseAct struct {
		ID          string             `json:"id"`       // the scenario's own name for it
		Playbook    string             `json:"playbook"` // it is opened
		About       plantroom.ZoneID   `json:"about"`
		Responsible plantroom.PersonID `json:"responsible"`
		By          plantroom.PersonID `json:"by"`
		Step        string             `json:"step"` // instead: the step is done
		With        string             `json:"with"`
		Note        string             `json:"note"`
		Ref         string             `json:"ref"`
		Outcome     string             `json:"outcome"` // instead: it is closed, for the reason Note
		Reopen      bool               `json:"reopen"`  // instead: it is opened again, for the reason Note
	}
	AlertAct struct {
		ID       string            `json:"id"` // the scenario's own name for it
		Asset    plantroom.AssetID `json:"asset"`
		Name     string            `json:"name"`
		Severity string            `json:"severity"`
		Resolved bool              `json:"resolved"` // instead of firing
		Times    int               `json:"times"`    // how often the message is sent; 0: once
	}
	WorksAct struct {
		ID         plantroom.WorksID      `json:"id"`
		Assets     []plantroom.AssetID    `json:"assets"`
		Contractor plantroom.ContractorID `json:"contractor"`
		In         Offset                 `json:"in"`     // how long from now they begin
		For        Offset                 `json:"for"`    // how long they are planned to last
		Hold       plantroom.HeldCalls    `json:"hold"`   // which calls are held back
		Finish     bool                   `json:"finish"` // instead: the works are said to be done
	}
)

// Expectation is one thing that has to come of the story.
type Expectation struct {
	By    *Offset `json:"by"`
	At    *Offset `json:"at"`
	Never bool    `json:"never"`

	Incident *IncidentIs `json:"incident"`
	Order    *OrderIs    `json:"order"`
	Clock    *ClockIs    `json:"clock"`
	Call     *CallIs     `json:"call"`
	Count    *CountIs    `json:"count"`
	Reading  *ReadingIs  `json:"reading"`

	Statement *StatementIs `json:"statement"`
	Bundle    *BundleIs    `json:"bundle"`

	Line int `json:"-"` // where it stands in the file
}

// What an expectation can look at; empty fields fit anything.
type (
	IncidentIs struct {
		Rule     plantroom.RuleID        `json:"rule"`
		Asset    plantroom.AssetID       `json:"asset"`
		State    plantroom.IncidentState `json:"state"`
		Cause    string                  `json:"cause"`
		Severity plantroom.Severity      `json:"severity"`
		Detail   string                  `json:"detail"` // a part of it
	}
	OrderIs struct {
		Asset        plantroom.AssetID      `json:"asset"`
		Rule         plantroom.RuleID       `json:"rule"`
		State        plantroom.OrderState   `json:"state"`
		Contractor   plantroom.ContractorID `json:"contractor"`
		Contradicted *int                   `json:"contradicted"`
		Reopens      *int                   `json:"reopens"`
	}
	ClockIs struct {
		Kind  plantroom.ClockKind  `json:"kind"`
		Asset plantroom.AssetID    `json:"asset"`
		Rule  plantroom.RuleID     `json:"rule"`
		State plantroom.ClockState `json:"state"`
	}
	CallIs struct {
		Kind  string            `json:"kind"`
		Who   string            `json:"who"`
		Asset plantroom.AssetID `json:"asset"`
		Times int               `json:"times,omitempty"`
	}
	CountIs struct {
		Incidents   *int `json:"incidents"`
		Orders      *int `json:"orders"`
		OpenOrders  *int `json:"open_orders"`
		Quarantined *int `json:"quarantined"`
		Lost        *int `json:"lost"`
	}
)

// Load reads and checks a scenario file, the names in it included.
func Load(path string) (*Scenario, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the scenario: %w", err)
	}
	s, err := Parse(path, src)
	if err != nil {
		return nil, err
	}
	return s, s.checkNames()
}

// Parse checks src; the error is a yamldoc.Faults with all that is wrong.
// Names are checked against the estate by Load, and by Play before it begins.
func Parse(name string, src []byte) (*Scenario, error) {
	doc, err := yamldoc.Parse(name, src, Schema)
	if err != nil {
		return nil, err
	}
	s := &Scenario{doc: doc}
	if err := doc.Decode(s); err != nil {
		return nil, err
	}
	faults := slices.Concat(s.checkBehaviours(), s.checkOutages(), s.checkMessages())
	for i := range s.Do {
		if s.Do[i].At > s.Length {
			faults = append(faults, doc.Fault(fmt.Sprintf("/do/%d/at", i), "this lies after the end of the scenario", "use a time up to "+s.Length.String()))
		}
	}
	for i := range s.Expect {
		faults = append(faults, s.checkExpectation(i)...)
	}
	if _, err := s.StartIn(time.UTC); err != nil {
		faults = append(faults, doc.Fault("/start", err.Error(), `write it as "2026-03-02 08:00"`))
	}
	return s, faults.Err()
}

func (s *Scenario) checkExpectation(i int) yamldoc.Faults {
	e := &s.Expect[i]
	at := fmt.Sprintf("/expect/%d", i)
	e.Line = s.doc.Line(at)
	var faults yamldoc.Faults
	when, what := 0, 0
	for _, set := range []bool{e.By != nil, e.At != nil, e.Never} {
		if set {
			when++
		}
	}
	for _, set := range []bool{e.Incident != nil, e.Order != nil, e.Clock != nil, e.Call != nil, e.Count != nil, e.Reading != nil, e.Statement != nil, e.Bundle != nil} {
		if set {
			what++
		}
	}
	if when != 1 {
		faults = append(faults, s.doc.Fault(at, "an expectation needs one time", "give exactly one of by, at, never"))
	}
	if what != 1 {
		faults = append(faults, s.doc.Fault(at, "an expectation looks at one thing", "give exactly one of incident, order, clock, call, count, reading, statement, bundle"))
	}
	if (e.Statement != nil || e.Bundle != nil) && e.At == nil {
		faults = append(faults, s.doc.Fault(at, "statements and bundles are made at a moment", "give at"))
	}
	for key, t := range map[string]*Offset{"by": e.By, "at": e.At} {
		if t != nil && *t > s.Length {
			faults = append(faults, s.doc.Fault(at+"/"+key, "this lies after the end of the scenario", "use a time up to "+s.Length.String()))
		}
	}
	return faults
}

// StartIn returns the start in a time zone.
func (s *Scenario) StartIn(loc *time.Location) (plantroom.Instant, error) {
	t, err := time.ParseInLocation("2006-01-02 15:04", s.Start, loc)
	if err != nil {
		return 0, fmt.Errorf("%q is not a moment of the calendar", s.Start)
	}
	return plantroom.At(t), nil
}
