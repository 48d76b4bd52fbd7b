package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

// A Silence is of a game or application that used to be connected.
type Silence struct {
	Noun       string // "game" or "application"
	ShortName  string
	LastSeenAt time.Time
}

// Silent lists who was last seen from one moment on, but before another, and may connect;
// those who went last come first. It is a minute behind.
func (s *Store) Silent(ctx context.Context, from, to time.Time) (all []Silence, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT 'game', short_name, last_seen_at FROM games
			WHERE last_seen_at >= ?1 AND last_seen_at < ?2 AND NOT suspended
			UNION ALL
			SELECT 'application', short_name, last_seen_at FROM applications
			WHERE last_seen_at >= ?1 AND last_seen_at < ?2 AND NOT suspended
			ORDER BY 3 DESC, 2`, func(stmt *sqlite.Stmt) Silence {
			return Silence{stmt.ColumnText(0), stmt.ColumnText(1), fromMicros(stmt.ColumnInt64(2))}
		}, micros(from), micros(to))
		return err
	})
	return all, err
}
