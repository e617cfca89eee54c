// Package outside is how channels reach HTTP servers outside the house: no
// redirect is followed, no proxy used, and no address inside is reached unless
// the operator has listed it; see guard.go. It says of what did not work whether
// another try makes sense, and never shows a URL, which may hold a token.
//
// It deliberately does not judge answers: what counts as taken is the channel's
// business.
package outside

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"plantroom"
)

// Limits on what a server can make us do.
const (
	maxHeader = 16 << 10  // of an answer's header
	maxAfter  = time.Hour // the longest Retry-After that is believed
)

// Options say what may be reached.
type Options struct {
	// AllowPrivate lists the address ranges that may be reached although they
	// are private, and the only ones that may be reached without TLS.
	AllowPrivate []netip.Prefix
	// RootCAs verifies servers; nil: the system's.
	RootCAs *x509.CertPool
	// Timeout bounds one request, connecting and reading the answer included.
	Timeout time.Duration
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	tls   *http.Client // public addresses, and listed private ones
	plain *http.Client // listed addresses only
}

// New makes a Client.
func New(o Options) *Client {
	return &Client{tls: newClient(o, guard{allow: o.AllowPrivate, public: true}), plain: newClient(o, guard{allow: o.AllowPrivate})}
}

func newClient(o Options, g guard) *http.Client {
	dialer := &net.Dialer{Timeout: o.Timeout, Control: g.control}
	return &http.Client{
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would connect where the guard forbids
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			TLSClientConfig:        &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    o.Timeout,
			MaxResponseHeaderBytes: maxHeader,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        time.Minute,
		},
	}
}

// Do sends a request, whose URL CheckURL has let through. The error is a
// *plantroom.SendError: an address that the guard refuses is refused for good.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	client := c.plain
	if req.URL.Scheme == "https" {
		client = c.tls
	}
	resp, err := client.Do(req)
	if err == nil {
		return resp, nil
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the URL
	}
	var refused *refusedError
	if errors.As(err, &refused) {
		return nil, &plantroom.SendError{Err: refused, Permanent: true}
	}
	return nil, &plantroom.SendError{Err: err}
}

// CheckURL refuses what cannot be an endpoint. Its error does not show the URL.
func CheckURL(to string) error {
	u, err := url.Parse(to)
	switch {
	case err != nil || u.Hostname() == "":
		return plantroom.Errorf(plantroom.CodeInvalid, "the address is not an absolute URL")
	case u.User != nil:
		return plantroom.Errorf(plantroom.CodeInvalid, "the address of %s holds a password, which would show in logs", u.Host)
	case u.Scheme != "https" && u.Scheme != "http":
		return plantroom.Errorf(plantroom.CodeInvalid, "the address of %s begins with %q: use https", u.Host, u.Scheme)
	}
	return nil
}

// RetryAfter reads the header's two forms (RFC 9110 section 10.2.3). What it
// cannot read, and what lies in the past, is 0.
func RetryAfter(h http.Header, now plantroom.Instant) time.Duration {
	s := strings.TrimSpace(h.Get("Retry-After"))
	var d time.Duration
	if seconds, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = plantroom.At(t).Sub(now)
	}
	return min(max(d, 0), maxAfter)
}
