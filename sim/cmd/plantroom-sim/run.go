package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"

	"plantroom/sim/scenario"
)

// runCommand is "plantroom-sim run".
type runCommand struct {
	seed   string
	asJSON bool
	quiet  bool
}

func (c *runCommand) flags(fs *flag.FlagSet) {
	fs.StringVar(&c.seed, "seed", "", "")
	fs.BoolVar(&c.asJSON, "json", false, "")
	fs.BoolVar(&c.quiet, "quiet", false, "")
}

func (c *runCommand) run(ctx context.Context, files []string, out io.Writer) error {
	if len(files) == 0 {
		return usageError{errors.New("run: name at least one scenario file")}
	}
	opt, err := options(c.seed)
	if err != nil {
		return err
	}
	list, err := load(files)
	if err != nil {
		return err
	}
	show := show{out: out, colour: isTerminal(out), width: widest(files)}
	tell := !c.asJSON && !c.quiet
	at := 1
	if !tell { // stories would be told through each other
		at = runtime.GOMAXPROCS(0)
	}
	var results []*scenario.Result
	err = playAll(ctx, list, at, func(s *scenario.Scenario) scenario.Options {
		o := opt
		if tell {
			show.title(s)
			o.Tell = show.of(s).line
		}
		return o
	}, func(r *scenario.Result) error {
		results = append(results, r)
		switch {
		case c.asJSON:
			return json.NewEncoder(out).Encode(r)
		case tell || !r.OK():
			show.outcome(r)
		}
		if c.quiet {
			show.row(r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if tell {
		fmt.Fprintln(out)
		for _, r := range results {
			show.row(r)
		}
	}
	if !c.asJSON {
		show.summary(results)
	}
	for _, r := range results {
		if !r.OK() {
			return errMissed
		}
	}
	return nil
}

// playAll plays scenarios, several at a time, and hands over what came of each
// in their order.
func playAll(ctx context.Context, list []*scenario.Scenario, at int, options func(*scenario.Scenario) scenario.Options,
	done func(*scenario.Result) error) error {
	if at == 1 {
		for _, s := range list {
			r, err := scenario.Play(ctx, s, options(s))
			if err == nil {
				err = done(r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		result *scenario.Result
		err    error
	}
	slots := make(chan struct{}, at)
	outcomes := make([]chan outcome, len(list))
	for i := range list {
		outcomes[i] = make(chan outcome, 1)
	}
	go func() {
		for i, s := range list {
			slots <- struct{}{}
			o := options(s)
			go func() {
				r, err := scenario.Play(ctx, s, o)
				outcomes[i] <- outcome{r, err}
				<-slots
			}()
		}
	}()
	for i := range list {
		o := <-outcomes[i]
		if o.err != nil {
			return o.err
		}
		if err := done(o.result); err != nil {
			return err
		}
	}
	return nil
}

func widest(files []string) int {
	n := 0
	for _, f := range files {
		n = max(n, utf8.RuneCountInString(f))
	}
	return n
}

func options(seed string) (scenario.Options, error) {
	if seed == "" {
		return scenario.Options{}, nil
	}
	n, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		return scenario.Options{}, usageError{fmt.Errorf("run: --seed %q is not a whole number from 0 to %d", seed, uint64(math.MaxUint64))}
	}
	return scenario.Options{Seed: &n}, nil
}

// load reads all files first, so that a fault in the last is not found after
// an hour of playing the others.
func load(files []string) ([]*scenario.Scenario, error) {
	var list []*scenario.Scenario
	var wrong []string
	for _, f := range files {
		s, err := scenario.Load(f)
		if err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		list = append(list, s)
	}
	if len(wrong) > 0 {
		return nil, faulty(strings.Join(wrong, "\n"))
	}
	return list, nil
}

// faulty is the error for files that are not played for what is in them.
func faulty(faults string) error { return usageError{errors.New("faulty scenario\n" + faults)} }
