package mirror

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/wire"
)

// The forms in which hubs give their records.
const (
	formCursor  = "cursor"  // versions with ids: the extension
	formSince   = "since"   // versions
	formRecords = "records" // all that there is, after each connect
)

// A place is how far the copy is, as hub_sync has it.
type place struct {
	hub, form string
	log       string // the UUID of the hub's log; "": it is not known, or there is none
	cursor    int64
	since     time.Time
	repairing bool
}

func (m *Mirror) place(conn *sqlite.Conn) (p place, err error) {
	err = sqlitex.Execute(conn, m.sql.with(`SELECT hub, form, cursor, coalesce(since, ''), repairing, log FROM {}sync`), &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			p = place{hub: stmt.ColumnText(0), form: stmt.ColumnText(1), cursor: stmt.ColumnInt64(2), repairing: stmt.ColumnBool(4), log: stmt.ColumnText(5)}
			p.since, _ = time.Parse(time.RFC3339Nano, stmt.ColumnText(3)) // zero if there is none
			return nil
		},
	})
	return p, err
}

// A writer changes the tables of one run.
type writer struct {
	*Mirror
	conn  *sqlite.Conn
	owner string

	place   place  // as it is on record
	full    bool   // what the hub does not give from now on to the level is to be deleted
	whole   bool   // this catch-up began at the beginning of the log
	why     string // of the repair at hand, if this run has found the reason
	changes []Change
	levels  int // how often it was level
}

// transact runs do in a transaction, if the tables are still this run's; then Changed is
// told.
func (w *writer) transact(do func() error) (err error) {
	before := w.place
	defer func() {
		if err != nil {
			w.place = before
		} else if len(w.changes) > 0 && w.o.Changed != nil {
			w.o.Changed(w.changes)
		}
		w.changes = nil
	}()
	end, err := sqlitex.ImmediateTransaction(w.conn)
	if err != nil {
		return err
	}
	defer end(&err)
	mine, err := number(w.conn, w.sql.with(`SELECT count(*) FROM {}sync WHERE owner = ?1`), w.owner)
	if err != nil {
		return err
	}
	if mine == 0 {
		return ErrTaken
	}
	if err := do(); err != nil {
		return err
	}
	return w.savePlace()
}

func (w *writer) savePlace() error {
	var since any
	if !w.place.since.IsZero() {
		since = wire.Micros(w.place.since)
	}
	return w.exec(w.sql.with(`UPDATE {}sync SET hub = ?1, form = ?2, cursor = ?3, since = ?4, repairing = ?5, log = ?6`),
		w.place.hub, w.place.form, w.place.cursor, since, w.place.repairing, w.place.log)
}

func (w *writer) exec(query string, args ...any) error {
	return sqlitex.Execute(w.conn, query, &sqlitex.ExecOptions{Args: args})
}

// takeOver makes the tables this run's.
func (w *writer) takeOver() error {
	if err := w.conn.CreateFunction(checkFunction, &checkSum); err != nil {
		return err
	}
	if err := w.exec(w.sql.with(`CREATE TEMP TABLE IF NOT EXISTS {}seen (kind TEXT, id INTEGER, PRIMARY KEY (kind, id)) WITHOUT ROWID`)); err != nil {
		return err
	}
	return w.exec(w.sql.with(`UPDATE {}sync SET owner = ?1`), w.owner)
}

// resume reads the place from which to go on. A copy that another program has changed begins
// at the beginning.
func (w *writer) resume() error {
	return w.transact(func() (err error) {
		if w.place, err = w.Mirror.place(w.conn); err != nil {
			return err
		}
		if w.place.hub != w.o.URL { // what is there of another hub is not this one's
			if w.place.hub != "" {
				w.why = "it was of the hub at another address"
			}
			w.place = place{hub: w.o.URL, repairing: w.place.hub != ""}
		}
		if !w.place.repairing {
			altered, err := w.altered()
			if err != nil {
				return err
			}
			if altered != "" {
				w.why = "another program has changed " + altered
				w.log.Warn("a full resync begins", "hub", w.o.URL, "why", w.why)
				w.place.cursor, w.place.since, w.place.repairing = 0, time.Time{}, true
			}
		}
		w.full, w.whole = w.place.repairing, w.place.cursor == 0 && w.place.since.IsZero()
		return w.exec(w.sql.with(`DELETE FROM temp.{}seen`))
	})
}

