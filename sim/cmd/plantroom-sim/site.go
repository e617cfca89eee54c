package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	"plantroom/internal/mqttconn"
	"plantroom/services/app"
	"plantroom/sim/estates"
	"plantroom/sim/scenario"
	"plantroom/sim/site"
)

// siteCommand is "plantroom-sim site".
type siteCommand struct {
	broker   string
	password string
	calls    string
	server   string
	token    string
	dir      string
	health   int
	speed    float64
	asJSON   bool
	errs     io.Writer // nil: standard error

	opt site.Options
}

func (c *siteCommand) flags(fs *flag.FlagSet) {
	fs.StringVar(&c.broker, "broker", "", "")
	fs.StringVar(&c.password, "password-file", "", "")
	fs.StringVar(&c.calls, "calls", "contractors", "")
	fs.StringVar(&c.server, "server", "http://127.0.0.1:8080", "")
	fs.StringVar(&c.token, "token-file", "", "")
	fs.StringVar(&c.dir, "dir", ".site", "")
	fs.IntVar(&c.health, "health", 0, "")
	fs.Float64Var(&c.speed, "speed", 1, "")
	fs.BoolVar(&c.asJSON, "json", false, "")
}

// run checks everything before it connects.
func (c *siteCommand) run(ctx context.Context, files []string, out io.Writer) error {
	if c.errs == nil {
		c.errs = os.Stderr
	}
	if err := c.check(files); err != nil {
		return err
	}
	c.opt.Logger = slog.New(slog.NewTextHandler(c.errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	c.opt.Tell = c.line(out)
	c.opt.Ready = func(open []plantroom.Incident, gateways int) {
		fmt.Fprintf(c.errs, "%d gateways run, and it goes on from %d open incidents; SIGINT or SIGTERM ends it\n", gateways, len(open))
	}
	fmt.Fprintf(c.errs, "asking %s what is open …\n", c.server)
	sum, err := site.Run(ctx, c.opt)
	if plantroom.CodeOf(err) == plantroom.CodeInvalid {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	c.over(out, sum)
	return nil
}

// check finds every fault of the command line and of the files.
func (c *siteCommand) check(files []string) error {
	switch {
	case len(files) > 1, c.broker == "", c.token == "", !(c.speed > 0 && c.speed <= app.MaxDemoSpeed):
		return usageError{fmt.Errorf("site: give at most one scenario file, --broker URL, --token-file FILE and a --speed above 0 and up to %d", app.MaxDemoSpeed)}
	case c.health < 0 || c.health > 65000:
		return usageError{errors.New("site: --health is a port up to 65000")}
	}
	file := ""
	if len(files) == 1 {
		file = files[0]
	}
	if err := c.load(file); err != nil {
		return err
	}
	var err error
	if c.opt.Dir, err = filepath.Abs(c.dir); err != nil {
		return err
	}
	c.opt.Speed, c.opt.Broker, c.opt.Calls, c.opt.Health = c.speed, c.broker, c.calls, c.health
	if c.opt.Server, err = url.Parse(c.server); err != nil || c.opt.Server.Host == "" || c.opt.Server.Scheme != "http" && c.opt.Server.Scheme != "https" {
		return usageError{fmt.Errorf("site: --server %q is not an address like http://127.0.0.1:8080", c.server)}
	}
	if c.opt.Token, err = firstLine(c.token); err != nil {
		return usageError{fmt.Errorf("site: --token-file: %w", err)}
	}
	return c.passwords()
}

// passwords looks whether every account has a password file that can be used.
func (c *siteCommand) passwords() error {
	path := c.password
	if path != "" {
		var err error
		if path, err = filepath.Abs(path); err != nil {
			return err
		}
	}
	c.opt.Password = func(account string) string { return strings.ReplaceAll(path, "%", account) }
	accounts := []string{c.calls}
	for _, g := range c.opt.Estate.Gateways {
		accounts = append(accounts, string(g.ID))
	}
	for _, a := range accounts {
		o := mqttconn.Options{URL: c.broker, Username: a, PasswordFile: c.opt.Password(a)}
		if err := o.Check(); err != nil {
			return usageError{fmt.Errorf("site: account %s: %w", a, err)}
		}
	}
	return nil
}

// load reads the scenario, the one that ships where none is named, and its estate.
func (c *siteCommand) load(file string) (err error) {
	if file == "" {
		c.opt.Scenario, err = scenario.Parse("story.yaml", site.Story)
	} else {
		var list []*scenario.Scenario
		if list, err = load([]string{file}); err == nil {
			c.opt.Scenario = list[0]
		}
	}
	if err != nil {
		return err
	}
	if err := c.opt.Scenario.CheckLive(); err != nil {
		return faulty(err.Error())
	}
	c.opt.Estate, err = estates.Load(c.opt.Scenario.Estate)
	return err
}

func firstLine(path string) (string, error) {
	b, err := os.ReadFile(path)
	text, _, _ := strings.Cut(string(b), "\n")
	if text = strings.TrimSpace(text); err == nil && text == "" {
		err = fmt.Errorf("%s is empty", path)
	}
	return text, err
}

// line writes what happens, for a person or for a program.
func (c *siteCommand) line(out io.Writer) func(at time.Time, who, text string) {
	if c.asJSON {
		enc := json.NewEncoder(out)
		return func(at time.Time, who, text string) {
			_ = enc.Encode(map[string]string{"at": plantroom.At(at).String(), "who": who, "text": text}) // the reader has gone
		}
	}
	s := show{out: out, colour: isTerminal(out)}
	return func(at time.Time, who, text string) {
		colour := ""
		if who == "world" {
			colour = blue
		}
		fmt.Fprintf(out, "%s  %s  %s\n", at.Local().Format("15:04:05"), pad(who, 16), s.paint(colour, text))
	}
}

// over says what has been done.
func (c *siteCommand) over(out io.Writer, sum site.Sum) {
	if c.asJSON {
		_ = json.NewEncoder(out).Encode(map[string]any{"readings": sum.Readings, "calls": sum.Calls, "wrong": append([]string{}, sum.Wrong...)})
		return
	}
	fmt.Fprintf(out, "%d readings sent, %d calls taken\n", sum.Readings, sum.Calls)
	for _, w := range sum.Wrong {
		fmt.Fprintln(out, "WRONG", w)
	}
}
