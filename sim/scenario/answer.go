package scenario

import (
	"fmt"
	"strings"

	"plantroom"
)

// perform does one act and tells it.
func (p *play) perform(a Act) error {
	says, err := p.act(a)
	if err != nil {
		return err
	}
	if says != "" {
		p.tell("world", "", says)
	}
	return nil
}

// answer lets the contractors react to the calls that have reached them. What
// a call is about is told before the call.
func (p *play) answer() error {
	calls := p.phones.take()
	if len(calls) == 0 {
		return nil
	}
	p.stale.Store(true)
	if err := p.server.spine.Store.View(p.ctx, p.tellLedger); err != nil {
		return err
	}
	for _, c := range calls {
		p.tell("call", string(c.Order), fmt.Sprintf("%s → %s: %s", c.Kind, c.Who, c.Subject))
		firm, isFirm := strings.CutPrefix(c.Who, "contractor:")
		if !isFirm || c.Kind != "order.dispatched" {
			continue
		}
		id := plantroom.ContractorID(firm)
		b, scripted := p.file.Contractors[id]
		o, err := p.orderOf(c.Order)
		if !scripted || err != nil || o.Contractor != id {
			continue
		}
		p.presses.add(b.plan(p.now, id, o, !p.claimed[o.ID])...)
		p.claimed[o.ID] = true
	}
	return nil
}

func (p *play) orderOf(id plantroom.OrderID) (o plantroom.WorkOrder, err error) {
	err = p.server.spine.Store.View(p.ctx, func(tx plantroom.Tx) error {
		o, err = tx.Order(id)
		return err
	})
	return o, err
}

// pressButtons presses what is due. A refusal is part of the story.
func (p *play) pressButtons() error {
	for _, x := range p.presses.due(p.now) {
		if x.order == "" {
			if err := p.look(); err != nil {
				return err
			}
			x.order = p.newestOpen(x.asset, x.rule())
			if x.office != nil {
				x.other = p.newestOpen(x.office.With, "")
			}
		}
		if x.repair {
			if err := p.world.Repair(x.asset); err != nil {
				return err
			}
			p.tell("world", "", fmt.Sprintf("%s has repaired %s", x.who(), x.asset))
		}
		if err := p.server.command(p.ctx, p.now, x.command()); err != nil {
			p.tell("press", string(x.order), fmt.Sprintf("%s: %s refused: %s", x.who(), x.do, plantroom.MessageOf(err)))
		}
	}
	return nil
}

// newestOpen is the newest open order of an asset and of a rule ("": any), "" where
// there is none.
func (p *play) newestOpen(asset plantroom.AssetID, rule plantroom.RuleID) plantroom.OrderID {
	for _, o := range p.seen.orders { // newest first
		if o.Asset == asset && !o.State.Final() && (rule == "" || o.Rule == rule) {
			return o.ID
		}
	}
	return ""
}
