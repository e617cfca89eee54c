package lorawan

import (
	"encoding/binary"

	"plantroom"
)

// vutilityPulseDrop decodes the Vutility PulseDrop, a pulse counter that lives
// on light, big-endian, on any port:
//
//	0     1C
//	1     capacitor, 5 V / 255 each
//	2     temperature, −40 °C + 120 °C / 255 each
//	3–6   pulses in all, uint32
//	10    bit 0 the meter does not answer, bit 1 its answer is invalid: then
//	      the count says nothing
//
// The gateway's file turns pulses into litres (to: volume_l, scale: litres a
// pulse).
//
// Source: the maker's codec pulsedrop.js in chirpstack/chirpstack-device-profiles,
// vendors/vutility, which wants eleven bytes.
func vutilityPulseDrop(f frame) ([]plantroom.Sample, error) {
	if len(f.data) != 11 || f.data[0] != 0x1c {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "frame of %d bytes is no count: 11 that begin with 1c", len(f.data))
	}
	out := []plantroom.Sample{
		put("battery_v", plantroom.Float(5*float64(f.data[1])/255)),
		put("device_temp_c", plantroom.Float(120*float64(f.data[2])/255-40)),
	}
	if f.data[10]&3 != 0 {
		return out, plantroom.Errorf(plantroom.CodeInvalid, "the meter gives no valid answer: flags %02x", f.data[10])
	}
	return append(out, put("pulses", plantroom.Float(float64(binary.BigEndian.Uint32(f.data[3:]))))), nil
}
