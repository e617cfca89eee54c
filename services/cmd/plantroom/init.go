package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed start/*.yaml
var start embed.FS

// starters are the files that initialise writes.
var starters = []string{"plantroom.yaml", "estate.yaml"}

// initialise writes the files to start from: all of them, or none where one is
// there already.
func initialise(dir string, out io.Writer) error {
	for _, name := range starters {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return usageError{fmt.Errorf("%s is there already; choose an empty directory", path)}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory: %w", err)
	}
	for _, name := range starters {
		b, err := start.ReadFile("start/" + name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		if err := writeNew(path, b); err != nil {
			return err
		}
		fmt.Fprintln(out, "wrote", path)
	}
	fmt.Fprintf(out, "next: plantroom check %s\n", filepath.Join(dir, "plantroom.yaml"))
	return nil
}

// writeNew never overwrites a file, and leaves no half of one.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) { // it has come since we looked
		return usageError{fmt.Errorf("%s is there already; choose an empty directory", path)}
	}
	if err != nil {
		return fmt.Errorf("write the file to start from: %w", err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the file to start from: %w", err), os.Remove(path))
	}
	return nil
}
