package store

import (
	"context"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"
)

// A User is a person with a login in the browser.
type User struct {
	ID         int64      `json:"id"`
	Username   string     `json:"username"`
	Role       Role       `json:"role"`
	TwoFactor  bool       `json:"two_factor"` // a login takes a code as well
	CreatedAt  time.Time  `json:"created_at"`
	PasswordAt *time.Time `json:"password_at"` // when the password was set
	SeenAt     *time.Time `json:"seen_at"`     // last login
}

// A Role is what a user may do.
type Role string

// The roles.
const (
	Admin     Role = "admin"     // everything
	Moderator Role = "moderator" // messages, rules, and the pause of channels
)

var usernameForm = regexp.MustCompile(`\A[A-Za-z0-9-]{3,50}\z`)

// PasswordLeast is how many characters a password has at least.
const PasswordLeast = 10

func checkPassword(password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < PasswordLeast:
		return invalid("password", "has %d characters; use at least %d, some words for instance", n, PasswordLeast)
	case len(password) > 1024:
		return invalid("password", "has %d bytes; use at most 1024", len(password))
	}
	return nil
}

func (u User) check() error {
	if !usernameForm.MatchString(u.Username) {
		return invalid("username", "%q will not do; use 3 to 50 letters, digits and dashes", u.Username)
	}
	if u.Role != Admin && u.Role != Moderator {
		return invalid("role", "%q will not do; use admin or moderator", u.Role)
	}
	return nil
}

const userColumns = `id, username, role, totp_secret IS NOT NULL, created_at, nullif(password_at, 0), seen_at`

func scanUser(stmt *sqlite.Stmt) User {
	return User{
		ID: stmt.ColumnInt64(0), Username: stmt.ColumnText(1), Role: Role(stmt.ColumnText(2)), TwoFactor: stmt.ColumnBool(3),
		CreatedAt: fromMicros(stmt.ColumnInt64(4)), PasswordAt: timeAt(stmt, 5), SeenAt: timeAt(stmt, 6),
	}
}

// Users lists all users by name.
func (s *Store) Users(ctx context.Context) (all []User, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `SELECT `+userColumns+` FROM users ORDER BY username`, scanUser)
		return err
	})
	return all, err
}

// UsersPage gives a part of the users, and how many there are in all that match. Its
// filters are the roles, its orders "name", "seen" and "created".
func (s *Store) UsersPage(ctx context.Context, p Page) (all []User, total int, err error) {
	from := `FROM users WHERE username LIKE ?1 ESCAPE '\' AND (?2 = '' OR role = ?2)`
	order := p.order([][2]string{{"name", `username %`}, {"seen", `seen_at %, id %`}, {"created", `created_at %, id %`}}...)
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = page(conn, userColumns, from, order, p, scanUser, p.like(), p.Filter)
		return err
	})
	return all, total, err
}

// User finds one by name, ignoring case.
func (s *Store) User(ctx context.Context, username string) (u User, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		u, err = user(conn, username)
		return err
	})
	return u, err
}

func user(conn *sqlite.Conn, username string) (u User, err error) {
	found, err := row(conn, `SELECT `+userColumns+` FROM users WHERE username = ?1`,
		func(stmt *sqlite.Stmt) { u = scanUser(stmt) }, username)
	if err == nil && !found {
		err = notFound("user", username)
	}
	return u, err
}

// HasAdmin reports whether anybody can run the hub from a browser.
func (s *Store) HasAdmin(ctx context.Context) (has bool, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		has, err = hasAdmin(conn)
		return err
	})
	return has, err
}

func hasAdmin(conn *sqlite.Conn) (bool, error) {
	return row(conn, `SELECT 1 FROM users WHERE role = 'admin' LIMIT 1`, func(*sqlite.Stmt) {})
}

// CreateUser adds a user. The password is kept as an argon2id hash.
func (s *Store) CreateUser(ctx context.Context, u User, password string) (User, error) {
	if err := u.check(); err != nil {
		return u, err
	}
	if err := checkPassword(password); err != nil {
		return u, err
	}
	hash := hashPassword(password)
	err := s.operate(ctx, "user add", u.Username, func(conn *sqlite.Conn) error { return createUser(conn, &u, hash) })
	return u, err
}

