package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/spool"
)

// The files of the directory: the book, configurations as they came, and the
// wish of somebody on site to go back to the gateway's own file.
const (
	bookName = "book"
	ownName  = "own-file-wanted"
	prefix   = "config-"
)

// maxBook bounds what is read of a book, in bytes.
const maxBook = 64 << 10

// disk is the directory. Each file is replaced whole, or not at all.
type disk struct {
	fs  spool.FS
	dir string
}

func (d disk) path(name string) string { return filepath.Join(d.dir, name) }

func configName(serial uint64) string { return prefix + strconv.FormatUint(serial, 10) }

// book reads the book; an empty one where there never was any. One that cannot
// be read is an error, with a book that keeps the serials of the files there:
// what was judged must not be taken again.
func (d disk) book() (Book, error) {
	raw, err := d.read(bookName, maxBook)
	if errors.Is(err, fs.ErrNotExist) {
		return Book{}, nil
	}
	var b Book
	if err == nil {
		b, err = decodeBook(raw)
	}
	if err == nil {
		return b, nil
	}
	b = Book{}
	names, _ := d.fs.ReadDir(d.dir) // it is looked for what can be had
	for _, name := range names {
		if n, ok := serialOf(name); ok {
			b.Highest = max(b.Highest, n)
		}
	}
	return b, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "read which configuration is at work", Message: d.path(bookName), Err: err,
		Hint: "the gateway's own file is used; send the configuration again"}
}

func serialOf(name string) (uint64, bool) {
	text, ok := strings.CutPrefix(name, prefix)
	n, err := strconv.ParseUint(text, 10, 63)
	return n, ok && err == nil && n > 0
}

// read reads a file of at most limit bytes.
func (d disk) read(name string, limit int64) ([]byte, error) {
	f, err := d.fs.Open(d.path(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "%s has %d bytes: at most %d", name, size, limit)
	}
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return nil, fmt.Errorf("read %s: %w", d.path(name), err)
	}
	return b, nil
}

// write replaces a file durably.
func (d disk) write(name string, b []byte) (err error) {
	fresh := d.path(name + ".new")
	f, err := d.fs.Create(fresh)
	if err != nil {
		return err
	}
	if len(b) > 0 {
		_, err = f.WriteAt(b, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.fs.Rename(fresh, d.path(name)); err != nil {
		return err
	}
	return d.fs.SyncDir(d.dir)
}

func (d disk) save(b Book) error {
	raw, err := b.encode()
	if err != nil {
		return err
	}
	return d.write(bookName, raw)
}

func (d disk) message(serial uint64) ([]byte, error) {
	return d.read(configName(serial), wire.MaxConfigBytes)
}

// tidy removes what no book needs any more. What stays behind costs room and
// nothing else.
func (d disk) tidy(b Book) error {
	names, err := d.fs.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		n, ok := serialOf(strings.TrimSuffix(name, ".new"))
		if ok && (n != b.Proven && n != b.Probation || strings.HasSuffix(name, ".new")) {
			err = errors.Join(err, d.fs.Remove(d.path(name)))
		}
	}
	return err
}

// ownWanted reports whether somebody wants the gateway's own file back.
func (d disk) ownWanted() bool {
	f, err := d.fs.Open(d.path(ownName))
	if err != nil {
		return false
	}
	_ = f.Close() // nothing was written
	return true
}

// WantOwn asks, from another process, for the gateway's own file: it counts
// again at the next start or reload.
func WantOwn(fsys spool.FS, dir string) error {
	if err := (disk{fsys, dir}).write(ownName, nil); err != nil {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "ask for the gateway's own file", Message: dir, Err: err,
			Hint: "run it as the gateway's user, on a gateway that has been started with remote once"}
	}
	return nil
}

// Peek reads which configuration is at work, and changes nothing.
func Peek(fsys spool.FS, dir string) (Book, error) { return disk{fsys, dir}.book() }
