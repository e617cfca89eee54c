package faultfs

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"
)

// node is a file's content.
type node struct {
	data    []byte   // what reads see
	synced  []byte   // what survives for sure
	pending []change // since the last sync, in order
	bad     []extent // cannot be read
}

// extent is a run of bytes; end is the first one after it.
type extent struct{ off, end int64 }

// change is a write, or a truncation where data is nil.
type change struct {
	off  int64
	data []byte
}

// apply does the change to b.
func (c change) apply(b []byte) []byte {
	if c.data == nil {
		return resized(b, c.off)
	}
	if end := c.off + int64(len(c.data)); end > int64(len(b)) {
		b = resized(b, end)
	}
	copy(b[c.off:], c.data)
	return b
}

func resized(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size]
	}
	return append(slices.Clone(b), make([]byte, size-int64(len(b)))...)
}

// resize truncates or extends a file. The caller holds f.mu.
func (f *FS) resize(n *node, size int64) {
	if f.space >= 0 {
		f.space += int64(len(n.data)) - size
	}
	c := change{off: size}
	n.data = c.apply(n.data)
	n.pending = append(n.pending, c)
}

// file is an open file.
type file struct {
	fs     *FS
	name   string
	node   *node
	closed bool
}

func (f *file) begin(kind Kind) error {
	if f.closed {
		return &fs.PathError{Op: string(kind), Path: f.name, Err: fs.ErrClosed}
	}
	return f.fs.begin(kind, f.name)
}

// ReadAt reads what the process has written, synced or not.
func (f *file) ReadAt(b []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.begin(OpRead); err != nil {
		return 0, err
	}
	for _, x := range f.node.bad {
		if off < x.end && x.off < off+int64(len(b)) {
			return 0, &fs.PathError{Op: "read", Path: f.name, Err: syscall.EIO}
		}
	}
	if off >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.node.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes, as far as there is space.
func (f *file) WriteAt(b []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.begin(OpWrite); err != nil {
		return 0, err
	}
	var full error
	if grow := off + int64(len(b)) - int64(len(f.node.data)); grow > 0 && f.fs.space >= 0 {
		if grow > f.fs.space {
			b = b[:max(0, int64(len(b))-(grow-f.fs.space))]
			grow = f.fs.space
			full = &fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
		}
		f.fs.space -= grow
	}
	if len(b) > 0 {
		c := change{off, slices.Clone(b)}
		f.node.data = c.apply(f.node.data)
		f.node.pending = append(f.node.pending, c)
	}
	return len(b), full
}

// Truncate sets the size.
func (f *file) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.begin(OpTruncate); err != nil {
		return err
	}
	f.fs.resize(f.node, size)
	return nil
}

// Sync makes the content durable. A fault makes it forget the changes
// instead: reads go on seeing them, and no later Sync makes them durable.
func (f *file) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.begin(OpSync); err != nil {
		if !errors.Is(err, ErrStopped) {
			f.node.pending = nil
		}
		return err
	}
	for _, c := range f.node.pending {
		f.node.synced = c.apply(f.node.synced)
	}
	f.node.pending = nil
	return nil
}

// Size returns the size that the process sees.
func (f *file) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.begin(OpRead); err != nil {
		return 0, err
	}
	return int64(len(f.node.data)), nil
}

// Close closes the handle; it makes nothing durable.
func (f *file) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.closed {
		return fs.ErrClosed
	}
	f.closed = true
	return nil
}
