package lorawan

import "plantroom"

// nwaveNPS405 decodes the Nwave parking sensors of the NPS405 family. They
// send changes only, each with the length of the state that has just ended,
// from which a lost change can be recovered, and a heartbeat.
//
//	port 1   change: bit 0 occupied, bits 7–1 length of the previous state, compressed
//	port 2   heartbeat: byte 0 bit 0 occupied, bits 7–1 hardware health;
//	         byte 1 battery, 2.5 V + 4 mV each; byte 2 int8, 10 °C + 0.5 °C each
//	port 3   start: bytes 0–2 firmware, byte 3 cause, byte 4 bit 0 occupied
//	port 10  a user's tag: byte 0 as on port 1 where bit 0 is set, bytes 1–4 tag
//	others   debugging and settings, which are ignored
//
// Source: Nwave, "LoRaWAN Parking Sensor – Getting Started", §4.2, for ports 1
// to 3; the maker's entry vendor/nwave in TheThingsNetwork/lorawan-devices for
// the numbers. One version of that entry takes bit 7 for the occupied bit; the
// maker's page and the other versions say bit 0. That the compressed length
// counts minutes is inferred from its steps (unverified).
func nwaveNPS405(f frame) ([]plantroom.Sample, error) {
	switch f.port {
	case 1:
		return nwaveChange(f)
	case 2:
		if err := f.need(3); err != nil {
			return nil, err
		}
		return []plantroom.Sample{
			occupied(f.data[0], plantroom.Good),
			{Signal: "heartbeat", Value: plantroom.Bool(true)},
			{Signal: "battery_v", Value: plantroom.Float((2500 + 4*float64(f.data[1])) / 1000)},
			{Signal: "device_temp_c", Value: plantroom.Float(float64(int8(f.data[2]))/2 + 10)},
		}, nil
	case 3:
		if err := f.need(5); err != nil {
			return nil, err
		}
		return []plantroom.Sample{occupied(f.data[4], plantroom.Suspect)}, nil
	case 10:
		if err := f.need(5); err != nil || f.data[0]&1 == 0 {
			return nil, err
		}
		return nwaveChange(f)
	}
	return nil, nil
}

func nwaveChange(f frame) ([]plantroom.Sample, error) {
	if err := f.need(1); err != nil {
		return nil, err
	}
	out := []plantroom.Sample{occupied(f.data[0], plantroom.Good)}
	if minutes, ok := nwaveMinutes(f.data[0] >> 1); ok {
		out = append(out, plantroom.Sample{Signal: "occupied_s", Value: plantroom.Float(60 * float64(minutes))})
	}
	return out, nil
}

// nwaveMinutes expands the compressed length of the previous state: single
// minutes to 89, steps of five to 235, hours to 600; the last code means "660
// or more" and so gives nothing. Lengths are rounded down.
func nwaveMinutes(code byte) (minutes int, ok bool) {
	switch c := int(code); {
	case c < 90:
		return c, true
	case c < 120:
		return 90 + (c-90)*5, true
	case c < 127:
		return 240 + (c-120)*60, true
	}
	return 0, false
}

// boschTPL110 decodes the Bosch parking lot sensor TPS110/TPL110.
//
//	port 1   change: bit 0 occupied
//	port 2   heartbeat, daily: byte 0 bit 0 occupied; byte 1 int8 °C, newer firmware only
//	port 3   start: bytes 0–11 debugging codes, 12–14 firmware, 15 cause, 16 bit 0 occupied
//	others   device information and debugging, which are ignored
//
// A sensor that has just started learns for about ten parkings, so its word at
// the start is suspect.
//
// Source: Bosch Connected Devices and Solutions, "Parking Lot Sensor,
// Communication Interface – Technical Description" (2019), as implemented by
// the maker's entry vendor/bosch in TheThingsNetwork/lorawan-devices.
func boschTPL110(f frame) ([]plantroom.Sample, error) {
	switch f.port {
	case 1, 2:
		if err := f.need(1); err != nil {
			return nil, err
		}
		out := []plantroom.Sample{occupied(f.data[0], plantroom.Good)}
		if f.port == 2 {
			out = append(out, plantroom.Sample{Signal: "heartbeat", Value: plantroom.Bool(true)})
		}
		if f.port == 2 && len(f.data) > 1 {
			out = append(out, plantroom.Sample{Signal: "device_temp_c", Value: plantroom.Float(float64(int8(f.data[1])))})
		}
		return out, nil
	case 3:
		if err := f.need(17); err != nil {
			return nil, err
		}
		return []plantroom.Sample{occupied(f.data[16], plantroom.Suspect)}, nil
	}
	return nil, nil
}

func occupied(b byte, q plantroom.Quality) plantroom.Sample {
	return plantroom.Sample{Signal: "occupied", Value: plantroom.Bool(b&1 == 1), Quality: q}
}
