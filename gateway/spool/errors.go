package spool

import (
	"errors"
	"fmt"
	"syscall"

	"plantroom"
)

// The errors that callers match with errors.Is.
var (
	// ErrFull refuses a record because the segments have reached MaxBytes.
	// It goes away as soon as Trim has freed a segment.
	ErrFull error = &plantroom.Error{
		Code: plantroom.CodeUnavailable, Op: "append to spool", Message: "the spool has reached its size limit",
		Hint: "it takes records again once the server acknowledges; check the uplink, or raise spool.max",
	}
	// ErrReserve refuses a record because less than Reserve is free on the
	// disk. It goes away within a second or two of there being more.
	ErrReserve error = &plantroom.Error{
		Code: plantroom.CodeUnavailable, Op: "append to spool", Message: "the disk has no more than the reserve left",
		Hint: "free space on it; the spool goes on by itself. spool.reserve says how much is left to others",
	}
	// ErrClosed refuses any operation on a closed spool.
	ErrClosed error = &plantroom.Error{
		Code: plantroom.CodeUnavailable, Op: "use spool", Message: "the spool is closed",
	}
)

// fault words an error of the file system for an operator.
func (s *Spool) fault(op string, err error) error {
	return storageError(op, s.opt.Dir, err)
}

func storageError(op, dir string, err error) error {
	e := &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: fmt.Sprintf("the disk under the spool in %s fails", dir), Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Message = fmt.Sprintf("no space left for the spool in %s", dir)
		e.Hint = "free space; the spool goes on by itself"
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		e.Message = fmt.Sprintf("the spool in %s cannot be written", dir)
		e.Hint = "check the owner, the mode and the mount of the directory"
	default:
		e.Hint = "check the kernel log for errors of the device"
	}
	return e
}

func tooLong(n int) error {
	if n == 0 {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "append to spool", Message: "a record is empty"}
	}
	return &plantroom.Error{
		Code: plantroom.CodeTooLarge, Op: "append to spool",
		Message: fmt.Sprintf("a record of %d bytes is longer than %d", n, MaxRecord),
	}
}
