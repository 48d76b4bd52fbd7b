package store

import (
	"context"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// A Ban says why a user may not sign in, and until when.
type Ban struct {
	Reason string     // 1 to 200 characters; the user reads it
	Until  *time.Time // nil: until somebody lifts it
}

// A Barred is why a user whose password is right may not sign in, as a sentence for the
// user. It unwraps to ErrBarred.
type Barred struct {
	Reason string // "your account waits for approval; …"
}

func (b *Barred) Error() string { return b.Reason }
func (b *Barred) Unwrap() error { return ErrBarred }

// barred says what keeps a user from signing in, or nil.
func (u User) barred(now time.Time) error {
	switch {
	case u.Banned(now) && u.BannedUntil != nil:
		return &Barred{"your account is banned until " + u.BannedUntil.Format("2006-01-02 15:04") + " UTC: " + u.BannedReason}
	case u.Banned(now):
		return &Barred{"your account is banned: " + u.BannedReason}
	case u.Waiting():
		return &Barred{"your account waits for approval; try again when the operators have looked at it"}
	}
	return nil
}

// isBanned is SQL for a user AS u who is banned at that parameter's time.
func isBanned(now string) string {
	return `u.banned_at IS NOT NULL AND (u.banned_until IS NULL OR u.banned_until > ` + now + `)`
}

// BanUser ends a user's sessions and keeps the user out. Of one who is banned already
// it changes reason and end. The last admin cannot be banned.
func (s *Store) BanUser(ctx context.Context, username string, b Ban) error {
	b.Reason = strings.TrimSpace(b.Reason)
	if b.Reason == "" {
		return invalid("reason", "is missing; say why, the user reads it at the next login")
	}
	if err := CheckLine("reason", b.Reason, 200); err != nil {
		return err
	}
	now := time.Now()
	if b.Until != nil && !b.Until.After(now) {
		return invalid("until", "is in the past; give a later day, or none for a ban without end")
	}
	return s.operate(ctx, "user ban", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if err := notLastAdmin(conn, u, "username"); err != nil {
			return err
		}
		if err := exec(conn, `UPDATE users SET banned_at = ?2, banned_reason = ?3, banned_until = ?4 WHERE id = ?1`,
			u.ID, micros(now), b.Reason, nullTime(b.Until)); err != nil {
			return err
		}
		return exec(conn, `DELETE FROM sessions WHERE user_id = ?1`, u.ID)
	})
}

// UnbanUser lifts a ban. It reports ErrConflict if the user is not banned.
func (s *Store) UnbanUser(ctx context.Context, username string) error {
	return s.operate(ctx, "user unban", username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if !u.Banned(time.Now()) {
			return taken("username", "%q is not banned", u.Username)
		}
		return exec(conn, `UPDATE users SET banned_at = NULL, banned_reason = NULL, banned_until = NULL WHERE id = ?1`, u.ID)
	})
}
