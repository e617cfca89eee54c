//go:build linux

package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
)

// line is a serial line with slaves on it: the far end of a pseudo terminal.
type line struct {
	t    *testing.T
	far  *os.File
	path string

	mu     sync.Mutex
	answer func(question []byte) []byte // what is sent; nil: nothing
	asked  [][]byte
}

// newLine makes a line whose slaves answer each question, without its
// checksum, as answer says.
func newLine(t *testing.T, answer func(question []byte) []byte) *line {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{t: t, far: far, answer: answer}
	raw, err := far.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(raw.Control(func(fd uintptr) {
		var n int
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
		l.path = fmt.Sprintf("/dev/pts/%d", n)
	}), err); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(l.serve)
	t.Cleanup(func() { l.unplug(); wait.Wait() })
	return l
}

// unplug is what pulling out an adapter looks like.
func (l *line) unplug() { _ = l.far.Close() } // twice does no harm

// serve answers questions, which all have 8 bytes.
func (l *line) serve() {
	for {
		var q [8]byte
		for n := 0; n < len(q); {
			m, err := l.far.Read(q[n:])
			if errors.Is(err, unix.EIO) { // the near end is not open
				time.Sleep(time.Millisecond)
				continue
			}
			if err != nil {
				return
			}
			n += m
		}
		if !checked(q[:]) {
			l.t.Errorf("a question with a bad checksum: % x", q)
		}
		l.mu.Lock()
		l.asked = append(l.asked, slices.Clone(q[:6]))
		a := l.answer(q[:6])
		l.mu.Unlock()
		if len(a) > 0 {
			l.send(a)
		}
	}
}

// send is a slave that speaks.
func (l *line) send(b []byte) { _, _ = l.far.Write(b) } // it may be unplugged

// questions are those asked so far.
func (l *line) questions() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.asked)
}

func (l *line) become(answer func([]byte) []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = answer
}

// open opens the near end.
func (l *line) open(timeout time.Duration) *rtu {
	l.t.Helper()
	c, err := openRTU(Options{Address: Address("rtu://" + l.path), Line: Line{Baud: 115200, Parity: "even", StopBits: 1}, Timeout: timeout})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(c.close)
	return c.(*rtu)
}

// counting answers registers with their own addresses, and bits with address
// parity.
func counting(q []byte) []byte {
	address, count := binary.BigEndian.Uint16(q[2:]), binary.BigEndian.Uint16(q[4:])
	switch q[1] {
	case 1, 2:
		a := append([]byte{q[0], q[1], byte((count + 7) / 8)}, make([]byte, (count+7)/8)...)
		for i := range count {
			a[3+i/8] |= byte((address+i)&1) << (i % 8)
		}
		return framed(a...)
	case 3, 4:
		a := []byte{q[0], q[1], byte(2 * count)}
		for i := range count {
			a = binary.BigEndian.AppendUint16(a, address+i)
		}
		return framed(a...)
	case 5:
		return framed(q...)
	}
	return framed(q[0], q[1]|failed, byte(illegalFunction))
}

func silent([]byte) []byte { return nil }

const (
	long   = 15 * time.Second // for answers that come, on a busy machine
	enough = 2 * time.Second  // for something that comes and is no answer
	short  = 80 * time.Millisecond
)

func TestALineReadsAllFourTables(t *testing.T) {
	l := newLine(t, counting)
	c := l.open(long)
	for _, table := range []registers.Table{registers.Holding, registers.Input} {
		a, err := c.read(7, request(table, 500, 26))
		if err != nil || len(a.Words) != 26 || a.Words[0] != 500 || a.Words[25] != 525 {
			t.Errorf("%s: got %v, %v", table, a, err)
		}
	}
	for _, table := range []registers.Table{registers.Coil, registers.Discrete} {
		a, err := c.read(7, request(table, 3, 10))
		if want := []bool{true, false, true, false, true, false, true, false, true, false}; err != nil || !slices.Equal(a.Bits, want) {
			t.Errorf("%s: got %v, %v", table, a, err)
		}
	}
	if err := c.writeCoil(7, 9, true); err != nil {
		t.Errorf("a coil: %v", err)
	}
	for i, want := range [][]byte{{7, 3, 1, 244, 0, 26}, {7, 4, 1, 244, 0, 26}, {7, 1, 0, 3, 0, 10}, {7, 2, 0, 3, 0, 10}, {7, 5, 0, 9, 0xff, 0}} {
		if got := l.questions()[i]; !slices.Equal(got, want) {
			t.Errorf("question %d is % x, want % x", i, got, want)
		}
	}
}

func TestTheLongestAnswerFits(t *testing.T) {
	c := newLine(t, counting).open(long)
	r := request(registers.Input, 0, 26)
	r.Count = 125
	if a, err := c.read(1, r); err != nil || len(a.Words) != 125 || a.Words[124] != 124 {
		t.Errorf("got %d registers, %v", len(a.Words), err)
	}
}

