package sensor

// echoKind is how one family of ultrasonic sensors speaks on a serial line,
// and what it can measure. They all run at 9600 baud, 8N1.
type echoKind struct {
	name     string
	minM     float64 // nearer is not known
	maxM     float64 // farther is not known
	digits   int     // of a text frame; 0: a binary frame
	perM     float64 // units in a metre
	question byte    // starts one measurement; 0: it measures by itself
}

// echoKinds are the families. Sources: the frame of the first two is DFRobot's
// and the makers' word (pages SEN0311 and SEN0312 of its wiki; the modes of the
// JSN-SR04T in its sellers' descriptions), the text MaxBotix' data sheets
// PD11500 (HRXL-MaxSonar-WR) and PD12141 (HRUSB, whose text ends with a
// blank); ranges are those of the same sheets. For the last two, second hand.
var echoKinds = []echoKind{
	{name: "a02yyuw", minM: 0.03, maxM: 4.5, perM: 1000},
	{name: "jsn-sr04t", minM: 0.2, maxM: 6, perM: 1000, question: 0x55},
	{name: "maxbotix-mm", minM: 0.3, maxM: 5, perM: 1000, digits: 4},
	{name: "maxbotix-cm", minM: 0.2, maxM: 7.65, perM: 100, digits: 3},
	{name: "maxbotix-inch", minM: 0.1524, maxM: 6.45, perM: 1 / 0.0254, digits: 3},
}

// EchoKinds names the families of ultrasonic sensors on serial lines.
func EchoKinds() []string {
	var names []string
	for _, k := range echoKinds {
		names = append(names, k.name)
	}
	return names
}

func echoKindOf(name string) (echoKind, bool) {
	for _, k := range echoKinds {
		if k.name == name {
			return k, true
		}
	}
	return echoKind{}, false
}

// echo is one frame of a sensor: a distance in metres, or that nothing came
// back.
type echo struct {
	metres float64
	none   bool
}

// echoFrames finds the frames in what comes over a line, byte by byte,
// beginning anywhere. It holds eight bytes at most.
//
// A binary frame is FF, the distance in mm with the high byte first, and the
// low byte of the sum of the three. Zero says that nothing came back, or that
// something is too near: both were seen (issue 2 of the repository
// waterproof_small_blind_ultrasonic_sensor_DYP-A02YYxx_v1.0). FFFD and FFFE
// are taken for the same; that sensors send them is unverified. Any other
// distance above 65 m is a frame that was begun in the middle.
//
// A text frame is R, the digits and a carriage return, with or without a
// blank before it.
type echoFrames struct {
	kind echoKind
	buf  [8]byte
	n    int
}

// push takes the next byte. ok is true where it ends a frame.
func (f *echoFrames) push(b byte) (e echo, ok bool) {
	if f.kind.digits > 0 {
		return f.text(b)
	}
	if f.n == 4 {
		copy(f.buf[:3], f.buf[1:4])
		f.n = 3
	}
	f.buf[f.n] = b
	if f.n++; f.n < 4 {
		return echo{}, false
	}
	h, l := f.buf[1], f.buf[2]
	none := h == 0 && l == 0 || h == 0xff && (l == 0xfd || l == 0xfe)
	if f.buf[0] != 0xff || f.buf[3] != 0xff+h+l || h == 0xff && !none {
		return echo{}, false
	}
	f.n = 0
	if none {
		return echo{none: true}, true
	}
	return echo{metres: float64(uint16(h)<<8|uint16(l)) / f.kind.perM}, true
}

// text takes the next byte of a text frame. buf holds the digits behind the R.
func (f *echoFrames) text(b byte) (e echo, ok bool) {
	digits := f.kind.digits
	switch {
	case b == 'R':
		f.buf[0], f.n = 'R', 1
	case f.n == 0:
	case b >= '0' && b <= '9' && f.n <= digits:
		f.buf[f.n] = b
		f.n++
	case b == ' ' && f.n == digits+1 && f.buf[0] == 'R':
		f.buf[0] = ' ' // one blank, and only here
	case b == '\r' && f.n == digits+1:
		n := 0
		for _, d := range f.buf[1:f.n] {
			n = n*10 + int(d-'0')
		}
		f.n = 0
		return echo{metres: float64(n) / f.kind.perM}, true
	default:
		f.n = 0
	}
	return echo{}, false
}
