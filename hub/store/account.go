package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// ClosedNameKept is for how long nobody can sign up under the name of a closed account.
const ClosedNameKept = 30 * 24 * time.Hour

// Forgotten is the name under which messages stand whose sender had them forgotten. No
// user can be called so.
const Forgotten = "(somebody)"

// A Closing says what goes with an account, beside all that is personal.
type Closing struct {
	Hub            string // its short name, under which people talk in the browser
	ForgetMessages bool   // what the person said stays, but not who said it
}

// CloseAccount takes a user away with all that is personal: address, sessions, links,
// codes, and of a person the addresses in the audit log. The log keeps what was said, and
// for a while nobody can sign up under the name. The last admin stays.
func (s *Store) CloseAccount(ctx context.Context, username string, c Closing, now time.Time) error {
	u, err := s.User(ctx, username)
	if err != nil {
		return err
	}
	if actor, ok := ctx.Value(actorKey{}).(Actor); ok && u.Role == Person && actor.Name == u.Username {
		ctx = WithActor(ctx, Actor{Name: actor.Name}) // what it puts on record has none, too
	}
	var said []int64
	if c.ForgetMessages {
		// Looking through the log takes longer than others may have to wait for a commit.
		if err := s.query(ctx, func(conn *sqlite.Conn) (err error) {
			said, err = rows(conn, `SELECT id FROM messages WHERE `+saidBy, func(stmt *sqlite.Stmt) int64 { return stmt.ColumnInt64(0) }, c.Hub, u.Username, 0)
			return err
		}); err != nil {
			return err
		}
	}
	return s.operate(ctx, "user close", u.Username, func(conn *sqlite.Conn) error {
		u, err := user(conn, username)
		if err != nil {
			return err
		}
		if err := notLastAdmin(conn, u, "username"); err != nil {
			return err
		}
		if c.ForgetMessages {
			if err := forgetMessages(conn, c.Hub, u.Username, said); err != nil {
				return err
			}
		}
		if u.Role == Person { // what operators did stays on record with all
			if err := exec(conn, `UPDATE audit SET address = NULL WHERE actor = ?1 AND address IS NOT NULL`, u.Username); err != nil {
				return err
			}
		}
		if err := exec(conn, `
			INSERT INTO closed_names (hash, free_at) VALUES (?1, ?2)
			ON CONFLICT (hash) DO UPDATE SET free_at = excluded.free_at`,
			closedHash(u.Username), micros(now.Add(ClosedNameKept))); err != nil {
			return err
		}
		return exec(conn, `DELETE FROM users WHERE id = ?1`, u.ID)
	})
}

// closedHash stands for the name of a closed account.
func closedHash(username string) []byte {
	sum := sha256.Sum256([]byte(strings.ToLower(username)))
	return sum[:]
}

// saidBy is SQL for the messages with an id beyond ?3 that the user ?2 of the hub ?1 has
// sent from the browser.
const saidBy = `id > ?3 AND game = ?1 COLLATE NOCASE AND name = ?2 COLLATE NOCASE`

// forgetMessages takes a user's name off messages: those that were found, and what was said
// or held since.
func forgetMessages(conn *sqlite.Conn, hub, username string, found []int64) error {
	last := int64(0)
	if len(found) > 0 {
		last = found[len(found)-1]
	}
	return errors.Join(
		exec(conn, `UPDATE messages SET name = ?1 WHERE id IN (SELECT value FROM json_each(?2))`, Forgotten, array(found)),
		exec(conn, `UPDATE messages SET name = ?4 WHERE `+saidBy, hub, username, last, Forgotten),
		exec(conn, `UPDATE held SET name = ?4 WHERE `+saidBy, hub, username, 0, Forgotten),
	)
}

// An Account is all that the file has about a user, for the user.
type Account struct {
	ExportedAt    time.Time    `json:"exported_at"`
	User          User         `json:"user"`
	RecoveryCodes int          `json:"recovery_codes"` // how many are left
	Browsers      int          `json:"browsers"`       // how many are known that have signed in
	Sessions      []Session    `json:"sessions"`
	Games         []string     `json:"games"` // short names of those that the user owns
	Characters    []Character  `json:"characters"`
	Grants        []Grant      `json:"grants"`   // to games' sites
	Messages      []Found      `json:"messages"` // sent from the browser
	Audit         []AuditEntry `json:"audit"`    // what the user did
}

