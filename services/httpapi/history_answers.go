package httpapi

import (
	"net/http"

	"plantroom"
	"plantroom/services/history"
)

func (a *API) pastOrders(w http.ResponseWriter, _ *http.Request, q *query) error {
	want := history.OrderQuery{Filter: q.filter(), Open: q.flag("open"), States: oneOf(q, "state", history.States),
		Before: plantroom.OrderID(q.id("before")), Limit: q.limit()}
	if !want.Open {
		want.From, want.To = q.span()
	}
	if want.Before != "" && !history.IsOrder(string(want.Before)) {
		q.fail("before", "the next of an earlier page, as wo-000001")
	}
	now, next := a.opt.Now(), ""
	p, err := ask(a, q, &want.Filter, func(t *history.Table, b *history.Book) ([]history.OrderItem, error) {
		items, more := t.OrderPage(b, &want, now)
		if more {
			next = string(items[len(items)-1].ID)
		}
		return items, nil
	})
	if err != nil {
		return err
	}
	p.Next = next
	return send(w, http.StatusOK, p)
}

func (a *API) pastIncidents(w http.ResponseWriter, r *http.Request, q *query) error {
	f, limit := q.filter(), q.limit()
	from, to := q.span()
	more := false
	p, err := ask(a, q, &f, func(t *history.Table, b *history.Book) (items []history.IncidentItem, _ error) {
		items, more = t.IncidentPage(b, &f, from, to, limit)
		return items, nil
	})
	if err != nil {
		return err
	}
	p.More = more
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) error {
		for i := range p.Items {
			in, err := tx.Incident(p.Items[i].ID)
			if err != nil {
				return err
			}
			p.Items[i].Detail = in.Detail
		}
		return nil
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, p)
}

func (a *API) compliance(w http.ResponseWriter, _ *http.Request, q *query) error {
	want := history.ComplianceQuery{Filter: q.filter(), Clocks: oneOf(q, "clock", history.Kinds), By: oneOf(q, "by", history.Keys)}
	want.From, want.To = q.span()
	seen := map[history.Key]bool{}
	for _, by := range want.By {
		if seen[by] {
			q.fail("by", "each key once")
		}
		seen[by] = true
	}
	p, err := ask(a, q, &want.Filter, func(t *history.Table, b *history.Book) ([]history.ComplianceItem, error) {
		return t.Compliance(b, &want)
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, p)
}

func (a *API) league(w http.ResponseWriter, _ *http.Request, q *query) error {
	f := q.filter()
	from, to := q.span()
	p, err := ask(a, q, &f, func(t *history.Table, b *history.Book) ([]history.LeagueItem, error) {
		return t.League(b, &f, from, to), nil
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, p)
}

// defaultPoints of a clock, over the whole range.
const defaultPoints = 100

func (a *API) burndown(w http.ResponseWriter, r *http.Request, q *query) error {
	f, named := q.filter(), ids[plantroom.OrderID](q, "order", history.MaxBurndownOrders)
	clocks, points := oneOf(q, "clock", history.Kinds), defaultPoints
	if q.values.Get("points") != "" {
		if points = q.number("points", defaultPoints, history.MaxPoints); points < history.MinPoints {
			q.fail("points", "a number from 2 to 500")
		}
	}
	from, to := q.span()
	now, book := a.opt.Now(), (*history.Book)(nil)
	chosen, err := ask(a, q, &f, func(t *history.Table, b *history.Book) ([]plantroom.OrderID, error) {
		if book = b; named != nil {
			return named, nil
		}
		return t.OpenIn(&f, from, to, a.opt.Now(), history.MaxBurndownOrders), nil
	})
	if err != nil {
		return err
	}
	var orders []plantroom.WorkOrder
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) error {
		orders = nil
		for _, id := range chosen.Items {
			o, err := tx.Order(id)
			if err != nil && plantroom.CodeOf(err) == plantroom.CodeNotFound {
				chosen.Unknown = append(chosen.Unknown, "order "+string(id))
				continue
			} else if err != nil {
				return err
			}
			orders = append(orders, o)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, past[history.BurndownItem]{Items: history.Burndown(book, orders, clocks, from, to, now, points),
		Unknown: chosen.Unknown, AsOf: chosen.AsOf})
}

func (a *API) states(w http.ResponseWriter, _ *http.Request, q *query) error {
	f := q.filter()
	from, to := q.span()
	now := a.opt.Now()
	p, err := ask(a, q, &f, func(t *history.Table, b *history.Book) ([]history.StatesItem, error) {
		return t.States(b, b.Chosen(&f), from, to, now)
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, p)
}

func (a *API) statesNow(w http.ResponseWriter, _ *http.Request, q *query) error {
	f, now := q.filter(), a.opt.Now()
	p, err := ask(a, q, &f, func(t *history.Table, b *history.Book) ([]history.NowItem, error) {
		return t.Now(b, b.Chosen(&f), now), nil
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, p)
}

func (a *API) kpi(w http.ResponseWriter, _ *http.Request, q *query) error {
	f := q.filter()
	from, to := q.span()
	now := a.opt.Now()
	p, err := ask(a, q, &f, func(t *history.Table, b *history.Book) ([]history.KPIItem, error) {
		return t.KPI(b, b.Chosen(&f), from, to, now)
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, p)
}
