package spool

import "io"

// FS is the little of a file system that a spool needs. Nil in Options means
// the real one; package faultfs has one that fails on demand.
type FS interface {
	// MkdirAll makes a directory and its parents durable.
	MkdirAll(dir string) error
	// ReadDir lists the names of the files in dir, in no given order.
	ReadDir(dir string) ([]string, error)
	// Create makes an empty file for reading and writing, over any old one.
	Create(name string) (File, error)
	// Open opens an existing file for reading and writing.
	Open(name string) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes earlier creations, renames and removals in dir durable.
	SyncDir(dir string) error
	// Free says how many bytes of dir's file system this user may still take.
	// An error means that it is not known.
	Free(dir string) (int64, error)
	// Lock takes the file as a lock without waiting; closing gives it back.
	// The lock goes with the process.
	Lock(name string) (io.Closer, error)
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	// Sync makes the content and the size durable, as fdatasync does.
	Sync() error
	Size() (int64, error)
}
