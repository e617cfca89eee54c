package main

import (
	"context"
	"errors"
	"flag"
	"io"

	"plantroom/sim/year"
)

// decideCommand is "plantroom-sim decide".
type decideCommand struct{ seed uint64 }

func (c *decideCommand) flags(fs *flag.FlagSet) {
	fs.Uint64Var(&c.seed, "seed", year.CommitteeSeed, "")
}

func (c *decideCommand) run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 0 {
		return usageError{errors.New("decide: it takes no file; for an estate of your own there is plantroom whatif")}
	}
	return year.Decision(ctx, out, c.seed)
}
