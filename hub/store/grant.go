package store

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// A Grant is what a user lets a game's site know.
type Grant struct {
	Username   string     `json:"username"`
	Game       string     `json:"game"` // short name
	GameName   string     `json:"name"`
	Scope      string     `json:"scope"` // as of a Scope: all that was ever approved
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"` // two minutes late at most; nil: the site never took its code
}

// The scopes, each of which says what a site may know.
const (
	ScopeProfile = "profile" // the username
	ScopeEmail   = "email"   // the e-mail address
)

// Scopes are all scopes, in their order.
var Scopes = []string{ScopeProfile, ScopeEmail}

// CheckScope gives the scopes that a text names, each once, in their order and separated by a
// blank. They may be separated by plus signs as well. A text without any means profile.
func CheckScope(text string) (string, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '+' })
	if len(words) == 0 {
		return ScopeProfile, nil
	}
	for _, word := range words {
		if !slices.Contains(Scopes, word) {
			return "", invalid("scope", "%q is none; use %s", word, strings.Join(Scopes, " and "))
		}
	}
	return strings.Join(slices.DeleteFunc(slices.Clone(Scopes), func(one string) bool { return !slices.Contains(words, one) }), " "), nil
}

// Within reports whether a scope has no more than another.
func Within(scope, other string) bool {
	has := strings.Fields(other)
	return !slices.ContainsFunc(strings.Fields(scope), func(one string) bool { return !slices.Contains(has, one) })
}

// activeGrants are the grants g with their users u and games m that count: the user may sign
// in, and the game is not suspended. Whoever is kept out of the hub is kept out of all sites
// here. ?1 is the moment.
var activeGrants = `grants AS g
	JOIN users AS u ON u.id = g.user_id AND u.approved_at IS NOT NULL AND NOT (` + isBanned("?1") + `)
	JOIN games AS m ON m.id = g.game_id AND NOT (m.suspended AND coalesce(m.suspended_until, ?1) >= ?1)`

// SiteOf finds the game with a client id that has a redirect URI. It reports ErrNotFound when
// no game has the id, a FieldError when the URI is not the game's to the letter (on the user's own
// machine but for the port) or is not safe, and ErrBarred when the game is suspended: in none of these cases may anybody be sent
// to the URI.
func (s *Store) SiteOf(ctx context.Context, clientID, redirectURI string, now time.Time) (g Game, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		found, err := row(conn, `SELECT `+gameColumns+` FROM games WHERE client_id = ?1`,
			func(stmt *sqlite.Stmt) { g = scanGame(stmt) }, clientID)
		if err != nil {
			return err
		}
		if !found {
			return Missing{Noun: "game with the client id", Key: clientID}
		}
		if err := redirects(conn, g.ID, redirectURI); err != nil {
			return err
		}
		if g.Suspended && (g.SuspendedUntil == nil || !g.SuspendedUntil.Before(now)) {
			return ErrBarred
		}
		return nil
	})
	if err != nil {
		return Game{}, err
	}
	return g, nil
}

// redirects refuses a redirect URI that is not the game's, or was taken when others than
// safe ones were.
func redirects(conn *sqlite.Conn, id GameID, uri string) error {
	found, err := row(conn, `SELECT 1 FROM redirect_uris WHERE game_id = ?1 AND uri = ?2 COLLATE BINARY`, func(*sqlite.Stmt) {}, int64(id), uri)
	if err != nil {
		return err
	}
	if !found {
		found, err = redirectsToAnyPort(conn, id, uri)
	}
	if err != nil {
		return err
	}
	if !found {
		return invalid("redirect_uri", "%q is not one of the game's, to the letter; add it to the game, or use one that is", uri)
	}
	if checkRedirectURI(uri) != nil {
		return invalid("redirect_uri", "%q is not safe; use https, or http on localhost", uri)
	}
	return nil
}

// redirectsToAnyPort reports whether a redirect URI on the user's own machine is one of the game's
// but for its port: a program there takes whichever is free (RFC 8252, 7.3).
func redirectsToAnyPort(conn *sqlite.Conn, id GameID, uri string) (bool, error) {
	wanted, ok := withoutPort(uri)
	if !ok {
		return false, nil
	}
	all, err := rows(conn, `SELECT uri FROM redirect_uris WHERE game_id = ?1`,
		func(stmt *sqlite.Stmt) string { return stmt.ColumnText(0) }, int64(id))
	return slices.ContainsFunc(all, func(one string) bool {
		one, ok := withoutPort(one)
		return ok && one == wanted
	}), err
}

// withoutPort is a URI of http on this machine without its port, to the letter; not ok: it is
// another URI.
func withoutPort(uri string) (text string, ok bool) {
	u, err := url.Parse(uri)
	if err != nil || u.User != nil {
		return "", false
	}
	rest, ok := strings.CutPrefix(uri, "http://"+u.Host)
	host := strings.TrimSuffix(u.Host, ":"+u.Port())
	if !ok || host != "127.0.0.1" && host != "[::1]" && host != "localhost" {
		return "", false
	}
	return "http://" + host + rest, true
}

// CodeLasts is how long a code can be exchanged.
const CodeLasts = time.Minute

