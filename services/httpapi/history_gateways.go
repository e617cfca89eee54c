package httpapi

import (
	"net/http"

	"plantroom"
	"plantroom/services/history"
	"plantroom/services/spools"
)

// Spools is what gateways have last said of themselves: a *spools.Board.
type Spools interface {
	Of(plantroom.GatewayID) spools.Word
}

// pastGateways tells how gateways are now. The count of the quarantine is made for
// each question, by an index.
func (a *API) pastGateways(w http.ResponseWriter, r *http.Request, q *query) error {
	f, now := q.filter(), a.opt.Now()
	if q.err != nil {
		return q.err
	}
	from := history.GatewaySources{Word: a.opt.Spools.Of}
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if from.Progress, err = tx.AllProgress(); err != nil {
			return err
		}
		from.Tallies, err = tx.QuarantineTallies(history.GatewayTimes(now)...)
		return err
	})
	if err != nil {
		return err
	}
	p, err := ask(a, q, &f, func(t *history.Table, b *history.Book) ([]history.GatewayItem, error) {
		return t.Gateways(b, f.Buildings, from), nil
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, p)
}
