package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"plantroom"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

// Oldest SQLite that we trust: 3.51.3 repairs a WAL reset race that could
// corrupt a database with several connections.
var oldestSQLite = [3]int{3, 51, 3}

// readers is the number of read-only connections: views run beside the writer
// and beside each other up to this many.
const readers = 4

// Open opens the database at path, creates it where there is none, and brings
// its schema up to date. It fails with CodeInvalid for a file that is not
// ours or that a newer Plantroom has written (which is left as it was), and
// with CodeUnavailable where the file or its directory cannot be used.
func Open(ctx context.Context, path string) (_ *SQLite, err error) {
	const op = "open store"
	if err := checkDirectory(op, path); err != nil {
		return nil, err
	}
	s := &SQLite{
		path:   path,
		writer: writer{age: groupAge},
		reader: make(chan *conn, readers),
		closed: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
		}
	}()
	// What a part of a group would take back is kept in memory, not in a file.
	if s.writeDB, err = openPool(path, "_txlock=immediate&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-16000)", 1); err != nil {
		return nil, failure(op, err)
	}
	if err := prepareFile(ctx, op, path, s.writeDB); err != nil {
		return nil, err
	}
	if s.readDB, err = openPool(path, "mode=ro&_pragma=query_only(ON)&_pragma=cache_size(-4000)", readers); err != nil {
		return nil, failure(op, err)
	}
	if s.writer.conn, err = connect(ctx, s.writeDB); err != nil {
		return nil, failure(op, err)
	}
	for range readers {
		c, err := connect(ctx, s.readDB)
		if err != nil {
			return nil, failure(op, err)
		}
		s.reader <- c
	}
	return s, nil
}

// checkDirectory tells the commonest mistake from SQLite's "unable to open".
func checkDirectory(op, path string) error {
	dir := filepath.Dir(path)
	st, err := os.Stat(dir)
	if err == nil && st.IsDir() {
		return nil
	}
	return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: "directory " + dir + " is not there",
		Hint: "create it, or name another file for the database", Err: err}
}

// openPool opens a pool of n connections with the pragmas that all of them need.
func openPool(path, more string, n int) (*sql.DB, error) {
	name := (&url.URL{Path: path}).EscapedPath()
	dsn := "file:" + name + "?_pragma=busy_timeout(5000)&_pragma=foreign_keys(ON)&" + more
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// prepareFile proves that the file is ours, makes it a WAL database and
// brings its schema up to date.
func prepareFile(ctx context.Context, op, path string, db *sql.DB) error {
	if err := checkVersion(ctx, op, db); err != nil {
		return err
	}
	if err := checkOwner(ctx, op, path, db); err != nil {
		return err
	}
	if err := migrate(ctx, op, path, db); err != nil {
		return err
	}
	return checkDurability(ctx, op, db)
}

func checkVersion(ctx context.Context, op string, db *sql.DB) error {
	var v string
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&v); err != nil {
		return failure(op, err)
	}
	if !atLeast(v, oldestSQLite) {
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: "SQLite " + v + " is older than 3.51.3",
			Hint: "build with the pinned modernc.org/sqlite"}
	}
	return nil
}

// atLeast compares a dotted version with three numbers.
func atLeast(version string, least [3]int) bool {
	parts := strings.SplitN(version, ".", 3)
	for i, want := range least {
		got := 0
		if i < len(parts) {
			n, err := strconv.Atoi(parts[i])
			if err != nil {
				return false
			}
			got = n
		}
		if got != want {
			return got > want
		}
	}
	return true
}

// applicationID stands in the header of every file of ours; see the first migration.
const applicationID = 1347179085

func checkOwner(ctx context.Context, op, path string, db *sql.DB) error {
	var tables, id int64
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return failure(op, err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return failure(op, err)
	}
	if tables > 0 && id != applicationID {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: path + " is another program's database",
			Hint: "name another file"}
	}
	return nil
}

// checkDurability makes sure that what the guarantees rest on is in force,
// rather than trusting that a pragma was understood.
func checkDurability(ctx context.Context, op string, db *sql.DB) error {
	for _, p := range []struct{ pragma, want string }{
		{"journal_mode", "wal"}, {"synchronous", "2"}, {"foreign_keys", "1"}, {"busy_timeout", "5000"},
	} {
		var got string
		if err := db.QueryRowContext(ctx, "PRAGMA "+p.pragma).Scan(&got); err != nil {
			return failure(op, err)
		}
		if got != p.want {
			return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op,
				Message: "SQLite runs with " + p.pragma + "=" + got + " instead of " + p.want,
				Hint:    "put the database on a local file system that supports shared memory"}
		}
	}
	return nil
}

// connect takes a connection of a database for good.
func connect(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{sql: c, stmts: make(map[string]*sql.Stmt)}, nil
}
