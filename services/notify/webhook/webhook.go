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
// address inside the house unless the operator has listed it: see services/notify/outside.
package webhook

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"plantroom"
	"plantroom/services/notify/outside"
)

// Limits on what a receiver can make us do.
const (
	maxBody    = 64 << 10 // of an answer's body, read only to keep the connection usable
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
	client *outside.Client
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
		client: outside.New(outside.Options{AllowPrivate: o.AllowPrivate, RootCAs: o.RootCAs, Timeout: o.Timeout}),
	}, nil
}

// Name is webhook.
func (c *Channel) Name() string { return "webhook" }

// Send delivers a call once. The error never shows the query of the URL,
// which may hold a receiver's own token.
func (c *Channel) Send(ctx context.Context, call plantroom.Call) error {
	if err := CheckAddress(call.To); err != nil {
		return &plantroom.SendError{Err: err, Permanent: true}
	}
	req, err := c.request(ctx, call)
	if err != nil {
		return err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxBody) // so that the connection can be used again; the status is all that counts
	return judge(resp, c.now())
}

// CheckAddress says what is wrong with a URL to which calls would go.
func CheckAddress(to string) error { return outside.CheckURL(to) }

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

// judge turns an answer into a verdict. 408, 425 and 429 ask for another try
// (RFC 9110, RFC 8470, RFC 6585), 5xx may heal; 401 and 403 mean that the secret is
// not the receiver's; every other answer means that this address will not take calls
// until somebody changes it.
func judge(resp *http.Response, now plantroom.Instant) error {
	code := resp.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	e := &plantroom.SendError{Err: plantroom.Errorf(plantroom.CodeUnavailable, "the receiver answered %d %s", code, http.StatusText(code))}
	switch {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		e.After = outside.RetryAfter(resp.Header, now)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		e.Setup = true
		e.Err = plantroom.Errorf(plantroom.CodeForbidden, "the receiver answered %d %s: see that it has the secret that stands in secrets/", code, http.StatusText(code))
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
