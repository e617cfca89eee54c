package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"plantroom"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies the migrations that the file does not have yet. Each runs in
// a transaction of its own, so a crash between two leaves a usable file. A
// file from a newer program is refused before anything is written to it.
func migrate(ctx context.Context, op, path string, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return failure(op, err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return failure(op, err)
	}
	if err := refuseNewer(ctx, op, path, db, p); err != nil {
		return err
	}
	var mode string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode); err != nil {
		return failure(op, err)
	}
	if _, err := p.Up(ctx); err != nil {
		return failure(op, fmt.Errorf("bring the schema of %s up to date: %w", path, err))
	}
	return nil
}

func refuseNewer(ctx context.Context, op, path string, db *sql.DB, p *goose.Provider) error {
	var tables int
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'").Scan(&tables)
	if err != nil {
		return failure(op, err)
	}
	if tables == 0 {
		return nil
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return failure(op, err)
	}
	if has > knows {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: op,
			Message: fmt.Sprintf("%s has schema %d and was written by a newer Plantroom; this one knows schema %d", path, has, knows),
			Hint:    "start the newer program, or restore a backup from before the upgrade"}
	}
	return nil
}
