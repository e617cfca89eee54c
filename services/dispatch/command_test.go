package dispatch_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

const (
	quick = "contractor:quicklift"
	grand = "contractor:grandlift"
	lin   = "person:lin"
)

func by(name string) func(*dispatch.Command) { return func(c *dispatch.Command) { c.By = name } }

func opened(t testing.TB, change ...func(*plantroom.Estate)) *house {
	h := newHouse(t, change...)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	return h
}

func TestAnOrderGoesThroughItsLife(t *testing.T) {
	h := opened(t)
	h.pass(2 * time.Minute)
	eta := h.now.Add(5 * time.Minute)
	o := h.must(plantroom.DoAcknowledge, quick, by("Li"), func(c *dispatch.Command) { c.ETA, c.Link = eta, 1 })
	if o.By != "Li" || o.ETA != eta || o.Acknowledged != h.now || !o.NextCall.IsZero() {
		t.Errorf("%+v", o)
	}
	h.wantClock(plantroom.Acknowledge, plantroom.ClockMet)
	h.pass(6 * time.Minute)
	h.must(plantroom.DoArrive, quick)
	h.wantClock(plantroom.Attend, plantroom.ClockMet)
	h.pass(10 * time.Minute)
	h.must(plantroom.DoFix, quick)
	h.wantClock(plantroom.Restore, plantroom.ClockRunning)
	h.cleared()
	h.pass(3 * time.Minute)
	h.proved(h.now)
	h.wantState(plantroom.Verified)
	h.wantClock(plantroom.Restore, plantroom.ClockMet)
	h.pass(dispatch.CloseAfter)
	h.wantState(plantroom.Closed)
	h.wholeLedger()
}

func TestOfTwoWhoAcknowledgeAtOnceOneWinsAndTheOtherIsToldWho(t *testing.T) {
	for range 20 {
		h := newHouse(t)
		o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
		actors := []string{"contractor:quicklift", "person:lin", "person:zhao"}
		errs := make([]error, len(actors))
		var all sync.WaitGroup
		for i, actor := range actors {
			all.Go(func() {
				errs[i] = h.update(func(tx plantroom.Tx) error {
					_, err := h.desk.Command(tx, h.now, dispatch.Command{Order: o.ID, Do: plantroom.DoAcknowledge, Actor: actor, By: "by " + actor})
					return err
				})
			})
		}
		all.Wait()
		winner, won := h.order().By, 0
		for i, err := range errs {
			switch {
			case err == nil && "by "+actors[i] == winner:
				won++
			case plantroom.CodeOf(err) != plantroom.CodeConflict || !strings.Contains(err.Error(), winner):
				t.Errorf("%s won, and %s hears: %v", winner, actors[i], err)
			}
		}
		if n := occurrences(h.rows(), "order.acknowledge"); won != 1 || n != 1 {
			t.Errorf("%d have won, and the ledger has %d rows", won, n)
		}
	}
}

func TestTheSameActorRepeatingItselfChangesNothing(t *testing.T) {
	h := opened(t)
	for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
		first := h.must(do, quick)
		before := h.everything()
		again := h.must(do, quick, func(c *dispatch.Command) { c.Version, c.Link = first.Version-1, 1 })
		if h.everything() != before || again.Version != first.Version {
			t.Errorf("%s: the repeat changed something", do)
		}
	}
	before := h.everything()
	h.must(plantroom.DoAcknowledge, quick) // a reply that was lost long ago
	if h.everything() != before {
		t.Error("a late repeat changed something")
	}
}

func TestTheSecondOfTwoIsToldWhoWasFirst(t *testing.T) {
	h := opened(t)
	h.must(plantroom.DoAcknowledge, quick, by("Li"))
	_, err := h.do(plantroom.DoAcknowledge, lin)
	h.wantCode(err, plantroom.CodeConflict)
	if msg := plantroom.MessageOf(err); !strings.Contains(msg, "acknowledged by Li (contractor:quicklift)") {
		t.Errorf("lin reads %q", msg)
	}
}

