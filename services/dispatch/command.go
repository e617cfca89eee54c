package dispatch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// Limits on what a human may write, in bytes.
const (
	maxName = 200
	maxNote = 4000
)

// etaSlack is how far in the past an ETA may lie: "I am there" takes a moment
// to type.
const etaSlack = 5 * time.Minute

// MaxETA is how far ahead an ETA may lie: the product's own number.
const MaxETA = 24 * time.Hour

// Command is what a human asks of an order. Desk.Command answers with these
// codes: CodeInvalid for a malformed command, CodeExpired for a link of an
// earlier dispatch, CodeForbidden for a contractor that does not have the
// order or an action that is not a human's, CodeConflict where somebody else
// was first (it says who) or the order is no longer at Version, and
// CodeTransition for what the order's state does not permit.
type Command struct {
	Order   plantroom.OrderID
	Do      plantroom.OrderAction
	Actor   string                 // contractor:quicklift or person:li, as authenticated
	By      string                 // a human's name, in their own words; may be empty
	Note    string                 // with DoFix: what was done
	ETA     plantroom.Instant      // with DoAcknowledge: when somebody will be there; zero: not said
	Reason  string                 // why; needed but with DoRefusePause, DoContinue, DoRelate, DoUnrelate and what has a Note
	Code    string                 // with DoPause: one of the reasons of the contract
	Proof   string                 // with DoPause: the photo or the letter that proves it, by name
	Files   []plantroom.ProofFile  // with DoFix, DoPause: of proof; durable already
	To      plantroom.ContractorID // with DoTransfer: who gets it; with DoSplit: who gets the part, "": whom the window check chooses
	Other   plantroom.OrderID      // with DoMerge: which carries it on; with DoRelate, DoUnrelate: the other one
	Asset   plantroom.AssetID      // with DoSplit: of the part; "": the order's own
	Scope   string                 // with DoSplit: what of the job the part is
	Version int64                  // the version that the human has seen; 0: any
	Link    int                    // generation of the job link that was used; 0: none was
}

// check reports what is wrong with a command by itself.
func (c *Command) check(now plantroom.Instant) error {
	human := []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoUnacknowledge, plantroom.DoDecline,
		plantroom.DoArrive, plantroom.DoFix, plantroom.DoCancel,
		plantroom.DoPause, plantroom.DoAgreePause, plantroom.DoRefusePause, plantroom.DoContinue,
		plantroom.DoTransfer, plantroom.DoSplit, plantroom.DoMerge, plantroom.DoRelate, plantroom.DoUnrelate}
	switch {
	case !slices.Contains(human, c.Do):
		return plantroom.Errorf(plantroom.CodeForbidden, "%q is nothing that a human can ask of a work order", c.Do)
	case c.contractor() == "" && !strings.HasPrefix(c.Actor, "person:"):
		return plantroom.Errorf(plantroom.CodeInvalid, "actor %q is neither contractor:<id> nor person:<id>", c.Actor)
	case len(c.By) > maxName:
		return plantroom.Errorf(plantroom.CodeTooLarge, "the name is longer than %d bytes", maxName)
	case len(c.Note) > maxNote || len(c.Reason) > maxNote || len(c.Proof) > maxNote || len(c.Code) > plantroom.MaxID:
		return plantroom.Errorf(plantroom.CodeTooLarge, "the text is longer than %d bytes", maxNote)
	case len(c.Files) > 0 && c.Do != plantroom.DoFix && c.Do != plantroom.DoPause:
		return plantroom.Errorf(plantroom.CodeInvalid, "files come with fix, with pause or by themselves, not with %s", c.Do)
	case !c.ETA.IsZero() && c.ETA < now.Add(-etaSlack):
		return plantroom.Errorf(plantroom.CodeInvalid, "the time of arrival %s lies in the past", c.ETA)
	case !c.ETA.IsZero() && c.ETA > now.Add(MaxETA):
		return plantroom.Errorf(plantroom.CodeInvalid, "the time of arrival %s lies more than %s ahead: decline the order, or say a time that somebody can wait for", c.ETA, plantroom.Duration(MaxETA))
	case c.Do == plantroom.DoPause && strings.TrimSpace(c.Reason) == "":
		return plantroom.Errorf(plantroom.CodeInvalid, "say why the clocks pause: the ledger keeps the reason")
	case c.Do == plantroom.DoCancel && c.contractor() != "":
		return plantroom.Errorf(plantroom.CodeForbidden, "a contractor cannot cancel an order: decline it")
	case c.Do == plantroom.DoCancel && strings.TrimSpace(c.Reason) == "":
		return plantroom.Errorf(plantroom.CodeInvalid, "say why the order is cancelled: the ledger keeps the reason")
	case c.Do == plantroom.DoDecline && strings.TrimSpace(c.Reason) == "":
		return plantroom.Errorf(plantroom.CodeInvalid, "say why the order is declined: the next one and the statement go by the reason")
	}
	return c.checkOffice()
}

