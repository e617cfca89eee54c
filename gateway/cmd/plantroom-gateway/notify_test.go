package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"plantroom/internal/mqttconn/brokertest"
)

func TestTheProgramSpeaksToSystemd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "1000000")
	b := brokertest.NewMochi(t)
	g := write(t, t.TempDir(), b.URL(), fmt.Sprintf(everything, b.URL()))
	g.start()
	hear := func(want string) {
		t.Helper()
		for b, end := make([]byte, 4096), time.Now().Add(soon); ; {
			if err := l.SetReadDeadline(end); err != nil {
				t.Fatal(err)
			}
			n, err := l.Read(b)
			if err != nil {
				t.Fatalf("%q was not said: %v", want, err)
			}
			if strings.HasPrefix(string(b[:n]), want) {
				return
			}
		}
	}
	hear("READY=1\n")
	hear("WATCHDOG=1\n")
	if err := g.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	hear("RELOADING=1\nMONOTONIC_USEC=")
	hear("READY=1\n")
	if code := g.stop(); code != exitOK {
		t.Errorf("the exit code is %d:\n%s", code, g.logged())
	}
	hear("STOPPING=1\n")
}
