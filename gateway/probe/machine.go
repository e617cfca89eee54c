package probe

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"plantroom/gateway/sensor/gpioline"
)

// Machine is what a probe looks at. Everything goes through it.
type Machine struct {
	Sys   fs.FS // the root of /sys
	Dev   fs.FS // the root of /dev, for the names in it; nothing is opened through it
	Chips func() ([]gpioline.Chip, error)
	Wire  func(bus string) (Wire, error) // i2c-1
	May   func(dev string) error         // whether this user may open a device of /dev for reading and writing
	User  string                         // in what is to be done; "": the gateway's user
}

// Wire is an I²C bus, for reading alone.
type Wire interface {
	// Read reads one byte of an address. ErrSilent is that nobody answers.
	Read(addr uint16) (byte, error)
	Close() error
}

// This is this machine.
func This() Machine {
	return Machine{Sys: os.DirFS("/sys"), Dev: os.DirFS("/dev"), Chips: gpioline.Chips, Wire: openWire, May: may}
}

// glob lists what is in a file system, in order of the numbers in the names.
func glob(f fs.FS, pattern string) []string {
	names, _ := fs.Glob(f, pattern) // only a bad pattern is an error
	slices.SortFunc(names, byNumber)
	return names
}

// byNumber has i2c-2 before i2c-10.
func byNumber(a, b string) int {
	if len(a) != len(b) && strings.TrimRight(a, "0123456789") == strings.TrimRight(b, "0123456789") {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// maxWord is how much is read of one of the kernel's small files.
const maxWord = 4096

// word reads one of the kernel's small files; "" where it cannot be read.
func (m *Machine) word(name string) string {
	f, err := m.Sys.Open(name)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // it was only read
	b := make([]byte, maxWord)
	n, _ := f.Read(b)
	return strings.TrimSpace(strings.ToValidUTF8(string(b[:n]), "?"))
}

// points tells where a link of /sys or /dev leads, by its last part.
func points(f fs.FS, name string) string {
	to, err := fs.ReadLink(f, name)
	if err != nil {
		return ""
	}
	return path.Base(to)
}
