package store

import (
	"context"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"

	"hearsay/migrations"
)

// Check looks for damage in the file at path without changing it, and says in
// words what it found.
func Check(ctx context.Context, path string) (problems []string, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	version, err := schemaVersion(path)
	switch {
	case err != nil:
		return nil, err
	case version == 0:
		return nil, errForeign
	case version > migrations.Newest():
		return nil, fmt.Errorf("it has schema %d and comes from a newer hearsay, this one knows %d", version, migrations.Newest())
	}
	conn, err := sqlite.OpenConn(uri(path, ""), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return nil, foreign(err)
	}
	defer conn.Close()
	conn.SetBusyTimeout(busyTimeout)
	conn.SetInterrupt(ctx.Done())
	text := func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) }
	found, err := rows(conn, `PRAGMA integrity_check`, text)
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt {
		return append(problems, err.Error()), nil // too damaged to be looked through
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
	if err != nil {
		return nil, err
	}
	if len(orphans) > 0 {
		problems = append(problems, fmt.Sprintf("%d rows refer to a game that is gone, the first in %s; a running server mends that", len(orphans), orphans[0]))
	}
	return problems, nil
}
