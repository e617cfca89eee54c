package demo

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"plantroom"
)

// emptied removes what an earlier demonstration has left, and nothing else: a
// directory that does not look like one of ours is not touched.
func emptied(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "site-password")); err != nil {
		return plantroom.Errorf(plantroom.CodeInvalid, "%s is not empty and not from a demonstration: choose another --dir", dir)
	}
	return os.RemoveAll(dir)
}

// newSecret makes a random password in a file that only we can read.
func newSecret(path string) (string, error) {
	text := rand.Text()
	return text, os.WriteFile(path, []byte(text+"\n"), 0o600)
}
