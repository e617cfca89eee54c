package spool

import (
	"os"
	"syscall"
)

// datasync flushes content and size, not the time stamps. An interrupted call
// has flushed nothing and reported nothing, so it alone is made again.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err == nil {
			return nil
		}
		if err != syscall.EINTR {
			return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
		}
	}
}
