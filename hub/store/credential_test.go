package store_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// TestRefusal: operators are told whose client id it was, and that a secret was good once.
func TestRefusal(t *testing.T) {
	s := open(t)
	ctx, now := t.Context(), time.Now()
	alpha, site := addGame(t, s, "Alpha"), addApplication(t, s, "Site")
	ends := now.Add(time.Hour).Truncate(time.Microsecond)
	_, err := s.RotateGame(ctx, "Alpha", store.Rotation{OldEnds: ends})
	check(t, err)
	check(t, s.UpdateApplication(ctx, "Site", store.ApplicationEdit{Suspended: pointer(true)}))
	for _, test := range []struct {
		what   string
		c      store.Credential
		secret string
		at     time.Time
		owner  string
		ended  time.Time
		reason error
	}{
		{"an unknown id", store.Credential{ClientID: "unknown"}, "x", now, "", time.Time{}, store.ErrUnauthorized},
		{"a wrong secret", alpha, "x", now, "Alpha", time.Time{}, store.ErrUnauthorized},
		{"the old secret, which has ended", alpha, alpha.Secret, ends, "Alpha", ends, store.ErrUnauthorized},
		{"a wrong secret of a suspended application", site, "x", now, "Site", time.Time{}, store.ErrUnauthorized},
		{"the secret of a suspended application", site, site.Secret, now, "Site", time.Time{}, store.ErrBarred},
	} {
		_, err := s.Authenticate(ctx, test.c.ClientID, test.secret, test.at)
		r, ok := errors.AsType[*store.Refusal](err)
		if !ok || r.Peer.ShortName != test.owner || !r.Ended.Equal(test.ended) || r.Reason != test.reason || (r.Peer.ID == 0) != (test.owner == "") {
			t.Errorf("%s: got %+v, %v", test.what, r, err)
		}
	}
	if _, err := s.Authenticate(ctx, alpha.ClientID, alpha.Secret, ends.Add(-1000)); err != nil {
		t.Errorf("the old secret before its end: %v", err)
	}
}

func TestAuthenticate(t *testing.T) {
	s := open(t)
	conn := connect(t, s.Path())
	ctx := t.Context()
	now := time.Now()
	alpha, site := addGame(t, s, "Alpha"), addApplication(t, s, "Site")
	check(t, s.SetClient(ctx, store.GameID(alpha.ID), "UA 1", "2"))
	check(t, s.UpdateApplication(ctx, "Site", store.ApplicationEdit{Credentials: pointer(true), SyncForm: pointer("versions")}))
	for _, test := range []struct {
		c    store.Credential
		want store.Peer
	}{
		{alpha, store.Peer{ID: alpha.ID, ShortName: "Alpha", UserAgent: "UA 1", Version: "2"}},
		{site, store.Peer{Application: true, ID: site.ID, ShortName: "Site", SyncForm: "versions", Credentials: true}},
	} {
		got, err := s.Authenticate(ctx, test.c.ClientID, test.c.Secret, now)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("got %+v, %v, want %+v", got, err, test.want)
		}
	}
	for _, test := range []struct{ id, secret string }{
		{"", ""}, {alpha.ClientID, ""}, {"", alpha.Secret}, {alpha.ClientID, site.Secret}, {site.ClientID, alpha.Secret}, {alpha.ClientID, alpha.Secret + " "},
		{strings.ToUpper(alpha.ClientID), alpha.Secret}, {alpha.ClientID, strings.ToUpper(alpha.Secret)}, {alpha.ClientID + "\x00", alpha.Secret},
		{"Alpha", alpha.Secret}, {"%", alpha.Secret}, {"unknown", "unknown"}, {alpha.ClientID, strings.Repeat("\x00", 32)},
	} {
		p, err := s.Authenticate(ctx, test.id, test.secret, now)
		if !errors.Is(err, store.ErrUnauthorized) || p != (store.Peer{}) {
			t.Errorf("%q, %q: got %+v, %v", test.id, test.secret, p, err)
		}
	}

	// A row without a secret, and one that is only zeros, are nobody's.
	run(t, conn, `
		INSERT INTO games (short_name, name, client_id) VALUES ('None', 'None', 'none');
		INSERT INTO games (short_name, name, client_id, secret_hash, old_secret_hash, old_secret_ends_at) VALUES ('Zeros', 'Zeros', 'zeros', zeroblob(32), zeroblob(32), 9e18);
		INSERT INTO applications (short_name, name, client_id) VALUES ('Nobody', 'Nobody', 'nobody')`)
	for _, id := range []string{"none", "zeros", "nobody"} {
		for _, secret := range []string{"", strings.Repeat("\x00", 32), "NULL"} {
			_, err := s.Authenticate(ctx, id, secret, now)
			wantErr(t, id, err, store.ErrUnauthorized)
		}
	}

	// The id of a game is looked up first.
	run(t, conn, `INSERT INTO applications (short_name, name, client_id, secret_hash) SELECT 'Twin', 'Twin', client_id, secret_hash FROM games WHERE short_name = 'Alpha'`)
	if p, err := s.Authenticate(ctx, alpha.ClientID, alpha.Secret, now); err != nil || p.Application {
		t.Errorf("got %+v, %v", p, err)
	}

	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Authenticate(canceled, alpha.ClientID, alpha.Secret, now); err == nil || errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("a fault of the machine is %v", err)
	}
}

