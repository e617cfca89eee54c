package plantroom

// OrderState is where a work order stands.
type OrderState string

// The states of a work order.
const (
	Raised       OrderState = "raised"
	Dispatched   OrderState = "dispatched"
	Acknowledged OrderState = "acknowledged"
	Attended     OrderState = "attended"
	Restored     OrderState = "restored" // the contractor says so
	Verified     OrderState = "verified" // the sensor says so
	Closed       OrderState = "closed"
	Declined     OrderState = "declined"
	Cancelled    OrderState = "cancelled"
	Reopened     OrderState = "reopened"
	Merged       OrderState = "merged" // another order carries it on
)

// OrderAction is what moves a work order from one state to the next.
type OrderAction string

// The actions. Dispatch, prove, contradict, doubt, close and reopen are the
// system's; the others are a human's. Relate is what people call to link two
// orders; the word is taken by the link to a job's page.
const (
	DoDispatch      OrderAction = "dispatch"
	DoAcknowledge   OrderAction = "acknowledge"
	DoUnacknowledge OrderAction = "unacknowledge" // take an acknowledgement back
	DoDecline       OrderAction = "decline"
	DoArrive        OrderAction = "arrive"
	DoFix           OrderAction = "fix"        // the contractor's claim
	DoProve         OrderAction = "prove"      // N clean cycles seen
	DoContradict    OrderAction = "contradict" // claimed fixed, and the sensor disagrees
	DoDoubt         OrderAction = "doubt"      // the same, of a claim by somebody who was never on site
	DoClose         OrderAction = "close"
	DoCancel        OrderAction = "cancel"
	DoReopen        OrderAction = "reopen"
	DoPause         OrderAction = "pause"        // let the clocks stand still, or ask for it
	DoAgreePause    OrderAction = "agree_pause"  // the second person's word
	DoRefusePause   OrderAction = "refuse_pause" // the same, against it
	DoContinue      OrderAction = "continue"     // let the clocks run again
	DoTransfer      OrderAction = "transfer"     // the office gives it to another contractor
	DoSplit         OrderAction = "split"        // a part of it becomes an order of its own
	DoMerge         OrderAction = "merge"        // another order of the same cause carries it on
	DoRelate        OrderAction = "relate"       // it has to do with another order; no clock minds
	DoUnrelate      OrderAction = "unrelate"     // the same, taken back
)

// Transitions is the whole life of a work order: state × action → state. What
// is not in it is refused. A contractor may fix without having arrived (a
// remote reset), and a sensor may prove a repair at any time (it healed by
// itself, or somebody repaired it without a word).
var Transitions = map[OrderState]map[OrderAction]OrderState{
	Raised: {DoDispatch: Dispatched, DoProve: Verified, DoCancel: Cancelled,
		DoTransfer: Dispatched, DoSplit: Raised, DoMerge: Merged, DoRelate: Raised, DoUnrelate: Raised},
	Dispatched: {DoAcknowledge: Acknowledged, DoDecline: Declined, DoDispatch: Dispatched,
		DoProve: Verified, DoCancel: Cancelled,
		DoTransfer: Dispatched, DoSplit: Dispatched, DoMerge: Merged, DoRelate: Dispatched, DoUnrelate: Dispatched},
	Declined: {DoDispatch: Dispatched, DoProve: Verified, DoCancel: Cancelled,
		DoTransfer: Dispatched, DoSplit: Declined, DoMerge: Merged, DoRelate: Declined, DoUnrelate: Declined},
	Acknowledged: {DoArrive: Attended, DoFix: Restored, DoUnacknowledge: Dispatched, DoDecline: Declined,
		DoProve: Verified, DoCancel: Cancelled,
		DoPause: Acknowledged, DoAgreePause: Acknowledged, DoRefusePause: Acknowledged, DoContinue: Acknowledged,
		DoTransfer: Dispatched, DoSplit: Acknowledged, DoMerge: Merged, DoRelate: Acknowledged, DoUnrelate: Acknowledged},
	Attended: {DoFix: Restored, DoDecline: Declined, DoProve: Verified, DoCancel: Cancelled,
		DoPause: Attended, DoAgreePause: Attended, DoRefusePause: Attended, DoContinue: Attended,
		DoTransfer: Dispatched, DoSplit: Attended, DoMerge: Merged, DoRelate: Attended, DoUnrelate: Attended},
	Restored: {DoProve: Verified, DoContradict: Attended, DoDoubt: Acknowledged, DoCancel: Cancelled,
		DoRelate: Restored, DoUnrelate: Restored},
	Verified: {DoClose: Closed, DoReopen: Reopened, DoRelate: Verified, DoUnrelate: Verified},
	Closed:   {DoReopen: Reopened, DoRelate: Closed, DoUnrelate: Closed},
	// What was cancelled is taken up again when the sensor sees it grow worse or
	// come back: its episode goes on, and has no other order.
	Cancelled: {DoReopen: Reopened, DoRelate: Cancelled, DoUnrelate: Cancelled},
	// What was merged is carried on by the other order, with all that its sensor says.
	Merged: {DoRelate: Merged, DoUnrelate: Merged},
	Reopened: {DoDispatch: Dispatched, DoProve: Verified, DoCancel: Cancelled,
		DoTransfer: Dispatched, DoSplit: Reopened, DoMerge: Merged, DoRelate: Reopened, DoUnrelate: Reopened},
}

// Next returns the state after an action, or a CodeTransition error that says
// what is possible instead.
func (s OrderState) Next(do OrderAction) (OrderState, error) {
	if to, ok := Transitions[s][do]; ok {
		return to, nil
	}
	return s, Errorf(CodeTransition, "a work order that is %s cannot %s", s, do)
}

