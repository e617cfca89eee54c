package main

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The unit is of Type=notify: systemctl start returns when there is a board.
func TestTheServerSpeaksToSystemd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	p := startServer(t, newSite(t))
	hear := func(want string) {
		t.Helper()
		if err := l.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4096)
		if n, err := l.Read(b); err != nil || !strings.HasPrefix(string(b[:n]), want) {
			t.Fatalf("it says %q, %v; want %q", b[:n], err, want)
		}
	}
	hear("READY=1\nSTATUS=board at " + p.said["board"])
	p.signal(syscall.SIGHUP)
	hear("RELOADING=1\nMONOTONIC_USEC=")
	hear("READY=1\n")
	p.signal(syscall.SIGTERM)
	hear("STOPPING=1\n")
	if code := p.wait(); code != exitOK {
		t.Errorf("the exit code is %d:\n%s", code, p.log)
	}
}
