package probe

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ErrSilent is that nobody answers at an address.
var ErrSilent = errors.New("no answer")

// The addresses that are read. Below and above, I²C keeps them for itself
// (UM10204, section 3.1.12).
const firstAddress, lastAddress = 0x08, 0x77

// untouched are addresses that are not even read.
var untouched = map[uint16]bool{0x69: true}

// likely says what usually has an address. Several chips share each.
func likely(a uint16) string {
	switch {
	case a >= 0x48 && a <= 0x4b:
		return "ADS1115; or TMP102, PCF8591"
	case a == 0x2a:
		return "NAU7802"
	case a >= 0x20 && a <= 0x27:
		return "MCP23017, PCF8574, TCA9555"
	case a >= 0x38 && a <= 0x3b:
		return "PCF8574A; or AHT20"
	case a == 0x3c || a == 0x3d:
		return "SSD1306 display"
	case a == 0x68:
		return "DS3231, DS1307 clock; or MPU-6050"
	case a == 0x76 || a == 0x77:
		return "BME280, BMP280"
	case a >= 0x50 && a <= 0x57:
		return "EEPROM"
	case a >= 0x18 && a <= 0x1b:
		return "DS2482; or MCP9808"
	case a == 0x29:
		return "VL53L0X"
	case a >= 0x40 && a <= 0x45:
		return "INA219; or SHT31 at 0x44 and 0x45"
	}
	return ""
}

// foreign are parts of the names of buses that belong to displays and
// mainboards: their devices are none of a gateway's, and some have to be left
// in peace.
var foreign = []string{"smbus", "ddc", "aux", "hdmi", "gmbus", "i915", "amdgpu", "radeon", "nvidia", "nvkm", "designware hdmi"}

func isForeign(adapter string) bool {
	name := strings.ToLower(adapter)
	return slices.ContainsFunc(foreign, func(s string) bool { return strings.Contains(name, s) })
}

// i2c lists the buses and what answers.
func (l *look) i2c() {
	names := glob(l.Dev, "i2c-*")
	if len(names) == 0 {
		remedy := "on a Raspberry Pi put dtparam=i2c_arm=on into config.txt"
		if len(glob(l.Sys, "bus/i2c/devices/i2c-*")) > 0 {
			remedy = "the kernel has buses; load the module that shows them: sudo modprobe i2c-dev, and name it in /etc/modules-load.d/"
		}
		l.missing("no I²C bus (/dev/i2c-*)", remedy)
	}
	known := map[string]bool{}
	for _, name := range names {
		number := strings.TrimPrefix(name, "i2c-")
		b := Bus{Name: "I2C" + number, Adapter: l.word("bus/i2c/devices/" + name + "/name"), Devices: []Answer{}}
		known[b.Name], known[number] = true, true
		uses := l.uses.Buses[b.Name]
		if uses == nil {
			uses = l.uses.Buses[number]
		}
		for _, a := range slices.Sorted(maps.Keys(uses)) {
			b.UsedBy = append(b.UsedBy, uses[a]...)
		}
		l.bus(&b, number, uses)
		l.I2C = append(l.I2C, b)
	}
	for _, name := range slices.Sorted(maps.Keys(l.uses.Buses)) {
		if !known[name] {
			l.fault(fmt.Sprintf("no I²C bus %q, which the file names", name), "use a name of the list")
		}
	}
}

// bus looks at one bus.
func (l *look) bus(b *Bus, number string, uses map[uint16][]string) {
	if isForeign(b.Adapter) && len(uses) == 0 {
		b.Left = "it belongs to the mainboard or a display"
		return
	}
	w, err := l.Wire("i2c-" + number)
	if err != nil {
		b.Problem = err.Error()
		remedy := ""
		if errors.Is(err, fs.ErrPermission) {
			remedy = l.join("i2c")
		}
		l.fault("the bus "+b.Name+" cannot be opened: "+err.Error(), remedy)
		return
	}
	s := scan{wire: w, drivers: l.drivers(number)}
	if _, ended := within(l.limit, func() struct{} { s.run(); return struct{}{} }); ended {
		_ = w.Close() // it was only read
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Devices = append(b.Devices, s.found...)
	switch {
	case s.at != 0:
		b.HungAt, b.Problem = s.at, "it hangs"
		l.fault(fmt.Sprintf("the bus %s hangs at 0x%02x", b.Name, s.at), "a device may hold a line low: cut its power")
	case s.err != nil:
		b.Problem = s.err.Error()
		l.fault("the bus "+b.Name+" cannot be read: "+s.err.Error(), "")
	}
	for i := range b.Devices {
		b.Devices[i].UsedBy = uses[b.Devices[i].Address]
	}
	for _, a := range slices.Sorted(maps.Keys(uses)) {
		if b.Problem == "" && !slices.ContainsFunc(b.Devices, func(d Answer) bool { return d.Address == a }) {
			l.fault(fmt.Sprintf("nothing answers at 0x%02x on %s, where the file has %s", a, b.Name, strings.Join(uses[a], ", ")), "check its power, its address pin, and the two lines")
		}
	}
}

// drivers are the addresses of a bus that a driver of the kernel has.
func (l *look) drivers(number string) map[uint16]string {
	out := map[uint16]string{}
	for _, at := range glob(l.Sys, "bus/i2c/devices/"+number+"-*") {
		address, err := strconv.ParseUint(at[strings.LastIndexByte(at, '-')+1:], 16, 10)
		if driver := points(l.Sys, at+"/driver"); err == nil && driver != "" {
			out[uint16(address)] = driver
		}
	}
	return out
}

// scan is the walk over a bus, which may never end.
type scan struct {
	wire    Wire
	drivers map[uint16]string

	mu    sync.Mutex
	found []Answer
	at    uint16 // being read; 0: none
	err   error  // which ended it
}

func (s *scan) run() {
	for a := uint16(firstAddress); a <= lastAddress; a++ {
		if driver := s.drivers[a]; driver != "" {
			s.note(0, &Answer{Address: a, Driver: driver}, nil)
			continue
		}
		if untouched[a] {
			continue
		}
		s.note(a, nil, nil)
		_, err := s.wire.Read(a)
		switch {
		case err == nil:
			s.note(0, &Answer{Address: a, Likely: likely(a)}, nil)
		case errors.Is(err, ErrSilent):
			s.note(0, nil, nil)
		default:
			s.note(0, nil, err)
			return
		}
	}
}

func (s *scan) note(at uint16, a *Answer, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.err = at, err
	if a != nil {
		s.found = append(s.found, *a)
	}
}
