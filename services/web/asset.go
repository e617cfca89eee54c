package web

import (
	"net/http"
	"slices"
	"time"

	"plantroom"
)

// assetView is the page of one watched thing.
type assetView struct {
	At        place
	ID        plantroom.AssetID
	Kind      string
	Devices   []deviceLine
	Orders    []orderLine
	Incidents []incidentLine
}

type (
	deviceLine struct{ ID, Model, Gateway, Interval string }
	orderLine  struct {
		ID                         plantroom.OrderID
		Fault, Since, State, Clock string
		Level                      string
	}
)

// recent is how many orders and incidents an asset's page shows.
const recent = 20

func (p *Pages) asset(w http.ResponseWriter, r *http.Request, say words) error {
	e, id := p.opt.Estate(), plantroom.AssetID(r.PathValue("id"))
	i := slices.IndexFunc(e.Assets, func(a plantroom.Asset) bool { return a.ID == id })
	if i < 0 {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no asset called that")
	}
	var orders []plantroom.WorkOrder
	var incidents []plantroom.Incident
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if orders, err = tx.Orders(plantroom.OrderFilter{Asset: id, Limit: recent}); err != nil {
			return err
		}
		incidents, err = tx.Incidents(plantroom.IncidentFilter{Asset: id, Limit: recent})
		return err
	})
	if err != nil {
		return err
	}
	v := assetView{At: say.placeOf(e, id), ID: id, Kind: say.slug("kind", e.Assets[i].Kind), Devices: say.devices(e, id)}
	for _, o := range orders {
		v.Orders = append(v.Orders, p.orderLine(say, &o))
	}
	for _, inc := range incidents {
		v.Incidents = append(v.Incidents, incidentLine{Fault: p.fault(say, inc.Rule, inc.Cause), Since: say.moment(inc.Episode),
			Ago: say.span(lasted(inc, say.now)), State: say.t("incident." + string(inc.State))})
	}
	return p.render(w, r, http.StatusOK, "asset.html", say, page{Title: v.At.Asset, Body: v})
}

// lasted is how long the condition held, or has held so far.
func lasted(inc plantroom.Incident, now plantroom.Instant) time.Duration {
	if !inc.Cleared.IsZero() {
		now = inc.Cleared
	}
	return now.Sub(inc.Episode)
}

func (s words) devices(e *plantroom.Estate, id plantroom.AssetID) []deviceLine {
	var out []deviceLine
	for _, d := range e.Devices {
		if d.Asset == id {
			l := deviceLine{ID: string(d.ID), Model: d.Model, Gateway: string(d.Gateway), Interval: s.t("device.no_interval")}
			if d.Interval > 0 {
				l.Interval = s.span(time.Duration(d.Interval))
			}
			out = append(out, l)
		}
	}
	return out
}

func (p *Pages) orderLine(say words, o *plantroom.WorkOrder) orderLine {
	l := orderLine{ID: o.ID, Fault: p.fault(say, o.Rule, o.Cause), Since: say.moment(o.Occurred), State: say.t("state." + string(o.State)), Level: levelUnknown}
	if c := pressing(o); c != nil && !o.State.Final() {
		v := say.clock(*c)
		l.Level, l.Clock = v.Level, v.Label+": "+v.Text
	}
	return l
}