func TestOfTwoWhoRaceOneWins(t *testing.T) {
	h := opened(t)
	id := h.order().ID
	var (
		wg   sync.WaitGroup
		errs [8]error
	)
	for i := range errs {
		wg.Go(func() {
			errs[i] = h.update(func(tx plantroom.Tx) error {
				_, err := h.desk.Command(tx, h.now, dispatch.Command{Order: id, Do: plantroom.DoAcknowledge, Actor: "person:p" + string(rune('a'+i))})
				return err
			})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			h.wantCode(err, plantroom.CodeConflict)
		}
	}
	if won != 1 || occurrences(h.rows(), "order.acknowledge") != 1 {
		t.Errorf("%d won, %d rows", won, occurrences(h.rows(), "order.acknowledge"))
	}
}

func TestAnAcknowledgementCanBeTakenBack(t *testing.T) {
	h := opened(t)
	h.pass(time.Minute)
	h.must(plantroom.DoAcknowledge, quick, by("Li"))
	h.pass(time.Minute)
	o := h.must(plantroom.DoUnacknowledge, quick)
	if o.State != plantroom.Dispatched || o.By != "" || o.NextCall != h.now.Add(3*time.Minute) {
		t.Errorf("%s by %q, next call %s: want the ladder anew", o.State, o.By, o.NextCall)
	}
	h.wantClock(plantroom.Acknowledge, plantroom.ClockRunning)
	before := h.everything()
	h.must(plantroom.DoUnacknowledge, quick)
	if h.everything() != before {
		t.Error("taking it back twice changed something")
	}
	h.pass(4 * time.Minute)
	h.wantClock(plantroom.Acknowledge, plantroom.ClockBreached)
	h.must(plantroom.DoAcknowledge, lin)
}

func TestAnotherContractorIsAskedWhenOneDeclines(t *testing.T) {
	h := opened(t)
	h.pass(2 * time.Minute)
	o := h.must(plantroom.DoDecline, quick, func(c *dispatch.Command) { c.Reason = "no spare part" })
	if o.State != plantroom.Dispatched || o.Contractor != "grandlift" || o.Link != 2 || o.DeclinedBy[0] != "quicklift" {
		t.Fatalf("%s with %s, link %d", o.State, o.Contractor, o.Link)
	}
	if o.Choice[0].Reason != "has declined this order" {
		t.Errorf("%+v", o.Choice[0])
	}
	h.call("order.dispatched", grand)
	h.call("window.cannot_meet", lin)
	if c := o.Clock(plantroom.Acknowledge); c.Started != h.now || c.Window != 15*minute {
		t.Errorf("acknowledge %+v: want grandlift's own, from its dispatch", c)
	}
	if c := o.Clock(plantroom.Restore); c.Started != start || c.Window != 24*hour {
		t.Errorf("restore %+v: want grandlift's own, from the raising", c)
	}

	before := h.everything()
	h.must(plantroom.DoDecline, quick, func(c *dispatch.Command) { c.Link = 1 }) // the reply was lost
	if h.everything() != before {
		t.Error("declining twice changed something")
	}
	_, err := h.do(plantroom.DoAcknowledge, quick, func(c *dispatch.Command) { c.Link = 1 })
	h.wantCode(err, plantroom.CodeExpired)
	_, err = h.do(plantroom.DoAcknowledge, quick)
	h.wantCode(err, plantroom.CodeForbidden)
	_, err = h.do(plantroom.DoAcknowledge, grand, func(c *dispatch.Command) { c.Link = 3 })
	h.wantCode(err, plantroom.CodeInvalid)

	o = h.must(plantroom.DoDecline, grand, func(c *dispatch.Command) { c.Link = 2 })
	if o.State != plantroom.Declined || o.Contractor != "" {
		t.Errorf("%s with %q", o.State, o.Contractor)
	}
	h.call("order.refused", lin)
}

func TestADeclineAfterArrivingLetsThePromisesRunAgain(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { // the law's window alone binds both
		e.Contracts[0].Windows, e.Contracts[1].Windows = nil, nil
	})
	h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment")
	first := h.order().Contractor
	h.must(plantroom.DoAcknowledge, "contractor:"+string(first))
	h.pass(16 * time.Minute) // past half
	h.must(plantroom.DoArrive, "contractor:"+string(first))
	h.wantClock(plantroom.Attend, plantroom.ClockMet)
	h.must(plantroom.DoDecline, "contractor:"+string(first))
	h.wantClock(plantroom.Attend, plantroom.ClockRunning)
	h.pass(20 * time.Minute)
	if n := occurrences(h.rows(), "clock.half"); n != 1 {
		t.Errorf("the half of the law's window took effect %d times", n)
	}
	h.wantClock(plantroom.Attend, plantroom.ClockBreached)
}

