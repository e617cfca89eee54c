package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The mail server is away when the channel is tested: health and metrics say so,
// and the manager hears of it by another channel.
func TestAChannelThatFailsItsTestShowsOnTheHealthPageAndInTheMetrics(t *testing.T) {
	port, letters := mailServer(t)
	h := newHouse(t)
	h.files.More = fmt.Sprintf("email: {host: 127.0.0.1, port: %d, tls: none, from: p@example.org}", port)
	h.files.Tests = h.now().Time().In(time.FixedZone("CST", 8*3600)).Add(time.Minute).Format("15:04")
	h.withInflux().start()
	h.pass(time.Minute + time.Second)
	select {
	case l := <-letters:
		if !strings.Contains(l, "Test of the channel email") || !strings.Contains(l, "To: <lin@example.org>") || strings.Contains(l, "Order:") {
			t.Errorf("the test is\n%s", l)
		}
	case <-time.After(time.Minute):
		t.Fatalf("no test came:\n%s", h.log)
	}
	eventually(t, "the channel has passed", func() bool {
		_, _, body := h.request("GET", "/metrics", h.token())
		return strings.Contains(body, `plantroom_channel_test_passed{channel="email"} 1`)
	})
	if status, _, body := h.request("GET", "/healthz", ""); status != http.StatusOK || !strings.Contains(body, `"channels":"ok"`) {
		t.Errorf("the health page says %d %s", status, body)
	}

	// The next day the address is refused.
	h.files.More = "email: {host: 127.0.0.1, port: 1, tls: none, from: p@example.org}"
	h.write()
	if err := h.Reload(t.Context(), h.load()); err != nil {
		t.Fatal(err)
	}
	h.pass(24 * time.Hour)
	eventually(t, "the test was tried in vain", func() bool {
		_, _, body := h.request("GET", "/api/v1/outbox?state=pending", h.token())
		return strings.Contains(body, `"channel.test"`) && strings.Contains(body, `"last_error"`)
	})
	h.pass(11 * time.Minute)
	eventually(t, "the manager is called", func() bool {
		_, _, body := h.request("GET", "/api/v1/ledger?limit=500", h.token())
		return strings.Contains(body, `"channel.failed"`) && strings.Contains(body, `"mqtt"`)
	})
	if status, _, body := h.request("GET", "/healthz", ""); status != http.StatusServiceUnavailable || !strings.Contains(body, `"channels":"failing"`) {
		t.Errorf("the health page says %d %s", status, body)
	}
	if v := h.metric(`plantroom_channel_test_passed{channel="email"}`); v != 0 {
		t.Errorf("the metric says %v", v)
	}
}
