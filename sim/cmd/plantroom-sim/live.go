package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	"plantroom/internal/mqttconn"
	"plantroom/services/app"
	"plantroom/sim/estates"
	"plantroom/sim/live"
	"plantroom/sim/scenario"
)

// liveCommand is "plantroom-sim live".
type liveCommand struct {
	broker   mqttconn.Options
	speed    float64
	estate   plantroom.Estate
	scenario *scenario.Scenario
}

func (c *liveCommand) flags(fs *flag.FlagSet) {
	fs.StringVar(&c.broker.URL, "broker", "", "")
	fs.StringVar(&c.broker.Username, "username", "", "")
	fs.StringVar(&c.broker.PasswordFile, "password-file", "", "")
	fs.Float64Var(&c.speed, "speed", 1, "")
}

// run checks everything before it connects: whoever has made a mistake learns
// of it without a broker.
func (c *liveCommand) run(ctx context.Context, files []string, out io.Writer) error {
	if len(files) != 1 || c.broker.URL == "" || !(c.speed > 0 && c.speed <= app.MaxDemoSpeed) {
		return usageError{fmt.Errorf("live: give one scenario file, --broker URL and a --speed above 0 and up to %d", app.MaxDemoSpeed)}
	}
	if err := c.broker.Check(); err != nil {
		return usageError{fmt.Errorf("live: %w", err)}
	}
	if err := c.load(files[0]); err != nil {
		return err
	}
	c.broker.ClientID = fmt.Sprintf("plantroom-sim-%d", os.Getpid())
	conn, err := mqttconn.Connect(ctx, c.broker, mqttconn.Session{Once: true})
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.play(ctx, conn, out)
}

// load reads a scenario file and its estate, and refuses a file that cannot be
// played live.
func (c *liveCommand) load(file string) error {
	list, err := load([]string{file})
	if err != nil {
		return err
	}
	c.scenario = list[0]
	if err := c.scenario.CheckLive(); err != nil {
		return faulty(err.Error())
	}
	c.estate, err = estates.Load(c.scenario.Estate)
	return err
}

// play plays to the scenario's end, or to that of ctx.
func (c *liveCommand) play(ctx context.Context, conn *mqttconn.Conn, out io.Writer) error {
	zone, err := time.LoadLocation(c.estate.Zone)
	if err != nil {
		return err
	}
	start, err := c.scenario.StartIn(zone)
	if err != nil {
		return err
	}
	clock := app.DemoClock{Began: plantroom.At(time.Now()), Virtual: start, Speed: c.speed}
	p, err := live.New(live.Options{Scenario: c.scenario, Estate: c.estate, Clock: clock, Stamp: true,
		Publish: func(ctx context.Context, topic string, payload []byte) error {
			return conn.SendAndWait(ctx, topic, false, payload)
		},
		Tell: func(at plantroom.Instant, who, text string) {
			fmt.Fprintf(out, "%s  %s  %s\n", clock.Real(at).Time().Local().Format("15:04:05"), pad(who, 8), text)
		}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(float64(c.scenario.Length)/c.speed))
	defer cancel()
	if err := p.Run(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	n := 0
	for _, k := range p.Sent() {
		n += k
	}
	fmt.Fprintf(out, "%d readings sent\n", n)
	return nil
}

// beside finds a program that was built next to this one.
func beside(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(self), name)
}

// program makes a path to a program hold from any directory; a name without a
// folder is looked for on the PATH, and stays.
func program(path string) (string, error) {
	if !strings.ContainsRune(path, filepath.Separator) {
		return path, nil
	}
	return filepath.Abs(path)
}
