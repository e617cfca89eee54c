package sensor

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
)

// thermometer is what the kernel's file w1_slave says of one thermometer: nine
// bytes of its memory, twice, with the kernel's word on their checksum.
//
//	72 01 4b 46 7f ff 0e 10 57 : crc=57 YES
//	72 01 4b 46 7f ff 0e 10 57 t=23125
//
// (drivers/w1/slaves/w1_therm.c, w1_slave_show). The second line is of the last
// memory whose checksum was right, which may be an older one: only the first
// counts. The file is empty where the conversion failed.
const maxW1Slave = 4096 // bytes; a page

var (
	errNoAnswer  = errors.New("the thermometer does not answer")
	errW1CRC     = errors.New("the checksum is wrong: the wire is too long, or its pull-up too weak")
	errW1Zero    = errors.New("all bytes are zero: the wire is shorted to ground")
	errW1Power   = errors.New("85 °C is what a thermometer says that has lost its power while it converted")
	errW1Garbled = errors.New("the kernel's w1_slave is not understood")
)

// families are the thermometers whose memory is read here, by the first byte
// of their serial: 1/16 °C a step, from −55 to 125 °C (Maxim's data sheets
// DS18B20 and DS1822, second hand). The DS18S20 (10) and the DS28EA00 count
// otherwise or were not looked at.
var families = map[string]string{"28": "DS18B20", "22": "DS1822"}

// parseW1Slave reads a temperature in °C, in steps of 1/16. powerUp is true
// where it is exactly what a thermometer holds before its first conversion,
// without saying so.
func parseW1Slave(b []byte) (celsius float64, powerUp bool, err error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return 0, false, errNoAnswer
	}
	first, _, _ := bytes.Cut(b[:min(len(b), maxW1Slave)], []byte("\n"))
	text, verdict, ok := bytes.Cut(first, []byte(":"))
	var m [9]byte
	fields := bytes.Fields(text)
	if !ok || len(fields) != len(m) {
		return 0, false, errW1Garbled
	}
	for i, f := range fields {
		if n, err := hex.Decode(m[i:i+1], f[:min(len(f), 2)]); err != nil || n != 1 || len(f) != 2 {
			return 0, false, errW1Garbled
		}
	}
	switch {
	case !bytes.HasSuffix(bytes.TrimSpace(verdict), []byte("YES")) || crc8(m[:8]) != m[8]:
		return 0, false, errW1CRC
	case m == [9]byte{}: // nine zeros have the right checksum, and so would be 0 °C
		return 0, false, errW1Zero
	}
	raw := int16(uint16(m[1])<<8 | uint16(m[0]))
	// The lowest bits are undefined at less than 12 bits: bits 5 and 6 of the
	// configuration say at how many.
	raw &^= 1<<(3-m[4]>>5&3) - 1
	celsius = float64(raw) / 16
	powerUp = raw == 85*16
	if powerUp && m[6] == 0x0c { // the kernel's own test, which is off by default
		return 0, false, errW1Power
	}
	if celsius < -55 || celsius > 125 {
		return 0, false, fmt.Errorf("%v °C is beyond what a thermometer measures", celsius)
	}
	return celsius, powerUp, nil
}

// crc8 is the checksum of 1-Wire: x⁸+x⁵+x⁴+1, the lowest bit first (Maxim's
// application note 27).
func crc8(b []byte) byte {
	var crc byte
	for _, x := range b {
		for range 8 {
			odd := (crc^x)&1 != 0
			crc >>= 1
			if odd {
				crc ^= 0x8c
			}
			x >>= 1
		}
	}
	return crc
}
