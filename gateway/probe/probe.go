package probe

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"plantroom/gateway/sensor"
	"plantroom/gateway/sensor/gpioline"
)

// Limit is how long each bus may take, and each thermometer and converter. A
// bus that is well takes a tenth of a second.
const Limit = 5 * time.Second

// Look looks at a machine. limit is for each bus; 0 is Limit.
func Look(m Machine, uses Uses, limit time.Duration) Report {
	if limit <= 0 {
		limit = Limit
	}
	l := &look{Machine: m, uses: uses, limit: limit}
	l.Report = Report{GPIO: []gpioline.Chip{}, I2C: []Bus{}, OneWire: []Master{}, IIO: []IIO{}, Serial: []Port{}, Missing: []Missing{}, Faults: []Missing{}}
	l.gpio()
	l.i2c()
	l.oneWire()
	l.iio()
	l.serial()
	l.YAML = l.snippet()
	return l.Report
}

// look is one look at a machine.
type look struct {
	Machine
	Report
	uses  Uses
	limit time.Duration
}

// join says how the user gets a group.
func (l *look) join(group string) string {
	user := l.User
	if user == "" {
		user = "USER"
	}
	return "add the user to the group: sudo usermod -aG " + group + " " + user + ", and sign in again"
}

// within runs what may hang for at most the limit. What does not end is left
// behind: the kernel cannot be told to give up.
func within[T any](limit time.Duration, f func() T) (result T, ended bool) {
	done := make(chan T, 1)
	go func() { done <- f() }()
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case result = <-done:
		return result, true
	case <-t.C:
		return result, false
	}
}

// gpio lists chips and lines, and finds those of the file.
func (l *look) gpio() {
	chips, err := l.Chips()
	l.GPIO = append(l.GPIO, chips...)
	switch {
	case errors.Is(err, fs.ErrPermission):
		l.fault("a GPIO chip may not be looked at: "+err.Error(), l.join("gpio"))
	case err != nil:
		l.fault("a GPIO chip cannot be looked at: "+err.Error(), "")
	case len(chips) == 0:
		l.missing("no GPIO chip (/dev/gpiochip*)", "a board with pins has one once its kernel has CONFIG_GPIO_CDEV; an ordinary PC has none")
	}
	known := map[string]bool{}
	for _, c := range chips {
		for _, line := range c.Lines {
			known[line.Name] = true
			known[c.Name+"/"+strconv.Itoa(line.Number)] = true
		}
	}
	for _, pin := range slices.Sorted(maps.Keys(l.uses.Pins)) {
		if !known[pin] {
			l.fault(fmt.Sprintf("no GPIO line %q, which the file gives to %s", pin, l.uses.Pins[pin]), "use a name, or a chip and number, of the list")
		}
	}
}

// oneWire lists the thermometers on each bus.
func (l *look) oneWire() {
	masters := glob(l.Sys, "bus/w1/devices/w1_bus_master*")
	if len(masters) == 0 {
		l.missing("no 1-Wire bus", "on a Raspberry Pi put dtoverlay=w1-gpio into config.txt; elsewhere load the modules w1-gpio and w1-therm")
	}
	seen := map[string]bool{}
	for _, at := range masters {
		m := Master{Name: path.Base(at), Probes: []Probe{}}
		for _, serial := range strings.Fields(l.word(at + "/w1_master_slaves")) {
			if !strings.Contains(serial, "-") { // "not found."
				continue
			}
			seen[serial] = true
			p := Probe{Serial: serial, Model: sensor.Thermometer(serial), UsedBy: l.uses.Probes[serial]}
			if p.Model != "" && m.Problem == "" {
				l.thermometer(&m, &p, path.Join(at, serial, "w1_slave"))
			}
			m.Probes = append(m.Probes, p)
		}
		l.OneWire = append(l.OneWire, m)
	}
	for _, serial := range slices.Sorted(maps.Keys(l.uses.Probes)) {
		if !seen[serial] {
			l.fault(fmt.Sprintf("no thermometer %s, which the file gives to %s", serial, l.uses.Probes[serial]), "is its wire broken, or its serial another?")
		}
	}
}

