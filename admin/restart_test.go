package admin_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"hearsay/hub/store"
)

func TestRestart(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	b.get(t, "/admin/restart").want(t, http.StatusOK, "nobody", `value="15"`, "None within 90 days.")
	socket := connect(t, s, c)
	b.post(t, "/admin/restart/announce", "downtime", "30").want(t, http.StatusUnprocessableEntity, "Tick this to go on", `value="30"`)
	b.post(t, "/admin/restart/announce", "downtime", "soon", "sure", "on").want(t, http.StatusUnprocessableEntity, "Write a number of seconds")
	b.post(t, "/admin/restart/announce", "downtime", "0", "sure", "on").want(t, http.StatusUnprocessableEntity, "0 seconds will not do")
	b.post(t, "/admin/restart/announce", "downtime", "300", "sure", "on").want(t, http.StatusSeeOther, "/admin/restart")
	for {
		f, err := socket.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.Event == "restart" {
			break
		}
	}
	b.get(t, "/admin/restart").want(t, http.StatusOK, "Told Alpha.", "300 s", "announced")
	if all := s.ask(t, `SELECT action || ' ' || subject FROM audit`); strings.Join(all, ",") != "restart announce 300 seconds" {
		t.Errorf("on record is %q", all)
	}
}

// TestRestart_live: right after a restart the page is there before the games are; it shows them
// when they come.
func TestRestart_live(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	c := s.game(t, "Alpha")
	b.get(t, "/admin/restart").want(t, http.StatusOK, `hx-sse:connect="/admin/live/running"`, "nobody")
	live := bufio.NewReader(b.stream(t, "/admin/live/running").Body)
	for _, want := range []string{"nobody", "Alpha"} {
		for text := ""; !strings.Contains(text, want); {
			line, err := live.ReadString('\n')
			if err != nil {
				t.Fatalf("%v; got %q, want %q", err, text, want)
			}
			text += line
		}
		if want == "nobody" {
			connect(t, s, c)
		}
	}
	s.signedInAs(t, "moira", store.Moderator).get(t, "/admin/live/running").want(t, http.StatusForbidden)
}
