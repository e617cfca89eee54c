package sensor

import (
	"sync"

	"periph.io/x/conn/v3/gpio"

	"plantroom"
)

// OutputOptions describes one GPIO line that is driven.
type OutputOptions struct {
	Pin       string // as periph names it: GPIO27
	ActiveLow bool   // the line is low while the output is on, as relay boards with optocouplers want it
	Open      func(name string) (gpio.PinIO, error)
}

// Output drives one GPIO line. It opens the line at the first Set and keeps it:
// the kernel holds a line's level as long as the process has it. What becomes
// of the level after the process has ended, in order or not, is the driver's
// affair (gpiolib promises nothing), so what has to be safe then is safe by its
// wiring: a relay that drops out.
//
// The line is never read back. periph's Read and Func make an input of a line
// that is an output (host v3.8.5, read in its source); a board that answers is
// on a bus.
type Output struct {
	o OutputOptions

	mu  sync.Mutex
	pin gpio.PinIO
}

// NewOutput makes an Output. Nothing is driven before the first Set. periph
// sets the level after the direction, so that a line is low for some
// microseconds at the first Set: too short for a relay.
func NewOutput(o OutputOptions) *Output {
	if o.Open == nil {
		o.Open = OpenPin
	}
	return &Output{o: o}
}

// Set drives the line. The error is CodeUnavailable; the next Set opens the
// line anew.
func (x *Output) Set(on bool) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.pin == nil {
		pin, err := x.o.Open(x.o.Pin)
		if err != nil {
			return err
		}
		x.pin = pin
	}
	if err := x.pin.Out(gpio.Level(on != x.o.ActiveLow)); err != nil {
		x.pin = nil
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "drive a GPIO line", Message: x.o.Pin, Err: err,
			Hint: "is another program using it? gpioinfo tells; the gateway's user has to be in the group gpio"}
	}
	return nil
}
