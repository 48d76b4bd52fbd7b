package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
)

// A Kind is a kind of record, as it is named in events: "sync/KIND".
type Kind string

// The kinds of records, each after those that it refers to.
const (
	Channels     Kind = "channels"
	Games        Kind = "games"
	Events       Kind = "events"
	Achievements Kind = "achievements"
	Rules        Kind = "rules"
)

// Kinds are all kinds.
var Kinds = []Kind{Channels, Games, Events, Achievements, Rules}

// An Action is what happened to a record.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
)

var actions = []Action{Create, Update, Delete}

// A VersionID is a place in the log; ids ascend in the order of the commits.
type VersionID int64

// A Version is one logged change of a record. Protocol section 9.
type Version struct {
	ID        VersionID
	Kind      Kind
	Record    int64
	Action    Action
	Payload   string    // the record as JSON, its texts cleaned, with client_secret "redacted"; after a delete its last state
	Secret    []byte    // of a game: SHA-256 of its secret, if it has one
	LoggedAt  time.Time // unique and strictly increasing
	CreatedAt time.Time // LoggedAt of the record's first version
}

const versionColumns = `id, kind, record_id, action, payload, secret_hash, logged_at, created_at`

func scanVersion(stmt *sqlite.Stmt) Version {
	return Version{
		ID: VersionID(stmt.ColumnInt64(0)), Kind: known(stmt, 1, Kinds), Record: stmt.ColumnInt64(2),
		Action: known(stmt, 3, actions), Payload: cleanRecord(stmt.ColumnText(4)),
		Secret: hash(stmt, 5), LoggedAt: fromMicros(stmt.ColumnInt64(6)), CreatedAt: fromMicros(stmt.ColumnInt64(7)),
	}
}

// hash gives a column that is NULL or has the hash of a secret.
func hash(stmt *sqlite.Stmt, column int) []byte {
	n := stmt.ColumnLen(column)
	if n == 0 {
		return nil
	}
	b := make([]byte, n)
	stmt.ColumnBytes(column, b)
	return b
}

// known gives a column that mostly holds one of a few texts, without making another string.
func known[T ~string](stmt *sqlite.Stmt, column int, texts []T) T {
	var b [16]byte
	n := stmt.ColumnBytes(column, b[:])
	for _, text := range texts {
		if string(b[:n]) == string(text) {
			return text
		}
	}
	return T(stmt.ColumnText(column))
}

// LogID is the UUID of the log. It is made with the file; backups keep it, and Restore makes
// another. Protocol section 9, extension.
func (s *Store) LogID() string { return s.logID }

func (s *Store) readLogID(ctx context.Context) (id string, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := row(conn, `SELECT uuid FROM log`, func(stmt *sqlite.Stmt) { id = stmt.ColumnText(0) })
		return err
	})
	return id, err
}

// Newest is the id of the log's last version, 0 if it is empty.
func (s *Store) Newest(ctx context.Context) (id VersionID, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		id, err = newest(conn)
		return err
	})
	return id, err
}

func newest(conn *sqlite.Conn) (id VersionID, err error) {
	_, err = row(conn, `SELECT coalesce(max(id), 0) FROM versions`,
		func(stmt *sqlite.Stmt) { id = VersionID(stmt.ColumnInt64(0)) })
	return id, err
}

// Recent is Versions for those who are woken by Watch, however many they are: near its end
// the log comes from memory. What another process commits is there when it wakes them.
func (s *Store) Recent(ctx context.Context, after VersionID, limit int) ([]Version, error) {
	if all, there := s.tail.versionsAfter(after, limit); there {
		return all, nil
	}
	return s.Versions(ctx, after, limit)
}

// Versions gives up to limit versions after a place in the log, ascending.
func (s *Store) Versions(ctx context.Context, after VersionID, limit int) (all []Version, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = versionsAfter(conn, after, limit)
		return err
	})
	return all, err
}

func versionsAfter(conn *sqlite.Conn, after VersionID, limit int) ([]Version, error) {
	return rows(conn, `
		SELECT `+versionColumns+`
		FROM versions WHERE id > ?1
		ORDER BY id LIMIT ?2`, scanVersion, int64(after), limit)
}

// Since says where a catch-up begins. The zero value is the beginning: then
// records that are gone are left out.
type Since struct {
	Time  time.Time // strictly later than this; zero: no matter
	After VersionID // and beyond this
}

func (s Since) beginning() bool { return s.Time.IsZero() && s.After == 0 }

// A CatchUp goes through the log as it stood at one moment, however long that
// takes and whatever is written meanwhile. While it is open, the log keeps what it
// needs. It belongs to one goroutine.
type CatchUp struct {
	Through VersionID // the log's last version at that moment; live versions come after it

	store *Store
	since Since
	last  int64 // the id, or the record, that was given last
}

// pins are the open catch-ups: compaction spares what they may still want.
type pins struct {
	mu sync.Mutex // guards m
	m  map[*CatchUp]VersionID
}

