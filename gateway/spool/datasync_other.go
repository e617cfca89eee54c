//go:build !linux

package spool

import "os"

// datasync flushes content, size and time stamps: fdatasync is Linux's.
func datasync(f *os.File) error { return f.Sync() }
