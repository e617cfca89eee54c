package plantroom

import "slices"

// Window is the length that a clock may run.
type Window struct {
	Clock    ClockKind
	Severity Severity // it covers this severity and those above it
	Length   Duration
	Calendar CalendarID // on which Length counts; "": around the clock
	From     ClockStart
	Until    ClockStop // what keeps it; "": the usual event of the clock
	Source   string    // where it is written: a clause, a decree, "unverified"
	Sure     Certainty // how well Source is known; "": it is a contract, or nobody has said
}

// Contractor is a firm that repairs. Who of its technicians is on duty is said
// by the shifts of its roster and its rotations together; without either, all
// are, at all times. Swaps change that, then overrides, each in their order.
type Contractor struct {
	ID          ContractorID
	Name        Text
	Technicians []PersonID
	Roster      []Shift
	Rotations   []Rotation
	Swaps       []Swap
	Overrides   []Override
	Channels    []Address // how an order is sent, in order of preference
	Lang        string    // in which it is called: en or zh
}

// Contract is what a contractor has promised, for what and at which price.
type Contract struct {
	ID         ContractID
	Contractor ContractorID
	Title      Text
	Domains    []DomainName
	Buildings  []BuildingID // none: all
	From, To   Instant      // validity; zero To: open
	Windows    []Window
	Pauses     []PauseTerm
	OnSite     bool     // technicians are on the estate around the clock
	Travel     Duration // usual time to arrive where they are not
	Price      Price
	Penalties  []Penalty
	Cap        PenaltyCap
	Exclusions []Exclusion
	Reply      Duration // how long the contractor may object to a statement; 0: it may not
	Clean      int      // clean cycles that prove a repair; 0: the rule's own number
	Reopen     Duration // a repeat within this time continues the same order
	Anew       bool     `json:",omitempty"` // and begins a new restore window, where the old one would go on
	Ladder     LadderID
}

// Covers reports whether the contract is in force for an asset at a time.
func (c *Contract) Covers(a Asset, at Instant) bool {
	if at < c.From || !c.To.IsZero() && at >= c.To {
		return false
	}
	return slices.Contains(c.Domains, a.Domain) &&
		(len(c.Buildings) == 0 || slices.Contains(c.Buildings, a.Building))
}

// Excludes finds the term that frees an order of a rule and a cause from
// penalties, nil where none does.
func (c *Contract) Excludes(rule RuleID, cause string) *Exclusion {
	for i := range c.Exclusions {
		x := &c.Exclusions[i]
		if (len(x.Rules) == 0 || slices.Contains(x.Rules, rule)) && (len(x.Causes) == 0 || slices.Contains(x.Causes, cause)) {
			return x
		}
	}
	return nil
}

// Price is what a contractor charges, in minor units of the estate's
// currency (cents, fen).
type Price struct {
	Yearly  int64
	CallOut int64      // each time that somebody has come
	Outside CalendarID `json:",omitempty"` // CallOut is for arrivals outside these hours alone; "": for all
	Hour    int64      // of work, by the second
}

// Ladder says whom to call, how, and after how long without an answer.
type Ladder struct {
	ID     LadderID
	Levels []Level
	Then   LadderID `json:",omitempty"` // the ladder that it goes on with, whose levels are its last ones; "": none
}

// Level is one rung: After counts from the moment the order was dispatched.
type Level struct {
	After  Duration
	People []PersonID   // none: those of OnDuty who are on duty
	OnDuty ContractorID `json:",omitempty"` // a team, as the caretakers; "": the order's contractor
	Repeat Duration     // call again at this pace until the next level; 0: once
}

// Candidate is one contractor as seen by the window check that comes before
// an order is raised, with the reasons in words.
type Candidate struct {
	Contractor ContractorID `json:"contractor"`
	Contract   ContractID   `json:"contract"`
	OnDuty     int          `json:"on_duty"`
	Free       int          `json:"free"`
	FreeAt     Instant      `json:"free_at,omitzero"` // nobody is free now: when somebody is taken to be
	Committed  Duration     `json:"committed"`        // the restore (or attend) window that it has promised
	Earliest   Instant      `json:"earliest"`         // when it could be on site
	Due        Instant      `json:"due"`              // when somebody has to be
	CanMeet    bool         `json:"can_meet"`
	CallOut    int64        `json:"call_out"`
	Chosen     bool         `json:"chosen"`
	Reason     string       `json:"reason"`
}
