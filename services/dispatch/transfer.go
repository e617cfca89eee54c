package dispatch

import (
	"slices"
	"strings"

	"plantroom"
)

// checkOffice reports what is wrong with a command that the office alone can
// give: to hand an order over, to split, merge or relate it.
func (c *Command) checkOffice() error {
	words := map[plantroom.OrderAction]string{plantroom.DoTransfer: "give it to another contractor", plantroom.DoSplit: "split it",
		plantroom.DoMerge: "merge it", plantroom.DoRelate: "relate it", plantroom.DoUnrelate: "relate it no longer"}[c.Do]
	pair := c.Do == plantroom.DoMerge || c.Do == plantroom.DoRelate || c.Do == plantroom.DoUnrelate
	blank := strings.TrimSpace(c.Reason) == ""
	switch {
	case words == "":
	case c.contractor() != "":
		return plantroom.Errorf(plantroom.CodeForbidden, "only the office can %s: decline the order, or call the office", words)
	case pair && c.Other == "":
		return plantroom.Errorf(plantroom.CodeInvalid, "name the other order, as in wo-000042, to %s", words)
	case pair && c.Other == c.Order:
		return plantroom.Errorf(plantroom.CodeInvalid, "%s is the order itself: name another one to %s", c.Other, words)
	case c.Do == plantroom.DoTransfer && c.To == "":
		return plantroom.Errorf(plantroom.CodeInvalid, "name the contractor that gets the order")
	case len(c.Scope) > maxName:
		return plantroom.Errorf(plantroom.CodeTooLarge, "what the part is about is longer than %d bytes", maxName)
	case c.Do == plantroom.DoSplit && strings.TrimSpace(c.Scope) == "":
		return plantroom.Errorf(plantroom.CodeInvalid, "say what of the job the part is")
	case (c.Do == plantroom.DoTransfer || c.Do == plantroom.DoMerge) && blank:
		return plantroom.Errorf(plantroom.CodeInvalid, "say why, to %s: the ledger keeps the reason", words)
	}
	return nil
}

// repeatedTransfer finds out whether an order is with a contractor already, and
// who has given it there.
func repeatedTransfer(tx plantroom.Tx, o plantroom.WorkOrder, cmd Command) (bool, error) {
	if o.Contractor != cmd.To || o.State == plantroom.Declined || o.State == plantroom.Reopened {
		return false, nil
	}
	row, err := chosenBy(tx, o.ID)
	switch {
	case err != nil:
		return false, err
	case row == nil:
		return false, plantroom.Errorf(plantroom.CodeConflict, "%s is with %s already", o.ID, cmd.To)
	case row.Actor == cmd.Actor:
		return true, nil
	}
	return false, plantroom.Errorf(plantroom.CodeConflict, "%s: given to %s by %s at %s already", o.ID, cmd.To, whoDid(row), row.At)
}

// chosenBy returns the row in which the office has given an order to whoever has
// it, nil where the system has chosen.
func chosenBy(tx plantroom.Tx, id plantroom.OrderID) (*plantroom.LedgerRow, error) {
	rows, err := tx.LedgerOf(string(id))
	for i := len(rows) - 1; i >= 0; i-- {
		switch rows[i].Kind {
		case "order.transfer":
			return &rows[i], err
		case "order.decline", "order.reopen", "order.raise":
			return nil, err
		}
	}
	return nil, err
}

// handOver gives the order to the contractor that the office names, whatever the
// window check would choose. The windows go on, as those of its contract: what ran
// from the raising has run. Whoever had it is told, is not asked again in this
// round, and what it had kept by coming or answering runs again, as when it
// declines.
func (d *decision) handOver(cmd Command, busy jobs) error {
	o := &d.order
	from := o.Contractor
	other := func(id plantroom.ContractorID) bool { return id == cmd.To }
	o.DeclinedBy = slices.DeleteFunc(o.DeclinedBy, other)
	o.TakenFrom = slices.DeleteFunc(o.TakenFrom, other)
	if from != "" && from != cmd.To && !slices.Contains(o.DeclinedBy, from) && !slices.Contains(o.TakenFrom, from) {
		o.TakenFrom = append(o.TakenFrom, from)
	}
	choice, err := d.appoint(cmd.To, d.check(busy), "the office has chosen it: "+cmd.Reason)
	if err != nil {
		return err
	}
	d.resumeClocks(d.now, bySystem, entry{Reason: "the order goes to another contractor"})
	d.do(plantroom.DoTransfer, cmd.Actor, entry{By: cmd.By, Reason: cmd.Reason, Contractor: cmd.To, TakenFrom: from, Clocks: o.Clocks})
	d.tellContractor("order.transferred", say("transferred", d.title(), cmd.Reason), o.Link)
	o.Acknowledged, o.Attended, o.By, o.ETA, o.NextCall = 0, 0, "", 0, 0
	d.resume(plantroom.Acknowledge)
	d.resume(plantroom.Attend)
	o.Choice = choice
	d.give(choice)
	return nil
}

// appoint moves the choice to a contractor that the office names.
func (d *decision) appoint(to plantroom.ContractorID, list []plantroom.Candidate, why string) ([]plantroom.Candidate, error) {
	i := slices.IndexFunc(list, func(c plantroom.Candidate) bool { return c.Contractor == to })
	if i < 0 {
		return nil, plantroom.Errorf(plantroom.CodeForbidden, "no contract in force with %s covers %s: name one of %s",
			to, d.order.Asset, strings.Join(firms(list), ", "))
	}
	return stayWith(list[i].Contract, list, why), nil
}

func firms(list []plantroom.Candidate) []string {
	if len(list) == 0 {
		return []string{"nobody, until a contract does"}
	}
	out := make([]string, len(list))
	for i := range list {
		out[i] = string(list[i].Contractor)
	}
	return out
}
