package lorawan

import (
	"encoding/binary"

	"plantroom"
)

// decentlabMBX decodes the Decentlab DL-MBX, an ultrasonic distance sensor,
// big-endian:
//
//	0     version, 2
//	1–2   device id
//	3–4   which of the following are there: bit 0 the sensor, bit 1 the battery
//	      distance uint16 mm, number of valid samples uint16
//	      battery uint16 mV
//
// A distance of no valid sample is suspect (unverified: the maker's codec does
// not say what the distance then is).
//
// Source: the maker's codec dl-mbx.js in chirpstack/chirpstack-device-profiles,
// vendors/decentlab.
func decentlabMBX(f frame) ([]plantroom.Sample, error) {
	if err := f.need(5); err != nil {
		return nil, err
	}
	if f.data[0] != 2 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "version %d is not known: only 2 is", f.data[0])
	}
	flags, at := f.data[4], 5
	var out []plantroom.Sample
	if flags&1 != 0 {
		if err := f.need(at + 4); err != nil {
			return nil, err
		}
		s := millimetres(int(binary.BigEndian.Uint16(f.data[at:])))
		if binary.BigEndian.Uint16(f.data[at+2:]) == 0 {
			s.Quality = plantroom.Suspect
		}
		out = append(out, s)
		at += 4
	}
	if flags&2 != 0 {
		if err := f.need(at + 2); err != nil {
			return out, err
		}
		out = append(out, volts(int(binary.BigEndian.Uint16(f.data[at:])), 1000))
	}
	return out, nil
}
