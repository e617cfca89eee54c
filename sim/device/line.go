package device

import (
	"bytes"
	"time"
)

// Line is a serial line with Modbus devices on it, as the gateway's end sees
// it: a port whose Read waits on the line's clock.
type Line struct {
	clock  *Clock
	char   time.Duration // how long a byte takes
	slaves map[byte]*Slave

	limit time.Duration
	on    []byte    // on the line
	due   time.Time // when it will have come
}

// turnaround is how long a device thinks before it answers: within what
// makers name, 5 to 50 ms. Unverified.
const turnaround = 20 * time.Millisecond

// NewLine makes a line at a rate, with devices by their unit.
func NewLine(c *Clock, baud int, slaves map[byte]*Slave) *Line {
	return &Line{clock: c, char: 11 * time.Second / time.Duration(max(baud, 1)), slaves: slaves}
}

// Close does nothing.
func (l *Line) Close() error { return nil }

// SetReadTimeout bounds the next Read.
func (l *Line) SetReadTimeout(d time.Duration) error { l.limit = d; return nil }

// ResetInputBuffer throws away what has come.
func (l *Line) ResetInputBuffer() error {
	if !l.due.After(l.clock.Now()) {
		l.on = nil
	}
	return nil
}

// Write puts a question on the line. Who is asked puts the answer behind it.
func (l *Line) Write(q []byte) (int, error) {
	sent := l.clock.Now().Add(time.Duration(len(q)) * l.char)
	end := len(q) - 2
	if end != 6 || !bytes.Equal(q, summed(q[:end])) {
		return len(q), nil // nobody understands it
	}
	s := l.slaves[q[0]]
	if s == nil || s.Health == Silent {
		return len(q), nil
	}
	l.on = summed(s.answer(q[:end]))
	if s.Health == Garbled {
		l.on[len(l.on)-3] ^= 0x10
	}
	l.due = sent.Add(turnaround + time.Duration(len(l.on))*l.char)
	return len(q), nil
}

// Read waits for what comes, at most for the time that was set. An answer
// comes whole.
func (l *Line) Read(p []byte) (int, error) {
	wait := l.due.Sub(l.clock.Now())
	if l.on == nil || wait > l.limit {
		l.clock.Sleep(l.limit)
		return 0, nil
	}
	l.clock.Sleep(wait)
	n := copy(p, l.on)
	if l.on = l.on[n:]; len(l.on) == 0 {
		l.on = nil
	}
	return n, nil
}

// summed appends the checksum of RTU (Modbus over serial line V1.02, appendix
// B) to a copy: low byte first.
func summed(b []byte) []byte {
	sum := uint16(0xffff)
	for _, x := range b {
		sum ^= uint16(x)
		for range 8 {
			carry := sum & 1
			sum >>= 1
			if carry == 1 {
				sum ^= 0xa001
			}
		}
	}
	return append(bytes.Clone(b), byte(sum), byte(sum>>8))
}
