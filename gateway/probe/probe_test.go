package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"plantroom/gateway/sensor/gpioline"
)

// bench is a machine that has what is put on it. What is not expected fails
// the test: a bus that is opened unasked, an address that must be left alone.
type bench struct {
	t     *testing.T
	sys   fstest.MapFS
	dev   fstest.MapFS
	chips []gpioline.Chip
	err   error // of the chips
	wires map[string]*fakeWire
	deny  string // a device that may not be opened
	hangs map[string]bool

	release chan struct{} // what hangs does so until it is closed
}

func newBench(t *testing.T) *bench {
	return &bench{t: t, sys: fstest.MapFS{}, dev: fstest.MapFS{}, wires: map[string]*fakeWire{}, hangs: map[string]bool{}}
}

func (b *bench) file(name, text string) { b.sys[name] = &fstest.MapFile{Data: []byte(text)} }
func (b *bench) link(f fstest.MapFS, name, to string) {
	f[name] = &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink}
}

// Open is the /sys of the bench: some files never open.
func (b *bench) Open(name string) (fs.File, error) {
	if b.hangs[name] {
		<-b.release
	}
	return b.sys.Open(name)
}
func (b *bench) ReadLink(name string) (string, error)       { return b.sys.ReadLink(name) }
func (b *bench) Lstat(name string) (fs.FileInfo, error)     { return b.sys.Lstat(name) }
func (b *bench) Stat(name string) (fs.FileInfo, error)      { return b.sys.Stat(name) }
func (b *bench) ReadDir(name string) ([]fs.DirEntry, error) { return b.sys.ReadDir(name) }

func (b *bench) machine() Machine {
	return Machine{
		Sys: b, Dev: b.dev, User: "plantroom",
		Chips: func() ([]gpioline.Chip, error) { return b.chips, b.err },
		Wire: func(bus string) (Wire, error) {
			w := b.wires[bus]
			if w == nil {
				b.t.Errorf("the bus %s is opened", bus)
				return nil, fs.ErrNotExist
			}
			return w, w.open
		},
		May: func(dev string) error {
			if dev == b.deny {
				return &fs.PathError{Op: "access", Path: dev, Err: fs.ErrPermission}
			}
			return nil
		},
	}
}

// fakeWire is a bus on which some addresses answer.
type fakeWire struct {
	t       *testing.T
	open    error
	answers []uint16
	never   []uint16 // must not be read
	hangAt  uint16
	release chan struct{}
	failAt  uint16
	mu      sync.Mutex
	read    []uint16
	closed  bool
}

func (w *fakeWire) Read(a uint16) (byte, error) {
	w.mu.Lock()
	w.read = append(w.read, a)
	w.mu.Unlock()
	switch {
	case slices.Contains(w.never, a) || a < 0x08 || a > 0x77:
		w.t.Errorf("0x%02x is read", a)
	case a == w.hangAt:
		<-w.release
	case a == w.failAt:
		return 0, syscall.ETIMEDOUT
	case slices.Contains(w.answers, a):
		return 0xff, nil
	}
	return 0, ErrSilent
}

func (w *fakeWire) Close() error { w.closed = true; return nil }

const reading = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"

