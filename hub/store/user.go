package store

import (
	"context"
	"regexp"
	"time"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"
)

// A User is a person with a login in the browser.
type User struct {
	ID        int64     `json:"id"`
	Username  string    `json:"username"`
	Role      string    `json:"role"` // "admin" or "moderator"
	CreatedAt time.Time `json:"created_at"`
}

var usernameForm = regexp.MustCompile(`\A[A-Za-z0-9-]{3,50}\z`)

func checkPassword(password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < 10:
		return invalid("password", "has %d characters; use at least 10, some words for instance", n)
	case len(password) > 1024:
		return invalid("password", "has %d bytes; use at most 1024", len(password))
	}
	return nil
}

// Users lists all users by name.
func (s *Store) Users(ctx context.Context) (all []User, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT id, username, role, created_at FROM users ORDER BY username`, func(stmt *sqlite.Stmt) User {
			return User{stmt.ColumnInt64(0), stmt.ColumnText(1), stmt.ColumnText(2), fromMicros(stmt.ColumnInt64(3))}
		})
		return err
	})
	return all, err
}

// CreateUser adds a user. The password is kept as an argon2id hash.
func (s *Store) CreateUser(ctx context.Context, u User, password string) (User, error) {
	if !usernameForm.MatchString(u.Username) {
		return u, invalid("username", "%q will not do; use 3 to 50 letters, digits and dashes", u.Username)
	}
	if u.Role != "admin" && u.Role != "moderator" {
		return u, invalid("role", "%q will not do; use admin or moderator", u.Role)
	}
	if err := checkPassword(password); err != nil {
		return u, err
	}
	hash := hashPassword(password)
	u.CreatedAt = time.Now().UTC()
	err := s.operate(ctx, "user add", u.Username, func(conn *sqlite.Conn) error {
		_, err := row(conn, `
			INSERT INTO users (username, password_hash, role, created_at) VALUES (?1, ?2, ?3, ?4)
			RETURNING id`, func(stmt *sqlite.Stmt) { u.ID = stmt.ColumnInt64(0) },
			u.Username, hash, u.Role, micros(u.CreatedAt))
		return clash(err, taken("username", "%q is taken; choose another", u.Username))
	})
	return u, err
}

// SetPassword gives a user another password.
func (s *Store) SetPassword(ctx context.Context, username, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	hash := hashPassword(password)
	return s.operate(ctx, "user password", username, func(conn *sqlite.Conn) error {
		err := exec(conn, `UPDATE users SET password_hash = ?2 WHERE username = ?1`, username, hash)
		if err == nil && conn.Changes() == 0 {
			err = notFound("user", username)
		}
		return err
	})
}

// DeleteUser takes a user away, but not the last admin: nobody could make another
// in the browser.
func (s *Store) DeleteUser(ctx context.Context, username string) error {
	return s.operate(ctx, "user remove", username, func(conn *sqlite.Conn) error {
		err := exec(conn, `
			DELETE FROM users WHERE username = ?1 AND (role <> 'admin' OR (SELECT count(*) FROM users WHERE role = 'admin') > 1)`, username)
		if err != nil || conn.Changes() > 0 {
			return err
		}
		found, err := row(conn, `SELECT 1 FROM users WHERE username = ?1`, func(*sqlite.Stmt) {}, username)
		if err == nil && found {
			return invalid("username", "%q is the last admin; add another first", username)
		}
		if err == nil {
			err = notFound("user", username)
		}
		return err
	})
}