// Final reports whether nothing more is expected of anybody.
func (s OrderState) Final() bool { return s == Closed || s == Cancelled || s == Merged }

// Job is what of an order tells how long it keeps a technician: it was given to
// a contractor (dispatched, acknowledged, attended) and is not yet said to be
// restored.
type Job struct {
	Order    OrderID
	Asset    AssetID
	State    OrderState
	Contract ContractID

	Dispatched Instant
	Attended   Instant // 0: nobody is there
	ETA        Instant // 0: nobody has said when
}

// WorkOrder is what a contractor is asked to do about an incident. It is kept
// whole: its clocks and its place on the ladder are part of it, and Version
// changes with every write, so that of two racing writers one wins.
type WorkOrder struct {
	ID         OrderID        `json:"id"`
	Version    int64          `json:"version"`
	State      OrderState     `json:"state"`
	Incident   IncidentID     `json:"incident"`          // the episode that stands behind it now
	Earlier    []IncidentID   `json:"earlier,omitempty"` // episodes before a reopen
	Reopens    int            `json:"reopens,omitempty"`
	Asset      AssetID        `json:"asset"`
	Building   BuildingID     `json:"building"`
	Domain     DomainName     `json:"domain"`
	Rule       RuleID         `json:"rule"`
	Severity   Severity       `json:"severity"`
	Rises      []Rise         `json:"rises,omitempty"` // of the severity, in the present round
	Cause      string         `json:"cause"`
	Detail     string         `json:"detail"`
	Contractor ContractorID   `json:"contractor,omitempty"`
	Contract   ContractID     `json:"contract,omitempty"`
	Choice     []Candidate    `json:"choice"` // the window check as it was
	DeclinedBy []ContractorID `json:"declined_by,omitempty"`
	TakenFrom  []ContractorID `json:"taken_from,omitempty"` // by the office, in the present round
	Clocks     []Clock        `json:"clocks"`
	Former     []Clock        `json:"former,omitempty"`   // windows of those who had it before in this round, that were marked or have paused
	GoesOn     *GoesOn        `json:"goes_on,omitempty"`  // what of the round before goes on in this one
	Pauses     []Pause        `json:"pauses,omitempty"`   // of the present round
	Playbook   string         `json:"playbook,omitempty"` // whose tasks they are; "": the rule's own steps
	Tasks      []Task         `json:"tasks,omitempty"`    // of the present round

	During     *During      `json:"during,omitempty"`      // it was raised during planned works
	PartOf     OrderID      `json:"part_of,omitempty"`     // the order that it was split off, whose incident is its own
	Scope      string       `json:"scope,omitempty"`       // PartOf: what of the job it is
	Parts      []OrderID    `json:"parts,omitempty"`       // that were split off
	MergedInto OrderID      `json:"merged_into,omitempty"` // the order that carries it on
	Merged     []OrderID    `json:"merged,omitempty"`      // the orders that it carries on
	Also       []IncidentID `json:"also,omitempty"`        // their incidents, which have to be over too
	AlsoRules  []RuleID     `json:"also_rules,omitempty"`  // the rules of those, whose clocks the order has too
	Related    []OrderID    `json:"related,omitempty"`     // orders that it has to do with; no clock minds

	Occurred     Instant `json:"occurred"` // source time
	Raised       Instant `json:"raised"`
	Begun        Instant `json:"begun"` // of the present round: when it was raised, or last reopened
	Dispatched   Instant `json:"dispatched,omitzero"`
	Acknowledged Instant `json:"acknowledged,omitzero"`
	Attended     Instant `json:"attended,omitzero"`
	Restored     Instant `json:"restored,omitzero"`
	Verified     Instant `json:"verified,omitzero"`
	Closed       Instant `json:"closed,omitzero"`
	ETA          Instant `json:"eta,omitzero"`
	By           string  `json:"by,omitempty"` // who acknowledged, in their own words
	FixNote      string  `json:"fix_note,omitempty"`
	Watched      Instant `json:"watched,omitzero"`       // since when a sensor can contradict the claim; zero: none is heard, or nothing is claimed
	Contradicted int     `json:"contradicted,omitempty"` // claims that the sensor did not bear out

	Ladder   LadderID     `json:"ladder,omitempty"`
	Level    int          `json:"level"`                // the last rung called; -1 before the first
	NextCall Instant      `json:"next_call,omitzero"`   // zero: the ladder rests
	OnCall   []PersonID   `json:"on_call,omitempty"`    // whom the ladder has called as being on duty
	OnCallOf ContractorID `json:"on_call_of,omitempty"` // whose people they are; "": the order's contractor's
	HandOver Instant      `json:"hand_over,omitzero"`   // when others are on duty than they; zero: nobody was called as such, or no change is known
	Link     int          `json:"link"`                 // generation of the job link; an older link is void
	Due      Instant      `json:"due,omitzero"`         // when time alone will next change this order; zero: never
}

// GoesOn are the clocks of the round before that go on under a contract, because
// the repair under it did not last: as they were when they went on.
type GoesOn struct {
	Contract ContractID `json:"contract"`
	Clocks   []Clock    `json:"clocks"`
}

// Rise is a severity that has gone up. Nobody could act on it before.
type Rise struct {
	At   Instant  `json:"at"`
	From Severity `json:"from"`
	To   Severity `json:"to"`
}

// Clock returns the order's clock of a kind, nil where it has none.
func (o *WorkOrder) Clock(kind ClockKind) *Clock {
	for i := range o.Clocks {
		if o.Clocks[i].Kind == kind {
			return &o.Clocks[i]
		}
	}
	return nil
}
