package app_test

import (
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"plantroom/internal/mqttconn/brokertest"
	"plantroom/internal/sdnotify"
)

// heard is what a service manager has been told, datagram by datagram.
type heard struct {
	mu   sync.Mutex
	said []string
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.said...)
}

// count counts the datagrams that begin so.
func (h *heard) count(prefix string) (n int) {
	for _, s := range h.all() {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

func manager(t *testing.T) (*heard, *sdnotify.Notifier) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	h := &heard{}
	go func() {
		for b := make([]byte, 4096); ; {
			n, err := l.Read(b)
			if err != nil {
				return
			}
			h.mu.Lock()
			h.said = append(h.said, string(b[:n]))
			h.mu.Unlock()
		}
	}()
	n, err := sdnotify.New(path, "2000000", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return h, n
}

func TestTheServiceManagerIsToldWhatHappens(t *testing.T) {
	b := brokertest.NewMochi(t)
	h, n := manager(t)
	manage = n
	t.Cleanup(func() { manage = nil })
	g := start(t, twoSources, b)
	wait(t, "it is ready", func() bool { return h.count("READY=1\nSTATUS=") == 1 })
	wait(t, "it is alive", func() bool { return h.count("WATCHDOG=1\n") >= 3 })
	g.reload <- struct{}{}
	wait(t, "it has reloaded", func() bool { return h.count("READY=1\n") == 2 })
	said := h.all()
	at := func(prefix string, from int) int {
		for i := from; i < len(said); i++ {
			if strings.HasPrefix(said[i], prefix) {
				return i
			}
		}
		t.Fatalf("%q was not said: %q", prefix, said)
		return 0
	}
	if i := at("RELOADING=1\nMONOTONIC_USEC=", at("READY=1", 0)); at("READY=1", i) < i {
		t.Errorf("the order is wrong: %q", said)
	}
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	wait(t, "it has said that it stops", func() bool { return h.count("STOPPING=1\n") == 1 })
	if strings.Contains(g.log.String(), "is stuck") || strings.Contains(g.log.String(), "does not listen") {
		t.Errorf("the log says:\n%s", g.log)
	}
}
