package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"plantroom"
	"plantroom/internal/mqttconn"
	"plantroom/services/app"
	"plantroom/sim/estates"
	"plantroom/sim/live"
)

// runLive is "plantroom-sim live".
func runLive(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("live", flag.ContinueOnError)
	url := fs.String("broker", "", "the broker of the devices, as in tcp://127.0.0.1:1883")
	user := fs.String("username", "", "the account at the broker")
	password := fs.String("password-file", "", "the file with its password")
	speed := fs.Float64("speed", 1, "how much faster than real time")
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) != 1 || *url == "" || *speed <= 0 || *speed > app.MaxDemoSpeed {
		return usageError{fmt.Errorf("live: give one scenario file, --broker URL and a --speed above 0 and up to %d", app.MaxDemoSpeed)}
	}
	list, err := load(files)
	if err != nil {
		return err
	}
	e, err := estates.Load(list[0].Estate)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return err
	}
	start, err := list[0].StartIn(zone)
	if err != nil {
		return err
	}
	conn, err := mqttconn.Connect(ctx, mqttconn.Options{URL: *url, ClientID: fmt.Sprintf("plantroom-sim-%d", os.Getpid()), Username: *user, PasswordFile: *password}, mqttconn.Session{})
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(float64(list[0].Length)/(*speed)))
	defer cancel()
	p, err := live.New(live.Options{Scenario: list[0], Estate: e, Stamp: true,
		Clock: app.DemoClock{Began: plantroom.At(time.Now()), Virtual: start, Speed: *speed},
		Publish: func(ctx context.Context, topic string, payload []byte) error {
			return conn.SendAndWait(ctx, topic, false, payload)
		},
		Tell: func(_ plantroom.Instant, who, text string) {
			fmt.Fprintf(out, "%s  %s  %s\n", time.Now().Format("15:04:05"), pad(who, 8), text)
		}})
	if err != nil {
		return err
	}
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
