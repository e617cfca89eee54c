package lorawan

import (
	"encoding/binary"

	"plantroom"
)

// draginoDoorLeak decodes the Dragino LDS02 (door) and LWL02 (water leak),
// whose frames on port 10 have ten bytes, big-endian:
//
//	0–1   bit 15 open, bit 14 leak, bits 13–0 battery in mV
//	2     mode: 1 door, 2 leak, 3 both
//	3–5   how often, 6–8 how long the last time, in minutes (skipped)
//	9     bit 0 alarm (skipped: it repeats the state after a set time)
//
// In mode 3 bytes 3 to 8 mean nothing. Other ports answer downlinks.
//
// Source: the maker's codecs lds02.js and lwl02.js in
// chirpstack/chirpstack-device-profiles, vendors/dragino. Both check a length of
// ten bytes; that there are no shorter ones is unverified.
func draginoDoorLeak(f frame) ([]plantroom.Sample, error) {
	if f.port != 10 {
		return nil, nil
	}
	if err := f.need(10); err != nil {
		return nil, err
	}
	head := int(binary.BigEndian.Uint16(f.data))
	out := []plantroom.Sample{volts(head&0x3fff, 1000)}
	mode := f.data[2]
	if mode < 1 || mode > 3 {
		return out, plantroom.Errorf(plantroom.CodeInvalid, "mode %d is none of door 1, leak 2 and both 3", mode)
	}
	if mode != 2 {
		out = append(out, opened(head&0x8000 != 0))
	}
	if mode != 1 {
		out = append(out, wet(head&0x4000 != 0))
	}
	return out, nil
}

// draginoLDDS75 decodes the Dragino LDDS75, an ultrasonic distance sensor,
// whose frames on port 2 have eight bytes, big-endian:
//
//	0–1   bits 13–0 battery in mV
//	2–3   distance in mm; 0 no sensor is connected, 20 nothing could be measured
//	4     interrupt, 5–6 a thermometer, 7 whether there is a sensor (skipped)
//
// Source: the maker's codec ldds75.js in the same place.
func draginoLDDS75(f frame) ([]plantroom.Sample, error) {
	if f.port != 2 {
		return nil, nil
	}
	if err := f.need(4); err != nil {
		return nil, err
	}
	out := []plantroom.Sample{volts(int(binary.BigEndian.Uint16(f.data))&0x3fff, 1000)}
	switch mm := int(binary.BigEndian.Uint16(f.data[2:])); mm {
	case 0:
		return out, plantroom.Errorf(plantroom.CodeInvalid, "it has no sensor connected: look at its plug")
	case 20:
		return out, nil
	default:
		return append(out, millimetres(mm)), nil
	}
}
