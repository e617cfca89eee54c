// Command plantroom-sim plays scenarios of a virtual estate: in virtual time
// against the whole of Plantroom in one process, or live over MQTT against a
// stack that runs; and it runs the demonstration.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata"
)

const usage = `plantroom-sim plays a virtual residential estate.

  plantroom-sim run FILE... [--seed N] [--json] [--quiet]
      play scenario files in virtual time; prints the story and what came of
      each expectation
  plantroom-sim live FILE --broker URL [--speed N]
      play a scenario file's devices over MQTT against a running stack
  plantroom-sim demo [--headless] [--for DURATION] [--speed N] [--dir DIR]
      start everything on loopback and watch the story unfold

Exit codes: 0 all went as expected; 1 an expectation was missed, or an order
or a reading went missing; 2 a file or a flag is wrong; 3 something could not
be started.
`

// The exit codes.
const (
	exitOK     = 0
	exitMissed = 1
	exitUsage  = 2
	exitFailed = 3
)

// errMissed says that everything ran and something did not come out as it had to.
var errMissed = errors.New("not as expected")

// usageError is a fault of the command line or of a file.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr), os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, errs io.Writer) error {
	commands := map[string]func(context.Context, []string, io.Writer) error{"run": runScenarios, "live": runLive, "demo": runDemo}
	if len(args) == 0 {
		fmt.Fprint(errs, usage)
		return usageError{errors.New("no command given")}
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(out, usage)
		return nil
	}
	do, ok := commands[args[0]]
	if !ok {
		fmt.Fprint(errs, usage)
		return usageError{fmt.Errorf("there is no command %q", args[0])}
	}
	return do(ctx, args[1:], out)
}

func exit(err error, errs io.Writer) int {
	var wrong usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errMissed):
		return exitMissed
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &wrong):
		fmt.Fprintln(errs, "plantroom-sim:", err)
		return exitUsage
	}
	fmt.Fprintln(errs, "plantroom-sim:", err)
	return exitFailed
}

// parse reads flags and arguments in any order and returns the arguments.
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	fs.SetOutput(io.Discard)
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, usageError{err}
		}
		if fs.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
}
