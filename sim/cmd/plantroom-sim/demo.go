package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/sim/demo"
)

// runDemo is "plantroom-sim demo".
func runDemo(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	headless := fs.Bool("headless", false, "no words for a person at a browser")
	length := fs.Duration("for", 0, "end by itself after this time")
	speed := fs.Float64("speed", 20, "how much faster than real time")
	dir := fs.String("dir", ".demo", "where its files go; emptied at the start")
	influxd := fs.String("influxd", "influxd", "influxd 1.8.3")
	web := fs.String("web", "127.0.0.1:8080", "the address of the pages; any other where it is taken")
	if rest, err := parse(fs, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError{fmt.Errorf("demo: %q is not a flag", rest[0])}
	}
	if *speed <= 0 || *speed > app.MaxDemoSpeed || *length < 0 {
		return usageError{fmt.Errorf("demo: --speed is above 0 and up to %d, --for is not negative", app.MaxDemoSpeed)}
	}
	if strings.ContainsRune(*influxd, filepath.Separator) {
		abs, err := filepath.Abs(*influxd) // the server's file stands elsewhere
		if err != nil {
			return err
		}
		*influxd = abs
	}
	s := show{out: out, colour: isTerminal(out)}
	var mu sync.Mutex
	tell := func(l demo.Line) {
		mu.Lock()
		defer mu.Unlock()
		s.demoLine(l)
	}
	fmt.Fprintln(out, "starting influxd, the server and four gateways …")
	sum, err := demo.Run(ctx, demo.Options{Dir: *dir, Plantroom: beside("plantroom"), Gateway: beside("plantroom-gateway"), Influxd: *influxd,
		Web: *web, Speed: *speed, For: *length, Tell: tell,
		Ready: func(w demo.Where) { s.where(w, *speed, *headless) }})
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return nil
		}
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
	fmt.Fprintf(s.out, "  devices   %s\n  logs      %s\n", w.Broker, w.Logs)
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
