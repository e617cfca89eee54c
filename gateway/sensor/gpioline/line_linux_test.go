package gpioline

import (
	"encoding/binary"
	"io"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// event is what the kernel writes of an edge.
func event(at time.Duration, id, offset, seq, lineSeq uint32) []byte {
	b := binary.NativeEndian.AppendUint64(nil, uint64(at))
	for _, v := range []uint32{id, offset, seq, lineSeq} {
		b = binary.NativeEndian.AppendUint32(b, v)
	}
	return append(b, make([]byte, eventSize-len(b))...)
}

func TestEventsOfTheKernelAreEdges(t *testing.T) {
	rise, fall := event(time.Hour, 1, 17, 3, 3), event(time.Hour+time.Millisecond, 2, 17, 4, 4)
	up, down := Edge{At: time.Hour, Active: true, Number: 3}, Edge{At: time.Hour + time.Millisecond, Number: 4}
	for _, c := range []struct {
		name string
		b    []byte
		want []Edge
	}{
		{"none", nil, nil},
		{"one", rise, []Edge{up}},
		{"two", slices.Concat(rise, fall), []Edge{up, down}},
		{"a part of one behind", slices.Concat(rise, fall[:47]), []Edge{up}},
		{"one that is not known", slices.Concat(event(0, 3, 17, 1, 1), fall), []Edge{down}},
	} {
		if got := parse(c.b, nil); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func FuzzEventsOfTheKernel(f *testing.F) {
	f.Add(event(time.Hour, 1, 17, 3, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := parse(b, nil); len(got) > len(b)/eventSize {
			t.Errorf("%d edges in %d bytes", len(got), len(b))
		}
	})
}

// The sizes, places and numbers that a C compiler gives for linux/gpio.h.
func TestTheStructuresAreTheKernels(t *testing.T) {
	for name, c := range map[string][2]uintptr{
		"gpiochip_info":                           {unsafe.Sizeof(chipInfo{}), 68},
		"gpio_v2_line_info":                       {unsafe.Sizeof(lineInfo{}), 256},
		"gpio_v2_line_info.consumer":              {unsafe.Offsetof(lineInfo{}.consumer), 32},
		"gpio_v2_line_info.flags":                 {unsafe.Offsetof(lineInfo{}.flags), 72},
		"gpio_v2_line_request":                    {unsafe.Sizeof(lineRequest{}), 592},
		"gpio_v2_line_request.consumer":           {unsafe.Offsetof(lineRequest{}.consumer), 256},
		"gpio_v2_line_request.config":             {unsafe.Offsetof(lineRequest{}.config), 288},
		"gpio_v2_line_request.num_lines":          {unsafe.Offsetof(lineRequest{}.lines), 560},
		"gpio_v2_line_request.event_buffer":       {unsafe.Offsetof(lineRequest{}.eventBufferSize), 564},
		"gpio_v2_line_request.fd":                 {unsafe.Offsetof(lineRequest{}.fd), 588},
		"gpio_v2_line_values":                     {unsafe.Sizeof(lineValues{}), 16},
		"GPIO_GET_CHIPINFO_IOCTL":                 {getChipInfo, 0x8044b401},
		"GPIO_V2_GET_LINEINFO_IOCTL":              {getLineInfo, 0xc100b405},
		"GPIO_V2_GET_LINE_IOCTL":                  {getLine, 0xc250b407},
		"GPIO_V2_LINE_GET_VALUES_IOCTL":           {getLineValues, 0xc010b40e},
		"GPIO_V2_LINE_FLAG_BIAS_DISABLED":         {flagPullNone, 1024},
		"GPIO_V2_LINES_MAX, of which 16 for each": {Buffered, 64 * 16},
	} {
		if c[0] != c[1] {
			t.Errorf("%s is %#x here and %#x there", name, c[0], c[1])
		}
	}
}

func TestALineIsAskedForWithBothEdgesAndTheLargestBuffer(t *testing.T) {
	req := request(22, Options{Pull: "up", ActiveLow: true})
	if req.offsets[0] != 22 || req.lines != 1 || req.eventBufferSize != 1024 || req.config.flags != 0x136 {
		t.Errorf("it asks for %d, %d lines, a buffer of %d, flags %#x", req.offsets[0], req.lines, req.eventBufferSize, req.config.flags)
	}
	for pull, flags := range map[string]uint64{"": 0x34, "down": 0x234, "none": 0x434} {
		if got := request(22, Options{Pull: pull}).config.flags; got != flags {
			t.Errorf("pull %q: flags %#x, want %#x", pull, got, flags)
		}
	}
}

func TestALineIsFoundByItsNameOrItsChipAndNumber(t *testing.T) {
	chips := []Chip{{Name: "gpiochip0", Lines: []Info{{Number: 0, Name: "ID_SDA"}, {Number: 1, Name: "GPIO17"}}}, {Name: "gpiochip1", Lines: []Info{{Number: 0}}}}
	for name, want := range map[string][]any{
		"GPIO17": {"gpiochip0", 1, true}, "gpiochip1/0": {"gpiochip1", 0, true}, "gpiochip0/1": {"gpiochip0", 1, true},
		"gpiochip0/2": {"", 0, false}, "gpiochip2/0": {"", 0, false}, "GPIO18": {"", 0, false}, "gpiochip0/01": {"", 0, false},
	} {
		chip, number, ok := find(chips, name)
		if got := []any{chip, number, ok}; !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

// piped is a line whose events a test writes: a pipe, which can be waited for
// as the kernel's lines can.
func piped(t testing.TB) (*Line, *os.File) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	l, err := newLine(fds[0])
	if err != nil {
		t.Fatal(err)
	}
	w := os.NewFile(uintptr(fds[1]), "kernel")
	t.Cleanup(func() { _ = w.Close(); _ = l.Close() })
	return l, w
}

func TestAWaitEndsWithEdgesOrInTime(t *testing.T) {
	l, w := piped(t)
	if got, err := l.Wait(5*time.Millisecond, nil); err != nil || len(got) != 0 {
		t.Errorf("nothing comes: %v, %v; want neither", got, err)
	}
	if _, err := w.Write(slices.Concat(event(1, 1, 0, 1, 1), event(2, 2, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Wait(time.Minute, nil); err != nil || len(got) != 2 {
		t.Errorf("two edges: %v, %v", got, err)
	}
	_ = w.Close()
	if got, err := l.Wait(time.Minute, nil); err != io.EOF || len(got) != 0 {
		t.Errorf("its end: %v, %v", got, err)
	}
	if a, b := l.Now(), l.Now(); a <= 0 || b < a {
		t.Errorf("the clock says %v, then %v", a, b)
	}
}

func TestAMachineWithoutTheLineSaysSo(t *testing.T) {
	if l, err := Open("no such line", Options{}); err == nil {
		_ = l.Close()
		t.Error("a line that no machine has was opened")
	}
}

// What reading an edge costs, in runs of 64 as after a pause.
func BenchmarkWait(b *testing.B) {
	l, w := piped(b)
	var run []byte
	for i := range uint32(64) {
		run = append(run, event(time.Duration(i), 1+i%2, 0, i, i)...)
	}
	var edges []Edge
	for b.Loop() {
		if _, err := w.Write(run); err != nil {
			b.Fatal(err)
		}
		var err error
		if edges, err = l.Wait(time.Second, edges[:0]); err != nil || len(edges) != 64 {
			b.Fatal(len(edges), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/edge")
}
