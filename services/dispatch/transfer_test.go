package dispatch_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// give is who gets an order or a part, and why.
func give(to plantroom.ContractorID, why string) func(*dispatch.Command) {
	return func(c *dispatch.Command) { c.To, c.Reason = to, why }
}

func TestATransferTakesTheOrderFromOneAndCallsTheOther(t *testing.T) {
	h := accepted(t)
	h.pass(3 * time.Minute)
	h.must(plantroom.DoArrive, quick)
	o := h.must(plantroom.DoTransfer, lin, give("grandlift", "the drive is under warranty"))
	if o.State != plantroom.Dispatched || o.Contractor != "grandlift" || o.Contract != "grandlift-2026" || o.Link != 2 || o.By != "" || !o.Attended.IsZero() {
		t.Fatalf("%s with %s, link %d, by %q", o.State, o.Contractor, o.Link, o.By)
	}
	if c := h.call("order.transferred", quick); !strings.Contains(c.Subject, "the drive is under warranty") {
		t.Errorf("quicklift reads %q", c.Subject)
	}
	h.call("order.dispatched", grand)
	h.call("window.cannot_meet", lin) // nobody of grandlift can be there in time, and the office hears so at once
	if c := o.Clock(plantroom.Restore); c.Started != start || c.Due != start.Add(24*time.Hour) {
		t.Errorf("restore %+v: want grandlift's own, from the raising on", c)
	}
	if c := o.Clock(plantroom.Attend); !c.Open() || c.Started != start {
		t.Errorf("attend %+v: nobody is there any more, and the window runs from the raising", c)
	}
	if c := o.Clock(plantroom.Acknowledge); !c.Open() || c.Started != h.now {
		t.Errorf("acknowledge %+v: want grandlift's own, from its dispatch", c)
	}
	_, err := h.do(plantroom.DoFix, quick, func(c *dispatch.Command) { c.Link = 1 })
	h.wantCode(err, plantroom.CodeExpired)
	h.wholeLedger()
}

func TestThePromiseThatStaysTheSameRunsOnOverATransfer(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0].Windows, e.Contracts[1].Windows = nil, nil })
	h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment") // the law's half hour alone
	first := h.order().Contractor
	h.pass(16 * time.Minute)
	to := plantroom.ContractorID("quicklift")
	if first == to {
		to = "grandlift"
	}
	h.must(plantroom.DoTransfer, lin, give(to, "nobody answers"))
	if c := h.clock(plantroom.Attend); c.Due != start.Add(30*time.Minute) || c.Marked != 50 {
		t.Errorf("%+v: want the law's window as it ran", c)
	}
	h.pass(20 * time.Minute)
	if n := occurrences(h.rows(), "clock.half"); n != 1 {
		t.Errorf("the half of the law's window took effect %d times", n)
	}
}

func TestWhoeverHadComeIsGoneWithATransferAndTheSamePromiseRunsAgain(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0].Windows, e.Contracts[1].Windows = nil, nil })
	first := h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment").Contractor
	h.must(plantroom.DoAcknowledge, "contractor:"+string(first))
	h.must(plantroom.DoArrive, "contractor:"+string(first))
	h.wantClock(plantroom.Attend, plantroom.ClockMet)
	to := plantroom.ContractorID("quicklift")
	if first == to {
		to = "grandlift"
	}
	h.must(plantroom.DoTransfer, lin, give(to, "they have no key for this make"))
	h.wantClock(plantroom.Attend, plantroom.ClockRunning)
}

func TestWhoeverLostAnOrderToTheOfficeIsNotAskedAgainBySystem(t *testing.T) {
	h := opened(t)
	h.must(plantroom.DoTransfer, lin, give("grandlift", "the drive is under warranty"))
	o := h.must(plantroom.DoDecline, grand)
	if o.State != plantroom.Declined || o.Choice[0].Reason != "the office has taken this order from it" {
		t.Errorf("%s with %q: %+v", o.State, o.Contractor, o.Choice)
	}
	h.call("order.refused", lin)
	o = h.must(plantroom.DoTransfer, lin, give("grandlift", "they have found somebody")) // the office may insist
	if o.State != plantroom.Dispatched || o.Contractor != "grandlift" || len(o.DeclinedBy) != 0 {
		t.Errorf("%s with %s", o.State, o.Contractor)
	}
	o = h.must(plantroom.DoTransfer, lin, give("quicklift", "grandlift does not come"))
	if o.Contractor != "quicklift" || len(o.TakenFrom) != 1 || o.TakenFrom[0] != "grandlift" {
		t.Errorf("with %s, taken from %v", o.Contractor, o.TakenFrom)
	}
}

