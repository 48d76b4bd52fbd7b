package mirror

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/wire"
)

// errDiffers says that the copy is not what the hub has, so that a full resync is due.
var errDiffers = errors.New("the copy differs from the hub")

// level ends a catch-up: what the hub did not give in a full one is deleted, and the
// copy is compared with what the hub says of itself. It reports errDiffers, and leaves
// everything as it was, if they are not equal.
func (w *writer) level(hub wire.SyncLevel) (Level, error) {
	out := Level{Repaired: w.place.repairing, Why: w.why, Log: hub.Log}
	err := w.transact(func() error {
		if w.full {
			if err := w.sweep(); err != nil {
				return err
			}
		}
		if !w.whole && hub.Log != w.place.log {
			return fmt.Errorf("%w: it is of the log %s, and the hub has the log %s", errDiffers,
				cmp.Or(w.place.log, "of a hub that is not known"), cmp.Or(hub.Log, "of an older hub"))
		}
		w.place.log = hub.Log
		own, err := w.sum(w.conn, hub.Log)
		if err != nil {
			return err
		}
		out.Counts = own.Counts
		if hub.Digest != nil {
			if err := compare(own, hub); err != nil {
				return err
			}
			out.Verified, out.Cursor = true, hub.Cursor
			w.place.form, w.place.cursor = formCursor, hub.Cursor
		} else if w.place.form == "" {
			w.place.form = formSince // it answered, and had nothing
		}
		w.place.repairing, out.Form = false, w.place.form
		if err := w.purge(); err != nil {
			return err
		}
		return w.exec(w.sql.with(`UPDATE {}sync SET level_at = ?1`), wire.Micros(time.Now()))
	})
	if err == nil {
		w.full, w.why = false, ""
		w.levels++
	}
	return out, err
}

// purge lets go of tombstones that are old.
func (w *writer) purge() error {
	for _, t := range tables {
		if err := w.exec(w.sql.of[t.kind].purge, wire.Micros(time.Now().Add(-TombstonesFor))); err != nil {
			return err
		}
	}
	return nil
}

// compare reports an errDiffers that says in what. A kind of which the hub says nothing
// must be empty, as rules are for hubs that have none.
func compare(own, hub wire.SyncLevel) error {
	for _, t := range tables {
		if own.Counts[t.kind] != hub.Counts[t.kind] {
			return fmt.Errorf("%w: %d %s here, %d there", errDiffers, own.Counts[t.kind], t.kind, hub.Counts[t.kind])
		}
		if hub.Digest[t.kind] != "" && own.Digest[t.kind] != hub.Digest[t.kind] {
			return fmt.Errorf("%w: in the versions of %s", errDiffers, t.kind)
		}
	}
	return nil
}

// sum counts the records and their digests, as hubs do whose log is that. Section 9.
func (m *Mirror) sum(conn *sqlite.Conn, log string) (wire.SyncLevel, error) {
	l := wire.SyncLevel{Counts: map[string]int{}, Digest: map[string]string{}}
	for _, t := range tables {
		hash, line, n := sha256.New(), []byte(nil), 0
		if log != "" {
			hash.Write([]byte("log:" + log + "\n"))
		}
		err := sqlitex.Execute(conn, m.sql.of[t.kind].digest, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			line = append(strconv.AppendInt(line[:0], stmt.ColumnInt64(0), 10), ':')
			line = append(strconv.AppendInt(line, stmt.ColumnInt64(1), 10), '\n')
			hash.Write(line)
			n++
			return nil
		}})
		if err != nil {
			return l, fmt.Errorf("count the %s: %w", t.kind, err)
		}
		l.Counts[t.kind], l.Digest[t.kind] = n, hex.EncodeToString(hash.Sum(nil))
	}
	return l, nil
}
