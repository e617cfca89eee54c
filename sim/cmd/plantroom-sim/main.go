// Command plantroom-sim plays scenarios of a virtual estate: in virtual time
// against the whole of Plantroom in one process, or live before a Plantroom that
// runs, as the devices alone or as the whole site; it writes the files of such a
// one, gives it a past, and runs the demonstration.
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

  plantroom-sim run FILE...
      play scenario files in virtual time; prints the story and what came of
      each expectation
        --seed N              the seed, instead of each file's
        --json                one JSON object per scenario, a line each
        --quiet               no story; of the scenarios that pass, a line each

  plantroom-sim estate NAME DIR
      write the files of a Plantroom of your own for an estate that ships, into
      a directory that has none of them: server, estate and gateways
        --devices URL         the devices' broker (tcp://127.0.0.1:1883)
        --uplink ADDR         where the server's broker listens (127.0.0.1:1884)
        --web ADDR            where the pages are (127.0.0.1:8080)
        --influxdb ADDR       where InfluxDB listens (127.0.0.1:8086)
        --influxd PROGRAM     influxd 1.8.3 (influxd)

  plantroom-sim live FILE --broker URL
      play a scenario file's devices over MQTT before a Plantroom that runs
        --broker URL          the devices' broker, as in tcp://127.0.0.1:1883
        --username NAME       the account at the broker
        --password-file FILE  the file with its password
        --speed N             how much faster than real time (1)

  plantroom-sim site [FILE] --broker URL --token-file FILE
      play the whole site before a Plantroom that runs, until it is stopped:
      devices, gateways, and contractors who accept, arrive and repair. It goes
      on from what is open there, and begins the file anew when that is over;
      without a file it plays one that ships
        --broker URL          the broker of gateways and calls
        --password-file FILE  the file with the accounts' password there; a % in
                              it stands for the account, which is a gateway's id
        --calls NAME          the account that may read calls (contractors)
        --server URL          Plantroom's pages (http://127.0.0.1:8080)
        --token-file FILE     the file with the operator's token
        --dir DIR             the gateways' spools; kept (.site)
        --health PORT         the first gateway's health page is here on
                              loopback, the others' on the ports after it
        --speed N             how much faster than real time (1)
        --json                what happens as JSON, an object a line

  plantroom-sim demo [FLAG...]
      start everything on loopback and watch the story unfold
        --headless            no words for a person at a browser
        --for DURATION        end by itself after this time, as in 90s
        --speed N             how much faster than real time (20)
        --dir DIR             where its files go; emptied at the start (.demo)
        --web ADDR            where the pages are; any other port where it is
                              taken (127.0.0.1:8080)
        --influxd PROGRAM     influxd 1.8.3 (influxd)

  plantroom-sim backfill FILE
      give the Plantroom of a server's file a past, so that its boards show
      something: weeks of lift faults and then a whole day, sensor by sensor,
      that ends now. Its estate is the story's, its database has no orders yet,
      and its server does not run
        --weeks N             of lift faults before the day (13)
        --once                nothing to do where there are orders already
        --seed N              the seed (1)

  plantroom-sim decide [FLAG...]
      print the page that the story's committee decides on: a year of faults
      under the lift maker, and the same faults under each of two offers
        --seed N              the seed of the faults (1)

Exit codes: 0 all went as expected; 1 an expectation was missed, or an order
or a reading went missing; 2 a file or a flag is wrong; 3 something could not
be started or done.
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

// Unwrap returns the fault.
func (e usageError) Unwrap() error { return e.error }

// command is one of the things that this program does.
type command interface {
	flags(*flag.FlagSet)
	run(ctx context.Context, args []string, out io.Writer) error
}

func commands() map[string]command {
	return map[string]command{"run": new(runCommand), "estate": new(estateCommand), "live": new(liveCommand), "site": new(siteCommand), "demo": new(demoCommand), "decide": new(decideCommand), "backfill": new(backfillCommand)}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr), os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, errs io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(errs, usage)
		return usageError{errors.New("no command given")}
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(out, usage)
		return nil
	}
	c, ok := commands()[args[0]]
	if !ok {
		fmt.Fprint(errs, usage)
		return usageError{fmt.Errorf("there is no command %q", args[0])}
	}
	fs := flag.NewFlagSet(args[0], flag.ContinueOnError)
	c.flags(fs)
	rest, err := parse(fs, args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return nil
	}
	if err != nil {
		return usageError{fmt.Errorf("%s: %w; plantroom-sim help lists the flags", args[0], err)}
	}
	return c.run(ctx, rest, out)
}

func exit(err error, errs io.Writer) int {
	var wrong usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errMissed):
		return exitMissed
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
			return nil, err
		}
		if fs.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
}
