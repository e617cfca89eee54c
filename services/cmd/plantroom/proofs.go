package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"plantroom/services/proofs"
)

// checkProofs reads every file of proof and says which are missing, changed or
// nobody's; a server may run beside, unless what is nobody's is to be removed.
func checkProofs(args []string, out io.Writer) (err error) {
	fs := flag.NewFlagSet("proofs", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	sweep := fs.Bool("sweep", false, "")
	rest, err := interspersed(fs, args)
	if err != nil {
		return err
	}
	file := usualFile
	switch len(rest) {
	case 0:
	case 1:
		file = rest[0]
	default:
		return usageError{errors.New("proofs wants the server's file, and --sweep to remove what is nobody's")}
	}
	cfg, err := load(file)
	if err != nil {
		return err
	}
	dir := proofs.Look(proofs.In(cfg.Data))
	ctx := context.Background()
	s, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	if *sweep {
		if _, err := os.Stat(dir.Path()); err != nil {
			return usageError{fmt.Errorf("there is no directory %s: has the server run yet?", dir.Path())} // made now, it would be yours and not the server's
		}
		if dir, err = proofs.Open(dir.Path()); err != nil {
			return asUsage(err)
		}
		defer func() { err = errors.Join(err, dir.Close()) }()
	}
	a, err := dir.Audit(ctx, s, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d files of proof, %.1f MB, in %s\n", a.Files, float64(a.Bytes)/1e6, dir.Path())
	for _, f := range a.Faults {
		fmt.Fprintln(out, "broken:", f)
	}
	for _, o := range a.Orphans {
		fmt.Fprintln(out, "nobody's:", o)
	}
	if *sweep {
		if err := dir.Sweep(a.Orphans); err != nil {
			return err
		}
		fmt.Fprintf(out, "removed %d that were nobody's\n", len(a.Orphans))
	}
	if len(a.Faults) > 0 {
		return errBroken
	}
	return nil
}
