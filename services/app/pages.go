package app

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/estate"
	"plantroom/services/httpapi"
	"plantroom/services/httpapi/guard"
	"plantroom/services/joblink"
	"plantroom/services/playbooks"
	"plantroom/services/profiles"
	"plantroom/services/web"
)

// perAddress is how often one address may open and press job pages. A whole
// firm may stand behind one address, and the links are signed: this is against
// floods, not against guessing.
var perAddress = guard.Rate{Burst: 120, Every: 250 * time.Millisecond}

// handler puts API, pages and metrics behind the guard.
func (s *Server) handler() (http.Handler, error) {
	g, err := guard.New(guard.Options{Token: s.tokens.operator, Viewer: s.tokens.viewer, Alerts: s.tokens.alerts, PublicURL: s.publicURL, Logger: s.log, Limit: perAddress})
	if err != nil {
		return nil, err
	}
	pages, err := s.pages(g)
	if err != nil {
		return nil, err
	}
	return g.Handler(s.routes(pages), pages.Refuse)
}

func (s *Server) pages(door web.Door) (*web.Pages, error) {
	return web.New(web.Options{Estate: s.estate, Domains: Domains(), Store: s.store, Desk: desk{s}, Proofs: s.proofs, Links: s.key, Uses: joblink.NewRegister(s.store), Door: door, Now: s.now,
		Office: s.cfg.Web.Office, Logger: s.log})
}

// estate is the present one.
func (s *Server) estate() *plantroom.Estate { return &s.spine.Load().estate }

// checkFiles finds fault with an estate's file as a reload of it would, on the
// channels of this server; the profiles and playbooks that it names are those
// behind it, and no file of this machine.
func checkFiles(files []httpapi.File, channels []estate.Channel, now plantroom.Instant) (warnings yamldoc.Faults, err error) {
	known := Known()
	known.Channels = channels
	text := func(path string) ([]byte, error) {
		for _, f := range files[1:] {
			if f.Name == path {
				return []byte(f.Text), nil
			}
		}
		return nil, plantroom.Errorf(plantroom.CodeNotFound, "%.80q is not among the files", path)
	}
	known.Profile = func(path string) (plantroom.Profile, error) {
		src, err := text(path)
		if err != nil {
			return plantroom.Profile{}, err
		}
		return profiles.Parse(path, src, known.Domains)
	}
	known.Playbook = func(path string) (plantroom.Playbook, error) {
		src, err := text(path)
		if err != nil {
			return plantroom.Playbook{}, err
		}
		return playbooks.Parse(path, src, known.Domains)
	}
	known.CasePlaybook = func(path string) (plantroom.CasePlaybook, error) {
		src, err := text(path)
		if err != nil {
			return plantroom.CasePlaybook{}, err
		}
		return playbooks.ParseCase(path, src)
	}
	f, err := estate.ReadText(files[0].Name, []byte(files[0].Text), known)
	if err != nil {
		return nil, err
	}
	refused, warnings := f.Lint(now)
	return warnings, refused.Err()
}

// checkEstate is httpapi.Check.
func (s *Server) checkEstate(files []httpapi.File) (yamldoc.Faults, error) {
	return checkFiles(files, s.spine.Load().known, s.now())
}

// routes lists everything that the server answers.
func (s *Server) routes(pages *web.Pages) []guard.Route {
	api := httpapi.New(httpapi.Options{Estate: s.estate, Store: s.store, Desk: desk{s}, Proofs: s.proofs, Bundles: &bundler{Server: s, slots: make(chan struct{}, 1)}, Gateways: s.gateways, Calendars: Calendars(s.cfg.Data), Events: s.hub, History: s.history, Spools: &s.spools, Domains: Domains(),
		Check: s.checkEstate, Now: s.now, Logger: s.log, Probes: s.probes()})
	return append(append(api.Routes(), pages.Routes()...),
		guard.Route{Pattern: "GET /metrics", Need: guard.Operator, Handler: promhttp.HandlerFor(s.metrics(), promhttp.HandlerOpts{})})
}
