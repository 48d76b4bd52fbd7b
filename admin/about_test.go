package admin_test

import (
	"net/http"
	"testing"

	"hearsay/hub/store"
)

func TestAbout(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	b.get(t, "/admin/about").want(t, http.StatusOK, s.Store.Path(), "SQLite 3.", "1 admin, 0 moderators", "development build")
	b.get(t, "/admin/about/licences").want(t, http.StatusOK, "modernc.org/sqlite", "htmx", "Pico CSS", "WITHOUT WARRANTY OF ANY KIND")
}
