package app

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"plantroom"
	"plantroom/services/httpapi"
	"plantroom/services/httpapi/guard"
	"plantroom/services/web"
)

// perAddress is how often one address may open and press job pages. A whole
// firm may stand behind one address, and the links are signed: this is against
// floods, not against guessing.
var perAddress = guard.Rate{Burst: 120, Every: 250 * time.Millisecond}

// handler puts API, pages and metrics behind the guard.
func (s *Server) handler() (http.Handler, error) {
	g, err := guard.New(guard.Options{Token: s.token, PublicURL: s.cfg.Web.PublicURL, Logger: s.log, Limit: perAddress})
	if err != nil {
		return nil, err
	}
	estate := func() *plantroom.Estate { return &s.spine.Load().estate }
	api := httpapi.New(httpapi.Options{Estate: estate, Store: s.store, Desk: desk{s}, Events: s.hub, Now: s.now, Logger: s.log,
		Probes: []httpapi.Probe{
			{Name: "broker", Check: func(context.Context) error {
				if s.uplinks.up() {
					return nil
				}
				return plantroom.Errorf(plantroom.CodeUnavailable, "not connected")
			}},
			{Name: "influxdb", Check: func(context.Context) error {
				if since := s.spine.Load().Ingest.Snapshot().WriterDownSince; !since.IsZero() {
					return plantroom.Errorf(plantroom.CodeUnavailable, "not written to since %s", since)
				}
				return nil
			}},
		}})
	pages, err := web.New(web.Options{Estate: estate, Domains: Domains(), Store: s.store, Desk: desk{s}, Links: s.key, Door: g, Now: s.now,
		Office: s.cfg.Web.Office, Logger: s.log})
	if err != nil {
		return nil, err
	}
	routes := append(api.Routes(), pages.Routes()...)
	routes = append(routes, guard.Route{Pattern: "GET /metrics", Need: guard.Operator,
		Handler: promhttp.HandlerFor(s.metrics(), promhttp.HandlerOpts{})})
	return g.Handler(routes, pages.Refuse)
}
