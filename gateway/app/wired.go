package app

import (
	"io"
	"path/filepath"
	"time"

	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/sensor"
	"plantroom/gateway/sensor/gpioline"
	"plantroom/gateway/source/serial"
)

// wired makes the parts of 1-Wire buses, of load cells behind the kernel's
// drivers and of ultrasonic sensors on serial lines.
func (a *App) wired(cfg config.Config) ([]*part, error) {
	var parts []*part
	for _, c := range cfg.OneWire {
		p, err := a.oneWire(c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	for _, c := range cfg.IIO {
		p, err := a.iio(c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	for _, c := range cfg.Ranging {
		p, err := a.ranger(c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func (a *App) pin(c config.Pin) (*part, error) {
	if c.Count == nil {
		return a.contact(c)
	}
	return a.counter(c)
}

// countersDir lies in the spool's directory, which the gateway's user can
// write, and which whoever keeps what the gateway knows keeps already.
const countersDir = "counters"

func (a *App) counter(c config.Pin) (*part, error) {
	binder, err := wired(binding.Rule{Address: string(c.Device), Map: c.Map})
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("pin/"+string(c.Device), c, binder)
	p.run = sensor.NewCounter(sensor.CounterOptions{
		Device: c.Device, Pin: c.Pin, Count: *c.Count, Debounce: time.Duration(c.Debounce), Heartbeat: time.Duration(c.Heartbeat),
		File: filepath.Join(a.cfg.Spool.Dir, countersDir, string(c.Device)+".json"),
		Open: func() (sensor.EdgeLine, error) {
			return a.o.OpenEdges(c.Pin, gpioline.Options{Pull: c.Pull, ActiveLow: c.Active == "low"})
		},
		Sink: a.sink(p), Logger: a.log,
	}).Run
	return p, err
}

func (a *App) oneWire(c config.OneWire) (*part, error) {
	var rules []binding.Rule
	var probes []sensor.ProbeOptions
	for _, d := range c.Devices {
		rules = append(rules, binding.Rule{Address: string(d.Device), Map: d.Map})
		probes = append(probes, sensor.ProbeOptions{Device: d.Device, Serial: d.Serial, OffsetC: d.OffsetC, Heartbeat: time.Duration(d.Heartbeat)})
	}
	binder, err := wired(rules...)
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("onewire/"+c.Name, c, binder)
	p.run = sensor.NewOneWire(sensor.OneWireOptions{Name: c.Name, Probes: probes, Sys: a.o.Sys, Sink: a.sink(p), Logger: a.log}).Run
	return p, err
}

func (a *App) iio(c config.IIO) (*part, error) {
	binder, err := wired(binding.Rule{Address: string(c.Device), Map: c.Map})
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("iio/"+string(c.Device), c, binder)
	p.run = sensor.NewIIO(sensor.IIOOptions{
		Device: c.Device, Name: c.Name, Channel: c.Channel, Heartbeat: time.Duration(c.Heartbeat), Load: c.Load,
		Sys: a.o.Sys, Sink: a.sink(p), Logger: a.log,
	}).Run
	return p, err
}

func (a *App) ranger(c config.Ranger) (*part, error) {
	binder, err := wired(binding.Rule{Address: string(c.Device), Map: c.Map})
	if err != nil {
		return nil, err
	}
	p, err := a.newPart("ultrasonic/"+c.Port, c, binder)
	o := c.Options()
	o.Open = func(port string, baud int) (io.ReadWriteCloser, error) { return serial.Open(port, baud) }
	o.Sink, o.Logger = a.sink(p), a.log
	p.run = sensor.NewRanger(o).Run
	return p, err
}
