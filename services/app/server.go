package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"plantroom"
	"plantroom/services/app/config"
	"plantroom/services/history"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/handin"
	"plantroom/services/httpapi/live"
	"plantroom/services/influx"
	"plantroom/services/influxd"
	"plantroom/services/ingest"
	"plantroom/services/joblink"
	"plantroom/services/spools"
	"plantroom/services/store"
)

// Options of a Server.
type Options struct {
	Logger *slog.Logger // nil: no log
	// Now is the clock of everything that is judged and promised; nil: the
	// system's. Signatures, sessions and rate limits keep to the system's.
	Now func() plantroom.Instant
}

// Server is a running Plantroom.
type Server struct {
	cfg     *config.Config
	log     *slog.Logger
	watch   *watch
	now     func() plantroom.Instant // the watch's
	secrets secrets
	tokens  tokens
	key     *joblink.Key
	proofs  *handin.Taker

	gateways *gateways    // sends them their files
	spools   spools.Board // what they say of themselves

	listener  net.Listener
	publicURL string
	store     *store.SQLite
	writer    *influx.Writer
	influxd   *influxd.Server // nil: it runs elsewhere
	uplinks   uplinks
	hub       *live.Hub
	history   *history.Follower
	ping      http.Client // asks InfluxDB whether it is there

	in      chan ingest.Delivery // from the gateways to whichever spine runs
	spine   atomic.Pointer[runningSpine]
	failed  chan error
	cleanup []func() // last in, first out

	turn    sync.Mutex // held while a spine is exchanged, and by Stop
	stopped bool
}

// Start starts everything that the file names. When it returns, the store is
// read, pages, embedded broker and InfluxDB child answer; a broker elsewhere is
// connected to in the background, for as long as that takes. What was started
// is stopped again where a part fails.
func Start(ctx context.Context, cfg *config.Config, o Options) (_ *Server, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = func() plantroom.Instant { return plantroom.At(time.Now()) }
	}
	w := &watch{now: o.Now}
	s := &Server{cfg: cfg, log: o.Logger, watch: w, now: w.Now, secrets: secrets{secretsIn(cfg.Data)},
		hub: live.NewHub(live.Options{Logger: o.Logger}), in: make(chan ingest.Delivery, 64), failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	for _, step := range []func(context.Context) error{
		s.openData, s.auditProofs, s.startHistory, s.openPort, s.startInfluxDB, s.startUplinks, s.startSpine, s.startWeb,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	s.lintAtStart()
	return s, nil
}

// onStop adds what has to be undone.
func (s *Server) onStop(f func()) { s.cleanup = append(s.cleanup, f) }

// Stop stops everything, last started first, and returns when it has ended. A
// second Stop does nothing.
func (s *Server) Stop() {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.stopped {
		return
	}
	s.stopped = true
	for i := len(s.cleanup) - 1; i >= 0; i-- {
		s.cleanup[i]()
	}
}

// Failed yields an error when a part that cannot be restarted has failed.
func (s *Server) Failed() <-chan error { return s.failed }

// fail reports such a part. The first report is enough.
func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// URL is where the pages are, on this machine.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// BrokerURL is the address of the MQTT broker.
func (s *Server) BrokerURL() string { return s.uplinks.url() }

// InfluxURL is the address of InfluxDB.
func (s *Server) InfluxURL() string {
	if s.influxd != nil {
		return s.influxd.URL()
	}
	return s.cfg.InfluxDB.URL
}

// TokenFile is the path of the operator's token.
func (s *Server) TokenFile() string { return s.secrets.path("operator-token") }

// tokens are what lets somebody in; "": there is no such token.
type tokens struct{ operator, viewer, alerts string }

// readTokens reads the tokens, and makes those that are missing.
func (s *Server) readTokens() error {
	for _, t := range []struct {
		path string
		of   guard.Need
		to   *string
	}{{s.TokenFile(), guard.Operator, &s.tokens.operator}, {s.cfg.Web.ViewerTokenFile, guard.Viewer, &s.tokens.viewer}, {s.cfg.Web.AlertsTokenFile, guard.Alerts, &s.tokens.alerts}} {
		if t.path == "" {
			continue
		}
		token, err := guard.TokenFile(t.path, t.of)
		if err != nil {
			return err
		}
		*t.to = token
	}
	return nil
}

func (s *Server) openData(ctx context.Context) (err error) {
	if err := s.secrets.make(); err != nil {
		return err
	}
	if info, err := os.Stat(s.cfg.Data); err == nil && info.Mode().Perm()&0o007 != 0 {
		s.log.Warn("open the data directory: every user of this machine may look into it, and calls that wait there hold job links",
			"dir", s.cfg.Data, "next", "chmod 700 it")
	}
	if err = s.readTokens(); err != nil {
		return err
	}
	if s.key, err = joblink.LoadOrCreateKey(s.secrets.path("job-link.pem")); err != nil {
		return err
	}
	if s.gateways, err = newGateways(s); err != nil {
		return err
	}
	if err := s.openProofs(); err != nil {
		return err
	}
	if s.store, err = store.Open(ctx, filepath.Join(s.cfg.Data, "plantroom.db")); err != nil {
		return err
	}
	s.onStop(func() {
		if err := s.store.Close(); err != nil {
			s.log.Error("close the database", "error", err, "next", "nothing that was committed is lost; look at the disk")
		}
	})
	return nil
}

// openPort takes the port of the pages. Job links need to know it before the
// first order is raised; who comes before the pages are there has to wait.
func (s *Server) openPort(context.Context) (err error) {
	if s.listener, err = net.Listen("tcp", s.cfg.Web.Listen); err != nil {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "serve the pages", Message: "the address " + s.cfg.Web.Listen + " cannot be used",
			Hint: "stop what uses the port, or change web.listen", Err: err}
	}
	s.onStop(func() { _ = s.listener.Close() }) // the web server has closed it already, if it came to that
	if s.publicURL = s.cfg.Web.PublicURL; s.publicURL == "" {
		s.publicURL = s.URL()
	}
	return nil
}

func (s *Server) startInfluxDB(ctx context.Context) error {
	o, child, err := startInfluxDB(ctx, s.cfg, s.log)
	if err != nil {
		return err
	}
	if s.influxd = child; child != nil {
		s.onStop(child.Stop)
	}
	s.writer = influx.NewWriter(o)
	s.onStop(s.writer.Close)
	s.ping.Transport = http.DefaultTransport.(*http.Transport).Clone()
	s.onStop(s.ping.CloseIdleConnections)
	return nil
}

// shutdownTime is what requests under way get to end.
const shutdownTime = 5 * time.Second

func (s *Server) startWeb(context.Context) error {
	handler, err := s.handler()
	if err != nil {
		return err
	}
	server := guard.NewServer(s.listener.Addr().String(), handler, s.log.With("part", "web"))
	server.RegisterOnShutdown(s.hub.Close)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.fail(&plantroom.Error{Code: plantroom.CodeUnavailable, Op: "serve the pages", Message: "no further visitor can be let in on " + s.URL(),
				Hint: "restart the server", Err: err})
		}
	}()
	s.onStop(func() {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			_ = server.Close() // the listener is closed already; what is cut off is a request that has had its time
		}
		<-ended
	})
	return nil
}
