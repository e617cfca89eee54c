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

// initialise writes the files to start from and never overwrites one.
func initialise(dir string, out io.Writer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory: %w", err)
	}
	for _, name := range []string{"plantroom.yaml", "estate.yaml"} {
		b, err := start.ReadFile("start/" + name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			return usageError{fmt.Errorf("%s is there already; choose an empty directory", path)}
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		if _, err = f.Write(b); err == nil {
			err = f.Close()
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		fmt.Fprintln(out, "wrote", path)
	}
	fmt.Fprintf(out, "next: plantroom check %s\n", filepath.Join(dir, "plantroom.yaml"))
	return nil
}