func TestAuthenticate_rotated(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	now := time.Now()
	for name, rotate := range map[string]func(store.Rotation) (store.Credential, error){
		"Alpha": func(r store.Rotation) (store.Credential, error) { return s.RotateGame(ctx, "aLPHA", r) },
		"Site":  func(r store.Rotation) (store.Credential, error) { return s.RotateApplication(ctx, "SITE", r) },
	} {
		first := addApplicationOrGame(t, s, name)
		ends := now.Add(time.Hour)
		second, err := rotate(store.Rotation{OldEnds: ends})
		if err != nil || second.ClientID != first.ClientID || second.ID != first.ID || second.Secret == first.Secret {
			t.Fatalf("%s: got %+v, %v after %+v", name, second, err, first)
		}
		try := func(what string, c store.Credential, at time.Time, want error) {
			t.Helper()
			_, err := s.Authenticate(ctx, c.ClientID, c.Secret, at)
			if !errors.Is(err, want) {
				t.Errorf("%s: %s: got %v, want %v", name, what, err, want)
			}
		}
		try("the new one", second, now, nil)
		try("the new one, later", second, ends.Add(time.Hour), nil)
		try("the old one", first, now, nil)
		try("the old one, just before its end", first, ends.Add(-time.Microsecond), nil)
		try("the old one, at its end", first, ends, store.ErrUnauthorized)
		third, err := rotate(store.Rotation{Form: store.UUIDSecret, OldEnds: now})
		check(t, err)
		try("the newest", third, now, nil)
		try("the one that ends at once", second, now, store.ErrUnauthorized)
		try("the one before", first, now, store.ErrUnauthorized)
	}
}

func addApplicationOrGame(t *testing.T, s *store.Store, name string) store.Credential {
	t.Helper()
	if name == "Site" {
		return addApplication(t, s, name)
	}
	return addGame(t, s, name)
}

func TestAuthenticate_suspended(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	alpha, site := addGame(t, s, "Alpha"), addApplication(t, s, "Site")
	suspend := func(suspended bool) {
		check(t, s.UpdateGame(ctx, "Alpha", store.GameEdit{Suspended: &suspended}))
		check(t, s.UpdateApplication(ctx, "Site", store.ApplicationEdit{Suspended: &suspended}))
	}
	suspend(true)
	for _, c := range []store.Credential{alpha, site} {
		_, err := s.Authenticate(ctx, c.ClientID, c.Secret, time.Now())
		wantErr(t, "the right secret", err, store.ErrBarred)
		_, err = s.Authenticate(ctx, c.ClientID, "wrong", time.Now())
		wantErr(t, "a wrong secret", err, store.ErrUnauthorized)
	}
	suspend(false)
	for _, c := range []store.Credential{alpha, site} {
		_, err := s.Authenticate(ctx, c.ClientID, c.Secret, time.Now())
		check(t, err)
	}
}

