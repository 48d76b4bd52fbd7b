package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"hearsay/migrations"
)

const (
	applicationID = 0x48525359 // "HRSY", as the first migration sets it
	copiesKept    = 3          // of the files that upgrades made, and of those that restores did
)

// migrate brings the file to the newest schema. Only one process does so, under
// the lock of a server; others wait for it.
func migrate(ctx context.Context, path string, log *slog.Logger) error {
	for deadline := time.Now().Add(busyTimeout); ; {
		has, err := schemaVersion(path)
		if err != nil {
			return err
		}
		newest := migrations.Newest()
		switch {
		case has == newest:
			return nil
		case has > newest:
			return fmt.Errorf("the file has schema %d and comes from a newer hearsay, this one knows %d; use that one, or restore %s", has, newest, older(path, newest))
		}
		unlock, err := Lock(path)
		if err == nil {
			err = upgrade(ctx, path, newest, log)
			return errors.Join(err, unlock())
		}
		if !errors.Is(err, ErrLocked) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("a server with an older schema runs on the file; stop it first, the upgrade needs the file alone: %w", err)
		}
		select {
		case <-time.After(20 * time.Millisecond): // it may be another first command
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// upgrade needs the lock.
func upgrade(ctx context.Context, path string, newest int64, log *slog.Logger) error {
	has, err := schemaVersion(path)
	if err != nil || has == newest { // whoever had the lock before was quicker
		return err
	}
	if has > 0 {
		name := copyName(path, int(newest))
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := copyTo(ctx, path, name); err != nil {
			return fmt.Errorf("copy the file before its upgrade: %w", err)
		}
		log.Info("upgrading the database", "from", has, "to", newest, "copy", name)
		if err := dropCopies(path); err != nil {
			log.Warn("old copies could not be removed", "err", err)
		}
	}
	if err := migrations.Apply(ctx, uri(path, "_pragma=busy_timeout(10000)")); err != nil {
		return fmt.Errorf("upgrade the schema from %d to %d: %w", has, newest, err)
	}
	return nil
}

// older names a backup that a program can use which knows schemas up to newest: the newest
// copy that an upgrade made, if one serves.
func older(path string, newest int64) string {
	versions, _ := copies(path) // without them there is still the general advice
	for _, n := range slices.Backward(versions) {
		name := copyName(path, n)
		if has, err := schemaVersion(name); err == nil && has > 0 && has <= newest {
			return fmt.Sprintf("the copy of schema %d from before its upgrade, without what happened since: hearsay restore %s --db %s", has, name, path)
		}
	}
	return "a backup"
}

// copyMark is between the name of a database file and the schema of its upgrade.
const copyMark = ".before-v"

// copyName is what the copy of a file is called that the upgrade to a schema makes.
func copyName(path string, schema int) string { return fmt.Sprintf("%s%s%d", path, copyMark, schema) }

// copies lists the schemas to which upgrades of a file have left a copy, ascending.
func copies(path string) (versions []int, err error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	prefix := filepath.Base(path) + copyMark
	for _, entry := range entries {
		if suffix, ok := strings.CutPrefix(entry.Name(), prefix); ok {
			if n, _ := strconv.Atoi(suffix); strconv.Itoa(n) == suffix { // else it is not ours
				versions = append(versions, n)
			}
		}
	}
	slices.Sort(versions)
	return versions, err
}

// dropCopies keeps the newest upgrade copies.
func dropCopies(path string) error {
	versions, err := copies(path)
	for _, n := range versions[:max(0, len(versions)-copiesKept)] {
		err = errors.Join(err, os.Remove(copyName(path, n)))
	}
	return err
}

// schemaVersion says which schema a file has: 0 for an empty one. It refuses a
// file that is no database, or another program's.
func schemaVersion(path string) (version int64, err error) {
	conn, err := sqlite.OpenConn(uri(path, ""), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return 0, foreign(path, err)
	}
	defer conn.Close()
	conn.SetBusyTimeout(busyTimeout)
	if err := exec(conn, `BEGIN`); err != nil { // another process may make the schema right now
		return 0, err
	}
	tables, id := 0, 0
	_, err = row(conn, `SELECT count(*) FROM sqlite_schema`, func(stmt *sqlite.Stmt) { tables = stmt.ColumnInt(0) })
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultReadOnly {
		if err = rollBack(path); err == nil {
			return schemaVersion(path)
		}
	}
	if err != nil {
		return 0, foreign(path, err)
	}
	if tables == 0 {
		return 0, nil
	}
	if _, err := row(conn, `PRAGMA application_id`, func(stmt *sqlite.Stmt) { id = stmt.ColumnInt(0) }); err != nil {
		return 0, foreign(path, err)
	}
	if id != applicationID {
		// goose makes its table before the first migration: that far, a start that was cut off left the file.
		other, err := row(conn, `SELECT 1 FROM sqlite_schema WHERE tbl_name NOT IN (?1, 'sqlite_sequence')`,
			func(*sqlite.Stmt) {}, migrations.VersionTable)
		if err == nil && other {
			err = errForeign
		}
		return 0, err
	}
	_, err = row(conn, `SELECT max(version_id) FROM `+migrations.VersionTable,
		func(stmt *sqlite.Stmt) { version = stmt.ColumnInt64(0) })
	return version, err
}

// rollBack takes back a transaction that was cut off, which a connection that only reads
// cannot: a restore leaves one when it is killed while it puts the WAL away.
func rollBack(path string) error {
	conn, err := sqlite.OpenConn(uri(path, ""), sqlite.OpenReadWrite|sqlite.OpenURI)
	if err != nil {
		return err
	}
	conn.SetBusyTimeout(busyTimeout)
	err = exec(conn, `SELECT count(*) FROM sqlite_schema`)
	return errors.Join(err, conn.Close())
}

// What a file can be that is none of ours.
var (
	errForeign = errors.New("the file is no hearsay database")
	errDamaged = errors.New("the file is damaged")
)

// foreign says in words that SQLite finds no database in the file at path.
func foreign(path string, err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt:
		return fmt.Errorf("%w (%v)", errDamaged, err)
	case sqlite.ResultNotADB:
		if wasOurs(path) {
			return fmt.Errorf("%w at its beginning (%v)", errDamaged, err)
		}
		return errForeign
	}
	return err
}

// wasOurs reports whether the beginning of a file still has the mark of SQLite, or ours.
func wasOurs(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 72)
	_, err = io.ReadFull(f, head)
	return err == nil && (bytes.HasPrefix(head, []byte("SQLite format 3\x00")) || binary.BigEndian.Uint32(head[68:]) == applicationID)
}

// mend adds to an error of opening the database what to do about it.
func mend(err error) error {
	switch {
	case errors.Is(err, errForeign):
		return fmt.Errorf("%w; name another one with --db", err)
	case errors.Is(err, errDamaged):
		return fmt.Errorf("%w; put a backup in its place with hearsay restore", err)
	}
	return err
}
