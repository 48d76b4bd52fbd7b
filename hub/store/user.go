package store

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"zombiezen.com/go/sqlite"
)

// A User is somebody with a login in the browser.
type User struct {
	ID         int64      `json:"id"`
	Username   string     `json:"username"`
	Role       Role       `json:"role"`
	TwoFactor  bool       `json:"two_factor"` // a login takes a code as well
	CreatedAt  time.Time  `json:"created_at"`
	PasswordAt *time.Time `json:"password_at"` // when the password was set
	SeenAt     *time.Time `json:"seen_at"`     // last login

	Email           string     `json:"email"`             // may be empty
	EmailVerifiedAt *time.Time `json:"email_verified_at"` // nil: nobody has proved to read what is sent there
	ApprovedAt      *time.Time `json:"approved_at"`       // nil: waits for an operator, and cannot sign in
	BannedAt        *time.Time `json:"banned_at"`
	BannedReason    string     `json:"banned_reason"`
	BannedUntil     *time.Time `json:"banned_until"` // nil: until somebody lifts the ban
}

// Waiting reports whether the user waits for an operator's approval.
func (u User) Waiting() bool { return u.ApprovedAt == nil }

// Banned reports whether the user is banned at that time. A ban that is over counts as none.
func (u User) Banned(now time.Time) bool {
	return u.BannedAt != nil && (u.BannedUntil == nil || u.BannedUntil.After(now))
}

// A Role is what a user may do.
type Role string

// The roles.
const (
	Admin     Role = "admin"     // everything
	Moderator Role = "moderator" // messages, rules, and the pause of channels
	Person    Role = "person"    // nothing of the operators': a player with an account
)

var usernameForm = regexp.MustCompile(`\A[A-Za-z0-9-]{3,50}\z`)

func (u User) check() error {
	if !usernameForm.MatchString(u.Username) {
		return invalid("username", "%q will not do; use 3 to 50 letters, digits and dashes", u.Username)
	}
	if u.Role != Admin && u.Role != Moderator && u.Role != Person {
		return invalid("role", "%q will not do; use admin, moderator or person", u.Role)
	}
	return checkEmail(u.Email)
}

// userColumns are of users AS u.
const (
	userColumns = `u.id, u.username, u.role, u.totp_secret IS NOT NULL, u.created_at, nullif(u.password_at, 0), u.seen_at,
		u.email, u.email_verified_at, u.approved_at, u.banned_at, u.banned_reason, u.banned_until`
	userColumnCount = 13
	selectUsers     = `SELECT ` + userColumns + ` FROM users AS u`
)

func scanUser(stmt *sqlite.Stmt) User { return scanUserAt(stmt, 0) }

// scanUserAt reads userColumns that begin at a column.
func scanUserAt(stmt *sqlite.Stmt, at int) User {
	return User{
		ID: stmt.ColumnInt64(at), Username: stmt.ColumnText(at + 1), Role: Role(stmt.ColumnText(at + 2)), TwoFactor: stmt.ColumnBool(at + 3),
		CreatedAt: fromMicros(stmt.ColumnInt64(at + 4)), PasswordAt: timeAt(stmt, at+5), SeenAt: timeAt(stmt, at+6),
		Email: stmt.ColumnText(at + 7), EmailVerifiedAt: timeAt(stmt, at+8), ApprovedAt: timeAt(stmt, at+9),
		BannedAt: timeAt(stmt, at+10), BannedReason: stmt.ColumnText(at + 11), BannedUntil: timeAt(stmt, at+12),
	}
}

// Users lists all users by name.
func (s *Store) Users(ctx context.Context) (all []User, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, selectUsers+` ORDER BY u.username`, scanUser)
		return err
	})
	return all, err
}

