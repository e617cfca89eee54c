package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"plantroom/services/app/config"
	"plantroom/services/ledger"
	"plantroom/services/store"
)

// verifyLedger reads the whole chain and says whether it is as it was written.
func verifyLedger(file string, out io.Writer) error {
	cfg, err := load(file)
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	head, err := ledger.Walk(ledger.Rows(ctx, s))
	var broken *ledger.Broken
	switch {
	case errors.As(err, &broken):
		fmt.Fprintln(out, "the ledger is broken:", broken)
		return errBroken
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "%d rows, the chain is whole; the newest hash is %s\n", head.Seq, head.Hash)
	return nil
}

// open opens the server's database; the server may run beside.
func open(ctx context.Context, cfg *config.Config) (*store.SQLite, error) {
	path := filepath.Join(cfg.Data, "plantroom.db")
	if _, err := os.Stat(path); err != nil {
		return nil, usageError{fmt.Errorf("there is no database %s: has the server run yet?", path)}
	}
	return store.Open(ctx, path)
}
