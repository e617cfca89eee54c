package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"plantroom"
	"plantroom/gateway/app"
	"plantroom/gateway/app/config"
	"plantroom/gateway/reflex"
)

// output gives an order of a person on site to the gateway that runs FILE.
func output(file, name, to string, args []string, out, errs io.Writer) int {
	var lasts time.Duration
	fs := flag.NewFlagSet("output", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.DurationVar(&lasts, "for", 0, "")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 || lasts < 0 {
		fmt.Fprint(errs, usage)
		return exitUsage
	}
	x := reflex.Order{Output: name, To: reflex.Position(to), For: plantroom.Duration(lasts)}
	if x.To == "close" {
		x.To = reflex.Closed
	}
	cfg, err := config.Load(file)
	if cfg.Spool.Dir == "" { // what else is wrong with the file does not keep anybody from closing a valve
		return faulty(err, errs)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	status, durable, err := reflex.Send(ctx, app.Socket(cfg), x)
	if err != nil {
		fmt.Fprintln(errs, err)
		if c := plantroom.CodeOf(err); c == plantroom.CodeInvalid || c == plantroom.CodeNotFound {
			return exitUsage
		}
		return exitFailed
	}
	fmt.Fprintln(out, standing(status))
	if !durable {
		fmt.Fprintln(errs, "the disk has not taken the order: it holds until the gateway ends")
	}
	return exitOK
}

// standing says in a line how an output stands.
func standing(s reflex.OutputStatus) string {
	text := fmt.Sprintf("%s goes to %s, by %s", s.Output, s.Want, s.By)
	if s.Is == s.Want {
		text = fmt.Sprintf("%s is %s, by %s", s.Output, s.Is, s.By)
	}
	if s.Want == "" {
		text = s.Output + " stays where it is: it was never driven"
	}
	if v := s.Override; v != nil && v.Until != 0 {
		text += " until " + v.Until.Time().Local().Format("2006-01-02 15:04:05")
	} else if v != nil {
		text += " until somebody gives it back"
	}
	if len(s.Reflexes) > 0 {
		text += fmt.Sprintf("; reflexes that want it otherwise, or hold it: %v", s.Reflexes)
	}
	if s.Stuck {
		text += "; it is stuck: " + s.Why
	}
	return text
}
