package admin_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hearsay/admin"
	"hearsay/hub/store"
)

// accessTable says who may use which route. It repeats the routes' own on purpose: a
// route that is in one of the two alone fails the test.
var accessTable = map[string][]string{
	"anyone": {
		"/", "GET /docs", "GET /healthz", "GET /readyz", "GET /metrics", "GET /assets/",
		"GET /setup/{token}", "POST /setup/{token}", "GET /password/{token}", "POST /password/{token}",
		"GET /login", "POST /login", "POST /login/code", "POST /logout",
		"GET /forgotten", "POST /forgotten", "GET /email/{token}", "POST /email/{token}", "GET /closed",
	},
	"person": {
		"GET /account", "POST /account/password", "GET /account/totp", "POST /account/totp", "POST /account/totp/off", "POST /account/sessions/{id}/revoke",
		"POST /account/email", "POST /account/email/send", "GET /account/export", "POST /account/close",
		"GET /admin/mine", "GET /admin/mine/new", "POST /admin/mine/new", "POST /admin/mine/accept", "POST /admin/mine/decline", "POST /admin/secret",
	},
	"owner": {
		"GET /admin/games/{name}", "GET /admin/games/{name}/live/{topic}",
		"GET /admin/games/{name}/edit", "POST /admin/games/{name}/edit", "GET /admin/games/{name}/secret", "GET /admin/games/{name}/doctor",
		"POST /admin/games/{name}/connections", "POST /admin/games/{name}/connections/remove",
		"POST /admin/games/{name}/redirects", "POST /admin/games/{name}/redirects/remove",
		"POST /admin/games/{name}/events", "POST /admin/games/{name}/events/edit", "POST /admin/games/{name}/events/remove",
		"GET /admin/games/{name}/achievements", "POST /admin/games/{name}/achievements",
		"POST /admin/games/{name}/achievements/edit", "POST /admin/games/{name}/achievements/remove",
		"GET /admin/games/{name}/ignores", "POST /admin/games/{name}/ignores", "POST /admin/games/{name}/ignores/remove",
		"POST /admin/games/{name}/rotate", "POST /admin/games/{name}/end-secret",
		"POST /admin/games/{name}/transfer", "POST /admin/games/{name}/transfer/withdraw",
		"GET /admin/games/{name}/characters", "GET /admin/games/{name}/characters/{id}", "POST /admin/games/{name}/characters/{id}/veto",
		"POST /admin/games/{name}/characters/{id}/lift-veto",
	},
	"moderator": {
		"GET /admin", "GET /admin/live/{topic}",
		"GET /admin/channels", "GET /admin/channels/{name}", "POST /admin/channels/{name}/pause", "POST /admin/channels/{name}/unpause",
		"GET /admin/messages", "GET /admin/messages/export",
		"GET /admin/rules", "GET /admin/new/rule", "POST /admin/new/rule", "GET /admin/rules/{id}", "POST /admin/rules/{id}", "POST /admin/rules/{id}/end",
		"GET /admin/review", "POST /admin/review",
		"GET /admin/messages/{id}", "POST /admin/messages/{id}/hide", "POST /admin/messages/{id}/unhide", "POST /admin/messages/{id}/mute",
	},
	"admin": {
		"POST /admin/undo",
		"GET /admin/games", "GET /admin/new/game", "POST /admin/new/game", "GET /admin/applications/{name}/doctor",
		"POST /admin/games/{name}/approve", "POST /admin/games/{name}/deny", "POST /admin/games/{name}/suspend", "POST /admin/games/{name}/resume", "POST /admin/games/{name}/remove",
		"GET /admin/applications", "GET /admin/new/application", "POST /admin/new/application", "GET /admin/applications/{name}",
		"GET /admin/applications/{name}/sees", "GET /admin/applications/{name}/edit", "POST /admin/applications/{name}/edit", "GET /admin/applications/{name}/secret",
		"POST /admin/applications/{name}/rotate", "POST /admin/applications/{name}/end-secret", "POST /admin/applications/{name}/suspend",
		"POST /admin/applications/{name}/resume", "POST /admin/applications/{name}/remove",
		"GET /admin/new/channel", "POST /admin/new/channel", "GET /admin/channels/{name}/edit", "POST /admin/channels/{name}/edit",
		"POST /admin/channels/{name}/remove",
		"GET /admin/console", "POST /admin/console/{name}/lend", "POST /admin/console/{name}/prompt",
		"GET /admin/blocks", "POST /admin/blocks", "POST /admin/blocks/remove",
		"GET /admin/people", "POST /admin/people/waiting", "POST /admin/people/{name}/approve", "POST /admin/people/{name}/deny",
		"POST /admin/people/{name}/ban", "POST /admin/people/{name}/unban", "GET /admin/new/user", "POST /admin/new/user", "GET /admin/people/{name}", "POST /admin/people/{name}/role",
		"POST /admin/people/{name}/link", "POST /admin/people/{name}/totp/off", "POST /admin/people/{name}/remove",
		"GET /admin/invites", "POST /admin/invites", "POST /admin/invites/{id}/revoke",
		"GET /admin/sessions", "POST /admin/sessions/{id}/revoke",
		"GET /admin/audit", "GET /admin/settings", "POST /admin/settings/{name}", "POST /admin/settings/{name}/unset",
		"GET /admin/restart", "POST /admin/restart/announce", "POST /admin/restart/now",
		"GET /admin/backups", "POST /admin/backups", "GET /admin/backups/{name}", "POST /admin/backups/{name}/check",
		"POST /admin/backups/{name}/download", "POST /admin/backups/{name}/restore", "POST /admin/backups/{name}/remove",
		"GET /admin/about", "GET /admin/about/licences",
	},
}

