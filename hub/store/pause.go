package store

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

// Indefinitely is the end of a pause that lasts until somebody ends it.
var Indefinitely = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// LongestPause is how long a pause with an end may be.
const LongestPause = 365 * 24 * time.Hour

// PauseChannel has a channel take no messages for a while, counted from now; 0 is until
// somebody ends it. A pause that there is gives way to the new one.
func (s *Store) PauseChannel(ctx context.Context, name string, d time.Duration) error {
	if d < 0 || d > LongestPause {
		return invalid("minutes", "%d will not do; use up to %d minutes, or none for a pause without end",
			int64(d/time.Minute), int64(LongestPause/time.Minute))
	}
	until := Indefinitely
	if d > 0 {
		until = time.Now().Add(d)
	}
	return s.setPause(ctx, "channel pause", name, micros(until))
}

// UnpauseChannel ends a pause, if there is one.
func (s *Store) UnpauseChannel(ctx context.Context, name string) error {
	return s.setPause(ctx, "channel unpause", name, nil)
}

func (s *Store) setPause(ctx context.Context, action, name string, until any) error {
	err := s.operate(ctx, action, name, func(conn *sqlite.Conn) error {
		err := exec(conn, `UPDATE channels SET paused_until = ?2 WHERE name = ?1 COLLATE BINARY`, name, until)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "channel", Key: name}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// endPauses forgets pauses that are over. They have not counted since their end; this is
// for those who read the rows.
func (s *Store) endPauses(ctx context.Context, now time.Time) error {
	over := false
	err := s.query(ctx, func(conn *sqlite.Conn) (err error) {
		over, err = row(conn, `SELECT 1 FROM channels WHERE paused_until <= ?1 LIMIT 1`, func(*sqlite.Stmt) {}, micros(now))
		return err
	})
	if err != nil || !over {
		return err
	}
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return exec(conn, `UPDATE channels SET paused_until = NULL WHERE paused_until <= ?1`, micros(now))
	})
}

// A Restraint is what an operator has put on a channel.
type Restraint struct {
	PausedUntil time.Time     // zero: it is not paused
	Slow        time.Duration // between two messages of one player; 0: no matter
}

// restraints reads those that count now or will.
func restraints(conn *sqlite.Conn, now time.Time) (map[ChannelID]Restraint, error) {
	all := map[ChannelID]Restraint{}
	_, err := rows(conn, `
		SELECT id, coalesce(paused_until, 0), slow_seconds
		FROM channels WHERE paused_until > ?1 OR slow_seconds > 0`,
		func(stmt *sqlite.Stmt) (none struct{}) {
			r := Restraint{Slow: time.Duration(stmt.ColumnInt64(2)) * time.Second}
			if until := fromMicros(stmt.ColumnInt64(1)); until.After(now) {
				r.PausedUntil = until
			}
			all[ChannelID(stmt.ColumnInt64(0))] = r
			return
		}, micros(now))
	return all, err
}