// CatchUp opens one; the caller closes it. It reports ErrNotFound when since lies
// beyond the log: the file is older than the asker.
func (s *Store) CatchUp(ctx context.Context, since Since) (*CatchUp, error) {
	// The pin is there before the end is known, so that no compaction slips between.
	c := &CatchUp{store: s, since: since, last: int64(since.After)}
	s.pins.mu.Lock()
	s.pins.m[c] = 0
	s.pins.mu.Unlock()
	through, err := s.Newest(ctx)
	if err == nil && since.After > through {
		err = Missing{Noun: "version", Key: fmt.Sprint(since.After)}
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	c.Through = through
	s.pins.mu.Lock()
	s.pins.m[c] = through
	s.pins.mu.Unlock()
	return c, nil
}

// Close lets the log forget again. It may be called twice.
func (c *CatchUp) Close() {
	c.store.pins.mu.Lock()
	delete(c.store.pins.m, c)
	c.store.pins.mu.Unlock()
}

// pinned is the last version that compaction may look at, and whether a catch-up
// is open.
func (s *Store) pinned(end VersionID) (last VersionID, open bool) {
	s.pins.mu.Lock()
	defer s.pins.mu.Unlock()
	for _, through := range s.pins.m {
		end = min(end, through)
	}
	return end, len(s.pins.m) > 0
}

// Next gives the next versions in ascending order, up to limit; none at the end. Of
// each record it is the newest, and of a game also the oldest if an event or
// achievement would come before its newest.
func (c *CatchUp) Next(ctx context.Context, limit int) (all []Version, err error) {
	err = c.store.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT `+versionColumns+`
			FROM versions AS v
			WHERE id > ?1 AND id <= ?2 AND logged_at > ?3 AND NOT (?4 AND action = 'delete')
				AND (NOT EXISTS (
					SELECT 1 FROM versions AS w
					WHERE w.kind = v.kind AND w.record_id = v.record_id AND w.id > v.id AND w.id <= ?2)
				OR v.kind = 'games'
				AND v.id = (SELECT min(id) FROM versions WHERE kind = 'games' AND record_id = v.record_id)
				AND EXISTS (
					SELECT 1 FROM versions AS e
					WHERE e.game_id = v.record_id AND e.action <> 'delete' AND e.id > v.id
						AND e.id < (SELECT max(id) FROM versions WHERE kind = 'games' AND record_id = v.record_id AND id <= ?2)
						AND NOT EXISTS (
							SELECT 1 FROM versions AS w
							WHERE w.kind = e.kind AND w.record_id = e.record_id AND w.id > e.id AND w.id <= ?2)))
			ORDER BY id LIMIT ?5`,
			scanVersion, c.last, int64(c.Through), sinceMicros(c.since), c.since.beginning(), limit)
		return err
	})
	if len(all) > 0 {
		c.last = int64(all[len(all)-1].ID)
	}
	return all, err
}

func sinceMicros(since Since) int64 {
	if since.Time.IsZero() {
		return -1
	}
	// An instant between two microseconds is later than the first of them.
	return micros(since.Time)
}

// NextRecords gives the newest versions of the records of one kind in the order of
// their ids, without their times and without those that are gone; none at the end. Only for a catch-up from
// the beginning, one kind after another.
func (c *CatchUp) NextRecords(ctx context.Context, kind Kind, limit int) (all []Version, err error) {
	for len(all) == 0 {
		err = c.store.query(ctx, func(conn *sqlite.Conn) error {
			all, err = rows(conn, `
				SELECT record, id, action, payload, secret_hash
				FROM (
					SELECT record_id AS record, max(id) AS newest
					FROM versions
					WHERE kind = ?1 AND record_id > ?2 AND id <= ?3
					GROUP BY record_id
					ORDER BY record_id LIMIT ?4)
				JOIN versions ON id = newest
				ORDER BY record`, // of the subquery: it is in that order already
				func(stmt *sqlite.Stmt) Version {
					return Version{
						Kind: kind, Record: stmt.ColumnInt64(0), ID: VersionID(stmt.ColumnInt64(1)),
						Action: known(stmt, 2, actions), Payload: cleanRecord(stmt.ColumnText(3)), Secret: hash(stmt, 4),
					}
				}, string(kind), c.last, int64(c.Through), limit)
			return err
		})
		if err != nil || len(all) == 0 {
			c.last = 0
			return nil, err
		}
		c.last = all[len(all)-1].Record
		all = slices.DeleteFunc(all, func(v Version) bool { return v.Action == Delete })
	}
	return all, nil
}

// A Level says what a reader of the whole log holds.
type Level struct {
	Log    string          // its id, with which the digests begin; "": they do not
	Counts map[Kind]int    // records
	Digest map[Kind]string // protocol section 9, extension
}

// Level is that of the log up to c.Through. log is the LogID, or "" for readers that do not
// know of it.
func (c *CatchUp) Level(ctx context.Context, log string) (l Level, err error) {
	l = Level{Log: log, Counts: map[Kind]int{}, Digest: map[Kind]string{}}
	err = c.store.read(ctx, func(conn *sqlite.Conn) error {
		for _, kind := range Kinds {
			sum, text := sha256.New(), []byte(nil)
			if log != "" {
				sum.Write([]byte("log:" + log + "\n"))
			}
			if _, err := rows(conn, `
				SELECT record_id, max(id), action
				FROM versions WHERE kind = ?1 AND id <= ?2
				GROUP BY record_id
				ORDER BY record_id`,
				func(stmt *sqlite.Stmt) (none struct{}) {
					if Action(stmt.ColumnText(2)) == Delete {
						return
					}
					l.Counts[kind]++
					text = strconv.AppendInt(text[:0], stmt.ColumnInt64(0), 10)
					text = append(text, ':')
					text = strconv.AppendInt(text, stmt.ColumnInt64(1), 10)
					sum.Write(append(text, '\n'))
					return
				}, string(kind), int64(c.Through)); err != nil {
				return err
			}
			l.Counts[kind] += 0 // so that it is there
			l.Digest[kind] = hex.EncodeToString(sum.Sum(nil))
		}
		return nil
	})
	return l, err
}
