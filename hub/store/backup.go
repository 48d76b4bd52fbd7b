package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"

	"hearsay/migrations"
)

// Backup writes a whole and compact copy of the file at path to dest, which must
// not exist. A server may run on the file and goes on writing meanwhile.
func Backup(ctx context.Context, path, dest string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	if _, err := os.Lstat(dest); err == nil {
		return fmt.Errorf("%s exists; name another file, or move it away: %w", dest, ErrConflict)
	}
	if _, err := schemaVersion(path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return copyTo(ctx, path, dest)
}

// copyTo copies a database through SQLite, by way of a file beside dest, so that
// dest is whole or not there.
func copyTo(ctx context.Context, path, dest string) (err error) {
	temp, err := tempBeside(dest)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp)
		}
	}()
	conn, err := sqlite.OpenConn(uri(path, ""), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return foreign(err)
	}
	defer conn.Close()
	conn.SetBusyTimeout(busyTimeout)
	conn.SetInterrupt(ctx.Done())
	if err := exec(conn, `VACUUM INTO ?1`, temp); err != nil {
		return foreign(err)
	}
	if err := flush(temp); err != nil {
		return err
	}
	return os.Rename(temp, dest)
}

// tempBeside makes an empty file in the folder of dest that only we can read.
func tempBeside(dest string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(dest), "."+filepath.Base(dest)+"-*") // mode 0600
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// flush puts a file on the disk before its rename is.
func flush(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Restore puts a backup in the place of the file at path. It refuses a source that
// is damaged, foreign or too new, and a file on which a server runs. What was at
// path is kept under the name that it returns, if there was anything.
func Restore(ctx context.Context, source, path string) (kept string, err error) {
	problems, err := Check(ctx, source)
	if err != nil {
		return "", fmt.Errorf("%s: %w", source, err)
	}
	if len(problems) > 0 {
		return "", fmt.Errorf("%s is damaged (%s); nothing was changed", source, problems[0])
	}
	unlock, err := Lock(path)
	if err != nil {
		return "", fmt.Errorf("stop the server that uses %s first: %w", path, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	temp, err := tempBeside(path)
	if err != nil {
		return "", err
	}
	if err := copyTo(ctx, source, temp); err != nil {
		os.Remove(temp)
		return "", err
	}
	if kept, err = setAside(path); err != nil {
		os.Remove(temp)
		return "", err
	}
	return kept, os.Rename(temp, path)
}

// setAside renames the file at path with all that its WAL holds.
func setAside(path string) (kept string, err error) {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	kept = path + ".before-restore-" + time.Now().UTC().Format("20060102T150405.000Z")
	// A damaged file is kept too, with its companions, as it is.
	if conn, err := sqlite.OpenConn(uri(path, ""), sqlite.OpenReadWrite|sqlite.OpenURI); err == nil {
		_ = exec(conn, `PRAGMA wal_checkpoint(TRUNCATE)`)
		_ = conn.Close() // the last connection takes the WAL away
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return kept, nil
}

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
