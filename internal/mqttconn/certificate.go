package mqttconn

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"time"

	"plantroom"
)

// Certificate is what a PEM file says of who somebody is.
type Certificate struct {
	File  string
	From  plantroom.Instant // in force from,
	Until plantroom.Instant // to
}

// Certificate reads the client's certificate as its file is now; nil where the
// options name none.
func (o *Options) Certificate() (*Certificate, error) {
	if o.TLS.Cert == "" {
		return nil, nil
	}
	return ReadCertificate(o.TLS.Cert)
}

// ReadCertificate reads the first certificate of a PEM file: the one that the
// key belongs to. The error is CodeInvalid.
func ReadCertificate(file string) (*Certificate, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the certificate", Message: file, Err: err, Hint: "name a PEM file that this user can read"}
	}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the certificate", Message: file, Err: err, Hint: "have it issued again"}
		}
		return &Certificate{File: file, From: plantroom.At(c.NotBefore), Until: plantroom.At(c.NotAfter)}, nil
	}
	return nil, invalid("name a file of PEM certificates", "%s holds no PEM certificate", file)
}

// outOfForce says why a client's certificate may be refused at a time, and
// what to do; "": it is in force, or there is none.
func (o *Options) outOfForce(now plantroom.Instant) (why, hint string) {
	const date = "2006-01-02 15:04 MST"
	switch c, err := o.Certificate(); {
	case err != nil || c == nil:
	case now > c.Until:
		return "the certificate in " + c.File + " expired on " + c.Until.Time().Format(date),
			"renew it: the next attempt takes what is in the file then, without a restart"
	case now < c.From:
		return "the certificate in " + c.File + " is not in force before " + c.From.Time().Format(date),
			"check the clock of this machine, which shows " + now.Time().Format(date)
	}
	return "", ""
}

// now is the session's time.
func (s *Session) now() plantroom.Instant {
	if s.Now == nil {
		return plantroom.At(time.Now())
	}
	return s.Now()
}
