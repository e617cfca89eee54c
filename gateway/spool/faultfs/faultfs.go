// Package faultfs is a file system in memory that fails on demand: it runs
// out of space, breaks a write or a sync, and loses or tears what was not
// synced when the machine stops. It is what the spool's tests stand on.
//
// It models one flat set of directories, and what POSIX promises rather than
// what a given file system does: a name is durable after SyncDir, content and
// size after Sync, and between the two anything may be lost. A failed Sync
// drops the unsynced content from what a later Sync would make durable, while
// reads still see it, as Linux does.
//
// It does not model permissions, links, or concurrent writers of one file.
package faultfs

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"plantroom/gateway/spool"
)

// ErrStopped is the error of every operation once the machine has stopped.
var ErrStopped = errors.New("faultfs: the machine has stopped")

// Op is one operation, as a fault function sees it.
type Op struct {
	N    int    // counts the operations that change something, from 1; 0: a read
	Kind Kind   // what is done
	Name string // the base name of the file or directory
}

// Kind is what an operation does.
type Kind string

// The operations.
const (
	OpMkdir    Kind = "mkdir"
	OpCreate   Kind = "create"
	OpOpen     Kind = "open"
	OpRename   Kind = "rename"
	OpRemove   Kind = "remove"
	OpSyncDir  Kind = "syncdir"
	OpLock     Kind = "lock"
	OpReadDir  Kind = "readdir"
	OpRead     Kind = "read"
	OpWrite    Kind = "write"
	OpTruncate Kind = "truncate"
	OpSync     Kind = "sync"
	OpFree     Kind = "free"
)

// reads are the kinds that change nothing and are not counted.
var reads = []Kind{OpOpen, OpReadDir, OpRead, OpLock, OpFree}

// FS is the file system. The zero value is not usable; see New.
type FS struct {
	mu      sync.Mutex
	live    map[string]*node // what a running process sees
	durable map[string]*node // the names that survive
	locks   map[string]bool
	fault   func(Op) error
	ops     int
	space   int64 // bytes that may still be allocated; negative: no limit
	stopped bool
	last    int // the operation after which the machine stops; 0: none
}

// New returns an empty file system with unlimited space and no faults.
func New() *FS {
	return &FS{live: map[string]*node{}, durable: map[string]*node{}, locks: map[string]bool{}, space: -1}
}

// FromImage returns a file system that holds these files, durably.
func FromImage(image map[string][]byte) *FS {
	f := New()
	for name, b := range image {
		n := &node{data: slices.Clone(b), synced: slices.Clone(b)}
		f.live[name], f.durable[name] = n, n
	}
	return f
}

// Image returns a copy of all files as a running process sees them.
func (f *FS) Image() map[string][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	image := make(map[string][]byte, len(f.live))
	for name, n := range f.live {
		image[name] = slices.Clone(n.data)
	}
	return image
}

// Fail makes fault decide over every operation: an error is what the
// operation returns instead of being done. nil: no faults.
func (f *FS) Fail(fault func(Op) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// SetSpace says how many bytes can still be allocated; negative: no limit.
func (f *FS) SetSpace(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.space = n
}

// Ops returns how many operations that change something were tried.
func (f *FS) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// BadBlock makes every read that touches these bytes of a file fail.
func (f *FS) BadBlock(name string, off, size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.live[name]; n != nil {
		n.bad = append(n.bad, extent{off, off + size})
	}
}

// StopAfter makes the machine stop once n operations that change something
// have been tried: that many are done, and the next one is not.
func (f *FS) StopAfter(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = n
}

// Stopped reports whether the machine has stopped.
func (f *FS) Stopped() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stopped
}

// begin counts an operation and lets the fault function speak. The caller
// holds f.mu.
func (f *FS) begin(kind Kind, name string) error {
	change := !slices.Contains(reads, kind)
	if change && f.last > 0 && f.ops >= f.last {
		f.stopped = true
	}
	if f.stopped {
		return ErrStopped
	}
	op := Op{Kind: kind, Name: filepath.Base(name)}
	if change {
		f.ops++
		op.N = f.ops
	}
	if f.fault != nil {
		if err := f.fault(op); err != nil {
			return &fs.PathError{Op: string(kind), Path: name, Err: err}
		}
	}
	return nil
}

// MkdirAll does nothing: directories are there.
func (f *FS) MkdirAll(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.begin(OpMkdir, dir)
}

// ReadDir lists the files of a directory.
func (f *FS) ReadDir(dir string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(OpReadDir, dir); err != nil {
		return nil, err
	}
	var names []string
	for name := range maps.Keys(f.live) {
		if filepath.Dir(name) == filepath.Clean(dir) {
			names = append(names, filepath.Base(name))
		}
	}
	return names, nil
}

// Create makes a file or empties it.
func (f *FS) Create(name string) (spool.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(OpCreate, name); err != nil {
		return nil, err
	}
	n := f.live[name]
	if n == nil {
		n = &node{}
		f.live[name] = n
	}
	f.resize(n, 0)
	return &file{fs: f, name: name, node: n}, nil
}

// Open opens a file that exists.
func (f *FS) Open(name string) (spool.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(OpOpen, name); err != nil {
		return nil, err
	}
	n := f.live[name]
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{fs: f, name: name, node: n}, nil
}

// Rename gives a file another name.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(OpRename, from); err != nil {
		return err
	}
	n := f.live[from]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if old := f.live[to]; old != nil && old != n && f.space >= 0 {
		f.space += int64(len(old.data))
	}
	f.live[to] = n
	delete(f.live, from)
	return nil
}

// Remove takes a name away and gives its space back.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(OpRemove, name); err != nil {
		return err
	}
	n := f.live[name]
	if n == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if f.space >= 0 {
		f.space += int64(len(n.data))
	}
	delete(f.live, name)
	return nil
}

// Free says how much space is left.
func (f *FS) Free(dir string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(OpFree, dir); err != nil {
		return 0, err
	}
	if f.space < 0 {
		return math.MaxInt64, nil
	}
	return f.space, nil
}

// SyncDir makes the names in a directory durable.
func (f *FS) SyncDir(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(OpSyncDir, dir); err != nil {
		return err
	}
	dir = filepath.Clean(dir)
	maps.DeleteFunc(f.durable, func(name string, _ *node) bool { return filepath.Dir(name) == dir })
	for name, n := range f.live {
		if filepath.Dir(name) == dir {
			f.durable[name] = n
		}
	}
	return nil
}

// Lock takes a lock, or fails with EWOULDBLOCK.
func (f *FS) Lock(name string) (io.Closer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(OpLock, name); err != nil {
		return nil, err
	}
	if f.locks[name] {
		return nil, &fs.PathError{Op: "flock", Path: name, Err: syscall.EWOULDBLOCK}
	}
	f.locks[name] = true
	return unlock(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.locks, name)
	}), nil
}

type unlock func()

func (u unlock) Close() error { u(); return nil }