var nonces = regexp.MustCompile(` nonce="[A-Z0-9]+"`)

var wildcard = regexp.MustCompile(`\{[a-z]+\}`)

// A visitor asks for a route as somebody; may says of which rows of accessTable they are.
type visitor struct {
	name    string
	browser *browser
	may     []string
}

// give makes somebody the owner of a game that is new.
func (s *site) give(t *testing.T, shortName, owner string) store.Credential {
	t.Helper()
	c := s.game(t, shortName)
	if err := s.Store.UpdateGame(t.Context(), shortName, store.GameEdit{Owner: &owner}); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAccess asks every route as everybody: those of a game about a game that somebody
// owns, the others with names of nothing that is there. Who may not is stopped before
// anything is looked up.
func TestAccess(t *testing.T) {
	s := newSite(t)
	visitors := []visitor{
		{"nobody", s.browser(t), []string{"anyone"}},
		{"a person", s.signedIn(t, store.Person), []string{"anyone", "person"}},
		{"another owner", s.signedInAs(t, "other", store.Person), []string{"anyone", "person"}},
		{"the owner", s.signedInAs(t, "owner", store.Person), []string{"anyone", "person", "owner"}},
		{"a moderator", s.signedIn(t, store.Moderator), []string{"anyone", "person", "moderator"}},
		{"an admin", s.signedIn(t, store.Admin), []string{"anyone", "person", "owner", "moderator", "admin"}},
	}
	s.give(t, "Mine", "owner")
	s.give(t, "Other", "other")
	patterns := admin.Routes()
	rows := map[string][]string{} // by route
	for row, all := range accessTable {
		for _, pattern := range all {
			rows[pattern] = append(rows[pattern], row)
			if !slices.Contains(patterns, pattern) {
				t.Errorf("%q, for %s, is no route", pattern, row)
			}
		}
	}
	for _, pattern := range patterns {
		if len(rows[pattern]) != 1 {
			t.Fatalf("%q is for %q in the test's table; it must stand there once", pattern, rows[pattern])
		}
		if pattern == "POST /logout" { // it would end the tests' sessions
			continue
		}
		for _, v := range visitors {
			checkAccess(t, pattern, rows[pattern][0], v)
		}
	}
}

func checkAccess(t *testing.T, pattern, row string, v visitor) {
	t.Helper()
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = http.MethodGet, pattern
	}
	path = strings.TrimSuffix(path, "{$}")
	if row == "owner" {
		path = strings.NewReplacer("{name}", "Mine", "{topic}", "synced").Replace(path)
	}
	path = wildcard.ReplaceAllString(path, "999")
	ask := func(path string) page {
		if method == http.MethodGet {
			return v.browser.get(t, path)
		}
		return v.browser.post(t, path)
	}
	got, may := ask(path), slices.Contains(v.may, row)
	refusal, says := http.StatusForbidden, ""
	switch {
	case v.name == "nobody" && method == http.MethodGet:
		refusal = http.StatusSeeOther
	case v.name == "nobody":
		refusal = http.StatusUnauthorized
	case row == "owner":
		refusal, says = http.StatusNotFound, `Game &#34;Mine&#34; is not there`
	case v.name != "a moderator":
		says = "That is for the operators"
	}
	refused := got.StatusCode == http.StatusForbidden || got.StatusCode == http.StatusUnauthorized && (strings.HasPrefix(path, "/admin") || strings.HasPrefix(path, "/account")) ||
		strings.HasPrefix(got.Header.Get("Location"), "/login?next=") || strings.Contains(got.text, `Game &#34;Mine&#34; is not there`)
	switch {
	case may && refused:
		t.Errorf("%s: %s is refused with %d", pattern, v.name, got.StatusCode)
	case !may && got.StatusCode != refusal:
		t.Errorf("%s: %s gets %d, want %d", pattern, v.name, got.StatusCode, refusal)
	case !may && (strings.Contains(got.text, "New game") || strings.Contains(got.text, "Mine MUD")):
		t.Errorf("%s: %s is refused and sees the page all the same", pattern, v.name)
	case !may && !strings.Contains(got.text, says):
		t.Errorf("%s: %s is refused with %.300s", pattern, v.name, got.text)
	case got.StatusCode >= 500 && path != "/readyz":
		t.Errorf("%s: %s gets %d", pattern, v.name, got.StatusCode)
	}
	if row == "owner" && !may {
		nowhere := ask(strings.Replace(path, "Mine", "Nowhere", 1))
		same := func(p page) string { return nonces.ReplaceAllString(strings.ReplaceAll(p.text, "Nowhere", "Mine"), "") }
		if nowhere.StatusCode != got.StatusCode || same(nowhere) != same(got) {
			t.Errorf("%s: %s learns that the game is there: %d, and %d for one that is not", pattern, v.name, got.StatusCode, nowhere.StatusCode)
		}
	}
}

// TestForms_foreign: a form that another site sends changes nothing.
func TestForms_foreign(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/admin/blocks", strings.NewReader("kind=name&word=evil"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	b.do(t, r).want(t, http.StatusForbidden)
	b.get(t, "/admin/blocks").want(t, http.StatusOK, "grapevine")
	if text := b.get(t, "/admin/blocks").text; strings.Contains(text, "evil") {
		t.Error("another site's form was taken")
	}
}