func TestATransferIsDoneOnceAndNamesWhoWasFirst(t *testing.T) {
	h := opened(t)
	seen := h.order().Version
	h.must(plantroom.DoTransfer, lin, give("grandlift", "warranty"), by("Lin"), func(c *dispatch.Command) { c.Version = seen })
	before := h.everything()
	h.must(plantroom.DoTransfer, lin, give("grandlift", "warranty"), func(c *dispatch.Command) { c.Version = seen }) // the reply was lost
	if h.everything() != before {
		t.Error("the second press changed something")
	}
	_, err := h.do(plantroom.DoTransfer, zhao, give("grandlift", "warranty"))
	h.wantCode(err, plantroom.CodeConflict)
	if says := plantroom.MessageOf(err); !strings.Contains(says, "given to grandlift by Lin (person:lin)") {
		t.Errorf("zhao reads %q", says)
	}
	_, err = h.do(plantroom.DoCancel, zhao, func(c *dispatch.Command) { c.Version, c.Reason = seen, "a drill" })
	h.wantCode(err, plantroom.CodeConflict)
	if says := plantroom.MessageOf(err); !strings.Contains(says, "given to another contractor by Lin (person:lin)") {
		t.Errorf("zhao reads %q", says)
	}
}

func TestOfTwoWhoTransferAtOnceOneWins(t *testing.T) {
	h := opened(t)
	o := h.order()
	var wg sync.WaitGroup
	var errs [6]error
	for i := range errs {
		wg.Go(func() {
			errs[i] = h.update(func(tx plantroom.Tx) error {
				_, err := h.desk.Command(tx, h.now, dispatch.Command{Order: o.ID, Do: plantroom.DoTransfer, Actor: "person:p" + string(rune('a'+i)),
					To: "grandlift", Reason: "warranty", Version: o.Version})
				return err
			})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !strings.Contains(plantroom.MessageOf(err), "given to grandlift by person:p") {
			t.Errorf("a loser reads %q", plantroom.MessageOf(err))
		}
	}
	if won != 1 || h.count("order.dispatched to contractor:grandlift") != 1 {
		t.Errorf("%d won, calls %q", won, h.calls())
	}
}

func TestWhatTheOfficeCannotAskOfAnOrder(t *testing.T) {
	for name, c := range map[string]struct {
		do    plantroom.OrderAction
		actor string
		edit  func(*dispatch.Command)
		code  plantroom.Code
		says  string
	}{
		"a contractor handing it on":        {plantroom.DoTransfer, quick, give("grandlift", "busy"), plantroom.CodeForbidden, "only the office can give it to another contractor"},
		"to nobody":                         {plantroom.DoTransfer, lin, give("", "busy"), plantroom.CodeInvalid, "name the contractor"},
		"without a reason":                  {plantroom.DoTransfer, lin, give("grandlift", " "), plantroom.CodeInvalid, "say why"},
		"to a firm without a contract":      {plantroom.DoTransfer, lin, give("plumber", "wet"), plantroom.CodeForbidden, "name one of quicklift, grandlift"},
		"to whom it is with":                {plantroom.DoTransfer, lin, give("quicklift", "again"), plantroom.CodeConflict, "is with quicklift already"},
		"a decline without a reason":        {plantroom.DoDecline, quick, func(c *dispatch.Command) { c.Reason = " " }, plantroom.CodeInvalid, "say why"},
		"merged into itself":                {plantroom.DoMerge, lin, with("wo-000001", "twice"), plantroom.CodeInvalid, "is the order itself"},
		"merged into what is not there":     {plantroom.DoMerge, lin, with("wo-000077", "twice"), plantroom.CodeInvalid, "there is no order wo-000077"},
		"merged into nothing":               {plantroom.DoMerge, lin, with("", "twice"), plantroom.CodeInvalid, "name the other order"},
		"merged without a reason":           {plantroom.DoMerge, lin, with("wo-000077", ""), plantroom.CodeInvalid, "say why"},
		"related to what is not there":      {plantroom.DoRelate, lin, with("wo-000077", ""), plantroom.CodeInvalid, "there is no order wo-000077"},
		"unrelated to what it never was":    {plantroom.DoUnrelate, lin, with("wo-000077", ""), plantroom.CodeTransition, "are not related"},
		"a part without a scope":            {plantroom.DoSplit, lin, nil, plantroom.CodeInvalid, "say what of the job"},
		"a part of too many words":          {plantroom.DoSplit, lin, func(c *dispatch.Command) { c.Scope = strings.Repeat("x", 201) }, plantroom.CodeTooLarge, "longer than 200"},
		"a part of what is not there":       {plantroom.DoSplit, lin, func(c *dispatch.Command) { c.Scope, c.Asset = "door", "b9-l9" }, plantroom.CodeInvalid, `no asset "b9-l9"`},
		"a part for whom it does not cover": {plantroom.DoSplit, lin, func(c *dispatch.Command) { c.Scope, c.To = "door", "plumber" }, plantroom.CodeForbidden, "no contract in force with plumber"},
	} {
		t.Run(name, func(t *testing.T) {
			h := opened(t)
			before := h.everything()
			edit := c.edit
			if edit == nil {
				edit = func(*dispatch.Command) {}
			}
			_, err := h.do(c.do, c.actor, edit)
			h.wantCode(err, c.code)
			if !strings.Contains(plantroom.MessageOf(err), c.says) {
				t.Errorf("says %q, want %q", plantroom.MessageOf(err), c.says)
			}
			if h.everything() != before {
				t.Error("refused, and something changed")
			}
		})
	}
}