// thermometer has one measure. The bus is given up where that hangs.
func (l *look) thermometer(m *Master, p *Probe, file string) {
	type answer struct {
		celsius float64
		err     error
	}
	a, ended := within(l.limit, func() answer {
		celsius, _, err := sensor.ReadThermometer(l.Sys, file)
		return answer{celsius, err}
	})
	_, err := fs.Stat(l.Sys, file)
	switch {
	case !ended:
		m.Problem = "it hangs at " + p.Serial
		l.fault(m.Name+" hangs at "+p.Serial, "a thermometer may hold the wire low: take them off one by one")
	case errors.Is(err, fs.ErrNotExist):
		p.Problem = "no driver"
		l.fault(p.Serial+" is there, and nothing reads it", "load the module: sudo modprobe w1-therm")
	case a.err != nil:
		p.Problem = a.err.Error()
	default:
		p.Celsius = &a.celsius
	}
}

// iio lists the devices that the kernel reads by itself.
func (l *look) iio() {
	devices := glob(l.Sys, "bus/iio/devices/iio:device*")
	if len(devices) == 0 {
		l.missing("no IIO device", "only a load cell on an HX711 needs one: a kernel with CONFIG_HX711, and a device tree overlay that names its pins")
	}
	seen := map[string]bool{}
	for _, at := range devices {
		d := IIO{Place: path.Base(at), Name: l.word(at + "/name")}
		seen[d.Place], seen[d.Name] = true, true
		d.UsedBy = slices.Concat(l.uses.IIO[d.Place], l.uses.IIO[d.Name])
		if weighs(d.Name) {
			l.counts(&d, at)
		}
		l.Report.IIO = append(l.Report.IIO, d)
	}
	for _, name := range slices.Sorted(maps.Keys(l.uses.IIO)) {
		if !seen[name] {
			l.fault(fmt.Sprintf("no IIO device %q, which the file gives to %s", name, strings.Join(l.uses.IIO[name], ", ")), "load its driver, or use a name of the list")
		}
	}
}

// weighs reports whether an IIO device is a converter for load cells. The
// kernel's NAU7802 driver names a device by its bus and address.
func weighs(name string) bool { return name == "hx711" || strings.HasSuffix(name, "-002a") }

// counts has a converter measure.
func (l *look) counts(d *IIO, at string) {
	for channel := range 2 {
		if _, err := fs.Stat(l.Sys, fmt.Sprintf("%s/in_voltage%d_raw", at, channel)); err != nil {
			continue
		}
		type answer struct {
			raw int64
			err error
		}
		a, ended := within(l.limit, func() answer {
			raw, err := sensor.ReadIIO(l.Sys, at, channel)
			return answer{raw, err}
		})
		switch {
		case !ended:
			d.Problem = "it hangs"
			l.fault(d.Place+" hangs", "has the converter power, and are its two lines right?")
			return
		case a.err != nil:
			d.Problem = a.err.Error()
		default:
			if d.Voltages == nil {
				d.Voltages = map[string]int64{}
			}
			d.Voltages[strconv.Itoa(channel)] = a.raw
		}
	}
}

// serial lists the lines by names that stay, and those that have no such name.
func (l *look) serial() {
	named := map[string]bool{}
	for _, link := range glob(l.Dev, "serial/by-id/*") {
		device := points(l.Dev, link)
		named[device] = true
		l.port("/dev/"+link, "/dev/"+device)
	}
	for _, pattern := range []string{"ttyUSB*", "ttyACM*", "ttyAMA*"} {
		for _, device := range glob(l.Dev, pattern) {
			if !named[device] {
				l.port("/dev/"+device, "/dev/"+device)
			}
		}
	}
	if len(l.Serial) == 0 {
		l.missing("no serial line (/dev/serial/by-id, /dev/ttyAMA*)", "plug an adapter in; on a Raspberry Pi put enable_uart=1 into config.txt")
	}
}

func (l *look) port(name, device string) {
	p := Port{Path: name, Device: device, UsedBy: l.uses.Ports[name]}
	if p.UsedBy == "" {
		p.UsedBy = l.uses.Ports[device]
	}
	l.Serial = append(l.Serial, p)
	if err := l.May(device); err != nil {
		l.fault(device+" may not be opened: "+err.Error(), l.join("dialout"))
	}
}
