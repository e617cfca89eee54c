package email

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"regexp"

	gomail "github.com/wneessen/go-mail"

	"plantroom"
	"plantroom/services/notify/wording"
)

// maxAnswers is how much a mail server may say in one delivery, handshake
// included, before it is hung up on: a line without an end would be kept in
// memory for as long as it goes on.
const maxAnswers = 256 << 10

// line is the one connection of a delivery. It ends with its context: the SMTP
// client knows only deadlines, and sets them anew.
type line struct {
	ctx      context.Context
	security Security
	tls      *tls.Config
	conn     net.Conn
	stop     func() bool
}

func (l *line) dial(network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(l.ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.conn = conn
	l.stop = context.AfterFunc(l.ctx, func() { _ = conn.Close() })
	if l.security == None && !loopback(conn.RemoteAddr()) {
		return nil, &plantroom.SendError{Setup: true, Err: plantroom.Errorf(plantroom.CodeForbidden,
			"the mail server at %s is not on this machine, and its tls is none: use starttls or implicit", conn.RemoteAddr())}
	}
	bounded := &boundedConn{Conn: conn, left: maxAnswers}
	if l.security != Implicit {
		return bounded, nil
	}
	secure := tls.Client(bounded, l.tls)
	return secure, secure.HandshakeContext(l.ctx)
}

// hangUp closes the connection, if there is one still.
func (l *line) hangUp() {
	if l.conn != nil {
		l.stop()
		_ = l.conn.Close()
	}
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// boundedConn ends after so many bytes were read.
type boundedConn struct {
	net.Conn
	left int
}

// Read implements net.Conn.
func (b *boundedConn) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

var errTooMuch = plantroom.Errorf(plantroom.CodeUnavailable, "the mail server talks without an end")

// verdict says whether another try makes sense. By RFC 5321 section 4.2.1 a
// reply in the 500s is for good and one in the 400s for the time being. One in the
// 500s that refuses the operator's set-up does not count against the letter. What is
// no reply at all may heal: broken connections, names that do not resolve,
// certificates, a server that has stopped to offer TLS. Servers and the SMTP
// client name the recipient, who is left out: what becomes of a call is in the
// ledger, and that is handed on.
func verdict(err error, to string) error {
	var ours *plantroom.SendError
	if errors.As(err, &ours) {
		return ours
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = plantroom.Errorf(plantroom.CodeUnavailable, "the mail server hung up")
	}
	spelt := regexp.MustCompile("(?i)" + regexp.QuoteMeta(to)) // many servers write it in small letters
	text := wording.Line(spelt.ReplaceAllString(err.Error(), "the recipient"))
	refused := code(err)/100 == 5
	if refused && ofSetup(err) {
		return &plantroom.SendError{Err: errors.New("the mail server refuses the set-up, see email in the server's file: " + text), Setup: true}
	}
	return &plantroom.SendError{Err: errors.New(text), Permanent: refused}
}

// greetingError is what went wrong before the server was told of any letter:
// connecting, TLS, the login.
type greetingError struct{ error }

// Unwrap returns the cause.
func (e greetingError) Unwrap() error { return e.error }

// ofSetup reports whether a reply in the 500s refuses our login or our sender, and
// not the letter. 552 to the sender is about the size of the letter. 530, 534, 535
// and 538 are about the login wherever they come: RFC 4954 sections 4 and 6.
func ofSetup(err error) bool {
	var early greetingError
	var sending *gomail.SendError
	switch c := code(err); {
	case errors.As(err, &early), c == 530, c == 534, c == 535, c == 538:
		return true
	case errors.As(err, &sending) && sending.Reason == gomail.ErrSMTPMailFrom:
		return c != 552
	}
	return false
}

// code is the reply behind an error, 0 where there was none.
func code(err error) int {
	var sending *gomail.SendError
	if errors.As(err, &sending) {
		return sending.ErrorCode()
	}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}
