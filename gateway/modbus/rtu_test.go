package modbus

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	registers "plantroom/firmware-bridge/modbus"
)

func TestChecksumsAreThoseOfTheSpecification(t *testing.T) {
	for _, frame := range [][]byte{
		{0x02, 0x07, 0x41, 0x12},                               // Modbus over serial line V1.02, section 6.2.2
		{0x01, 0x03, 0x00, 0x04, 0x00, 0x02, 0x85, 0xca},       // a flow meter's manual: question
		{0x01, 0x03, 0x04, 0x06, 0x51, 0x3f, 0x9e, 0x3b, 0x32}, // and answer
	} {
		if !checked(frame) {
			t.Errorf("% x: the checksum is % x", frame, appendCRC(slices.Clone(frame[:len(frame)-2]))[len(frame)-2:])
		}
		for i := range frame {
			bad := slices.Clone(frame)
			bad[i] ^= 0x10
			if checked(bad) {
				t.Errorf("% x: a flipped bit in byte %d goes unseen", frame, i)
			}
		}
	}
}

// framed appends a checksum.
func framed(b ...byte) []byte { return appendCRC(b) }

// heardCases is what may be heard while unit 3 is asked for two input
// registers: head 03 04 04.
var heardCases = []struct {
	name string
	all  []byte
	want []byte
	err  error
}{
	{"nothing", nil, nil, nil},
	{"the answer", framed(3, 4, 4, 1, 2, 3, 4), []byte{1, 2, 3, 4}, nil},
	{"half of it", framed(3, 4, 4, 1, 2, 3, 4)[:6], nil, nil},
	{"all but the last byte", framed(3, 4, 4, 1, 2, 3, 4)[:8], nil, nil},
	{"the answer after noise", append([]byte{0, 0xff, 3}, framed(3, 4, 4, 1, 2, 3, 4)...), []byte{1, 2, 3, 4}, nil},
	{"the answer after a late one of unit 2", append(framed(2, 4, 4, 9, 9, 9, 9), framed(3, 4, 4, 1, 2, 3, 4)...), []byte{1, 2, 3, 4}, nil},
	{"the answer after a late exception of unit 2", append(framed(2, 0x84, 2), framed(3, 4, 4, 1, 2, 3, 4)...), []byte{1, 2, 3, 4}, nil},
	{"the answer after a late one of another length", append(framed(3, 4, 2, 9, 9), framed(3, 4, 4, 1, 2, 3, 4)...), []byte{1, 2, 3, 4}, nil},
	{"the answer after an echo of the question", append(framed(3, 4, 0, 0, 0, 2), framed(3, 4, 4, 1, 2, 3, 4)...), []byte{1, 2, 3, 4}, nil},
	{"a bad checksum", []byte{3, 4, 4, 1, 2, 3, 4, 0, 0}, nil, ErrGarbled},
	{"an exception", framed(3, 0x84, 2), nil, illegalAddress},
	{"an exception with a bad checksum", []byte{3, 0x84, 2, 0, 0}, nil, nil},
	{"another unit", framed(4, 4, 4, 1, 2, 3, 4), nil, nil},
	{"another function", framed(3, 3, 4, 1, 2, 3, 4), nil, nil},
	{"another length", framed(3, 4, 2, 1, 2), nil, nil},
}

func TestTheAnswerIsFoundInWhatIsHeard(t *testing.T) {
	for _, c := range heardCases {
		got, err := find(c.all, []byte{3, 4, 4}, 4)
		if !bytes.Equal(got, c.want) || !errors.Is(err, c.err) {
			t.Errorf("%s: got % x, %v; want % x, %v", c.name, got, err, c.want, c.err)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, c := range heardCases {
		f.Add(c.all)
	}
	f.Fuzz(func(t *testing.T, all []byte) {
		all = all[:min(len(all), heard)]
		got, err := find(all, []byte{3, 4, 4}, 4)
		if got != nil && (len(got) != 4 || err != nil) {
			t.Errorf("got % x, %v", got, err)
		}
		if got != nil && !bytes.Contains(all, framed(append([]byte{3, 4, 4}, got...)...)) {
			t.Errorf("% x was not heard", got)
		}
	})
}

func TestPausesOnTheLineAreThoseOfTheSpecification(t *testing.T) {
	for baud, want := range map[int]time.Duration{
		9600: 4010 * time.Microsecond, 19200: 2005 * time.Microsecond, 115200: 1750 * time.Microsecond,
	} {
		if got := (Line{Baud: baud}).gap(); got.Round(5*time.Microsecond) != want {
			t.Errorf("%d baud: %s between frames, want %s", baud, got, want)
		}
	}
}

func TestAnAddressIsOneOfTwoForms(t *testing.T) {
	for _, a := range []Address{"tcp://10.0.0.5:502", "tcp://[::1]:502", "tcp://plc.example:1502", "rtu:///dev/ttyUSB0", "rtu:///dev/serial/by-id/x"} {
		if err := a.Check(); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	for _, a := range []Address{"", "tcp://", "tcp://host", "tcp://:502", "tcp://host:0", "tcp://host:70000", "tcp://host:modbus", "udp://host:502", "rtu://ttyUSB0", "/dev/ttyUSB0"} {
		if a.Check() == nil {
			t.Errorf("%q is taken", a)
		}
	}
}

// request makes a request for 16-bit registers r0, r1, ... of a table.
func request(table registers.Table, address, count uint16) *registers.Request {
	m := registers.Map{Name: "test", Blocks: []registers.Block{{Table: table, Address: address, Count: count}}}
	for i := range count {
		p := registers.Point{Signal: string(rune('a' + i)), Address: address + i}
		if !table.Bits() {
			p.Type = registers.Uint16
		}
		m.Blocks[0].Points = append(m.Blocks[0].Points, p)
	}
	return &m.Requests(func(*registers.Point) bool { return true })[0]
}
