package admin_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hearsay/hub/store"
)

func TestSees(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var secret string
	for i := range 130 {
		c, err := s.Store.CreateGame(ctx, store.Game{ShortName: fmt.Sprint("Game", i), Name: fmt.Sprintf("Game <%d>", i), Display: true}, store.LongSecret)
		check(err)
		if i == 0 {
			sum := sha256.Sum256([]byte(c.Secret))
			secret = "sha256:" + hex.EncodeToString(sum[:])
		}
	}
	for _, a := range []store.Application{
		{ShortName: "Portal", Name: "Portal", SyncForm: "records"},
		{ShortName: "Login", Name: "Login", SyncForm: "versions", Credentials: true},
	} {
		_, err := s.Store.CreateApplication(ctx, a, store.LongSecret)
		check(err)
	}
	b := s.signedIn(t, store.Admin)

	portal := b.get(t, "/admin/applications/Portal/sees").want(t, http.StatusOK, "<h1>Portal</h1>", "14 frames, ",
		"1. <strong>sync/channels</strong>", "10. <strong>sync/games</strong>", "Game &lt;0&gt;", "&#34;client_secret&#34;: &#34;redacted&#34;", "Page 1", "page=2")
	if strings.Contains(portal.text, "sha256:") || strings.Contains(portal.text, "The request") {
		t.Error("an application without the scope is said to see hashes, or one of the form records to ask")
	}
	b.get(t, "/admin/applications/Portal/sees?form=records&page=2").want(t, http.StatusOK, "14. <strong>sync/games</strong>", "Page 2", "Previous")

	b.get(t, "/admin/applications/Login/sees").want(t, http.StatusOK, secret, "&#34;action&#34;: &#34;create&#34;", "{&#34;since&#34;:null}")
	b.get(t, "/admin/applications/Login/sees?form=versions&after=130&cursor=on").want(t, http.StatusOK,
		"1 frame, ", "&#34;id&#34;: 131", "Then the answer", "&#34;digest&#34;", "{&#34;after&#34;:130,&#34;cursor&#34;:true}")
	b.get(t, "/admin/applications/Login/sees?form=versions&after=132&cursor=on").want(t, http.StatusOK, "0 frames, ", "Nothing would come", "Then the answer")

	b.get(t, "/admin/applications/Login/sees?form=versions&after=1000").want(t, http.StatusUnprocessableEntity, "After is beyond the log", "unknown cursor")
	b.get(t, "/admin/applications/Login/sees?form=versions&after=x").want(t, http.StatusUnprocessableEntity, "After is no version")
	b.get(t, "/admin/applications/Login/sees?form=versions&since=yesterday").want(t, http.StatusUnprocessableEntity, "Since is no moment")
	b.get(t, "/admin/applications/Nobody/sees").want(t, http.StatusNotFound)
}

func TestApplication_live(t *testing.T) {
	s := newSite(t)
	c, err := s.Store.CreateApplication(t.Context(), store.Application{ShortName: "Portal", Name: "Portal", SyncForm: "records"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	b := s.signedIn(t, store.Admin)
	b.get(t, "/admin/applications/Portal").want(t, http.StatusOK, ">never connected<", `hx-sse:connect="/admin/live/application?name=Portal"`)
	live := b.stream(t, "/admin/live/application?name=Portal")
	read := func(want string) {
		t.Helper()
		text := ""
		for buf := make([]byte, 4096); !strings.Contains(text, want); {
			n, err := live.Body.Read(buf)
			if err != nil {
				t.Fatalf("%v; got %q, want %q", err, text, want)
			}
			text += string(buf[:n])
		}
	}
	read(">never connected<")
	connect(t, s, c)
	read(">level<")
}
