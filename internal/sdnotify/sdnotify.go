// Package sdnotify tells the service manager how a service is: started,
// reloading, stopping, alive, and a line of text for people. It is systemd's
// protocol of $NOTIFY_SOCKET, a datagram of KEY=VALUE lines.
//
// It passes no file descriptors, waits for no answer (the protocol has none),
// and reads no environment: whoever starts the program hands the values in.
// What cannot be said is returned as an error, and nothing depends on it: a
// manager that does not listen must not stop a service.
//
// Sources: systemd's sd_notify(3) and sd_watchdog_enabled(3); systemd.service(5)
// for Type=notify and notify-reload.
package sdnotify

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"plantroom"
)

// Notifier speaks to a service manager. A nil Notifier says nothing, so that a
// program need not ask whether there is one.
type Notifier struct {
	addr     net.UnixAddr
	watchdog time.Duration
	now      func() (time.Duration, error) // CLOCK_MONOTONIC
}

// New makes a Notifier of what the manager has put into the environment:
// $NOTIFY_SOCKET, a path or, with @ before it, an abstract name; $WATCHDOG_USEC
// and $WATCHDOG_PID, "" where they are not set. pid is this process's: a
// watchdog that is another process's does not count. An empty socket gives nil.
func New(socket, watchdogUsec, watchdogPID string, pid int) (*Notifier, error) {
	if socket == "" {
		return nil, nil
	}
	if socket[0] != '/' && socket[0] != '@' || len(socket) < 2 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "NOTIFY_SOCKET=%.100q is neither a path nor an abstract name: only systemd sets it", socket)
	}
	// package net writes an abstract name with @, too.
	n := &Notifier{addr: net.UnixAddr{Name: socket, Net: "unixgram"}, now: monotonic}
	if watchdogUsec == "" || watchdogPID != "" && watchdogPID != strconv.Itoa(pid) {
		return n, nil
	}
	usec, err := strconv.ParseInt(watchdogUsec, 10, 64)
	if err != nil || usec <= 0 || usec > int64(24*time.Hour/time.Microsecond) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "WATCHDOG_USEC=%.40q is no time up to a day: set WatchdogSec= of the unit", watchdogUsec)
	}
	n.watchdog = time.Duration(usec) * time.Microsecond
	return n, nil
}

// Watchdog returns within which time Alive has to be said again, and zero
// where nobody waits for it. Half of it is a good pace.
func (n *Notifier) Watchdog() time.Duration {
	if n == nil {
		return 0
	}
	return n.watchdog
}

// Ready says that the service has started, or has finished to reload.
func (n *Notifier) Ready(status string) error {
	return n.send("READY=1", "STATUS="+line(status))
}

// Reloading says that the service reads its configuration again; Ready ends
// that.
func (n *Notifier) Reloading() error {
	if n == nil {
		return nil
	}
	now, err := n.now()
	if err != nil {
		return fmt.Errorf("read the monotonic clock: %w", err)
	}
	return n.send("RELOADING=1", "MONOTONIC_USEC="+strconv.FormatInt(int64(now/time.Microsecond), 10))
}

// Stopping says that the service ends.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1") }

// Status gives a line for people, as systemctl status shows it.
func (n *Notifier) Status(text string) error { return n.send("STATUS=" + line(text)) }

// Alive feeds the watchdog.
func (n *Notifier) Alive() error { return n.send("WATCHDOG=1") }

// maxStatus bounds a line for people, in bytes. (systemd takes a datagram of
// 4,096 bytes.)
const maxStatus = 200

// line makes one line of a text: with a line break in it, what a stranger has
// written could be read as another message.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	if len(s) <= maxStatus {
		return s
	}
	return strings.ToValidUTF8(s[:maxStatus], "") + "…"
}

func (n *Notifier) send(lines ...string) error {
	if n == nil {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &n.addr)
	if err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	defer conn.Close()
	// A manager whose queue is full is waited for, for a moment only.
	if err := conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	if _, err := conn.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	return nil
}
