package lorawan

import "plantroom"

// netvoxLeak decodes the Netvox leak detectors R311W (two ropes), R718WA and
// R718WB (one), whose reports on port 6 are:
//
//	0   version
//	1   device: 06 R311W, 32 R718WA, 12 R718WB
//	2   report: 00 versions of the device, 01 state
//	3   battery, 0.1 V; bit 7: it is low
//	4   leak at the first rope: 0 none; 5 at the second one, R311W only
//
// The state is wet where either rope is. Port 7 answers downlinks.
//
// Source: vendor/netvox/payload/r311w.js in TheThingsNetwork/lorawan-devices,
// which the maker gave. It takes every report but 00 for a state; only 01 is
// taken here (unverified that there is no other).
func netvoxLeak(f frame) ([]plantroom.Sample, error) {
	if f.port != 6 {
		return nil, nil
	}
	if err := f.need(6); err != nil {
		return nil, err
	}
	device, report := f.data[1], f.data[2]
	if device != 0x06 && device != 0x32 && device != 0x12 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "device type %02x is no leak detector", device)
	}
	if report != 0x01 {
		return nil, nil
	}
	leak := f.data[4] != 0 || device == 0x06 && f.data[5] != 0
	return []plantroom.Sample{volts(int(f.data[3]&0x7f), 10), wet(leak)}, nil
}
