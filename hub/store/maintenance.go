package store

import (
	"context"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	maintainEvery = 10 * time.Minute
	touchEvery    = time.Minute
	slice         = 1000 // rows that one transaction of the maintenance takes away at most

	// DeletesKept is how long the log remembers that a record is gone.
	DeletesKept = 90 * 24 * time.Hour
)

// Maintain keeps the file small and whole until ctx ends: it flushes touches and ends
// suspensions and pauses every minute, does the rest every ten, removes what is due when it is, and adds
// what was said to the search. Only the process that serves calls it.
func (s *Store) Maintain(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(s.held, stop)() // nothing of it can be written any more
	var beside sync.WaitGroup
	beside.Go(func() { s.probe(ctx) })
	beside.Go(func() { s.removeWhenDue(ctx) })
	beside.Go(func() { s.keepIndexed(ctx) })
	defer beside.Wait()
	touch, rest := time.NewTicker(touchEvery), time.NewTicker(maintainEvery)
	defer touch.Stop()
	defer rest.Stop()
	do := func(what string, err error) {
		if ctx.Err() == nil {
			s.faults.note(what, err)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Error("maintenance of the database failed", "what", what, "err", err)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-touch.C:
			do("touches", s.FlushTouches(ctx))
			do("suspensions", s.endSuspensions(ctx, time.Now()))
			do("pauses", s.endPauses(ctx, time.Now()))
		case <-rest.C:
			now := time.Now()
			do("reconcile", s.Reconcile(ctx))
			do("compact", s.Compact(ctx, now))
			do("purge", s.PurgeMessages(ctx, now))
			do("purge of rules", s.PurgeRules(ctx, now))
			do("purge of accounts", s.PurgeAccounts(ctx, now))
			do("purge of characters", s.PurgeCharacters(ctx, now))
			do("purge of tokens", s.PurgeTokens(ctx, now))
		}
	}
}

// Reconcile logs what changed without the triggers' knowledge, and takes away what
// refers to no game or user: the sqlite3 shell has foreign_keys off, and its INSERT OR
// REPLACE deletes rows without calling triggers.
func (s *Store) Reconcile(ctx context.Context) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		for _, query := range []string{
			`DELETE FROM events WHERE game_id NOT IN (SELECT id FROM games)`,
			`DELETE FROM achievements WHERE game_id NOT IN (SELECT id FROM games)`,
			`DELETE FROM connections WHERE game_id NOT IN (SELECT id FROM games)`,
			`DELETE FROM redirect_uris WHERE game_id NOT IN (SELECT id FROM games)`,
			`DELETE FROM grants WHERE game_id NOT IN (SELECT id FROM games) OR user_id NOT IN (SELECT id FROM users)`,
			`DELETE FROM grant_codes WHERE grant_id NOT IN (SELECT id FROM grants)`,
			`DELETE FROM grant_tokens WHERE code_id NOT IN (SELECT id FROM grant_codes)`,
			`DELETE FROM subjects WHERE user_id NOT IN (SELECT id FROM users)`,
			`DELETE FROM ignores WHERE game_id NOT IN (SELECT id FROM games)`,
			`INSERT INTO versions (kind, record_id, game_id, action, payload, secret_hash, logged_at, created_at)
			 SELECT v.kind, v.record_id, v.game_id, 'delete', v.payload, v.secret_hash,
				(SELECT now FROM clock) + row_number() OVER (ORDER BY v.id), v.created_at
			 FROM versions AS v
			 WHERE v.action <> 'delete'
				AND NOT EXISTS (SELECT 1 FROM versions AS w WHERE w.kind = v.kind AND w.record_id = v.record_id AND w.id > v.id)
				AND NOT CASE v.kind
					WHEN 'channels' THEN EXISTS (SELECT 1 FROM channels WHERE id = v.record_id)
					WHEN 'games' THEN EXISTS (SELECT 1 FROM games WHERE id = v.record_id)
					WHEN 'events' THEN EXISTS (SELECT 1 FROM events WHERE id = v.record_id)
					WHEN 'rules' THEN EXISTS (SELECT 1 FROM rules WHERE id = v.record_id)
					ELSE EXISTS (SELECT 1 FROM achievements WHERE id = v.record_id) END`,
		} {
			if err := exec(conn, query); err != nil {
				return err
			}
		}
		return nil
	})
}

// Compact takes superseded versions out of the log: it keeps of each record the
// newest, of each game also the first, and of a record that was deleted more than
// DeletesKept before now nothing, once no catch-up is open that may want to tell of
// it. The log's last version stays in any case.
func (s *Store) Compact(ctx context.Context, now time.Time) error {
	for {
		changed := 0
		err := s.write(ctx, func(conn *sqlite.Conn) error {
			end, err := newest(conn)
			if err != nil {
				return err
			}
			last, open := s.pinned(end)
			if err := exec(conn, `
				DELETE FROM versions WHERE id IN (
					SELECT id FROM versions AS v
					WHERE EXISTS (
							SELECT 1 FROM versions AS w
							WHERE w.kind = v.kind AND w.record_id = v.record_id AND w.id > v.id AND w.id <= ?1)
						AND NOT (kind = 'games' AND id = (
							SELECT min(id) FROM versions WHERE kind = 'games' AND record_id = v.record_id))
					LIMIT ?2)`, int64(last), slice); err != nil {
				return err
			}
			changed = conn.Changes()
			if open {
				return nil
			}
			if err := exec(conn, `
				DELETE FROM versions WHERE id < ?1 AND (kind, record_id) IN (
					SELECT kind, record_id FROM versions AS v
					WHERE action = 'delete' AND logged_at < ?2 AND id < ?1
						AND NOT EXISTS ( -- the shell may use an id again
							SELECT 1 FROM versions AS w
							WHERE w.kind = v.kind AND w.record_id = v.record_id AND w.id > v.id)
					LIMIT ?3)`,
				int64(end), micros(now.Add(-DeletesKept)), slice); err != nil {
				return err
			}
			changed += conn.Changes()
			return nil
		})
		if err != nil || changed < slice {
			return err
		}
	}
}

// PurgeMessages takes from the chat log what is older than its channel keeps, and
// what belongs to no channel any more.
func (s *Store) PurgeMessages(ctx context.Context, now time.Time) error {
	type channel struct{ id, since int64 }
	var channels []channel
	err := s.read(ctx, func(conn *sqlite.Conn) (err error) {
		channels, err = rows(conn, `
			SELECT DISTINCT m.channel_id, coalesce(c.keep_days, 0)
			FROM messages AS m LEFT JOIN channels AS c ON c.id = m.channel_id`,
			func(stmt *sqlite.Stmt) channel {
				keep := time.Duration(stmt.ColumnInt64(1)) * 24 * time.Hour
				return channel{stmt.ColumnInt64(0), micros(now.Add(-keep))}
			})
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range channels {
		for changed := indexSlice; changed == indexSlice; {
			err := s.note(ctx, func(conn *sqlite.Conn) error {
				err := exec(conn, `
					DELETE FROM messages WHERE id IN (
						SELECT id FROM (SELECT id, sent_at FROM messages WHERE channel_id = ?1 ORDER BY id LIMIT ?3)
						WHERE sent_at < ?2)`, c.id, c.since, indexSlice)
				changed = conn.Changes()
				return err
			})
			if err == nil && changed > 0 {
				err = s.mergeSearch(ctx) // their words went with them
			}
			if err = s.mendSearch(ctx, err); err != nil {
				return err
			}
		}
	}
	return nil
}
