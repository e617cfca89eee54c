package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"plantroom"
)

// Backup writes a consistent copy of the database to file, beside whatever
// else runs, and returns when the copy is on disk under its name. It fails
// with CodeConflict where the file exists. Nothing of that name appears
// unless the copy is whole; a crash may leave file.partial, which the next
// Backup removes.
func (s *SQLite) Backup(ctx context.Context, file string) error {
	op := "back up the store to " + file
	if _, err := os.Lstat(file); err == nil {
		return &plantroom.Error{Code: plantroom.CodeConflict, Op: op, Message: "the file exists", Hint: "name another one, or remove it"}
	}
	select {
	case <-s.closed:
		return errClosed(op)
	default:
	}
	partial := file + ".partial"
	if err := os.Remove(partial); err != nil && !errors.Is(err, os.ErrNotExist) {
		return unusable(op, err)
	}
	if err := s.copyInto(ctx, partial); err != nil {
		return errors.Join(failure(op, err), removeIfThere(partial))
	}
	if err := publish(partial, file); err != nil {
		return errors.Join(unusable(op, err), removeIfThere(partial))
	}
	return nil
}

// copyInto copies the database over a connection of its own, because
// query_only, which the readers have, forbids it.
func (s *SQLite) copyInto(ctx context.Context, file string) error {
	db, err := openPool(s.path, "mode=ro", 1)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", file)
	return errors.Join(err, db.Close())
}

func removeIfThere(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// publish makes a finished copy durable and gives it its name, without
// replacing anything. Nobody has the copy open as a database, so opening it
// here harms no lock.
func publish(partial, file string) error {
	if err := syncPath(partial); err != nil {
		return err
	}
	if err := os.Link(partial, file); err != nil {
		return err
	}
	if err := os.Remove(partial); err != nil {
		return err
	}
	return syncPath(filepath.Dir(file))
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func unusable(op string, err error) error {
	return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: "the target cannot be written",
		Hint: "check its directory, permissions and free space", Err: err}
}
