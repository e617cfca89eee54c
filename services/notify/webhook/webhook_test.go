package webhook_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"plantroom"
	"plantroom/services/notify/webhook"
)

var (
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	secret   = []byte("thirty-two bytes of test secret!")
	call     = plantroom.Call{ID: "msg-abc", Kind: "order.dispatched", Body: json.RawMessage(`{"specversion":"1.0","id":"msg-abc"}`)}
)

func newChannel(t testing.TB, o webhook.Options) *webhook.Channel {
	t.Helper()
	if o.Secret == nil {
		o.Secret = func(string) ([]byte, error) { return secret, nil }
	}
	c, err := webhook.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sendTo(t testing.TB, c *webhook.Channel, to string) *plantroom.SendError {
	t.Helper()
	out := call
	out.To = to
	err := c.Send(t.Context(), out)
	if err == nil {
		return nil
	}
	var se *plantroom.SendError
	if !errors.As(err, &se) {
		return &plantroom.SendError{Err: err}
	}
	return se
}

func TestTheReceiverCanVerifyTheSignatureOverExactlyTheBodyThatCame(t *testing.T) {
	verifier, err := standardwebhooks.NewWebhookRaw(secret)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := verifier.Verify(body, r.Header); err != nil {
			t.Error(err)
		}
		if string(body) != string(call.Body) {
			t.Errorf("body %s, want it as it was", body)
		}
		if got := r.Header.Get("webhook-id"); got != "msg-abc" {
			t.Errorf("webhook-id %q, want the call's id", got)
		}
		if got := r.Header.Get("Content-Type"); got != "application/cloudevents+json; charset=utf-8" {
			t.Errorf("content type %q", got)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer srv.Close()
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	if err := sendTo(t, newChannel(t, webhook.Options{AllowPrivate: loopback, RootCAs: pool}), srv.URL); err != nil {
		t.Fatal(err)
	}
}

func TestEachEndpointHasItsOwnSecret(t *testing.T) {
	var asked []string
	c := newChannel(t, webhook.Options{AllowPrivate: loopback, Secret: func(to string) ([]byte, error) {
		asked = append(asked, to)
		return secret, nil
	}})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	sendTo(t, c, srv.URL+"/a")
	sendTo(t, c, srv.URL+"/b")
	if len(asked) != 2 || asked[0] != srv.URL+"/a" || asked[1] != srv.URL+"/b" {
		t.Errorf("asked for the secrets of %q", asked)
	}
}

func TestAMissingSecretSendsNothingAndIsTriedAgain(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("an unsigned call went out") }))
	defer srv.Close()
	for name, f := range map[string]func(string) ([]byte, error){
		"no file":    func(string) ([]byte, error) { return nil, errors.New("no such file") },
		"empty file": func(string) ([]byte, error) { return nil, nil },
	} {
		se := sendTo(t, newChannel(t, webhook.Options{AllowPrivate: loopback, Secret: f}), srv.URL)
		if se == nil || se.Permanent {
			t.Errorf("%s: %v, want a failure that is tried again", name, se)
		}
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	now := plantroom.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	for _, tt := range []struct {
		status    int
		after     string
		permanent bool
		setup     bool
		wait      time.Duration
		taken     bool
	}{
		{status: 200, taken: true},
		{status: 204, taken: true},
		{status: 299, taken: true},
		{status: 301, permanent: true},
		{status: 307, permanent: true},
		{status: 400, permanent: true},
		{status: 401, setup: true}, // another secret than ours
		{status: 403, setup: true},
		{status: 404, permanent: true},
		{status: 410, permanent: true, after: "5"},
		{status: 408},
		{status: 425},
		{status: 429},
		{status: 429, after: "90", wait: 90 * time.Second},
		{status: 503, after: "Mon, 02 Mar 2026 08:02:00 GMT", wait: 2 * time.Minute},
		{status: 503, after: "Mon, 02 Mar 2026 07:00:00 GMT"},
		{status: 503, after: "999999999", wait: time.Hour},
		{status: 503, after: "-5"},
		{status: 503, after: "soon"},
		{status: 500},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if tt.after != "" {
				w.Header().Set("Retry-After", tt.after)
			}
			w.WriteHeader(tt.status)
		}))
		c := newChannel(t, webhook.Options{AllowPrivate: loopback, Now: func() plantroom.Instant { return now }})
		se := sendTo(t, c, srv.URL)
		srv.Close()
		if tt.taken != (se == nil) {
			t.Errorf("%d: %v, taken should be %v", tt.status, se, tt.taken)
			continue
		}
		if se != nil && (se.Permanent != tt.permanent || se.Setup != tt.setup || se.After != tt.wait) {
			t.Errorf("%d %q: permanent %v set-up %v after %v, want %v %v %v", tt.status, tt.after, se.Permanent, se.Setup, se.After, tt.permanent, tt.setup, tt.wait)
		}
	}
}

