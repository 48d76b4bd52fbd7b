package store

import (
	"context"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// A Suspension says why a game or application may not be connected, and until when.
type Suspension struct {
	Reason string     // may be empty
	Until  *time.Time // nil: until somebody ends it
}

func suspend(conn *sqlite.Conn, table, shortName string, u Suspension) error {
	u.Reason = strings.TrimSpace(u.Reason)
	if err := CheckLine("reason", u.Reason, 200); err != nil {
		return err
	}
	var until any
	if u.Until != nil {
		if !u.Until.After(time.Now()) {
			return invalid("until", "is in the past; give a later day, or none for a suspension without end")
		}
		until = micros(*u.Until)
	}
	err := exec(conn, `UPDATE `+table+` SET suspended = 1, suspended_reason = ?2, suspended_until = ?3 WHERE short_name = ?1`,
		shortName, null(u.Reason), until)
	if err == nil && conn.Changes() == 0 {
		err = Missing{Noun: table[:len(table)-1], Key: shortName}
	}
	return err
}

// endSuspensions forgets suspensions that are over. They have not counted since their
// end; this is for those who read the rows.
func (s *Store) endSuspensions(ctx context.Context, now time.Time) error {
	var over bool
	err := s.query(ctx, func(conn *sqlite.Conn) (err error) {
		over, err = row(conn, `
			SELECT 1 FROM games WHERE suspended AND suspended_until < ?1
			UNION ALL SELECT 1 FROM applications WHERE suspended AND suspended_until < ?1
			LIMIT 1`, func(*sqlite.Stmt) {}, micros(now))
		return err
	})
	if err != nil || !over {
		return err
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		for _, table := range []string{`games`, `applications`} {
			if err := exec(conn, `
				UPDATE `+table+` SET suspended = 0, suspended_reason = NULL, suspended_until = NULL
				WHERE suspended AND suspended_until < ?1`, micros(now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// An Admission says who may be connected, and where messages are restrained.
type Admission struct {
	Suspended    map[GameID]bool // games that may not; games that are gone are in the log
	Applications map[int64]bool  // applications that may
	Hiding       map[GameID]bool // games whose players are hidden
	Restraints   map[ChannelID]Restraint
}

// Admission reads what the log of versions does not tell about sockets.
func (s *Store) Admission(ctx context.Context) (a Admission, err error) {
	at := time.Now()
	now := micros(at)
	a = Admission{Suspended: map[GameID]bool{}, Applications: map[int64]bool{}, Hiding: map[GameID]bool{}}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		if _, err := rows(conn, `SELECT id FROM games WHERE suspended AND coalesce(suspended_until, ?1) >= ?1`, func(stmt *sqlite.Stmt) (none struct{}) {
			a.Suspended[GameID(stmt.ColumnInt64(0))] = true
			return
		}, now); err != nil {
			return err
		}
		if _, err := rows(conn, `SELECT id FROM applications WHERE NOT suspended OR suspended_until < ?1`, func(stmt *sqlite.Stmt) (none struct{}) {
			a.Applications[stmt.ColumnInt64(0)] = true
			return
		}, now); err != nil {
			return err
		}
		hiding, err := hidingPlayers(conn)
		if err != nil {
			return err
		}
		for _, id := range hiding {
			a.Hiding[id] = true
		}
		a.Restraints, err = restraints(conn, at)
		return err
	})
	return a, err
}
