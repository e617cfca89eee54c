// Command plantroom-bench measures the figures that docs/figures.md explains
// and prints them as a table. It fails only where something could not be
// measured, never because a target was missed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"plantroom/services/influxd"
	"plantroom/sim/bench"
)

const usage = `plantroom-bench measures Plantroom's figures on the real parts and prints a table.

  plantroom-bench [flags]

  --only NAME       measure only this; may be given several times
  --list            list the names
  --runs N          runs of each measurement, of which the median counts: 3
  --json            print JSON
  --influxd PATH    influxd 1.8: else $PLANTROOM_INFLUXD, the PATH, .tools/bin
  --mosquitto PATH  else the PATH, /usr/sbin
  --bin DIR         take plantroom, plantroom-gateway and plantroom-codec from
                  there; else they are built
  --root DIR        the source tree: .
  --week N          readings of the measurement "week": 60480000
  --clocks N        clocks of the measurement "clocks": 1000000
  --orders N        orders of the measurement "grafana": 1000000

Progress goes to standard error. All of it takes about 25 minutes, without
"week", which takes ten minutes more and is made only where --only names it.
Exit codes: 0 measured, whatever came out; 2 the command line is wrong;
3 something could not be started or measured.
`

// The exit codes.
const (
	exitOK     = 0
	exitUsage  = 2
	exitFailed = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// settings is what the command line says.
type settings struct {
	only   []string
	list   bool
	runs   int
	asJSON bool
	env    bench.Env
}

func parse(args []string) (settings, error) {
	s := settings{}
	fs := flag.NewFlagSet("plantroom-bench", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Func("only", "", func(name string) error { s.only = append(s.only, name); return nil })
	fs.BoolVar(&s.list, "list", false, "")
	fs.IntVar(&s.runs, "runs", 3, "")
	fs.BoolVar(&s.asJSON, "json", false, "")
	fs.StringVar(&s.env.Influxd, "influxd", "", "")
	fs.StringVar(&s.env.Mosquitto, "mosquitto", "", "")
	fs.StringVar(&s.env.Binaries, "bin", "", "")
	fs.StringVar(&s.env.Root, "root", ".", "")
	fs.IntVar(&s.env.Week, "week", 0, "")
	fs.IntVar(&s.env.Clocks, "clocks", 0, "")
	fs.IntVar(&s.env.Orders, "orders", 0, "")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	if fs.NArg() > 0 || s.runs < 1 {
		return s, errors.New("give flags only, and --runs of at least 1")
	}
	return s, nil
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	if len(args) == 3 && args[0] == "consume" {
		return consume(ctx, args[1], args[2], out, errs)
	}
	s, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return exitOK
	}
	if err == nil && s.list {
		for _, m := range bench.All() {
			fmt.Fprintln(out, m.Name)
		}
		return exitOK
	}
	var list []bench.Measurement
	if err == nil {
		list, err = chosen(s.only)
	}
	if err != nil {
		fmt.Fprintf(errs, "plantroom-bench: %v\n\n%s", err, usage)
		return exitUsage
	}
	s.env.Progress = errs
	report, err := measure(ctx, &s, list)
	if len(report.Results) > 0 {
		print := report.Text
		if s.asJSON {
			print = report.JSON
		}
		err = errors.Join(err, print(out))
	}
	if err != nil {
		fmt.Fprintln(errs, "plantroom-bench:", err)
		return exitFailed
	}
	return exitOK
}

// consume is the reference consumer, run by plantroom-bench itself: it answers
// with one JSON object when it is ready and with another when it is done.
func consume(ctx context.Context, addr, count string, out, errs io.Writer) int {
	n, err := strconv.Atoi(count)
	if err == nil {
		answer := json.NewEncoder(out)
		var c bench.Consumed
		c, err = bench.Consume(ctx, addr, n, func() { _ = answer.Encode(c) }) // nobody listens: the parent is gone
		if err == nil {
			err = answer.Encode(c)
		}
	}
	if err != nil {
		fmt.Fprintln(errs, "plantroom-bench:", err)
		return exitFailed
	}
	return exitOK
}

// chosen picks measurements by name; none given: all that are not long.
func chosen(names []string) ([]bench.Measurement, error) {
	all := bench.All()
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(m bench.Measurement) bool { return m.Long }), nil
	}
	known := map[string]bench.Measurement{}
	for _, m := range all {
		known[m.Name] = m
	}
	var list []bench.Measurement
	for _, name := range names {
		m, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("there is no measurement %q: see --list", name)
		}
		list = append(list, m)
	}
	return list, nil
}

// measure measures one after the other. What fails is reported at the end, and
// does not keep the others from being measured.
func measure(ctx context.Context, s *settings, list []bench.Measurement) (bench.Report, error) {
	r := bench.Report{Machine: bench.ThisMachine()}
	if err := find(&s.env); err != nil {
		return r, err
	}
	if err := s.env.Open(); err != nil {
		return r, err
	}
	defer s.env.Close()
	var failed error
	for _, m := range list {
		results, err := m.Measure(ctx, &s.env, s.runs)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if err != nil {
			s.env.Say("%v", err)
			failed = errors.Join(failed, err)
		}
		r.Results = append(r.Results, results...)
	}
	r.Machine.Finish()
	return r, failed
}

// find fills in where the other programs are.
func find(e *bench.Env) error {
	var err error
	if e.Root, err = filepath.Abs(e.Root); err != nil {
		return fmt.Errorf("find the source tree: %w", err)
	}
	for _, want := range []struct {
		path   *string
		name   string
		others []string
		get    string
	}{
		{&e.Influxd, "influxd", []string{os.Getenv("PLANTROOM_INFLUXD"), "influxd", filepath.Join(e.Root, ".tools", "bin", "influxd")}, influxd.Install},
		{&e.Mosquitto, "mosquitto", []string{"mosquitto", "/usr/sbin/mosquitto"}, "apt-get install mosquitto"},
	} {
		if *want.path != "" {
			want.others = []string{*want.path}
		}
		*want.path = first(want.others)
		if *want.path == "" {
			return fmt.Errorf("there is no %s at %s; get it with: %s", want.name, strings.Join(want.others, ", "), want.get)
		}
	}
	return nil
}

// first returns the first program that is there.
func first(candidates []string) string {
	for _, c := range candidates {
		if c == "" {
			continue
		}
		if path, err := exec.LookPath(c); err == nil {
			if abs, err := filepath.Abs(path); err == nil {
				return abs
			}
		}
	}
	return ""
}
