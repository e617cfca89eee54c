package mqttconn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"time"

	"plantroom"
)

const (
	// defaultLook is how often changed certificates are looked for. Together
	// with the pause before a connection it spreads those of many gateways.
	defaultLook = 30 * time.Second
	// objection is how long a broker has to object to a certificate after the
	// handshake: in TLS 1.3 the client learns of it with its first read.
	objection = time.Second
)

// errRenewed ends a connection whose certificates have changed.
var errRenewed = &plantroom.Error{Code: plantroom.CodeUnavailable, Message: "the certificates have changed: it connects anew, with those that are in the files now"}

// Renewed reports whether a connection was ended, by Lost, because its
// certificates have changed.
func Renewed(err error) bool { return errors.Is(err, errRenewed) }

// stamp is the state of the TLS files.
type stamp [3]os.FileInfo // nil for a file that there is not

func (o *Options) stamp() (s stamp) {
	for i, name := range []string{o.TLS.CA, o.TLS.Cert, o.TLS.Key} {
		if info, err := os.Stat(name); name != "" && err == nil {
			s[i] = info
		}
	}
	return s
}

// same compares two states. A file put in another's place is another one even
// where time and size are the same.
func (s stamp) same(as stamp) bool {
	for i, a := range s {
		b := as[i]
		if (a == nil) != (b == nil) || a != nil && !(os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()) {
			return false
		}
	}
	return true
}

// watch ends the connection when its certificates have changed. A session
// outlives the certificate that it began with, until the broker revokes that or
// is started again, in some night: a fault in the new one is better seen at
// the time when somebody has put it there. So the new one is tried first, on a
// connection beside this one, which goes on while the new one cannot be read
// (it is being written) or is refused.
func (c *Conn) watch(ctx context.Context, o Options, s Session, was stamp) {
	t := time.NewTicker(s.Look)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		is := o.stamp()
		if is.same(was) {
			s.Doubt(nil) // it may have been put back
			continue
		}
		err := o.try(ctx, s)
		if ctx.Err() != nil {
			return
		}
		if err == nil && !o.stamp().same(is) {
			continue // written again meanwhile
		}
		s.Doubt(err)
		if err == nil {
			c.end(errRenewed)
			return
		}
	}
}

// try makes a TLS connection to the broker and waits whether it objects.
func (o *Options) try(ctx context.Context, s Session) error {
	if err := o.trial(ctx, s); err != nil {
		e := &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "try the changed certificates at " + o.URL,
			Message: "they cannot be used; the connection goes on with those before", Err: err,
			Hint: "check tls ca, cert and key: when this connection ends they are all that there is"}
		if why, hint := o.outOfForce(s.now()); why != "" {
			e.Message, e.Hint = why, hint
		}
		return e
	}
	return nil
}

func (o *Options) trial(ctx context.Context, s Session) error {
	addr, _, err := o.address()
	if err != nil {
		return err
	}
	config, err := o.tlsConfig()
	if err != nil {
		return err
	}
	config.Time = func() time.Time { return s.now().Time() }
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := (&tls.Dialer{NetDialer: &net.Dialer{}, Config: config}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(objection)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1)) // a broker says nothing before CONNECT
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return nil
	}
	return err
}
