package demo

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"plantroom"
)

// What is in the directory of a demonstration.
const (
	lockFile     = "demonstration.lock" // held with flock while it runs, so that its death releases it
	passwordFile = "site-password"
)

// occupy makes a directory ours until leave is called. It removes what an
// earlier demonstration has left there, and nothing else: a directory that does
// not look like one of ours, or in which one runs, is not touched.
func occupy(dir string) (leave func(), err error) {
	if err := checkOurs(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := lock(dir)
	if err != nil {
		return nil, err
	}
	leave = func() { f.Close() }
	if err := empty(dir); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

func checkOurs(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockFile || e.Name() == passwordFile {
			return nil
		}
	}
	if len(entries) > 0 {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "start the demonstration", Message: dir + " is not empty and not from a demonstration",
			Hint: "choose another directory with --dir"}
	}
	return nil
}

func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &plantroom.Error{Code: plantroom.CodeConflict, Op: "start the demonstration", Message: "another one runs in " + dir,
			Hint: "end that one, or choose another directory with --dir"}
	}
	return nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "start the demonstration", Message: "the lock on " + dir + " cannot be taken",
		Hint: "choose a directory on a local disk with --dir", Err: err}
}

// empty removes everything but the lock that we hold. The password, by which
// the directory is known as ours, goes last.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockFile || e.Name() == passwordFile {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return os.RemoveAll(filepath.Join(dir, passwordFile))
}

// newSecret makes a random password in a file that only we can read.
func newSecret(path string) (string, error) {
	text := rand.Text()
	return text, os.WriteFile(path, []byte(text+"\n"), 0o600)
}
