package modbus

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"go.bug.st/serial"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
)

// Port is a serial port, as go.bug.st/serial has them.
type Port interface {
	io.ReadWriteCloser // Read gives 0 and nil when its timeout has passed
	SetReadTimeout(time.Duration) error
	ResetInputBuffer() error
}

// rtu is a serial line.
type rtu struct {
	port    Port
	clock   Clock
	timeout time.Duration // from the end of the question to the end of the answer, beyond its length
	char    time.Duration
	gap     time.Duration
	busy    time.Time // until then the line is, or has to be silent
}

func openRTU(o Options) (conn, error) {
	mode := &serial.Mode{BaudRate: o.Line.Baud, DataBits: 8, Parity: serial.NoParity, StopBits: serial.OneStopBit}
	switch o.Line.Parity {
	case "even":
		mode.Parity = serial.EvenParity
	case "odd":
		mode.Parity = serial.OddParity
	}
	if o.Line.StopBits == 2 {
		mode.StopBits = serial.TwoStopBits
	}
	p, err := serial.Open(o.Address.Place(), mode)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "open the serial line", Message: o.Address.Place(), Err: err,
			Hint: "is the adapter plugged in, used by nobody else, and the gateway's user in the group dialout?"}
	}
	return newRTU(p, o), nil
}

// OnLine asks over an open serial line, framed as RTU. It is what a Link does
// with the port that it has opened.
func OnLine(p Port, o Options) Ask {
	o.fill()
	return newRTU(p, o).read
}

func newRTU(p Port, o Options) *rtu {
	if o.Clock == nil {
		o.Clock = wall{}
	}
	return &rtu{port: p, clock: o.Clock, timeout: o.Timeout, char: o.Line.char(), gap: o.Line.gap()}
}

func (c *rtu) close() { _ = c.port.Close() } // nothing was written that could be lost

// functions are the functions that read the tables.
var functions = map[registers.Table]byte{registers.Coil: 1, registers.Discrete: 2, registers.Holding: 3, registers.Input: 4}

const (
	writeCoilFunction = 5
	failed            = 0x80 // is added to the function in an exception
	coilOn            = 0xff00
)

func (c *rtu) read(unit byte, r *registers.Request) (a registers.Answer, err error) {
	size := 2 * int(r.Count)
	if r.Table.Bits() {
		size = (int(r.Count) + 7) / 8
	}
	question := []byte{unit, functions[r.Table]}
	question = binary.BigEndian.AppendUint16(question, r.Address)
	question = binary.BigEndian.AppendUint16(question, r.Count)
	if size > 255 {
		return a, plantroom.Errorf(plantroom.CodeInternal, "%s do not fit into one answer", r)
	}
	data, err := c.ask(question, []byte{unit, question[1], byte(size)}, size)
	if err != nil {
		return a, err
	}
	if !r.Table.Bits() {
		a.Words = make([]uint16, r.Count)
		for i := range a.Words {
			a.Words[i] = binary.BigEndian.Uint16(data[2*i:])
		}
		return a, nil
	}
	a.Bits = make([]bool, r.Count)
	for i := range a.Bits {
		a.Bits[i] = data[i/8]>>(i%8)&1 != 0
	}
	return a, nil
}

func (c *rtu) writeCoil(unit byte, coil uint16, on bool) error {
	question := binary.BigEndian.AppendUint16([]byte{unit, writeCoilFunction}, coil)
	value := uint16(0)
	if on {
		value = coilOn
	}
	question = binary.BigEndian.AppendUint16(question, value)
	_, err := c.ask(question, bytes.Clone(question), 0) // the answer repeats the question
	return err
}

// ask sends a question and returns the size bytes that follow head in the
// answer. What came before the question is thrown away; what comes after it is
// searched for the answer, so that noise, or a late answer of another device,
// before it does no harm.
func (c *rtu) ask(question, head []byte, size int) ([]byte, error) {
	c.clock.Sleep(c.busy.Sub(c.clock.Now())) // at most a frame and 3.5 characters
	if err := c.port.ResetInputBuffer(); err != nil {
		return nil, err
	}
	frame := appendCRC(question)
	n, err := c.port.Write(frame)
	if err != nil {
		return nil, err
	}
	if n < len(frame) {
		return nil, io.ErrShortWrite
	}
	deadline := c.clock.Now().Add(c.timeout + time.Duration(len(frame)+len(head)+size+2)*c.char)
	data, err := c.listen(deadline, head, size)
	c.busy = c.clock.Now().Add(c.gap)
	return data, err
}

// heard bounds what is kept of a line that does not stop talking: the longest
// frame, and another one before it.
const heard = 512

// listen reads until the answer is there or the deadline has passed.
func (c *rtu) listen(deadline time.Time, head []byte, size int) ([]byte, error) {
	var all [heard]byte
	n := 0
	for {
		left := deadline.Sub(c.clock.Now())
		if left <= 0 || n == len(all) {
			if n > 0 {
				return nil, ErrGarbled
			}
			return nil, ErrSilent
		}
		if err := c.port.SetReadTimeout(left); err != nil {
			return nil, err
		}
		m, err := c.port.Read(all[n:])
		if err != nil {
			return nil, fmt.Errorf("the serial line is gone: %w", err)
		}
		n += m
		data, err := find(all[:n], head, size)
		if data != nil || err != nil {
			return data, err
		}
	}
}

// find looks for the answer in what was heard: head, size bytes and a
// checksum, or an exception. Nothing and no error: it is not there yet. An
// answer that stands at the beginning with a bad checksum is not waited for
// any longer.
func find(all, head []byte, size int) ([]byte, error) {
	for i := range all {
		rest := all[i:]
		if len(rest) >= 5 && rest[0] == head[0] && rest[1] == head[1]|failed && checked(rest[:5]) {
			return nil, Exception(rest[2])
		}
		if !bytes.HasPrefix(rest, head) || len(rest) < len(head)+size+2 {
			continue
		}
		if checked(rest[:len(head)+size+2]) {
			return rest[len(head) : len(head)+size : len(head)+size], nil
		}
		if i == 0 {
			return nil, ErrGarbled
		}
	}
	return nil, nil
}

// checked reports whether a frame ends with its checksum.
func checked(frame []byte) bool {
	end := len(frame) - 2
	return crc(frame[:end]) == binary.LittleEndian.Uint16(frame[end:])
}

func appendCRC(frame []byte) []byte { return binary.LittleEndian.AppendUint16(frame, crc(frame)) }

// crc is the checksum of RTU (Modbus over serial line V1.02, section 2.5.1.2):
// reflected polynomial 0xA001, begins with ones, sent low byte first.
func crc(b []byte) uint16 {
	sum := uint16(0xffff)
	for _, x := range b {
		sum ^= uint16(x)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ 0xa001
			} else {
				sum >>= 1
			}
		}
	}
	return sum
}
