package store

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	AccessLasts  = time.Hour           // how long an access token is good
	RefreshLasts = 30 * 24 * time.Hour // how long a refresh token is good
)

// A Site is a game's site that asks for tokens.
type Site struct {
	ClientID      string
	Authenticated bool // it has the game's secret, as CheckSite says
}

// Tokens are what a site gets. The file has their hashes.
type Tokens struct {
	Access  string // good for AccessLasts
	Refresh string // good once, for RefreshLasts
	Scope   string
}

// A Denial is why a site gets no tokens; it unwraps to ErrUnauthorized.
type Denial string

// The denials. A code or token of another client's is an unknown one.
const (
	UnknownSite   Denial = "no game that may sign people in has this client id"
	SecretNeeded  Denial = "it takes the client secret: there was no code_challenge, or the code was exchanged with the secret"
	UnknownCode   Denial = "the code is unknown, or was revoked"
	ExpiredCode   Denial = "the code has expired; it is good for a minute"
	UsedCode      Denial = "the code was used before; all that came of it is revoked"
	WrongRedirect Denial = "redirect_uri is not that of the request to authorize"
	WrongVerifier Denial = "code_verifier does not fit the code_challenge of the request to authorize"
	UnknownToken  Denial = "the refresh token is unknown, or was revoked"
	ExpiredToken  Denial = "the refresh token has expired"
	ReusedToken   Denial = "the refresh token was used before; all that came of the same code is revoked"
	WrongScope    Denial = "scope has more than was granted"
)

func (d Denial) Error() string { return string(d) }

func (Denial) Unwrap() error { return ErrUnauthorized }

// CheckSite finds the game whose client id and secret a site has; that the game is connected
// it does not mean. It reports a Refusal as Authenticate does.
func (s *Store) CheckSite(ctx context.Context, clientID, secret string, now time.Time) (Peer, error) {
	p, old, err := s.authenticate(ctx, clientID, secret, now)
	switch {
	case err != nil:
		return Peer{}, err
	case p.Application:
		return Peer{}, &Refusal{Reason: ErrUnauthorized, Peer: p}
	case old:
		s.touch(p, touch{old: now})
	default:
		s.touch(p, touch{secret: now})
	}
	return p, nil
}

// An Exchange is what a site gives for tokens.
type Exchange struct {
	Site        Site
	Code        string
	RedirectURI string // that of the Approval
	Verifier    string // of PKCE, whose Challenge the Approval has
}

// ExchangeCode gives the tokens for a code, once. It reports a Denial when it does not; a
// code that is used again takes with it all that came of it.
func (s *Store) ExchangeCode(ctx context.Context, x Exchange, now time.Time) (Tokens, error) {
	return s.issue(ctx, x.Site, now, func(conn *sqlite.Conn) (l login, denied error, err error) {
		var ours, used, withSecret bool
		var redirectURI, challenge string
		var expires int64
		found, err := row(conn, `
			SELECT c.id, g.id, c.scope, m.client_id = ?3, c.used_at IS NOT NULL, c.with_secret, c.redirect_uri, coalesce(c.challenge, ''), c.expires_at
			FROM `+activeGrants+` JOIN grant_codes AS c ON c.grant_id = g.id
			WHERE c.hash = ?2`, func(stmt *sqlite.Stmt) {
			l = login{code: stmt.ColumnInt64(0), grant: stmt.ColumnInt64(1), scope: stmt.ColumnText(2)}
			ours, used, withSecret = stmt.ColumnBool(3), stmt.ColumnBool(4), stmt.ColumnBool(5)
			redirectURI, challenge, expires = stmt.ColumnText(6), stmt.ColumnText(7), stmt.ColumnInt64(8)
		}, micros(now), tokenHash(x.Code), x.Site.ClientID)
		switch {
		case err != nil:
		case !found || !ours:
			denied = UnknownCode
		case !x.Site.Authenticated && (withSecret || challenge == ""):
			denied = SecretNeeded
		case used:
			denied, err = UsedCode, endLogin(conn, l.code)
		case micros(now) >= expires:
			denied = ExpiredCode
		case redirectURI != x.RedirectURI:
			denied = WrongRedirect
		case !verifies(x.Verifier, challenge):
			denied = WrongVerifier
		}
		l.family, _ = newToken()
		return l, denied, err
	})
}

