package store_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
)

const password = "correct horse battery"

func addUser(t testing.TB, s *store.Store, name string, role store.Role) store.User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), store.User{Username: name, Role: role}, password)
	check(t, err)
	return u
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	s := open(t)
	ann := addUser(t, s, "Ann", store.Admin)
	for _, test := range []struct {
		username, password string
		ok                 bool
	}{
		{"Ann", password, true},
		{"ann", password, true},
		{"Ann", password + " ", false},
		{"Ann", "", false},
		{"nobody", password, false},
		{"nobody", "", false},
	} {
		u, err := s.CheckPassword(t.Context(), test.username, test.password)
		if test.ok && (err != nil || u.ID != ann.ID) || !test.ok && !errors.Is(err, store.ErrUnauthorized) {
			t.Errorf("%s, %q: got %+v, %v", test.username, test.password, u, err)
		}
	}
	// Hashes that are no argon2id are nobody's, whatever they say.
	conn := connect(t, s.Path())
	for _, hash := range []string{"", "x", "$argon2id$v=19$m=4000000000,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=0,p=1$AAAA$AAAA", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA"} {
		run(t, conn, `UPDATE users SET password_hash = '`+hash+`'`)
		if _, err := s.CheckPassword(t.Context(), "Ann", password); !errors.Is(err, store.ErrUnauthorized) {
			t.Errorf("%q: got %v", hash, err)
		}
	}
}

func TestSessions(t *testing.T) {
	s := open(t)
	ann, bob := addUser(t, s, "ann", store.Admin), addUser(t, s, "bob", store.Moderator)
	now := time.Now()
	start := func(u store.User) string {
		t.Helper()
		token, err := s.StartSession(t.Context(), u.ID, "203.0.113.9", strings.Repeat("x", 300))
		check(t, err)
		return token
	}
	first, second, other := start(ann), start(ann), start(bob)
	one, err := s.Session(t.Context(), first, now)
	check(t, err)
	if one.Username != "ann" || one.User.Role != store.Admin || one.Address != "203.0.113.9" || len(one.Agent) != 255 || first == second {
		t.Errorf("got %+v", one)
	}
	for _, token := range []string{"", "x", first + "x"} {
		if _, err := s.Session(t.Context(), token, now); !errors.Is(err, store.ErrUnauthorized) {
			t.Errorf("token %q: got %v", token, err)
		}
	}
	if _, err := s.Session(t.Context(), first, now.Add(store.SessionLasts+time.Second)); !errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("an old session: got %v", err)
	}

	// It is seen, two minutes late at most.
	later := now.Add(2 * time.Minute)
	if _, err := s.Session(t.Context(), second, later); err != nil {
		t.Fatal(err)
	}
	check(t, s.FlushTouches(t.Context()))
	all, err := s.Sessions(t.Context(), "ann")
	check(t, err)
	if len(all) != 2 || all[0].SeenAt.Sub(all[1].SeenAt) < time.Minute {
		t.Errorf("got %+v, want the one that was seen last first", all)
	}

	// One of another user cannot be revoked as one's own.
	bobs, err := s.Sessions(t.Context(), "bob")
	check(t, err)
	wantErr(t, "revoke", s.RevokeSession(t.Context(), bobs[0].ID, ann.ID), store.ErrNotFound)
	check(t, s.RevokeSession(t.Context(), bobs[0].ID, 0))
	if _, err := s.Session(t.Context(), other, now); !errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("a revoked session: got %v", err)
	}
	check(t, s.EndSession(t.Context(), first))
	check(t, s.EndSession(t.Context(), first))

	// A new password ends the others.
	check(t, s.SetPassword(t.Context(), "ann", password+"!"))
	if _, err := s.Session(t.Context(), second, now); !errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("a session after another password: got %v", err)
	}
	third := start(ann)
	addUser(t, s, "cid", store.Admin)
	check(t, s.DeleteUser(t.Context(), "ann"))
	if _, err := s.Session(t.Context(), third, now); !errors.Is(err, store.ErrUnauthorized) {
		t.Errorf("the session of a removed user: got %v", err)
	}
	if rest := ask(t, connect(t, s.Path()), `SELECT count(*) FROM sessions`); rest[0] != "0" {
		t.Errorf("%s sessions are left", rest[0])
	}
}