// InviteUser adds a user without a password, who can sign in after using a link of
// CreatePasswordLink.
func (s *Store) InviteUser(ctx context.Context, u User) (User, error) {
	if err := u.check(); err != nil {
		return u, err
	}
	err := s.operate(ctx, "user add", u.Username, func(conn *sqlite.Conn) error { return createUser(conn, &u, nobodysHash) })
	u.PasswordAt = nil
	return u, err
}

func createUser(conn *sqlite.Conn, u *User, hash string) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	u.CreatedAt, u.PasswordAt = now, &now
	_, err := row(conn, `
		INSERT INTO users (username, password_hash, role, created_at, password_at) VALUES (?1, ?2, ?3, ?4, ?4)
		RETURNING id`, func(stmt *sqlite.Stmt) { u.ID = stmt.ColumnInt64(0) },
		u.Username, hash, string(u.Role), micros(now))
	return clash(err, taken("username", "%q is taken; choose another", u.Username))
}

// SetPassword gives a user another password and ends the user's sessions, here and at games'
// sites.
func (s *Store) SetPassword(ctx context.Context, username, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	hash := hashPassword(password)
	return s.operate(ctx, "user password", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		return setPassword(conn, u.ID, hash)
	})
}

// setPassword also ends what the old password began: sessions, logins at games' sites and
// open links.
func setPassword(conn *sqlite.Conn, id int64, hash string) error {
	if err := exec(conn, `UPDATE users SET password_hash = ?2, password_at = ?3 WHERE id = ?1`, id, hash, micros(time.Now())); err != nil {
		return err
	}
	if err := exec(conn, `DELETE FROM links WHERE user_id = ?1`, id); err != nil {
		return err
	}
	if err := endLogins(conn, id); err != nil {
		return err
	}
	return exec(conn, `DELETE FROM sessions WHERE user_id = ?1`, id)
}

// SetRole changes what a user may do.
func (s *Store) SetRole(ctx context.Context, username string, role Role) error {
	return s.operate(ctx, "user role", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		was := u.Role
		u.Role = role
		if err := u.check(); err != nil {
			return err
		}
		if was == Admin && role != Admin {
			if err := notLastAdmin(conn, u, "role"); err != nil {
				return err
			}
		}
		return exec(conn, `UPDATE users SET role = ?2 WHERE id = ?1`, u.ID, string(role))
	})
}

// DeleteUser takes a user away with all sessions, but not the last admin: nobody
// could make another in the browser.
func (s *Store) DeleteUser(ctx context.Context, username string) error {
	return s.operate(ctx, "user remove", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if err := notLastAdmin(conn, u, "username"); err != nil {
			return err
		}
		return exec(conn, `DELETE FROM users WHERE id = ?1`, u.ID)
	})
}

func notLastAdmin(conn *sqlite.Conn, u User, field string) error {
	others, err := row(conn, `SELECT 1 FROM users WHERE role = 'admin' AND id <> ?1 LIMIT 1`, func(*sqlite.Stmt) {}, u.ID)
	if err == nil && !others {
		err = invalid(field, "%q is the last admin; add another first", u.Username)
	}
	return err
}

// CheckPassword finds the user that these are the name and password of, else it
// reports ErrUnauthorized. An unknown name takes as long as a wrong password.
func (s *Store) CheckPassword(ctx context.Context, username, password string) (u User, err error) {
	hash := nobodysHash
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := row(conn, `SELECT `+userColumns+`, password_hash FROM users WHERE username = ?1`,
			func(stmt *sqlite.Stmt) { u, hash = scanUser(stmt), stmt.ColumnText(7) }, username)
		return err
	})
	if err != nil {
		return User{}, fmt.Errorf("check a password: %w", err)
	}
	if !passwordIs(password, hash) || u.ID == 0 {
		return User{}, ErrUnauthorized
	}
	return u, nil
}
