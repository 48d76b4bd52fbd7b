package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

const backURI = "https://alpha.example/back"

// granting is a file with a user, a game, and what both agree on.
type granting struct {
	*store.Store
	t    *testing.T
	ann  store.User
	game store.Credential
}

func newGranting(t *testing.T, path ...string) granting {
	t.Helper()
	s := open(t, path...)
	g := granting{s, t, addUser(t, s, "Ann", store.Admin), addGame(t, s, "Alpha")}
	check(t, s.AddRedirectURI(t.Context(), "Alpha", backURI))
	return g
}

func (g granting) site() store.Site {
	return store.Site{ClientID: g.game.ClientID, Authenticated: true}
}

func (g granting) code(scope string, now time.Time) string {
	g.t.Helper()
	code, err := g.CreateCode(g.t.Context(), store.Approval{User: g.ann.ID, Game: store.GameID(g.game.ID), RedirectURI: backURI, Scope: scope}, now)
	check(g.t, err)
	return code
}

func (g granting) exchange(code string, now time.Time) (store.Tokens, error) {
	g.t.Helper()
	return g.ExchangeCode(g.t.Context(), store.Exchange{Site: g.site(), Code: code, RedirectURI: backURI}, now)
}

func (g granting) tokens(now time.Time) store.Tokens {
	g.t.Helper()
	t, err := g.exchange(g.code("profile", now), now)
	check(g.t, err)
	return t
}

// wantTokens says whose tokens are good: the access token, and whether the refresh token is,
// which it uses.
func (g granting) wantTokens(t store.Tokens, now time.Time, access bool, refresh error) {
	g.t.Helper()
	_, err := g.TokenUser(g.t.Context(), t.Access, now)
	if (err == nil) != access || err != nil && !errors.Is(err, store.ErrUnauthorized) {
		g.t.Errorf("the access token: %v", err)
	}
	if _, err := g.RefreshToken(g.t.Context(), g.site(), t.Refresh, "", now); err != refresh {
		g.t.Errorf("the refresh token: %v, want %v", err, refresh)
	}
}

// TestGrant_expiry: each thing is good until its end, and is forgotten afterwards.
func TestGrant_expiry(t *testing.T) {
	g := newGranting(t)
	now := time.Now()
	if _, err := g.exchange(g.code("profile", now), now.Add(store.CodeLasts)); err != store.ExpiredCode {
		t.Errorf("an old code: %v", err)
	}
	late := now.Add(store.CodeLasts - time.Millisecond)
	first, err := g.exchange(g.code("profile", now), late)
	check(t, err)
	g.wantTokens(first, late.Add(store.AccessLasts-time.Millisecond), true, nil)
	g.wantTokens(g.tokens(now), now.Add(store.AccessLasts), false, nil)
	g.wantTokens(g.tokens(now), now.Add(store.RefreshLasts-time.Millisecond), false, nil)
	g.wantTokens(g.tokens(now), now.Add(store.RefreshLasts), false, store.ExpiredToken)

	conn := connect(t, g.Path())
	count := func() string {
		t.Helper()
		return ask(t, conn, `SELECT (SELECT count(*) FROM grants), (SELECT count(*) FROM grant_codes), (SELECT count(*) FROM grant_tokens)`)[0]
	}
	run(t, conn, `DELETE FROM grant_tokens`)
	run(t, conn, `DELETE FROM grant_codes`)
	unused, used := g.code("profile", now), g.code("profile", now)
	one, err := g.exchange(used, now)
	check(t, err)
	for _, test := range []struct {
		after time.Duration
		want  string
	}{
		{store.CodeLasts - time.Second, "1|2|1"},
		{store.CodeLasts, "1|1|1"}, // the one that was used is remembered
		{store.AccessLasts, "1|1|0"},
		{store.RefreshLasts - time.Second, "1|1|0"},
	} {
		check(t, g.PurgeTokens(t.Context(), now.Add(test.after)))
		if got := count(); got != test.want {
			t.Errorf("after %v: got %s, want %s", test.after, got, test.want)
		}
	}
	if _, err := g.exchange(unused, now); err != store.UnknownCode {
		t.Errorf("a code that is forgotten: %v", err)
	}
	if _, err := g.exchange(used, now.Add(store.RefreshLasts-time.Second)); err != store.UsedCode {
		t.Errorf("a used code, long after: %v", err)
	}
	g.wantTokens(one, now, false, store.UnknownToken)
	g.tokens(now)
	check(t, g.PurgeTokens(t.Context(), now.Add(store.RefreshLasts)))
	if got := count(); got != "1|0|0" {
		t.Errorf("in the end: got %s", got)
	}
}