// furnished is a Raspberry Pi with one thing of each kind.
func furnished(t *testing.T) *bench {
	b := newBench(t)
	b.chips = []gpioline.Chip{{Name: "gpiochip0", Label: "pinctrl-bcm2711", Lines: []gpioline.Info{
		{Number: 0, Name: "ID_SDA"}, {Number: 1, Name: "GPIO4", Used: true, Consumer: "onewire@4"}, {Number: 2, Name: "GPIO17"}, {Number: 3}, {Number: 4},
	}}}
	b.dev["i2c-1"], b.dev["i2c-10"], b.dev["i2c-2"] = &fstest.MapFile{}, &fstest.MapFile{}, &fstest.MapFile{}
	b.file("bus/i2c/devices/i2c-1/name", "bcm2835 (i2c@7e804000)\n")
	b.file("bus/i2c/devices/i2c-2/name", "fef09500.i2c HDMI\n")
	b.file("bus/i2c/devices/i2c-10/name", "i2c-gpio\n")
	b.file("bus/i2c/devices/1-0068/name", "ds3231\n")
	b.link(b.sys, "bus/i2c/devices/1-0068/driver", "../../../bus/i2c/drivers/rtc-ds1307")
	b.file("bus/i2c/devices/1-0050/name", "24c32\n") // without a driver
	b.wires["i2c-1"] = &fakeWire{t: t, answers: []uint16{0x2a, 0x48, 0x49, 0x50}, never: []uint16{0x68, 0x69}}
	b.wires["i2c-10"] = &fakeWire{t: t, never: []uint16{0x69}}
	b.file("bus/w1/devices/w1_bus_master1/w1_master_slaves", "28-00000a1b2c3d\n01-000001234567\n28-00000a1b2c3e\n")
	b.file("bus/w1/devices/w1_bus_master1/28-00000a1b2c3d/w1_slave", reading)
	b.file("bus/w1/devices/w1_bus_master1/28-00000a1b2c3e/w1_slave", "")
	b.file("bus/iio/devices/iio:device0/name", "hx711\n")
	b.file("bus/iio/devices/iio:device0/in_voltage0_raw", "8472608\n")
	b.link(b.dev, "serial/by-id/usb-FTDI_A1-if00-port0", "../../ttyUSB0")
	b.dev["ttyUSB0"], b.dev["ttyAMA0"] = &fstest.MapFile{}, &fstest.MapFile{}
	return b
}

var wholeFile = Uses{
	Pins: map[string]string{"GPIO17": "b1-l1-fault"}, Buses: map[string]map[uint16][]string{"I2C1": {0x48: {"b1-pump-rope", "b1-riser-rope"}}},
	Probes: map[string]string{"28-00000a1b2c3d": "b1-pump-temp"}, Ports: map[string]string{"/dev/ttyUSB0": "nodes"},
}

func TestAProbeListsWhatThereIsAndWhoUsesIt(t *testing.T) {
	r := Look(furnished(t).machine(), wholeFile, 0)
	var out bytes.Buffer
	if err := r.Text(&out, wholeFile); err != nil {
		t.Fatal(err)
	}
	want := `GPIO gpiochip0 (pinctrl-bcm2711), 5 lines
  LINE         NAME    USED BY
  gpiochip0/0  ID_SDA  -
  gpiochip0/1  GPIO4   onewire@4
  gpiochip0/2  GPIO17  b1-l1-fault
  and 2 without a name that nobody uses

I²C I2C1 (bcm2835 (i2c@7e804000))
  ADDRESS  WHAT                                                      USED BY
  0x2a     likely NAU7802                                            -
  0x48     likely ADS1115; or TMP102, PCF8591                        b1-pump-rope, b1-riser-rope
  0x49     likely ADS1115; or TMP102, PCF8591                        -
  0x50     likely EEPROM                                             -
  0x68     the kernel's driver rtc-ds1307 has it; nothing was sent  -

I²C I2C2 (fef09500.i2c HDMI)
  nothing was sent: it belongs to the mainboard or a display

I²C I2C10 (i2c-gpio)
  nothing answers

1-Wire w1_bus_master1
  SERIAL           MODEL    TEMPERATURE                      USED BY
  28-00000a1b2c3d  DS18B20  23.1 °C                          b1-pump-temp
  01-000001234567  ?        -                                -
  28-00000a1b2c3e  DS18B20  the thermometer does not answer  -

IIO
  PLACE        NAME   COUNTS      USED BY
  iio:device0  hx711  0: 8472608  -

serial lines (nothing was sent, and none was opened)
  PATH                                       DEVICE        USED BY
  /dev/serial/by-id/usb-FTDI_A1-if00-port0  /dev/ttyUSB0  nodes
  /dev/ttyAMA0                              /dev/ttyAMA0  -

for the gateway's file, with ids of your own
buses:
  - name: I2C1
    devices:
      - {device: mass-1, channel: 0, load: {}}
      - {device: rope-1, address: 0x49, channel: 0, rope: {}}
onewire:
  - name: w1_bus_master1
    devices:
      - {device: temperature-1, serial: 28-00000a1b2c3e}
iio:
  - {device: scale-1, name: "iio:device0", load: {}}
`
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if squeeze(out.String()) != squeeze(want) {
		t.Errorf("it prints\n%s\nwant\n%s", out.String(), want)
	}
	if !r.Sound() || r.Empty() {
		t.Errorf("faults %v", r.Faults)
	}
}

