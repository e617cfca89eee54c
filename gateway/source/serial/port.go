package serial

import (
	"errors"
	"io"
	"io/fs"
	"time"

	bug "go.bug.st/serial"

	"plantroom"
)

// Port is an open line. Read gives 0 and no error when nothing comes for
// readTimeout; Write may be called while Read waits.
type Port interface{ io.ReadWriteCloser }

// readTimeout is how long a Read waits. A stop takes so long at most.
const readTimeout = 100 * time.Millisecond

// OpOpen is the operation in Open's errors.
const OpOpen = "open the serial line"

// Open opens a line: 8N1 without flow control, for one user alone (the kernel
// lets root in beside another). Errors say
// what to do: CodeNotFound, CodeForbidden, CodeConflict where another program
// has it, or CodeUnavailable.
func Open(path string, baud int) (Port, error) {
	p, err := bug.Open(path, &bug.Mode{BaudRate: baud, DataBits: 8, Parity: bug.NoParity, StopBits: bug.OneStopBit})
	if err == nil {
		if err = p.SetReadTimeout(readTimeout); err == nil {
			return p, nil
		}
		_ = p.Close() // of no use
	}
	e := &plantroom.Error{Code: plantroom.CodeUnavailable, Op: OpOpen, Message: path, Err: err,
		Hint: "is the adapter plugged in?"}
	var why *bug.PortError
	is := func(code bug.PortErrorCode) bool { return errors.As(err, &why) && why.Code() == code }
	switch {
	case errors.Is(err, fs.ErrNotExist) || is(bug.PortNotFound) || is(bug.InvalidSerialPort):
		e.Code, e.Hint = plantroom.CodeNotFound, "is the adapter plugged in? /dev/serial/by-id lists those that are"
	case errors.Is(err, fs.ErrPermission) || is(bug.PermissionDenied):
		e.Code, e.Hint = plantroom.CodeForbidden, "add the user to the group dialout"
	case is(bug.PortBusy):
		e.Code, e.Hint = plantroom.CodeConflict, "stop the other program that has it open"
	}
	return nil, e
}
