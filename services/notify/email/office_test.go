package email_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// office is a real SMTP server in this process, which takes letters and answers
// as the test says.
type office struct {
	host   string
	port   int
	cas    *x509.CertPool
	server *smtp.Server

	mu      sync.Mutex
	letters []letter
	refuse  map[string]error // by command: mail, rcpt, data
	logins  []string
	secure  []bool // of each session in which mail was sent: was it under TLS
}

type letter struct{ from, to, data string }

// postbox says how an office is to be reached.
type postbox struct {
	implicit bool // TLS from the start
	noTLS    bool // STARTTLS is not offered
	auth     bool // user and password are wanted: plantroom, hush
	insecure bool // and taken without TLS too
}

func open(t testing.TB, p postbox) *office {
	t.Helper()
	borrowed := httptest.NewTLSServer(nil) // for its certificate of 127.0.0.1
	t.Cleanup(borrowed.Close)
	o := &office{refuse: map[string]error{}, cas: x509.NewCertPool()}
	o.cas.AddCert(borrowed.Certificate())
	config := &tls.Config{Certificates: borrowed.TLS.Certificates, MinVersion: tls.VersionTLS12}
	o.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s := &session{office: o, conn: c, in: !p.auth}
		if p.auth {
			return authSession{s}, nil
		}
		return s, nil
	}))
	o.server.Domain, o.server.ErrorLog, o.server.AllowInsecureAuth = "mail.example.org", log.New(io.Discard, "", 0), p.insecure
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if p.implicit {
		listener = tls.NewListener(listener, config)
	} else if !p.noTLS {
		o.server.TLSConfig = config
	}
	addr := listener.Addr().(*net.TCPAddr)
	o.host, o.port = addr.IP.String(), addr.Port
	ended := make(chan struct{})
	go func() { defer close(ended); _ = o.server.Serve(listener) }()
	t.Cleanup(func() { _ = o.server.Close(); _ = listener.Close(); <-ended }) // Close knows the listener once Serve has begun
	return o
}

func (o *office) answer(command string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refuse[command] = err
}

func (o *office) taken() []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]letter(nil), o.letters...)
}

// session is one connection.
type session struct {
	office *office
	conn   *smtp.Conn
	in     bool
	now    letter
}

func (s *session) asked(command string) error {
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	return s.office.refuse[command]
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	_, secure := s.conn.TLSConnectionState()
	s.office.mu.Lock()
	s.office.secure = append(s.office.secure, secure)
	s.office.mu.Unlock()
	s.now.from = from
	return s.asked("mail")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.now.to += to
	return s.asked("rcpt")
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err := errors.Join(err, s.asked("data")); err != nil {
		return s.asked("data")
	}
	s.now.data = string(b)
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	s.office.letters = append(s.office.letters, s.now)
	return nil
}

func (s *session) Reset()        { s.now = letter{} }
func (s *session) Logout() error { return nil }

// authSession wants a login first.
type authSession struct{ *session }

func (s authSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.office.mu.Lock()
		defer s.office.mu.Unlock()
		s.office.logins = append(s.office.logins, user)
		if user != "plantroom" || password != "hush" {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}
