package gpioline

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"plantroom"
)

// The structures of linux/gpio.h, which are the same on machines of 32 and of
// 64 bits.
type (
	chipInfo struct {
		name, label [32]byte
		lines       uint32
	}
	lineInfo struct {
		name, consumer [32]byte
		offset         uint32
		_              uint32 // num_attrs
		flags          uint64
		_              [10][2]uint64 // attrs
		_              [4]uint32
	}
	lineConfig struct {
		flags uint64
		_     [6]uint32     // num_attrs, and padding
		_     [10][3]uint64 // attrs
	}
	lineRequest struct {
		offsets                [64]uint32
		consumer               [32]byte
		config                 lineConfig
		lines, eventBufferSize uint32
		_                      [5]uint32
		fd                     int32
	}
	lineValues struct{ bits, mask uint64 }
)

const (
	flagUsed       = 1 << 0
	flagActiveLow  = 1 << 1
	flagInput      = 1 << 2
	flagOutput     = 1 << 3
	flagRising     = 1 << 4
	flagFalling    = 1 << 5
	flagPullUp     = 1 << 8
	flagPullDown   = 1 << 9
	flagPullNone   = 1 << 10
	getChipInfo    = 2<<30 | unsafe.Sizeof(chipInfo{})<<16 | 0xb4<<8 | 0x01
	getLineInfo    = 3<<30 | unsafe.Sizeof(lineInfo{})<<16 | 0xb4<<8 | 0x05
	getLine        = 3<<30 | unsafe.Sizeof(lineRequest{})<<16 | 0xb4<<8 | 0x07
	getLineValues  = 3<<30 | unsafe.Sizeof(lineValues{})<<16 | 0xb4<<8 | 0x0e
	mostLines      = 1024 // of a chip; the largest known have some 500
	consumerPrefix = "plantroom"
)

// ioctl passes a structure to the kernel.
func ioctl[T any](fd int, request uintptr, arg *T) error {
	_, _, no := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(arg)))
	runtime.KeepAlive(arg)
	if no != 0 {
		return no
	}
	return nil
}

// Chips lists the chips of this machine. Chips that may not be opened are in
// the error, beside the others.
func Chips() ([]Chip, error) {
	paths, err := filepath.Glob("/dev/gpiochip*")
	if err != nil {
		return nil, err
	}
	var out []Chip
	var errs error
	for _, path := range paths {
		if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
			continue // a Raspberry Pi has gpiochip4 beside gpiochip0
		}
		c, err := chip(path)
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		out = append(out, c)
	}
	return out, errs
}

func chip(path string) (Chip, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Chip{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }() // it was only asked
	var info chipInfo
	if err := ioctl(fd, getChipInfo, &info); err != nil {
		return Chip{}, &os.PathError{Op: "ask", Path: path, Err: err}
	}
	c := Chip{Name: text(info.name[:]), Label: text(info.label[:])}
	for n := range min(info.lines, mostLines) {
		l := lineInfo{offset: n}
		if err := ioctl(fd, getLineInfo, &l); err != nil {
			return c, &os.PathError{Op: "ask for a line", Path: path, Err: err}
		}
		c.Lines = append(c.Lines, Info{Number: int(n), Name: text(l.name[:]), Consumer: text(l.consumer[:]),
			Used: l.flags&flagUsed != 0, Output: l.flags&flagOutput != 0})
	}
	return c, nil
}

// text is a string of C.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return strings.ToValidUTF8(string(b), "?")
}

// Line is an open line that reports its edges.
type Line struct {
	f  *os.File
	fd int // of f; used while that is open
	b  []byte
}

// Open asks the kernel for a line, by the name that the board gives it
// (GPIO17) or by chip and number (gpiochip0/17).
func Open(name string, o Options) (*Line, error) {
	chips, err := Chips()
	on, number, ok := find(chips, name)
	if !ok {
		return nil, errors.Join(plantroom.Errorf(plantroom.CodeNotFound, "this machine shows no GPIO line %q: plantroom-gateway probe lists them; the gateway's user has to be in the group gpio", name), err)
	}
	fd, err := unix.Open("/dev/"+on, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/dev/" + on, Err: err}
	}
	defer func() { _ = unix.Close(fd) }() // the line stays open without its chip
	req := request(uint32(number), o)
	if err := ioctl(fd, getLine, &req); err != nil {
		e := &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "open the GPIO line", Message: name, Err: err}
		switch {
		case errors.Is(err, unix.EBUSY):
			e.Code, e.Hint = plantroom.CodeConflict, "somebody else uses it: plantroom-gateway probe says who"
		case errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOTSUP):
			e.Code, e.Hint = plantroom.CodeInvalid, "this chip does not report edges: use a line of another one"
		}
		return nil, e
	}
	return newLine(int(req.fd))
}

// newLine takes over what the kernel gave.
func newLine(fd int) (*Line, error) {
	if err := unix.SetNonblock(fd, true); err != nil { // so that a read can have a deadline
		_ = unix.Close(fd)
		return nil, err
	}
	unix.CloseOnExec(fd)
	return &Line{f: os.NewFile(uintptr(fd), "gpio line"), fd: fd, b: make([]byte, 64*eventSize)}, nil
}

// request is what is asked of the kernel for a line.
func request(number uint32, o Options) lineRequest {
	req := lineRequest{lines: 1, eventBufferSize: Buffered}
	req.offsets[0] = number
	copy(req.consumer[:len(req.consumer)-1], consumerPrefix+"@"+strconv.Itoa(os.Getpid()))
	req.config.flags = flagInput | flagRising | flagFalling
	if o.ActiveLow {
		req.config.flags |= flagActiveLow
	}
	switch o.Pull {
	case "up":
		req.config.flags |= flagPullUp
	case "down":
		req.config.flags |= flagPullDown
	case "none":
		req.config.flags |= flagPullNone
	}
	return req
}

// find finds a line by its name, or by its chip and number.
func find(chips []Chip, name string) (chip string, number int, ok bool) {
	on, n, byNumber := strings.Cut(name, "/")
	for _, c := range chips {
		for _, l := range c.Lines {
			if !byNumber && name != "" && l.Name == name || byNumber && c.Name == on && strconv.Itoa(l.Number) == n {
				return c.Name, l.Number, true
			}
		}
	}
	return "", 0, false
}

// Wait waits for edges, for a positive time, and appends them to into. That
// none came in time is no error.
func (l *Line) Wait(timeout time.Duration, into []Edge) ([]Edge, error) {
	if err := l.f.SetReadDeadline(time.Now().Add(max(timeout, time.Millisecond))); err != nil {
		return into, err
	}
	n, err := l.f.Read(l.b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return parse(l.b[:max(n, 0)], slices.Grow(into, n/eventSize)), err
}

// Active tells the level.
func (l *Line) Active() (bool, error) {
	v := lineValues{mask: 1}
	err := ioctl(l.fd, getLineValues, &v)
	runtime.KeepAlive(l.f)
	return v.bits&1 != 0, err
}

// Now is the clock of edges.
func (l *Line) Now() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0 // Linux has had it for twenty years
	}
	return time.Duration(t.Nano())
}

// Close gives the line back.
func (l *Line) Close() error { return l.f.Close() }
