package proofs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"plantroom"
)

// KeepFree is how much of the disk photos may not take, in bytes: the database
// and what gateways bring need it more.
const KeepFree = 512 << 20

// Dir is a directory of files of proof. It is safe for concurrent use, by one
// process that takes files and any number that read them.
type Dir struct {
	path string
	free func(dir string) (int64, error)
	lock *os.File // nil: for reading only

	mu   sync.Mutex
	held map[plantroom.Hash]*claim // files that somebody has just brought
}

// In names the directory in a server's data directory.
func In(data string) string { return filepath.Join(data, "proofs") }

// Open makes the directory where it is not there, and removes what uploads have
// left behind that a crash has cut off. CodeConflict: another process takes files
// there. Close it in the end.
func Open(path string) (*Dir, error) {
	const op = "open the files of proof"
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, unusable(op, path, err)
	}
	d := Look(path)
	var err error
	if d.lock, err = lockFile(filepath.Join(path, "lock")); err != nil {
		return nil, err
	}
	if err := d.clean(op); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Close lets another process take files there.
func (d *Dir) Close() error {
	if d.lock == nil {
		return nil
	}
	return d.lock.Close()
}

// clean removes what is not whole.
func (d *Dir) clean(op string) error {
	left, err := filepath.Glob(filepath.Join(d.path, "*"+partial))
	for _, f := range left {
		err = errors.Join(err, os.Remove(f))
	}
	return wrap(err, op, d.path)
}

// Look is Open for a process that only reads, beside a server or without one.
func Look(path string) *Dir {
	return &Dir{path: path, free: freeOf, held: map[plantroom.Hash]*claim{}}
}

// Path is the directory.
func (d *Dir) Path() string { return d.path }

// File is the path of a file.
func (d *Dir) File(sum plantroom.Hash) string { return filepath.Join(d.path, sum.String()) }

// Open opens a file after it has given its hash once more. CodeNotFound: it is
// not there; CodeInternal: it was changed. Both name it.
func (d *Dir) Open(sum plantroom.Hash) (io.ReadSeekCloser, error) {
	f, err := os.Open(d.File(sum))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, d.missing(sum)
	case err != nil:
		return nil, unusable("read a file of proof", d.File(sum), err)
	}
	if err := d.prove(f, sum); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// prove reads a file to its end and compares its hash with its name.
func (d *Dir) prove(f *os.File, sum plantroom.Hash) error {
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return unusable("read a file of proof", f.Name(), err)
	}
	var have plantroom.Hash
	if h.Sum(have[:0]); have != sum {
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: "read a file of proof", Message: fmt.Sprintf("the file %s was changed: it gives %s", sum, have),
			Hint: "put the file of a backup into its place"}
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

func (d *Dir) missing(sum plantroom.Hash) error {
	return &plantroom.Error{Code: plantroom.CodeNotFound, Op: "read a file of proof", Message: fmt.Sprintf("the file %s is missing", sum),
		Hint: "put it back from a backup; it was there when the ledger named it"}
}

// sumOf reads a hash from a file's name, false for one that is no file of proof.
func sumOf(name string) (sum plantroom.Hash, ok bool) {
	b, err := hex.DecodeString(name)
	if err != nil || len(b) != len(sum) || strings.ToLower(name) != name {
		return sum, false
	}
	copy(sum[:], b)
	return sum, true
}

func unusable(op, path string, err error) error {
	return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: "the server cannot use its directory of files at the moment",
		Hint: "see that " + path + " is there, is the server's own, and that the disk has space", Err: err}
}

// Scratch makes a file without a name in the directory, for what is too large for
// memory: closing it removes it.
func (d *Dir) Scratch() (*os.File, error) {
	const op = "write beside the files of proof"
	if free, err := d.free(d.path); err != nil {
		return nil, unusable(op, d.path, err)
	} else if free < 2*KeepFree {
		return nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: "the server's disk is too full for this", Hint: "make room on the disk of " + d.path}
	}
	f, err := os.CreateTemp(d.path, "*"+partial)
	if err != nil {
		return nil, unusable(op, d.path, err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(unusable(op, d.path, err), f.Close())
	}
	return f, nil
}
