package store

import (
	"context"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
)

// Touches are the times at which games and applications were last seen and their
// secrets last used. They are kept in memory and written once a minute, so that a
// thousand heartbeats cost one transaction; a crash loses a minute of them.
type touches struct {
	mu sync.Mutex // guards m
	m  map[touched]touch
}

type touched struct {
	application bool
	id          int64
}

type touch struct {
	seen        time.Time
	secret, old time.Time // last use; zero: none
}

// Touch notes that a game or application shows a sign of life now.
func (s *Store) Touch(p Peer, now time.Time) { s.touch(p, touch{seen: now}) }

func (s *Store) touch(p Peer, t touch) {
	s.touches.mu.Lock()
	defer s.touches.mu.Unlock()
	key := touched{p.Application, p.ID}
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
				s.touch(Peer{Application: key.application, ID: key.id}, t)
			}
		}
	}()
	return s.write(ctx, func(conn *sqlite.Conn) error {
		for key, t := range m {
			table := `games`
			if key.application {
				table = `applications`
			}
			if err := exec(conn, `
				UPDATE `+table+` SET
					last_seen_at = coalesce(?2, last_seen_at),
					secret_used_at = coalesce(?3, secret_used_at),
					old_secret_used_at = coalesce(?4, old_secret_used_at)
				WHERE id = ?1`, key.id, timeOrNull(t.seen), timeOrNull(t.secret), timeOrNull(t.old)); err != nil {
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
