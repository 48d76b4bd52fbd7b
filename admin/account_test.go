package admin_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"hearsay/admin"
	"hearsay/hub/store"
)

// TestAccount_grants: the account leads to the games' sites that know it.
func TestAccount_grants(t *testing.T) {
	s := newSite(t)
	for _, role := range []store.Role{store.Person, store.Admin} {
		s.signedIn(t, role).get(t, "/account").want(t, http.StatusOK, `href="/account/grants"`)
	}
}

// TestSetup_faultyGame: what is wrong with the first game does not cost the passwords: the admin
// is made and signed in, and the form of a new game has what was entered.
func TestSetup_faultyGame(t *testing.T) {
	for _, game := range [][2]string{{"my game", "My game"}, {"Alpha", ""}} {
		s := newSite(t)
		b := s.browser(t)
		token, err := s.Store.CreateSetupLink(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		w := b.post(t, "/setup/"+token, "username", "ann", "password", password, "again", password, "short_name", game[0], "name", game[1])
		w.want(t, http.StatusSeeOther, "/admin/new/game?")
		b.get(t, w.Header.Get("Location")).want(t, http.StatusOK, "Your account is made, the game is not.", `name="short_name" value="`+game[0]+`"`, `name="name" value="`+game[1]+`"`)
		s.browser(t).post(t, "/login", "username", "ann", "password", password).want(t, http.StatusSeeOther, "/admin")
	}
}

func TestSetup(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	token, err := s.Store.CreateSetupLink(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.get(t, "/login").want(t, http.StatusOK, "Nobody can sign in yet")
	b.get(t, "/setup/"+token+"x").want(t, http.StatusNotFound, "This link does not work")
	b.get(t, "/setup/"+token).want(t, http.StatusOK, "Welcome to your hub", "At least 10 characters")
	good := []string{"username", "ann", "password", password, "again", password, "title", "Moonlight", "short_name", "Alpha", "name", "Alpha MUD"}
	for field, wrong := range map[string][2]string{
		"username": {"a n", "3 to 50 letters"}, "again": {"other", "not the same"},
		"title": {strings.Repeat("x", 101), "at most 100"},
	} {
		fields := append([]string{}, good...)
		for i := 0; i < len(fields); i += 2 {
			if fields[i] == field {
				fields[i+1] = wrong[0]
			}
		}
		got := b.post(t, "/setup/"+token, fields...).want(t, http.StatusUnprocessableEntity, wrong[1], `aria-invalid="true"`)
		if strings.Contains(got.text, password) {
			t.Error("the page shows the password")
		}
	}
	short := append([]string{}, good...)
	short[3], short[5] = "short", "short"
	b.post(t, "/setup/"+token, short...).want(t, http.StatusUnprocessableEntity, "has 5 characters")
	if has, err := s.Store.HasAdmin(t.Context()); err != nil || has {
		t.Fatalf("a form that failed made an admin: %t, %v", has, err)
	}
	b.post(t, "/setup/"+token, good...).want(t, http.StatusSeeOther, "/admin/games/Alpha/secret")
	page := b.get(t, "/admin/games/Alpha/secret").want(t, http.StatusOK, "Client secret", "npx --yes wscat -c ws://", "GRAPEVINE_CLIENT_ID", "config :gossip")
	secret := regexp.MustCompile(`[a-z2-7]{52}`).FindString(page.text)
	id := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).FindString(page.text)
	connect(t, s, store.Credential{ClientID: id, Secret: secret})
	b.get(t, "/admin/games/Alpha/secret").want(t, http.StatusOK, secret) // reloading loses nothing
	b.post(t, "/admin/secret").want(t, http.StatusSeeOther, "/admin/games/Alpha")
	b.get(t, "/admin/games/Alpha/secret").want(t, http.StatusSeeOther)
	if text := b.get(t, "/admin").text; strings.Contains(text, secret) || !strings.Contains(text, "not shown any more") {
		t.Error("the secret is shown after it was put away")
	}
	b.get(t, "/admin/games/Alpha").want(t, http.StatusOK, "online")
	s.browser(t).get(t, "/setup/"+token).want(t, http.StatusNotFound)
	s.browser(t).post(t, "/setup/"+token, good...).want(t, http.StatusNotFound)
	row := s.audit(t)[0]
	if row != "ann user add ann" {
		t.Errorf("the audit log begins with %q", row)
	}
}

func TestLogin(t *testing.T) {
	s := newSite(t)
	s.user(t, store.Admin)
	b := s.browser(t)
	b.get(t, "/admin/games?q=x").want(t, http.StatusSeeOther, "/login?next=%2Fadmin%2Fgames%3Fq%3Dx")
	wrong := b.post(t, "/login", "username", "admin", "password", "wrong", "next", "/admin/games").want(t, http.StatusUnauthorized, "The username or the password is wrong", `value="admin"`)
	unknown := b.post(t, "/login", "username", "admix", "password", "wrong", "next", "/admin/games").want(t, http.StatusUnauthorized)
	hide := regexp.MustCompile(`value="admi[nx]"|nonce="[^"]*"`)
	if a, b := hide.ReplaceAllString(wrong.text, ""), hide.ReplaceAllString(unknown.text, ""); a != b {
		t.Error("the page tells which users there are")
	}
	for _, next := range []string{"//evil.example", "/\\evil.example", "https://evil.example", "/admin//evil.example/../..", "javascript:alert(1)"} {
		got := s.browser(t).post(t, "/login", "username", "admin", "password", password, "next", next).want(t, http.StatusSeeOther)
		if to := got.Header.Get("Location"); to != "/admin" && to != "/" {
			t.Errorf("next %q leads to %q", next, to)
		}
	}
	got := b.post(t, "/login", "username", "ADMIN", "password", password, "next", "/admin/games?q=x").want(t, http.StatusSeeOther, "/admin/games?q=x")
	cookie := got.Header.Get("Set-Cookie")
	for _, want := range []string{"hearsay=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q lacks %q", cookie, want)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Errorf("a browser without TLS would not keep %q", cookie)
	}
	b.get(t, "/admin/games").want(t, http.StatusOK, "Games")
	b.get(t, "/login").want(t, http.StatusSeeOther, "/admin")
	b.post(t, "/logout").want(t, http.StatusSeeOther, "/login")
	b.post(t, "/logout", "next", "/oauth/authorize?a=b").want(t, http.StatusSeeOther, "/login?next=%2Foauth%2Fauthorize%3Fa%3Db")
	if got := b.post(t, "/logout", "next", "//elsewhere.example").want(t, http.StatusSeeOther).Header.Get("Location"); got != "/login" {
		t.Errorf("signing out leads to %s", got)
	}
	b.get(t, "/admin/games").want(t, http.StatusSeeOther, "/login")
}

