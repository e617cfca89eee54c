package sensor

import (
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"plantroom"
)

// total is what a counter knows, as it stands in its file.
type total struct {
	Signal   string  `json:"signal"`
	PerPulse float64 `json:"per_pulse"` // what one of Pulses is
	Start    float64 `json:"start"`     // as the gateway's file had it
	Base     float64 `json:"base"`      // before the first of Pulses
	Pulses   uint64  `json:"pulses"`
	Clean    bool    `json:"clean"` // nothing was counted after this was written
	Sum      uint32  `json:"sum,omitempty"`
}

// value is the total in the signal's unit, to a millionth.
func (t *total) value() float64 { return round(t.Base+float64(t.Pulses)*t.PerPulse, 1e6) }

// begin is how a total goes on that was read from a file.
type begin int

const (
	goesOn  begin = iota
	unclean       // up to a heartbeat's pulses may be missing
	anew          // it has begun again at start
)

// follow makes the total that goes on from an earlier one, nil where there is
// none. Another per_pulse counts from now on; another signal, or another
// start, begins anew.
func (t *total) follow(was *total) begin {
	if was == nil || was.Signal != t.Signal || was.Start != t.Start {
		t.Base = t.Start
		return anew
	}
	t.Base, t.Pulses = was.Base, was.Pulses
	if was.PerPulse != t.PerPulse {
		t.Base, t.Pulses = was.value(), 0
	}
	if !was.Clean {
		return unclean
	}
	return goesOn
}

// checksum is over the total as JSON without its sum.
func (t total) checksum() (uint32, error) {
	t.Sum = 0
	b, err := json.Marshal(t)
	return crc32.ChecksumIEEE(b), err
}

// maxTotalFile bounds what is read of a file: it has some 150 bytes.
const maxTotalFile = 4096

// errDamaged is a file whose checksum is wrong, or that is none of ours.
var errDamaged = errors.New("the file is damaged")

// readTotal reads a file; nil and no error where there is none.
func readTotal(file string) (*total, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxTotalFile))
	if err != nil {
		return nil, err
	}
	return parseTotal(b)
}

func parseTotal(b []byte) (*total, error) {
	var t total
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, errDamaged
	}
	if sum, err := t.checksum(); err != nil || sum != t.Sum || t.Sum == 0 {
		return nil, errDamaged
	}
	return &t, nil
}

// writeTotal replaces a file, so that a power cut leaves the old one or the new
// one. It makes the directory where that is missing.
func writeTotal(file string, t total) error {
	var err error
	if t.Sum, err = t.checksum(); err != nil {
		return err
	}
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if err := writeSynced(file+".new", append(b, '\n')); err != nil {
		return err
	}
	if err := os.Rename(file+".new", file); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func writeSynced(file string, b []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// totalFault is an error of a counter's file for people.
func totalFault(file string, err error) error {
	return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "keep a counter's total", Message: file, Err: err,
		Hint: "the gateway's user has to be able to write the spool's directory"}
}
