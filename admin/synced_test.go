package admin_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// stream opens a live part.
func (b *browser) stream(t testing.TB, path string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.site.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html, text/event-stream")
	resp, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestLive_access(t *testing.T) {
	s := newSite(t)
	for _, tt := range []struct {
		who    *browser
		path   string
		status int
	}{
		{s.browser(t), "/admin/live/synced?version=1", http.StatusUnauthorized},
		{s.signedIn(t, store.Moderator), "/admin/live/synced?version=1", http.StatusOK},
		{s.signedIn(t, store.Admin), "/admin/live/nothing", http.StatusNotFound},
	} {
		if got := tt.who.stream(t, tt.path).StatusCode; got != tt.status {
			t.Errorf("%s: got %d, want %d", tt.path, got, tt.status)
		}
	}
}

// TestSynced: a page says how many applications have an edit, and a live part when they
// all have it.
func TestSynced(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	if _, err := s.Store.CreateGame(ctx, store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret); err != nil {
		t.Fatal(err)
	}
	c, err := s.Store.CreateApplication(ctx, store.Application{ShortName: "Portal", Name: "Portal", SyncForm: "versions"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	b := s.signedIn(t, store.Admin)
	edit := func(tagline string) string {
		t.Helper()
		return b.post(t, "/admin/games/Alpha/edit", "name", "Alpha MUD", "display", "on", "tagline", tagline).
			want(t, http.StatusSeeOther, "/admin/games/Alpha?version=").Header.Get("Location")
	}
	b.get(t, edit("one")).want(t, http.StatusOK, "No application is connected")

	socket := connect(t, s, c)
	b.get(t, edit("two")).want(t, http.StatusOK, "No application is connected")
	if _, err := socket.Ask(ctx, wire.Sync, map[string]any{}, nil); err != nil {
		t.Fatal(err)
	}
	at := edit("three")
	hubtest.Eventually(t, "the application has the edit", func() bool {
		return strings.Contains(b.get(t, at).text, ">Synced to 1 application<")
	})

	newest, err := s.Store.Newest(ctx)
	if err != nil {
		t.Fatal(err)
	}
	next := fmt.Sprintf("version=%d", newest+1)
	b.get(t, "/admin/games/Alpha?"+next).want(t, http.StatusOK, "Synced to 0 of 1 application", `hx-sse:connect="/admin/games/Alpha/live/synced?`+next+`"`)
	live := b.stream(t, "/admin/games/Alpha/live/synced?"+next)
	edit("four")
	text, err := io.ReadAll(live.Body) // it ends when they have it
	if err != nil || !strings.HasSuffix(string(text), ">Synced to 1 application</span>\n\nevent: end\ndata: \n\n") {
		t.Errorf("got %q, %v", text, err)
	}
}
