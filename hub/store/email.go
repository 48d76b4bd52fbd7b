package store

import (
	"context"
	"regexp"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// EmailLinkLasts is how long the link works that proves an e-mail address.
const EmailLinkLasts = 24 * time.Hour

// An address as mailers take it without quotes. Whether anybody reads it only a link tells.
var emailForm = regexp.MustCompile(`\A[^\s\pC"(),:;<>@\[\\\]]{1,64}@[\pL\pN]([\pL\pN.-]{0,188}[\pL\pN])?\z`)

// checkEmail lets an empty one pass: none is needed.
func checkEmail(email string) error {
	if err := checkLength("email", email, 254); err != nil {
		return err
	}
	if email == "" {
		return nil
	}
	local, domain, _ := strings.Cut(email, "@")
	if _, ok := ASCIIHost(domain); !ok || !emailForm.MatchString(email) {
		return invalid("email", "%q is no e-mail address; write it as ann@example.org", email)
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return invalid("email", "%q has a dot too many before the @; leave it out", email)
	}
	return nil
}

// SetEmail changes a user's e-mail address, "" takes it away. Another one is not verified,
// and ends the link that was to prove the last.
func (s *Store) SetEmail(ctx context.Context, username, email string) error {
	if err := checkEmail(email); err != nil {
		return err
	}
	return s.operate(ctx, "user email", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		return setEmail(conn, &u, email)
	})
}

func setEmail(conn *sqlite.Conn, u *User, email string) error {
	if u.Email == email {
		return nil
	}
	u.Email, u.EmailVerifiedAt = email, nil
	if err := exec(conn, `UPDATE users SET email = ?2, email_verified_at = NULL WHERE id = ?1`, u.ID, null(email)); err != nil {
		return err
	}
	return exec(conn, `DELETE FROM email_links WHERE user_id = ?1`, u.ID)
}

// CreateEmailLink makes the token with which a user proves to read what is sent to the
// account's address; an earlier one ends.
func (s *Store) CreateEmailLink(ctx context.Context, username string, now time.Time) (token string, err error) {
	token, hash := newToken()
	err = s.operate(ctx, "user email-link", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if u.Email == "" {
			return invalid("email", "is missing; give the account an address first")
		}
		return exec(conn, `
			INSERT INTO email_links (hash, user_id, email, expires_at) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, email = excluded.email, expires_at = excluded.expires_at`,
			hash, u.ID, u.Email, micros(now.Add(EmailLinkLasts)))
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// VerifyEmail uses a link up. It reports ErrNotFound when the link does not work any more,
// and ErrConflict when the address is another user's by now.
func (s *Store) VerifyEmail(ctx context.Context, token string, now time.Time) (u User, err error) {
	find := func(conn *sqlite.Conn) error {
		found, err := row(conn, selectUsers+`
			JOIN email_links AS l ON l.user_id = u.id AND l.email = u.email
			WHERE l.hash = ?1 AND l.expires_at > ?2`, func(stmt *sqlite.Stmt) { u = scanUser(stmt) }, tokenHash(token), micros(now))
		if err == nil && !found {
			err = Missing{Noun: "link"}
		}
		return err
	}
	if err := s.query(ctx, find); err != nil {
		return User{}, err
	}
	err = s.operate(ctx, "user email-verify", u.Username, func(conn *sqlite.Conn) error {
		if err := find(conn); err != nil {
			return err
		}
		return verifyEmail(conn, &u, now)
	})
	return u, err
}

// ConfirmEmail gives a user an address, or leaves the one that is there, and verifies it
// by an operator's word.
func (s *Store) ConfirmEmail(ctx context.Context, username, email string, now time.Time) error {
	if email == "" {
		return invalid("email", "is missing; give the account an address first")
	}
	if err := checkEmail(email); err != nil {
		return err
	}
	return s.operate(ctx, "user email", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if err := setEmail(conn, &u, email); err != nil {
			return err
		}
		return verifyEmail(conn, &u, now)
	})
}

func verifyEmail(conn *sqlite.Conn, u *User, now time.Time) error {
	at := now.UTC().Truncate(time.Microsecond)
	u.EmailVerifiedAt = &at
	if err := exec(conn, `UPDATE users SET email_verified_at = ?2 WHERE id = ?1`, u.ID, micros(at)); err != nil {
		return clash(err, taken("email", "%q is the address of another account; use another", u.Email))
	}
	return exec(conn, `DELETE FROM email_links WHERE user_id = ?1`, u.ID)
}

// UserByEmail finds whose verified address that is, ignoring the case of ASCII letters.
func (s *Store) UserByEmail(ctx context.Context, email string) (u User, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		found, err := row(conn, selectUsers+` WHERE u.email = ?1 AND u.email_verified_at IS NOT NULL`,
			func(stmt *sqlite.Stmt) { u = scanUser(stmt) }, email)
		if err == nil && !found {
			err = Missing{Noun: "account with that address"}
		}
		return err
	})
	return u, err
}
