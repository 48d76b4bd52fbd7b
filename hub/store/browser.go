package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	// BrowserLasts is how long a browser is known that has signed in.
	BrowserLasts = 180 * 24 * time.Hour
	browsersMost = 20 // of one user
)

// RememberBrowser notes that a browser has signed in to an account. The token is the
// browser's; the file has its hash. Of one user the last 20 browsers are known.
func (s *Store) RememberBrowser(ctx context.Context, user int64, now time.Time) (token string, err error) {
	token, hash := newToken()
	err = s.note(ctx, func(conn *sqlite.Conn) error {
		if err := exec(conn, `INSERT INTO browsers (hash, user_id, expires_at) VALUES (?1, ?2, ?3)`,
			hash, user, micros(now.Add(BrowserLasts))); err != nil {
			return err
		}
		return exec(conn, `
			DELETE FROM browsers WHERE user_id = ?1 AND hash NOT IN (
				SELECT hash FROM browsers WHERE user_id = ?1 ORDER BY expires_at DESC, rowid DESC LIMIT ?2)`, user, browsersMost)
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// KnowsBrowser reports whether the token is of a browser that has signed in to the account
// with that name before, ignoring case.
func (s *Store) KnowsBrowser(ctx context.Context, token, username string, now time.Time) (knows bool, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		knows, err = row(conn, `
			SELECT 1 FROM browsers AS b JOIN users AS u ON u.id = b.user_id
			WHERE b.hash = ?1 AND b.expires_at > ?2 AND u.username = ?3`,
			func(*sqlite.Stmt) {}, tokenHash(token), micros(now), username)
		return err
	})
	return knows, err
}
