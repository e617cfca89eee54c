package lorawan

import "plantroom"

// browanDW10 decodes the Browan MerryIoT DW10, a door contact, whose frames on
// port 120 have nine bytes, or ten of newer ones:
//
//	0   bit 0 open, bit 1 button, bit 2 tamper, bit 3 tilt
//	1   battery, 2.1 V + 0.1 V each
//	    temperature, humidity, minutes, how often (skipped)
//
// Source: the maker's codec merryiot-dw10.js in
// chirpstack/chirpstack-device-profiles, vendors/browan.
func browanDW10(f frame) ([]plantroom.Sample, error) {
	if f.port != 120 {
		return nil, nil
	}
	if n := len(f.data); n != 9 && n != 10 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "frame of %d bytes on port 120: 9 or 10", n)
	}
	status := f.data[0]
	return []plantroom.Sample{
		opened(status&1 != 0),
		put("tamper", plantroom.Bool(status&4 != 0)),
		volts(21+int(f.data[1]), 10),
	}, nil
}
