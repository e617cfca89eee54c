package dispatch_test

import (
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/dispatch"
)

// with names the other order, and why.
func with(other plantroom.OrderID, why string) func(*dispatch.Command) {
	return func(c *dispatch.Command) { c.Other, c.Reason = other, why }
}

// read returns an order by its id.
func (h *house) read(id plantroom.OrderID) (o plantroom.WorkOrder) {
	h.t.Helper()
	h.view(func(tx plantroom.Tx) (err error) {
		o, err = tx.Order(id)
		return err
	})
	return o
}

// on gives a command about any order.
func (h *house) on(id plantroom.OrderID, do plantroom.OrderAction, actor string, edit ...func(*dispatch.Command)) (plantroom.WorkOrder, error) {
	h.t.Helper()
	return h.do(do, actor, append([]func(*dispatch.Command){func(c *dispatch.Command) { c.Order = id }}, edit...)...)
}

// two opens one fault on each lift, and returns their orders.
func two(t testing.TB) (h *house, first, second plantroom.WorkOrder) {
	h = newHouse(t)
	first = h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	second = h.open("lift.fault", "b1-l2", plantroom.Medium, "drive_overtemp")
	return h, first, second
}

func TestRelatedOrdersNameEachOtherAndNoClockMinds(t *testing.T) {
	h, first, second := two(t)
	if _, err := h.on(second.ID, plantroom.DoRelate, lin, with(first.ID, "the same supply"), by("Lin")); err != nil {
		t.Fatal(err)
	}
	a, b := h.read(first.ID), h.read(second.ID)
	if !slices.Equal(a.Related, []plantroom.OrderID{second.ID}) || !slices.Equal(b.Related, []plantroom.OrderID{first.ID}) {
		t.Errorf("%v and %v", a.Related, b.Related)
	}
	if !slices.Equal(a.Clocks, first.Clocks) || !slices.Equal(b.Clocks, second.Clocks) {
		t.Error("a clock has changed")
	}
	before := h.everything()
	for _, c := range []struct{ of, to plantroom.OrderID }{{second.ID, first.ID}, {first.ID, second.ID}} {
		if _, err := h.on(c.of, plantroom.DoRelate, lin, with(c.to, "")); err != nil || h.everything() != before {
			t.Errorf("a second press: %v", err)
		}
		_, err := h.on(c.of, plantroom.DoRelate, zhao, with(c.to, ""))
		h.wantCode(err, plantroom.CodeConflict)
		if says := plantroom.MessageOf(err); !strings.Contains(says, "by Lin (person:lin)") {
			t.Errorf("zhao reads %q", says)
		}
	}
	if _, err := h.on(first.ID, plantroom.DoUnrelate, zhao, with(second.ID, "")); err != nil {
		t.Fatal(err)
	}
	if a, b := h.read(first.ID), h.read(second.ID); len(a.Related)+len(b.Related) != 0 {
		t.Errorf("%v and %v", a.Related, b.Related)
	}
	h.wholeLedger()
}

func TestWhatIsOverCanBeRelatedAndStaysOver(t *testing.T) {
	h, first, second := two(t)
	if _, err := h.on(first.ID, plantroom.DoCancel, lin, func(c *dispatch.Command) { c.Reason = "a drill" }); err != nil {
		t.Fatal(err)
	}
	if _, err := h.on(first.ID, plantroom.DoRelate, lin, with(second.ID, "")); err != nil {
		t.Fatal(err)
	}
	if o := h.read(first.ID); o.State != plantroom.Cancelled || !o.Due.IsZero() {
		t.Errorf("%s, due %s", o.State, o.Due)
	}
}

func TestAnOrderIsNotRelatedToEverything(t *testing.T) {
	h, first, _ := two(t)
	n := 0
	for i := range 40 {
		h.now++
		o := h.open("lift.entrapment", "b1-l2", plantroom.Low, "entrapment")
		_, err := h.on(first.ID, plantroom.DoRelate, lin, with(o.ID, ""))
		if plantroom.CodeOf(err) == plantroom.CodeTooLarge {
			break
		}
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		n++
		h.cleared()
		h.proved(h.now)
		h.sleep(9 * 3600e9) // it closes, and the next is no repeat
		h.tick()
	}
	if n != 32 {
		t.Errorf("related to %d orders", n)
	}
}