func TestRoles(t *testing.T) {
	s := open(t)
	if has, err := s.HasAdmin(t.Context()); err != nil || has {
		t.Errorf("an empty file has an admin: %t, %v", has, err)
	}
	addUser(t, s, "ann", store.Admin)
	addUser(t, s, "bob", store.Moderator)
	wantErr(t, "last admin", s.SetRole(t.Context(), "ann", store.Moderator), store.ErrInvalid)
	wantErr(t, "last admin", s.DeleteUser(t.Context(), "ann"), store.ErrInvalid)
	wantErr(t, "no role", s.SetRole(t.Context(), "bob", "king"), store.ErrInvalid)
	wantErr(t, "nobody", s.SetRole(t.Context(), "cid", store.Admin), store.ErrNotFound)
	check(t, s.SetRole(t.Context(), "bob", store.Admin))
	check(t, s.SetRole(t.Context(), "ann", store.Moderator))
	if has, err := s.HasAdmin(t.Context()); err != nil || !has {
		t.Errorf("nobody is admin: %t, %v", has, err)
	}
}

func TestSetupLink(t *testing.T) {
	s := open(t)
	now := time.Now()
	old, err := s.CreateSetupLink(t.Context(), now)
	check(t, err)
	token, err := s.CreateSetupLink(t.Context(), now)
	check(t, err)
	for name, test := range map[string]struct {
		token, username, password string
		at                        time.Time
		want                      error
	}{
		"an earlier link":   {old, "ann", password, now, store.ErrNotFound},
		"no link":           {"", "ann", password, now, store.ErrNotFound},
		"too late":          {token, "ann", password, now.Add(store.SetupLinkLasts), store.ErrNotFound},
		"a short password":  {token, "ann", "short", now, store.ErrInvalid},
		"a bad username":    {token, "a n", password, now, store.ErrInvalid},
		"a password's link": {"x", "ann", password, now, store.ErrNotFound},
	} {
		if _, err := s.Setup(t.Context(), store.FirstRun{Token: test.token, Username: test.username, Password: test.password}, test.at); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	// Whatever fails of it, nothing of it is done, and the link goes on working.
	addGame(t, s, "Taken")
	for name, game := range map[string]store.Game{"a game that is there": {ShortName: "Taken", Name: "x"}, "a bad name": {ShortName: "a b", Name: "x"}} {
		f := store.FirstRun{Token: token, Username: "ann", Password: password, Title: "Moonlight", Game: &game}
		if _, err := s.Setup(t.Context(), f, now); !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrConflict) {
			t.Errorf("%s: got %v", name, err)
		}
		if has, err := s.HasAdmin(t.Context()); err != nil || has {
			t.Errorf("%s: there is an admin: %t, %v", name, has, err)
		}
		if all, err := s.Settings(t.Context()); err != nil || len(all) > 0 {
			t.Errorf("%s: the settings are %v, %v", name, all, err)
		}
	}
	b, err := s.Setup(t.Context(), store.FirstRun{
		Token: token, Username: "ann", Password: password, Title: "Moonlight", Game: &store.Game{ShortName: "Alpha", Name: "Alpha MUD"},
	}, now)
	if err != nil || b.User.Role != store.Admin {
		t.Fatalf("got %+v, %v", b, err)
	}
	if one, err := s.Session(t.Context(), b.Token, now); err != nil || one.ID != b.Session || one.Username != "ann" {
		t.Errorf("the session is %+v, %v", one, err)
	}
	if _, err := s.Authenticate(t.Context(), b.Game.ClientID, b.Game.Secret, now); err != nil {
		t.Error(err)
	}
	if _, err := s.Setup(t.Context(), store.FirstRun{Token: token, Username: "eve", Password: password}, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the link worked twice: %v", err)
	}
	if _, err := s.CreateSetupLink(t.Context(), now); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a setup link beside an admin: %v", err)
	}
	if _, err := s.CheckPassword(t.Context(), "ann", password); err != nil {
		t.Error(err)
	}
}