// verifies reports whether a verifier of PKCE is that of a challenge. Where there was no
// challenge there must be no verifier: else somebody has taken the challenge out on its way.
func verifies(verifier, challenge string) bool {
	if challenge == "" || verifier == "" {
		return challenge == verifier
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

// RefreshToken gives new tokens for a refresh token, which is good no more. It reports a
// Denial when it does not; a token that is used again takes with it all that came of the
// same code, because either the site or a thief has used it before. An empty scope means
// all that was granted.
func (s *Store) RefreshToken(ctx context.Context, site Site, token, scope string, now time.Time) (Tokens, error) {
	family, _, _ := strings.Cut(token, ".")
	return s.issue(ctx, site, now, func(conn *sqlite.Conn) (l login, denied error, err error) {
		var ours, withSecret bool
		var hash [sha256.Size]byte
		var ends int64
		found, err := row(conn, `
			SELECT c.id, g.id, c.scope, m.client_id = ?3, c.with_secret, c.refresh_hash, c.refresh_ends_at
			FROM `+activeGrants+` JOIN grant_codes AS c ON c.grant_id = g.id
			WHERE c.family_hash = ?2`, func(stmt *sqlite.Stmt) {
			l = login{code: stmt.ColumnInt64(0), grant: stmt.ColumnInt64(1), scope: stmt.ColumnText(2), family: family}
			ours, withSecret = stmt.ColumnBool(3), stmt.ColumnBool(4)
			stmt.ColumnBytes(5, hash[:])
			ends = stmt.ColumnInt64(6)
		}, micros(now), tokenHash(family), site.ClientID)
		switch {
		case err != nil:
		case !found || !ours:
			denied = UnknownToken
		case !site.Authenticated && withSecret:
			denied = SecretNeeded
		case subtle.ConstantTimeCompare(tokenHash(token), hash[:]) != 1:
			denied, err = ReusedToken, endLogin(conn, l.code)
		case micros(now) >= ends:
			denied = ExpiredToken
		case !Within(scope, l.scope):
			denied = WrongScope
		case scope != "":
			l.scope = scope
		}
		return l, denied, err
	})
}

// A login is what a code has begun at a site.
type login struct {
	code, grant int64
	scope       string // of the access token to come
	family      string // what the login's refresh tokens begin with
}

func endLogin(conn *sqlite.Conn, code int64) error {
	return exec(conn, `DELETE FROM grant_codes WHERE id = ?1`, code)
}

// issue makes tokens for the login that find gives, in its transaction. What find does stays
// done also when it denies them.
func (s *Store) issue(ctx context.Context, site Site, now time.Time, find func(*sqlite.Conn) (l login, denied, err error)) (t Tokens, err error) {
	var denied error
	err = s.write(ctx, func(conn *sqlite.Conn) error {
		if denied, err = unknownSite(conn, site, now); denied != nil || err != nil {
			return err
		}
		var l login
		if l, denied, err = find(conn); denied != nil || err != nil {
			return err
		}
		access, hash := newToken()
		one, _ := newToken()
		t = Tokens{Access: access, Refresh: l.family + "." + one, Scope: l.scope}
		if err := exec(conn, `INSERT INTO grant_tokens (hash, code_id, scope, expires_at) VALUES (?1, ?2, ?3, ?4)`,
			hash, l.code, l.scope, micros(now.Add(AccessLasts))); err != nil {
			return err
		}
		if err := exec(conn, `
			UPDATE grant_codes SET used_at = coalesce(used_at, ?2), with_secret = max(with_secret, ?3),
				family_hash = ?4, refresh_hash = ?5, refresh_ends_at = ?6
			WHERE id = ?1`, l.code, micros(now), site.Authenticated,
			tokenHash(l.family), tokenHash(t.Refresh), micros(now.Add(RefreshLasts))); err != nil {
			return err
		}
		return exec(conn, `UPDATE grants SET last_used_at = ?2 WHERE id = ?1`, l.grant, micros(now))
	})
	if err == nil {
		err = denied
	}
	if err != nil {
		return Tokens{}, err
	}
	return t, nil
}

// unknownSite denies a client id that is no game's, or a suspended one's.
func unknownSite(conn *sqlite.Conn, site Site, now time.Time) (denied, err error) {
	found, err := row(conn, `
		SELECT 1 FROM games WHERE client_id = ?1 AND NOT (suspended AND coalesce(suspended_until, ?2) >= ?2)`,
		func(*sqlite.Stmt) {}, site.ClientID, micros(now))
	if err == nil && !found {
		denied = UnknownSite
	}
	return denied, err
}

// RevokeToken ends what a site has: an access token alone, or with a refresh token all that
// came of the same code. A token that is not the site's changes nothing.
func (s *Store) RevokeToken(ctx context.Context, site Site, token string, now time.Time) error {
	family, _, _ := strings.Cut(token, ".")
	var denied error
	err := s.write(ctx, func(conn *sqlite.Conn) (err error) {
		if denied, err = unknownSite(conn, site, now); denied != nil || err != nil {
			return err
		}
		const ours = ` IN (
			SELECT c.id FROM grant_codes AS c JOIN grants AS g ON g.id = c.grant_id JOIN games AS m ON m.id = g.game_id
			WHERE m.client_id = ?2 AND (?3 OR NOT c.with_secret))`
		if err := exec(conn, `DELETE FROM grant_codes WHERE family_hash = ?1 AND id`+ours,
			tokenHash(family), site.ClientID, site.Authenticated); err != nil {
			return err
		}
		return exec(conn, `DELETE FROM grant_tokens WHERE hash = ?1 AND code_id`+ours,
			tokenHash(token), site.ClientID, site.Authenticated)
	})
	if err == nil {
		err = denied
	}
	return err
}

// A Subject is a user as a site may know them. What the scope does not have is empty.
type Subject struct {
	UID      string // UUID, the same for all sites and for ever
	Username string
	Email    string
	Game     GameID // whose site asks
}

// subjectEmail is the e-mail address of a user u, if it is known to be theirs.
const subjectEmail = `iif(u.email_verified_at IS NULL, '', coalesce(u.email, ''))`

// TokenUser finds whose access token it is, and notes that it was used. It reports
// ErrUnauthorized when it is nobody's, or not any more.
func (s *Store) TokenUser(ctx context.Context, token string, now time.Time) (one Subject, err error) {
	var grant, usedAt int64
	var found bool
	var scope string
	err = s.query(ctx, func(conn *sqlite.Conn) error {
		found, err = row(conn, `
			SELECT s.uid, u.username, `+subjectEmail+`, m.id, t.scope, g.id, coalesce(g.last_used_at, 0)
			FROM `+activeGrants+` JOIN grant_codes AS c ON c.grant_id = g.id
			JOIN grant_tokens AS t ON t.code_id = c.id JOIN subjects AS s ON s.user_id = u.id
			WHERE t.hash = ?2 AND t.expires_at > ?1`, func(stmt *sqlite.Stmt) {
			one = Subject{stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnText(2), GameID(stmt.ColumnInt64(3))}
			scope, grant, usedAt = stmt.ColumnText(4), stmt.ColumnInt64(5), stmt.ColumnInt64(6)
		}, micros(now), tokenHash(token))
		return err
	})
	if err != nil {
		return Subject{}, err
	}
	if !found {
		return Subject{}, ErrUnauthorized
	}
	if !Within(ScopeProfile, scope) {
		one.Username = ""
	}
	if !Within(ScopeEmail, scope) {
		one.Email = ""
	}
	if now.Sub(fromMicros(usedAt)) >= seenEvery {
		s.touchRow(touched{"grants", grant}, touch{seen: now})
	}
	return one, nil
}
