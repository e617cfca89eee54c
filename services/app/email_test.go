package app_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"plantroom"
)

// mailServer is a real one, on loopback and without TLS.
func mailServer(t *testing.T) (port int, letters chan string) {
	t.Helper()
	letters = make(chan string, 64)
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return inbox(letters), nil }))
	server.ErrorLog = log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); _ = l.Close(); <-ended })
	return l.Addr().(*net.TCPAddr).Port, letters
}

type inbox chan string

func (inbox) Mail(string, *smtp.MailOptions) error { return nil }
func (inbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (inbox) Reset()                               {}
func (inbox) Logout() error                        { return nil }
func (i inbox) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err == nil {
		i <- string(b)
	}
	return err
}

func TestACallGoesOutByEmailAsSoonAsAReloadNamesTheMailServer(t *testing.T) {
	port, letters := mailServer(t)
	h := newHouse(t).withInflux().start()
	h.files.Reach = `{channel: email, to: desk@quicklift.example}`
	h.files.More = fmt.Sprintf("email: {host: 127.0.0.1, port: %d, tls: none, from: Plantroom <plantroom@example.org>}", port)
	h.write()
	if err := h.Reload(t.Context(), h.load()); err != nil {
		t.Fatal(err)
	}
	g := h.gateway("gw-b1")
	g.take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), h.now()))
	select {
	case l := <-letters:
		if !strings.Contains(l, "To: <desk@quicklift.example>") || !strings.Contains(l, "/job/") || !strings.Contains(l, "Message-ID: <msg-") {
			t.Errorf("the letter is\n%s", l)
		}
	case <-time.After(time.Minute):
		t.Fatalf("no letter came:\n%s", h.log)
	}
	eventually(t, "the ledger says that it was sent", func() bool {
		_, _, body := h.request("GET", "/api/v1/ledger?limit=500", h.token())
		return strings.Contains(body, `"call.sent"`) && strings.Contains(body, `"email"`)
	})
}

// A push service that answers 200 and an error has delivered nothing; the letter
// comes instead.
func TestACallThatAProviderRefusesGoesToTheNextAddress(t *testing.T) {
	port, letters := mailServer(t)
	push := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hush" {
			t.Errorf("the push is authorised by %q", r.Header.Get("Authorization"))
		}
		_, _ = io.WriteString(w, `{"ok":false}`)
	}))
	defer push.Close()
	h := newHouse(t)
	for name, text := range map[string]string{"push-token": "hush\n", "push.yaml": `about: a test
url: http://{setting.host}/push
headers: {Authorization: "Bearer {secret.token}"}
json: {to: "{to}", text: "{message}"}
address: .+
success: {status: [200], json: [{at: /ok, is: [true]}]}
permanent: [{json: [{at: /ok, is: [false]}]}]
`} {
		if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.files.Reach = `{channel: push, to: desk}, {channel: email, to: desk@quicklift.example}`
	h.files.More = fmt.Sprintf("email: {host: 127.0.0.1, port: %d, tls: none, from: p@example.org}\nproviders: [{id: push, template: push.yaml, settings: {host: %q}, secrets: {token: push-token}}]",
		port, push.Listener.Addr())
	h.withInflux().start()
	g := h.gateway("gw-b1")
	g.take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), h.now()))
	select {
	case <-letters:
	case <-time.After(time.Minute):
		t.Fatalf("no letter came:\n%s", h.log)
	}
	eventually(t, "the ledger says what became of the push", func() bool {
		_, _, body := h.request("GET", "/api/v1/ledger?limit=500", h.token())
		return strings.Contains(body, `"call.dead"`) && strings.Contains(body, `"instead":"msg-`) && !strings.Contains(body, "hush")
	})
}
