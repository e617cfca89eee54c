package sensor

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"time"

	"plantroom"
)

// OneWireOptions describes one 1-Wire bus and the thermometers on it.
//
// They are read through the kernel (w1_therm), whose files any user may read:
// it makes the slots of 60 µs, which a process cannot, and looks at the
// checksums. periph's own way is Linux' netlink, which wants root, or a DS2482
// that one has to buy; its driver for the DS18B20 takes the 85 °C of a
// thermometer that has lost its power for a temperature.
type OneWireOptions struct {
	Name   string // as the kernel names it: w1_bus_master1
	Probes []ProbeOptions
	Sys    fs.FS // the root of /sys; nil: this machine's
	Sink   Sink
	Clock  Clock
	Logger *slog.Logger
}

// ProbeOptions describes one thermometer.
type ProbeOptions struct {
	Device    plantroom.DeviceID
	Serial    string // 28-00000a1b2c3d
	OffsetC   float64
	Heartbeat time.Duration // it is read as often; 1 min
}

// OneWire reads the thermometers of one 1-Wire bus, one after the other. Each
// emits temperature_c, and bus_stuck.
//
// Exactly 85 °C is what a thermometer holds before its first conversion. Where
// it says so itself, it is no reading at all; where it does not (there are
// copies), a reading of 85 °C is Suspect unless the one before was near it.
type OneWire struct{ *poller }

// w1Stuck is how long one reading may take: a conversion at 12 bits takes
// 750 ms, and the kernel does it for one thermometer at a time and repeats it.
const w1Stuck = 10 * time.Second

// NewOneWire makes a OneWire.
func NewOneWire(o OneWireOptions) *OneWire {
	if o.Sys == nil {
		o.Sys = sysFS
	}
	at := path.Join("bus/w1/devices", o.Name)
	b := &OneWire{newPoller(line{
		name: o.Name, what: "the 1-Wire bus", sink: o.Sink, clock: o.Clock, logger: o.Logger, stuck: w1Stuck,
		hint: "the kernel needs its 1-Wire master: dtoverlay=w1-gpio on a Raspberry Pi",
		open: func() (func(), error) {
			_, err := fs.Stat(o.Sys, at)
			return func() {}, err
		},
	})}
	for _, p := range o.Probes {
		if p.Heartbeat <= 0 {
			p.Heartbeat = defaultHeartbeat
		}
		b.add(p.Device, p.Heartbeat, &probe{sys: o.Sys, file: path.Join(at, p.Serial, "w1_slave"), offset: p.OffsetC})
	}
	return b
}

// probe is one thermometer.
type probe struct {
	sys    fs.FS
	file   string
	offset float64
	near   bool // the reading before was near 85 °C
	reading
}

// power is the temperature that a thermometer holds before its first
// conversion, and nearPower how far the one before may be from it: at one
// reading a minute, water in a pipe does not heat up faster.
const power, nearPower = 85.0, 10.0

func (p *probe) ask(_ context.Context, begin func()) error {
	begin()
	celsius, powerUp, err := ReadThermometer(p.sys, p.file)
	if err != nil {
		return err
	}
	p.reading = reading{signal: "temperature_c", value: round(celsius+p.offset, 1e4)}
	if powerUp && !p.near {
		p.quality = plantroom.Suspect
	}
	p.near = !powerUp && celsius > power-nearPower && celsius < power+nearPower || powerUp && p.near
	return nil
}

// ReadThermometer has the kernel convert, which takes up to 750 ms and hangs
// for as long as the bus does. name is a file w1_slave.
func ReadThermometer(sys fs.FS, name string) (celsius float64, powerUp bool, err error) {
	f, err := sys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, &plantroom.Error{Code: plantroom.CodeNotFound, Op: "read the thermometer",
			Message: path.Base(path.Dir(name)) + " is not on its bus", Hint: "plantroom-gateway probe lists those that are"}
	}
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxW1Slave))
	if err != nil {
		return 0, false, err
	}
	return parseW1Slave(b)
}

// Thermometer names the model of a thermometer by its serial; "" where it is
// none that is read here.
func Thermometer(serial string) string {
	family, _, ok := strings.Cut(serial, "-")
	if !ok {
		return ""
	}
	return families[family]
}
