package httpapi

import (
	"net/http"
	"slices"

	"plantroom"
)

// The estate as the API shows it: places and things, no person's address and
// no price.
type (
	estateView struct {
		ID          plantroom.EstateID `json:"id"`
		Name        plantroom.Text     `json:"name"`
		Zone        string             `json:"zone"`
		Profile     string             `json:"profile"`
		Currency    string             `json:"currency"`
		Buildings   []buildingView     `json:"buildings"`
		Gateways    []gatewayName      `json:"gateways"`
		Contractors []contractorView   `json:"contractors"`
		Assets      int                `json:"assets"`
		Devices     int                `json:"devices"`
	}
	buildingView struct {
		ID     plantroom.BuildingID `json:"id"`
		Name   plantroom.Text       `json:"name"`
		Floors int                  `json:"floors"`
		Zones  int                  `json:"zones"`
		Assets int                  `json:"assets"`

		Position *plantroom.Position `json:"position,omitempty"` // absent: not known
	}
	gatewayName struct {
		ID   plantroom.GatewayID `json:"id"`
		Name plantroom.Text      `json:"name"`
		Zone plantroom.ZoneID    `json:"zone"`
	}
	contractorView struct {
		ID   plantroom.ContractorID `json:"id"`
		Name plantroom.Text         `json:"name"`
	}
	assetView struct {
		ID       plantroom.AssetID    `json:"id"`
		Domain   plantroom.DomainName `json:"domain"`
		Kind     string               `json:"kind"`
		Building plantroom.BuildingID `json:"building"`
		Zone     plantroom.ZoneID     `json:"zone"`
		Floor    int                  `json:"floor"`
		Name     plantroom.Text       `json:"name"`
		Params   map[string]float64   `json:"params,omitempty"`
	}
	deviceView struct {
		ID       plantroom.DeviceID  `json:"id"`
		Asset    plantroom.AssetID   `json:"asset"`
		Gateway  plantroom.GatewayID `json:"gateway"`
		Model    string              `json:"model"`
		Interval plantroom.Duration  `json:"interval"`
	}
	assetDetail struct {
		assetView
		Devices   []deviceView          `json:"devices"`
		Incidents []plantroom.Incident  `json:"incidents"` // open ones
		Orders    []plantroom.WorkOrder `json:"orders"`    // open ones
	}
)

func (a *API) estate(w http.ResponseWriter, _ *http.Request, _ *query) error {
	e := a.opt.Estate()
	v := estateView{ID: e.ID, Name: e.Name, Zone: e.Zone, Profile: e.Profile, Currency: e.Currency,
		Buildings: buildingsOf(e), Gateways: []gatewayName{}, Contractors: []contractorView{},
		Assets: len(e.Assets), Devices: len(e.Devices)}
	for _, g := range e.Gateways {
		v.Gateways = append(v.Gateways, gatewayName{g.ID, g.Name, g.Zone})
	}
	for _, c := range e.Contractors {
		v.Contractors = append(v.Contractors, contractorView{c.ID, c.Name})
	}
	return send(w, http.StatusOK, v)
}

func buildingsOf(e *plantroom.Estate) []buildingView {
	zones, assets := map[plantroom.BuildingID]int{}, map[plantroom.BuildingID]int{}
	for _, z := range e.Zones {
		zones[z.Building]++
	}
	for _, as := range e.Assets {
		assets[as.Building]++
	}
	out := []buildingView{}
	for _, b := range e.Buildings {
		out = append(out, buildingView{b.ID, b.Name, b.Floors, zones[b.ID], assets[b.ID], b.Position})
	}
	return out
}

func (a *API) buildings(w http.ResponseWriter, _ *http.Request, q *query) error {
	limit, after := q.limit(), q.id("after")
	if q.err != nil {
		return q.err
	}
	page, err := pageOf(buildingsOf(a.opt.Estate()), func(b buildingView) string { return string(b.ID) }, after, limit)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, page)
}

func (a *API) assets(w http.ResponseWriter, _ *http.Request, q *query) error {
	building, domain := plantroom.BuildingID(q.id("building")), plantroom.DomainName(q.id("domain"))
	limit, after := q.limit(), q.id("after")
	if q.err != nil {
		return q.err
	}
	var items []assetView
	for _, as := range a.opt.Estate().Assets {
		if (building == "" || as.Building == building) && (domain == "" || as.Domain == domain) {
			items = append(items, assetView(as))
		}
	}
	page, err := pageOf(items, func(v assetView) string { return string(v.ID) }, after, limit)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, page)
}

func (a *API) devices(w http.ResponseWriter, _ *http.Request, q *query) error {
	asset, gateway := plantroom.AssetID(q.id("asset")), plantroom.GatewayID(q.id("gateway"))
	limit, after := q.limit(), q.id("after")
	if q.err != nil {
		return q.err
	}
	items := devicesOf(a.opt.Estate(), asset, gateway)
	page, err := pageOf(items, func(v deviceView) string { return string(v.ID) }, after, limit)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, page)
}

func devicesOf(e *plantroom.Estate, asset plantroom.AssetID, gateway plantroom.GatewayID) []deviceView {
	out := []deviceView{}
	for _, d := range e.Devices {
		if (asset == "" || d.Asset == asset) && (gateway == "" || d.Gateway == gateway) {
			out = append(out, deviceView(d))
		}
	}
	return out
}

func (a *API) asset(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	e := a.opt.Estate()
	i := slices.IndexFunc(e.Assets, func(as plantroom.Asset) bool { return as.ID == plantroom.AssetID(id) })
	if i < 0 {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no asset %q", id)
	}
	v := assetDetail{assetView: assetView(e.Assets[i]), Devices: devicesOf(e, e.Assets[i].ID, ""),
		Incidents: []plantroom.Incident{}, Orders: []plantroom.WorkOrder{}}
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) error {
		open, err := tx.OpenIncidents()
		if err != nil {
			return err
		}
		for _, inc := range open {
			if inc.Asset == v.ID {
				v.Incidents = append(v.Incidents, inc)
			}
		}
		orders, err := tx.Orders(plantroom.OrderFilter{Open: true, Asset: v.ID, Limit: maxLimit})
		v.Orders = append(v.Orders, orders...)
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, v)
}