func TestARedirectIsNeverFollowed(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer target.Close()
	srv := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	defer srv.Close()
	if se := sendTo(t, newChannel(t, webhook.Options{AllowPrivate: loopback}), srv.URL); se == nil || !se.Permanent {
		t.Errorf("got %v, want it given up", se)
	}
}

func TestInsideAddressesAreNotReachedUnlessListed(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the guard let it through") }))
	defer srv.Close()
	port := srv.URL[strings.LastIndex(srv.URL, ":"):]
	c := newChannel(t, webhook.Options{})
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "10.0.0.1", "192.168.1.1", "169.254.169.254"} {
		if se := sendTo(t, c, "https://"+host+port); se == nil || !se.Permanent {
			t.Errorf("%s: %v, want it refused for good", host, se)
		}
	}
}

func TestWithoutTLSOnlyListedAddressesAreReached(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	if se := sendTo(t, newChannel(t, webhook.Options{}), srv.URL); se == nil || !se.Permanent || !strings.Contains(se.Error(), "allow_private") {
		t.Errorf("not listed: %v, want it refused with the way out", se)
	}
	if se := sendTo(t, newChannel(t, webhook.Options{AllowPrivate: loopback}), srv.URL); se != nil {
		t.Errorf("listed: %v", se)
	}
}

func TestACertificateThatDoesNotVerifyIsRefused(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the call went out") }))
	defer srv.Close()
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it will complain of our refusal
	if se := sendTo(t, newChannel(t, webhook.Options{AllowPrivate: loopback}), srv.URL); se == nil {
		t.Error("an unknown certificate was accepted")
	}
}

func TestAddressesThatCannotBeAnEndpointAreGivenUp(t *testing.T) {
	c := newChannel(t, webhook.Options{AllowPrivate: loopback})
	for _, to := range []string{"", "quicklift", "/hook", "ftp://example.net/", "file:///etc/passwd", "http://user:pw@127.0.0.1/", "http://[::1", "https://"} {
		if se := sendTo(t, c, to); se == nil || !se.Permanent {
			t.Errorf("%q: %v, want it given up", to, se)
		} else if strings.Contains(se.Error(), "pw") {
			t.Errorf("%q: the error shows the password: %v", to, se)
		}
	}
}

func TestAnErrorDoesNotShowTheReceiversToken(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Close() // nobody listens there now
	se := sendTo(t, newChannel(t, webhook.Options{AllowPrivate: loopback}), srv.URL+"/hook?token=hush")
	if se == nil || se.Permanent || strings.Contains(se.Error(), "hush") {
		t.Errorf("got %v, want a failure to be tried again that keeps the token to itself", se)
	}
}

func TestAnEndlessAnswerEnds(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	if se := sendTo(t, newChannel(t, webhook.Options{AllowPrivate: loopback}), srv.URL); se != nil {
		t.Errorf("got %v: the status has said that it was taken", se)
	}
}

func TestASilentReceiverIsGivenUpInTime(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	se := sendTo(t, newChannel(t, webhook.Options{AllowPrivate: loopback, Timeout: 50 * time.Millisecond}), srv.URL)
	if se == nil || se.Permanent {
		t.Errorf("got %v, want a failure to be tried again", se)
	}
}

func TestTheContextEndsADelivery(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel(); <-release }))
	defer srv.Close()
	defer close(release)
	out := call
	out.To = srv.URL
	if err := newChannel(t, webhook.Options{AllowPrivate: loopback}).Send(ctx, out); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAChannelWithoutSecretsIsNotMade(t *testing.T) {
	if _, err := webhook.New(webhook.Options{}); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("got %v", err)
	}
}
