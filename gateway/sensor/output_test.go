package sensor

import (
	"errors"
	"testing"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"
	"periph.io/x/conn/v3/pin"
)

// driven is a line that must not be read back: that would make it an input.
type driven struct {
	gpiotest.Pin
	t     *testing.T
	fails error
}

func (d *driven) Read() gpio.Level { d.t.Error("an output was read"); return gpio.Low }
func (d *driven) Func() pin.Func   { d.t.Error("an output was asked for its function"); return "" }
func (d *driven) Out(l gpio.Level) error {
	if d.fails != nil {
		return d.fails
	}
	return d.Pin.Out(l)
}

func TestAnOutputDrivesItsLineAndNeverReadsIt(t *testing.T) {
	for _, c := range []struct {
		low, on bool
		want    gpio.Level
	}{{false, true, gpio.High}, {false, false, gpio.Low}, {true, true, gpio.Low}, {true, false, gpio.High}} {
		d := &driven{t: t}
		d.L = !c.want
		x := NewOutput(OutputOptions{Pin: "GPIO27", ActiveLow: c.low, Open: func(string) (gpio.PinIO, error) { return d, nil }})
		if err := x.Set(c.on); err != nil || d.L != c.want {
			t.Errorf("active low %v, on %v: the line is %v (%v), want %v", c.low, c.on, d.L, err, c.want)
		}
	}
}

func TestNothingIsDrivenBeforeItIsSetAndALostLineIsOpenedAnew(t *testing.T) {
	d := &driven{t: t}
	opened := 0
	x := NewOutput(OutputOptions{Pin: "GPIO27", Open: func(string) (gpio.PinIO, error) {
		opened++
		if opened == 1 {
			return nil, errors.New("no such line")
		}
		return d, nil
	}})
	if opened != 0 {
		t.Error("the line was opened before it was set")
	}
	if err := x.Set(true); err == nil {
		t.Error("a line that is not there was driven")
	}
	d.fails = errors.New("no such device")
	if err := x.Set(true); !errors.Is(err, d.fails) {
		t.Errorf("got %v, want the line's error", err)
	}
	d.fails = nil
	if err := x.Set(true); err != nil || !bool(d.L) || opened != 3 {
		t.Errorf("the line is %v after %d openings (%v)", d.L, opened, err)
	}
}
