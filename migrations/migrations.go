package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

//go:embed *.sql
var files embed.FS

// VersionTable is where goose notes the steps that a file has; the column is
// version_id.
const VersionTable = "goose_db_version"

// Newest is the number of the last step that this program knows.
func Newest() int64 {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		panic(err) // the pattern is constant
	}
	var newest int64
	for _, name := range names {
		if v, err := goose.NumericComponent(name); err == nil {
			newest = max(newest, v)
		}
	}
	return newest
}

// Apply brings the file that the URI names to the newest schema, each step in a
// transaction of its own. Nobody else may migrate the file meanwhile: goose takes
// no lock on SQLite. Foreign keys are off during the steps, so that a step may
// rebuild a table, and checked at the end.
func Apply(ctx context.Context, uri string) (err error) {
	db, err := sql.Open("sqlite", uri)
	if err != nil {
		return err
	}
	provider, err := provide(db)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := provider.Close(); err == nil {
			err = cerr
		}
	}()
	if _, err := provider.Up(ctx); err != nil {
		return err
	}
	return check(ctx, db)
}

func provide(db *sql.DB) (*goose.Provider, error) {
	db.SetMaxOpenConns(1)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithTableName(VersionTable))
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, nil
}

// Declared is all that a file of a version declares: the SQL of each table, index, trigger and
// view under its type and name, as in "table games". What SQLite makes by itself is not among it.
func Declared(ctx context.Context, version int64) (map[string]string, error) {
	if all, known := declared.Load(version); known {
		return maps.Clone(all.(map[string]string)), nil
	}
	all, err := declare(ctx, version)
	if err == nil {
		declared.Store(version, maps.Clone(all))
	}
	return all, err
}

// declared keeps what declare gave, by version: to apply all steps takes some time.
var declared sync.Map

func declare(ctx context.Context, version int64) (all map[string]string, err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	provider, err := provide(db)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := provider.Close(); err == nil {
			err = cerr
		}
	}()
	if _, err := provider.UpTo(ctx, version); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all = map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		all[name] = text
	}
	return all, rows.Err()
}

func check(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		var table, parent string
		var row, key any
		if err := rows.Scan(&table, &row, &parent, &key); err != nil {
			return err
		}
		return fmt.Errorf("row %v of %s refers to no row of %s", row, table, parent)
	}
	return rows.Err()
}