// TestExchangeCode_once: of many that have the same code, one gets tokens at most, and they
// are good no more.
func TestExchangeCode_once(t *testing.T) {
	g := newGranting(t)
	now := time.Now()
	code := g.code("profile", now)
	var all [8]store.Tokens
	var errs [8]error
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() { all[i], errs[i] = g.exchange(code, now) })
	}
	wait.Wait()
	good := 0
	for i, err := range errs {
		if err == nil {
			good++
			g.wantTokens(all[i], now, false, store.UnknownToken)
		} else if err != store.UsedCode && err != store.UnknownCode {
			t.Errorf("got %v", err)
		}
	}
	if good != 1 {
		t.Errorf("%d got tokens", good)
	}
}

// TestRefreshToken_scope: an access token may have less than the login.
func TestRefreshToken_scope(t *testing.T) {
	g := newGranting(t)
	now := time.Now()
	first, err := g.exchange(g.code("profile email", now), now)
	check(t, err)
	less, err := g.RefreshToken(t.Context(), g.site(), first.Refresh, "email", now)
	check(t, err)
	if who, err := g.TokenUser(t.Context(), less.Access, now); err != nil || who.Username != "" || less.Scope != "email" {
		t.Errorf("got %+v, %v", who, err)
	}
	all, err := g.RefreshToken(t.Context(), g.site(), less.Refresh, "", now)
	check(t, err)
	if who, err := g.TokenUser(t.Context(), all.Access, now); err != nil || who.Username != "Ann" || all.Scope != "profile email" {
		t.Errorf("got %+v, %v", who, err)
	}
}

