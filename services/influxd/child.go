package influxd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is one life of the process.
type child struct {
	cmd    *exec.Cmd
	said   *tail
	exited chan struct{}
	err    error // set before exited is closed
}

// spawn starts the process. On Linux the kernel kills a child when the thread
// that started it ends, so that thread is kept until the child is gone.
func (s *Server) spawn() (*child, error) {
	c := &child{said: &tail{}, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		c.cmd = exec.Command(s.opt.Binary, "-config", s.ConfigFile())
		c.cmd.Dir = s.opt.Dir
		c.cmd.Env = []string{
			"HOME=" + s.opt.Dir, "PATH=" + os.Getenv("PATH"),
			"GOGC=400", "GOMEMLIMIT=512MiB", // collecting less often saves an eighth of its processor time
		}
		c.cmd.Stdout, c.cmd.Stderr = c.said, c.said
		c.cmd.ExtraFiles = []*os.File{s.lock} // held until the child, too, is gone
		c.cmd.SysProcAttr = dieWithParent()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.err = c.cmd.Wait()
			close(c.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	s.pid.Store(int64(c.cmd.Process.Pid))
	return c, nil
}

// end asks the process to stop, and kills it if it does not.
func (c *child) end() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
	select {
	case <-c.exited:
	case <-time.After(stopTimeout):
		_ = c.cmd.Process.Kill()
		<-c.exited
	}
}

// launch starts the first child, waits until it is ready, and leaves it to the
// supervisor. taken: it failed because somebody else has its address.
func (s *Server) launch(ctx context.Context) (taken bool, err error) {
	c, err := s.spawn()
	if err != nil {
		return false, s.failed("it cannot be run", err)
	}
	if err := s.ready(ctx, c); err != nil {
		c.end()
		said := c.said.String()
		return strings.Contains(said, "address already in use"), s.failed("it did not come up; it said: "+said, err)
	}
	run, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.supervise(run, c)
	return false, nil
}

// supervise starts the child again whenever it dies.
func (s *Server) supervise(ctx context.Context, c *child) {
	defer close(s.done)
	defer s.lock.Close()
	wait := leastBackoff
	for born := time.Now(); ; born = time.Now() {
		select {
		case <-ctx.Done():
			c.end()
			s.pid.Store(0)
			return
		case <-c.exited:
		}
		s.pid.Store(0)
		s.opt.Logger.Error("InfluxDB has died and is started again", "error", c.err, "said", c.said.String(), "wait", wait)
		if time.Since(born) > time.Minute {
			wait = leastBackoff
		}
		if c = s.respawn(ctx, &wait); c == nil {
			return
		}
		s.restarts.Add(1)
	}
}

// respawn tries until a child runs; nil: the server was stopped.
func (s *Server) respawn(ctx context.Context, wait *time.Duration) *child {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(*wait):
		}
		*wait = min(2**wait, mostBackoff)
		c, err := s.spawn()
		if err == nil {
			return c
		}
		s.opt.Logger.Error("InfluxDB cannot be started again", "error", err, "wait", *wait)
	}
}

// ready waits until the child answers and the database is there.
func (s *Server) ready(ctx context.Context, c *child) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	go func() { // nobody waits for an answer from whoever else has its address
		select {
		case <-c.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		if s.ping(ctx) {
			return s.createDatabase(ctx)
		}
		select {
		case <-ctx.Done():
		case <-poll.C:
		}
		select {
		case <-c.exited:
			return fmt.Errorf("influxd ended: %w", c.err)
		default:
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// tail keeps the last of what the child says.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailBytes = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailBytes; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// String gives the last lines, or that there are none.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(t.buf), []byte("\n"))
	text := string(bytes.Join(lines[max(0, len(lines)-5):], []byte(" | ")))
	if strings.TrimSpace(text) == "" {
		return "nothing"
	}
	return text
}
