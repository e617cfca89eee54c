package bench

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"plantroom"
)

// process is a child with its log in a file.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{} // it has ended
}

const (
	startTimeout = 20 * time.Second
	stopTimeout  = 10 * time.Second
	tick         = 5 * time.Millisecond // how often a condition is looked at
)

// start runs a program until the measurement ends.
func (e *Env) start(dir, name, path string, args ...string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("make a log: %w", err)
	}
	defer log.Close()
	p := &process{name: name, cmd: exec.Command(path, args...), log: log.Name(), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Dir = dir
	dieWithUs(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is in its log
	}()
	e.onStop(p.stop)
	return p, nil
}

// stop asks the process to end, and ends it where it does not.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// pid is the process id.
func (p *process) pid() int { return p.cmd.Process.Pid }

// until waits for a condition, and fails with the log's end when the process
// ends first or the time is over.
func (p *process) until(ctx context.Context, limit time.Duration, what string, done func() bool) error {
	end := time.Now().Add(limit)
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return p.failed("it has ended while waiting until " + what)
		case <-time.After(tick):
		}
		if time.Now().After(end) {
			return p.failed("it is not so that " + what + " after " + limit.String())
		}
	}
	return nil
}

func (p *process) failed(message string) error {
	b, _ := os.ReadFile(p.log)
	return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: p.name, Message: message, Hint: "its last words:\n" + string(tail(b, 2000))}
}

func tail(b []byte, n int) []byte { return bytes.TrimSpace(b[max(0, len(b)-n):]) }

// listens reports whether somebody takes connections on an address.
func listens(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// freeAddr returns a loopback address that nobody listens on at the moment.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func splitAddr(addr string) (host, port string, err error) {
	if host, port, err = net.SplitHostPort(addr); err != nil {
		err = fmt.Errorf("split the address %s: %w", addr, err)
	}
	return host, port, err
}

// cpu is the CPU time that a process has used, its children's not included:
// fields 14 and 15 of /proc/PID/stat, in clock ticks of 10 ms (proc(5)).
func cpu(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read a process's CPU time: %w", err)
	}
	return parseStat(string(b))
}

// cpuOf is the CPU time that processes have used.
func cpuOf(pids []int) ([]time.Duration, error) {
	out := make([]time.Duration, len(pids))
	for i, pid := range pids {
		var err error
		if out[i], err = cpu(pid); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// cpuSince is what they have used since.
func cpuSince(before []time.Duration, pids []int) ([]time.Duration, error) {
	used, err := cpuOf(pids)
	for i := range used {
		used[i] -= before[i]
	}
	return used, err
}

// perMillion is the cost of a million things in CPU seconds.
func perMillion(used time.Duration, things int) float64 {
	return used.Seconds() * 1e6 / float64(things)
}

func parseStat(s string) (time.Duration, error) {
	_, rest, ok := strings.Cut(s[max(0, strings.LastIndexByte(s, ')')):], ")") // the name may hold anything
	f := strings.Fields(rest)
	if !ok || len(f) < 13 {
		return 0, plantroom.Errorf(plantroom.CodeInvalid, "/proc/PID/stat holds %q", s)
	}
	const perSecond = 100 // USER_HZ, the same on all Linux platforms that Go runs on
	var ticks int64
	for _, text := range f[11:13] {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, plantroom.Errorf(plantroom.CodeInvalid, "/proc/PID/stat holds %q", s)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / perSecond, nil
}

// resident is the memory that a process has in use, in bytes: VmRSS of
// /proc/PID/status.
func resident(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read a process's memory: %w", err)
	}
	return parseStatus(string(b))
}

func parseStatus(s string) (int64, error) {
	for line := range strings.Lines(s) {
		text, ok := strings.CutPrefix(line, "VmRSS:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
		if err != nil {
			break
		}
		return kib << 10, nil
	}
	return 0, plantroom.Errorf(plantroom.CodeInvalid, "/proc/PID/status has no VmRSS")
}
