package spool

import (
	"math"
	"os"
	"syscall"
)

// freeOf asks for what is free to users without privileges: a file system may
// keep some for root.
func freeOf(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	if size := uint64(st.Bsize); st.Bavail < math.MaxInt64/max(size, 1) {
		return int64(st.Bavail * size), nil
	}
	return math.MaxInt64, nil
}