func TestTheColumnsOfATableStandBelowEachOther(t *testing.T) {
	r := Look(furnished(t).machine(), wholeFile, 0)
	var out bytes.Buffer
	if err := r.Text(&out, wholeFile); err != nil {
		t.Fatal(err)
	}
	column := -1
	for line := range strings.Lines(out.String()) {
		switch {
		case strings.HasPrefix(line, "  SERIAL"):
			column = len([]rune(line[:strings.Index(line, "USED BY")]))
		case column >= 0 && strings.HasPrefix(line, "  28-00000a1b2c3d"):
			if got := len([]rune(line[:strings.Index(line, "b1-pump-temp")])); got != column {
				t.Errorf("column %d below column %d:\n%s", got, column, out.String())
			}
			return
		}
	}
	t.Errorf("no table of thermometers:\n%s", out.String())
}

func TestAMachineWithNothingIsToldWhatIsMissing(t *testing.T) {
	r := Look(newBench(t).machine(), Uses{}, 0)
	if !r.Empty() || !r.Sound() || r.YAML != "" {
		t.Errorf("%+v", r)
	}
	var says []string
	for _, m := range r.Missing {
		says = append(says, m.What+": "+m.Remedy)
	}
	all := strings.Join(says, "\n")
	for _, want := range []string{"gpiochip", "dtparam=i2c_arm=on", "dtoverlay=w1-gpio", "CONFIG_HX711", "enable_uart=1"} {
		if !strings.Contains(all, want) {
			t.Errorf("it says\n%s\nwant %s", all, want)
		}
	}
	b, err := json.Marshal(r)
	if err != nil || bytes.Contains(b, []byte("null")) {
		t.Errorf("as JSON: %s, %v; want lists, also of nothing", b, err)
	}
}

func TestWhatHangsCostsItsTimeAndIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := furnished(t)
		b.release = make(chan struct{})
		b.wires["i2c-1"].hangAt, b.wires["i2c-1"].release = 0x40, b.release
		b.hangs["bus/w1/devices/w1_bus_master1/28-00000a1b2c3d/w1_slave"] = true
		b.hangs["bus/iio/devices/iio:device0/in_voltage0_raw"] = true
		begun := time.Now()
		r := Look(b.machine(), wholeFile, 0)
		if took := time.Since(begun); took != 3*Limit {
			t.Errorf("it took %v, want the limit for each that hangs", took)
		}
		var says []string
		for _, f := range r.Faults {
			says = append(says, f.What)
		}
		for _, want := range []string{"the bus I2C1 hangs at 0x40", "w1_bus_master1 hangs at 28-00000a1b2c3d", "iio:device0 hangs"} {
			if !slices.Contains(says, want) {
				t.Errorf("it says %q, want %q", says, want)
			}
		}
		if len(r.I2C[0].Devices) != 1 || r.I2C[0].Devices[0].Address != 0x2a || len(r.OneWire[0].Probes) != 3 {
			t.Errorf("what was found before is kept: %+v, %+v", r.I2C[0], r.OneWire[0])
		}
		close(b.release)
	})
}

