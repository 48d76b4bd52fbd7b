package site_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/hubtest"
	"hearsay/hub/site"
	"hearsay/hub/store"
)

// asMode makes a world in which signing up goes so, and forms are filled in at once. Each
// request seems to come from the address in its header From.
func asMode(mode store.SignUpMode) func(*site.Options) {
	return func(o *site.Options) {
		o.SignUp = func() store.SignUpMode { return mode }
		o.FillTime = time.Nanosecond
		o.Remote = func(r *http.Request) netip.Addr {
			a, err := netip.ParseAddr(r.Header.Get("From"))
			if err != nil {
				return netip.MustParseAddr("192.0.2.1")
			}
			return a
		}
	}
}

var stampForm = regexp.MustCompile(`name="stamp" value="([^"]+)"`)

// stamp is that of a form which is shown now.
func (w *world) stamp(t testing.TB, path string) string {
	t.Helper()
	m := stampForm.FindStringSubmatch(w.get(t, path).text)
	if m == nil {
		t.Fatalf("%s has no form", path)
	}
	return m[1]
}

// post sends a form, from an address, and follows nothing.
func (w *world) post(t testing.TB, from, path string, fields map[string]string) reply {
	t.Helper()
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path, strings.NewReader(values.Encode()))
	check(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("From", from)
	answer, err := http.DefaultTransport.RoundTrip(r)
	check(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	check(t, err)
	return reply{answer, string(text)}
}

// fields are those of a good form, with some changed.
func (w *world) fields(t testing.TB, path string, changes ...string) map[string]string {
	t.Helper()
	f := map[string]string{"stamp": w.stamp(t, path), "username": "Ann", "password": password, "again": password, "email": "ann@mail.example", "website": "", "next": ""}
	for i := 0; i < len(changes); i += 2 {
		f[changes[i]] = changes[i+1]
	}
	return f
}

func TestSignUp_closed(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t), asMode(store.SignUpClosed))
	for _, path := range []string{"/sign-up", "/sign-up/token"} {
		if p := w.get(t, path); p.StatusCode != http.StatusOK || !strings.Contains(p.text, "not made here at the moment") || strings.Contains(p.text, `name="password"`) {
			t.Errorf("%s: %d: %s", path, p.StatusCode, p.text)
		}
		p := w.post(t, "", path, map[string]string{"username": "Ann", "password": password, "again": password})
		if !strings.Contains(p.text, "not made here at the moment") || p.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d: %s", path, p.StatusCode, p.text)
		}
	}
	if strings.Contains(w.get(t, "/").text, "/sign-up") {
		t.Error("the head leads to it")
	}
}

func TestSignUp_open(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t), asMode(store.SignUpOpen))
	if p := w.get(t, "/"); !strings.Contains(p.text, `href="/sign-up"`) {
		t.Error("the head does not lead to it")
	}
	if p := w.get(t, "/sign-up"); p.Header.Get("Cache-Control") != "no-store" {
		t.Error("others may get the same form")
	}
	for i, test := range []struct {
		changes []string
		want    string
	}{
		{[]string{"username", "A n"}, "3 to 50 letters"},
		{[]string{"username", "system"}, "may not be used"},
		{[]string{"password", "short", "again", "short"}, "at least 10"},
		{[]string{"again", "other"}, "not the same"},
		{[]string{"email", "ann"}, "no e-mail address"},
		{[]string{"website", "https://spam.example"}, "Leave the field Website empty"},
		{[]string{"stamp", ""}, "open for too long"},
		{[]string{"stamp", "AAAA"}, "open for too long"},
	} {
		p := w.post(t, fmt.Sprint("192.0.2.", i), "/sign-up", w.fields(t, "/sign-up", test.changes...))
		if p.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(p.text, test.want) || strings.Contains(p.text, password) || p.Header.Get("Set-Cookie") != "" {
			t.Errorf("%q: %d: %s", test.changes, p.StatusCode, p.text)
		}
		if !strings.Contains(p.text, `value="`+w.fields(t, "/sign-up", test.changes...)["username"]+`"`) {
			t.Errorf("%q: what was entered is gone", test.changes)
		}
	}
	for i, test := range []struct{ name, next, leads string }{
		{"Ann", "", "/"}, {"Bob", "/oauth/authorize?client_id=1&scope=profile", "/oauth/authorize?client_id=1&scope=profile"}, {"Cid", "//evil.example", "/"},
	} {
		p := w.post(t, fmt.Sprint("198.51.100.", i), "/sign-up", w.fields(t, "/sign-up", "username", test.name, "next", test.next))
		if p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != test.leads || !strings.Contains(p.Header.Get("Set-Cookie"), "hearsay=") {
			t.Errorf("%+v: %d, to %s: %s", test, p.StatusCode, p.Header.Get("Location"), p.text)
		}
	}
	if p := w.post(t, "203.0.113.1", "/sign-up", w.fields(t, "/sign-up", "username", "ANN")); !strings.Contains(p.text, "is taken") {
		t.Errorf("a name twice: %d: %s", p.StatusCode, p.text)
	}
	entries, err := w.store.Audit(t.Context(), store.AuditQuery{Limit: 1})
	check(t, err)
	if e := entries[0]; e.Actor != "Cid" || e.Action != "user sign-up" || e.Address != "198.51.100.2" {
		t.Errorf("on record is %+v", e)
	}
	if u, err := w.store.User(t.Context(), "Ann"); err != nil || u.Role != store.Person || u.Waiting() || u.Email != "ann@mail.example" || u.EmailVerifiedAt != nil {
		t.Errorf("got %+v, %v", u, err)
	}
	token, err := w.store.StartSession(t.Context(), 1, "", "")
	check(t, err)
	r := request(t, w.URL+"/sign-up")
	r.AddCookie(&http.Cookie{Name: "hearsay", Value: token})
	answer, err := http.DefaultTransport.RoundTrip(r)
	check(t, err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		t.Errorf("who is signed in may sign up: %d", answer.StatusCode)
	}
}

