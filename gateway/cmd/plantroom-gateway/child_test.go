package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"plantroom/gateway/app"
	"plantroom/gateway/sandbox"
	"plantroom/gateway/sandbox/inside"
	"plantroom/internal/mqttconn/brokertest"
)

// TestMain lets the test binary be the gateway, so that tests can kill it, and
// the program that runs codecs.
func TestMain(m *testing.M) {
	codecs.Command = []string{os.Args[0], sandbox.Argument}
	if len(os.Args) == 2 && os.Args[1] == sandbox.Argument {
		if inside.Serve(os.Stdin, os.Stdout, "test") != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("PLANTROOM_TEST_CHILD") != "" {
		os.Exit(profiled(func() int { return run(os.Args[1:], os.Stdout, os.Stderr) }))
	}
	os.Exit(m.Run())
}

// profiled writes a profile of the processor's time where PLANTROOM_TEST_PROFILE
// names a file.
func profiled(f func() int) int {
	if file, err := os.Create(os.Getenv("PLANTROOM_TEST_PROFILE")); err == nil {
		defer file.Close()
		if pprof.StartCPUProfile(file) == nil {
			defer pprof.StopCPUProfile()
		}
	}
	return f()
}

// child is a gateway in a process of its own.
type child struct {
	t      testing.TB
	file   string
	health string
	cmd    *exec.Cmd
	log    *os.File
}

// write puts a gateway's file into dir. The text after the fixed keys is mqtt's.
func write(t testing.TB, dir, broker, mqtt string) *child {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := &child{t: t, file: filepath.Join(dir, "gateway.yaml"), health: l.Addr().String()}
	c.rewrite(broker, mqtt)
	return c
}

func (c *child) rewrite(broker, mqtt string) {
	c.t.Helper()
	text := fmt.Sprintf("gateway: gw-b1\nestate: story\nspool: {dir: spool, max: 1GiB}\nuplink: {broker: %q}\nhealth: {listen: %q}\nmqtt:\n%s\nclock: {trust: always}\n", broker, c.health, mqtt)
	if err := os.WriteFile(c.file, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// start starts the process and waits until it answers.
func (c *child) start() {
	c.t.Helper()
	var err error
	if c.log, err = os.OpenFile(c.file+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.cmd = exec.Command(os.Args[0], "run", c.file)
	c.cmd.Env = append(os.Environ(), "PLANTROOM_TEST_CHILD=1")
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(c.kill)
	brokertest.Wait(c.t, 10*time.Second, "the gateway answers", func() bool { return c.get().Gateway != "" })
}

func (c *child) kill() {
	if c.cmd != nil && c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Kill() // it may have ended
		_ = c.cmd.Wait()         // reports the kill
	}
}

// stop asks the gateway to end, and returns its exit code.
func (c *child) stop() int {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	_ = c.cmd.Wait() // the code says the same
	return c.cmd.ProcessState.ExitCode()
}

// get asks for /health; a gateway that does not answer gives the zero value.
func (c *child) get() app.Health {
	var h app.Health
	client := http.Client{Timeout: 2 * time.Second}
	r, err := client.Get("http://" + c.health + "/health")
	if err != nil {
		return h
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&h); err != nil {
		c.t.Errorf("/health: %v", err)
	}
	return h
}

// heard returns how many messages the first source has received.
func (c *child) heard() uint64 {
	if h := c.get(); len(h.Sources) > 0 {
		return h.Sources[0].Messages
	}
	return 0
}

func (c *child) logged() string {
	b, err := os.ReadFile(c.file + ".log")
	if err != nil {
		c.t.Fatal(err)
	}
	return string(b)
}

// memory returns the resident size and its peak, in MiB.
func (c *child) memory() (now, peak float64) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	field := func(name string) float64 {
		_, rest, _ := strings.Cut(string(b), name+":")
		kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
		return kb / 1024
	}
	return field("VmRSS"), field("VmHWM")
}

// cpu returns the processor time used so far.
func (c *child) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+2:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * time.Second / 100
}
