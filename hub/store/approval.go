package store

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

// WaitingUsers is how many have signed up and wait for approval.
func (s *Store) WaitingUsers(ctx context.Context) (n int, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := row(conn, `SELECT count(*) FROM users WHERE approved_at IS NULL`, func(stmt *sqlite.Stmt) { n = stmt.ColumnInt(0) })
		return err
	})
	return n, err
}

// ApproveUser lets somebody in who has signed up. It reports ErrConflict if the user
// does not wait.
func (s *Store) ApproveUser(ctx context.Context, username string) error {
	return s.operate(ctx, "user approve", username, func(conn *sqlite.Conn) error {
		u, err := waitingUser(conn, username)
		if err != nil {
			return err
		}
		return exec(conn, `UPDATE users SET approved_at = ?2 WHERE id = ?1`, u.ID, micros(time.Now()))
	})
}

// DenyUser takes somebody away who has signed up; the name is free at once. It reports
// ErrConflict if the user does not wait.
func (s *Store) DenyUser(ctx context.Context, username string) error {
	return s.operate(ctx, "user deny", username, func(conn *sqlite.Conn) error {
		u, err := waitingUser(conn, username)
		if err != nil {
			return err
		}
		return exec(conn, `DELETE FROM users WHERE id = ?1`, u.ID)
	})
}

func waitingUser(conn *sqlite.Conn, username string) (User, error) {
	u, err := user(conn, username)
	if err == nil && !u.Waiting() {
		err = taken("username", "%q does not wait for approval", u.Username)
	}
	return u, err
}