func TestLogin_secure(t *testing.T) {
	s := newSite(t, func(o *admin.Options) { o.Secure = func(*http.Request) bool { return true } })
	s.user(t, store.Admin)
	got := s.browser(t).post(t, "/login", "username", "admin", "password", password)
	if cookie := got.Header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-hearsay=") || !strings.Contains(cookie, "Secure") {
		t.Errorf("over TLS the cookie is %q", cookie)
	}
}

// After ten failures an account waits at a network, whatever the password, and after thirty the
// network does. A good login takes nothing off what failed for other accounts.
func TestLogin_throttle(t *testing.T) {
	s := newSite(t)
	s.user(t, store.Admin)
	s.user(t, store.Moderator)
	b := s.browser(t)
	for range 10 {
		b.post(t, "/login", "username", "admin", "password", "wrong").want(t, http.StatusUnauthorized)
	}
	b.post(t, "/login", "username", "Admin", "password", password).want(t, http.StatusTooManyRequests, "Too many failed logins")
	for i := range 20 {
		s.browser(t).post(t, "/login", "username", "moderator", "password", password).want(t, http.StatusSeeOther)
		b.post(t, "/login", "username", fmt.Sprint("guess", i), "password", "wrong").want(t, http.StatusUnauthorized)
	}
	b.post(t, "/login", "username", "guess", "password", "wrong").want(t, http.StatusTooManyRequests)
	b.post(t, "/login", "username", "moderator", "password", password).want(t, http.StatusTooManyRequests)
}

