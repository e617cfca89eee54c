package scenario

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// phones are those of everybody who can be called. It is every channel of the
// estate at once and refuses an address that nobody has.
type phones struct {
	known map[plantroom.Address]string // who has it

	mu  sync.Mutex
	got []plantroom.Call
}

func newPhones(e plantroom.Estate) *phones {
	p := &phones{known: map[plantroom.Address]string{}}
	for _, c := range e.Contractors {
		for _, a := range c.Channels {
			a.Severity = plantroom.NoSeverity // which calls do not name
			p.known[a] = "contractor:" + string(c.ID)
		}
	}
	for _, x := range e.People {
		for _, a := range x.Channels {
			a.Severity = plantroom.NoSeverity
			p.known[a] = "person:" + string(x.ID)
		}
	}
	return p
}

// channels returns one Channel for each kind of address.
func (p *phones) channels() []plantroom.Channel {
	names := map[string]bool{}
	var out []plantroom.Channel
	for a := range p.known {
		if !names[a.Channel] {
			names[a.Channel] = true
			out = append(out, phone{p, a.Channel})
		}
	}
	return out
}

type phone struct {
	*phones
	name string
}

// Name implements plantroom.Channel.
func (p phone) Name() string { return p.name }

// Send implements plantroom.Channel.
func (p phone) Send(_ context.Context, c plantroom.Call) error {
	if who := p.known[plantroom.Address{Channel: c.Channel, To: c.To}]; who != c.Who {
		return &plantroom.SendError{Permanent: true, Err: plantroom.Errorf(plantroom.CodeInvalid,
			"a call for %s went to %s %s, which is %q", c.Who, c.Channel, c.To, who)}
	}
	p.mu.Lock()
	p.got = append(p.got, c)
	p.mu.Unlock()
	return nil
}

// take returns the calls that came since the last time, in a fixed order.
func (p *phones) take() []plantroom.Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.got
	p.got = nil
	slices.SortFunc(out, func(a, b plantroom.Call) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

// press is a button that somebody will press.
type press struct {
	at          plantroom.Instant
	actor       string // contractor:quicklift or person:lin
	order       plantroom.OrderID
	asset       plantroom.AssetID // where the order is not known yet: its newest open one
	do          plantroom.OrderAction
	note        string
	code, proof string // of a pause
	repair      bool   // the asset is repaired first

	office *OfficeAct        // what the office asks for; nil: somebody else presses
	other  plantroom.OrderID // with office: the order on its asset With
}

// actor is who presses.
func (a *PressAct) actor() string {
	if a.Person != "" {
		return "person:" + string(a.Person)
	}
	return "contractor:" + string(a.Contractor)
}

// Step is one thing that a contractor does about an order.
type Step struct {
	After  time.Duration // since the call
	Do     plantroom.OrderAction
	Repair bool // the asset is repaired first
}

// Steps lists what a contractor does about an order that reaches it; first
// says that it is the first time for this order.
func (b Behaviour) Steps(first bool) []Step {
	if b.Decline != nil {
		return []Step{{After: time.Duration(*b.Decline), Do: plantroom.DoDecline}}
	}
	var out []Step
	var after time.Duration
	for _, step := range []struct {
		wait *Offset
		do   plantroom.OrderAction
	}{{b.Acknowledge, plantroom.DoAcknowledge}, {b.Arrive, plantroom.DoArrive}, {b.Fix, plantroom.DoFix}} {
		if step.wait == nil {
			break
		}
		after += time.Duration(*step.wait)
		out = append(out, Step{After: after, Do: step.do, Repair: step.do == plantroom.DoFix && !(b.ClaimOnly && first)})
	}
	return out
}

// Note is what a contractor writes beside an action.
func Note(do plantroom.OrderAction) string {
	switch do {
	case plantroom.DoFix:
		return "repaired"
	case plantroom.DoDecline:
		return "all hands are busy"
	}
	return ""
}

// plan turns an order's call into presses.
func (b Behaviour) plan(now plantroom.Instant, c plantroom.ContractorID, o plantroom.WorkOrder, first bool) []press {
	var out []press
	for _, s := range b.Steps(first) {
		out = append(out, press{at: now.Add(s.After), actor: "contractor:" + string(c), order: o.ID, asset: o.Asset, do: s.Do, note: Note(s.Do), repair: s.Repair})
	}
	return out
}

// rule says of which rule the order is, "" where any will do.
func (p press) rule() plantroom.RuleID {
	if p.office == nil {
		return ""
	}
	return p.office.Rule
}

// who presses, in the story.
func (p press) who() string {
	if p.office != nil {
		return "office"
	}
	_, id, _ := strings.Cut(p.actor, ":")
	return id
}

func (p press) command() dispatch.Command {
	if a := p.office; a != nil {
		return dispatch.Command{Order: p.order, Do: p.do, Actor: "person:office", Reason: a.Reason,
			To: a.To, Other: p.other, Asset: a.Part, Scope: a.Scope}
	}
	return dispatch.Command{Order: p.order, Do: p.do, Actor: p.actor, By: p.who(), Note: p.note, Reason: p.note, Code: p.code, Proof: p.proof}
}

// presses is a queue in the order of time.
type presses []press

func (q *presses) add(ps ...press) {
	*q = append(*q, ps...)
	slices.SortStableFunc(*q, func(a, b press) int { return cmp.Compare(a.at, b.at) })
}

// due removes and returns what has to be pressed by now.
func (q *presses) due(now plantroom.Instant) []press {
	n := 0
	for n < len(*q) && (*q)[n].at <= now {
		n++
	}
	out := slices.Clone((*q)[:n])
	*q = (*q)[n:]
	return out
}
