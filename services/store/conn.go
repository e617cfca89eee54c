package store

import (
	"context"
	"database/sql"
	"errors"
)

// maxStatements is how many are kept prepared on one connection. All that the
// program has of its own are less than half of it; listings add one for each set of filters.
const maxStatements = 200

// conn is one SQLite connection with its prepared statements. One goroutine
// uses it at a time.
type conn struct {
	sql   *sql.Conn
	stmts map[string]*sql.Stmt // by text
}

// prepare returns the statement for a text, prepared once per connection. It
// holds until the next call; where too many are kept, another one goes.
func (c *conn) prepare(query string) (*sql.Stmt, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	st, err := c.sql.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	for text, other := range c.stmts {
		if len(c.stmts) < maxStatements {
			break
		}
		delete(c.stmts, text)
		_ = other.Close() // nobody uses it: rows are read to the end before the next statement
	}
	c.stmts[query] = st
	return st, nil
}

// run executes a statement without arguments or rows, as BEGIN and COMMIT.
func (c *conn) run(query string) error {
	st, err := c.prepare(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(context.Background())
	return err
}

func (c *conn) close() error {
	var err error
	for _, st := range c.stmts {
		err = errors.Join(err, st.Close())
	}
	return errors.Join(err, c.sql.Close())
}
