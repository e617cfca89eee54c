package sensor

import (
	"os"
	"strconv"
	"strings"
	"sync"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/i2c/i2creg"
	"periph.io/x/host/v3/gpioioctl"
	_ "periph.io/x/host/v3/sysfs" // the kernel's I²C; none of the drivers that write to registers through /dev/mem

	"plantroom"
)

// load looks for the machine's buses and pins once. A driver that finds
// nothing is not an error.
var load = sync.OnceValue(func() error {
	_, err := driverreg.Init()
	return err
})

// OpenPin finds a line of the kernel's GPIO character devices by the name that
// the board gives it (GPIO17), or by chip and number (gpiochip0/17). It does
// not go through periph's registry, where the deprecated sysfs interface may
// own the same name.
func OpenPin(name string) (gpio.PinIO, error) {
	if err := load(); err != nil {
		return nil, err
	}
	on, number, byNumber := strings.Cut(name, "/")
	for _, chip := range gpioioctl.Chips {
		if !byNumber {
			if l := chip.ByName(name); l != nil {
				return l, nil
			}
			continue
		}
		if n, err := strconv.Atoi(number); err == nil && chip.Name() == on && n >= 0 && n < chip.LineCount() {
			return chip.ByNumber(n), nil
		}
	}
	return nil, plantroom.Errorf(plantroom.CodeNotFound, "this machine shows no GPIO line %q: gpioinfo lists them; the gateway's user has to be in the group gpio", name)
}

// OpenBus opens an I²C bus of this machine by periph's name for it: I2C1, or
// its number; "" is the first one.
func OpenBus(name string) (i2c.BusCloser, error) {
	if err := load(); err != nil {
		return nil, err
	}
	return i2creg.Open(name)
}

// sysFS is the kernel's view of the machine's devices.
var sysFS = os.DirFS("/sys")