func TestPasswordLink(t *testing.T) {
	t.Parallel()
	s := open(t)
	now := time.Now()
	addUser(t, s, "ann", store.Admin)
	bob, err := s.InviteUser(t.Context(), store.User{Username: "bob", Role: store.Moderator})
	check(t, err)
	for _, guess := range []string{"", password} {
		if _, err := s.CheckPassword(t.Context(), "bob", guess); !errors.Is(err, store.ErrUnauthorized) {
			t.Errorf("a user without a password came in with %q: %v", guess, err)
		}
	}
	token, err := s.CreatePasswordLink(t.Context(), "bob", now)
	check(t, err)
	if u, err := s.LinkFor(t.Context(), token, now); err != nil || u.ID != bob.ID {
		t.Errorf("got %+v, %v", u, err)
	}
	if _, err := s.Setup(t.Context(), store.FirstRun{Token: token, Username: "eve", Password: password}, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a password's link set up an admin: %v", err)
	}
	if _, err := s.UsePasswordLink(t.Context(), token, password, now.Add(store.PasswordLinkLasts)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("too late: %v", err)
	}
	if _, err := s.UsePasswordLink(t.Context(), token, password, now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.UsePasswordLink(t.Context(), token, password, now); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	if _, err := s.CheckPassword(t.Context(), "bob", password); err != nil {
		t.Error(err)
	}
	// Another link, and another password, end the first.
	first, err := s.CreatePasswordLink(t.Context(), "bob", now)
	check(t, err)
	second, err := s.CreatePasswordLink(t.Context(), "bob", now)
	check(t, err)
	check(t, s.SetPassword(t.Context(), "bob", password))
	for _, token := range []string{first, second} {
		if _, err := s.LinkFor(t.Context(), token, now); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
}

func TestTOTP(t *testing.T) {
	s := open(t)
	now := time.Now()
	ann := addUser(t, s, "ann", store.Admin)
	wantErr(t, "none yet", s.CheckSecondFactor(t.Context(), ann.ID, "000000", now), store.ErrUnauthorized)
	key, err := store.NewTOTP("Starlight", "ann")
	check(t, err)
	code := func(at time.Time) string {
		t.Helper()
		text, err := totp.GenerateCode(key.Secret(), at)
		check(t, err)
		return text
	}
	if _, err := s.EnableTOTP(t.Context(), "ann", key.Secret(), "000000", now); !errors.Is(err, store.ErrInvalid) && code(now) != "000000" {
		t.Errorf("a wrong code: %v", err)
	}
	recovery, err := s.EnableTOTP(t.Context(), "ann", key.Secret(), code(now), now)
	if err != nil || len(recovery) != 10 || len(slices.Compact(slices.Sorted(slices.Values(recovery)))) != 10 {
		t.Fatalf("got %q, %v", recovery, err)
	}
	if u, err := s.CheckPassword(t.Context(), "ann", password); err != nil || !u.TwoFactor {
		t.Errorf("got %+v, %v", u, err)
	}
	for _, test := range []struct {
		name, code string
		at         time.Time
		want       error
	}{
		{"the code that turned it on", code(now), now, store.ErrUnauthorized},
		{"the next one, a little early", code(now.Add(30 * time.Second)), now, nil},
		{"it again", code(now.Add(30 * time.Second)), now, store.ErrUnauthorized},
		{"an old one", code(now.Add(-10 * time.Minute)), now, store.ErrUnauthorized},
		{"one with a space", code(now.Add(time.Hour))[:3] + " " + code(now.Add(time.Hour))[3:], now.Add(time.Hour), nil},
		{"nothing", "", now, store.ErrUnauthorized},
		{"a recovery code", recovery[3], now, nil},
		{"it again", recovery[3], now, store.ErrUnauthorized},
		{"another, as people type it", strings.ToUpper(strings.ReplaceAll(recovery[4], "-", " ")), now, nil},
	} {
		if err := s.CheckSecondFactor(t.Context(), ann.ID, test.code, test.at); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	if n, err := s.RecoveryCodes(t.Context(), ann.ID); n != 8 || err != nil {
		t.Errorf("%d recovery codes are left, %v; want 8", n, err)
	}
	check(t, s.DisableTOTP(t.Context(), "ann"))
	wantErr(t, "turned off", s.CheckSecondFactor(t.Context(), ann.ID, recovery[5], now), store.ErrUnauthorized)
}

func TestSuspension(t *testing.T) {
	s := open(t)
	c := must(s.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha"}, store.LongSecret))
	past, until := time.Now().Add(-time.Hour), time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	wantErr(t, "past", s.SuspendGame(t.Context(), "Alpha", store.Suspension{Until: &past}), store.ErrInvalid)
	wantErr(t, "nobody", s.SuspendGame(t.Context(), "Beta", store.Suspension{}), store.ErrNotFound)
	check(t, s.SuspendGame(t.Context(), "alpha", store.Suspension{Reason: " floods ", Until: &until}))
	g, err := s.Game(t.Context(), "Alpha")
	check(t, err)
	if !g.Suspended || g.SuspendedReason != "floods" || !g.SuspendedUntil.Equal(until) {
		t.Errorf("got %+v", g)
	}
	authenticate := func(at time.Time) error {
		_, err := s.Authenticate(t.Context(), c.ClientID, c.Secret, at)
		return err
	}
	wantErr(t, "suspended", authenticate(time.Now()), store.ErrBarred)
	check(t, authenticate(until.Add(time.Second)))
	off := false
	check(t, s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Suspended: &off}))
	check(t, authenticate(time.Now()))
	if g, err = s.Game(t.Context(), "Alpha"); err != nil || g.SuspendedReason != "" || g.SuspendedUntil != nil {
		t.Errorf("the end left %+v, %v", g, err)
	}
}

func TestEndSecret(t *testing.T) {
	s := open(t)
	old := must(s.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha"}, store.LongSecret))
	fresh := must(s.RotateGame(t.Context(), "Alpha", store.Rotation{OldEnds: time.Now().Add(time.Hour)}))
	for _, c := range []store.Credential{old, fresh} {
		must(s.Authenticate(t.Context(), c.ClientID, c.Secret, time.Now()))
	}
	check(t, s.EndGameSecret(t.Context(), "Alpha"))
	_, err := s.Authenticate(t.Context(), old.ClientID, old.Secret, time.Now())
	wantErr(t, "the old secret", err, store.ErrUnauthorized)
	must(s.Authenticate(t.Context(), fresh.ClientID, fresh.Secret, time.Now()))
	wantErr(t, "nobody", s.EndGameSecret(t.Context(), "Beta"), store.ErrNotFound)
}

func TestRemovals(t *testing.T) {
	s := open(t)
	ctx := store.WithActor(t.Context(), store.Actor{Name: "ann", Address: "203.0.113.9"})
	must(s.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha"}, store.LongSecret))
	due := time.Now().Add(time.Hour)
	wantErr(t, "nobody", s.ScheduleRemoval(ctx, "game", "Beta", due), store.ErrNotFound)
	wantErr(t, "nothing", s.ScheduleRemoval(ctx, "user", "Beta", due), store.ErrNotFound)
	check(t, s.ScheduleRemoval(ctx, "game", "Alpha", due))
	check(t, s.ScheduleRemoval(ctx, "channel", "testing", due.Add(time.Minute)))
	check(t, s.UndoRemoval(ctx, "game", "Alpha"))
	wantErr(t, "twice", s.UndoRemoval(ctx, "game", "Alpha"), store.ErrNotFound)
	check(t, s.ScheduleRemoval(ctx, "game", "Alpha", due))
	next, err := s.RemoveDue(t.Context(), due.Add(time.Second))
	if err != nil || next.Sub(due).Round(time.Second) != time.Minute {
		t.Errorf("the next is due at %v, %v", next, err)
	}
	if _, err := s.Game(t.Context(), "Alpha"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the game is there: %v", err)
	}
	if next, err = s.RemoveDue(t.Context(), due.Add(time.Hour)); err != nil || !next.IsZero() {
		t.Errorf("the next is due at %v, %v", next, err)
	}
	want := []string{"ann|203.0.113.9|game remove|Alpha", "ann|203.0.113.9|channel remove|testing"}
	if got := ask(t, connect(t, s.Path()), `SELECT actor, address, action, subject FROM audit ORDER BY id`); !slices.Equal(got, want) {
		t.Errorf("the audit log says %q, want %q", got, want)
	}
}

func TestGamesPage(t *testing.T) {
	s := open(t)
	var ids []store.GameID
	for _, name := range []string{"Alpha", "Beta", "Gamma", "Delta"} {
		c := must(s.CreateGame(t.Context(), store.Game{ShortName: name, Name: name + " MUD 100%", Display: name != "Delta"}, store.LongSecret))
		ids = append(ids, store.GameID(c.ID))
	}
	check(t, s.SuspendGame(t.Context(), "Beta", store.Suspension{}))
	online := []store.GameID{ids[2], ids[0]}
	for _, test := range []struct {
		page  store.Page
		want  string
		total int
	}{
		{store.Page{}, "Alpha Beta Delta Gamma", 4},
		{store.Page{Desc: true}, "Gamma Delta Beta Alpha", 4},
		{store.Page{Sort: "players"}, "Beta Delta Alpha Gamma", 4},
		{store.Page{Sort: "players", Desc: true}, "Gamma Alpha Beta Delta", 4},
		{store.Page{Sort: "players", Desc: true, Offset: 1, Limit: 2}, "Alpha Beta", 4},
		{store.Page{Sort: "players", Desc: true, Offset: 3}, "Delta", 4},
		{store.Page{Sort: "players", Offset: 1, Limit: 2}, "Delta Alpha", 4},
		{store.Page{Sort: "players", Offset: 3}, "Gamma", 4},
		{store.Page{Sort: "players", Offset: 9}, "", 4},
		{store.Page{Sort: "players", Desc: true, Filter: "online"}, "Gamma Alpha", 2},
		{store.Page{Sort: "players", Desc: true, Filter: "offline"}, "Beta Delta", 2},
		{store.Page{Sort: "title", Desc: true}, "Gamma Delta Beta Alpha", 4},
		{store.Page{Filter: "online"}, "Alpha Gamma", 2},
		{store.Page{Filter: "offline"}, "Beta Delta", 2},
		{store.Page{Filter: "suspended"}, "Beta", 1},
		{store.Page{Filter: "hidden"}, "Delta", 1},
		{store.Page{Search: "alph"}, "Alpha", 1},
		{store.Page{Search: "100%"}, "Alpha Beta Delta Gamma", 4},
		{store.Page{Search: "1_0"}, "", 0},
		{store.Page{Offset: 1, Limit: 2}, "Beta Delta", 4},
		{store.Page{Sort: "nothing; DROP TABLE games"}, "Alpha Beta Delta Gamma", 4},
	} {
		if test.page.Limit == 0 {
			test.page.Limit = 50
		}
		games, total, err := s.GamesPage(t.Context(), store.GamePage{Page: test.page, Online: online})
		check(t, err)
		var names []string
		for _, g := range games {
			names = append(names, g.ShortName)
		}
		if got := strings.Join(names, " "); got != test.want || total != test.total {
			t.Errorf("%+v: got %q of %d, want %q of %d", test.page, got, total, test.want, test.total)
		}
	}
}

// TestSession_lockedFile: while another program keeps the write lock, pages and sites are
// answered; that somebody was seen is written when it can be.
func TestSession_lockedFile(t *testing.T) {
	s := open(t)
	ctx, now := t.Context(), time.Now()
	u, err := s.InviteUser(ctx, store.User{Username: "ann", Role: store.Admin})
	check(t, err)
	token, err := s.StartSession(ctx, u.ID, "127.0.0.1", "test")
	check(t, err)
	other := connect(t, s.Path())
	end, err := sqlitex.ImmediateTransaction(other)
	check(t, err)
	later := now.Add(time.Hour)
	one, err := s.Session(ctx, token, later)
	if err != nil || !one.SeenAt.Equal(later) { // a write would fail after ten seconds
		t.Errorf("got %v, seen at %v", err, one.SeenAt)
	}
	end(&err)
	check(t, err)
	check(t, s.FlushTouches(ctx))
	if got := ask(t, other, `SELECT seen_at FROM sessions`); got[0] != strconv.FormatInt(later.UnixMicro(), 10) {
		t.Errorf("the file has %s", got[0])
	}
	_, err = s.Session(ctx, token, later.Add(time.Minute))
	check(t, err)
	check(t, s.RevokeSession(ctx, one.ID, 0))
	check(t, s.FlushTouches(ctx)) // of a row that is gone
}

// TestCheckSecondFactor_spelling: however somebody types a code, it is the same one.
func TestCheckSecondFactor_spelling(t *testing.T) {
	t.Parallel()
	s := open(t)
	now := time.Now()
	u, err := s.InviteUser(t.Context(), store.User{Username: "ann", Role: store.Admin})
	check(t, err)
	key, err := store.NewTOTP("x", "ann")
	check(t, err)
	code := func(at time.Time) string {
		text, err := totp.GenerateCode(key.Secret(), at)
		check(t, err)
		return text
	}
	recovery, err := s.EnableTOTP(t.Context(), "ann", key.Secret(), code(now), now)
	check(t, err)
	wide := func(text string) string {
		return strings.Map(func(r rune) rune { return r - '!' + '！' }, text)
	}
	for i, spell := range []func(string) string{
		func(c string) string { return c[:3] + " " + c[3:] },
		func(c string) string { return c[:3] + "\u00a0" + c[3:] },
		func(c string) string { return c[:3] + "\u202f" + c[3:] + "\u3000" },
		func(c string) string { return c[:3] + "-" + c[3:] },
		func(c string) string { return c[:2] + "–" + c[2:4] + "－" + c[4:] },
		func(c string) string { return "\u200b" + c + "\ufeff" },
		wide,
	} {
		at := now.Add(time.Duration(i+1) * time.Minute)
		if err := s.CheckSecondFactor(t.Context(), u.ID, spell(code(at)), at); err != nil {
			t.Errorf("%q: got %v", spell(code(at)), err)
		}
	}
	for _, one := range []string{
		strings.ToUpper(recovery[0]), strings.ReplaceAll(recovery[1], "-", ""), strings.ReplaceAll(recovery[2], "-", " – "), wide(recovery[3]),
	} {
		if err := s.CheckSecondFactor(t.Context(), u.ID, one, now); err != nil {
			t.Errorf("%q: got %v", one, err)
		}
	}
	wantErr(t, "a letter too many", s.CheckSecondFactor(t.Context(), u.ID, code(now.Add(time.Hour))+"0", now.Add(time.Hour)), store.ErrUnauthorized)
}

// TestPassword_common: what is guessed first is refused, by whatever way a password is set.
func TestPassword_common(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, bad := range []string{"qwertyuiop", "QwertyUiop", "1234567890", "password123", "1q2w3e4r5t"} {
		if _, err := s.CreateUser(t.Context(), store.User{Username: "ann", Role: store.Admin}, bad); !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "10,000 commonest") {
			t.Errorf("%s: got %v", bad, err)
		}
	}
	addUser(t, s, "ann", store.Admin)
	wantErr(t, "set", s.SetPassword(t.Context(), "ann", "password123"), store.ErrInvalid)
	_, err := s.SignUp(t.Context(), store.SignUp{Mode: store.SignUpOpen, Username: "bob", Password: "password123"}, time.Now())
	wantErr(t, "sign up", err, store.ErrInvalid)
	check(t, s.SetPassword(t.Context(), "ann", "password 123 of mine"))
}

// TestSession_idle: the browsers of people who run the hub are signed out when they are not used.
func TestSession_idle(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.SetOperatorIdle(7 * 24 * time.Hour)
	now := time.Now()
	tokens := map[store.Role]string{}
	for _, role := range []store.Role{store.Admin, store.Moderator, store.Person} {
		u, err := s.InviteUser(t.Context(), store.User{Username: string(role), Role: role})
		check(t, err)
		tokens[role], err = s.StartSession(t.Context(), u.ID, "127.0.0.1", "test")
		check(t, err)
	}
	here := func(at time.Duration, want bool) {
		t.Helper()
		for role, token := range tokens {
			_, err := s.Session(t.Context(), token, now.Add(at))
			if good := err == nil; good != (want || role == store.Person) || err != nil && !errors.Is(err, store.ErrUnauthorized) {
				t.Errorf("%s after %v: got %v", role, at, err)
			}
		}
		check(t, s.FlushTouches(t.Context()))
	}
	const day = 24 * time.Hour
	here(6*day, true)
	here(12*day, true) // it was used
	here(19*day+time.Minute, false)
	s.SetOperatorIdle(0)
	here(19*day+time.Minute, true)
}
