package sensor

import (
	"context"
	"errors"
	"time"
)

// NAU7802Address is the only address of an NAU7802.
const NAU7802Address = 0x2a

// nau7802 is a Nuvoton NAU7802 bridge converter, used at its internal supply
// of 3.0 V for the bridge, gain 128 and 10 conversions a second. Registers and
// the order of the start are those of Linux' driver (drivers/iio/adc/nau7802.c)
// and of Adafruit's library, read in their sources; nobody has seen this code
// on a chip yet.
//
// Where the kernel's own driver has the chip, use that through IIO: this one
// must not talk beside it.
type nau7802 struct {
	wire    *i2cWire
	addr    uint16
	channel int // that it is set up for; −1: it is not
}

const (
	nauPower    = 0x00 // PU_CTRL
	nauCtrl1    = 0x01
	nauCtrl2    = 0x02
	nauResult   = 0x12 // three bytes, the highest first
	nauADC      = 0x15
	nauCaps     = 0x1c
	nauRevision = 0x1f

	nauReset   = 1 << 0
	nauDigital = 1 << 1
	nauAnalog  = 1 << 2
	nauUp      = 1 << 3
	nauConvert = 1 << 4
	nauReady   = 1 << 5
	nauLDO     = 1 << 7 // the bridge is supplied from inside
	nauRun     = nauDigital | nauAnalog | nauConvert | nauLDO

	nauSupply  = 5 << 3 // 3.0 V
	nauGain    = 7      // 128
	nauNoChop  = 0x30
	nauBypass  = 1 << 7 // the capacitor on the second input; only where that is not used
	nauSecond  = 1 << 7 // CTRL2: the second input
	nauZero    = 1 << 2 // CTRL2: calibrate the converter's own offset; 1 until it is done
	nauZeroBad = 1 << 3

	nauStart = 600 * time.Millisecond // until the analogue part is steady
	nauEvery = 100 * time.Millisecond // at 10 conversions a second
	nauTries = 20                     // questions whether it is ready, a tenth of nauEvery apart, after that
	nauSkip  = 5                      // conversions that remember the input before
)

var (
	errNoNAU7802 = errors.New("what answers is no NAU7802")
	errNAUStart  = errors.New("the converter does not start")
	errNAUSlow   = errors.New("the converter does not finish a conversion")
)

func (n *nau7802) write(reg, value byte) error {
	d := n.wire.dev(n.addr)
	return d.Tx([]byte{reg, value}, nil)
}

func (n *nau7802) read(reg byte, b []byte) error {
	d := n.wire.dev(n.addr)
	return d.Tx([]byte{reg}, b)
}

// register reads one register.
func (n *nau7802) register(reg byte) (byte, error) {
	var b [1]byte
	err := n.read(reg, b[:])
	return b[0], err
}

// setUp starts the chip for an input, from nothing: it may have lost its power
// since it was last asked.
func (n *nau7802) setUp(ctx context.Context, channel int, begin func()) error {
	n.channel = -1
	begin()
	if rev, err := n.register(nauRevision); err != nil || rev&0xf != 0xf {
		return errors.Join(errNoNAU7802, err)
	}
	if err := n.writes([][2]byte{{nauPower, nauReset}, {nauPower, nauDigital}}); err != nil {
		return err
	}
	n.wire.sleep(ctx, time.Millisecond)
	if power, err := n.register(nauPower); err != nil || power&nauUp == 0 {
		return errors.Join(errNAUStart, err)
	}
	second, caps := byte(0), byte(nauBypass)
	if channel == 1 {
		second, caps = nauSecond, 0
	}
	if err := n.writes([][2]byte{{nauPower, nauRun}, {nauCtrl1, nauSupply | nauGain}, {nauADC, nauNoChop}, {nauCaps, caps}}); err != nil {
		return err
	}
	n.wire.sleep(ctx, nauStart)
	begin()
	if err := n.write(nauCtrl2, second|nauZero); err != nil {
		return err
	}
	if err := n.until(ctx, nauCtrl2, func(b byte) bool { return b&nauZero == 0 && b&nauZeroBad == 0 }); err != nil {
		return err
	}
	for range nauSkip {
		if _, err := n.convert(ctx, begin); err != nil {
			return err
		}
	}
	n.channel = channel
	return nil
}

func (n *nau7802) writes(all [][2]byte) error {
	for _, w := range all {
		if err := n.write(w[0], w[1]); err != nil {
			return err
		}
	}
	return nil
}

// until asks for a register until it is as it should be, for some 300 ms.
func (n *nau7802) until(ctx context.Context, reg byte, done func(byte) bool) error {
	for i := range nauTries {
		b, err := n.register(reg)
		if err != nil || done(b) {
			return err
		}
		wait := nauEvery / 10
		if i == 0 {
			wait = nauEvery
		}
		n.wire.sleep(ctx, wait)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errNAUSlow
}

// convert waits for the next conversion and reads it.
func (n *nau7802) convert(ctx context.Context, begin func()) (float64, error) {
	begin()
	if err := n.until(ctx, nauPower, func(b byte) bool { return b&nauReady != 0 }); err != nil {
		return 0, err
	}
	var b [3]byte
	if err := n.read(nauResult, b[:]); err != nil {
		return 0, err
	}
	return float64(int32(uint32(b[0])<<24|uint32(b[1])<<16|uint32(b[2])<<8) >> 8), nil
}

// still reports whether the chip is set up as it was left: a chip that has
// lost its power in between has other settings, and converts nothing.
func (n *nau7802) still(channel int) (bool, error) {
	if n.channel != channel {
		return false, nil
	}
	gain, err := n.register(nauCtrl1)
	if err != nil {
		return false, err
	}
	power, err := n.register(nauPower)
	return gain == nauSupply|nauGain && power&nauRun == nauRun, err
}

// i2cLoad is a load cell on one input of an NAU7802.
type i2cLoad struct {
	load    Load
	channel int
	chip    *nau7802
	reading
}

func (l *i2cLoad) ask(ctx context.Context, begin func()) error {
	begin()
	ready, err := l.chip.still(l.channel)
	if err == nil && !ready {
		err = l.chip.setUp(ctx, l.channel, begin)
	}
	if err == nil {
		_, err = l.chip.convert(ctx, begin) // the one that is ready may be as old as the last poll
	}
	counts := make([]float64, l.load.Samples)
	for i := range counts {
		if err == nil {
			counts[i], err = l.chip.convert(ctx, begin)
		}
	}
	if err == nil {
		err = l.weighs(&l.load, counts)
	}
	if err != nil && !errors.Is(err, errSaturated) {
		l.chip.channel = -1
	}
	return err
}

// weighs makes the reading of counts.
func (r *reading) weighs(l *Load, counts []float64) (err error) {
	r.signal, r.value, r.quality, err = l.weigh(counts)
	return err
}
