package httpapi

import (
	"cmp"
	"net/http"
	"slices"

	"plantroom"
)

type quarantineView struct {
	Count int64                   `json:"count"` // all of it, not only this page
	Items []plantroom.Quarantined `json:"items"`
}

func (a *API) quarantine(w http.ResponseWriter, r *http.Request, q *query) error {
	limit := q.limit()
	if q.err != nil {
		return q.err
	}
	v := quarantineView{Items: []plantroom.Quarantined{}}
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if v.Count, err = tx.QuarantineCount(); err != nil {
			return err
		}
		items, err := tx.Quarantine(limit)
		v.Items = append(v.Items, items...)
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, v)
}

func (a *API) quarantineCount(w http.ResponseWriter, r *http.Request, _ *query) error {
	var n int64
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		n, err = tx.QuarantineCount()
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, struct {
		Count int64 `json:"count"`
	}{n})
}

type gapView struct {
	Gateway plantroom.GatewayID `json:"gateway"`
	plantroom.Gap
}

// gaps lists declared losses of one gateway, or of every gateway that the
// estate knows or that was ever heard.
func (a *API) gaps(w http.ResponseWriter, r *http.Request, q *query) error {
	only := plantroom.GatewayID(q.id("gateway"))
	if q.err != nil {
		return q.err
	}
	var items []gapView
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) error {
		progress, err := tx.AllProgress()
		if err != nil {
			return err
		}
		for _, gw := range gatewayIDs(a.opt.Estate(), progress) {
			if only != "" && gw != only {
				continue
			}
			of, err := tx.Gaps(gw)
			if err != nil {
				return err
			}
			for _, g := range of {
				items = append(items, gapView{gw, g})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, listOf(items, ""))
}

// gatewayIDs names the estate's gateways and any other that was heard, sorted.
func gatewayIDs(e *plantroom.Estate, progress []plantroom.Progress) []plantroom.GatewayID {
	var ids []plantroom.GatewayID
	for _, g := range e.Gateways {
		ids = append(ids, g.ID)
	}
	for _, p := range progress {
		ids = append(ids, p.Gateway)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

type (
	gatewayView struct {
		ID     plantroom.GatewayID `json:"id"`
		Name   plantroom.Text      `json:"name"`
		Known  bool                `json:"known"` // the estate's file has it
		Heard  plantroom.Instant   `json:"heard,omitzero"`
		Silent plantroom.Instant   `json:"silent,omitzero"` // since when it has been judged silent
		Spools []spoolView         `json:"spools"`
	}
	spoolView struct {
		Epoch  uint64            `json:"epoch"`
		Seen   uint64            `json:"seen"`
		Stored uint64            `json:"stored"`
		Heard  plantroom.Instant `json:"heard,omitzero"`
	}
)

func (a *API) gateways(w http.ResponseWriter, r *http.Request, _ *query) error {
	var progress []plantroom.Progress
	var open []plantroom.Incident
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if progress, err = tx.AllProgress(); err != nil {
			return err
		}
		open, err = tx.OpenIncidents()
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, listOf(gatewayViews(a.opt.Estate(), progress, open), ""))
}

func gatewayViews(e *plantroom.Estate, progress []plantroom.Progress, open []plantroom.Incident) []gatewayView {
	var out []gatewayView
	for _, id := range gatewayIDs(e, progress) {
		v := gatewayView{ID: id, Spools: []spoolView{}}
		if i := slices.IndexFunc(e.Gateways, func(g plantroom.Gateway) bool { return g.ID == id }); i >= 0 {
			v.Name, v.Known = e.Gateways[i].Name, true
		}
		for _, p := range progress {
			if p.Gateway == id {
				v.Spools = append(v.Spools, spoolView{p.Epoch, p.Seen, p.Stored, p.Heard})
				v.Heard = max(v.Heard, p.Heard)
			}
		}
		slices.SortFunc(v.Spools, func(a, b spoolView) int { return cmp.Compare(b.Heard, a.Heard) })
		for _, inc := range open {
			if inc.Rule == "gateway.silent" && inc.Asset == plantroom.AssetID(id) && inc.State == plantroom.IncidentOpen {
				v.Silent = inc.Episode
			}
		}
		out = append(out, v)
	}
	return out
}

func (a *API) ledgerPage(w http.ResponseWriter, r *http.Request, q *query) error {
	after, limit := q.sequence("after"), q.limit()
	if q.err != nil {
		return q.err
	}
	var rows []plantroom.LedgerRow
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		rows, err = tx.Ledger(after, limit+1)
		return err
	})
	if err != nil {
		return err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = formatSeq(rows[limit-1].Seq)
	}
	return send(w, http.StatusOK, listOf(rows, next))
}