func TestCancellingNeedsAPersonAndAReason(t *testing.T) {
	h := opened(t)
	_, err := h.do(plantroom.DoCancel, quick, func(c *dispatch.Command) { c.Reason = "no" })
	h.wantCode(err, plantroom.CodeForbidden)
	_, err = h.do(plantroom.DoCancel, lin, func(c *dispatch.Command) { c.Reason = " " })
	h.wantCode(err, plantroom.CodeInvalid)
	o := h.must(plantroom.DoCancel, lin, func(c *dispatch.Command) { c.Reason = "test drill" })
	if o.State != plantroom.Cancelled || !o.Due.IsZero() {
		t.Errorf("%s, due %s", o.State, o.Due)
	}
	h.wantClock(plantroom.Restore, plantroom.ClockVoid)
	h.call("order.cancelled", quick)
	h.cleared()
	h.proved(h.now)
	h.wantState(plantroom.Cancelled)
}

func TestACommandFromAnOldPageIsRefused(t *testing.T) {
	h := opened(t)
	seen := h.order().Version
	h.must(plantroom.DoAcknowledge, quick)
	_, err := h.do(plantroom.DoArrive, quick, func(c *dispatch.Command) { c.Version = seen })
	h.wantCode(err, plantroom.CodeConflict)
	h.must(plantroom.DoArrive, quick, func(c *dispatch.Command) { c.Version = seen + 1 })
}

func TestACleanCycleDoesNotAgeThePage(t *testing.T) {
	h := opened(t)
	h.cleared()
	before := h.order().Version
	h.event(plantroom.IncidentProgress, func(in *plantroom.Incident) { in.Clean = 1 })
	if after := h.order().Version; after != before {
		t.Errorf("version %d became %d although the order is as it was", before, after)
	}
}

func TestWhatCannotBeAskedIsRefused(t *testing.T) {
	h := opened(t)
	for name, tt := range map[string]struct {
		edit func(*dispatch.Command)
		want plantroom.Code
	}{
		"the system's action":   {func(c *dispatch.Command) { c.Do = plantroom.DoProve }, plantroom.CodeForbidden},
		"no such action":        {func(c *dispatch.Command) { c.Do = "explode" }, plantroom.CodeForbidden},
		"no actor":              {func(c *dispatch.Command) { c.Actor = "" }, plantroom.CodeInvalid},
		"an odd actor":          {func(c *dispatch.Command) { c.Actor = "system" }, plantroom.CodeInvalid},
		"half an actor":         {func(c *dispatch.Command) { c.Actor = "contractor:" }, plantroom.CodeInvalid},
		"a stranger":            {func(c *dispatch.Command) { c.Actor = grand }, plantroom.CodeForbidden},
		"a long note":           {func(c *dispatch.Command) { c.Note = strings.Repeat("x", 5000) }, plantroom.CodeTooLarge},
		"a long name":           {func(c *dispatch.Command) { c.By = strings.Repeat("x", 500) }, plantroom.CodeTooLarge},
		"an ETA of yesterday":   {func(c *dispatch.Command) { c.ETA = start.Add(-24 * time.Hour) }, plantroom.CodeInvalid},
		"an ETA of next week":   {func(c *dispatch.Command) { c.ETA = start.Add(dispatch.MaxETA + 1) }, plantroom.CodeInvalid},
		"an ETA of next age":    {func(c *dispatch.Command) { c.ETA = 1<<63 - 1 }, plantroom.CodeInvalid},
		"no such order":         {func(c *dispatch.Command) { c.Order = "wo-999999" }, plantroom.CodeNotFound},
		"arriving out of turn":  {func(c *dispatch.Command) { c.Do = plantroom.DoArrive }, plantroom.CodeTransition},
		"fixing out of turn":    {func(c *dispatch.Command) { c.Do = plantroom.DoFix }, plantroom.CodeTransition},
		"taking nothing back":   {func(c *dispatch.Command) { c.Do = plantroom.DoUnacknowledge }, plantroom.CodeTransition},
		"a link of the future":  {func(c *dispatch.Command) { c.Link = 9 }, plantroom.CodeInvalid},
		"a version of a future": {func(c *dispatch.Command) { c.Version = 99 }, plantroom.CodeConflict},
	} {
		before := h.everything()
		_, err := h.do(plantroom.DoAcknowledge, quick, tt.edit)
		if plantroom.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		if h.everything() != before {
			t.Errorf("%s: refused, and yet something changed", name)
		}
	}
}

func TestABreachThatNobodyHasNoticedYetComesBeforeTheCommand(t *testing.T) {
	h := opened(t)
	h.sleep(6 * time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	h.wantClock(plantroom.Acknowledge, plantroom.ClockBreached)
	if c := h.clock(plantroom.Acknowledge); c.Stopped != h.now || c.Breached != start.Add(5*time.Minute) {
		t.Errorf("%+v", c)
	}
	if n := h.count("clock.breached to person:lin"); n != 1 {
		t.Errorf("the manager heard of it %d times", n)
	}
}
