package influxd

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"plantroom"
)

// Options of a Server.
type Options struct {
	Binary   string // path of influxd
	Dir      string // configuration and data; made if missing
	Addr     string // host:port on loopback; "" for any free port
	Database string // created if missing; "" for plantroom
	Auth     bool   // ask for user and password; a password is made and kept in Dir
	Logger   *slog.Logger
}

// Server is a running InfluxDB. It is restarted when it dies, until Stop.
type Server struct {
	opt    Options
	lock   *os.File
	secret string
	http   http.Client

	stop     context.CancelFunc
	done     chan struct{} // the supervisor has ended
	pid      atomic.Int64
	restarts atomic.Int64
}

// How long things may take.
const (
	startTimeout = 60 * time.Second // replaying a large log included
	stopTimeout  = 10 * time.Second // then it is killed; its log is synced
	lockTimeout  = 10 * time.Second // for a predecessor's child to die
	leastBackoff = 250 * time.Millisecond
	mostBackoff  = 10 * time.Second
)

// Start starts InfluxDB and returns when the database is there. An error says
// what the child said last.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Database == "" {
		o.Database = "plantroom"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	version, err := Check(o.Binary)
	if err != nil {
		return nil, err
	}
	s := &Server{opt: o, done: make(chan struct{}), http: http.Client{Timeout: 10 * time.Second}}
	if err := s.begin(ctx, loopback); err != nil {
		return nil, err
	}
	o.Logger.Info("InfluxDB runs", "version", version, "url", s.URL(), "dir", o.Dir)
	return s, nil
}

// mostPorts is how many free ports are tried where any is good: between our look
// and the child's somebody else may take one.
const mostPorts = 5

// begin starts the child at an address that choose finds for the one wanted.
func (s *Server) begin(ctx context.Context, choose func(wanted string) (string, error)) (err error) {
	wanted := s.opt.Addr
	for tries := 1; ; tries++ {
		if s.opt.Addr, err = choose(wanted); err != nil {
			return err
		}
		if err := s.prepare(ctx); err != nil {
			return err
		}
		taken, err := s.launch(ctx)
		if err == nil {
			return nil
		}
		s.lock.Close()
		if wanted != "" || !taken || tries == mostPorts {
			return err
		}
		s.opt.Logger.Info("start InfluxDB: its port was taken just before, another one is tried", "addr", s.opt.Addr)
	}
}

// prepare makes the directory, locks it and writes the configuration.
func (s *Server) prepare(ctx context.Context) (err error) {
	if s.opt.Dir, err = filepath.Abs(s.opt.Dir); err != nil {
		return s.failed("the directory has no absolute path", err)
	}
	if err := os.MkdirAll(s.opt.Dir, 0o700); err != nil {
		return s.failed("its directory cannot be made", err)
	}
	if s.lock, err = lockDir(ctx, filepath.Join(s.opt.Dir, "lock")); err != nil {
		return s.failed("its directory is in use by another process", err)
	}
	if s.opt.Auth {
		s.secret, err = password(filepath.Join(s.opt.Dir, "password"))
	}
	if err == nil {
		err = os.WriteFile(s.ConfigFile(), []byte(config(s.opt.Dir, s.opt.Addr, s.opt.Auth)), 0o600)
	}
	if err != nil {
		s.lock.Close()
		return s.failed("its configuration cannot be written", err)
	}
	return nil
}

// ConfigFile is the path of the configuration that was written.
func (s *Server) ConfigFile() string { return filepath.Join(s.opt.Dir, "influxd.conf") }

func (s *Server) failed(message string, err error) error {
	return &plantroom.Error{
		Code: plantroom.CodeUnavailable, Op: "start InfluxDB in " + s.opt.Dir, Message: message,
		Hint: "see the log, and that nothing else uses the directory or " + s.opt.Addr, Err: err,
	}
}

// URL is where the server answers.
func (s *Server) URL() string { return "http://" + s.opt.Addr }

// Database is the database that was created.
func (s *Server) Database() string { return s.opt.Database }

// Token is what clients present: user:password, or "" without Auth.
func (s *Server) Token() string {
	if !s.opt.Auth {
		return ""
	}
	return user + ":" + s.secret
}

// PID is the child's process id; 0 between a crash and the next start.
func (s *Server) PID() int { return int(s.pid.Load()) }

// Restarts is how often the child died and was started again.
func (s *Server) Restarts() int64 { return s.restarts.Load() }

// Stop ends the child and waits for it. A second Stop does nothing.
func (s *Server) Stop() {
	s.stop()
	<-s.done
}

// loopback checks the address, or chooses one, and that it is free: another
// server on it would answer in the child's place. Somebody else may still take
// it before the child does.
func loopback(addr string) (string, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", plantroom.Errorf(plantroom.CodeInvalid, "InfluxDB's address %q is not host:port", addr)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", plantroom.Errorf(plantroom.CodeInvalid, "InfluxDB's address %q is not on loopback, as in 127.0.0.1:8086; run your own where others have to reach it", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", &plantroom.Error{
			Code: plantroom.CodeUnavailable, Op: "start InfluxDB", Message: "its address " + addr + " is not free",
			Hint: "stop what uses it, or choose another", Err: err,
		}
	}
	defer l.Close()
	return l.Addr().String(), nil
}