func TestFaultsOfALineAreToldApart(t *testing.T) {
	bad := func(q []byte) []byte { a := counting(q); a[len(a)-1] ^= 1; return a }
	for _, c := range []struct {
		name    string
		answer  func([]byte) []byte
		timeout time.Duration
		want    error
	}{
		{"silence", silent, short, ErrSilent},
		{"a bad checksum", bad, long, ErrGarbled},
		{"a torn answer", func(q []byte) []byte { return counting(q)[:4] }, enough, ErrGarbled},
		{"an answer of another device", func(q []byte) []byte { q[0]++; return counting(q) }, enough, ErrGarbled},
		{"an exception", func(q []byte) []byte { return framed(q[0], q[1]|failed, 2) }, long, illegalAddress},
		{"an exception nobody knows", func(q []byte) []byte { return framed(q[0], q[1]|failed, 99) }, long, Exception(99)},
		{"a line that does not stop talking", func([]byte) []byte { return make([]byte, 4000) }, long, ErrGarbled},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(t, c.answer)
			conn := l.open(c.timeout)
			if a, err := conn.read(3, request(registers.Input, 0, 2)); !errors.Is(err, c.want) || !usable(err) {
				t.Errorf("got %v, %v; want %v", a, err, c.want)
			}
			// And the next question is answered.
			l.become(counting)
			conn.timeout = long
			if a, err := conn.read(3, request(registers.Input, 8, 2)); err != nil || !slices.Equal(a.Words, []uint16{8, 9}) {
				t.Errorf("afterwards: got %v, %v", a, err)
			}
		})
	}
}

// With the library's own RTU, each of these gives the values of the question
// before.
func TestALateAnswerIsNotTakenForTheNextOne(t *testing.T) {
	for _, c := range []struct {
		name string
		unit byte // that is asked next
	}{{"of the same device", 3}, {"of another device", 4}} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(t, silent)
			conn := l.open(short)
			if _, err := conn.read(3, request(registers.Input, 100, 2)); !errors.Is(err, ErrSilent) {
				t.Fatalf("got %v, want silence", err)
			}
			// Now it comes, twice at once: the first is read here, so that the
			// second is sure to have arrived.
			late := counting([]byte{3, 4, 0, 100, 0, 2})
			l.send(slices.Repeat(late, 2))
			if err := conn.port.SetReadTimeout(long); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn.port, late); err != nil {
				t.Fatal(err)
			}
			l.become(counting)
			conn.timeout = long
			for address := uint16(200); address < 210; address += 2 {
				a, err := conn.read(c.unit, request(registers.Input, address, 2))
				if err != nil || !slices.Equal(a.Words, []uint16{address, address + 1}) {
					t.Errorf("asked for %d: got %v, %v", address, a.Words, err)
				}
			}
		})
	}
}

func TestALateAnswerDuringTheNextQuestionIsPassedOver(t *testing.T) {
	l := newLine(t, func(q []byte) []byte { return append(counting([]byte{3, 4, 0, 100, 0, 2}), counting(q)...) })
	a, err := l.open(long).read(4, request(registers.Input, 200, 2))
	if err != nil || !slices.Equal(a.Words, []uint16{200, 201}) {
		t.Errorf("got %v, %v", a.Words, err)
	}
}

func TestALineThatIsUnpluggedFailsAtOnce(t *testing.T) {
	l := newLine(t, silent)
	l.become(func([]byte) []byte { l.unplug(); return nil })
	c := l.open(time.Minute)
	begun := time.Now()
	if _, err := c.read(3, request(registers.Input, 0, 2)); err == nil || usable(err) {
		t.Errorf("got %v, want an error that ends the link", err)
	}
	if d := time.Since(begun); d > 20*time.Second {
		t.Errorf("it took %s", d)
	}
}

func TestALineThatIsNotThereSaysWhatToLookAt(t *testing.T) {
	_, err := openRTU(Options{Address: "rtu:///dev/no-such-line", Line: Line{Baud: 9600}})
	if plantroom.CodeOf(err) != plantroom.CodeUnavailable || err.Error() == "" {
		t.Errorf("got %v", err)
	}
}

func TestALinkReadsALineFromEndToEnd(t *testing.T) {
	l := newLine(t, counting)
	h := &heardSamples{}
	link := New(Options{
		Name: "riser", Address: Address("rtu://" + l.path), Line: Line{Baud: 115200}, Timeout: long, Sink: h.sink, Backoff: quick,
		Devices: []Device{{ID: "dev", Unit: 9, Map: mapOf(registers.Input, 40, 2, time.Hour)}},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); link.Run(ctx) }()
	h.wait(t, "dev b=41")
	cancel()
	<-ended
	if s := link.State(); !s.Connected || s.Requests != 1 || s.Connects != 1 || s.Devices[0].Silent {
		t.Errorf("state %+v", s)
	}
}
