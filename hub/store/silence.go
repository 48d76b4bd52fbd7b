package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

// A Silence is of a game or application that used to be connected.
type Silence struct {
	Noun       string // "game" or "application"
	ID         int64
	ShortName  string
	LastSeenAt time.Time
}

// Silent lists the games and applications that were last seen before a moment, and may connect;
// those that went last come first. It is a minute behind.
func (s *Store) Silent(ctx context.Context, to time.Time) (all []Silence, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT 'game', id, short_name, last_seen_at FROM games
			WHERE last_seen_at < ?1 AND NOT suspended
			UNION ALL
			SELECT 'application', id, short_name, last_seen_at FROM applications
			WHERE last_seen_at < ?1 AND NOT suspended
			ORDER BY 4 DESC, 3`, func(stmt *sqlite.Stmt) Silence {
			return Silence{stmt.ColumnText(0), stmt.ColumnInt64(1), stmt.ColumnText(2), fromMicros(stmt.ColumnInt64(3))}
		}, micros(to))
		return err
	})
	return all, err
}
