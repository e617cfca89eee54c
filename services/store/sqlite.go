package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"plantroom"
)

var _ plantroom.Store = (*SQLite)(nil)

// SQLite is a plantroom.Store in one SQLite file. It is safe for concurrent
// use: one Update runs at a time, Views run beside it. It starts no goroutine.
type SQLite struct {
	path    string
	writeDB *sql.DB
	readDB  *sql.DB
	writer  writer
	reader  chan *conn // holds the idle ones

	closing sync.Once
	closed  chan struct{}
}

// View runs f on a consistent snapshot: the state as of f's first read. A
// writing method fails there with CodeInternal. The context also ends a query
// that takes too long.
func (s *SQLite) View(ctx context.Context, f func(plantroom.Tx) error) error {
	const op = "read from the store"
	c, err := s.acquire(ctx, op)
	if err != nil {
		return err
	}
	defer func() { s.reader <- c }()
	if err := c.run("BEGIN"); err != nil {
		return failure(op, err)
	}
	t := &tx{ctx: ctx, c: c}
	defer t.end()
	return f(t)
}

const opWrite = "write to the store"

// Update runs f in one transaction, after all Updates before it, and commits
// durably if f returns nil: it returns after the sync. Updates that wait for
// each other share a commit; f must not wait for another Update to return, nor
// be called from within one. When ctx ends before f has returned nothing is kept.
func (s *SQLite) Update(ctx context.Context, f func(plantroom.Tx) error) error {
	if err := s.open(ctx, opWrite); err != nil {
		return err
	}
	if !s.writer.enter(ctx, s.closed) {
		if err := ctx.Err(); err != nil {
			return failure(opWrite, err)
		}
		return errClosed(opWrite)
	}
	g, err := s.part(ctx, f)
	if err != nil {
		return err
	}
	<-g.done
	return g.err
}

// part runs f as a part of the group under way, or as the first one of a new
// group, and ends one's turn.
func (s *SQLite) part(ctx context.Context, f func(plantroom.Tx) error) (_ *group, err error) {
	w := &s.writer
	defer w.leave()
	if err := ctx.Err(); err != nil {
		return nil, failure(opWrite, err)
	}
	undo, err := w.begin()
	if err != nil {
		return nil, failure(opWrite, err)
	}
	// Statements do not watch ctx: a transaction is short, and one that is
	// interrupted halfway through a statement would have to be thrown away.
	t := &tx{ctx: context.Background(), c: w.conn, write: true}
	kept := false
	defer func() { // also when f panics
		if t.ended = true; !kept {
			w.abandon(undo, t.broken)
		}
	}()
	if err := f(t); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, failure(opWrite, err)
	}
	if t.broken != nil {
		return nil, t.broken
	}
	g, err := w.keep()
	if err != nil {
		return nil, failure(opWrite, err)
	}
	kept = true
	return g, nil
}

// open reports why there is nothing to wait for, nil where there is.
func (s *SQLite) open(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return failure(op, err)
	}
	select {
	case <-s.closed:
		return errClosed(op)
	default:
		return nil
	}
}

// acquire takes a reading connection, in the order of asking.
func (s *SQLite) acquire(ctx context.Context, op string) (*conn, error) {
	if err := s.open(ctx, op); err != nil {
		return nil, err
	}
	select {
	case c := <-s.reader:
		return c, nil
	case <-ctx.Done():
		return nil, failure(op, ctx.Err())
	case <-s.closed:
		return nil, errClosed(op)
	}
}

func errClosed(op string) error {
	return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: "the store is closed"}
}

// Close waits for what runs, refuses what comes after, and closes the file.
// It must not be called from within a View or an Update.
func (s *SQLite) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.closed)
		for range cap(s.reader) {
			err = errors.Join(err, (<-s.reader).close())
		}
		s.writer.close()
		err = errors.Join(err, s.release())
	})
	return failure("close store", err)
}

// release closes whatever nobody uses: all of a half-built store, and the
// databases of a closed one. The writing side goes last, so that it is the
// one that checkpoints.
func (s *SQLite) release() error {
	err := closeIdle(s.reader)
	if s.writer.conn != nil {
		err = errors.Join(err, s.writer.conn.close())
	}
	for _, db := range []*sql.DB{s.readDB, s.writeDB} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

func closeIdle(pool chan *conn) error {
	var err error
	for {
		select {
		case c := <-pool:
			err = errors.Join(err, c.close())
		default:
			return err
		}
	}
}
