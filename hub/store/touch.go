package store

import (
	"context"
	"strings"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
)

// Touches are the times at which games and applications were last seen and their
// secrets last used, browsers last seen, and grants last used. They are kept in memory and
// written once a minute, so that a thousand heartbeats cost one transaction, and a page neither
// waits for such a write nor fails with it; a crash loses a minute of them.
type touches struct {
	mu sync.Mutex // guards m
	m  map[touched]touch
}

// touched is a row, by its table.
type touched struct {
	table string
	id    int64
}

type touch struct {
	seen        time.Time
	secret, old time.Time // last use, of games and applications; zero: none
}

// flushes say how a touch is written to a row of a table.
var flushes = map[string]struct {
	query string
	args  int // how many of id, seen, secret and old
}{
	"games":        {flushPeer, 4},
	"applications": {strings.Replace(flushPeer, "games", "applications", 1), 4},
	"sessions":     {`UPDATE sessions SET seen_at = max(seen_at, ?2) WHERE id = ?1`, 2},
	"grants":       {`UPDATE grants SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE id = ?1`, 2},
}

const flushPeer = `
	UPDATE games SET
		last_seen_at = coalesce(?2, last_seen_at),
		secret_used_at = coalesce(?3, secret_used_at),
		old_secret_used_at = coalesce(?4, old_secret_used_at)
	WHERE id = ?1`

// Touch notes that a game or application shows a sign of life now.
func (s *Store) Touch(p Peer, now time.Time) { s.touch(p, touch{seen: now}) }

func (s *Store) touch(p Peer, t touch) {
	key := touched{"games", p.ID}
	if p.Application {
		key.table = "applications"
	}
	s.touchRow(key, t)
}

func (s *Store) touchRow(key touched, t touch) {
	s.touches.mu.Lock()
	defer s.touches.mu.Unlock()
	was := s.touches.m[key]
	for _, one := range []struct {
		to   *time.Time
		from time.Time
	}{
		{&t.seen, was.seen}, {&t.secret, was.secret}, {&t.old, was.old},
	} {
		if one.to.Before(one.from) {
			*one.to = one.from
		}
	}
	s.touches.m[key] = t
}

// fresh brings times that were read from a row up to what is not written yet.
func (s *Store) fresh(key touched, seen, secret, old **time.Time) {
	s.touches.mu.Lock()
	t := s.touches.m[key]
	s.touches.mu.Unlock()
	for _, one := range []struct {
		to   **time.Time
		from time.Time
	}{
		{seen, t.seen}, {secret, t.secret}, {old, t.old},
	} {
		if !one.from.IsZero() {
			*one.to = &one.from
		}
	}
}

// FlushTouches writes them. None of it makes a version. What could not be written is kept
// for the next time.
func (s *Store) FlushTouches(ctx context.Context) (err error) {
	s.touches.mu.Lock()
	m := s.touches.m
	s.touches.m = map[touched]touch{}
	s.touches.mu.Unlock()
	if len(m) == 0 {
		return nil
	}
	defer func() {
		if err != nil {
			for key, t := range m {
				s.touchRow(key, t)
			}
		}
	}()
	return s.write(ctx, func(conn *sqlite.Conn) error {
		for key, t := range m {
			args := []any{key.id, timeOrNull(t.seen), timeOrNull(t.secret), timeOrNull(t.old)}
			flush := flushes[key.table]
			if err := exec(conn, flush.query, args[:flush.args]...); err != nil {
				return err
			}
		}
		return nil
	})
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return micros(t)
}
