package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"plantroom"
)

// Process is one program of the stack. It dies with its parent.
type Process struct {
	Name string
	argv []string
	log  string // file that gets what it prints
	up   func(context.Context) error

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// NewProcess makes a program that has yet to be started. What it prints goes to
// the end of the file log; up says whether it answers.
func NewProcess(name string, argv []string, log string, up func(context.Context) error) *Process {
	return &Process{Name: name, argv: argv, log: log, up: up}
}

// startTimeout is how long a program may take until it answers; influxd
// replays its log, and machines are shared.
const startTimeout = 60 * time.Second

// Start starts the program and waits until it answers.
func (p *Process) Start(ctx context.Context) error {
	log, err := os.OpenFile(p.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return &plantroom.Error{Code: plantroom.CodeNotFound, Op: "start " + p.Name, Message: p.argv[0], Hint: "make build", Err: err}
	}
	done := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.done = cmd, done
	p.mu.Unlock()
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(done)
	}()
	return p.await(ctx, done)
}

func (p *Process) await(ctx context.Context, done chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	t := time.NewTicker(25 * time.Millisecond)
	defer t.Stop()
	var last error
	for {
		if last = p.up(ctx); last == nil {
			return nil
		}
		select {
		case <-done:
			return fmt.Errorf("%s has ended before it answered: %w; its log ends:\n%s", p.Name, p.Exit(), p.Tail())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w; its log ends:\n%s", p.Name, last, p.Tail())
		case <-t.C:
		}
	}
}

// Exit says how the program ended; nil: with exit code 0, or not at all.
func (p *Process) Exit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// PID returns the program's process id, 0 before the first start.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Kill ends the program as a power cut would, and waits until it is gone.
func (p *Process) Kill() { p.end(syscall.SIGKILL, 0) }

// Stop asks the program to end, and kills it after ten seconds.
func (p *Process) Stop() { p.end(syscall.SIGTERM, 10*time.Second) }

func (p *Process) end(sig syscall.Signal, patience time.Duration) {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	select {
	case <-done:
		return
	default:
	}
	_ = cmd.Process.Signal(sig) // it may have just ended
	if patience > 0 {
		select {
		case <-done:
			return
		case <-time.After(patience):
			_ = cmd.Process.Kill()
		}
	}
	<-done
}

// Signal sends a signal to the program.
func (p *Process) Signal(sig os.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return fmt.Errorf("%s has not been started", p.Name)
	}
	return p.cmd.Process.Signal(sig)
}

// Log returns everything that the program has printed, over all its starts.
func (p *Process) Log() (string, error) {
	b, err := os.ReadFile(p.log)
	return string(b), err
}

// Tail returns the end of what the program has printed.
func (p *Process) Tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// Answers checks a page that says 200.
func Answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode >= 300 {
			return errors.New(resp.Status)
		}
		return nil
	}
}

// FreeAddr returns an address on loopback that nobody uses now.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
