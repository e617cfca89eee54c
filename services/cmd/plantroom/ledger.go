package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"plantroom/services/app/config"
	"plantroom/services/ledger"
	"plantroom/services/store"
)

// verifyLedger reads the whole chain and says whether it is as it was written,
// and whether it agrees with the orders. Against a head that was noted before it
// also finds rows that were cut off the end.
func verifyLedger(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("ledger verify", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	noted := fs.String("head", "", "")
	rest, err := interspersed(fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError{errors.New("ledger verify wants the server's file; plantroom help shows how")}
	}
	known, err := ledger.ParseHead(*noted)
	if err != nil {
		return usageError{err}
	}
	cfg, err := load(rest[0])
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	head, err := ledger.WalkTo(ledger.Rows(ctx, s), known)
	if err == nil {
		err = ledger.Agree(ctx, s)
	}
	var broken *ledger.Broken
	switch {
	case errors.As(err, &broken):
		fmt.Fprintln(out, "the ledger is broken:", broken)
		return errBroken
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "%d rows, the chain is whole; the newest hash is %s\n", head.Seq, head.Hash)
	if known.Seq > 0 {
		fmt.Fprintf(out, "row %d is the one that was noted\n", known.Seq)
	} else if head.Seq > 0 {
		fmt.Fprintf(out, "note it elsewhere, and later verify with --head %s\n", head)
	}
	return nil
}

// open opens the server's database; the server may run beside.
func open(ctx context.Context, cfg *config.Config) (*store.SQLite, error) {
	path := filepath.Join(cfg.Data, "plantroom.db")
	if _, err := os.Stat(path); err != nil {
		return nil, usageError{fmt.Errorf("there is no database %s: has the server run yet? plantroom serve makes it, and keeps the record of what happens in it", path)}
	}
	return store.Open(ctx, path)
}
