package httpapi

import (
	"net/http"
	"strconv"

	"plantroom"
	"plantroom/services/ledger"
)

// orderStates lists every state an order can be in.
func orderStates() []plantroom.OrderState {
	return []plantroom.OrderState{plantroom.Raised, plantroom.Dispatched, plantroom.Acknowledged, plantroom.Attended,
		plantroom.Restored, plantroom.Verified, plantroom.Closed, plantroom.Declined, plantroom.Cancelled, plantroom.Reopened}
}

func (a *API) orders(w http.ResponseWriter, r *http.Request, q *query) error {
	f := plantroom.OrderFilter{Open: q.flag("open"), Asset: plantroom.AssetID(q.id("asset")),
		Domain: plantroom.DomainName(q.id("domain")), Building: plantroom.BuildingID(q.id("building")),
		Contractor: plantroom.ContractorID(q.id("contractor")), Rule: plantroom.RuleID(q.id("rule")),
		States: oneOf(q, "state", orderStates()), From: q.instant("from"), To: q.instant("to"),
		Before: plantroom.OrderID(q.id("before"))}
	limit := q.limit()
	if q.err != nil {
		return q.err
	}
	f.Limit = limit + 1
	var items []plantroom.WorkOrder
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		items, err = tx.Orders(f)
		return err
	})
	if err != nil {
		return err
	}
	next := ""
	if len(items) > limit {
		items = items[:limit]
		next = string(items[limit-1].ID)
	}
	for i := range items {
		fill(&items[i])
	}
	return send(w, http.StatusOK, listOf(items, next))
}

// fill makes absent lists empty ones, as the document promises.
func fill(o *plantroom.WorkOrder) {
	if o.Choice == nil {
		o.Choice = []plantroom.Candidate{}
	}
	if o.Clocks == nil {
		o.Clocks = []plantroom.Clock{}
	}
}

// loadOrder reads the order in the path, and more of the same snapshot.
func (a *API) loadOrder(r *http.Request, more func(plantroom.Tx, plantroom.WorkOrder) error) (plantroom.WorkOrder, error) {
	id, err := pathID(r)
	if err != nil {
		return plantroom.WorkOrder{}, err
	}
	var o plantroom.WorkOrder
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if o, err = tx.Order(plantroom.OrderID(id)); err != nil || more == nil {
			return err
		}
		return more(tx, o)
	})
	fill(&o)
	return o, err
}

func (a *API) order(w http.ResponseWriter, r *http.Request, _ *query) error {
	o, err := a.loadOrder(r, nil)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(o))
	if r.Header.Get("If-None-Match") == etag(o) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return send(w, http.StatusOK, o)
}

// etag is the order's version: an order is shown as it is kept, so the same
// version is the same bytes.
func etag(o plantroom.WorkOrder) string { return strconv.Quote(strconv.FormatInt(o.Version, 10)) }

func (a *API) candidates(w http.ResponseWriter, r *http.Request, _ *query) error {
	o, err := a.loadOrder(r, nil)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, listOf(o.Choice, ""))
}

// timeline merges the ledger rows of an order and of all its incidents.
func (a *API) timeline(w http.ResponseWriter, r *http.Request, _ *query) error {
	var rows [][]plantroom.LedgerRow
	_, err := a.loadOrder(r, func(tx plantroom.Tx, o plantroom.WorkOrder) (err error) {
		rows, err = rowsOf(tx, o)
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, listOf(ledger.Timeline(rows...), ""))
}

func rowsOf(tx plantroom.Tx, o plantroom.WorkOrder) ([][]plantroom.LedgerRow, error) {
	subjects := []string{string(o.ID), string(o.Incident)}
	for _, id := range o.Also {
		subjects = append(subjects, string(id))
	}
	for _, inc := range o.Earlier {
		subjects = append(subjects, string(inc))
	}
	rows := make([][]plantroom.LedgerRow, len(subjects))
	for i, s := range subjects {
		var err error
		if rows[i], err = tx.LedgerOf(s); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (a *API) callsOf(w http.ResponseWriter, r *http.Request, _ *query) error {
	var calls []plantroom.Call
	_, err := a.loadOrder(r, func(tx plantroom.Tx, o plantroom.WorkOrder) (err error) {
		calls, err = tx.CallsOf(o.ID)
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, listOf(callViews(calls), ""))
}
