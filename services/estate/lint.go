package estate

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
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

// Lint looks ahead from now for what is wrong with rosters and ladders, with
// windows that are on different calendars, and for what no contract covers. What
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
	warnings = append(warnings, f.lintWindows(zone, now)...)
	warnings = append(warnings, f.uncovered(now)...)
	_, _ = refused.Err(), warnings.Err() // puts them in the order of the file
	return refused, warnings
}

// uncovered finds assets whose orders nobody would be given: no contract covers
// them now or at the end of the look ahead. One fault for each domain.
func (f *File) uncovered(now plantroom.Instant) yamldoc.Faults {
	var out yamldoc.Faults
	count, first := map[plantroom.DomainName]int{}, map[plantroom.DomainName]plantroom.AssetID{}
	var order []plantroom.DomainName
	for _, a := range f.Estate.Assets {
		if slices.ContainsFunc(f.Estate.Contracts, func(k plantroom.Contract) bool { return k.Covers(a, now) || k.Covers(a, now.Add(roster.Horizon)) }) {
			continue
		}
		if count[a.Domain] == 0 {
			first[a.Domain] = a.ID
			order = append(order, a.Domain)
		}
		count[a.Domain]++
	}
	for _, d := range order {
		out = append(out, f.doc.Fault("/contracts", fmt.Sprintf("no contract in force covers the %s, %d of them, as %s: their orders are given to nobody, and the managers are called", d, count[d], first[d]),
			fmt.Sprintf("add the domain %s, or their buildings, to a contract, unless the managers see to them", d)))
	}
	return out
}