func TestCheckScope(t *testing.T) {
	for text, want := range map[string]string{
		"": "profile", " ": "profile", "profile": "profile", "email": "email", "email profile": "profile email",
		"profile+email": "profile email", "profile profile": "profile", "  email  ": "email",
	} {
		if got, err := store.CheckScope(text); err != nil || got != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"openid", "profile,email", "Profile", "profile email admin", "\x00"} {
		if got, err := store.CheckScope(text); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func TestGrants(t *testing.T) {
	g := newGranting(t)
	ctx, now := t.Context(), time.Now()
	bob, beta := addUser(t, g.Store, "bob", store.Moderator), addGame(t, g.Store, "Beta")
	check(t, g.AddRedirectURI(ctx, "Beta", backURI))
	g.code("profile", now)
	g.code("email", now.Add(time.Minute))
	for _, user := range []int64{bob.ID, g.ann.ID} {
		_, err := g.CreateCode(ctx, store.Approval{User: user, Game: store.GameID(beta.ID), RedirectURI: backURI, Scope: "profile"}, now)
		check(t, err)
	}
	list := func(username string) (got []string) {
		t.Helper()
		for _, one := range must(g.Grants(ctx, username)) {
			got = append(got, one.Username+" "+one.Game+" "+one.Scope)
		}
		return got
	}
	if got, want := list(""), []string{"Ann Alpha profile email", "Ann Beta profile", "bob Beta profile"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := list("ann"), []string{"Ann Alpha profile email", "Ann Beta profile"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	// It is noted when it was used, two minutes late at most.
	used := func() *time.Time { return must(g.Grants(ctx, "ann"))[0].LastUsedAt }
	if used() != nil {
		t.Errorf("it was used at %v", used())
	}
	tokens := g.tokens(now)
	for _, test := range []struct{ at, want time.Duration }{{0, 0}, {59 * time.Second, 0}, {time.Minute, time.Minute}} {
		_, err := g.TokenUser(ctx, tokens.Access, now.Add(test.at))
		check(t, err)
		check(t, g.FlushTouches(ctx))
		if got := used(); got == nil || !got.Equal(now.Add(test.want).Truncate(time.Microsecond)) {
			t.Errorf("after %v: it was used at %v", test.at, got)
		}
	}

	ctx = store.WithActor(ctx, store.Actor{Name: "root"})
	for _, of := range [][2]string{{"bob", "Alpha"}, {"nobody", "Alpha"}, {"ann", "Omega"}, {"", "Alpha"}} {
		if err := g.RevokeGrant(ctx, of[0], of[1]); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: got %v", of, err)
		}
	}
	check(t, g.RevokeGrant(ctx, "ANN", "alpha"))
	if got, want := list(""), []string{"Ann Beta profile", "bob Beta profile"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	g.wantTokens(tokens, now, false, store.UnknownToken)
	on := must(g.Audit(ctx, store.AuditQuery{Action: "grant", Limit: 9}))
	if len(on) != 1 || on[0].Subject != "Ann at Alpha" || on[0].Actor != "root" || !strings.Contains(string(on[0].Before), `"scope":"profile email"`) || string(on[0].After) != "null" {
		t.Errorf("on record is %+v", on)
	}
}

// TestGrant_ends: what ends a person's or a game's standing ends tokens.
func TestGrant_ends(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		end     func(g granting) error
		refresh error
	}{
		"a new password":    {func(g granting) error { return g.SetPassword(t.Context(), "ann", password+"!") }, store.UnknownToken},
		"no such user":      {func(g granting) error { return g.DeleteUser(t.Context(), "ann") }, store.UnknownToken},
		"no such game":      {func(g granting) error { return g.DeleteGame(t.Context(), "Alpha") }, store.UnknownSite},
		"a suspended game":  {func(g granting) error { return g.SuspendGame(t.Context(), "Alpha", store.Suspension{}) }, store.UnknownSite},
		"nothing":           {func(granting) error { return nil }, nil},
		"the other's grant": {func(g granting) error { return errOnlyNotFound(g.RevokeGrant(t.Context(), "eve", "Alpha")) }, nil},
	} {
		t.Run(what, func(t *testing.T) {
			g := newGranting(t)
			addUser(t, g.Store, "root", store.Admin)
			now := time.Now()
			tokens, code := g.tokens(now), g.code("profile", now)
			check(t, test.end(g))
			g.wantTokens(tokens, now, test.refresh == nil, test.refresh)
			_, err := g.exchange(code, now)
			if (err == nil) != (test.refresh == nil) || err != nil && !errors.Is(err, store.ErrUnauthorized) {
				t.Errorf("the code: %v", err)
			}
		})
	}
}

func errOnlyNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func TestCreateCode_refused(t *testing.T) {
	g := newGranting(t)
	ctx, now := t.Context(), time.Now()
	approval := store.Approval{User: g.ann.ID, Game: store.GameID(g.game.ID), RedirectURI: backURI, Scope: "profile"}
	other := approval
	other.RedirectURI += "/"
	if _, err := g.CreateCode(ctx, other, now); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("another redirect URI: %v", err)
	}
	other = approval
	other.User = 99
	if _, err := g.CreateCode(ctx, other, now); !errors.Is(err, store.ErrBarred) {
		t.Errorf("another user: %v", err)
	}
	until := now.Add(time.Hour)
	check(t, g.SuspendGame(ctx, "Alpha", store.Suspension{Until: &until}))
	if _, err := g.CreateCode(ctx, approval, now); !errors.Is(err, store.ErrBarred) {
		t.Errorf("a suspended game: %v", err)
	}
	if all := must(g.Grants(ctx, "")); len(all) > 0 {
		t.Errorf("granted is %+v", all)
	}
	if _, err := g.CreateCode(ctx, approval, until.Add(time.Second)); err != nil {
		t.Errorf("after the suspension: %v", err)
	}
}

func TestSiteOf(t *testing.T) {
	g := newGranting(t)
	ctx, now := t.Context(), time.Now()
	one, err := g.SiteOf(ctx, g.game.ClientID, backURI, now)
	if err != nil || one.ShortName != "Alpha" {
		t.Errorf("got %+v, %v", one, err)
	}
	// The rows may be older than the check.
	run(t, connect(t, g.Path()), `INSERT INTO redirect_uris (game_id, uri) VALUES (1, 'http://alpha.example/back'), (1, 'http://[::1]:80/x')`)
	application := addApplication(t, g.Store, "Vine")
	for _, test := range []struct {
		clientID, uri string
		want          error
	}{
		{g.game.ClientID, "http://[::1]:80/x", nil},
		{g.game.ClientID, "http://alpha.example/back", store.ErrInvalid},
		{g.game.ClientID, "https://ALPHA.example/back", store.ErrInvalid},
		{g.game.ClientID, "", store.ErrInvalid},
		{application.ClientID, backURI, store.ErrNotFound},
		{"", backURI, store.ErrNotFound},
	} {
		if _, err := g.SiteOf(ctx, test.clientID, test.uri, now); !errors.Is(err, test.want) {
			t.Errorf("%s %s: got %v, want %v", test.clientID, test.uri, err, test.want)
		}
	}
	check(t, g.SuspendGame(ctx, "Alpha", store.Suspension{}))
	if _, err := g.SiteOf(ctx, g.game.ClientID, backURI, now); !errors.Is(err, store.ErrBarred) {
		t.Errorf("a suspended game: got %v", err)
	}
}

func TestAddRedirectURI(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	for uri, ok := range map[string]bool{
		"https://alpha.example": true, "https://alpha.example:8443/back?x=1": true, "http://localhost/": true,
		"http://localhost:4000/back": true, "http://127.0.0.1:4000": true, "http://[::1]:4000/": true,
		"http://alpha.example": false, "http://localhost.alpha.example": false, "http://127.0.0.2": false, "http://localhost@alpha.example": false,
		"https://ann@alpha.example": false, "https://alpha.example/#": false, "https://alpha.example/#x": false, "https://alpha.example/\n": false,
		"javascript:alert(1)": false, "//alpha.example": false, "": false,
	} {
		if err := s.AddRedirectURI(t.Context(), "Alpha", uri); (err == nil) != ok || !ok && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%q: got %v", uri, err)
		}
	}
}

// TestCheckSite: both secrets are good, as on the socket, but the game is not connected by it.
func TestCheckSite(t *testing.T) {
	s := open(t)
	ctx, now := t.Context(), time.Now()
	game, application := addGame(t, s, "Alpha"), addApplication(t, s, "Vine")
	rotated, err := s.RotateGame(ctx, "Alpha", store.Rotation{OldEnds: now.Add(time.Hour)})
	check(t, err)
	for _, secret := range []string{game.Secret, rotated.Secret} {
		if p, err := s.CheckSite(ctx, game.ClientID, secret, now); err != nil || p.ShortName != "Alpha" {
			t.Errorf("got %+v, %v", p, err)
		}
	}
	check(t, s.FlushTouches(ctx))
	if g := must(s.Game(ctx, "Alpha")); g.LastSeenAt != nil || g.SecretUsedAt == nil || g.OldSecretUsedAt == nil {
		t.Errorf("got %+v", g)
	}
	if _, err := s.CheckSite(ctx, application.ClientID, application.Secret, now); !errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("an application: %v", err)
	}
	if _, err := s.CheckSite(ctx, game.ClientID, game.Secret, now.Add(time.Hour)); !errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("an old secret: %v", err)
	}
}