// A form that comes at once waits until a person could have filled it in, and costs nobody the
// passwords.
func TestSignUp_hasty(t *testing.T) {
	const fill = 300 * time.Millisecond
	w := newWorld(t, hubtest.NewFile(t), asMode(store.SignUpOpen), func(o *site.Options) { o.FillTime = fill })
	begun := time.Now()
	p := w.post(t, "", "/sign-up", w.fields(t, "/sign-up"))
	if p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != "/" {
		t.Errorf("%d: %s", p.StatusCode, p.text)
	}
	if took := time.Since(begun); took < fill-time.Millisecond { // a stamp is cut to the millisecond
		t.Errorf("somebody has an account %s after the form was asked for, want %s at least", took, fill)
	}
}

func TestSignUp_invite(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t), asMode(store.SignUpInvite))
	if p := w.get(t, "/sign-up"); !strings.Contains(p.text, "takes an invite") || strings.Contains(p.text, `name="password"`) {
		t.Errorf("without one: %s", p.text)
	}
	token, _, err := w.store.CreateInvite(t.Context(), time.Now())
	check(t, err)
	f := w.fields(t, "/sign-up/"+token)
	if p := w.post(t, "", "/sign-up", f); !strings.Contains(p.text, "takes an invite") {
		t.Errorf("without one: %d: %s", p.StatusCode, p.text)
	}
	for _, bad := range []string{"/sign-up/x", "/sign-up/" + token + "x"} {
		if p := w.get(t, bad); p.StatusCode != http.StatusNotFound || !strings.Contains(p.text, "This invite does not work") {
			t.Errorf("%s: %d", bad, p.StatusCode)
		}
		if p := w.post(t, "", bad, f); p.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", bad, p.StatusCode)
		}
	}
	if p := w.post(t, "", "/sign-up/"+token, f); p.StatusCode != http.StatusSeeOther || p.Header.Get("Set-Cookie") == "" {
		t.Errorf("%d: %s", p.StatusCode, p.text)
	}
	f["username"] = "Bob"
	if p := w.post(t, "", "/sign-up/"+token, f); p.StatusCode != http.StatusNotFound {
		t.Errorf("an invite twice: %d: %s", p.StatusCode, p.text)
	}
}

func TestSignUp_approval(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t), asMode(store.SignUpApproval))
	p := w.post(t, "", "/sign-up", w.fields(t, "/sign-up"))
	if p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != "/sign-up/waiting" || p.Header.Get("Set-Cookie") != "" {
		t.Errorf("%d, to %s, with %q", p.StatusCode, p.Header.Get("Location"), p.Header.Get("Set-Cookie"))
	}
	if p := w.get(t, "/sign-up/waiting"); !strings.Contains(p.text, "An operator looks at it first") {
		t.Errorf("got %s", p.text)
	}
	conn, err := sqlite.OpenConn(w.store.Path(), sqlite.OpenReadWrite)
	check(t, err)
	defer conn.Close()
	check(t, sqlitex.ExecuteTransient(conn, `
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 199)
		INSERT INTO users (username, password_hash, role, created_at, approved_at) SELECT 'waiting-' || i, '', 'person', 1, NULL FROM n`, nil))
	if p := w.post(t, "", "/sign-up", w.fields(t, "/sign-up", "username", "Cid")); p.StatusCode != http.StatusServiceUnavailable || !strings.Contains(p.text, "Too many wait already") {
		t.Errorf("with 200 that wait: %d: %s", p.StatusCode, p.text)
	}
	token, _, err := w.store.CreateInvite(t.Context(), time.Now())
	check(t, err)
	if p := w.post(t, "", "/sign-up/"+token, w.fields(t, "/sign-up/"+token, "username", "Bob")); p.Header.Get("Set-Cookie") == "" {
		t.Errorf("an invite spares no approval: %d: %s", p.StatusCode, p.text)
	}
}

// Of one network five may sign up within an hour; what failed does not count, but is
// limited too.
func TestSignUp_limits(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t), asMode(store.SignUpOpen))
	try := func(from, name string) int {
		t.Helper()
		return w.post(t, from, "/sign-up", w.fields(t, "/sign-up", "username", name)).StatusCode
	}
	for i := range 5 {
		if got := try(fmt.Sprintf("2001:db8:1:2::%d", i+1), fmt.Sprint("Person", i)); got != http.StatusSeeOther {
			t.Fatalf("the %d. gets %d", i+1, got)
		}
		if got := try("2001:db8:1:2::9", "no name"); i < 4 && got != http.StatusUnprocessableEntity {
			t.Fatalf("got %d", got)
		}
	}
	if got := try("2001:db8:1:2::6", "Person5"); got != http.StatusTooManyRequests {
		t.Errorf("the sixth gets %d", got)
	}
	if got := try("2001:db8:1:3::6", "Person5"); got != http.StatusSeeOther {
		t.Errorf("of another network: %d", got)
	}
	for range 30 {
		try("192.0.2.9", "no name")
	}
	if got := try("192.0.2.9", "Person6"); got != http.StatusTooManyRequests {
		t.Errorf("after thirty tries: %d", got)
	}
}
