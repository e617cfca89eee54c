// Command plantroom is the server: it takes in what gateways send, detects
// what is wrong, checks the SLA windows, raises work orders and shows it all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
	_ "time/tzdata"

	"plantroom"
	"plantroom/internal/sdnotify"
	"plantroom/internal/yamldoc"
	"plantroom/services/app"
	"plantroom/services/app/config"
	"plantroom/services/garbage"
)

// version is set by make build: -ldflags "-X main.version=…".
var version = "devel"

const usage = `plantroom watches residential estates and sees each fault through to a proved repair.

  plantroom serve FILE          run the server that the file describes; before serve,
                                --demo-clock C makes its clock run fast, for demonstrations
  plantroom check FILE          read the file and its estate, look 30 days ahead at rosters and
                                ladders, and list every fault
  plantroom init DIR            write a commented file and a small estate to start from
  plantroom ledger verify FILE  check the hash chain of the server's ledger, and that the orders
                                agree with it; --head ROW:HASH, noted before and kept elsewhere,
                                finds rows that were cut off the end since
  plantroom evidence [FILE] ORDER -o OUT.zip
                                a bundle of all that is kept about an order, which verifies itself;
                                --redact leaves out what tells of persons. Without FILE it is
                                /etc/plantroom/plantroom.yaml
  plantroom evidence verify OUT.zip
                                check a bundle; --head ROW:HASH compares with a row noted elsewhere
  plantroom evidence page       write the page that checks bundles in a browser, without a network
  plantroom proofs [FILE]       read every photo and paper that was handed in, and name those that are
                                missing, changed or no order's; --sweep removes the last, while no
                                server runs
  plantroom configure FILE GATEWAY GATEWAYFILE [BESIDE…]
                                send a gateway its file, with the codecs and register maps that
                                it names, and wait for what becomes of it; --wait 30s, right
                                behind configure, waits that long (10m), --wait 0s not at all
  plantroom key gateway-config FILE
                                print the key with which gateways know the server's files
  plantroom roster FILE         who is on duty from now on, and what is wrong with it
        --days 30               how far ahead
        --json                  as JSON
  plantroom roster export FILE --person ID, or --contractor ID
                                a calendar (.ics) of that duty; -o OUT writes a file, --days 90 ahead
  plantroom roster import FILE CALENDAR --contractor ID
                                print the events of a calendar as overrides for the estate's file
  plantroom roster link FILE --person ID, or --contractor ID
                                make the link on which that calendar can be subscribed to; --new
                                replaces it, --revoke voids it
  plantroom statement FILE --contract ID --month 2026-03
                                what a month came to under a contract: windows, penalties, visits,
                                sums, each line with its rows of the ledger
        --json, --csv           as JSON, or as a table for a spreadsheet
        --html OUT              write a page to be printed or sent
  plantroom statement issue FILE --contract ID --month 2026-03 --by PERSON
                                give it to the contractor: from then on it stays as it is, and the
                                time to object runs
  plantroom statement object FILE --contract ID --month 2026-03 --line LINE --by PERSON --reason TEXT
                                note what the contractor objects to a line; --of NAME says who of it
  plantroom statement accept FILE (the same), plantroom statement refuse FILE (the same)
                                note what the office has made of that
  plantroom whatif FILE --contract ID|OFFER... --from DAY --to DAY
                                the faults of those days under other contracts, side by side: of the
                                estate, by id, or of a file with offers
        --goal 30m              within which a fault should be over
        --json                  as JSON
  plantroom case list FILE      residents' cases that are open, and which steps are late; the server has to run
        --all, --kind K, --responsible PERSON, --json
  plantroom case playbooks FILE what a case can be opened with
  plantroom case open FILE PLAYBOOK --by PERSON --text TEXT
                                open one; --about FLAT,FLAT, --asset ID, --order ID, --contact TEXT,
                                --responsible PERSON, --key KEY (one key opens one case)
  plantroom case show FILE CASE all that it says; --record shows its ledger and checks it against that
  plantroom case tick FILE CASE STEP --by PERSON
                                note a step as done; what proves it: --with NAME, --note TEXT, --ref FILE
  plantroom case say FILE CASE --by PERSON --to NAME --how HOW --text TEXT
                                note what was said to whom; case note FILE CASE --by PERSON --text TEXT
  plantroom case assign FILE CASE --by PERSON --responsible PERSON
  plantroom case playbook FILE CASE PLAYBOOK --by PERSON --reason TEXT
                                let it go on by another playbook, as of another class of arrears
  plantroom case close FILE CASE --by PERSON --outcome O --reason TEXT
                                end it; case reopen FILE CASE --by PERSON --reason TEXT takes it up again,
                                case forget FILE CASE --by PERSON forgets people before its time
  plantroom profiles            what the jurisdictions that are built in demand, as a table
  plantroom profiles show NAME|FILE
                                all that one says, or the one in a file of your own (*.yaml), with
                                sources and duties; --json with both, as JSON
  plantroom version

Signals: SIGHUP reads the estate again; SIGINT and SIGTERM stop, a second one
at once.
Exit codes: 0 done; 1 a check failed: the ledger, a bundle or a file of proof is broken, or a
gateway has refused its file or gone back to the old one; 2 a file or the command line is wrong, or what should be a
bundle is none; 3 something could not be started or has failed, or a gateway has not answered in time.
`

