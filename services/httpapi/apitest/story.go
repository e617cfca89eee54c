package apitest

import (
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/cases"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/live"
)

// Fault is something that a sensor sees.
type Fault struct {
	Rule     plantroom.RuleID
	Asset    plantroom.AssetID
	Cause    string
	Severity plantroom.Severity
	Detail   string
	Needed   int // clean cycles that prove the repair
}

// Open lets a sensor see a fault now, and returns the order that was raised.
func (h *House) Open(f Fault) plantroom.WorkOrder {
	h.t.Helper()
	now := h.Now()
	inc := plantroom.Incident{ID: plantroom.NewIncidentID(f.Rule, f.Asset, now), Rule: f.Rule, Asset: f.Asset, Episode: now, State: plantroom.IncidentOpen,
		Severity: f.Severity, Cause: f.Cause, Detail: f.Detail, Opened: now, Needed: max(f.Needed, 1), Domain: "devices"}
	for _, a := range h.estate.Assets {
		if a.ID == f.Asset {
			inc.Domain, inc.Building = a.Domain, a.Building
		}
	}
	h.evidence(plantroom.IncidentOpened, inc)
	return h.orderOf(inc.ID)
}

// Clear lets the sensor see the fault gone, Cycle one clean cycle, and Prove
// the last one that was needed.
func (h *House) Clear(o plantroom.WorkOrder) {
	h.t.Helper()
	inc := h.incident(o)
	inc.State, inc.Cleared = plantroom.IncidentClearing, h.Now()
	h.evidence(plantroom.IncidentCleared, inc)
}

// Cycle lets the sensor see a clean cycle; see Clear.
func (h *House) Cycle(o plantroom.WorkOrder) {
	h.t.Helper()
	inc := h.incident(o)
	inc.Clean++
	h.evidence(plantroom.IncidentProgress, inc)
}

// Prove lets the sensor see the repair proved; see Clear.
func (h *House) Prove(o plantroom.WorkOrder) {
	h.t.Helper()
	inc := h.incident(o)
	inc.State, inc.Clean, inc.Proved, inc.Closed = plantroom.IncidentClosed, inc.Needed, h.Now(), h.Now()
	h.evidence(plantroom.IncidentProved, inc)
}

func (h *House) evidence(change plantroom.IncidentChange, inc plantroom.Incident) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) error {
		return h.Desk.Incident(tx, h.Now(), plantroom.IncidentEvent{Change: change, Incident: inc})
	})
	h.Hub.Publish(live.Incident, string(inc.ID), h.Now())
}

// Heard notes that a gateway's batch came now.
func (h *House) Heard(gw plantroom.GatewayID, seen uint64) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) error {
		return tx.PutProgress(plantroom.Progress{Gateway: gw, Epoch: 1, Seen: seen, Stored: seen, Heard: h.Now()})
	})
}

// Tells lets a gateway say what state it is in and how full its spool is.
func (h *House) Tells(gw plantroom.GatewayID, state wire.State, room wire.Spool) {
	h.t.Helper()
	state.Gateway, room.Gateway = gw, gw
	said, err := wire.AppendState(nil, state)
	if err != nil {
		h.t.Fatal(err)
	}
	full, err := wire.AppendSpool(nil, room)
	if err != nil {
		h.t.Fatal(err)
	}
	for leaf, payload := range map[wire.Leaf][]byte{wire.StateLeaf: said, wire.SpoolLeaf: full} {
		if _, err := h.Told.Hear(&h.estate, h.Now(), wire.Topic(h.estate.ID, gw, leaf), payload); err != nil {
			h.t.Fatal(err)
		}
	}
}

// Hold puts something into quarantine.
func (h *House) Hold(q ...plantroom.Quarantined) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) error { return tx.PutQuarantine(q...) })
}

// Put puts calls into the outbox.
func (h *House) Put(calls ...plantroom.Call) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) error { return tx.InsertCalls(calls...) })
}

// GiveUp makes all calls of an order dead.
func (h *House) GiveUp(o plantroom.WorkOrder, why string) []plantroom.Call {
	h.t.Helper()
	var calls []plantroom.Call
	h.update(func(tx plantroom.Tx) (err error) {
		if calls, err = tx.CallsOf(o.ID); err != nil {
			return err
		}
		for i := range calls {
			calls[i].State, calls[i].LastErr, calls[i].Attempts = plantroom.CallDead, why, 6
			if err := tx.UpdateCall(calls[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return calls
}

// Order reads an order as it is now.
func (h *House) Order(id plantroom.OrderID) (o plantroom.WorkOrder) {
	h.t.Helper()
	h.view(func(tx plantroom.Tx) (err error) { o, err = tx.Order(id); return err })
	return o
}

func (h *House) orderOf(id plantroom.IncidentID) (o plantroom.WorkOrder) {
	h.t.Helper()
	h.view(func(tx plantroom.Tx) (err error) { o, err = tx.OrderOf(id); return err })
	return o
}

func (h *House) incident(o plantroom.WorkOrder) (inc plantroom.Incident) {
	h.t.Helper()
	present := h.Order(o.ID).Incident // a reopened order has another one
	h.view(func(tx plantroom.Tx) (err error) { inc, err = tx.Incident(present); return err })
	return inc
}

func (h *House) view(f func(plantroom.Tx) error) {
	h.t.Helper()
	if err := h.Store.View(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// JobPath is the path of the job page that the order's contractor was sent.
func (h *House) JobPath(o plantroom.WorkOrder) string {
	return "/job/" + h.Links.Sign(o.ID, o.Contractor, o.Link, dispatch.LinkExpires(&o))
}

// Lose declares a gap of a gateway's spool.
func (h *House) Lose(gw plantroom.GatewayID, g plantroom.Gap) {
	h.t.Helper()
	h.update(func(tx plantroom.Tx) error { return tx.PutGap(gw, 1, g) })
}

// Planned declares works on lift 1 of block 1, a day from now and for four hours.
func (h *House) Planned(id plantroom.WorksID) plantroom.Works {
	h.t.Helper()
	from := h.Now().Add(24 * time.Hour)
	w, err := h.DeclareWorks(h.t.Context(), "person:lin", plantroom.Works{ID: id, Title: plantroom.Text{En: "Painting"}, Assets: []plantroom.AssetID{"b1-l1"},
		Contractor: "quicklift", From: from, To: from.Add(4 * time.Hour)})
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

// Owes opens a case of arrears of flat b1-12a, and returns it.
func (h *House) Owes() plantroom.Case {
	h.t.Helper()
	c, err := h.OpenCase(h.t.Context(), cases.Opening{Playbook: "arrears-forgot", Zones: []plantroom.ZoneID{"b1-12a"}, Contact: "Chen <Bo>, 555 0142",
		Text: "two quarters are owed", By: "sun", Responsible: "lin", Actor: "person:operator"})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}
