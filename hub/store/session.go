package store

import (
	"context"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
)

// SessionLasts is how long a browser stays signed in, used or not.
const SessionLasts = 30 * 24 * time.Hour

// SetOperatorIdle says for how long a session of an admin or a moderator may be unused; 0, as at
// first, is for as long as it lasts.
func (s *Store) SetOperatorIdle(idle time.Duration) { s.operatorIdle.Store(int64(idle)) }

// inUse is SQL for a session s of a user u that has not been idle for too long: ?1 is what
// idleSince gives.
const inUse = `(u.role = 'person' OR s.seen_at > ?1)`

// idleSince is the moment since when sessions of operators must have been seen.
func (s *Store) idleSince(now time.Time) int64 {
	if idle := time.Duration(s.operatorIdle.Load()); idle > 0 {
		return micros(now.Add(-idle))
	}
	return -1
}

// seenEvery is how exact the time is at which a session was last seen. Another minute may pass
// until touches are written.
const seenEvery = time.Minute

// A Session is a browser that is signed in.
type Session struct {
	ID        int64     `json:"id"`
	User      User      `json:"-"`
	Username  string    `json:"username"`
	Address   string    `json:"address"`
	Agent     string    `json:"agent"` // what the browser calls itself
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// StartSession signs a user in. The token is the browser's; the file has its hash. Who
// waits for approval, or was banned while signing in, gets a [Barred].
func (s *Store) StartSession(ctx context.Context, user int64, address, agent string) (token string, err error) {
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		token, _, err = startSession(conn, user, address, agent, time.Now())
		return err
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

func startSession(conn *sqlite.Conn, user int64, address, agent string, now time.Time) (token string, id int64, err error) {
	var u User
	found, err := row(conn, selectUsers+` WHERE u.id = ?1`, func(stmt *sqlite.Stmt) { u = scanUser(stmt) }, user)
	if err == nil && !found {
		err = Missing{Noun: "user", Key: strconv.FormatInt(user, 10)}
	}
	if err != nil {
		return "", 0, err
	}
	if err := u.barred(now); err != nil {
		return "", 0, err
	}
	token, hash := newToken()
	if _, err := row(conn, `
		INSERT INTO sessions (hash, user_id, address, agent, created_at, seen_at, expires_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
		RETURNING id`, func(stmt *sqlite.Stmt) { id = stmt.ColumnInt64(0) },
		hash, user, address, cut(agent, 255), micros(now), micros(now.Add(SessionLasts))); err != nil {
		return "", 0, err
	}
	if err := exec(conn, `DELETE FROM sessions WHERE expires_at <= ?1`, micros(now)); err != nil {
		return "", 0, err
	}
	return token, id, exec(conn, `UPDATE users SET seen_at = ?2 WHERE id = ?1`, user, micros(now))
}

const (
	sessionColumns = `s.id, s.address, s.agent, s.created_at, s.seen_at, s.expires_at, ` + userColumns
	fromSessions   = `FROM sessions AS s JOIN users AS u ON u.id = s.user_id`
	selectSessions = `SELECT ` + sessionColumns + ` ` + fromSessions
)

func scanSession(stmt *sqlite.Stmt) Session {
	return Session{
		ID: stmt.ColumnInt64(0), Address: stmt.ColumnText(1), Agent: stmt.ColumnText(2),
		CreatedAt: fromMicros(stmt.ColumnInt64(3)), SeenAt: fromMicros(stmt.ColumnInt64(4)), ExpiresAt: fromMicros(stmt.ColumnInt64(5)),
		Username: stmt.ColumnText(7),
		User:     scanUserAt(stmt, 6),
	}
}

// Session finds the session of a token, and notes that it was seen. It reports
// ErrUnauthorized when there is none, or none any more, or its user is banned or was idle for too
// long as an operator.
func (s *Store) Session(ctx context.Context, token string, now time.Time) (one Session, err error) {
	found := false
	hash := tokenHash(token)
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		found, err = row(conn, selectSessions+`
			WHERE s.hash = ?2 AND s.expires_at > ?3 AND u.approved_at IS NOT NULL AND NOT (`+isBanned("?3")+`) AND `+inUse,
			func(stmt *sqlite.Stmt) { one = scanSession(stmt) }, s.idleSince(now), hash, micros(now))
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if !found {
		return Session{}, ErrUnauthorized
	}
	if now.Sub(one.SeenAt) >= seenEvery {
		one.SeenAt = now
		s.touchRow(touched{"sessions", one.ID}, touch{seen: now})
	}
	return one, nil
}

// Sessions lists who is signed in, the last seen first; of one user if username is
// not empty.
func (s *Store) Sessions(ctx context.Context, username string) (all []Session, err error) {
	now := time.Now()
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = rows(conn, selectSessions+`
			WHERE s.expires_at > ?2 AND (?3 = '' OR u.username = ?3) AND `+inUse+`
			ORDER BY s.seen_at DESC, s.id DESC`, scanSession, s.idleSince(now), micros(now), username)
		return err
	})
	return all, err
}

// SessionsPage gives a part of the sessions, and how many there are in all that match.
// Its orders are "seen", "created", "name" and "address".
func (s *Store) SessionsPage(ctx context.Context, p Page) (all []Session, total int, err error) {
	from := fromSessions + `
		WHERE s.expires_at > ?2 AND ` + inUse + `
			AND (?3 = '' OR matches(?3, u.username, s.address, s.agent))`
	now := time.Now()
	order := p.order([][2]string{
		{"seen", `s.seen_at %, s.id %`}, {"created", `s.created_at %, s.id %`},
		{"name", `u.username %, s.seen_at DESC`}, {"address", `s.address %, s.seen_at DESC`},
	}...)
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		all, total, err = page(conn, sessionColumns, from, order, p, scanSession, s.idleSince(now), micros(now), p.plain())
		return err
	})
	return all, total, err
}

// EndSession signs a browser out. To the one who signs out it does not matter
// whether the session was still there.
func (s *Store) EndSession(ctx context.Context, token string) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return exec(conn, `DELETE FROM sessions WHERE hash = ?1`, tokenHash(token))
	})
}

// RevokeSession ends a session by its id; of gives the user it must belong to, or 0.
func (s *Store) RevokeSession(ctx context.Context, id, of int64) error {
	var one Session
	if err := s.query(ctx, func(conn *sqlite.Conn) error {
		_, err := row(conn, selectSessions+` WHERE s.id = ?1`, func(stmt *sqlite.Stmt) { one = scanSession(stmt) }, id)
		return err
	}); err != nil {
		return err
	}
	if one.ID == 0 || of != 0 && one.User.ID != of {
		return Missing{Noun: "session", Key: strconv.FormatInt(id, 10)}
	}
	return s.operate(ctx, "session revoke", one.Username+" at "+one.Address, func(conn *sqlite.Conn) error {
		return exec(conn, `DELETE FROM sessions WHERE id = ?1`, id)
	})
}
