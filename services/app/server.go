package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"plantroom"
	"plantroom/services/app/config"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/live"
	"plantroom/services/influx"
	"plantroom/services/influxd"
	"plantroom/services/ingest"
	"plantroom/services/joblink"
	"plantroom/services/notify/mqtt"
	"plantroom/services/notify/webhook"
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
	now     func() plantroom.Instant
	secrets secrets
	token   string
	key     *joblink.Key

	store   *store.SQLite
	writer  *influx.Writer
	influxd *influxd.Server // nil: it runs elsewhere
	uplinks uplinks
	hub     *live.Hub
	http    *http.Server
	addr    string

	in      chan ingest.Delivery
	spine   atomic.Pointer[runningSpine]
	reload  sync.Mutex
	failed  chan error
	cleanup []func() // last in, first out
	stop    sync.Once
}

// Start starts everything that the file names and returns when pages, broker
// and InfluxDB answer. What was started is stopped again where a part fails.
func Start(ctx context.Context, cfg *config.Config, o Options) (_ *Server, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = func() plantroom.Instant { return plantroom.At(time.Now()) }
	}
	s := &Server{cfg: cfg, log: o.Logger, now: o.Now, secrets: secrets{filepath.Join(cfg.Data, "secrets")},
		in: make(chan ingest.Delivery, 64), failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	for _, step := range []func(context.Context) error{
		s.openData, s.startInfluxDB, s.startUplinks, s.startSpine, s.startWeb,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// onStop adds what has to be undone.
func (s *Server) onStop(f func()) { s.cleanup = append(s.cleanup, f) }

// Stop stops everything, last started first. A second Stop does nothing.
func (s *Server) Stop() {
	s.stop.Do(func() {
		for i := len(s.cleanup) - 1; i >= 0; i-- {
			s.cleanup[i]()
		}
	})
}

// Failed yields an error when a part that cannot be restarted has failed.
func (s *Server) Failed() <-chan error { return s.failed }

// URL is where the pages are, on this machine.
func (s *Server) URL() string { return "http://" + s.addr }

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

func (s *Server) openData(ctx context.Context) (err error) {
	if err := s.secrets.make(); err != nil {
		return err
	}
	if s.token, err = guard.TokenFile(s.TokenFile()); err != nil {
		return err
	}
	if s.key, err = joblink.LoadOrCreateKey(s.secrets.path("job-link.pem")); err != nil {
		return err
	}
	if s.store, err = store.Open(ctx, filepath.Join(s.cfg.Data, "plantroom.db")); err != nil {
		return err
	}
	s.onStop(func() {
		if err := s.store.Close(); err != nil {
			s.log.Error("close the database", "error", err)
		}
	})
	return nil
}

func (s *Server) startInfluxDB(ctx context.Context) error {
	o := influx.Options{URL: s.cfg.InfluxDB.URL, Database: s.cfg.InfluxDB.Database, Org: s.cfg.InfluxDB.Org, Compress: s.cfg.InfluxDB.Compress}
	if c := s.cfg.InfluxDB.Child; c != nil {
		binary, err := exec.LookPath(c.Binary)
		if err == nil {
			binary, err = filepath.Abs(binary) // influxd gets a directory of its own to run in
		}
		if err != nil {
			return &plantroom.Error{Code: plantroom.CodeNotFound, Op: "start influxd", Message: c.Binary + " is not there",
				Hint: "go install github.com/influxdata/influxdb/cmd/influxd@v1.8.3, or name its path in influxdb.child.binary", Err: err}
		}
		s.influxd, err = influxd.Start(ctx, influxd.Options{Binary: binary, Dir: filepath.Join(s.cfg.Data, "influxdb"), Addr: c.Listen,
			Auth: true, Logger: s.log.With("part", "influxd")})
		if err != nil {
			return err
		}
		s.onStop(s.influxd.Stop)
		o.URL, o.Database, o.Token = s.influxd.URL(), s.influxd.Database(), s.influxd.Token()
	} else if f := s.cfg.InfluxDB.TokenFile; f != "" {
		token, err := firstLine(f)
		if err != nil {
			return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read InfluxDB's token", Message: f, Hint: "see influxdb.token_file", Err: err}
		}
		o.Token = token
	}
	s.writer = influx.NewWriter(o)
	s.onStop(s.writer.Close)
	return nil
}

// channels makes the ways on which calls go out.
func (s *Server) channels(e plantroom.Estate) ([]plantroom.Channel, error) {
	hooks, err := webhook.New(webhook.Options{Secret: s.secrets.webhook(e), AllowPrivate: s.cfg.Webhook.AllowPrivate})
	if err != nil {
		return nil, err
	}
	topics, err := mqtt.New(e.ID, publisher{s.uplinks})
	if err != nil {
		return nil, err
	}
	return []plantroom.Channel{hooks, topics}, nil
}

// publisher lets the mqtt channel publish.
type publisher struct{ uplinks }

// Publish implements mqtt.Publisher.
func (p publisher) Publish(ctx context.Context, topic string, payload []byte) error {
	return p.publish(ctx, topic, payload)
}

func (s *Server) startWeb(context.Context) error {
	handler, err := s.handler()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.cfg.Web.Listen)
	if err != nil {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "serve the pages", Message: "the address " + s.cfg.Web.Listen + " cannot be used",
			Hint: "stop what uses the port, or change web.listen", Err: err}
	}
	s.addr = l.Addr().String()
	s.http = guard.NewServer(s.addr, handler, s.log.With("part", "web"))
	s.http.RegisterOnShutdown(s.hub.Close)
	go func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	s.onStop(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.http.Shutdown(ctx); err != nil {
			_ = s.http.Close()
		}
	})
	return nil
}

func firstLine(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for i, c := range b {
		if c == '\n' || c == '\r' {
			b = b[:i]
			break
		}
	}
	return string(b), nil
}
