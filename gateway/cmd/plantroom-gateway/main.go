// Command plantroom-gateway is the edge half of Plantroom: it hears the
// devices on site, keeps their readings safe and sends them to the services.
// All that it does is in gateway/app; here are arguments, signals and exit
// codes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"plantroom"
	"plantroom/gateway/app"
	"plantroom/gateway/app/config"
	"plantroom/gateway/probe"
	"plantroom/gateway/sandbox"
	"plantroom/internal/sdnotify"
	"plantroom/internal/yamldoc"
)

// version is set by make build: -ldflags "-X main.version=…".
var version = "devel"

// The exit codes. docs/gateway.md explains them.
const (
	exitOK     = 0
	exitFailed = 1 // it could not start, the last line says why; or examples failed
	exitUsage  = 2 // wrong arguments, or faults in the file
)

const usage = `plantroom-gateway hears the devices on site, keeps their readings on disk and
sends them to the services.

usage:
  plantroom-gateway init [FILE] --gateway ID --estate ID --broker URL
                                  write a commented file to start from, gateway.yaml by default; on a
                                  terminal it asks for what is not given
  plantroom-gateway run FILE      run until SIGINT or SIGTERM; SIGHUP reads FILE again
  plantroom-gateway check FILE    list every fault in FILE, with line and column, and say which
                                  configuration is at work where the services may send one
  plantroom-gateway own FILE      put FILE itself back to work, at the next SIGHUP or start, in the
                                  place of what the services have sent
  plantroom-gateway device add ID --accounts ACCOUNTS [--publish FILTER]… [--subscribe FILTER]…
                                  make an account at the gateway's own broker and print its password, once
  plantroom-gateway device renew ID --accounts ACCOUNTS
                                  give an account a new password and print it, once
  plantroom-gateway output FILE NAME open|close|on|off|auto [--for 1h]
                                  take an output from the reflexes, or give it back
  plantroom-gateway codec test FILE.js --examples EXAMPLES [--json]
                                  run a payload codec against its maker's examples
  plantroom-gateway probe [FILE] [--json]
                                  list what sensors could be wired to on this machine, what answers
                                  there, and what is missing; with FILE also what it uses of that
  plantroom-gateway version       print the version

FILE is the gateway's YAML file, ACCOUNTS the one that its listen.accounts
names; docs/gateway.md explains both. Without --publish a device may publish on
plantroom-device/ID, where plain JSON is heard. EXAMPLES is a file in the form of
The Things Network (YAML) or of ChirpStack (JSON).
Logs go to standard error. PLANTROOM_LOG=debug says more.

exit codes:
  0  stopped by a signal, or nothing wrong with FILE
  1  could not start, or not write: the last line says why, and what to do; or
     examples failed, or an order was not carried out; or a probe found nothing,
     something that hangs or may not be looked at, or not all that FILE uses
  2  wrong arguments, or faults in FILE or ACCOUNTS
`

// memoryLimit makes the collector work harder before the process is large: a
// gateway shares a small machine. In rest it needs less than 20 MiB.
// GOMEMLIMIT in the environment overrides it.
const memoryLimit = 40 << 20

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	switch {
	case len(args) == 1 && args[0] == "version":
		fmt.Fprintln(out, "plantroom-gateway", version)
		return exitOK
	case len(args) == 1 && (args[0] == "help" || args[0] == "-h" || args[0] == "--help"):
		fmt.Fprint(out, usage)
		return exitOK
	case len(args) == 2 && args[0] == "check":
		return check(args[1], out, errs)
	case len(args) > 0 && args[0] == "init":
		return initialise(args[1:], terminal(), out, errs)
	case len(args) == 2 && args[0] == "own":
		return own(args[1], out, errs)
	case len(args) == 2 && args[0] == "run":
		return serve(args[1], errs)
	case len(args) > 2 && args[0] == "device":
		return device(args[1], args[2], args[3:], out, errs)
	case len(args) > 3 && args[0] == "output":
		return output(args[1], args[2], args[3], args[4:], out, errs)
	case len(args) > 2 && args[0] == "codec" && args[1] == "test":
		return testCodec(args[2:], out, errs)
	case len(args) > 0 && args[0] == "probe":
		return look(args[1:], probe.This(), out, errs)
	}
	fmt.Fprint(errs, usage)
	return exitUsage
}

// check lists the faults in a file.
func check(file string, out, errs io.Writer) int {
	cfg, err := load(file)
	if err != nil {
		return faulty(err, errs)
	}
	fmt.Fprintln(out, file+": no faults")
	return atWork(cfg, out, errs)
}

// codecs says in what codecs run. The zero value is plantroom-codec beside this
// program; tests have another.
var codecs sandbox.Options

// load reads a file, and has its codecs compiled where it has some.
func load(file string) (config.Config, error) {
	box := sandbox.New(codecs) // which starts nothing before it is needed
	defer box.Close()
	return config.Loader{Compile: box.Compile}.Load(file)
}

// faulty prints why a file cannot be used.
func faulty(err error, errs io.Writer) int {
	fmt.Fprintln(errs, err)
	var faults yamldoc.Faults
	if errors.As(err, &faults) && len(faults) > 1 {
		fmt.Fprintln(errs, len(faults), "faults")
	}
	if plantroom.CodeOf(err) == plantroom.CodeNotFound {
		return exitFailed
	}
	return exitUsage
}

// serve runs the gateway until a signal ends it.
func serve(file string, errs io.Writer) int {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	cfg, err := load(file)
	if err != nil {
		return faulty(err, errs)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	manager, err := sdnotify.New(os.Getenv("NOTIFY_SOCKET"), os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID"), os.Getpid())
	if err != nil {
		fmt.Fprintln(errs, "plantroom-gateway:", err)
		return exitFailed
	}
	go govern(ctx)
	err = app.Run(ctx, cfg, app.Options{
		Version: version, Logger: logger(errs), Reload: notices(ctx, hup),
		Load:    func() (config.Config, error) { return load(file) },
		Sandbox: codecs, Manager: manager,
	})
	if err != nil {
		fmt.Fprintln(errs, "plantroom-gateway:", err)
		return exitFailed
	}
	return exitOK
}

func logger(w io.Writer) *slog.Logger {
	level := slog.LevelInfo
	if os.Getenv("PLANTROOM_LOG") == "debug" {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// notices makes plain notices of signals.
func notices(ctx context.Context, signals <-chan os.Signal) <-chan struct{} {
	c := make(chan struct{})
	go func() {
		for {
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
			select {
			case c <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return c
}
