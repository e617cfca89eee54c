package sensor

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"strconv"
	"strings"
	"time"

	"plantroom"
)

// IIOOptions describes a load cell on a converter that a driver of the kernel
// reads (Industrial I/O), as an HX711 has to be.
//
// An HX711 is clocked by hand, and a clock that stays high for more than 60 µs
// switches it off. Linux runs a process when it sees fit; periph's hx711 driver
// and all others in user space are put aside in the middle of a bit now and
// then, and read noise. The kernel's driver (drivers/iio/adc/hx711.c) turns
// interrupts off for each high clock. So there is no bit-banging here, and
// there will be none. Not each kernel has that driver: Raspberry Pi's is built
// without CONFIG_HX711 (arch/arm64/configs/bcm2711_defconfig), so an NAU7802 on
// I²C is the converter to take there.
type IIOOptions struct {
	Device    plantroom.DeviceID
	Name      string // of the IIO device: hx711; or its place: iio:device0
	Channel   int    // 0 or 1
	Heartbeat time.Duration
	Load      Load
	Sys       fs.FS // the root of /sys; nil: this machine's
	Sink      Sink
	Clock     Clock
	Logger    *slog.Logger
}

// IIO is a load cell behind a driver of the kernel. It emits mass_kg, or
// counts where its scale is not known, and bus_stuck.
type IIO struct{ *poller }

// iioStuck is how long one conversion may take: the HX711's driver waits a
// second for a chip that does not answer, starts it again, and waits another.
const iioStuck = 5 * time.Second

const iioDevices = "bus/iio/devices"

// NewIIO makes an IIO.
func NewIIO(o IIOOptions) *IIO {
	if o.Sys == nil {
		o.Sys = sysFS
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	o.Load.fill()
	cell := &iioLoad{sys: o.Sys, channel: o.Channel, load: o.Load}
	d := &IIO{newPoller(line{
		name: o.Name, what: "the IIO device", sink: o.Sink, clock: o.Clock, logger: o.Logger, stuck: iioStuck,
		hint: "the kernel needs its driver, and a device tree that names its pins; plantroom-gateway probe lists what there is",
		open: func() (_ func(), err error) {
			cell.dir, cell.zero, err = findIIO(o.Sys, o.Name)
			return func() {}, err
		},
	})}
	d.add(o.Device, o.Heartbeat, cell)
	return d
}

// findIIO returns the directory of a device, and which of its counts is no
// voltage at all: the HX711's driver counts from the lowest voltage (it turns
// the highest bit over), others from none.
func findIIO(sys fs.FS, name string) (dir string, zero float64, err error) {
	entries, err := fs.ReadDir(sys, iioDevices)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", 0, err
	}
	var found []string
	for _, e := range entries {
		at := path.Join(iioDevices, e.Name())
		is, err := readWord(sys, path.Join(at, "name"))
		if err != nil || e.Name() != name && is != name {
			continue
		}
		found = append(found, e.Name())
		if dir = at; is == "hx711" {
			zero = bridge
		}
	}
	switch len(found) {
	case 0:
		return "", 0, plantroom.Errorf(plantroom.CodeNotFound, "this machine has no IIO device %q", name)
	case 1:
		return dir, zero, nil
	}
	return "", 0, plantroom.Errorf(plantroom.CodeConflict, "several IIO devices are called %q: use one of %s", name, strings.Join(found, ", "))
}

// iioLoad is the load cell.
type iioLoad struct {
	sys     fs.FS
	dir     string
	channel int
	zero    float64
	load    Load
	reading
}

func (l *iioLoad) ask(ctx context.Context, begin func()) error {
	counts := make([]float64, l.load.Samples)
	for i := range counts {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		begin()
		raw, err := ReadIIO(l.sys, l.dir, l.channel)
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.Join(errGone, err) // another number may be its own after it was plugged in again
		}
		if err != nil {
			return err
		}
		counts[i] = float64(raw) - l.zero
	}
	return l.weighs(&l.load, counts)
}

// ReadIIO has the kernel convert one voltage of the IIO device in a directory
// of /sys, and returns its counts.
func ReadIIO(sys fs.FS, dir string, channel int) (int64, error) {
	text, err := readWord(sys, path.Join(dir, "in_voltage"+strconv.Itoa(channel)+"_raw"))
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 32)
}

// readWord reads what one of the kernel's small files says.
func readWord(sys fs.FS, name string) (string, error) {
	f, err := sys.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, 256))
	return strings.TrimSpace(string(b)), err
}
