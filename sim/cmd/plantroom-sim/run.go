package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"plantroom/sim/scenario"
)

// runScenarios is "plantroom-sim run".
func runScenarios(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	seed := fs.String("seed", "", "the seed, instead of the file's")
	asJSON := fs.Bool("json", false, "one JSON object a scenario and line")
	quiet := fs.Bool("quiet", false, "no story, only the outcome")
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usageError{errors.New("run: name at least one scenario file")}
	}
	opt, err := options(*seed)
	if err != nil {
		return err
	}
	list, err := load(files)
	if err != nil {
		return err
	}
	show := show{out: out, colour: isTerminal(out)}
	var missed error
	var results []*scenario.Result
	for _, s := range list {
		if !*asJSON && !*quiet {
			show.title(s)
			opt.Tell = show.line
		}
		r, err := scenario.Play(ctx, s, opt)
		if err != nil {
			return err
		}
		if !r.OK() {
			missed = errMissed
		}
		results = append(results, r)
		switch {
		case *asJSON:
			if err := json.NewEncoder(out).Encode(r); err != nil {
				return err
			}
		case *quiet && r.OK():
		default:
			show.outcome(r)
		}
	}
	if !*asJSON {
		show.summary(results)
	}
	return missed
}

func options(seed string) (scenario.Options, error) {
	if seed == "" {
		return scenario.Options{}, nil
	}
	var n uint64
	if _, err := fmt.Sscan(seed, &n); err != nil {
		return scenario.Options{}, usageError{fmt.Errorf("--seed %q is not a whole number", seed)}
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
		return nil, usageError{errors.New("faulty scenario\n" + strings.Join(wrong, "\n"))}
	}
	return list, nil
}
