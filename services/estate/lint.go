package estate

import (
	"crypto/sha256"
	"fmt"
	"os"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/roster"
)

// File is an estate file that was read without faults, with the places of what
// stands in it.
type File struct {
	Estate plantroom.Estate
	Sum    plantroom.Hash // SHA-256 of its text
	doc    *yamldoc.Doc
}

// Read reads and checks the file at path, as Load does.
func Read(path string, known Known) (*File, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the estate file: %w", err)
	}
	return ReadText(path, src, known)
}

// ReadText is Read of a text that is at hand; name is what its faults call it.
func ReadText(name string, src []byte, known Known) (*File, error) {
	f, err := read(name, src, known)
	if f != nil {
		f.Sum = sha256.Sum256(src)
	}
	return f, err
}

// Lint looks ahead from now for what is wrong with rosters and ladders. What
// should not be put in force is in refused, the rest in warnings, both in the
// order of the file.
func (f *File) Lint(now plantroom.Instant) (refused, warnings yamldoc.Faults) {
	zone, err := time.LoadLocation(f.Estate.Zone)
	if err != nil {
		return nil, nil // Read has found it
	}
	for _, n := range roster.Lint(&f.Estate, zone, now) {
		fault := f.doc.Fault(n.Path, n.Problem, n.Remedy)
		if n.Error {
			refused = append(refused, fault)
		} else {
			warnings = append(warnings, fault)
		}
	}
	_, _ = refused.Err(), warnings.Err() // puts them in the order of the file
	return refused, warnings
}
