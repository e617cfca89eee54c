package nodetest

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"plantroom/firmware-bridge/node"
)

// Line is a serial line: a pseudo-terminal for the gateway's end, a node on the
// other.
type Line struct {
	Path string // of the gateway's end

	master *os.File
	mu     sync.Mutex
	node   *Node
	lose   func(toNode bool) bool
}

// NewLine makes a line with nothing on it. A test that is done with a node on
// it may plug in another.
func NewLine(t testing.TB) *Line {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = raw(master)
	}
	if err != nil {
		t.Fatal(err)
	}
	l := &Line{Path: fmt.Sprintf("/dev/pts/%d", n), master: master}
	hold, err := os.OpenFile(l.Path, os.O_RDWR|unix.O_NOCTTY, 0) // or reads fail while the gateway's end is closed
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hold.Close(); master.Close() })
	go l.pump(true, func(b []byte) (int, error) { return master.Read(b) }, func(b []byte) {
		l.mu.Lock()
		n := l.node
		l.mu.Unlock()
		if n != nil {
			_, _ = n.Write(b) // a node without power hears nothing
		}
	})
	return l
}

// raw stops the terminal from echoing what is said to nobody yet.
func raw(f *os.File) error {
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = unix.CS8 | unix.CREAD | unix.B115200
	return unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t)
}

// Plug puts a node on the line.
func (l *Line) Plug(n *Node) {
	l.mu.Lock()
	l.node = n
	l.mu.Unlock()
	go l.pump(false, n.Read, func(b []byte) { _, _ = l.master.Write(b) }) // the line may be gone
}

// Lose says which frames the line loses: it is asked for each. nil: none.
func (l *Line) Lose(lose func(toNode bool) bool) {
	l.mu.Lock()
	l.lose = lose
	l.mu.Unlock()
}

// pump carries frames and SMP lines one way, until the end that it reads from
// is gone. What is neither is noise, and stays away.
func (l *Line) pump(toNode bool, read func([]byte) (int, error), write func([]byte)) {
	var s node.Splitter
	carry := func(open string, b []byte, end string) {
		l.mu.Lock()
		lost := l.lose != nil && l.lose(toNode)
		l.mu.Unlock()
		if !lost {
			write([]byte(open + string(b) + end))
		}
	}
	buf := make([]byte, 512)
	for {
		n, err := read(buf)
		s.Feed(buf[:n], func(b []byte) { carry("\x00", b, "\x00") }, func(b []byte) { carry("", b, "\n") })
		if err != nil {
			return
		}
	}
}
