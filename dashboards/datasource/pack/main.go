// Command pack checks the folder of a built plugin and makes the zip of it that
// Grafana's command line and its catalogue take. The same files make the same
// bytes: times are SOURCE_DATE_EPOCH's, and owners are left out.
//
//	pack FOLDER            checks only
//	pack FOLDER FILE.zip   checks and writes
//
// It is run in the folder of the sources. It builds nothing.
package main

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"plantroom/dashboards/datasource/review"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return errors.New("usage: pack FOLDER [FILE.zip]")
	}
	findings := review.Built(args[0], ".")
	for _, f := range findings {
		fmt.Fprintln(os.Stderr, f)
	}
	if len(findings) > 0 {
		return fmt.Errorf("%d things are wrong with %s: build front end and backend again from what is there", len(findings), args[0])
	}
	if len(args) == 1 {
		return nil
	}
	return pack(args[0], args[1], moment(os.Getenv("SOURCE_DATE_EPOCH")))
}

// moment is what the files are dated with, 1980 where nothing is said: a zip
// knows no earlier time.
func moment(epoch string) time.Time {
	if n, err := strconv.ParseInt(epoch, 10, 64); err == nil && n > 0 {
		return time.Unix(n, 0).UTC()
	}
	return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
}

// pack writes the files below a folder that is called as the plugin is.
func pack(folder, file string, at time.Time) (err error) {
	text, err := os.ReadFile(filepath.Join(folder, "plugin.json"))
	if err != nil {
		return err
	}
	var p struct{ ID string }
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	z := zip.NewWriter(out)
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error { // in the order of names
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return add(z, path, p.ID+"/"+filepath.ToSlash(name), at)
	})
	return errors.Join(err, z.Close())
}

func add(z *zip.Writer, path, name string, at time.Time) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at}
	h.SetMode(0o644)
	if info.Mode().Perm()&0o111 != 0 {
		h.SetMode(0o755)
	}
	w, err := z.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	return err
}