// TestGrant_secrets: what sites hold is in the file as hashes alone, and a restored file has
// none of it.
func TestGrant_secrets(t *testing.T) {
	path := hubtest.NewFile(t)
	g := newGranting(t, path)
	now := time.Now()
	code := g.code("profile", now)
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	challenged, err := g.CreateCode(t.Context(), store.Approval{
		User: g.ann.ID, Game: store.GameID(g.game.ID), RedirectURI: backURI, Scope: "profile", Challenge: base64.RawURLEncoding.EncodeToString(sum[:]),
	}, now)
	check(t, err)
	tokens, err := g.exchange(code, now)
	check(t, err)
	_, err = g.ExchangeCode(t.Context(), store.Exchange{Site: g.site(), Code: challenged, RedirectURI: backURI, Verifier: verifier}, now)
	check(t, err)
	check(t, g.Close())
	file, err := os.ReadFile(path)
	check(t, err)
	family, rest, _ := strings.Cut(tokens.Refresh, ".")
	for _, secret := range []string{code, tokens.Access, family, rest, verifier, challenged} {
		if bytes.Contains(file, []byte(secret)) {
			t.Errorf("the file has %s", secret)
		}
	}

	to := hubtest.NewFile(t)
	check(t, os.Remove(to))
	_, err = store.Restore(t.Context(), path, to)
	check(t, err)
	g.Store = open(t, to)
	g.wantTokens(tokens, now, false, store.UnknownToken)
	if all := must(g.Grants(t.Context(), "ann")); len(all) != 1 {
		t.Errorf("granted is %+v", all)
	}
}

