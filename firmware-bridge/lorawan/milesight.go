package lorawan

import (
	"encoding/binary"

	"plantroom"
)

// Milesight frames are a sequence of elements {channel, type, data}, on any
// port (85 by default); numbers are little-endian. Only the pair of channel
// and type tells how long the data is, so nothing behind an unknown element
// can be read.
//
// Source: the maker's payload descriptions in the repository
// Milesight-IoT/SensorDecoders, em-series and ws-series, a README.md for each model.
//
//	01 75  battery        uint8, %
//	03 67  temperature    int16, 0.1 °C     (skipped: ambient)
//	04 68  humidity       uint8, 0.5 %      (skipped)
//	FF xx  attributes: 01, 0B, 0F, FE one byte; 09, 0A, FF two; 16 eight (skipped)
type element struct{ channel, kind byte }

// layout is a kind of element: how many bytes, and what to make of them.
type layout struct {
	size int
	read func(data []byte, out *readings)
}

// milesight is the element table of one device model.
type milesight map[element]layout

// readings is what a frame gave so far.
type readings struct {
	measures []plantroom.Sample
	tilted   bool
}

func (r *readings) add(signal string, v plantroom.Value) {
	r.measures = append(r.measures, plantroom.Sample{Signal: signal, Value: v})
}

// addPast adds a value that the device kept, with its own time in seconds
// since 1970, while it had no connection.
func (r *readings) addPast(seconds []byte, signal string, v plantroom.Value) {
	at := plantroom.Instant(int64(binary.LittleEndian.Uint32(seconds)) * 1e9)
	if at.IsZero() { // its clock was never set
		return
	}
	r.measures = append(r.measures, plantroom.Sample{Signal: signal, Value: v, At: at, Quality: plantroom.Historical})
}

func (model milesight) decode(f frame) ([]plantroom.Sample, error) {
	if err := f.need(1); err != nil {
		return nil, err
	}
	var out readings
	err := model.elements(f.data, &out)
	if out.tilted {
		for i := range out.measures {
			if out.measures[i].Signal == "distance_m" {
				out.measures[i].Quality = plantroom.Suspect
			}
		}
	}
	return out.measures, err
}

func (model milesight) elements(data []byte, out *readings) error {
	for at := 0; at < len(data); {
		if len(data)-at < 2 {
			return plantroom.Errorf(plantroom.CodeInvalid, "byte %d: the frame ends within an element", at)
		}
		e := element{data[at], data[at+1]}
		l, ok := model[e]
		if !ok {
			l, ok = common[e]
		}
		if !ok {
			return plantroom.Errorf(plantroom.CodeInvalid, "byte %d: element %02x %02x is not known", at, e.channel, e.kind)
		}
		at += 2
		if len(data)-at < l.size {
			return plantroom.Errorf(plantroom.CodeInvalid, "byte %d: the frame ends within element %02x %02x", at, e.channel, e.kind)
		}
		if l.read != nil {
			l.read(data[at:at+l.size], out)
		}
		at += l.size
	}
	return nil
}

// common holds the elements that all models share.
var common = milesight{
	{0x01, 0x75}: {1, func(b []byte, out *readings) { out.add("battery_pct", plantroom.Float(float64(b[0]))) }},
	{0xff, 0x01}: {size: 1},
	{0xff, 0x09}: {size: 2},
	{0xff, 0x0a}: {size: 2},
	{0xff, 0x0b}: {1, func(_ []byte, out *readings) { out.add("heartbeat", plantroom.Bool(true)) }}, // switched on
	{0xff, 0x0f}: {size: 1},
	{0xff, 0x16}: {size: 8},
	{0xff, 0xfe}: {size: 1},
	{0xff, 0xff}: {size: 2},
}

// milesightEM300SLD is the spot leak sensor, and the zone leak sensor EM300-ZLD.
//
//	05 00  leak           uint8: 0 dry, 1 wet
//	20 CE  history        uint32 s since 1970, int16 temperature, uint8 humidity, uint8 leak
var milesightEM300SLD = milesight{
	{0x03, 0x67}: {size: 2},
	{0x04, 0x68}: {size: 1},
	{0x05, 0x00}: {1, func(b []byte, out *readings) { out.add("state", leakState(b[0])) }},
	{0x20, 0xce}: {8, func(b []byte, out *readings) { out.addPast(b[:4], "state", leakState(b[7])) }},
}

// leakState never makes a leak of a byte that is neither 0 nor 1.
func leakState(b byte) plantroom.Value {
	switch b {
	case 0:
		return plantroom.String("dry")
	case 1:
		return plantroom.String("wet")
	}
	return plantroom.String("unknown")
}

// milesightEM310UDL is the ultrasonic distance sensor.
//
//	03 82  distance       uint16, mm
//	04 00  position       uint8: 0 level, 1 tilted; a distance in the same frame is then suspect
var milesightEM310UDL = milesight{
	{0x03, 0x82}: {2, func(b []byte, out *readings) {
		out.add("distance_m", plantroom.Float(float64(binary.LittleEndian.Uint16(b))/1000))
	}},
	{0x04, 0x00}: {1, func(b []byte, out *readings) { out.tilted = b[0] != 0 }},
}

// milesightEM300DI has a digital input for a dry contact. Its level is given
// as the signal contact, high being true; whether high means closed depends on
// the wiring (unverified: the maker's table speaks of levels only), and the
// gateway's file can swap the two. Pulse counts are skipped.
//
//	05 00  input          uint8: 0 low, 1 high
//	05 C8  pulses         uint32
//	05 E1  water          uint16, uint16, float32
//	85 00  input alarm    uint8 level, uint8: 1 alarm, 0 released
//	85 E1  water alarm    as 05 E1, uint8
//	20 CE  history        uint32 s, int16, uint8, uint8 type (1 level, 2 pulses), uint8 level, uint32 pulses
//	21 CE  history        uint32 s, int16, uint8, uint8 alarm, uint8 type, uint8 level, 8 bytes of water
//
// The README gives 85 00 a length of 1 and lists two bytes; the maker's own
// decoder takes two.
var milesightEM300DI = milesight{
	{0x03, 0x67}: {size: 2},
	{0x04, 0x68}: {size: 1},
	{0x05, 0x00}: {1, readLevel},
	{0x05, 0xc8}: {size: 4},
	{0x05, 0xe1}: {size: 8},
	{0x85, 0x00}: {2, readLevel},
	{0x85, 0xe1}: {size: 9},
	{0x20, 0xce}: {13, func(b []byte, out *readings) { readPastLevel(b[:4], b[7], b[8], out) }},
	{0x21, 0xce}: {18, func(b []byte, out *readings) { readPastLevel(b[:4], b[8], b[9], out) }},
}

func readLevel(b []byte, out *readings) {
	if b[0] <= 1 {
		out.add("contact", plantroom.Bool(b[0] == 1))
	}
}

func readPastLevel(seconds []byte, kind, level byte, out *readings) {
	if kind == 1 && level <= 1 {
		out.addPast(seconds, "contact", plantroom.Bool(level == 1))
	}
}
