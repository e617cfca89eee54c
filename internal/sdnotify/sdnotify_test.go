package sdnotify_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom/internal/sdnotify"
)

// manager is what systemd is to a service: a socket that takes datagrams.
func manager(t *testing.T, name string) func() string {
	t.Helper()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return func() string {
		t.Helper()
		b := make([]byte, 8192)
		if err := l.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := l.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

func notifier(t *testing.T, socket string) *sdnotify.Notifier {
	t.Helper()
	n, err := sdnotify.New(socket, "", "", 1)
	if err != nil || n == nil {
		t.Fatalf("got %v, %v", n, err)
	}
	return n
}

func TestTheManagerHearsWhatItIsTold(t *testing.T) {
	for _, socket := range []string{
		filepath.Join(t.TempDir(), "notify"),
		fmt.Sprintf("@plantroom-test-%d", os.Getpid()), // abstract: no file
	} {
		heard := manager(t, socket)
		n := notifier(t, socket)
		for _, c := range []struct {
			say  func() error
			want string
		}{
			{func() error { return n.Ready("3 parts") }, "READY=1\nSTATUS=3 parts\n"},
			{n.Stopping, "STOPPING=1\n"},
			{n.Alive, "WATCHDOG=1\n"},
			{func() error { return n.Status("ok") }, "STATUS=ok\n"},
		} {
			if err := c.say(); err != nil {
				t.Fatalf("%s: %v", socket, err)
			}
			if got := heard(); got != c.want {
				t.Errorf("%s: the manager heard %q, want %q", socket, got, c.want)
			}
		}
	}
}

// The manager compares the time with its own clock: it has to be the kernel's
// monotonic one in microseconds, not the time since the program began.
func TestAReloadCarriesTheMonotonicTime(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	heard := manager(t, socket)
	uptime := func() float64 {
		b, err := os.ReadFile("/proc/uptime") // CLOCK_BOOTTIME, which is the same but for suspends
		if err != nil {
			t.Skip("this is not Linux: ", err)
		}
		var s float64
		if _, err := fmt.Sscan(string(b), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	n := notifier(t, socket)
	var last int64
	for range 2 {
		if err := n.Reloading(); err != nil {
			t.Fatal(err)
		}
		var usec int64
		got := heard()
		if _, err := fmt.Sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%d\n", &usec); err != nil {
			t.Fatalf("heard %q: %v", got, err)
		}
		if up := uptime(); float64(usec)/1e6 > up+1 || usec < last || usec < 1_000_000 {
			t.Errorf("it says %d µs after %d, the machine runs for %v s", usec, last, up)
		}
		last = usec
	}
}

func TestAStatusIsOneLineWhateverIsInIt(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	heard := manager(t, socket)
	n := notifier(t, socket)
	if err := n.Status("down: said\nWATCHDOG=trigger\r\x00\xff" + strings.Repeat("é", 300)); err != nil {
		t.Fatal(err)
	}
	got := heard()
	if !strings.HasPrefix(got, "STATUS=down: said WATCHDOG=trigger   é") || strings.Count(got, "\n") != 1 || len(got) > 220 || !strings.HasSuffix(got, "é…\n") {
		t.Errorf("heard %q", got)
	}
}

func TestWithoutAManagerNothingIsSaid(t *testing.T) {
	n, err := sdnotify.New("", "30000000", "", 1)
	if n != nil || err != nil {
		t.Fatalf("got %v, %v", n, err)
	}
	if n.Watchdog() != 0 || n.Ready("x") != nil || n.Reloading() != nil || n.Stopping() != nil || n.Status("x") != nil || n.Alive() != nil {
		t.Error("a Notifier that is nil says something")
	}
}

func TestAManagerThatHasGoneIsAnErrorAndNoMore(t *testing.T) {
	n := notifier(t, filepath.Join(t.TempDir(), "gone"))
	if err := n.Alive(); err == nil || !strings.Contains(err.Error(), "tell the service manager") {
		t.Errorf("got %v", err)
	}
}

func TestTheWatchdogCountsForTheProcessThatItNames(t *testing.T) {
	for _, c := range []struct {
		socket, usec, pid string
		want              time.Duration
		err               string
	}{
		{"/run/n", "30000000", "", 30 * time.Second, ""},
		{"/run/n", "30000000", "42", 30 * time.Second, ""},
		{"/run/n", "30000000", "41", 0, ""},
		{"/run/n", "", "42", 0, ""},
		{"@n", "1", "", time.Microsecond, ""},
		{"/run/n", "0", "", 0, "WATCHDOG_USEC"},
		{"/run/n", "-5", "", 0, "WATCHDOG_USEC"},
		{"/run/n", "99999999999999999999", "", 0, "WATCHDOG_USEC"},
		{"/run/n", "soon", "", 0, "WatchdogSec="},
		{"n", "", "", 0, "NOTIFY_SOCKET"},
		{"@", "", "", 0, "NOTIFY_SOCKET"},
		{"vsock:2:1234", "", "", 0, "NOTIFY_SOCKET"},
	} {
		n, err := sdnotify.New(c.socket, c.usec, c.pid, 42)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || err == nil && n.Watchdog() != c.want {
			t.Errorf("%+v: got %v, %v", c, n.Watchdog(), err)
		}
	}
}
