package lorawan

import (
	"encoding/binary"

	"plantroom"
)

// elsysSizes is how many bytes follow a type.
var elsysSizes = map[byte]int{
	0x01: 2, 0x02: 1, 0x03: 3, 0x04: 2, 0x05: 1, 0x06: 2, 0x07: 2, 0x08: 2, 0x09: 6, 0x0a: 2, 0x0b: 4, 0x0c: 2, 0x0d: 1, 0x0e: 2,
	0x0f: 1, 0x10: 4, 0x11: 1, 0x12: 1, 0x13: 65, 0x14: 4, 0x15: 2, 0x16: 2, 0x17: 4, 0x18: 2, 0x19: 2, 0x1a: 1, 0x1b: 4, 0x1c: 2, 0x3d: 4,
}

// elsys decodes the sensors of ELSYS (EMS, ELT and others), on any port: a
// sequence of a type and its data, big-endian.
//
//	07   supply, uint16 mV
//	0B   pulses in all, uint32
//	0D   digital input, uint8: given as contact, 1 being true
//	0E   distance, uint16 mm
//	12   water, uint8: 0 dry
//	others are skipped by their length; behind an unknown one nothing can be read
//
// The pulses are what the device has counted since it was started; the
// gateway's file turns them into litres (to: volume_l, scale: litres a pulse).
//
// Source: the maker's elsys.js in TheThingsNetwork/lorawan-devices, vendor/elsys,
// and in chirpstack/chirpstack-device-profiles. It says that water is 0 to 255: that every value but 0 means
// water, and that a digital input of 1 is a closed contact, are unverified; the
// file can swap the latter.
func elsys(f frame) ([]plantroom.Sample, error) {
	if err := f.need(1); err != nil {
		return nil, err
	}
	var out []plantroom.Sample
	for at := 0; at < len(f.data); {
		kind := f.data[at]
		size, ok := elsysSizes[kind]
		at++
		switch {
		case !ok:
			return out, plantroom.Errorf(plantroom.CodeInvalid, "byte %d: type %02x is not known", at-1, kind)
		case len(f.data)-at < size:
			return out, plantroom.Errorf(plantroom.CodeInvalid, "byte %d: the frame ends within type %02x", at-1, kind)
		}
		data := f.data[at : at+size]
		at += size
		switch kind {
		case 0x07:
			out = append(out, volts(int(binary.BigEndian.Uint16(data)), 1000))
		case 0x0b:
			out = append(out, put("pulses", plantroom.Float(float64(binary.BigEndian.Uint32(data)))))
		case 0x0d:
			if data[0] <= 1 {
				out = append(out, put("contact", boolOf(data[0])))
			}
		case 0x0e:
			out = append(out, millimetres(int(binary.BigEndian.Uint16(data))))
		case 0x12:
			out = append(out, wet(data[0] != 0))
		}
	}
	return out, nil
}

// boolOf is true for 1.
func boolOf(b byte) plantroom.Value { return plantroom.Bool(b == 1) }
