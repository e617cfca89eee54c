package history

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"plantroom"
)

// A file of a Table: a line that names it, the version of its form, frames (kind,
// length as four bytes, rows behind each other), an empty frame, and the SHA-256 of
// all that. What counts of the orders whose clocks run is not in it: they are read
// from the store again.
const (
	fileLine    = "plantroom history\n"
	fileVersion = 1
	frameSize   = 256 << 10 // after which a frame ends
	maxFrame    = 1 << 20
)

// The kinds of frames, in the order in which they are written: rows name what
// stands before them.
const (
	frameEnd byte = iota
	frameHead
	frameAssets
	frameBuildings
	frameDomains
	frameRules
	frameCauses
	frameContractors
	frameOrders
	frameLate
	frameDeclined
	frameIncidents
	frameOdd
	frameClaims
)

// Position is the row of the ledger up to which a Table has followed the store.
// Zero: nothing.
type Position struct {
	Seq  int64
	Hash plantroom.Hash
}

// Write writes a Table and its position. Nothing may be put into it meanwhile.
func Write(out io.Writer, t *Table, at Position) error {
	sum := sha256.New()
	f := &frames{out: bufio.NewWriterSize(io.MultiWriter(out, sum), 1<<20)}
	f.out.WriteString(fileLine)
	_ = binary.Write(f.out, binary.LittleEndian, uint32(fileVersion)) // a bufio.Writer keeps its first error for Flush
	c := f.row(frameHead)
	began := t.began
	c.i64(&at.Seq)
	c.bytes(at.Hash[:])
	c.instant(&began)
	writeNames(f, frameAssets, &t.assets)
	writeNames(f, frameBuildings, &t.buildings)
	writeNames(f, frameDomains, &t.domains)
	writeNames(f, frameRules, &t.rules)
	writeNames(f, frameCauses, &t.causes)
	writeNames(f, frameContractors, &t.contractors)
	f.orders(t)
	f.episodes(t)
	f.flush()
	f.out.Write([]byte{frameEnd, 0, 0, 0, 0})
	if err := f.out.Flush(); err != nil {
		return err
	}
	_, err := out.Write(sum.Sum(nil))
	return err
}

// frames gathers rows of a kind into frames.
type frames struct {
	out  *bufio.Writer
	kind byte
	c    coder
}

// row makes room for a row of a kind.
func (f *frames) row(kind byte) *coder {
	if kind != f.kind || len(f.c.b) >= frameSize {
		f.flush()
		f.kind = kind
	}
	return &f.c
}

func (f *frames) flush() {
	if len(f.c.b) == 0 {
		return
	}
	f.out.WriteByte(f.kind)
	_ = binary.Write(f.out, binary.LittleEndian, uint32(len(f.c.b)))
	f.out.Write(f.c.b)
	f.c.b = f.c.b[:0]
}

func writeNames[T ~string](f *frames, kind byte, n *names[T]) {
	for _, id := range n.list[1:] {
		text := string(id)
		f.row(kind).text(&text)
	}
}

func (f *frames) orders(t *Table) {
	for k, c := range t.orders {
		for i := uint32(0); c != nil && i < chunkRows; i++ {
			if n, r := uint32(k)*chunkRows+i, c.row(i); r.state != 0 {
				w := f.row(frameOrders)
				w.u32(&n)
				r.code(w)
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(t.late)) {
		w, s := f.row(frameLate), t.late[n]
		w.u32(&n)
		w.instant(&s.From)
		w.instant(&s.To)
	}
	for _, n := range slices.Sorted(maps.Keys(t.declined)) {
		for _, k := range t.declined[n] {
			w := f.row(frameDeclined)
			w.u32(&n)
			w.u32(&k)
		}
	}
}

func (f *frames) episodes(t *Table) {
	for k, c := range t.incidents {
		for i := range t.filled(k) {
			r := c.row(i)
			r.code(f.row(frameIncidents))
		}
	}
	for _, row := range slices.Sorted(maps.Keys(t.odd)) {
		w, id := f.row(frameOdd), string(t.odd[row])
		w.u32(&row)
		w.text(&id)
	}
	keys := slices.SortedFunc(maps.Keys(t.claims), func(x, y incidentKey) int { return bytes.Compare(x[:], y[:]) })
	for _, key := range keys {
		w, n := f.row(frameClaims), t.claims[key]
		w.bytes(key[:])
		w.u32(&n)
	}
}

// Save writes a file that is either there whole or not at all.
func Save(path string, t *Table, at Position) (err error) {
	const op = "write the history's file"
	// One name for all: what a process that was killed has left is written over.
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: path, Hint: "see that the data directory is writable; the file is a cache, and the next start only takes longer without it", Err: err}
	}
	defer func() {
		if err != nil {
			err = &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: path, Hint: "see that the disk has space; the file is a cache, and the next start only takes longer without it",
				Err: errors.Join(err, f.Close(), os.Remove(f.Name()))}
		}
	}()
	if err := Write(f, t, at); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // without it the old file may come back after a crash, which is as good
		_ = dir.Close()
	}
	return f.Close()
}
