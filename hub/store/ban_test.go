package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hearsay/hub/store"
)

// wantBarred checks that somebody with the right password is kept out with that sentence.
func wantBarred(t *testing.T, err error, sentence string) {
	t.Helper()
	var barred *store.Barred
	if !errors.As(err, &barred) || !errors.Is(err, store.ErrBarred) || !strings.Contains(barred.Reason, sentence) {
		t.Errorf("got %v, want %q", err, sentence)
	}
}

func TestBanUser(t *testing.T) {
	s := open(t)
	addUser(t, s, "ann", store.Admin)
	bob := addUser(t, s, "bob", store.Person)
	past, until := time.Now().Add(-time.Hour), time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann", Address: "203.0.113.9"})
	for _, test := range []struct {
		username string
		ban      store.Ban
		kind     error
		field    string
	}{
		{"bob", store.Ban{}, store.ErrInvalid, "reason"},
		{"bob", store.Ban{Reason: " "}, store.ErrInvalid, "reason"},
		{"bob", store.Ban{Reason: strings.Repeat("x", 201)}, store.ErrInvalid, "reason"},
		{"bob", store.Ban{Reason: "x", Until: &past}, store.ErrInvalid, "until"},
		{"ann", store.Ban{Reason: "x"}, store.ErrInvalid, "username"},
	} {
		wantField(t, test.username, s.BanUser(ctx, test.username, test.ban), test.kind, test.field)
	}
	wantErr(t, "nobody", s.BanUser(ctx, "eve", store.Ban{Reason: "x"}), store.ErrNotFound)

	token := must(s.StartSession(t.Context(), bob.ID, "203.0.113.9", "x"))
	check(t, s.BanUser(ctx, "BOB", store.Ban{Reason: " shouts ", Until: &until}))
	if _, err := s.Session(t.Context(), token, time.Now()); !errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("a session of somebody banned: %v", err)
	}
	if got := ask(t, connect(t, s.Path()), `SELECT count(*) FROM sessions`); got[0] != "0" {
		t.Errorf("%s sessions are left", got[0])
	}
	_, err := s.CheckPassword(t.Context(), "bob", password)
	wantBarred(t, err, "banned until "+until.Format("2006-01-02 15:04")+" UTC: shouts")
	_, err = s.CheckPassword(t.Context(), "bob", "wrong password")
	wantErr(t, "who has no password learns nothing", err, store.ErrUnauthorized)
	_, err = s.StartSession(t.Context(), bob.ID, "203.0.113.9", "x")
	wantBarred(t, err, "banned until")

	u := must(s.User(t.Context(), "bob"))
	if !u.Banned(until.Add(-time.Second)) || u.Banned(until) || u.BannedReason != "shouts" || !u.BannedUntil.Equal(until) {
		t.Errorf("got %+v", u)
	}
	check(t, s.BanUser(ctx, "bob", store.Ban{Reason: "again"}))
	if u = must(s.User(t.Context(), "bob")); !u.Banned(until.Add(time.Hour)) || u.BannedUntil != nil {
		t.Errorf("got %+v", u)
	}
	_, err = s.CheckPassword(t.Context(), "bob", password)
	wantBarred(t, err, "your account is banned: again")
	check(t, s.UnbanUser(ctx, "bob"))
	wantField(t, "twice", s.UnbanUser(ctx, "bob"), store.ErrConflict, "username")
	if _, err := s.CheckPassword(t.Context(), "bob", password); err != nil {
		t.Error(err)
	}
	want := []string{
		`user ban|BOB|{"banned":0,"banned_reason":null,"banned_until":null}|{"banned":1,"banned_reason":"shouts","banned_until":"` + until.Format("2006-01-02T15:04:05Z") + `"}`,
		`user ban|bob|{"banned_reason":"shouts","banned_until":"` + until.Format("2006-01-02T15:04:05Z") + `"}|{"banned_reason":"again","banned_until":null}`,
		`user unban|bob|{"banned":1,"banned_reason":"again"}|{"banned":0,"banned_reason":null}`,
	}
	if got := ask(t, connect(t, s.Path()), `SELECT action, subject, before_state, after_state FROM audit ORDER BY id`); !slices.Equal(got, want) {
		t.Errorf("on record is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A ban that is over counts as none, and is forgotten in time.
func TestBanUser_over(t *testing.T) {
	s := open(t)
	bob := addUser(t, s, "bob", store.Person)
	token := must(s.StartSession(t.Context(), bob.ID, "", ""))
	conn := connect(t, s.Path())
	ban := func(until string) {
		run(t, conn, `UPDATE users SET banned_at = 1, banned_reason = 'x', banned_until = `+until)
	}
	ban(`strftime('%s', 'now') * 1000000 + 3600000000`) // by the shell, which ends no sessions
	_, err := s.Session(t.Context(), token, time.Now())
	wantErr(t, "banned", err, store.ErrUnauthorized)
	ban(`2`)
	must(s.Session(t.Context(), token, time.Now()))
	must(s.CheckPassword(t.Context(), "bob", password))
	wantField(t, "over", s.UnbanUser(t.Context(), "bob"), store.ErrConflict, "username")
	if _, n, err := s.UsersPage(t.Context(), store.Page{Filter: "banned", Limit: 9}); n != 0 || err != nil {
		t.Errorf("%d are banned, %v", n, err)
	}
	check(t, s.PurgeAccounts(t.Context(), time.Now()))
	if got := ask(t, conn, `SELECT banned_at IS NULL AND banned_reason IS NULL AND banned_until IS NULL FROM users`); got[0] != "1" {
		t.Error("the ban stays for ever")
	}
}

// Admins who are banned are none that could let anybody in again.
func TestBanUser_lastAdmin(t *testing.T) {
	s := open(t)
	addUser(t, s, "ann", store.Admin)
	addUser(t, s, "bob", store.Admin)
	check(t, s.BanUser(t.Context(), "bob", store.Ban{Reason: "x"}))
	wantField(t, "ban", s.BanUser(t.Context(), "ann", store.Ban{Reason: "x"}), store.ErrInvalid, "username")
	wantField(t, "role", s.SetRole(t.Context(), "ann", store.Person), store.ErrInvalid, "role")
	wantField(t, "remove", s.DeleteUser(t.Context(), "ann"), store.ErrInvalid, "username")
	wantField(t, "close", s.CloseAccount(t.Context(), "ann", store.Closing{}, time.Now()), store.ErrInvalid, "username")
	check(t, s.DeleteUser(t.Context(), "bob"))
}

func TestUsersPage(t *testing.T) {
	s := open(t)
	addUser(t, s, "ann", store.Admin)
	addUser(t, s, "bob", store.Moderator)
	for _, name := range []string{"cid", "dan", "eve"} {
		addUser(t, s, name, store.Person)
	}
	check(t, s.SetEmail(t.Context(), "dan", "Daniel@Example.org"))
	check(t, s.BanUser(t.Context(), "dan", store.Ban{Reason: "x"}))
	check(t, s.BanUser(t.Context(), "bob", store.Ban{Reason: "x"}))
	run(t, connect(t, s.Path()), `UPDATE users SET approved_at = NULL WHERE username IN ('cid', 'eve')`)
	for _, test := range []struct {
		page store.Page
		want string
	}{
		{store.Page{}, "ann bob cid dan eve"},
		{store.Page{Filter: "admin"}, "ann"},
		{store.Page{Filter: "person"}, "cid dan eve"},
		{store.Page{Filter: "waiting"}, "cid eve"},
		{store.Page{Filter: "waiting", Search: "E"}, "eve"},
		{store.Page{Filter: "banned"}, "bob dan"},
		{store.Page{Search: "daniel@"}, "dan"},
		{store.Page{Filter: "nothing"}, ""},
	} {
		test.page.Limit = 50
		users, total, err := s.UsersPage(t.Context(), test.page)
		check(t, err)
		var names []string
		for _, u := range users {
			names = append(names, u.Username)
		}
		if got := strings.Join(names, " "); got != test.want || total != len(names) {
			t.Errorf("%+v: got %q of %d, want %q", test.page, got, total, test.want)
		}
	}
}