// TestReconcile_grants: the sqlite3 shell leaves orphans.
func TestReconcile_grants(t *testing.T) {
	for _, query := range []string{`DELETE FROM users`, `DELETE FROM games`, `DELETE FROM grants`, `DELETE FROM grant_codes`} {
		g := newGranting(t)
		g.tokens(time.Now())
		conn := connect(t, g.Path())
		run(t, conn, query)
		check(t, g.Reconcile(t.Context()))
		if got := ask(t, conn, `PRAGMA foreign_key_check`); len(got) > 0 {
			t.Errorf("%s leaves %q", query, got)
		}
		if got := ask(t, conn, `SELECT count(*) FROM grant_tokens`); got[0] != "0" {
			t.Errorf("%s leaves %s tokens", query, got[0])
		}
	}
}

// TestSiteOf_anyPort: a program on the user's own machine may listen on any port; all else of its
// redirect URI counts to the letter, and elsewhere the port as well.
func TestSiteOf_anyPort(t *testing.T) {
	s := open(t)
	c := addGame(t, s, "Alpha")
	for _, uri := range []string{"http://127.0.0.1/back", "http://[::1]:4000/back?a=b", "http://localhost:4000/", "https://alpha.example/back", "https://localhost/back"} {
		check(t, s.AddRedirectURI(t.Context(), "Alpha", uri))
	}
	for uri, want := range map[string]bool{
		"http://127.0.0.1/back": true, "http://127.0.0.1:51234/back": true, "http://127.0.0.1:1/back": true,
		"http://[::1]/back?a=b": true, "http://[::1]:5/back?a=b": true, "http://localhost:5/": true, "http://localhost/": true,
		"http://127.0.0.1:5/Back": false, "http://127.0.0.1:5/back?x": false, "http://127.0.0.1:5/back/../back": false, "http://127.0.0.1:x/back": false,
		"http://127.0.0.1:5@evil.example/back": false, "http://u@127.0.0.1:5/back": false, "http://127.0.0.1.evil.example/back": false,
		"http://[::1]:5/back": false, "http://localhost:5/back": false, "HTTP://127.0.0.1:5/back": false, "http://LOCALHOST:5/": false,
		"https://127.0.0.1:5/back": false, "https://alpha.example:5/back": false, "https://localhost:5/back": false, "http://127.0.0.2:5/back": false,
	} {
		_, err := s.SiteOf(t.Context(), c.ClientID, uri, time.Now())
		if want && err != nil || !want && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: got %v, want %t", uri, err, want)
		}
	}
}
