package site_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"hearsay/hub/hubtest"
	"hearsay/hub/site"
	"hearsay/hub/site/oauth"
	"hearsay/hub/store"
)

// accessTable says who may use each route: each stands there once.
var accessTable = map[string][]string{
	"anyone": {
		"GET /{$}", "GET /live/{topic}", "GET /games", "GET /games/{name}", "GET /channels", "GET /channels/{name}", "GET /events", "GET /events.atom",
		"GET /sign-up", "POST /sign-up", "GET /sign-up/waiting", "GET /sign-up/{token}", "POST /sign-up/{token}", "GET /conduct", "GET /people/{username}",
		"GET /sitemap.xml", "GET /robots.txt", "GET /widget.js", "GET /widget/{name}",
		"GET " + oauth.AuthorizePath, oauth.TokenPath, oauth.RevokePath, oauth.UserPath, oauth.MetadataPath,
	},
	"person": {
		"POST /channels/{name}", "GET /characters", "POST /characters/{id}/approve", "POST /characters/{id}/deny", "GET /characters/{id}/withdraw",
		"POST /characters/{id}/withdraw", "POST " + oauth.AuthorizePath, "GET /account/grants", "POST /account/grants/revoke",
	},
}

// example is an address of a route, of what is there: the game Alpha, a character of Petra's.
func example(path string) string {
	name := "gossip"
	if strings.HasPrefix(path, "/games/") {
		name = "Alpha"
	}
	return strings.NewReplacer("{$}", "", "{name}", name, "{username}", "Petra", "{id}", "2", "{topic}", "nothing", "{token}", "x").Replace(path)
}

// TestAccess: every route, asked by everybody.
func TestAccess(t *testing.T) {
	w := newWorld(t, hubtest.NewFile(t))
	w.furnish(t)
	rows := map[string]string{}
	for row, patterns := range accessTable {
		for _, pattern := range patterns {
			if rows[pattern] != "" {
				t.Errorf("%s stands in the table twice", pattern)
			}
			rows[pattern] = row
		}
	}
	visitors := map[string]string{
		"nobody": "", "a person": w.member(t, "Nemo", store.Person), "a moderator": w.member(t, "Mora", store.Moderator), "an admin": w.member(t, "Adam", store.Admin),
		"the owner": w.member(t, "Owen", store.Person), "another owner": w.member(t, "Otto", store.Person),
	}
	for game, owner := range map[string]string{"Alpha": "Owen", "Quiet": "Otto"} {
		check(t, w.store.UpdateGame(t.Context(), game, store.GameEdit{Owner: &owner}))
	}
	for _, pattern := range site.Routes() {
		row := rows[pattern]
		if row == "" {
			t.Errorf("%s is not in the table", pattern)
		}
		delete(rows, pattern)
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			method, path = http.MethodPost, pattern
		}
		path = example(path)
		var form url.Values
		if method == http.MethodPost {
			form = url.Values{}
		}
		for name, token := range visitors {
			got := w.send(t, token, path, form)
			toLogin := strings.HasPrefix(got.Header.Get("Location"), "/login")
			signedOut := got.StatusCode == http.StatusUnauthorized && strings.Contains(got.text, "You are signed out")
			switch refused := toLogin || signedOut; {
			case got.StatusCode >= 500:
				t.Errorf("%s: %s gets %d", pattern, name, got.StatusCode)
			case row == "person" && token == "" && !refused:
				t.Errorf("%s: nobody gets %d: %.200s", pattern, got.StatusCode, got.text)
			case (row == "anyone" || token != "") && refused:
				t.Errorf("%s: %s is refused with %d", pattern, name, got.StatusCode)
			case strings.HasPrefix(path, "/characters/") && token != "" && got.StatusCode != http.StatusNotFound:
				t.Errorf("%s: %s gets %d of another's character", pattern, name, got.StatusCode)
			case slices.Contains([]int{http.StatusForbidden, http.StatusMethodNotAllowed}, got.StatusCode) && strings.Contains(got.text, "operators"):
				t.Errorf("%s: %s is sent away: %.200s", pattern, name, got.text)
			}
		}
	}
	for pattern := range rows {
		t.Errorf("%s stands in the table, but there is no such route", pattern)
	}
}