// Nobody can keep somebody out from elsewhere: an account's failures count with the network
// that they come from, and a browser that has signed in before is counted by itself.
func TestLogin_elsewhere(t *testing.T) {
	remote := netip.MustParseAddr("192.0.2.1")
	s := newSite(t, func(o *admin.Options) { o.Remote = func(*http.Request) netip.Addr { return remote } })
	s.user(t, store.Admin)
	s.user(t, store.Moderator)
	login := func(b *browser, username, password string) page {
		t.Helper()
		return b.post(t, "/login", "username", username, "password", password)
	}
	known := s.browser(t)
	login(known, "admin", password).want(t, http.StatusSeeOther)
	known.post(t, "/logout").want(t, http.StatusSeeOther)

	for i := range 10 { // networks that try an account until none of them may
		remote = netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		for range 10 {
			login(s.browser(t), "admin", "wrong").want(t, http.StatusUnauthorized)
		}
		login(s.browser(t), "admin", "wrong").want(t, http.StatusTooManyRequests)
	}
	remote = netip.MustParseAddr("203.0.113.1") // and no other
	login(s.browser(t), "admin", password).want(t, http.StatusTooManyRequests)
	login(s.browser(t), "moderator", password).want(t, http.StatusSeeOther)
	login(known, "moderator", "wrong").want(t, http.StatusUnauthorized)

	remote = netip.MustParseAddr("198.51.100.1") // a network that may not even
	for range 9 {
		login(known, "ADMIN", "wrong").want(t, http.StatusUnauthorized)
	}
	login(known, "admin", password).want(t, http.StatusSeeOther)
	known.post(t, "/logout").want(t, http.StatusSeeOther)
	for range 10 { // what it had failed is forgotten; but it may not guess for ever
		login(known, "admin", "wrong").want(t, http.StatusUnauthorized)
	}
	login(known, "admin", password).want(t, http.StatusTooManyRequests)
}

// A new password forgets the known browsers: others may have had the old one.
func TestLogin_forgetsBrowsers(t *testing.T) {
	s := newSite(t)
	s.user(t, store.Admin)
	b := s.browser(t)
	b.post(t, "/login", "username", "admin", "password", password).want(t, http.StatusSeeOther)
	if err := s.Store.SetPassword(t.Context(), "admin", "another "+password); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		b.post(t, "/login", "username", "admin", "password", "wrong").want(t, http.StatusUnauthorized)
	}
	s.browser(t).post(t, "/login", "username", "admin", "password", "another "+password).want(t, http.StatusTooManyRequests) // of one network
}

