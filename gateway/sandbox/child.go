package sandbox

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"time"

	"plantroom"
)

// errDied says that the process ended before it answered.
var errDied = errors.New("the process that runs codecs has ended")

// child is one process.
type child struct {
	cmd  *exec.Cmd
	died chan struct{}

	loading sync.Mutex
	loaded  map[string]bool // sums of the files that it has

	mu      sync.Mutex
	over    bool // it is being killed, or does not listen any more
	in      io.WriteCloser
	last    uint64 // id
	waiting map[uint64]chan Reply
}

// start starts a process and waits until it says that it is there.
func start(command, env []string, log *slog.Logger) (*child, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = env
	complaints := &head{}
	cmd.Stderr = complaints
	cmd.WaitDelay = time.Second // nobody else may keep the process from being over
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, died: make(chan struct{}), loaded: map[string]bool{}, in: in, waiting: map[uint64]chan Reply{}}
	hello := make(chan Hello, 1)
	go func() {
		c.read(out, hello)
		c.kill() // it may have closed its output only
		err := cmd.Wait()
		log.Info("the process that runs codecs has ended", "how", err, "said", complaints.String())
		close(c.died)
	}()
	late := time.NewTimer(maxStart)
	defer late.Stop()
	select {
	case h := <-hello:
		if h.Protocol != Protocol {
			c.kill()
			return nil, &plantroom.Error{Code: plantroom.CodeUnavailable,
				Message: fmt.Sprintf("it is of another version (%s; it speaks %d, this program %d)", cmp.Or(h.Version, "unknown"), h.Protocol, Protocol),
				Hint:    "install both programs from one release, and restart the gateway"}
		}
		log.Debug("the process that runs codecs is there", "version", h.Version)
		return c, nil
	case <-c.died:
		return nil, errors.New("it ended at once: " + complaints.String())
	case <-late.C:
		c.kill()
		return nil, errors.New("it did not say within " + maxStart.String() + " that it is there")
	}
}

// read hands answers to those who wait for them, until the process ends or
// says what is no answer. The first line says that it is there.
func (c *child) read(out io.Reader, hello chan<- Hello) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, MaxReply)
	var h Hello
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &h) != nil {
		return
	}
	hello <- h
	for lines.Scan() {
		var r Reply
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return
		}
		c.mu.Lock()
		answer := c.waiting[r.ID]
		delete(c.waiting, r.ID)
		c.mu.Unlock()
		if answer != nil {
			answer <- r
		}
	}
}

// send sends a request; the answer comes at most once.
func (c *child) send(r Request) (<-chan Reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	r.ID = c.last
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	answer := make(chan Reply, 1)
	c.waiting[r.ID] = answer
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		c.over = true
		return nil, errDied
	}
	return answer, nil
}

// isOver reports whether nothing more can be expected of the process.
func (c *child) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// kill ends the process; died says when.
func (c *child) kill() {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	_ = c.cmd.Process.Kill() // it fails for a process that has ended
}

// head keeps the beginning of what is written to it.
type head struct {
	mu   sync.Mutex
	text strings.Builder
}

func (h *head) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if room := 500 - h.text.Len(); room > 0 {
		h.text.Write(b[:min(len(b), room)])
	}
	return len(b), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}
