package proofs

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"plantroom"
)

// partial ends the names of files that are not whole yet.
const partial = ".part"

// claim counts who has just brought the same file.
type claim struct {
	holders int
	ours    bool // it was not there before they came
	kept    bool // a transaction has named it
}

// Held is a file that lies durably in the directory and that no transaction has
// named yet. Release has to be called in any case.
type Held struct {
	plantroom.ProofFile
	dir *Dir
}

// Take reads a file to its end, looks at what it is, and puts it durably into
// its place: when it returns, a loss of power leaves it there. CodeTooLarge: it
// is longer than most or MaxFile, or has too many pixels; CodeInvalid: it is of no
// type that is taken; CodeUnavailable: the disk is full or does not work. What
// the reader fails with is returned as it is.
func (d *Dir) Take(r io.Reader, most int64) (*Held, error) {
	const op = "keep a file of proof"
	if free, err := d.free(d.path); err != nil {
		return nil, unusable(op, d.path, err)
	} else if free < KeepFree+MaxFile {
		return nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: "the server's disk is too full to take files; everything else works",
			Hint: "make room on the disk of " + d.path}
	}
	f, err := os.CreateTemp(d.path, "*"+partial) // mode 0600
	if err != nil {
		return nil, unusable(op, d.path, err)
	}
	file, err := fill(f, r, min(most, MaxFile))
	if err == nil {
		err = wrap(f.Sync(), op, d.path)
	}
	err = errors.Join(err, wrap(f.Close(), op, d.path))
	if err == nil {
		err = d.place(f.Name(), file.Sum)
	}
	if err != nil {
		if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return nil, err
	}
	return &Held{ProofFile: file, dir: d}, nil
}

func wrap(err error, op, path string) error {
	if err == nil {
		return nil
	}
	return unusable(op, path, err)
}

// source tells a failure to read what comes from one to write it.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(b []byte) (n int, err error) {
	n, err = s.Reader.Read(b)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// fill writes what comes into a file, and finds out what it is.
func fill(f *os.File, r io.Reader, most int64) (plantroom.ProofFile, error) {
	h, in := sha256.New(), &source{Reader: r}
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(in, most+1))
	switch {
	case in.err != nil:
		return plantroom.ProofFile{}, in.err
	case err != nil:
		return plantroom.ProofFile{}, unusable("keep a file of proof", f.Name(), err)
	case n > most && most < MaxFile:
		return plantroom.ProofFile{}, plantroom.Errorf(plantroom.CodeTooLarge, "there is room for %.1f MB more, and the file is larger: send fewer at a time", float64(most)/1e6)
	case n > most:
		return plantroom.ProofFile{}, plantroom.Errorf(plantroom.CodeTooLarge, "the file is larger than %.1f MB", float64(most)/1e6)
	}
	file, err := Kind(f, n)
	file.Size = n
	h.Sum(file.Sum[:0])
	return file, err
}

// place gives a file its name. What lies there already is put in its place anew:
// it has the same bytes, or was damaged.
func (d *Dir) place(from string, sum plantroom.Hash) error {
	const op = "keep a file of proof"
	d.mu.Lock()
	defer d.mu.Unlock()
	to := d.File(sum)
	_, err := os.Lstat(to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unusable(op, to, err)
	}
	fresh := err != nil
	if err := os.Rename(from, to); err != nil {
		return unusable(op, to, err)
	}
	c := d.held[sum]
	if c == nil {
		c = &claim{ours: fresh}
		d.held[sum] = c
	}
	c.holders++
	if err := syncDir(d.path); err != nil {
		return errors.Join(unusable(op, d.path, err), d.drop(sum))
	}
	return nil
}

func syncDir(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Keep says that a transaction which names the file has been committed.
func (h *Held) Keep() {
	h.dir.mu.Lock()
	defer h.dir.mu.Unlock()
	h.dir.held[h.Sum].kept = true
}

// Release lets the file go. One that nobody has named, and that was not there
// before, is removed with its last holder.
func (h *Held) Release() error {
	h.dir.mu.Lock()
	defer h.dir.mu.Unlock()
	return h.dir.drop(h.Sum)
}

// drop takes a holder away. The caller holds the lock.
func (d *Dir) drop(sum plantroom.Hash) error {
	c := d.held[sum]
	if c.holders--; c.holders > 0 {
		return nil
	}
	delete(d.held, sum)
	if !c.ours || c.kept {
		return nil
	}
	return os.Remove(d.File(sum))
}