// contractor returns whose actor this is, "" for a person.
func (c *Command) contractor() plantroom.ContractorID {
	id, ok := strings.CutPrefix(c.Actor, "contractor:")
	if !ok {
		return ""
	}
	return plantroom.ContractorID(id)
}

// name is how others are told who it was.
func (c *Command) name() string {
	if c.By != "" {
		return c.By
	}
	return c.Actor
}

// repeated finds out whether a command asks for what has been done already:
// true for the same actor, CodeConflict with the name for another one. A
// command that the table permits is none, but for a contractor's declining an
// order that is with somebody else by now.
func repeated(tx plantroom.Tx, o plantroom.WorkOrder, cmd Command) (bool, error) {
	switch {
	case pausing(cmd.Do):
		return repeatedPause(o, cmd)
	case cmd.Do == plantroom.DoTransfer:
		return repeatedTransfer(tx, o, cmd)
	case cmd.Do == plantroom.DoSplit:
		return repeatedSplit(tx, o, cmd)
	case cmd.Do == plantroom.DoMerge && o.State == plantroom.Merged && o.MergedInto != cmd.Other:
		return false, plantroom.Errorf(plantroom.CodeConflict, "%s goes on as %s already, and not as %s", o.ID, o.MergedInto, cmd.Other)
	case cmd.Do == plantroom.DoRelate || cmd.Do == plantroom.DoUnrelate:
		return repeatedRelation(tx, o, cmd)
	}
	if by := cmd.contractor(); cmd.Do == plantroom.DoDecline && by != o.Contractor && slices.Contains(o.DeclinedBy, by) {
		return true, nil
	}
	if _, err := o.State.Next(cmd.Do); err == nil {
		return false, nil
	}
	if by := cmd.contractor(); by != "" && by != o.Contractor {
		return false, nil // refused for that
	}
	rows, err := tx.LedgerOf(string(o.ID))
	if err != nil {
		return false, err
	}
	last := lastDone(rows, cmd.Do)
	switch {
	case last == nil:
		return false, nil // refused by the table
	case last.Actor == cmd.Actor:
		return true, nil
	}
	return false, plantroom.Errorf(plantroom.CodeConflict, "%s: %s by %s at %s already", o.ID, done[cmd.Do], whoDid(last), last.At)
}

// done puts an action into the past tense.
var done = map[plantroom.OrderAction]string{
	plantroom.DoAcknowledge: "acknowledged", plantroom.DoUnacknowledge: "acknowledgement taken back",
	plantroom.DoDecline: "declined", plantroom.DoArrive: "attended", plantroom.DoFix: "reported as fixed", plantroom.DoCancel: "cancelled",
	plantroom.DoTransfer: "given to another contractor", plantroom.DoSplit: "split", plantroom.DoMerge: "merged",
	plantroom.DoRelate: "related", plantroom.DoUnrelate: "no longer related", plantroom.DoPause: "paused", plantroom.DoAgreePause: "pause agreed to",
	plantroom.DoRefusePause: "pause refused", plantroom.DoContinue: "continued",
}

// lastDone returns the newest row of an action since the order was last given
// away, nil where there is none.
func lastDone(rows []plantroom.LedgerRow, do plantroom.OrderAction) *plantroom.LedgerRow {
	for i := len(rows) - 1; i >= 0; i-- {
		switch rows[i].Kind {
		case "order." + string(do):
			return &rows[i]
		case "order." + string(plantroom.DoDispatch), "order." + string(plantroom.DoReopen):
			return nil
		}
	}
	return nil
}

// whoDid reads from a ledger row who did it.
func whoDid(r *plantroom.LedgerRow) string {
	var e entry
	if err := json.Unmarshal(r.Body, &e); err != nil || e.By == "" {
		return r.Actor
	}
	return fmt.Sprintf("%s (%s)", e.By, r.Actor)
}

// command decides on a command that is not a repeat.
func (b *book) command(now plantroom.Instant, o plantroom.WorkOrder, in plantroom.Incident, cmd Command, busy jobs, blind string, kept shelf) (*decision, error) {
	if err := permitted(o, cmd); err != nil {
		return nil, err
	}
	d := b.decide(now, o, in)
	d.via = cmd.Link
	d.settle() // what has come due comes first
	if _, err := d.order.State.Next(cmd.Do); err != nil {
		return nil, err
	}
	if err := d.attach(kept, kept.lacking(cmd.Files), plantroom.Proof{Actor: cmd.Actor, By: cmd.By, With: cmd.Do, Note: cmd.Note + cmd.Reason}); err != nil {
		return nil, err
	}
	switch cmd.Do {
	case plantroom.DoAcknowledge:
		d.acknowledge(cmd)
	case plantroom.DoUnacknowledge:
		d.unacknowledge(cmd)
	case plantroom.DoDecline:
		d.decline(cmd, busy)
	case plantroom.DoArrive:
		d.arrive(cmd)
	case plantroom.DoFix:
		d.fix(cmd, blind)
	case plantroom.DoCancel:
		d.cancel(cmd)
	case plantroom.DoTransfer:
		err := d.handOver(cmd, busy)
		return d.finish(), err
	default:
		err := d.aboutPause(cmd)
		return d.finish(), err
	}
	return d.finish(), nil
}

