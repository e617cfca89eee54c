package integration

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// programs is the directory of the programs under test.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run builds the programs once, and lets the tests run.
func run(m *testing.M) (int, error) {
	var err error
	if programs, err = os.MkdirTemp("", "plantroom-programs-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(programs)
	args := []string{"build", "-o", programs}
	if raced {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "plantroom/services/cmd/plantroom", "plantroom/gateway/cmd/plantroom-gateway", "plantroom/gateway/cmd/plantroom-codec", "plantroom/sim/cmd/plantroom-sim")...)
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return m.Run(), nil
}

func program(name string) string { return filepath.Join(programs, name) }

// within waits until check returns nil, and fails the test when it still does
// not after limit.
func within(t *testing.T, limit time.Duration, what string, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil || last == nil { // else it only says that time is over
			last = err
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			t.Fatalf("after %s still not: %s: %v", limit, what, last)
		}
	}
}

// processes lists the programs that run with a directory in their arguments.
func processes(dir string) ([]string, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil { // it has just ended
			continue
		}
		if line := strings.ReplaceAll(string(b), "\x00", " "); strings.Contains(line, dir) {
			found = append(found, filepath.Base(filepath.Dir(f))+" "+line)
		}
	}
	return found, nil
}
