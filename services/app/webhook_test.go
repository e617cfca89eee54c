package app_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"plantroom"
)

func TestAWebhookIsSignedWithTheSecretOnFile(t *testing.T) {
	type post struct {
		header http.Header
		body   []byte
	}
	posts := make(chan post, 16)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		posts <- post{r.Header, b}
	}))
	defer receiver.Close()
	h := newHouse(t, func(f *files) { f.Webhook = receiver.URL + "/hooks?for=quicklift" }).withInflux().start()
	secret, err := base64.StdEncoding.DecodeString(h.secret("webhook-contractor-quicklift")) // there before the first call
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := standardwebhooks.NewWebhookRaw(secret)
	if err != nil {
		t.Fatal(err)
	}
	g := h.gateway("gw-b1")
	g.take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), h.now()))
	select {
	case p := <-posts:
		if err := verifier.Verify(p.body, p.header); err != nil {
			t.Errorf("the signature: %v", err)
		}
		p.body[len(p.body)/2] ^= 1
		if verifier.Verify(p.body, p.header) == nil {
			t.Error("the signature fits another body as well")
		}
		p.body[len(p.body)/2] ^= 1
		var event struct{ Type, Subject string }
		if err := json.Unmarshal(p.body, &event); err != nil || event.Subject != "wo-000001" {
			t.Errorf("the call is %s (%v)", p.body, err)
		}
	case <-time.After(time.Minute):
		t.Fatal("no call came")
	}
}
