package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/migrations"
)

// Restore puts a backup in the place of the file at path. It refuses a source that
// is damaged, foreign or too new, and a file on which a server runs. What was at
// path is kept under the name that it returns, if there was anything.
func Restore(ctx context.Context, source, path string) (kept string, err error) {
	if err := sound(ctx, source); err != nil {
		return "", err
	}
	if path, err = real(path); err != nil {
		return "", err
	}
	unlock, err := Lock(path)
	if err != nil {
		return "", fmt.Errorf("stop the server that uses %s first: %w", path, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	r, err := successor(ctx, source, path)
	if err != nil {
		return "", err
	}
	return r.Replace(ctx)
}

// A Successor is a copy of a backup on the newest schema, which lies ready beside the
// database file whose place it will take.
type Successor struct {
	Source      string // the backup
	path, ready string
	release     func() // of the folder, see copying
}

// PrepareRestore does all of Restore that can go wrong for the backup's sake while a
// server still runs on the file at path. The caller has the lock of that file.
func PrepareRestore(ctx context.Context, source, path string) (*Successor, error) {
	if err := sound(ctx, source); err != nil {
		return nil, err
	}
	return successor(ctx, source, path)
}

func sound(ctx context.Context, source string) error {
	damage, others, err := examine(ctx, source)
	switch {
	case errors.Is(err, errForeign), errors.Is(err, errDamaged):
		return fmt.Errorf("%s: %w; nothing was changed, use another backup", source, err)
	case err != nil:
		return fmt.Errorf("%s: %w", source, err)
	case len(damage) > 0:
		return fmt.Errorf("%s is damaged (%s); nothing was changed, use another backup", source, damage[0])
	case len(others) > 0:
		return fmt.Errorf("%s cannot be restored: %s; nothing was changed", source, strings.Join(others, "; "))
	}
	return nil
}

func successor(ctx context.Context, source, path string) (_ *Successor, err error) {
	path, err = real(path)
	if err != nil {
		return nil, err
	}
	r := &Successor{Source: source, path: path, release: copying(filepath.Dir(path))}
	defer func() {
		if err != nil {
			r.Drop()
		}
	}()
	if err = withConn(ctx, source, func(conn *sqlite.Conn) error {
		r.ready, err = copyBeside(conn, path, path)
		return err
	}); err != nil {
		return nil, err
	}
	if err := migrations.Apply(ctx, uri(r.ready, "_pragma=busy_timeout(10000)")); err != nil {
		return nil, fmt.Errorf("upgrade the schema of %s: %w", source, err)
	}
	if err := refresh(ctx, r.ready, filepath.Base(source)); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", source, err)
	}
	return r, flush(r.ready)
}

// refresh takes out of a copy what was only for then: who was signed in may have been
// signed out since, and what was about to be removed is wanted back. Its log gets another
// UUID: what is written from now on has ids that the old file may have given to something
// else. It puts the restore on record.
func refresh(ctx context.Context, path, source string) (err error) {
	conn, err := sqlite.OpenConn(uri(path, ""), sqlite.OpenReadWrite|sqlite.OpenURI)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	for _, query := range []string{
		`DELETE FROM sessions`, `DELETE FROM browsers`, `DELETE FROM grant_tokens`, `DELETE FROM grant_codes`, `DELETE FROM links`, `DELETE FROM email_links`, `DELETE FROM invites WHERE used_at IS NULL`, `DELETE FROM removals`, `DELETE FROM registration_keys`,
		`DELETE FROM restarts WHERE told_at IS NULL`,
	} {
		if err := exec(conn, query); err != nil {
			return err
		}
	}
	if err := beginLog(conn); err != nil {
		return err
	}
	if actor, ok := ctx.Value(actorKey{}).(Actor); ok {
		return exec(conn, insertAudit, micros(time.Now()), actor.Name, "backup restore", source, null(actor.Address), nil, nil)
	}
	return nil
}

// beginLog gives the log of a copy another UUID. The trigger that keeps it from being changed is
// away for that long, and then as it was.
func beginLog(conn *sqlite.Conn) error {
	const trigger = "log_keep_uuid"
	var text string
	if _, err := row(conn, `SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?1`,
		func(stmt *sqlite.Stmt) { text = stmt.ColumnText(0) }, trigger); err != nil {
		return err
	}
	for _, query := range []string{`DROP TRIGGER ` + trigger, `UPDATE log SET uuid = '` + uuid.NewString() + `'`, text} {
		if err := exec(conn, query); err != nil {
			return fmt.Errorf("give the log another UUID: %w", err)
		}
	}
	return nil
}

// CheckHubName says why the hub could not start on the copy under that short name.
func (r *Successor) CheckHubName(name string) error {
	conn, err := sqlite.OpenConn(uri(r.ready, ""), sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := checkTaken(conn, name); err != nil {
		return fmt.Errorf("the hub's name, in the backup: %w", err)
	}
	return nil
}

// Drop takes the copy away. After Replace it does nothing.
func (r *Successor) Drop() {
	defer r.release()
	if r.ready == "" {
		return // it was not made
	}
	for _, suffix := range []string{"", "-journal"} {
		_ = os.Remove(r.ready + suffix)
	}
}

// Replace puts the copy in the place of the database file, which nobody has open; the
// caller has its lock. Whenever the process dies in the middle, there is the old file or
// the new one, whole. It returns as Restore.
func (r *Successor) Replace(ctx context.Context) (kept string, err error) {
	defer r.Drop()
	kept = r.path + keptName + time.Now().UTC().Format(keptStamp)
	st, err := os.Stat(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0:
		kept = ""
	case err != nil:
		return "", err
	default:
		if err := settle(ctx, r.path); errors.Is(err, errForeign) || errors.Is(err, errDamaged) {
			err = nil // a damaged file is kept too, as it is
		} else if err != nil {
			return "", err
		}
	}
	// Nothing of the old WAL, or of a journal, may meet the new file.
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if kept == "" {
			err = os.Remove(r.path + suffix)
		} else {
			err = os.Rename(r.path+suffix, kept+suffix)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	if kept != "" {
		if err := alsoCalled(r.path, kept); err != nil {
			return "", err
		}
		flushFolder(r.path)
	}
	if err := os.Rename(r.ready, r.path); err != nil {
		return kept, err
	}
	flushFolder(r.path)
	_ = dropKept(r.path) // the next that takes the lock tries again
	return kept, nil
}

// keptName is between the name of a database file and the time when it made room.
const (
	keptName  = ".before-restore-"
	keptStamp = "20060102T150405.000Z"
)

// settleTime is how long another program may still have the file open.
const settleTime = 3 * time.Second

// settle brings all that the WAL holds into the file, and takes the WAL away. It reports
// errForeign or errDamaged if it cannot.
func settle(ctx context.Context, path string) error {
	conn, err := sqlite.OpenConn(uri(path, ""), sqlite.OpenReadWrite|sqlite.OpenURI)
	if err != nil {
		return foreign(path, err)
	}
	defer conn.Close()
	for deadline := time.Now().Add(settleTime); ; {
		err := exec(conn, `PRAGMA journal_mode = DELETE`)
		switch sqlite.ErrCode(err).ToPrimary() {
		case sqlite.ResultBusy, sqlite.ResultLocked:
		default:
			return foreign(path, err)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("another program has %s open; end it first, be it a command, the sqlite3 shell or Litestream: %w", path, err)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// alsoCalled gives a file a second name. Where there is no such thing, it is a copy.
func alsoCalled(path, name string) error {
	if os.Link(path, name) == nil {
		return nil
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	temp, err := tempBeside(path, name)
	if err != nil {
		return err
	}
	to, err := os.OpenFile(temp, os.O_WRONLY, 0)
	if err == nil {
		_, err = io.Copy(to, from)
		err = errors.Join(err, to.Sync(), to.Close())
	}
	if err == nil {
		err = os.Rename(temp, name)
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}

// sweep takes away what a restore left behind that was cut off. Whoever calls it has the
// lock of the file.
func sweep(path string) {
	sweepCopies(filepath.Dir(path), func(name string) bool {
		rest, ok := strings.CutPrefix(name, filepath.Base(path))
		return ok && (rest == "" || strings.HasPrefix(rest, keptName) || strings.HasPrefix(rest, copyMark))
	})
	defer func() { _ = dropKept(path) }() // they are not in the way
	ours, err := os.Stat(path)
	entries, err2 := os.ReadDir(filepath.Dir(path))
	if errors.Join(err, err2) != nil {
		return // there is nothing, or it is told by who opens it
	}
	for _, entry := range entries {
		name := filepath.Join(filepath.Dir(path), entry.Name())
		switch st, err := os.Stat(name); {
		case err != nil:
		case strings.HasPrefix(entry.Name(), filepath.Base(path)+keptName) && os.SameFile(st, ours):
			_ = os.Remove(name) // it was to be kept, and is still in its place
		}
	}
}
