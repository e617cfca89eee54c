// Package nodetest runs the reference firmware in C as a process, under the
// sanitizers, behind a pseudo-terminal or a pipe whose bytes a test may drop.
// It is for tests alone, and for Linux.
package nodetest

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"plantroom/internal/parts"
)

// Build compiles the firmware, or takes what it has compiled before from the
// user's cache: the sanitizers make a compiler slow.
func Build(t testing.TB) string {
	t.Helper()
	parts.Program(t, "gcc", "gcc")
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("no place of the source is known")
	}
	source := filepath.Join(filepath.Dir(here), "../c")
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	kept := filepath.Join(cache, "plantroom-node", digest(t, source))
	if _, err := os.Stat(kept); err == nil {
		return kept
	}
	dir := t.TempDir()
	out, err := exec.Command("make", "-C", source, "BUILD="+dir, "host").CombinedOutput()
	if err != nil {
		t.Fatalf("make host: %v\n%s", err, out)
	}
	built := filepath.Join(dir, "node-host")
	fresh := fmt.Sprintf("%s.%d", kept, os.Getpid())
	if os.MkdirAll(filepath.Dir(kept), 0o700) == nil && exec.Command("cp", built, fresh).Run() == nil {
		_ = os.Rename(fresh, kept) // where that fails, the next test builds anew
	}
	return built
}

// digest is a name for what the firmware is built of.
func digest(t testing.TB, source string) string {
	t.Helper()
	h := sha256.New()
	for _, pattern := range []string{"*.[ch]", "host/*", "Makefile"} {
		names, err := filepath.Glob(filepath.Join(source, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(h, "%s %d\n%s", filepath.Base(name), len(b), b)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:12])
}

// Node is a running node. Read and Write are the gateway's end of its line.
type Node struct {
	t       testing.TB
	cmd     *exec.Cmd
	line    io.WriteCloser
	from    io.Reader
	control *os.File
	ended   chan struct{}

	mu     sync.Mutex
	log    []string
	killed bool
}

// Start runs a built firmware with arguments, as in "--id", "7".
func Start(t testing.TB, program string, args ...string) *Node {
	t.Helper()
	n := &Node{t: t, cmd: exec.Command(program, args...), ended: make(chan struct{})}
	told, control, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	n.control = control
	n.cmd.ExtraFiles = []*os.File{told}
	if n.line, err = n.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	n.from, n.cmd.Stdout = from, to
	said, err := n.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told.Close()
	to.Close()
	go n.listen(said)
	t.Cleanup(func() {
		n.Kill()
		from.Close()
	})
	return n
}

// listen keeps what the node says on standard error, and fails the test where
// that is a sanitizer.
func (n *Node) listen(said io.Reader) {
	defer close(n.ended)
	for s := bufio.NewScanner(said); s.Scan(); {
		n.mu.Lock()
		n.log = append(n.log, s.Text())
		n.mu.Unlock()
		if strings.Contains(s.Text(), "Sanitizer") || strings.Contains(s.Text(), "runtime error") {
			n.t.Errorf("the node: %s", s.Text())
		}
	}
}

// Read gives what the node has sent.
func (n *Node) Read(p []byte) (int, error) { return n.from.Read(p) }

// Write sends to the node.
func (n *Node) Write(p []byte) (int, error) { return n.line.Write(p) }

// ADC sets what an input of the converter sees.
func (n *Node) ADC(channel, mV int) { fmt.Fprintf(n.control, "adc %d %d\n", channel, mV) }

// Input closes or opens a contact.
func (n *Node) Input(pin int, closed bool) {
	fmt.Fprintf(n.control, "input %d %d\n", pin, map[bool]int{true: 1}[closed])
}

// Log returns what the node did, line by line: "boot 1.4.0", "output 2 on".
func (n *Node) Log() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.log...)
}

// Kill takes the node's power away, and returns when it is off.
func (n *Node) Kill() {
	n.mu.Lock()
	gone := n.killed
	n.killed = true
	n.mu.Unlock()
	if gone {
		return
	}
	n.control.Close()
	_ = n.cmd.Process.Kill() // it may have ended
	<-n.ended
	_ = n.cmd.Wait() // killed
}
