package reflex

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"plantroom"
)

// Store keeps the state. Save returns once it would survive a loss of power.
type Store interface {
	Load() ([]byte, error) // nil where nothing was kept
	Save([]byte) error
}

// File keeps the state in a file of this name, whole: the one from before or
// the new one.
type File string

// maxFile bounds what is read, in bytes: 64 outputs, 128 reflexes and a full
// outbox take less than 1 MiB.
const maxFile = 8 << 20

// Load reads the file.
func (f File) Load() ([]byte, error) {
	info, err := os.Stat(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Size() > maxFile {
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "%s has %d bytes: it is none of ours", f, info.Size())
	}
	return os.ReadFile(string(f))
}

// Save replaces the file.
func (f File) Save(b []byte) error {
	part := string(f) + ".part"
	out, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	if err == nil {
		err = out.Sync()
	}
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(part, string(f))
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(string(f)))
}

// syncDir makes the renaming durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closed := d.Close(); err == nil {
		err = closed
	}
	return err
}

// aside keeps a state that cannot be read, for whoever wants to know.
func (f File) aside() error { return os.Rename(string(f), string(f)+".damaged") }
