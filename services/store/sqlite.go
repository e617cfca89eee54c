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
// use: one Update runs at a time, Views run beside it.
type SQLite struct {
	path    string
	writeDB *sql.DB
	readDB  *sql.DB
	writer  chan *conn // holds the one writing connection while nobody uses it
	reader  chan *conn // holds the idle reading connections

	closing sync.Once
	closed  chan struct{}
}

// View runs f on a consistent snapshot: the state as of f's first read. A
// writing method fails there with CodeInternal. The context also ends a query
// that takes too long.
func (s *SQLite) View(ctx context.Context, f func(plantroom.Tx) error) error {
	const op = "read from the store"
	c, err := s.acquire(ctx, op, s.reader)
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

// Update runs f in one transaction, after all Updates before it, and commits
// durably if f returns nil. It must not be called from within f. When ctx ends
// before the commit nothing is kept.
func (s *SQLite) Update(ctx context.Context, f func(plantroom.Tx) error) error {
	const op = "write to the store"
	c, err := s.acquire(ctx, op, s.writer)
	if err != nil {
		return err
	}
	defer func() { s.writer <- c }()
	if err := c.run("BEGIN IMMEDIATE"); err != nil {
		return failure(op, err)
	}
	// Statements do not watch ctx: a transaction is short, and one that is
	// interrupted halfway through a statement would have to be thrown away.
	t := &tx{ctx: context.Background(), c: c, write: true}
	defer t.end()
	if err := f(t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return failure(op, err)
	}
	return t.commit(op)
}

// acquire takes a connection out of a pool, in the order of asking.
func (s *SQLite) acquire(ctx context.Context, op string, pool chan *conn) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, failure(op, err)
	}
	select {
	case <-s.closed:
		return nil, errClosed(op)
	default:
	}
	select {
	case c := <-pool:
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
		for _, pool := range []chan *conn{s.reader, s.writer} {
			for range cap(pool) {
				err = errors.Join(err, (<-pool).close())
			}
		}
		err = errors.Join(err, s.release())
	})
	return failure("close store", err)
}

// release closes whatever nobody uses: all of a half-built store, and the
// databases of a closed one. The writing side goes last, so that it is the
// one that checkpoints.
func (s *SQLite) release() error {
	err := errors.Join(closeIdle(s.reader), closeIdle(s.writer))
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
