package modbus

import (
	"net"
	"strconv"
	"strings"
	"time"

	"plantroom"
)

// Address is where a link leads: tcp://host:502, or rtu:///dev/ttyUSB0.
type Address string

// Serial reports whether the link is a serial line.
func (a Address) Serial() bool { return strings.HasPrefix(string(a), "rtu://") }

// Place gives host:port, or the path of the line's device.
func (a Address) Place() string {
	_, place, _ := strings.Cut(string(a), "://")
	return place
}

// Check names what is wrong with an address, or gives nil.
func (a Address) Check() error {
	if a.Serial() {
		if !strings.HasPrefix(a.Place(), "/") {
			return plantroom.Errorf(plantroom.CodeInvalid, "%q names no device file: write it like rtu:///dev/ttyUSB0", a)
		}
		return nil
	}
	host, port, err := net.SplitHostPort(a.Place())
	if n, bad := strconv.ParseUint(port, 10, 16); !strings.HasPrefix(string(a), "tcp://") || err != nil || bad != nil || n == 0 || host == "" {
		return plantroom.Errorf(plantroom.CodeInvalid, "%q is no address of a link: write tcp://host:502 or rtu:///dev/ttyUSB0", a)
	}
	return nil
}

// Line is how a serial line is set. RTU always has 8 data bits.
type Line struct {
	Baud     int    // 9600
	Parity   string // none, even, odd; "": none
	StopBits int    // 1 or 2; 1
}

func (l *Line) fill() {
	if l.Baud == 0 {
		l.Baud = 9600
	}
	if l.StopBits == 0 {
		l.StopBits = 1
	}
}

// char is how long one character takes: a start bit, 8 data bits, and at
// most three more for parity and stop.
func (l Line) char() time.Duration {
	return 11 * time.Second / time.Duration(max(l.Baud, 1))
}

// gap is the silence that separates two frames: 3.5 characters, and 1.75 ms
// above 19,200 baud (Modbus over serial line V1.02, section 2.5.1.1).
func (l Line) gap() time.Duration {
	if l.Baud > 19200 {
		return 1750 * time.Microsecond
	}
	return l.char() * 7 / 2
}