func TestWhatIsNotAsItShouldBeIsNamedWithItsRemedy(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*bench, *Uses)
		want   string // what, and a part of the remedy
	}{
		{"no right to a chip", func(b *bench, _ *Uses) {
			b.chips, b.err = nil, &fs.PathError{Op: "open", Path: "/dev/gpiochip0", Err: fs.ErrPermission}
		}, "permission denied: add the user to the group: sudo usermod -aG gpio plantroom"},
		{"no right to a bus", func(b *bench, _ *Uses) {
			b.wires["i2c-1"].open = &fs.PathError{Op: "open", Path: "/dev/i2c-1", Err: fs.ErrPermission}
		}, "I2C1 cannot be opened: open /dev/i2c-1: permission denied: add the user to the group: sudo usermod -aG i2c"},
		{"no right to a line", func(b *bench, _ *Uses) { b.deny = "/dev/ttyAMA0" }, "usermod -aG dialout"},
		{"a bus that times out", func(b *bench, _ *Uses) { b.wires["i2c-1"].failAt = 0x30 }, "I2C1 cannot be read: connection timed out"},
		{"a thermometer without a driver", func(b *bench, _ *Uses) {
			delete(b.sys, "bus/w1/devices/w1_bus_master1/28-00000a1b2c3e/w1_slave")
		}, "28-00000a1b2c3e is there, and nothing reads it: load the module: sudo modprobe w1-therm"},
		{"a line of the file that is not there", func(_ *bench, u *Uses) { u.Pins = map[string]string{"GPIO99": "b1-water"} }, `no GPIO line "GPIO99", which the file gives to b1-water`},
		{"a converter of the file that is silent", func(_ *bench, u *Uses) {
			u.Buses = map[string]map[uint16][]string{"1": {0x4b: {"b1-pump-rope"}}}
		}, "nothing answers at 0x4b on I2C1, where the file has b1-pump-rope"},
		{"a bus of the file that is not there", func(_ *bench, u *Uses) { u.Buses = map[string]map[uint16][]string{"I2C7": nil} }, `no I²C bus "I2C7"`},
		{"a thermometer of the file that is not there", func(_ *bench, u *Uses) { u.Probes = map[string]string{"28-0": "b1-roof-temp"} }, "no thermometer 28-0, which the file gives to b1-roof-temp"},
		{"a load cell of the file that is not there", func(_ *bench, u *Uses) { u.IIO = map[string][]string{"nau": {"b1-bin-1-mass"}} }, `no IIO device "nau"`},
	} {
		b, u := furnished(t), wholeFile
		c.change(b, &u)
		r := Look(b.machine(), u, 0)
		if len(r.Faults) == 0 || r.Sound() {
			t.Errorf("%s: nothing is said", c.name)
			continue
		}
		if got := fmt.Sprintf("%s: %s", r.Faults[0].What, r.Faults[0].Remedy); !strings.Contains(got, c.want) {
			t.Errorf("%s: it says %q, want %q", c.name, got, c.want)
		}
	}
}

func TestABusOfTheMainboardIsReadWhereTheFileUsesIt(t *testing.T) {
	b := furnished(t)
	b.wires["i2c-2"] = &fakeWire{t: t, answers: []uint16{0x48}}
	u := wholeFile
	u.Buses = map[string]map[uint16][]string{"I2C2": {0x48: {"b1-pump-rope"}}}
	r := Look(b.machine(), u, 0)
	if !r.Sound() || len(r.I2C[1].Devices) != 1 || !b.wires["i2c-2"].closed {
		t.Errorf("%+v, faults %v", r.I2C[1], r.Faults)
	}
}

func TestKernelBusesThatNobodyShowsNeedTheirModule(t *testing.T) {
	b := newBench(t)
	b.file("bus/i2c/devices/i2c-1/name", "bcm2835 (i2c@7e804000)\n")
	for _, m := range Look(b.machine(), Uses{}, 0).Missing {
		if strings.Contains(m.What, "I²C") && !strings.Contains(m.Remedy, "modprobe i2c-dev") {
			t.Errorf("it says %q", m.Remedy)
		}
	}
}

func TestThisMachineCanBeLookedAt(t *testing.T) {
	// Whatever it has: nothing panics. A test does not talk on somebody's buses.
	m := This()
	m.Wire = func(string) (Wire, error) { return nil, fs.ErrPermission }
	r := Look(m, Uses{}, time.Second)
	if err := r.Text(new(bytes.Buffer), Uses{}); err != nil {
		t.Error(err)
	}
}