// accountParts fill an Account, each from the user and the hub's short name in it. Whoever
// keeps something else about users adds a part, and a field.
var accountParts = []func(conn *sqlite.Conn, a *Account, hub string) error{
	accountSessions, accountGames, accountCharacters, accountGrants, accountMessages, accountAudit,
}

// ExportAccount gives all that the file has about a user, as of one moment. hub is the
// hub's short name, under which people talk in the browser.
func (s *Store) ExportAccount(ctx context.Context, username, hub string, now time.Time) (a Account, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		a = Account{
			ExportedAt: now.UTC(), Sessions: []Session{}, Games: []string{}, Characters: []Character{}, Grants: []Grant{},
			Messages: []Found{}, Audit: []AuditEntry{},
		}
		if a.User, err = user(conn, username); err != nil {
			return err
		}
		for _, part := range accountParts {
			if err := part(conn, &a, hub); err != nil {
				return err
			}
		}
		return nil
	})
	return a, err
}

func accountSessions(conn *sqlite.Conn, a *Account, _ string) error {
	all, err := rows(conn, selectSessions+` WHERE s.user_id = ?1 ORDER BY s.id`, scanSession, a.User.ID)
	if err != nil {
		return err
	}
	a.Sessions = append(a.Sessions, all...)
	_, err = row(conn, `SELECT count(*) FROM recovery_codes WHERE user_id = ?1`,
		func(stmt *sqlite.Stmt) { a.RecoveryCodes = stmt.ColumnInt(0) }, a.User.ID)
	if err != nil {
		return err
	}
	_, err = row(conn, `SELECT count(*) FROM browsers WHERE user_id = ?1 AND expires_at > ?2`,
		func(stmt *sqlite.Stmt) { a.Browsers = stmt.ColumnInt(0) }, a.User.ID, micros(a.ExportedAt))
	return err
}

func accountGames(conn *sqlite.Conn, a *Account, _ string) error {
	all, err := rows(conn, `SELECT short_name FROM games WHERE owner_id = ?1 ORDER BY short_name`,
		func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) }, a.User.ID)
	a.Games = append(a.Games, all...)
	return err
}

func accountCharacters(conn *sqlite.Conn, a *Account, _ string) error {
	all, err := charactersOf(conn, a.User.ID)
	for _, one := range all {
		if one.DecidedBy != a.User.Username {
			one.DecidedBy = "" // somebody else's name
		}
		a.Characters = append(a.Characters, one)
	}
	return err
}

func accountGrants(conn *sqlite.Conn, a *Account, _ string) error {
	all, err := grants(conn, a.User.Username)
	a.Grants = append(a.Grants, all...)
	return err
}

func accountMessages(conn *sqlite.Conn, a *Account, hub string) error {
	all, err := rows(conn, `
		SELECT `+foundColumns+`
		FROM (SELECT * FROM messages WHERE `+saidBy+`) AS m LEFT JOIN channels AS c ON c.id = m.channel_id
		ORDER BY m.id`, scanFound, hub, a.User.Username, 0)
	for _, one := range all {
		if one.Hidden != nil {
			one.Hidden.By = "" // somebody else's name
		}
		a.Messages = append(a.Messages, one)
	}
	return err
}

func accountAudit(conn *sqlite.Conn, a *Account, _ string) error {
	all, err := rows(conn, selectAudit+` WHERE actor = ?1 ORDER BY id`, scanAudit, a.User.Username)
	a.Audit = append(a.Audit, all...)
	return err
}

// PurgeAccounts forgets bans, invites, links, known browsers and names of closed accounts that
// are over.
func (s *Store) PurgeAccounts(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return errors.Join(
			exec(conn, `UPDATE users SET banned_at = NULL, banned_reason = NULL, banned_until = NULL WHERE banned_until <= ?1`, micros(now)),
			exec(conn, `DELETE FROM invites WHERE expires_at <= ?1`, micros(now.Add(-invitesKept))),
			exec(conn, `DELETE FROM email_links WHERE expires_at <= ?1`, micros(now)),
			exec(conn, `DELETE FROM browsers WHERE expires_at <= ?1`, micros(now)),
			exec(conn, `DELETE FROM closed_names WHERE free_at <= ?1`, micros(now)))
	})
}