// A username that is nobody's may be a password in the wrong field, and is not logged.
func TestLogin_unknownName(t *testing.T) {
	var logged bytes.Buffer
	s := newSite(t, func(o *admin.Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	s.user(t, store.Admin)
	b := s.browser(t)
	b.post(t, "/login", "username", "horse", "password", "wrong").want(t, http.StatusUnauthorized)
	b.post(t, "/login", "username", "ADMIN", "password", "wrong").want(t, http.StatusUnauthorized)
	if text := logged.String(); strings.Contains(text, "horse") || !strings.Contains(text, "username=admin ") {
		t.Errorf("logged %s", text)
	}
}

// A username from outside is neither logged nor shown longer than one can be.
func TestLogin_longName(t *testing.T) {
	var logged bytes.Buffer
	s := newSite(t, func(o *admin.Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	long := strings.Repeat("x", 900_000)
	got := s.browser(t).post(t, "/login", "username", long, "password", "wrong").want(t, http.StatusUnauthorized)
	if len(got.text) > 10_000 || logged.Len() > 500 || !strings.Contains(logged.String(), "a login failed") {
		t.Errorf("the page has %d bytes, the log %d", len(got.text), logged.Len())
	}
}

// twoFactor gives a user a second factor, and gives the recovery codes.
func (s *site) twoFactor(t testing.TB, username string) (recovery []string) {
	t.Helper()
	key, err := store.NewTOTP("x", username)
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(key.Secret(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	recovery, err = s.Store.EnableTOTP(t.Context(), username, key.Secret(), code, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return recovery
}

// TestTOTP_guessing: a person who has the password may guess so many codes, however often the
// login begins again.
func TestTOTP_guessing(t *testing.T) {
	s := newSite(t)
	s.user(t, store.Admin)
	b := s.browser(t)
	b.post(t, "/login", "username", "admin", "password", password).want(t, http.StatusSeeOther)
	b.post(t, "/logout").want(t, http.StatusSeeOther)
	recovery := s.twoFactor(t, "admin")
	begin := func(b *browser) string {
		t.Helper()
		form := b.post(t, "/login", "username", "admin", "password", password).want(t, http.StatusOK, "One more step")
		return regexp.MustCompile(`name="pending" value="([^"]*)"`).FindStringSubmatch(form.text)[1]
	}
	for range 6 {
		other := s.browser(t)
		pending := begin(other)
		for range 5 {
			other.post(t, "/login/code", "pending", pending, "code", "000000").want(t, http.StatusUnauthorized)
		}
	}
	other := s.browser(t)
	other.post(t, "/login/code", "pending", begin(other), "code", recovery[0]).want(t, http.StatusTooManyRequests)
	b.post(t, "/login/code", "pending", begin(b), "code", recovery[0]).want(t, http.StatusSeeOther) // it has signed in before
}

func TestTOTP(t *testing.T) {
	s := newSite(t)
	b := s.withPassword(t, store.Admin)
	page := b.get(t, "/account/totp").want(t, http.StatusOK, "data:image/png;base64,")
	secret := regexp.MustCompile(`<code>([A-Z2-7]{32,})</code>`).FindStringSubmatch(page.text)
	if secret == nil {
		t.Fatalf("there is no key: %s", page.text)
	}
	code := func(at time.Time) string {
		t.Helper()
		text, err := totp.GenerateCode(secret[1], at)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	b.post(t, "/account/totp", "code", "12345", "current", password).want(t, http.StatusUnprocessableEntity, "does not match", secret[1])
	now := time.Now()
	b.post(t, "/account/totp", "code", code(now)).want(t, http.StatusUnprocessableEntity, "not your password", secret[1])
	b.post(t, "/account/totp", "code", code(now), "current", "wrong").want(t, http.StatusUnprocessableEntity, "not your password")
	elsewhere := s.as(t, "admin")
	elsewhere.get(t, "/admin").want(t, http.StatusOK)
	page = b.post(t, "/account/totp", "code", code(now), "current", password).want(t, http.StatusOK, "Two-factor login is on")
	elsewhere.get(t, "/admin").want(t, http.StatusSeeOther, "/login")
	recovery := regexp.MustCompile(`[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}`).FindAllString(page.text, -1)
	if len(recovery) != 10 {
		t.Fatalf("got the recovery codes %q", recovery)
	}
	b.get(t, "/account").want(t, http.StatusOK, "10 recovery codes left")

	begin := func(b *browser) string {
		t.Helper()
		page := b.post(t, "/login", "username", "admin", "password", password, "next", "/admin/games").want(t, http.StatusOK, "One more step")
		if page.Header.Get("Set-Cookie") != "" {
			t.Error("the password alone made a session")
		}
		return regexp.MustCompile(`name="pending" value="([^"]*)"`).FindStringSubmatch(page.text)[1]
	}
	other := s.browser(t)
	pending := begin(other)
	other.post(t, "/login/code", "pending", pending, "code", code(now)).want(t, http.StatusUnauthorized, "was used before")
	other.post(t, "/login/code", "pending", pending, "code", recovery[0]).want(t, http.StatusSeeOther, "/admin/games")
	other.post(t, "/login/code", "pending", pending, "code", recovery[1]).want(t, http.StatusUnauthorized, "Begin again")
	pending = begin(s.browser(t))
	for range 5 {
		other.post(t, "/login/code", "pending", pending, "code", "000000").want(t, http.StatusUnauthorized, "The code is wrong")
	}
	other.post(t, "/login/code", "pending", pending, "code", recovery[1]).want(t, http.StatusUnauthorized, "too many tries")

	b.post(t, "/account/totp/off", "current", "wrong").want(t, http.StatusUnprocessableEntity, "not your password")
	b.post(t, "/account/totp/off", "current", password).want(t, http.StatusSeeOther)
	s.browser(t).post(t, "/login", "username", "admin", "password", password).want(t, http.StatusSeeOther)
}

func TestPasswordChange(t *testing.T) {
	s := newSite(t)
	b := s.withPassword(t, store.Moderator)
	elsewhere := s.browser(t)
	elsewhere.post(t, "/login", "username", "moderator", "password", password)
	const fresh = "another correct horse"
	for _, test := range []struct{ old, password, again, want string }{
		{"wrong", fresh, fresh, "not your password"},
		{password, fresh, "x", "not the same"},
		{password, "short", "short", "has 5 characters"},
	} {
		b.post(t, "/account/password", "old", test.old, "password", test.password, "again", test.again).want(t, http.StatusUnprocessableEntity, test.want)
	}
	elsewhere.get(t, "/admin").want(t, http.StatusOK)
	before := b.Jar.Cookies(b.get(t, "/admin").Request.URL)[0].Value
	b.post(t, "/account/password", "old", password, "password", fresh, "again", fresh).want(t, http.StatusSeeOther)
	b.get(t, "/account").want(t, http.StatusOK, "Changed your password")
	if after := b.Jar.Cookies(b.get(t, "/admin").Request.URL)[0].Value; after == before {
		t.Error("the session has the same token as before")
	}
	elsewhere.get(t, "/admin").want(t, http.StatusSeeOther, "/login")
	s.browser(t).post(t, "/login", "username", "moderator", "password", fresh).want(t, http.StatusSeeOther)
}

func TestSessions(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	mod := s.signedIn(t, store.Moderator)
	id := func(username string) string {
		t.Helper()
		all, err := s.Store.Sessions(t.Context(), username)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d sessions, %v", len(all), err)
		}
		return fmt.Sprint(all[0].ID)
	}
	b.get(t, "/admin/sessions").want(t, http.StatusOK, "this one", "moderator", "127.0.0.1")
	mod.post(t, "/account/sessions/"+id("admin")+"/revoke").want(t, http.StatusSeeOther) // not theirs
	b.get(t, "/admin/sessions").want(t, http.StatusOK)
	b.post(t, "/admin/sessions/"+id("moderator")+"/revoke").want(t, http.StatusSeeOther, "/admin/sessions")
	b.get(t, "/admin/sessions").want(t, http.StatusOK, "Signed that browser out")
	mod.get(t, "/admin").want(t, http.StatusSeeOther, "/login")
}

func TestPeople(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	b.post(t, "/admin/new/user", "username", "x", "role", "admin").want(t, http.StatusUnprocessableEntity, "3 to 50 letters")
	page := b.post(t, "/admin/new/user", "username", "new", "role", "moderator").want(t, http.StatusOK, "Hand this link to new")
	link := regexp.MustCompile(`/password/[A-Za-z0-9_-]{43}`).FindString(page.text)
	b.get(t, "/admin/people/new").want(t, http.StatusOK, "moderator")
	theirs := s.browser(t)
	theirs.get(t, link).want(t, http.StatusOK, "For new.")
	theirs.post(t, link, "password", password, "again", "x").want(t, http.StatusUnprocessableEntity, "not the same")
	theirs.post(t, link, "password", password, "again", password).want(t, http.StatusSeeOther, "/login")
	theirs.get(t, link).want(t, http.StatusNotFound, "This link does not work")
	theirs.post(t, "/login", "username", "new", "password", password).want(t, http.StatusSeeOther)
	theirs.get(t, "/admin/people").want(t, http.StatusForbidden, "That is for admins")
	b.post(t, "/admin/people/new/role", "role", "admin").want(t, http.StatusSeeOther)
	theirs.get(t, "/admin/people").want(t, http.StatusOK) // a role holds at once
	b.post(t, "/admin/people/new/remove", "confirm", "no").want(t, http.StatusUnprocessableEntity, "type the username")
	b.post(t, "/admin/people/new/remove", "confirm", "new").want(t, http.StatusSeeOther)
	theirs.get(t, "/admin").want(t, http.StatusSeeOther, "/login")
	b.post(t, "/admin/people/admin/role", "role", "moderator").want(t, http.StatusUnprocessableEntity, "is the last admin")
	b.get(t, "/admin/people/nobody").want(t, http.StatusNotFound)
}

// TestPeople_ban: who is banned is out at once, reads why, and comes in again when the
// ban is lifted.
func TestPeople_ban(t *testing.T) {
	s := newSite(t)
	b, theirs := s.signedIn(t, store.Admin), s.withPassword(t, store.Moderator)
	login := func() page {
		t.Helper()
		return s.browser(t).post(t, "/login", "username", "moderator", "password", password)
	}
	b.post(t, "/admin/people/moderator/ban", "reason", "").want(t, http.StatusUnprocessableEntity, "Reason: is missing")
	b.post(t, "/admin/people/moderator/ban", "reason", "x", "until", "soon").want(t, http.StatusUnprocessableEntity, "is no moment")
	b.post(t, "/admin/people/admin/ban", "reason", "x").want(t, http.StatusUnprocessableEntity, "is the last admin")
	b.post(t, "/admin/people/nobody/ban", "reason", "x").want(t, http.StatusNotFound)
	theirs.get(t, "/admin").want(t, http.StatusOK)
	b.post(t, "/admin/people/moderator/ban", "reason", "Sells <gold>", "until", "2100-12-24T18:00").want(t, http.StatusSeeOther, "/admin/people/moderator")
	theirs.get(t, "/admin").want(t, http.StatusSeeOther, "/login")
	b.get(t, "/admin/people/moderator").want(t, http.StatusOK, "until 2100-12-24 18:00 UTC", "Sells &lt;gold&gt;", "Lift the ban", "who is signed out everywhere")
	b.get(t, "/admin/people?filter=banned").want(t, http.StatusOK, `/admin/people/moderator"`, ">banned<")
	login().want(t, http.StatusForbidden, "Your account is banned until 2100-12-24 18:00 UTC: Sells &lt;gold&gt;.")
	b.post(t, "/admin/people/moderator/unban").want(t, http.StatusSeeOther)
	b.post(t, "/admin/people/moderator/unban").want(t, http.StatusUnprocessableEntity, "is not banned")
	login().want(t, http.StatusSeeOther, "/admin")
	if got := s.audit(t); len(got) != 2 || got[0] != "admin user ban moderator" || got[1] != "admin user unban moderator" {
		t.Errorf("on record is %q", got)
	}
}

// TestLogin_bannedMeanwhile: a ban between password and code counts.
func TestLogin_bannedMeanwhile(t *testing.T) {
	s := newSite(t)
	s.user(t, store.Admin)
	s.user(t, store.Moderator)
	recovery := s.twoFactor(t, "moderator")
	b := s.browser(t)
	form := b.post(t, "/login", "username", "moderator", "password", password).want(t, http.StatusOK, "One more step")
	pending := regexp.MustCompile(`name="pending" value="([^"]+)"`).FindStringSubmatch(form.text)[1]
	if err := s.Store.BanUser(t.Context(), "moderator", store.Ban{Reason: "Shouts"}); err != nil {
		t.Fatal(err)
	}
	b.post(t, "/login/code", "pending", pending, "code", recovery[0]).want(t, http.StatusForbidden, "You may not sign in", "Your account is banned: Shouts.")
	b.get(t, "/admin").want(t, http.StatusSeeOther, "/login")
}

// TestPeople_waiting: who signs up with approval waits, and admins decide on many at once.
func TestPeople_waiting(t *testing.T) {
	post, mails := withMail(t)
	s := newSite(t, mails)
	b := s.signedIn(t, store.Admin)
	for _, name := range []string{"bob", "cid", "dan", "eve"} {
		if _, err := s.Store.SignUp(t.Context(), store.SignUp{Mode: store.SignUpApproval, Username: name, Password: password, Email: name + "@example.org"}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	login := func(name string) page {
		t.Helper()
		return s.browser(t).post(t, "/login", "username", name, "password", password)
	}
	login("bob").want(t, http.StatusForbidden, "Your account waits for approval")
	b.get(t, "/admin").want(t, http.StatusOK, "4 accounts wait for approval.", "/admin/people?filter=waiting")
	b.get(t, "/admin/people").want(t, http.StatusOK, ">waiting<")
	b.get(t, "/admin/people?filter=waiting").want(t, http.StatusOK, `value="bob"`, `value="eve"`, "bob@example.org", "not verified")
	b.get(t, "/admin/people/bob").want(t, http.StatusOK, "Waiting: bob has signed up", "Approve")
	if err := s.Store.ConfirmEmail(t.Context(), "bob", "bob@example.org", time.Now()); err != nil {
		t.Fatal(err)
	}
	const list = "/admin/people?filter=waiting"
	b.post(t, "/admin/people/waiting", "action", "approve").want(t, http.StatusSeeOther, list)
	b.get(t, list).want(t, http.StatusOK, "Nobody was ticked.")
	b.post(t, "/admin/people/waiting", "action", "eat", "username", "bob").want(t, http.StatusUnprocessableEntity, "use approve or deny")
	b.post(t, "/admin/people/waiting", "action", "approve", "username", "bob", "username", "cid").want(t, http.StatusSeeOther, list)
	b.get(t, list).want(t, http.StatusOK, "Approved 2 accounts.")
	if l := post.Await(t); l.To != "bob@example.org" || !strings.Contains(l.Subject, "Your account is approved") {
		t.Errorf("got %+v", l)
	}
	b.post(t, "/admin/people/waiting", "action", "deny", "username", "bob", "username", "dan", "username", "nobody").want(t, http.StatusSeeOther, list)
	b.get(t, list).want(t, http.StatusOK, "Denied 1 account.", "Somebody else was quicker with 2 accounts.")
	login("bob").want(t, http.StatusSeeOther, "/")
	login("dan").want(t, http.StatusUnauthorized)
	b.post(t, "/admin/people/bob/approve").want(t, http.StatusUnprocessableEntity, "does not wait")
	b.post(t, "/admin/people/bob/deny").want(t, http.StatusUnprocessableEntity, "does not wait")
	b.post(t, "/admin/people/eve/deny").want(t, http.StatusSeeOther, list)
	b.get(t, list).want(t, http.StatusOK, "Denied eve")
	if got, want := strings.Join(s.audit(t), ", "), "admin user approve bob, admin user approve cid, admin user deny dan, admin user deny eve"; got != want {
		t.Errorf("on record is %s, want %s", got, want)
	}
}

// TestPerson_login: who runs nothing lands on the front page, and is told so elsewhere.
func TestPerson_login(t *testing.T) {
	s := newSite(t)
	s.user(t, store.Person)
	b := s.browser(t)
	got := b.post(t, "/login", "username", "person", "password", password, "next", "/admin/games").want(t, http.StatusSeeOther)
	if got.Header.Get("Location") != "/" {
		t.Errorf("led to %s", got.Header.Get("Location"))
	}
	if text := b.get(t, "/").want(t, http.StatusOK, "Sign out").text; strings.Contains(text, "Dashboard") {
		t.Error("the front page leads a person to the operators' pages")
	}
	if text := b.get(t, "/admin/channels").want(t, http.StatusForbidden, "That is for the operators", "signed in as person").text; strings.Contains(text, `href="/admin/channels"`) {
		t.Error("a person sees the operators' navigation")
	}
	if got := b.get(t, "/login").want(t, http.StatusSeeOther).Header.Get("Location"); got != "/" {
		t.Errorf("led to %s", got)
	}
}

// audit is who did what to what, the oldest first.
func (s *site) audit(t testing.TB) []string {
	t.Helper()
	return s.ask(t, `SELECT actor || ' ' || action || ' ' || subject FROM audit ORDER BY id`)
}
