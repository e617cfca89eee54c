// Package webhook is the channel that delivers calls as HTTP POSTs signed by
// the Standard Webhooks scheme (webhook-id, webhook-timestamp and
// webhook-signature, HMAC-SHA256), with the call's CloudEvents body in
// structured mode as it is.
//
// The webhook-id is the call's id over all retries: a receiver that remembers
// it drops repeats. Any 2xx answer means that the receiver has taken the call.
//
// It deliberately does not retry (services/outbox does), follows no redirect,
// uses no proxy, keeps nothing of an answer but its status, and reaches no
// address inside the house unless the operator has listed it: see guard.go.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"plantroom"
)

// Limits on what a receiver can make us do.
const (
	maxBody    = 64 << 10  // of an answer's body, read only to keep the connection usable
	maxHeader  = 16 << 10  // of an answer's header
	maxAfter   = time.Hour // the longest Retry-After that is believed
	maxTimeout = 10 * time.Second
)

// Options says what a Channel needs. Secret is required.
type Options struct {
	// Secret gives the signing secret of one endpoint, by its URL: the raw
	// bytes, 24 to 64 of them by the Standard Webhooks specification. An error
	// is retried, since a missing file may come back.
	Secret func(to string) ([]byte, error)
	// AllowPrivate lists the address ranges that may be reached although they
	// are private, and the only ones that may be reached without TLS.
	AllowPrivate []netip.Prefix
	// RootCAs verifies servers; nil: the system's.
	RootCAs *x509.CertPool
	// Timeout bounds one delivery, connecting included; 0: 10 seconds.
	Timeout time.Duration
	// Now dates the signature; nil: the wall clock.
	Now func() plantroom.Instant
}

// Channel delivers calls. It is safe for concurrent use.
type Channel struct {
	secret func(string) ([]byte, error)
	now    func() plantroom.Instant
	tls    *http.Client // public addresses, and listed private ones
	plain  *http.Client // listed addresses only
}

var _ plantroom.Channel = (*Channel)(nil)

// New makes a channel.
func New(o Options) (*Channel, error) {
	if o.Secret == nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "a webhook channel needs Options.Secret: unsigned calls could be forged")
	}
	if o.Now == nil {
		o.Now = func() plantroom.Instant { return plantroom.At(time.Now()) }
	}
	if o.Timeout <= 0 {
		o.Timeout = maxTimeout
	}
	return &Channel{
		secret: o.Secret,
		now:    o.Now,
		tls:    newClient(o, guard{allow: o.AllowPrivate, public: true}),
		plain:  newClient(o, guard{allow: o.AllowPrivate}),
	}, nil
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

// Name is webhook.
func (c *Channel) Name() string { return "webhook" }

// Send delivers a call once. The error never shows the query of the URL,
// which may hold a receiver's own token.
func (c *Channel) Send(ctx context.Context, call plantroom.Call) error {
	client, err := c.clientFor(call.To)
	if err != nil {
		return &plantroom.SendError{Err: err, Permanent: true}
	}
	req, err := c.request(ctx, call)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return transportError(err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxBody) // so that the connection can be used again; the status is all that counts
	return judge(resp, c.now())
}

// clientFor picks the client by the URL's scheme.
func (c *Channel) clientFor(to string) (*http.Client, error) {
	secure, err := scheme(to)
	switch {
	case err != nil:
		return nil, err
	case secure:
		return c.tls, nil
	}
	return c.plain, nil
}

// CheckAddress says what is wrong with a URL to which calls would go.
func CheckAddress(to string) error {
	_, err := scheme(to)
	return err
}

// scheme refuses what cannot be an endpoint, and says whether it is under TLS.
func scheme(to string) (secure bool, err error) {
	u, err := url.Parse(to)
	if err != nil || u.Hostname() == "" {
		return false, plantroom.Errorf(plantroom.CodeInvalid, "the webhook address is not an absolute URL")
	}
	if u.User != nil {
		return false, plantroom.Errorf(plantroom.CodeInvalid, "the webhook address of %s holds a password: calls are signed instead", u.Host)
	}
	switch u.Scheme {
	case "https":
		return true, nil
	case "http":
		return false, nil
	}
	return false, plantroom.Errorf(plantroom.CodeInvalid, "the webhook address of %s begins with %q: use https", u.Host, u.Scheme)
}

// request makes the signed POST.
func (c *Channel) request(ctx context.Context, call plantroom.Call) (*http.Request, error) {
	secret, err := c.secret(call.To)
	if err != nil {
		return nil, fmt.Errorf("signing secret: %w", err)
	}
	if len(secret) == 0 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the signing secret of this endpoint is empty: put 24 to 64 random bytes in its file")
	}
	signer, err := standardwebhooks.NewWebhookRaw(secret)
	if err != nil {
		return nil, fmt.Errorf("signing secret: %w", err)
	}
	at := c.now().Time()
	signature, err := signer.Sign(string(call.ID), at, call.Body)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, call.To, bytes.NewReader(call.Body))
	if err != nil {
		return nil, &plantroom.SendError{Err: err, Permanent: true}
	}
	req.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	req.Header.Set("User-Agent", "plantroom")
	req.Header.Set(standardwebhooks.HeaderWebhookID, string(call.ID))
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return req, nil
}

// transportError says whether another try makes sense. An address that the
// guard refuses, and a certificate that does not verify, need a human.
func transportError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the URL
	}
	var refused *refusedError
	if errors.As(err, &refused) {
		return &plantroom.SendError{Err: refused, Permanent: true}
	}
	return &plantroom.SendError{Err: err}
}

// judge turns an answer into a verdict. 408, 425 and 429 ask for another try
// (RFC 9110, RFC 8470, RFC 6585), 5xx may heal; every other answer means that
// this address will not take calls until somebody changes it.
func judge(resp *http.Response, now plantroom.Instant) error {
	code := resp.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	e := &plantroom.SendError{Err: plantroom.Errorf(plantroom.CodeUnavailable, "the receiver answered %d %s", code, http.StatusText(code))}
	switch {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		e.After = retryAfter(resp.Header.Get("Retry-After"), now)
	case code >= 300 && code < 400:
		e.Permanent = true
		e.Err = plantroom.Errorf(plantroom.CodeInvalid, "the receiver answered %d, a redirect, and none is followed: configure the final address", code)
	case code == http.StatusGone:
		e.Permanent = true
		e.Err = plantroom.Errorf(plantroom.CodeInvalid, "the receiver answered 410: it wants no more calls")
	default:
		e.Permanent = true
	}
	return e
}

// retryAfter reads the header's two forms (RFC 9110 section 10.2.3). What it
// cannot read, and what lies in the past, is 0.
func retryAfter(s string, now plantroom.Instant) time.Duration {
	s = strings.TrimSpace(s)
	var d time.Duration
	if seconds, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = plantroom.At(t).Sub(now)
	}
	return min(max(d, 0), maxAfter)
}
