package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"plantroom/gateway/app/config"
	"plantroom/gateway/probe"
)

// look lists what a machine has. Its arguments are those behind "probe".
func look(args []string, m probe.Machine, out, errs io.Writer) int {
	file, asJSON := "", false
	for _, a := range args {
		switch {
		case a == "--json":
			asJSON = true
		case !strings.HasPrefix(a, "-") && file == "":
			file = a
		default:
			fmt.Fprint(errs, usage)
			return exitUsage
		}
	}
	var uses probe.Uses
	if file != "" {
		cfg, err := config.Load(file)
		if err != nil {
			return faulty(err, errs)
		}
		uses = usesOf(&cfg)
	}
	if m.User == "" {
		m.User = os.Getenv("USER")
	}
	r := probe.Look(m, uses, 0)
	var err error
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	} else {
		err = r.Text(out, uses)
	}
	if err != nil || !r.Sound() || r.Empty() {
		return exitFailed
	}
	return exitOK
}

// usesOf says what a file gives to whom.
func usesOf(c *config.Config) probe.Uses {
	u := probe.Uses{Pins: map[string]string{}, Buses: map[string]map[uint16][]string{}, Probes: map[string]string{}, IIO: map[string][]string{}, Ports: map[string]string{}}
	for _, p := range c.Pins {
		u.Pins[p.Pin] = string(p.Device)
	}
	for _, b := range c.Buses {
		u.Buses[b.Name] = map[uint16][]string{}
		for _, in := range b.Devices {
			u.Buses[b.Name][in.At()] = append(u.Buses[b.Name][in.At()], string(in.Device))
		}
	}
	for _, b := range c.OneWire {
		for _, d := range b.Devices {
			u.Probes[d.Serial] = string(d.Device)
		}
	}
	for _, d := range c.IIO {
		u.IIO[d.Name] = append(u.IIO[d.Name], string(d.Device))
	}
	for _, l := range c.Serial {
		u.Ports[l.Port] = "nodes"
	}
	for _, l := range c.Modbus {
		if l.Link.Serial() {
			u.Ports[strings.TrimPrefix(string(l.Link), "rtu://")] = "modbus " + l.Name
		}
	}
	for _, r := range c.Ranging {
		u.Ports[r.Port] = string(r.Device)
	}
	return u
}