// The exit codes.
const (
	exitOK     = 0
	exitBroken = 1
	exitUsage  = 2
	exitFailed = 3
)

// usageError is a fault of the command line.
type usageError struct{ error }

// errBroken says that a check found something, which has been printed.
var errBroken = errors.New("the check failed")

func main() {
	os.Exit(exit(run(os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

func run(args []string, out, errs io.Writer) error {
	fs := flag.NewFlagSet("plantroom", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	demo := fs.String("demo-clock", "", "")
	err := fs.Parse(args)
	a := fs.Args()
	switch {
	case errors.Is(err, flag.ErrHelp), err == nil && (fs.Arg(0) == "help" || asksHelp(a)):
		fmt.Fprint(out, usage)
		return nil
	case err != nil:
		return usageError{err}
	case *demo != "" && fs.Arg(0) != "serve":
		return usageError{errors.New("--demo-clock goes with serve")}
	case len(a) == 2 && a[0] == "serve":
		return serve(a[1], *demo, out, errs)
	case len(a) == 2 && a[0] == "check":
		return check(a[1], out)
	case len(a) == 2 && a[0] == "init":
		return initialise(a[1], out)
	case len(a) >= 3 && a[0] == "ledger" && a[1] == "verify":
		return verifyLedger(a[2:], out)
	case len(a) >= 2 && a[0] == "evidence":
		return bundles(a[1:], out)
	case len(a) > 0 && a[0] == "proofs":
		return checkProofs(a[1:], out)
	case len(a) > 0 && a[0] == "configure":
		return configure(a[1:], out)
	case len(a) == 3 && a[0] == "key":
		return printKey(a[1], a[2], out)
	case len(a) >= 2 && a[0] == "statement":
		return statement(a[1:], out)
	case len(a) >= 2 && a[0] == "whatif":
		return whatIf(a[1:], out)
	case len(a) > 0 && a[0] == "case":
		return residentsCase(a[1:], out)
	case len(a) > 0 && a[0] == "profiles":
		return listProfiles(a[1:], out)
	case len(a) >= 2 && a[0] == "roster":
		return showRoster(a[1:], out)
	case len(a) == 1 && a[0] == "version":
		fmt.Fprintln(out, "plantroom", version)
		return nil
	}
	fmt.Fprint(errs, usage)
	return usageError{errors.New("that is not a command")}
}

// asksHelp reports whether a command is asked what it does, instead of to do it.
func asksHelp(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" })
}

// load reads a server's file. Whatever is wrong with it is the user's to mend.
func load(file string) (*config.Config, error) {
	cfg, err := config.Load(file, app.Known())
	if plantroom.CodeOf(err) == plantroom.CodeNotFound {
		return nil, usageError{err}
	}
	return cfg, err
}

// check reads a server's file and its estate, and looks ahead at its rosters.
func check(file string, out io.Writer) error {
	cfg, err := load(file)
	if err != nil {
		return err
	}
	refused, warnings := cfg.Lint(plantroom.At(time.Now()))
	for _, w := range warnings {
		fmt.Fprintln(out, "warning:", w)
	}
	if len(refused) > 0 {
		return refused
	}
	fmt.Fprintln(out, "no faults")
	return nil
}

func exit(err error, errs io.Writer) int {
	var wrong usageError
	var faults yamldoc.Faults
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errBroken):
		return exitBroken
	case errors.As(err, &faults):
		fmt.Fprintln(errs, faults)
		return exitUsage
	case errors.As(err, &wrong):
		fmt.Fprintln(errs, "plantroom:", err)
		return exitUsage
	}
	fmt.Fprintln(errs, "plantroom:", err)
	return exitFailed
}

// serve runs the server until a signal or a failure ends it.
func serve(file, demo string, out, errs io.Writer) error {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // from the first moment on, or one that comes early ends us
	defer signal.Stop(hup)
	log := slog.New(slog.NewTextHandler(errs, nil))
	cfg, err := load(file)
	if err != nil {
		return err
	}
	manager, err := sdnotify.New(os.Getenv("NOTIFY_SOCKET"), "", "", os.Getpid())
	if err != nil {
		return err
	}
	opt := app.Options{Logger: log}
	if demo != "" {
		if opt.Now, err = demoClock(demo, cfg, log); err != nil {
			return err
		}
	}
	defer garbage.Room()()
	s, err := app.Start(ctx, cfg, opt)
	if ctx.Err() != nil && err != nil {
		log.Info("stop: before everything was up")
		return nil
	}
	if err != nil {
		return err
	}
	defer s.Stop()
	fmt.Fprintf(out, "board      %s\ntoken      %s\nbroker     %s\ninfluxdb   %s\n", s.URL(), s.TokenFile(), s.BrokerURL(), s.InfluxURL())
	if f := cfg.Web.ViewerTokenFile; f != "" {
		fmt.Fprintf(out, "viewer     %s\n", f)
	}
	if f := cfg.Web.AlertsTokenFile; f != "" {
		fmt.Fprintf(out, "alerts     %s\n", f)
	}
	tell := func(err error) {
		if err != nil {
			log.Warn("the service manager does not listen", "error", err)
		}
	}
	tell(manager.Ready("board at " + s.URL()))
	for {
		select {
		case <-ctx.Done():
			release() // a second signal ends us at once
			log.Info("stop")
			tell(manager.Stopping())
			return nil
		case err := <-s.Failed():
			return err
		case <-hup:
			tell(manager.Reloading())
			reload(ctx, s, file, log)
			tell(manager.Ready("board at " + s.URL()))
		}
	}
}

// demoClock makes time run fast, but never for an estate that is real: the
// broker has to be the embedded one, which serves this machine only.
func demoClock(text string, cfg *config.Config, log *slog.Logger) (func() plantroom.Instant, error) {
	if cfg.Broker.Embedded == nil {
		return nil, usageError{errors.New("--demo-clock goes with the embedded broker only: with a fast clock every promise is judged wrongly")}
	}
	c, err := app.ParseDemoClock(text)
	if err != nil {
		return nil, usageError{err}
	}
	log.Warn("THE CLOCK RUNS FAST: this is a demonstration", "speed", c.Speed, "now", c.Now())
	return c.Now, nil
}

// reload takes a changed estate over, or says what is wrong with it and leaves
// everything as it is.
func reload(ctx context.Context, s *app.Server, file string, log *slog.Logger) {
	cfg, err := load(file)
	if err == nil {
		err = s.Reload(ctx, cfg)
	}
	var faults yamldoc.Faults
	switch {
	case errors.As(err, &faults):
		for _, f := range faults {
			log.Error("reload: the running estate stays", "fault", f.Error(), "next", "mend the file and send SIGHUP again")
		}
	case err != nil:
		log.Error("reload: the running estate stays", "error", err, "next", "mend it and send SIGHUP again")
	default:
		log.Info("reload: the changed estate is in force")
	}
}
