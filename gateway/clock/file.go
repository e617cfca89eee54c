package clock

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"plantroom"
)

// The ledger's file: two copies of 4,096 bytes, of which the newer one that is
// sound counts. They are written in place, one after the other, so that one is
// whole at any time and a full disk does not matter: a spool that cannot be
// sent would stay full. All integers are little-endian.
//
//	magic, version u32, count of runs u32, generation u64, epoch u64, last i64,
//	boot 16 bytes, zero i64, dark 16 bytes, start i64, then runs of 56 bytes:
//	boot 16 bytes, from u64, to u64, guess i64, zero i64, guessed u64;
//	CRC-32C u32 at the end
const (
	fileName = "clock"
	magic    = "plsclck\n"
	version  = 1
	slot     = 4096
	headLen  = 88
	runLen   = 56
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// file is the ledger's file. It is made, with its full size, when it is first
// written.
type file struct {
	path       string
	f          *os.File // nil: not open
	generation uint64
}

// load reads the ledger; known is false where there is none that can be read.
func (w *file) load() (l ledger, known bool, err error) {
	b, err := os.ReadFile(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, false, nil
	}
	if err != nil {
		return l, false, fault("read", w.path, err)
	}
	for ; len(b) >= slot; b = b[slot:] {
		if got, generation, ok := decode(b[:slot]); ok && (!known || generation > w.generation) {
			l, known, w.generation = got, true, generation
		}
	}
	if !known {
		err = plantroom.Errorf(plantroom.CodeInvalid, "%s is damaged: times that wait in the spool for the clock are estimated", w.path)
	}
	return l, known, err
}

// save writes the ledger and returns when it is on disk.
func (w *file) save(l *ledger) error {
	if err := w.open(); err != nil {
		return fault("write", w.path, err)
	}
	w.generation++
	b := encode(l, w.generation)
	for at := int64(0); at < 2*slot; at += slot {
		if _, err := w.f.WriteAt(b, at); err != nil {
			return fault("write", w.path, err)
		}
		if err := w.f.Sync(); err != nil {
			w.close() // what a failed sync has left is not known: the next save writes all of it again
			return fault("sync", w.path, err)
		}
	}
	return nil
}

// open opens the file, or makes it, and sees that its name is on disk.
func (w *file) open() error {
	if w.f != nil {
		return nil
	}
	f, err := os.OpenFile(w.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(w.path)); err != nil {
		_ = f.Close() // nothing was written
		return err
	}
	w.f = f
	return nil
}

func (w *file) close() {
	if w.f != nil {
		_ = w.f.Close() // what was saved is synced
		w.f = nil
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func encode(l *ledger, generation uint64) []byte {
	b := make([]byte, 0, slot)
	u64 := func(v uint64) { b = binary.LittleEndian.AppendUint64(b, v) }
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(l.runs)))
	u64(generation)
	u64(l.epoch)
	u64(uint64(l.last))
	b = append(b, l.boot[:]...)
	u64(uint64(l.zero))
	b = append(b, l.dark[:]...)
	u64(uint64(l.start))
	for i := range l.runs {
		r := &l.runs[i]
		b = append(b, r.boot[:]...)
		u64(r.from)
		u64(r.to)
		u64(uint64(r.guess))
		u64(uint64(r.zero))
		u64(r.guessed)
	}
	b = b[:slot]
	binary.LittleEndian.PutUint32(b[slot-4:], crc32.Checksum(b[:slot-4], castagnoli))
	return b
}

// decode reads one copy; ok is false where it is damaged, of a later version,
// or was never written.
func decode(b []byte) (l ledger, generation uint64, ok bool) {
	if len(b) != slot || string(b[:8]) != magic || binary.LittleEndian.Uint32(b[8:]) != version ||
		crc32.Checksum(b[:slot-4], castagnoli) != binary.LittleEndian.Uint32(b[slot-4:]) {
		return l, 0, false
	}
	n := binary.LittleEndian.Uint32(b[12:])
	if n > maxRuns {
		return l, 0, false
	}
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	when := func(at int) plantroom.Instant { return plantroom.Instant(u64(at)) }
	generation, l.epoch, l.last, l.boot, l.zero = u64(16), u64(24), when(32), BootID(b[40:56]), when(56)
	l.dark, l.start = BootID(b[64:80]), when(80)
	for i := range int(n) {
		at := headLen + i*runLen
		r := run{boot: BootID(b[at : at+16]), from: u64(at + 16), to: u64(at + 24), guess: when(at + 32), zero: when(at + 40), guessed: u64(at + 48)}
		if i > 0 && r.from <= l.runs[i-1].from {
			return ledger{}, 0, false
		}
		l.runs = append(l.runs, r)
	}
	return l, generation, true
}

func fault(do, path string, err error) error {
	return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: do + " the clock's file", Message: path, Err: err,
		Hint: "free the disk or mend it; it is tried again"}
}
