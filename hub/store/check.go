package store

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"hearsay/migrations"
)

// Check looks for damage in the file at path without changing it, and for what is declared in
// it and is not the hub's; it says in words what it found.
func Check(ctx context.Context, path string) (problems []string, err error) {
	damage, others, err := examine(ctx, path)
	return append(damage, others...), err
}

// examine is Check, with the damage apart.
func examine(ctx context.Context, path string) (damage, others []string, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, nil, err
	}
	version, err := schemaVersion(path)
	switch {
	case err != nil:
		return nil, nil, err
	case version == 0:
		return nil, nil, errForeign
	case version > migrations.Newest():
		return nil, nil, fmt.Errorf("it has schema %d and comes from a newer hearsay, this one knows %d", version, migrations.Newest())
	}
	err = withConn(ctx, path, func(conn *sqlite.Conn) (err error) {
		if damage, err = damages(conn); err == nil {
			others, err = strangers(ctx, conn, version)
		}
		if len(damage) > 0 && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt {
			err = nil // too damaged to be looked through
		}
		return err
	})
	return damage, others, err
}

func damages(conn *sqlite.Conn) (problems []string, err error) {
	text := func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) }
	found, err := rows(conn, `PRAGMA integrity_check`, text)
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt {
		return []string{err.Error()}, err
	}
	if err != nil {
		return nil, err
	}
	for _, one := range found {
		if one != "ok" {
			problems = append(problems, one)
		}
	}
	orphans, err := rows(conn, `PRAGMA foreign_key_check`, text)
	if len(orphans) > 0 {
		problems = append(problems, fmt.Sprintf("%d rows refer to a game that is gone, the first in %s; a running server mends that", len(orphans), orphans[0]))
	}
	return problems, err
}

// besides are tables of other programs that README.md lets use the file: Litestream's.
var besides = []string{"_litestream_seq", "_litestream_lock"}

// strangers says how what a file declares differs from what the migrations declare. A trigger
// or a view of somebody else's would run in the hub's name.
func strangers(ctx context.Context, conn *sqlite.Conn, version int64) (problems []string, err error) {
	want, err := migrations.Declared(ctx, version)
	if err != nil {
		return nil, fmt.Errorf("make the schema %d to compare with: %w", version, err)
	}
	_, err = rows(conn, `SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema`, func(stmt *sqlite.Stmt) (none struct{}) {
		kind, name, table, text := stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnText(2), stmt.ColumnText(3)
		key := kind + " " + name
		ours, known := want[key]
		delete(want, key)
		inert := kind == "table" || kind == "index" // it does nothing by itself
		switch {
		case known && text == ours:
		case known:
			problems = append(problems, fmt.Sprintf("the %s is not as the hub declares it", key))
		case inert && strings.HasPrefix(name, "sqlite_"):
		case kind == "table" && slices.Contains(besides, name):
		case table != name:
			problems = append(problems, fmt.Sprintf("the %s on %s is not the hub's; if nobody needs it: DROP %s %s", key, table, strings.ToUpper(kind), identifier(name)))
		default:
			problems = append(problems, fmt.Sprintf("the %s is not the hub's; if nobody needs it: DROP %s %s", key, strings.ToUpper(kind), identifier(name)))
		}
		return
	})
	for _, key := range slices.Sorted(maps.Keys(want)) {
		problems = append(problems, "the "+key+" is missing")
	}
	return problems, err
}

// identifier is a name as SQL takes it.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