// permitted checks who asks, with which link, and having seen what.
func permitted(o plantroom.WorkOrder, cmd Command) error {
	by := cmd.contractor()
	switch {
	case cmd.Link != 0 && cmd.Link < o.Link:
		return plantroom.Errorf(plantroom.CodeExpired, "this link to %s is void: the order was given away again after it was sent", o.ID)
	case cmd.Link > o.Link:
		return plantroom.Errorf(plantroom.CodeInvalid, "this link to %s is not one of ours", o.ID)
	case by != "" && by != o.Contractor:
		return plantroom.Errorf(plantroom.CodeForbidden, "%s is not with %s", o.ID, by)
	case cmd.Version != 0 && cmd.Version != o.Version:
		return plantroom.Errorf(plantroom.CodeConflict, "%s has changed since you looked: it is %s now; look again", o.ID, o.State)
	}
	return nil
}

func (d *decision) acknowledge(cmd Command) {
	o := &d.order
	o.Acknowledged, o.By, o.ETA, o.NextCall = d.now, cmd.name(), cmd.ETA, 0
	d.stop(plantroom.Acknowledge, d.now)
	d.beginAll()
	d.do(plantroom.DoAcknowledge, cmd.Actor, entry{By: cmd.By, ETA: cmd.ETA, Note: cmd.Note})
}

// unacknowledge takes the acknowledgement back, and with it the stop of its
// clock: the promise is not kept while nobody has the order. The ladder starts
// anew from now. Clocks that the acknowledgement has started go on.
func (d *decision) unacknowledge(cmd Command) {
	o := &d.order
	d.resumeClocks(d.now, bySystem, entry{Reason: "the acknowledgement was taken back"})
	o.Dispatched, o.Acknowledged, o.By, o.ETA = d.now, 0, "", 0
	d.resume(plantroom.Acknowledge)
	d.restartLadder()
	d.do(plantroom.DoUnacknowledge, cmd.Actor, entry{By: cmd.By, Reason: cmd.Reason})
}

// decline gives the order to the next best who has not declined, after a new
// window check. Promises that the decliner had kept run again, since nobody
// has the order and nobody is there.
func (d *decision) decline(cmd Command, busy jobs) {
	o := &d.order
	d.resumeClocks(d.now, bySystem, entry{Reason: "the contractor has declined"})
	d.do(plantroom.DoDecline, cmd.Actor, entry{By: cmd.By, Reason: cmd.Reason, Contractor: o.Contractor, Clocks: o.Clocks})
	o.DeclinedBy = append(o.DeclinedBy, o.Contractor)
	o.Acknowledged, o.Attended, o.By, o.ETA, o.NextCall = 0, 0, "", 0, 0
	d.resume(plantroom.Acknowledge)
	d.resume(plantroom.Attend)
	o.Choice = d.check(busy)
	d.give(o.Choice)
}

func (d *decision) arrive(cmd Command) {
	d.order.Attended = d.now
	d.stop(plantroom.Attend, d.now)
	d.do(plantroom.DoArrive, cmd.Actor, entry{By: cmd.By, Note: cmd.Note})
}

// fix takes the contractor's word. It stops only a clock whose window says so:
// any other waits for the sensor's proof. Blind says why nothing could contradict
// it yet. A part is done with it, where the sensor has proved the whole already.
func (d *decision) fix(cmd Command, blind string) {
	d.resumeClocks(d.now, bySystem, entry{Reason: "it is said to be fixed"})
	d.order.Restored, d.order.Watched, d.order.FixNote = d.now, d.now, cmd.Note
	d.claimed()
	d.do(plantroom.DoFix, cmd.Actor, entry{By: cmd.By, Note: cmd.Note, Files: cmd.Files})
	d.watch(blind)
	if d.order.PartOf != "" && d.incident.State == plantroom.IncidentClosed {
		d.proved()
	}
}

func (d *decision) cancel(cmd Command) {
	o := &d.order
	d.resumeClocks(d.now, bySystem, entry{Reason: "the order is cancelled"})
	for i := range o.Clocks {
		sla.Void(&o.Clocks[i])
	}
	o.NextCall = 0
	d.do(plantroom.DoCancel, cmd.Actor, entry{By: cmd.By, Reason: cmd.Reason, Clocks: o.Clocks})
	d.tellContractor("order.cancelled", say("cancelled", d.title(), cmd.Reason), o.Link)
}