// Nothing that authenticates is in the file in clear text, nor in the log.
func TestSecrets_notInTheFile(t *testing.T) {
	path := hubtest.NewFile(t)
	s := open(t, path)
	ctx := t.Context()
	secrets := []string{addGame(t, s, "Alpha").Secret, addApplication(t, s, "Site").Secret, "correct horse battery", "another long password"}
	secrets = append(secrets, must(s.RotateGame(ctx, "Alpha", store.Rotation{OldEnds: time.Now().Add(time.Hour)})).Secret,
		must(s.RotateApplication(ctx, "Site", store.Rotation{Form: store.UUIDSecret, OldEnds: time.Now()})).Secret)
	must(s.CreateUser(ctx, store.User{Username: "ann", Role: "admin"}, secrets[2]))
	check(t, s.SetPassword(ctx, "ann", secrets[3]))
	look := func(files ...string) {
		t.Helper()
		for _, file := range files {
			content, err := os.ReadFile(file)
			check(t, err)
			for _, secret := range secrets {
				if bytes.Contains(content, []byte(secret)) {
					t.Errorf("%s has the secret %q", file, secret)
				}
			}
		}
	}
	look(path, path+"-wal")
	check(t, s.Close())
	look(path)
	for _, v := range versions(t, open(t, path), 0) {
		if v.Kind == store.Games && (!strings.Contains(v.Payload, `"client_secret":"redacted"`) || strings.Contains(v.Payload, hex.EncodeToString(v.Secret)) || len(v.Secret) != 32) {
			t.Errorf("got %+v", v)
		}
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	s := open(t)
	conn := connect(t, s.Path())
	ctx := t.Context()
	const password = "pässwörd ✔️ x"
	began := time.Now()
	ann, err := s.CreateUser(ctx, store.User{Username: "ann", Role: "admin"}, password)
	if err != nil || ann.ID != 1 || ann.CreatedAt.Before(began) {
		t.Errorf("got %+v, %v", ann, err)
	}
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$`)
	stored := func() string { return ask(t, conn, `SELECT password_hash FROM users WHERE username = 'ann'`)[0] }
	verify := func(password string) {
		t.Helper()
		parts := form.FindStringSubmatch(stored())
		if parts == nil {
			t.Fatalf("%q is no PHC string", stored())
		}
		salt, key := must(base64.RawStdEncoding.DecodeString(parts[1])), must(base64.RawStdEncoding.DecodeString(parts[2]))
		if !bytes.Equal(argon2.IDKey([]byte(password), salt, 2, 19456, 1, 32), key) {
			t.Errorf("%q is not of the password", stored())
		}
	}
	verify(password)
	was := stored()
	check(t, s.SetPassword(ctx, "ANN", password))
	if verify(password); stored() == was {
		t.Error("the salt is the same")
	}
	check(t, s.SetPassword(ctx, "ann", "ten letter"))
	verify("ten letter")

	for _, test := range []struct{ field, username, role, password string }{
		{"username", "ab", "admin", password}, {"username", strings.Repeat("a", 51), "admin", password}, {"username", "a b", "admin", password},
		{"username", "ann\n", "admin", password}, {"username", "änn", "admin", password}, {"username", "", "admin", password},
		{"role", "bob", "", password}, {"role", "bob", "root", password},
		{"password", "bob", "admin", ""}, {"password", "bob", "admin", "nine char"}, {"password", "bob", "admin", "ééééééééé"},
		{"password", "bob", "admin", strings.Repeat("x", 1025)}, {"password", "bob", "admin", strings.Repeat("é", 513)},
	} {
		_, err := s.CreateUser(ctx, store.User{Username: test.username, Role: store.Role(test.role)}, test.password)
		wantField(t, test.username+" "+test.password, err, store.ErrInvalid, test.field)
		if test.field == "password" {
			wantField(t, test.password, s.SetPassword(ctx, "ann", test.password), store.ErrInvalid, "password")
		}
	}
	_, err = s.CreateUser(ctx, store.User{Username: "ANN", Role: "admin"}, password)
	wantField(t, "twice", err, store.ErrConflict, "username")
	wantErr(t, "password", s.SetPassword(ctx, "bob", password), store.ErrNotFound)
	wantErr(t, "remove", s.DeleteUser(ctx, "bob"), store.ErrNotFound)
	wantField(t, "the last admin", s.DeleteUser(ctx, "Ann"), store.ErrInvalid, "username")
	must(s.CreateUser(ctx, store.User{Username: "Mod-1", Role: "moderator"}, strings.Repeat("x", 1024)))
	wantField(t, "the last admin", s.DeleteUser(ctx, "ann"), store.ErrInvalid, "username")
	must(s.CreateUser(ctx, store.User{Username: "bob", Role: "admin"}, password))
	check(t, s.DeleteUser(ctx, "ANN"))
	check(t, s.DeleteUser(ctx, "mod-1"))
	if users, err := s.Users(ctx); err != nil || len(users) != 1 || users[0].Username != "bob" || users[0].Role != "admin" || users[0].ID != 3 || users[0].CreatedAt.Before(began.Truncate(time.Microsecond)) {
		t.Errorf("got %+v, %v", users, err)
	}
}

// TestOldSecrets: a secret that is being replaced is listed while it is in use and valid.
func TestOldSecrets(t *testing.T) {
	s := open(t)
	ctx, now := t.Context(), time.Now()
	list := func(at time.Time) (names []string) {
		t.Helper()
		check(t, s.FlushTouches(ctx))
		for _, o := range must(s.OldSecrets(ctx, at)) {
			names = append(names, o.Noun+" "+o.ShortName+" "+o.EndsAt.Sub(now).Round(time.Minute).String())
		}
		return names
	}
	want := func(what string, at time.Time, names ...string) {
		t.Helper()
		if got := list(at); !slices.Equal(got, names) {
			t.Errorf("%s: got %q, want %q", what, got, names)
		}
	}
	game, application := addGame(t, s, "Alpha"), addApplication(t, s, "Site")
	addGame(t, s, "Never")
	use := func(c store.Credential, at time.Time) {
		t.Helper()
		must(s.Authenticate(ctx, c.ClientID, c.Secret, at))
	}
	use(game, now)
	use(application, now)
	rotation := store.Rotation{OldEnds: now.Add(48 * time.Hour)}
	newer := must(s.RotateGame(ctx, "Alpha", rotation))
	must(s.RotateGame(ctx, "Never", rotation))
	rotation.OldEnds = now.Add(time.Hour)
	must(s.RotateApplication(ctx, "Site", rotation))
	want("after it", now, "application Site 1h0m0s", "game Alpha 48h0m0s")
	use(game, now.Add(time.Minute))
	want("two hours later", now.Add(2*time.Hour), "game Alpha 48h0m0s")
	newer.ClientID = game.ClientID
	use(newer, now.Add(2*time.Minute))
	want("when the new one was used", now, "application Site 1h0m0s")
	check(t, s.SuspendApplication(ctx, "Site", store.Suspension{Reason: "spam"}))
	want("when it is suspended", now)
}