// An Approval is what a user says yes to.
type Approval struct {
	User        int64
	Game        GameID
	RedirectURI string // one of the game's
	Scope       string // as CheckScope gives it
	Challenge   string // of PKCE with S256; empty: only with the game's secret the code can be exchanged
}

// CreateCode grants a game's site what was approved, and gives the code that the site
// exchanges for tokens with [Store.ExchangeCode]; the file has its hash. It reports
// ErrBarred when the game is suspended, or the user may not sign in.
func (s *Store) CreateCode(ctx context.Context, a Approval, now time.Time) (code string, err error) {
	code, hash := newToken()
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		if err := redirects(conn, a.Game, a.RedirectURI); err != nil {
			return err
		}
		if err := exec(conn, `
			INSERT INTO subjects (user_id, uid) SELECT id, ?2 FROM users WHERE id = ?1
			ON CONFLICT DO NOTHING`, a.User, uuid.NewString()); err != nil {
			return err
		}
		if err := exec(conn, `
			INSERT INTO grants (user_id, game_id, scope, created_at) SELECT id, ?2, ?3, ?4 FROM users WHERE id = ?1
			ON CONFLICT (user_id, game_id) DO UPDATE SET scope = iif(scope = excluded.scope, scope, 'profile email')`,
			a.User, int64(a.Game), a.Scope, micros(now)); err != nil {
			return err
		}
		if err := exec(conn, `
			INSERT INTO grant_codes (grant_id, hash, redirect_uri, scope, challenge, created_at, expires_at)
			SELECT g.id, ?4, ?5, ?6, ?7, ?1, ?8 FROM `+activeGrants+` WHERE u.id = ?2 AND m.id = ?3`,
			micros(now), a.User, int64(a.Game), hash, a.RedirectURI, a.Scope, null(a.Challenge), micros(now.Add(CodeLasts))); err != nil {
			return err
		}
		if conn.Changes() == 0 {
			return ErrBarred
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return code, nil
}

// Grants lists what was granted to games' sites by user and game; of one user if username
// is not empty.
func (s *Store) Grants(ctx context.Context, username string) (all []Grant, err error) {
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		all, err = grants(conn, username)
		return err
	})
	return all, err
}

func grants(conn *sqlite.Conn, username string) ([]Grant, error) {
	return rows(conn, `
		SELECT u.username, m.short_name, m.name, g.scope, g.created_at, g.last_used_at
		FROM grants AS g JOIN users AS u ON u.id = g.user_id JOIN games AS m ON m.id = g.game_id
		WHERE ?1 = '' OR u.username = ?1
		ORDER BY u.username, m.short_name`, func(stmt *sqlite.Stmt) Grant {
		return Grant{
			Username: stmt.ColumnText(0), Game: stmt.ColumnText(1), GameName: columnLine(stmt, 2), Scope: stmt.ColumnText(3),
			CreatedAt: fromMicros(stmt.ColumnInt64(4)), LastUsedAt: timeAt(stmt, 5),
		}
	}, username)
}

// Granted is the scope that a user has granted a game's site. It reports ErrNotFound when
// there is none.
func (s *Store) Granted(ctx context.Context, user int64, id GameID) (scope string, err error) {
	found := false
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		found, err = row(conn, `SELECT scope FROM grants WHERE user_id = ?1 AND game_id = ?2`,
			func(stmt *sqlite.Stmt) { scope = stmt.ColumnText(0) }, user, int64(id))
		return err
	})
	if err == nil && !found {
		err = Missing{Noun: "grant", Key: fmt.Sprintf("%d %d", user, id)}
	}
	return scope, err
}

// RevokeGrant takes back what a user has granted a game's site, with all codes and tokens.
func (s *Store) RevokeGrant(ctx context.Context, username, shortName string) error {
	all, err := s.Grants(ctx, username)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(g Grant) bool { return username != "" && strings.EqualFold(g.Game, shortName) })
	if i < 0 {
		return Missing{Noun: "grant", Key: username + " " + shortName}
	}
	subject := all[i].Username + " at " + all[i].Game
	return s.operate(ctx, "grant revoke", subject, func(conn *sqlite.Conn) error {
		return exec(conn, `
			DELETE FROM grants WHERE user_id = (SELECT id FROM users WHERE username = ?1)
				AND game_id = (SELECT id FROM games WHERE short_name = ?2)`, all[i].Username, all[i].Game)
	})
}

// endLogins ends all that a user's codes began; what was granted stays.
func endLogins(conn *sqlite.Conn, user int64) error {
	return exec(conn, `DELETE FROM grant_codes WHERE grant_id IN (SELECT id FROM grants WHERE user_id = ?1)`, user)
}

// PurgeTokens forgets tokens that have expired, and codes of which nothing else is left: until
// then it is noticed when one is used again.
func (s *Store) PurgeTokens(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		if err := exec(conn, `DELETE FROM grant_tokens WHERE expires_at <= ?1`, micros(now)); err != nil {
			return err
		}
		return exec(conn, `
			DELETE FROM grant_codes WHERE expires_at <= ?1 AND coalesce(refresh_ends_at, 0) <= ?1
				AND NOT EXISTS (SELECT 1 FROM grant_tokens WHERE code_id = grant_codes.id)`, micros(now))
	})
}
