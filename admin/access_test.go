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
		"POST /admin/undo", "POST /admin/secret",
		"GET /admin/games", "GET /admin/new/game", "POST /admin/new/game", "GET /admin/games/{name}",
		"GET /admin/games/{name}/edit", "POST /admin/games/{name}/edit", "GET /admin/games/{name}/secret",
		"GET /admin/games/{name}/doctor", "GET /admin/applications/{name}/doctor",
		"POST /admin/games/{name}/connections", "POST /admin/games/{name}/connections/remove",
		"POST /admin/games/{name}/redirects", "POST /admin/games/{name}/redirects/remove",
		"POST /admin/games/{name}/events", "POST /admin/games/{name}/events/edit", "POST /admin/games/{name}/events/remove",
		"POST /admin/games/{name}/rotate", "POST /admin/games/{name}/end-secret", "POST /admin/games/{name}/suspend",
		"POST /admin/games/{name}/resume", "POST /admin/games/{name}/remove",
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

var wildcard = regexp.MustCompile(`\{[a-z]+\}`)

// TestAccess asks every route as every role, with names of nothing that is there: who may
// not is stopped before anything is looked up.
func TestAccess(t *testing.T) {
	s := newSite(t)
	nobody, person, moderator, admins := s.browser(t), s.signedIn(t, store.Person), s.signedIn(t, store.Moderator), s.signedIn(t, store.Admin)
	patterns := admin.Routes()
	for role, all := range accessTable {
		for _, pattern := range all {
			if !slices.Contains(patterns, pattern) {
				t.Errorf("%q, for %s, is no route", pattern, role)
			}
		}
	}
	for _, pattern := range patterns {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			method, path = http.MethodGet, pattern
		}
		path = wildcard.ReplaceAllString(strings.TrimSuffix(path, "{$}"), "999")
		var who string
		for role, all := range accessTable {
			if slices.Contains(all, pattern) {
				who += role
			}
		}
		if pattern == "POST /logout" { // it would end the tests' sessions
			continue
		}
		ask := func(b *browser) page {
			if method == http.MethodGet {
				return b.get(t, path)
			}
			return b.post(t, path)
		}
		for _, test := range []struct {
			name    string
			browser *browser
			may     bool
			refusal int
		}{
			{"nobody", nobody, who == "anyone", map[string]int{http.MethodGet: http.StatusSeeOther, http.MethodPost: http.StatusUnauthorized}[method]},
			{"a person", person, who == "anyone" || who == "person", http.StatusForbidden},
			{"a moderator", moderator, who == "anyone" || who == "person" || who == "moderator", http.StatusForbidden},
			{"an admin", admins, who != "", 0},
		} {
			got := ask(test.browser)
			refused := got.StatusCode == http.StatusForbidden || got.StatusCode == http.StatusUnauthorized && (strings.HasPrefix(path, "/admin") || strings.HasPrefix(path, "/account")) ||
				strings.HasPrefix(got.Header.Get("Location"), "/login?next=")
			switch {
			case accessTable[who] == nil:
				t.Fatalf("%q is for %q in the test's table; it must stand there once", pattern, who)
			case test.may && refused:
				t.Errorf("%s: %s is refused with %d", pattern, test.name, got.StatusCode)
			case !test.may && got.StatusCode != test.refusal:
				t.Errorf("%s: %s gets %d, want %d", pattern, test.name, got.StatusCode, test.refusal)
			case !test.may && strings.Contains(got.text, "New game"):
				t.Errorf("%s: %s is refused and sees the page all the same", pattern, test.name)
			case test.browser == person && !test.may && !strings.Contains(got.text, "That is for the operators"):
				t.Errorf("%s: a person is refused with %.300s", pattern, got.text)
			case got.StatusCode >= 500 && path != "/readyz":
				t.Errorf("%s: %s gets %d", pattern, test.name, got.StatusCode)
			}
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
