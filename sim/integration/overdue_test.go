package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// unanswered is a fault that nobody cares for.
const unanswered = `residents: false
do:
  - {at: 30s, fault: {lift: b1-l1, cause: door_close_fault}}
`

// A server that was dead over deadlines and rungs catches up: each effect
// once, and it says by how much it is late.
func TestWorkThatIsOverdueAfterARestartIsDoneOnceAndSaysLate(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run kills the server before deadlines, but not over them")
	}
	h := open(t, plan{speed: 60, fast: true, story: unanswered})
	h.incident("lift.fault", "b1-l1")
	o := h.order("b1-l1")
	h.Server.Kill()
	h.past(o.Dispatched.Add(16 * time.Minute)) // acknowledge (5 min), attend (15 min), and two rungs of the ladder
	h.back(h.Server)
	late := map[string]int{"clock.breached acknowledge": 1, "clock.breached attend": 1, "ladder.call": 1}
	within(t, soon, "what is overdue is done", func(ctx context.Context) error {
		got, err := h.done(ctx, o.ID, true)
		if err != nil {
			return err
		}
		for what := range late {
			if got[what] == 0 {
				return fmt.Errorf("%s: not there, or not late: %v", what, got)
			}
		}
		return nil
	})
	h.Server.Kill() // and once more, over what has been done
	h.back(h.Server)
	h.past(o.Raised.Add(31 * time.Minute)) // restore
	within(t, soon, "the restore window is breached", func(ctx context.Context) error {
		got, err := h.done(ctx, o.ID, false)
		if err != nil {
			return err
		}
		return unless(got["clock.breached restore"] == 1, "it is not: %v", got)
	})
	h.eachMarkOnce(o.ID)
	within(t, soon, "the phones hear that it is late", func(context.Context) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, text := range h.told {
			if strings.HasPrefix(text, "phone lin: ") && strings.Contains(text, string(o.ID)) && strings.Contains(text, "was due") && strings.Contains(text, "(late by ") {
				return nil
			}
		}
		return fmt.Errorf("they have heard %q", h.told)
	})
	h.end()
	for _, g := range h.Gateways { // their pauses have grown to a minute; a start begins with short ones
		g.Kill()
		h.back(g)
	}
	h.audit(0)
}

// order returns the order of an asset once it has been dispatched.
func (h *house) order(asset plantroom.AssetID) plantroom.WorkOrder {
	h.t.Helper()
	var found plantroom.WorkOrder
	within(h.t, soon, "the order is dispatched", func(ctx context.Context) error {
		all, err := h.Orders(ctx)
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.Asset == asset && o.State == plantroom.Dispatched {
				found = o
				return nil
			}
		}
		return fmt.Errorf("%d orders, none of them that", len(all))
	})
	return found
}

// past waits until the estate's clock has passed a moment.
func (h *house) past(at plantroom.Instant) {
	h.t.Helper()
	within(h.t, soon, "the estate's clock passes "+at.String(), func(context.Context) error {
		now := h.clock.Now()
		return unless(now > at, "it is %s", now)
	})
}

// clearlyLate is later than a clock at sixty times the speed makes everything.
const clearlyLate = 45 * time.Second

// done counts what the ledger says of an order: marks of clocks by clock, and
// calls of the ladder; only what was clearly late, if so asked.
func (h *house) done(ctx context.Context, order plantroom.OrderID, late bool) (map[string]int, error) {
	out := map[string]int{}
	for after := int64(0); ; {
		var page struct{ Items []plantroom.LedgerRow }
		if err := h.Get(ctx, fmt.Sprintf("/api/v1/ledger?limit=1000&after=%d", after), &page); err != nil {
			return nil, err
		}
		if len(page.Items) == 0 {
			return out, nil
		}
		for _, r := range page.Items {
			after = r.Seq
			if r.Subject != string(order) || !strings.HasPrefix(r.Kind, "clock.") && r.Kind != "ladder.call" {
				continue
			}
			var e struct {
				Clock  plantroom.ClockKind `json:"clock"`
				LateBy plantroom.Duration  `json:"late_by"`
			}
			if err := json.Unmarshal(r.Body, &e); err != nil {
				return nil, err
			}
			if !late || time.Duration(e.LateBy) > clearlyLate {
				out[strings.TrimSpace(r.Kind+" "+string(e.Clock))]++
			}
		}
	}
}

// eachMarkOnce checks that no mark of a clock has taken effect twice.
func (h *house) eachMarkOnce(order plantroom.OrderID) {
	h.t.Helper()
	got, err := h.done(h.t.Context(), order, false)
	if err != nil {
		h.t.Fatal(err)
	}
	for what, n := range got {
		if strings.HasPrefix(what, "clock.") && n != 1 {
			h.t.Errorf("%s took effect %d times", what, n)
		}
	}
	h.t.Logf("the ledger says %v", got)
}