// beginRepair has the next session get everything; why says how the copy differs.
func (w *writer) beginRepair(why error) error {
	w.why = strings.TrimPrefix(why.Error(), errDiffers.Error()+": ")
	return w.transact(func() error {
		w.place.cursor, w.place.since, w.place.repairing = 0, time.Time{}, true
		return nil
	})
}

// apply puts batches into the tables, in one transaction.
func (w *writer) apply(batches []wire.SyncBatch) error {
	return w.transact(func() error {
		for _, b := range batches {
			for _, v := range b.Versions {
				if err := w.version(b.Kind, v); err != nil {
					return err
				}
			}
			for _, record := range b.Members {
				w.place.form = formRecords
				if err := w.record(b.Kind, wire.ActionUpdate, record, 0, time.Now()); err != nil {
					return err
				}
			}
			for _, id := range b.Deleted {
				if err := w.remove(b.Kind, id, 0, time.Now()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// version applies one version, and moves the place behind it, unless that waits for the
// level.
func (w *writer) version(kind string, v wire.SyncVersion) error {
	w.place.form = formSince
	if v.ID > 0 {
		w.place.form = formCursor
	}
	if err := w.record(kind, v.Action, v.Record, v.ID, v.LoggedAt); err != nil {
		return err
	}
	if !w.full {
		w.place.cursor, w.place.since = max(w.place.cursor, v.ID), v.LoggedAt
	}
	return nil
}

// record applies what has become of a record.
func (w *writer) record(kind, action string, o wire.Object, version int64, logged time.Time) error {
	id, _ := o.Int("id") // there is one
	// A game that was removed is shown so to those that might not know of deletes. Section 9.
	name, _ := o.Text("game")
	if action == wire.ActionDelete || kind == wire.KindGames && name == wire.RemovedName(id) {
		return w.remove(kind, id, version, logged)
	}
	return w.put(kind, id, o, version, logged)
}

// put inserts or updates a record.
func (w *writer) put(kind string, id int64, o wire.Object, version int64, logged time.Time) error {
	known, there, err := w.find(kind, id)
	if err != nil {
		return err
	}
	changed, err := w.upsert(kind, id, o, version, logged)
	if err != nil {
		return fmt.Errorf("%s %d: %w", kind, id, err)
	}
	// Where versions have ids, the connections are other ones only if the version is another.
	if kind == wire.KindGames && (changed || version == 0 || w.full) {
		moved, err := w.connect(id, o, known)
		if err != nil {
			return fmt.Errorf("the connections of game %d: %w", id, err)
		}
		changed = changed || moved
	}
	if w.full {
		if err := w.exec(w.sql.see, kind, id); err != nil {
			return err
		}
	}
	if changed || w.full {
		if err := w.exec(w.sql.of[kind].seal, id); err != nil {
			return fmt.Errorf("%s %d: %w", kind, id, err)
		}
	}
	if !changed {
		return nil
	}
	action := wire.ActionUpdate
	if !there {
		action = wire.ActionCreate
	}
	name, _ := o.Text(w.sql.of[kind].name)
	w.note(Change{Kind: kind, Action: action, ID: id, Name: name, Version: version})
	return nil
}

// find says whether there is a row of a record, and whether that is no tombstone.
func (w *writer) find(kind string, id int64) (known, there bool, err error) {
	stmt, err := w.conn.Prepare(w.sql.of[kind].find)
	if err != nil {
		return false, false, err
	}
	stmt.BindInt64(1, id)
	if known, err = stmt.Step(); known {
		there = stmt.ColumnBool(0)
	}
	return known, there, errors.Join(err, stmt.Reset())
}

// upsert writes the row of a record, if that changes anything.
func (w *writer) upsert(kind string, id int64, o wire.Object, version int64, logged time.Time) (changed bool, err error) {
	stmt, err := w.conn.Prepare(w.sql.of[kind].put)
	if err != nil {
		return false, err
	}
	stmt.BindInt64(1, id)
	stmt.BindInt64(2, version)
	stmt.BindText(3, wire.Micros(logged))
	for i, c := range w.sql.of[kind].columns {
		if err := bind(stmt, i+4, o, c.name); err != nil {
			return false, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	_, err = stmt.Step()
	changed = w.conn.Changes() > 0
	return changed, errors.Join(err, stmt.Reset())
}

// bind gives a statement a member of a record: a list or an object as it is written.
func bind(stmt *sqlite.Stmt, param int, o wire.Object, key string) error {
	value := o[key]
	if len(value) == 0 {
		stmt.BindNull(param)
		return nil
	}
	switch value[0] {
	case 'n':
		stmt.BindNull(param)
	case 't', 'f':
		stmt.BindBool(param, value[0] == 't')
	case '"':
		text, _ := o.Text(key)
		stmt.BindText(param, text)
	case '[', '{':
		stmt.BindText(param, string(value))
	default:
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil {
			return err
		}
		stmt.BindInt64(param, n)
	}
	return nil
}

// connect writes a game's connections, if they differ from those that are there.
func (w *writer) connect(id int64, o wire.Object, known bool) (moved bool, err error) {
	var fresh, old []wire.Connection
	if raw := o["connections"]; raw != nil {
		if err := json.Unmarshal(raw, &fresh); err != nil {
			return false, err
		}
	}
	if known {
		err := sqlitex.Execute(w.conn, w.sql.connections, &sqlitex.ExecOptions{Args: []any{id}, ResultFunc: func(stmt *sqlite.Stmt) error {
			old = append(old, wire.Connection{
				ID: stmt.ColumnText(0), Type: stmt.ColumnText(1), URL: stmt.ColumnText(2), Host: stmt.ColumnText(3), Port: stmt.ColumnInt(4),
			})
			return nil
		}})
		if err != nil || slices.Equal(old, fresh) {
			return false, err
		}
	}
	if err := w.exec(w.sql.detach, id); err != nil { // there may be some of a game that is not known
		return false, err
	}
	for i, c := range fresh {
		if err := w.exec(w.sql.attach, id, i, c.ID, c.Type, c.URL, c.Host, c.Port); err != nil {
			return false, err
		}
	}
	return known || len(fresh) > 0, nil
}

// remove leaves a tombstone of a record.
func (w *writer) remove(kind string, id, version int64, at time.Time) error {
	if err := w.exec(w.sql.of[kind].remove, id, wire.Micros(at), version); err != nil {
		return err
	}
	if w.conn.Changes() == 0 {
		return nil
	}
	if err := w.exec(w.sql.unseal, kind, id); err != nil {
		return err
	}
	if kind == wire.KindGames {
		if err := w.exec(w.sql.detach, id); err != nil {
			return err
		}
	}
	c := Change{Kind: kind, Action: wire.ActionDelete, ID: id, Version: version}
	err := sqlitex.Execute(w.conn, w.sql.of[kind].named, &sqlitex.ExecOptions{Args: []any{id}, ResultFunc: func(stmt *sqlite.Stmt) error {
		c.Name = stmt.ColumnText(0)
		return nil
	}})
	w.note(c)
	return err
}

func (w *writer) note(c Change) {
	if w.o.Changed != nil {
		w.changes = append(w.changes, c)
	}
}

// sweep deletes what the hub has not given in a full resync.
func (w *writer) sweep() error {
	for _, t := range tables {
		var gone []int64
		err := sqlitex.Execute(w.conn, w.sql.of[t.kind].sweep, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			gone = append(gone, stmt.ColumnInt64(0))
			return nil
		}})
		if err != nil {
			return err
		}
		for _, id := range gone {
			if err := w.remove(t.kind, id, 0, time.Now()); err != nil {
				return err
			}
		}
		if err := w.exec(w.sql.of[t.kind].unsealGone); err != nil {
			return err
		}
	}
	return w.exec(w.sql.with(`DELETE FROM {}connections WHERE game_id NOT IN (SELECT id FROM {}games WHERE deleted_at IS NULL)`))
}
