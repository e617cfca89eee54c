package sensor

import (
	"encoding/binary"
	"errors"
	"time"

	"periph.io/x/conn/v3/i2c"
)

// adc is a Texas Instruments ADS1115 used for one-shot conversions (datasheet
// SBAS444, sections 8.6.2 and 8.6.3 [register numbers from periph's ads1x15]).
//
// periph's driver sleeps for exactly one nominal conversion and then reads.
// The chip's own clock may be 10 % slow, and the register then still holds the
// conversion before: that of another channel. This one asks the chip whether
// it is ready.
type adc struct {
	dev   i2c.Dev
	sleep func(time.Duration)
}

// ADS1115Address is the address of a converter whose address pin is on ground.
const ADS1115Address = 0x48

const (
	regConversion = 0x00
	regConfig     = 0x01

	adcStart  = 1 << 15 // write: begin; read: 1 when idle
	adcSingle = 4 << 12 // input is one pin against ground; plus the pin's number
	adcRange  = 1 << 9  // full scale 4.096 V
	adcOnce   = 1 << 8  // power down between conversions
	adcRate   = 4 << 5  // 128 conversions a second
	adcNoComp = 3       // comparator off

	adcFullScale = 4.096                  // V, at 32,768
	adcTime      = 8 * time.Millisecond   // one conversion at 128/s
	adcRetry     = 500 * time.Microsecond // between questions whether it is ready
	adcTries     = 20
)

var errNotReady = errors.New("the converter does not finish: is it an ADS1115?")

// volts measures one pin, 0 to 3, against ground.
func (a *adc) volts(pin int) (float64, error) {
	config := uint16(adcStart | adcSingle | pin<<12 | adcRange | adcOnce | adcRate | adcNoComp)
	if err := a.dev.Tx([]byte{regConfig, byte(config >> 8), byte(config)}, nil); err != nil {
		return 0, err
	}
	a.sleep(adcTime)
	var b [2]byte
	for range adcTries {
		// One transaction each: between a write and a read of its own,
		// somebody else could move the register pointer.
		if err := a.dev.Tx([]byte{regConfig}, b[:]); err != nil {
			return 0, err
		}
		if b[0]&(adcStart>>8) != 0 {
			if err := a.dev.Tx([]byte{regConversion}, b[:]); err != nil {
				return 0, err
			}
			return float64(int16(binary.BigEndian.Uint16(b[:]))) * adcFullScale / (1 << 15), nil
		}
		a.sleep(adcRetry)
	}
	return 0, errNotReady
}
