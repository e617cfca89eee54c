package main

import (
	"fmt"
	"io"

	"plantroom/gateway/app/config"
	"plantroom/gateway/remote"
	"plantroom/gateway/spool"
)

// atWork says which configuration runs, where the services may send one.
func atWork(cfg config.Config, out, errs io.Writer) int {
	if cfg.Remote == nil {
		return exitOK
	}
	b, err := remote.Peek(spool.Disk(), cfg.Remote.Dir)
	if err != nil {
		fmt.Fprintln(errs, err)
		return exitFailed
	}
	switch n := b.Running(); {
	case n == 0:
		fmt.Fprintln(out, "at work: this file")
	case b.Probation != 0:
		fmt.Fprintf(out, "at work: configuration %d of the services, on probation; before it: %s\n", n, named(b.Proven))
	default:
		fmt.Fprintf(out, "at work: configuration %d of the services, in the place of this file\n", n)
	}
	if b.Last.Serial != 0 {
		fmt.Fprintf(out, "the newest that was sent: %d, %s at %s\n", b.Last.Serial, b.Last.Outcome, b.Last.At)
	}
	if b.Last.Detail != "" {
		fmt.Fprintln(out, b.Last.Detail)
	}
	return exitOK
}

func named(serial uint64) string {
	if serial == 0 {
		return "this file"
	}
	return fmt.Sprintf("configuration %d", serial)
}

// own asks for the gateway's own file. A gateway that runs does it at SIGHUP.
func own(file string, out, errs io.Writer) int {
	cfg, err := config.Load(file)
	if err != nil {
		return faulty(err, errs)
	}
	if cfg.Remote == nil {
		fmt.Fprintln(errs, file+" takes no configurations of the services: it is at work anyway")
		return exitUsage
	}
	if err := remote.WantOwn(spool.Disk(), cfg.Remote.Dir); err != nil {
		fmt.Fprintln(errs, err)
		return exitFailed
	}
	fmt.Fprintln(out, file+" counts from the next SIGHUP or start on, until the services send another configuration")
	return exitOK
}
