package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

// How long links work.
const (
	SetupLinkLasts    = 30 * time.Minute
	PasswordLinkLasts = 24 * time.Hour
)

// CreateSetupLink makes the token with which the first admin can be made; earlier
// ones end. It reports ErrConflict when there is an admin.
func (s *Store) CreateSetupLink(ctx context.Context, now time.Time) (token string, err error) {
	token, hash := newToken()
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		if has, err := hasAdmin(conn); err != nil || has {
			return cmp.Or(err, fmt.Errorf("there is an admin: %w", ErrConflict))
		}
		if err := exec(conn, `DELETE FROM links WHERE user_id IS NULL`); err != nil {
			return err
		}
		return exec(conn, `INSERT INTO links (hash, expires_at) VALUES (?1, ?2)`, hash, micros(now.Add(SetupLinkLasts)))
	})
	return token, err
}

// CreatePasswordLink makes the token with which a user can set a password; an earlier
// one ends. The present password goes on working until then.
func (s *Store) CreatePasswordLink(ctx context.Context, username string, now time.Time) (token string, err error) {
	token, hash := newToken()
	err = s.operate(ctx, "user link", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		return exec(conn, `
			INSERT INTO links (hash, user_id, expires_at) VALUES (?1, ?2, ?3)
			ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at`,
			hash, u.ID, micros(now.Add(PasswordLinkLasts)))
	})
	return token, err
}

// LinkFor says whose password the token sets; a User without name is the first admin
// to be. It reports ErrNotFound when the link does not work any more.
func (s *Store) LinkFor(ctx context.Context, token string, now time.Time) (u User, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		u, err = linkFor(conn, token, now)
		return err
	})
	return u, err
}

func linkFor(conn *sqlite.Conn, token string, now time.Time) (u User, err error) {
	found, err := row(conn, `
		SELECT coalesce(u.id, 0), coalesce(u.username, ''), coalesce(u.role, '')
		FROM links AS l LEFT JOIN users AS u ON u.id = l.user_id
		WHERE l.hash = ?1 AND l.expires_at > ?2`,
		func(stmt *sqlite.Stmt) {
			u = User{ID: stmt.ColumnInt64(0), Username: stmt.ColumnText(1), Role: Role(stmt.ColumnText(2))}
		}, tokenHash(token), micros(now))
	if err == nil && !found {
		err = Missing{Noun: "link"}
	}
	return u, err
}

// A FirstRun is what the first page of a hub takes.
type FirstRun struct {
	Token              string // of the setup link
	Username, Password string // of the first admin
	Title              string // value of the setting title; "": none is set
	Game               *Game  // to be added as by CreateGame; nil: none
	Address, Agent     string // of the browser, which is signed in
}

// Begun is what came of a FirstRun.
type Begun struct {
	User    User
	Session int64      // its id
	Token   string     // of the session
	Game    Credential // zero: there is none
}

// Setup makes the first admin with a setup link, which works once, with all else that the first
// page takes, or nothing of it. It reports ErrNotFound when the link does not work any more,
// ErrConflict when there is an admin, and a FieldError for what is wrong with the fields.
func (s *Store) Setup(ctx context.Context, f FirstRun, now time.Time) (b Begun, err error) {
	b.User = User{Username: f.Username, Role: Admin}
	if err := b.User.check(); err != nil {
		return b, err
	}
	if err := checkPassword(f.Password); err != nil {
		return b, err
	}
	if _, err := s.LinkFor(ctx, f.Token, now); err != nil {
		return b, err // before a hash is made for anybody who asks
	}
	hash := hashPassword(f.Password)
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		if err := operate(ctx, conn, "user add", &f.Username, func(conn *sqlite.Conn) error {
			return setup(conn, f.Token, &b.User, hash, now)
		}); err != nil {
			return err
		}
		if f.Title != "" {
			if err := setSetting(ctx, conn, "title", f.Title); err != nil {
				return err
			}
		}
		if f.Game != nil {
			if b.Game, err = addGame(ctx, conn, "game add", *f.Game, LongSecret); err != nil {
				return err
			}
		}
		b.Token, b.Session, err = startSession(conn, b.User.ID, f.Address, f.Agent, now)
		return err
	})
	if err != nil {
		return Begun{}, err
	}
	return b, nil
}

// setup adds the first admin, and uses the link up.
func setup(conn *sqlite.Conn, token string, u *User, hash string, now time.Time) error {
	of, err := linkFor(conn, token, now)
	if err == nil && of.ID != 0 {
		err = Missing{Noun: "link"}
	}
	if err != nil {
		return err
	}
	if has, err := hasAdmin(conn); err != nil || has {
		return cmp.Or(err, fmt.Errorf("there is an admin: %w", ErrConflict))
	}
	if err := exec(conn, `DELETE FROM links WHERE user_id IS NULL`); err != nil {
		return err
	}
	return createUser(conn, u, hash)
}

// UsePasswordLink sets a user's password with a link, which works once, and ends the
// user's sessions.
func (s *Store) UsePasswordLink(ctx context.Context, token, password string, now time.Time) (u User, err error) {
	if err := checkPassword(password); err != nil {
		return u, err
	}
	if u, err = s.LinkFor(ctx, token, now); err != nil {
		return u, err
	}
	hash := hashPassword(password)
	err = s.operate(ctx, "user password", u.Username, func(conn *sqlite.Conn) error {
		if u, err = linkFor(conn, token, now); err != nil {
			return err
		}
		if u.ID == 0 {
			return Missing{Noun: "link"}
		}
		return setPassword(conn, u.ID, hash)
	})
	return u, err
}

// cut cuts a text to so many characters.
func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}
