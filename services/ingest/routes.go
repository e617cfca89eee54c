package ingest

import (
	"sync/atomic"

	"plantroom"
)

// route is what a (device, signal) resolves to.
type route struct {
	series  *plantroom.Series
	signal  plantroom.Signal
	gateway plantroom.GatewayID // which alone may report it; "": any may
}

type routeKey struct {
	device plantroom.DeviceID
	signal string
}

// routes remembers what Core.Resolve has said, so that each (device, signal)
// is resolved once. Only those that exist are kept, so the estate bounds it.
type routes struct {
	core       Core
	estate     plantroom.EstateID
	known      map[routeKey]*route
	series     map[plantroom.Series]*plantroom.Series
	generation atomic.Uint64 // that is wanted
	have       uint64        // that known belongs to
}

func newRoutes(o *Options) *routes {
	return &routes{
		core: o.Core, estate: o.Estate,
		known: make(map[routeKey]*route), series: make(map[plantroom.Series]*plantroom.Series),
	}
}

// find resolves a reading. It may also fail because of the reading's value.
func (t *routes) find(r *plantroom.Reading) (*route, error) {
	if want := t.generation.Load(); want != t.have {
		clear(t.known)
		clear(t.series)
		t.have = want
	}
	key := routeKey{r.Device, r.Signal}
	if rt, ok := t.known[key]; ok {
		return rt, nil
	}
	o, err := t.core.Resolve(*r)
	if err != nil {
		return nil, err
	}
	rt := &route{signal: o.Signal, gateway: o.Gateway, series: t.seriesOf(plantroom.Series{
		Measurement: o.Measurement, Estate: t.estate,
		Building: o.Asset.Building, Asset: o.Asset.ID, Device: r.Device,
	})}
	t.known[key] = rt
	return rt, nil
}

func (t *routes) seriesOf(s plantroom.Series) *plantroom.Series {
	shared, ok := t.series[s]
	if !ok {
		shared = &s
		t.series[s] = shared
	}
	return shared
}
