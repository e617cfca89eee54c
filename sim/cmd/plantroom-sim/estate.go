package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"

	"plantroom"
	"plantroom/internal/mqttconn"
	"plantroom/sim/estates"
	"plantroom/sim/stack"
)

// estateCommand is "plantroom-sim estate".
type estateCommand struct{ own stack.Own }

func (c *estateCommand) flags(fs *flag.FlagSet) {
	fs.StringVar(&c.own.Devices, "devices", "tcp://127.0.0.1:1883", "")
	fs.StringVar(&c.own.Uplink, "uplink", "127.0.0.1:1884", "")
	fs.StringVar(&c.own.Web, "web", "127.0.0.1:8080", "")
	fs.StringVar(&c.own.InfluxDB, "influxdb", "127.0.0.1:8086", "")
	fs.StringVar(&c.own.Influxd, "influxd", "influxd", "")
}

func (c *estateCommand) run(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 2 {
		return usageError{fmt.Errorf("estate: give the name of an estate (%s) and a directory", strings.Join(estates.Names(), ", "))}
	}
	if err := c.check(); err != nil {
		return usageError{fmt.Errorf("estate: %w", err)}
	}
	var err error
	if c.own.Influxd, err = program(c.own.Influxd); err != nil { // the server's file stands elsewhere
		return err
	}
	c.own.Estate, c.own.Dir = args[0], args[1]
	files, err := stack.WriteOwn(c.own)
	if code := plantroom.CodeOf(err); code == plantroom.CodeNotFound || code == plantroom.CodeConflict {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	c.explain(out, files)
	return nil
}

func (c *estateCommand) check() error {
	for _, f := range []struct{ flag, addr string }{{"--uplink", c.own.Uplink}, {"--web", c.own.Web}, {"--influxdb", c.own.InfluxDB}} {
		if _, port, err := net.SplitHostPort(f.addr); err != nil || port == "" {
			return fmt.Errorf("%s %q is not an address like 127.0.0.1:8080", f.flag, f.addr)
		}
	}
	devices := mqttconn.Options{URL: c.own.Devices}
	return devices.Check()
}

// explain says what to start now. The server comes before the gateways because
// it makes their passwords.
func (c *estateCommand) explain(out io.Writer, files []string) {
	for _, f := range files {
		fmt.Fprintln(out, "wrote", filepath.Join(c.own.Dir, f))
	}
	fmt.Fprintf(out, "\nnext, with a broker for the devices at %s, in this order and each in a terminal of its own:\n", c.own.Devices)
	for _, f := range files {
		switch f {
		case "estate.yaml":
		case "plantroom.yaml":
			fmt.Fprintln(out, "  plantroom serve", filepath.Join(c.own.Dir, f))
		default:
			fmt.Fprintln(out, "  plantroom-gateway run", filepath.Join(c.own.Dir, f))
		}
	}
	fmt.Fprintln(out, "  plantroom-sim live FILE --broker", c.own.Devices)
}
