package admin_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"hearsay/admin"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// hidden are the hidden fields of a form.
var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// flashed is the form that takes back what was just done.
var flashed = regexp.MustCompile(`(?s)<form method="post" action="([^"]*)">((?:\s*<input type="hidden"[^>]*>)*)\s*<button class="small">Undo</button>`)

// TestUndo_parts: what belongs to a game, and a blocked name, can be put back once it is removed.
func TestUndo_parts(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	s.game(t, "Alpha")
	for _, one := range []struct {
		at, path, remove, shows string
		fields                  []string
		by                      string // the field that says what to remove; "id": its value is on the page
	}{
		{"/admin/games/Alpha", "/connections", "/connections/remove", "mud.example", []string{"type", "telnet", "host", "mud.example", "port", "4000"}, "id"},
		{"/admin/games/Alpha", "/redirects", "/redirects/remove", "https://alpha.example/back", []string{"uri", "https://alpha.example/back"}, "uri"},
		{"/admin/games/Alpha", "/events", "/events/remove", "Harvest fair", []string{"title", "Harvest fair", "start_date", "2026-10-01", "end_date", "2026-10-02"}, "id"},
		{"/admin/games/Alpha/ignores", "", "/remove", "Mallory@*", []string{"pattern", "Mallory@*"}, "pattern"},
		{"/admin/blocks", "", "/remove", "abacus", []string{"kind", "name", "word", "abacus"}, "word"},
	} {
		b.post(t, one.at+one.path, one.fields...).want(t, http.StatusSeeOther)
		page := b.get(t, one.at).want(t, http.StatusOK, one.shows)
		fields := one.fields
		if one.by == "id" {
			at := regexp.MustCompile(`(?s)action="` + one.at + one.remove + `"[^>]*>\s*<input type="hidden" name="id" value="([^"]*)"`)
			fields = []string{"id", at.FindStringSubmatch(page.text)[1]}
		}
		b.post(t, one.at+one.remove, fields...).want(t, http.StatusSeeOther)
		page = b.get(t, one.at).want(t, http.StatusOK, "Undo")
		undo := flashed.FindStringSubmatch(page.text)
		if undo == nil {
			t.Fatalf("%s: nothing takes it back: %s", one.at, page.text)
		}
		var back []string
		for _, field := range hidden.FindAllStringSubmatch(undo[2], -1) {
			back = append(back, field[1], html.UnescapeString(field[2]))
		}
		b.post(t, undo[1], back...).want(t, http.StatusSeeOther)
		b.get(t, one.at).want(t, http.StatusOK, one.shows)
	}
}

// TestUsed: a secret and an application that are in use at this moment are not said to be unused.
func TestUsed(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	c := s.game(t, "Alpha")
	connect(t, s, c)
	a, err := s.Store.CreateApplication(t.Context(), store.Application{ShortName: "Site", Name: "Site", SyncForm: "records"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	connect(t, s, a)
	// An application is online when its first records are on their way, after it was welcomed.
	hubtest.Eventually(t, "the application", func() bool { return len(s.Hub.Status().Applications) == 1 })
	fact := regexp.MustCompile(`(?s)<dt>(Secret last used|Last seen)</dt><dd>\s*(?:<[^>]*>)?([^<]*)`)
	for path, want := range map[string]map[string]string{
		"/admin/games/Alpha":       {"Secret last used": "just now"},
		"/admin/applications/Site": {"Secret last used": "just now", "Last seen": "now"},
	} {
		got := map[string]string{}
		for _, one := range fact.FindAllStringSubmatch(b.get(t, path).text, -1) {
			got[one[1]] = one[2]
		}
		for key, text := range want {
			if got[key] != text {
				t.Errorf("%s: %s: got %q, want %q", path, key, got[key], text)
			}
		}
	}
}

// TestLogin_restored: after a restore everybody has to sign in, and is told why.
func TestLogin_restored(t *testing.T) {
	s := newSite(t, func(o *admin.Options) { o.Restored = &admin.Restored{At: time.Now()} })
	s.browser(t).get(t, "/login?next="+url.QueryEscape("/admin/backups")).want(t, http.StatusOK, "The backup is restored.")
}

// TestNewApplication: the form of the sync is at first what the command makes.
func TestNewApplication(t *testing.T) {
	s := newSite(t)
	s.signedIn(t, store.Admin).get(t, "/admin/new/application").want(t, http.StatusOK, `<option value="records" selected>`)
}