// UsersPage gives a part of the users, and how many there are in all that match, by name
// or e-mail. Its filters are the roles, "waiting" and "banned", its orders "name", "seen"
// and "created".
func (s *Store) UsersPage(ctx context.Context, p Page) (all []User, total int, err error) {
	from := `FROM users AS u WHERE (?1 = '' OR matches(?1, u.username, u.email)) AND `
	args := []any{p.plain(), p.Filter}
	switch p.Filter {
	case "waiting":
		from += `?2 = 'waiting' AND u.approved_at IS NULL`
	case "banned":
		from += `?2 = 'banned' AND ` + isBanned("?3")
		args = append(args, micros(time.Now()))
	default:
		from += `(?2 = '' OR u.role = ?2)`
	}
	order := p.order([][2]string{{"name", `u.username %`}, {"seen", `u.seen_at %, u.id %`}, {"created", `u.created_at %, u.id %`}}...)
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = page(conn, userColumns, from, order, p, scanUser, args...)
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
	found, err := row(conn, selectUsers+` WHERE u.username = ?1`,
		func(stmt *sqlite.Stmt) { u = scanUser(stmt) }, username)
	if err == nil && !found {
		err = Missing{Noun: "user", Key: username}
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

// createUser adds a user who is approved.
func createUser(conn *sqlite.Conn, u *User, hash string) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	u.ApprovedAt = &now
	return insertUser(conn, u, hash, now)
}

func insertUser(conn *sqlite.Conn, u *User, hash string, now time.Time) error {
	u.CreatedAt, u.PasswordAt = now, &now
	_, err := row(conn, `
		INSERT INTO users (username, password_hash, role, created_at, password_at, email, approved_at) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)
		RETURNING id`, func(stmt *sqlite.Stmt) { u.ID = stmt.ColumnInt64(0) },
		u.Username, hash, string(u.Role), micros(now), null(u.Email), nullTime(u.ApprovedAt))
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

// setPassword also ends what the old password began: sessions, logins at games' sites, open
// links and what is known of browsers.
func setPassword(conn *sqlite.Conn, id int64, hash string) error {
	if err := exec(conn, `UPDATE users SET password_hash = ?2, password_at = ?3 WHERE id = ?1`, id, hash, micros(time.Now())); err != nil {
		return err
	}
	if err := exec(conn, `DELETE FROM links WHERE user_id = ?1`, id); err != nil {
		return err
	}
	if err := exec(conn, `DELETE FROM browsers WHERE user_id = ?1`, id); err != nil {
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
		was := u
		u.Role = role
		if err := u.check(); err != nil {
			return err
		}
		if role != Admin {
			if err := notLastAdmin(conn, was, "role"); err != nil {
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

// notLastAdmin refuses what would take away the only admin who can sign in.
func notLastAdmin(conn *sqlite.Conn, u User, field string) error {
	others, err := row(conn, `
		SELECT 1 FROM users AS u WHERE u.role = 'admin' AND u.id <> ?1 AND u.approved_at IS NOT NULL AND NOT (`+isBanned("?2")+`) LIMIT 1`,
		func(*sqlite.Stmt) {}, u.ID, micros(time.Now()))
	if err == nil && u.Role == Admin && !others {
		err = invalid(field, "%q is the last admin; add another first", u.Username)
	}
	return err
}

// CheckPassword finds the user that these are the name and password of, else it
// reports ErrUnauthorized. An unknown name takes as long as a wrong password. Only who
// has the password learns of a ban or that the account waits: by a [Barred].
func (s *Store) CheckPassword(ctx context.Context, username, password string) (u User, err error) {
	hash := nobodysHash
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := row(conn, `SELECT `+userColumns+`, u.password_hash FROM users AS u WHERE u.username = ?1`,
			func(stmt *sqlite.Stmt) { u, hash = scanUser(stmt), stmt.ColumnText(userColumnCount) }, username)
		return err
	})
	if err != nil {
		return User{}, fmt.Errorf("check a password: %w", err)
	}
	if !passwordIs(password, hash) || u.ID == 0 {
		return User{}, ErrUnauthorized
	}
	if err := u.barred(time.Now()); err != nil {
		return User{}, err
	}
	return u, nil
}
