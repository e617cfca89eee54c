package proofs

import (
	"errors"
	"math"
	"os"
	"syscall"

	"plantroom"
)

// freeOf asks how much users without privileges may still write, in bytes.
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

// lockFile takes a lock that ends with the process, or with Close.
func lockFile(path string) (*os.File, error) {
	const op = "open the files of proof"
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unusable(op, path, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = &plantroom.Error{Code: plantroom.CodeConflict, Op: op, Message: "a server is using " + path, Hint: "stop it first"}
	default:
		err = unusable(op, path, err)
	}
	return nil, errors.Join(err, f.Close())
}
