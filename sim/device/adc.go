package device

import (
	"encoding/binary"
	"fmt"
	"math"

	"periph.io/x/conn/v3/physic"
)

// ADC is an ADS1115 on an I²C bus (datasheet SBAS444): the volts on its four
// inputs, against ground. It converts at once.
type ADC struct {
	Volts   [4]float64
	pointer byte
	result  int16
}

// The registers, and the bits of the configuration that are played.
const (
	conversion = 0
	config     = 1
	idle       = 0x80 // no conversion under way
)

// fullScale is the volts of 32,768 in the range that is configured: bits 11 to
// 9.
var fullScale = [8]float64{6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256}

// tx is one transaction: a pointer, and either two bytes for its register or
// two bytes of it.
func (a *ADC) tx(w, r []byte) error {
	if len(w) > 0 {
		a.pointer = w[0]
	}
	if len(w) == 3 && a.pointer == config {
		c := binary.BigEndian.Uint16(w[1:])
		volts := a.Volts[c>>12&3]
		if c>>14&1 == 0 {
			return fmt.Errorf("a difference of inputs is not played: %#x", c)
		}
		steps := math.Round(volts / fullScale[c>>9&7] * 32768)
		a.result = int16(max(-32768, min(steps, 32767)))
	}
	if len(r) != 2 {
		return nil
	}
	switch a.pointer {
	case conversion:
		binary.BigEndian.PutUint16(r, uint16(a.result))
	case config:
		r[0], r[1] = idle, 0
	}
	return nil
}

// Bus is an I²C bus with converters by their address.
type Bus map[uint16]*ADC

// String names the bus.
func (b Bus) String() string { return "a played bus" }

// Close does nothing.
func (b Bus) Close() error { return nil }

// SetSpeed does nothing.
func (b Bus) SetSpeed(physic.Frequency) error { return nil }

// Tx is a transaction with a device.
func (b Bus) Tx(addr uint16, w, r []byte) error {
	if a := b[addr]; a != nil {
		return a.tx(w, r)
	}
	return fmt.Errorf("no device at %#x answers", addr)
}
