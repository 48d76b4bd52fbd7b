package store

import (
	"context"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	// InviteLasts is how long an invite works.
	InviteLasts = 14 * 24 * time.Hour
	// invitesKept is how long an invite that is over stays on the list.
	invitesKept = 90 * 24 * time.Hour
)

// An Invite lets somebody sign up, once. The token is shown when it is made, and never
// again.
type Invite struct {
	ID        int64      `json:"id"`
	MadeBy    string     `json:"made_by"` // as in the audit log
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	UsedAt    *time.Time `json:"used_at"`
	UsedBy    string     `json:"used_by"` // "": nobody, or the user is gone
}

// CreateInvite makes an invite in the name of the actor.
func (s *Store) CreateInvite(ctx context.Context, now time.Time) (token string, i Invite, err error) {
	token, hash := newToken()
	now = now.UTC().Truncate(time.Microsecond)
	i = Invite{MadeBy: by(ctx), CreatedAt: now, ExpiresAt: now.Add(InviteLasts)}
	id := ""
	err = s.operateOn(ctx, "invite add", &id, func(conn *sqlite.Conn) error {
		_, err := row(conn, `INSERT INTO invites (hash, made_by, created_at, expires_at) VALUES (?1, ?2, ?3, ?4) RETURNING id`,
			func(stmt *sqlite.Stmt) { i.ID = stmt.ColumnInt64(0) }, hash, i.MadeBy, micros(i.CreatedAt), micros(i.ExpiresAt))
		id = strconv.FormatInt(i.ID, 10)
		return err
	})
	if err != nil {
		return "", Invite{}, err
	}
	return token, i, nil
}

// Invites lists all invites, used ones and those that are over for a while, too; the
// newest first.
func (s *Store) Invites(ctx context.Context) (all []Invite, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, `
			SELECT i.id, i.made_by, i.created_at, i.expires_at, i.used_at, u.username
			FROM invites AS i LEFT JOIN users AS u ON u.id = i.used_by
			ORDER BY i.id DESC`, func(stmt *sqlite.Stmt) Invite {
			return Invite{
				ID: stmt.ColumnInt64(0), MadeBy: stmt.ColumnText(1), CreatedAt: fromMicros(stmt.ColumnInt64(2)),
				ExpiresAt: fromMicros(stmt.ColumnInt64(3)), UsedAt: timeAt(stmt, 4), UsedBy: stmt.ColumnText(5),
			}
		})
		return err
	})
	return all, err
}

// RevokeInvite ends an invite. It reports ErrNotFound if it is not there, or used.
func (s *Store) RevokeInvite(ctx context.Context, id int64) error {
	name := strconv.FormatInt(id, 10)
	return s.operate(ctx, "invite revoke", name, func(conn *sqlite.Conn) error {
		err := exec(conn, `DELETE FROM invites WHERE id = ?1 AND used_at IS NULL`, id)
		if err == nil && conn.Changes() == 0 {
			err = Missing{Noun: "invite", Key: name}
		}
		return err
	})
}

// CheckInvite says why an invite does not let anybody sign up.
func (s *Store) CheckInvite(ctx context.Context, token string, now time.Time) error {
	return s.query(ctx, func(conn *sqlite.Conn) error { return checkInvite(conn, token, now) })
}

func checkInvite(conn *sqlite.Conn, token string, now time.Time) error {
	if token == "" {
		return invalid("invite", "is missing; signing up takes an invite of the operators")
	}
	works, err := row(conn, `SELECT 1 FROM invites WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2`,
		func(*sqlite.Stmt) {}, tokenHash(token), micros(now))
	if err == nil && !works {
		err = invalid("invite", "does not work, or not any more; ask for another")
	}
	return err
}

// useInvite uses up an invite that checkInvite has let pass in the same transaction.
func useInvite(conn *sqlite.Conn, token string, user int64, now time.Time) error {
	return exec(conn, `UPDATE invites SET used_at = ?2, used_by = ?3 WHERE hash = ?1`, tokenHash(token), micros(now), user)
}
