package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/sim/demo"
)

// demoCommand is "plantroom-sim demo".
type demoCommand struct {
	headless bool
	length   time.Duration
	speed    float64
	dir      string
	influxd  string
	web      string
}

func (c *demoCommand) flags(fs *flag.FlagSet) {
	fs.BoolVar(&c.headless, "headless", false, "")
	fs.DurationVar(&c.length, "for", 0, "")
	fs.Float64Var(&c.speed, "speed", 20, "")
	fs.StringVar(&c.dir, "dir", ".demo", "")
	fs.StringVar(&c.influxd, "influxd", "influxd", "")
	fs.StringVar(&c.web, "web", "127.0.0.1:8080", "")
}

func (c *demoCommand) run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("demo: %q is not a flag", args[0])}
	}
	if !(c.speed > 0 && c.speed <= app.MaxDemoSpeed) || c.length < 0 {
		return usageError{fmt.Errorf("demo: --speed is above 0 and up to %d, --for is not negative", app.MaxDemoSpeed)}
	}
	influxd, err := program(c.influxd) // the server's file stands elsewhere
	if err != nil {
		return err
	}
	s := show{out: out, colour: isTerminal(out)}
	fmt.Fprintln(out, "starting influxd, the server and four gateways …")
	sum, err := demo.Run(ctx, demo.Options{Dir: c.dir, Plantroom: beside("plantroom"), Gateway: beside("plantroom-gateway"), Influxd: influxd,
		Web: c.web, Speed: c.speed, For: c.length, Tell: s.demoLine,
		Ready: func(w demo.Where) { s.where(w, c.speed, c.headless) },
		Over: func() {
			fmt.Fprint(out, "\nthe estate rests; waiting for its last readings, then stopping and counting …\n")
		}})
	if errors.Is(err, demo.ErrInterrupted) && !c.headless {
		fmt.Fprintln(out, err) // by the person who reads it
		return nil
	}
	if err != nil {
		return err
	}
	s.demoSummary(sum)
	if !sum.OK() {
		return errMissed
	}
	return nil
}

func (s show) where(w demo.Where, speed float64, headless bool) {
	fmt.Fprintf(s.out, "\n  board     %s\n", s.paint(bold, w.Board))
	if !headless {
		fmt.Fprintf(s.out, "  sign in   with the token %s\n", s.paint(bold, w.Token))
	}
	fmt.Fprintf(s.out, "  devices   %s, for the gateways to listen to\n  logs      %s\n", w.Broker, w.Logs)
	fmt.Fprintf(s.out, "  the estate's time is %s and runs %g times as fast as yours\n", w.EstateNow, speed)
	if !headless {
		fmt.Fprint(s.out, "  Ctrl-C ends it, counts, and says whether anything went missing\n")
	}
	fmt.Fprintln(s.out)
}

func (s show) demoLine(l demo.Line) {
	colour := ""
	switch {
	case l.Who == "world":
		colour = blue
	case strings.Contains(l.Text, "breach"), strings.Contains(l.Text, "contradict"):
		colour = red
	case strings.Contains(l.Text, "prove"), strings.Contains(l.Text, "order.close"):
		colour = green
	case strings.HasPrefix(l.Who, "phone"):
		colour = yellow
	}
	fmt.Fprintf(s.out, "%s  %s  %s\n", l.Local, pad(l.Who, 20), s.paint(colour, l.Text))
}

func (s show) demoSummary(d *demo.Summary) {
	fmt.Fprintf(s.out, "\n%s\n", s.paint(bold, "In "+d.Virtual.Round(time.Second).String()+" of the estate's life"))
	row := func(what string, format string, args ...any) {
		fmt.Fprintf(s.out, "  %s  %s\n", pad(what, 22), fmt.Sprintf(format, args...))
	}
	row("readings sent", "%d", d.Sent)
	row("readings stored", "%d, derived ones included", d.Stored)
	row("readings missing", "%d", d.Lost)
	row("quarantined", "%d", d.Aside)
	row("incidents", "%d", d.Incidents)
	row("orders", "%d, %d of them closed", d.Orders, d.Closed)
	row("calls taken", "%d", d.Calls)
	for _, k := range []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore} {
		row("window "+string(k), "%d met, %d breached", d.Met[k], d.Breached[k])
	}
	wrong := append(d.Wrong, d.Missing...)
	for i, m := range wrong {
		if i == 20 {
			row("", "and %d more", len(wrong)-i)
			break
		}
		fmt.Fprintf(s.out, "  %s  %s\n", s.paint(red, pad("WRONG", 22)), m)
	}
	if d.OK() {
		fmt.Fprintln(s.out, s.paint(green, "nothing went missing"))
	}
}
