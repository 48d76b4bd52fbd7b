package store

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
)

// UndoFor is how long a removal can be taken back.
const UndoFor = 10 * time.Second

// A Removal is a game, channel or application that will be removed unless somebody
// takes it back. Until then nothing has changed for anybody.
type Removal struct {
	Kind  string // "game", "channel" or "application"
	Name  string
	DueAt time.Time

	actor Actor
}

// ScheduleRemoval has a record removed at due by [Store.RemoveDue], in the name of the
// context's actor.
func (s *Store) ScheduleRemoval(ctx context.Context, kind, name string, due time.Time) error {
	actor, _ := ctx.Value(actorKey{}).(Actor)
	return s.write(ctx, func(conn *sqlite.Conn) (err error) {
		switch kind {
		case "game":
			_, err = game(conn, name)
		case "channel":
			_, err = channel(conn, name)
		case "application":
			_, err = application(conn, name)
		default:
			err = Missing{Noun: "kind", Key: kind}
		}
		if err != nil {
			return err
		}
		return exec(conn, `
			INSERT INTO removals (kind, name, due_at, actor, address) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT DO NOTHING`, kind, name, micros(due), actor.Name, null(actor.Address))
	})
}

// UndoRemoval takes a removal back. It reports ErrNotFound when it is too late.
func (s *Store) UndoRemoval(ctx context.Context, kind, name string) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM removals WHERE kind = ?1 AND name = ?2`, kind, name)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "removal of " + kind, Key: name}
		}
		return err
	})
}

// Removals lists what is about to be removed, the next first.
func (s *Store) Removals(ctx context.Context) (all []Removal, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT kind, name, due_at, actor, coalesce(address, '') FROM removals ORDER BY due_at`,
			func(stmt *sqlite.Stmt) Removal {
				return Removal{stmt.ColumnText(0), stmt.ColumnText(1), fromMicros(stmt.ColumnInt64(2)),
					Actor{stmt.ColumnText(3), stmt.ColumnText(4)}}
			})
		return err
	})
	return all, err
}

// RemoveDue removes what is due, each in a transaction of its own with its place in
// the list, and says when the next is; zero: there is none.
func (s *Store) RemoveDue(ctx context.Context, now time.Time) (next time.Time, err error) {
	all, err := s.Removals(ctx)
	if err != nil {
		return next, err
	}
	for _, r := range all {
		if r.DueAt.After(now) {
			return r.DueAt, nil
		}
		query := map[string]string{
			"game":        `DELETE FROM games WHERE short_name = ?1`,
			"channel":     `DELETE FROM channels WHERE name = ?1 COLLATE BINARY`,
			"application": `DELETE FROM applications WHERE short_name = ?1`,
		}[r.Kind]
		err := s.operate(WithActor(ctx, r.actor), r.Kind+" remove", r.Name, func(conn *sqlite.Conn) error {
			if err := exec(conn, `DELETE FROM removals WHERE kind = ?1 AND name = ?2`, r.Kind, r.Name); err != nil {
				return err
			}
			if conn.Changes() == 0 {
				return ErrNotFound // it was taken back meanwhile
			}
			return exec(conn, query, r.Name)
		})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return next, err
		}
	}
	return next, nil
}

// removeWhenDue removes what is due when it is, until ctx ends.
func (s *Store) removeWhenDue(ctx context.Context) {
	wake, stop := s.Watch()
	defer stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-timer.C:
		}
		next, err := s.RemoveDue(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			s.log.Error("what is due could not be removed", "err", err)
			next = time.Now().Add(UndoFor)
		}
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}
