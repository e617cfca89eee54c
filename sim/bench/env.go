package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"plantroom"
)

// Env is where measurements run: the binaries, a directory to work in, and
// what has to be undone.
type Env struct {
	Root      string // of the source tree
	Influxd   string // path of influxd 1.8
	Mosquitto string // path of mosquitto
	Binaries  string // where plantroom, plantroom-gateway and plantroom-codec are; "": they are built
	Week      int    // readings of the measurement "week"; 0: those of a week
	Clocks    int    // clocks of the measurement "clocks"; 0: a million
	Orders    int    // orders of the measurement "grafana"; 0: a million
	Progress  io.Writer

	dir  string
	undo []func() // last in, first out
}

// Open makes the working directory.
func (e *Env) Open() (err error) {
	if e.Progress == nil {
		e.Progress = io.Discard
	}
	e.dir, err = os.MkdirTemp("", "plantroom-bench-")
	if err != nil {
		return fmt.Errorf("make a working directory: %w", err)
	}
	e.onStop(func() { os.RemoveAll(e.dir) })
	return nil
}

// Close undoes everything.
func (e *Env) Close() { e.unwind(0) }

func (e *Env) onStop(f func()) { e.undo = append(e.undo, f) }

func (e *Env) unwind(to int) {
	for len(e.undo) > to {
		last := len(e.undo) - 1
		f := e.undo[last]
		e.undo = e.undo[:last]
		f()
	}
}

// Say prints a line of progress.
func (e *Env) Say(format string, args ...any) { fmt.Fprintf(e.Progress, format+"\n", args...) }

// scratch makes a directory for one measurement, which is removed with it.
func (e *Env) scratch(name string) (string, error) {
	dir, err := os.MkdirTemp(e.dir, name+"-")
	if err != nil {
		return "", fmt.Errorf("make a working directory: %w", err)
	}
	e.onStop(func() { os.RemoveAll(dir) })
	return dir, nil
}

// program returns the path of a binary of this tree, building them at the
// first call.
func (e *Env) program(ctx context.Context, name string) (string, error) {
	if e.Binaries == "" {
		e.Say("build plantroom, plantroom-gateway and plantroom-codec")
		if err := e.build(ctx); err != nil {
			return "", err
		}
	}
	path := filepath.Join(e.Binaries, name)
	if _, err := os.Stat(path); err != nil {
		return "", &plantroom.Error{Code: plantroom.CodeNotFound, Op: "find the program " + name, Message: "it is not in " + e.Binaries,
			Hint: "leave --bin out, so that it is built", Err: err}
	}
	return path, nil
}

func (e *Env) build(ctx context.Context) error {
	dir := filepath.Join(e.dir, "bin") + string(filepath.Separator)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", dir, "./gateway/cmd/plantroom-gateway", "./gateway/cmd/plantroom-codec", "./services/cmd/plantroom")
	cmd.Dir = e.Root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: "build the programs", Message: strings.TrimSpace(string(out)),
			Hint: "run from the source tree, with the Go toolchain on the PATH", Err: err}
	}
	e.Binaries = dir
	return nil
}
