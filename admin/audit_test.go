package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"hearsay/hub/store"
)

func TestAudit(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	b.get(t, "/admin/audit").want(t, http.StatusOK, "Nothing is on record yet")
	b.post(t, "/admin/new/game", "short_name", "Alpha", "name", "Alpha").want(t, http.StatusSeeOther)
	b.post(t, "/admin/games/Alpha/edit", "name", "Alpha", "tagline", "First & last").want(t, http.StatusSeeOther)
	b.get(t, "/admin/audit").want(t, http.StatusOK, "game edit <strong>Alpha", "127.0.0.1", "<del>nothing</del>", "<ins>First &amp; last</ins>")
	b.get(t, "/admin/audit?q=first+%26").want(t, http.StatusOK, "game edit")
	for _, query := range []string{"q=nonsense", "actor=nobody", "action=channel", "subject=Beta", "since=2999-01-01", "until=1999-01-01", "below=1"} {
		b.get(t, "/admin/audit?"+query).want(t, http.StatusOK, "Nothing matches", `href="/admin/audit"`)
	}
	b.get(t, "/admin/audit?since=yesterday").want(t, http.StatusOK, "write it as YYYY-MM-DD")
	b.get(t, "/admin/audit?actor=admin&action=game&subject=alpha&until=2999-01-01").want(t, http.StatusOK, "game edit", "game add")
	ann := store.WithActor(t.Context(), store.Actor{Name: "ann"})
	for range 60 {
		if err := s.Store.Note(ann, "test record", "x"); err != nil {
			t.Fatal(err)
		}
	}
	first := b.get(t, "/admin/audit?actor=ann").want(t, http.StatusOK, "Older")
	older := strings.ReplaceAll(first.part(t, `<a href="/admin/audit?`, `"`), "&amp;", "&")
	second := b.get(t, "/admin/audit?"+older).want(t, http.StatusOK, "Newest")
	if n, m := strings.Count(first.text, "test record"), strings.Count(second.text, "test record"); n != 52 || m != 12 { // two are the choice
		t.Errorf("the pages have %d and %d", n-2, m-2)
	}
	if strings.Contains(second.text, "Older") {
		t.Error("the last page leads on")
	}
}
