package admin_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

func TestChannels(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	b.get(t, "/admin/channels").want(t, http.StatusOK, "gossip", "testing", "Chat about anything", "30 days", "New channel", "2 channels")

	b.get(t, "/admin/new/channel").want(t, http.StatusOK, `name="keep_days" value="30"`, `name="slow_seconds" value="0"`)
	b.post(t, "/admin/new/channel", "name", "builders", "description", "For those\r\nwho build", "public", "on", "keep_days", "7", "slow_seconds", "5").
		want(t, http.StatusSeeOther, "/admin/channels/builders?version=3")
	b.get(t, "/admin/channels/builders").want(t, http.StatusOK, "Added the channel builders.", "For those\nwho build", "slow: 5 s", "Nothing yet.")
	b.get(t, "/admin/channels/builders?version=3").want(t, http.StatusOK, "No application is connected", "What is said")
	for _, test := range []struct {
		fields []string
		reason string
	}{
		{[]string{"name", "ab"}, "use 3 to 15 letters"},
		{[]string{"name", "GOSSIP"}, "There is a channel &#34;gossip&#34;"},
		{[]string{"name", "fine", "keep_days", "many"}, "is no number; use digits alone."},
		{[]string{"name", "fine", "keep_days", "-1"}, "use 0 for no log"},
		{[]string{"name", "fine", "slow_seconds", "3601"}, "up to 3600 seconds"},
	} {
		b.post(t, "/admin/new/channel", test.fields...).
			want(t, http.StatusUnprocessableEntity, test.reason, `aria-invalid="true"`, fmt.Sprintf("value=%q", test.fields[1]))
	}

	b.get(t, "/admin/channels/builders/edit").want(t, http.StatusOK, "For those\nwho build", `name="slow_seconds" value="5"`, "checked", "Type <code>builders</code>")
	b.post(t, "/admin/channels/builders/edit", "description", "", "keep_days", "0", "slow_seconds", "").want(t, http.StatusSeeOther, "/admin/channels/builders?version=")
	got, err := s.Store.Channel(t.Context(), "builders")
	if want := (store.Channel{ID: 3, Name: "builders", Hidden: true}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	b.get(t, "/admin/channels/builders").want(t, http.StatusOK, "Saved builders.", "hidden", "This channel keeps no log")
	b.post(t, "/admin/channels/builders/edit", "keep_days", "36501").want(t, http.StatusUnprocessableEntity, "up to 36500 days", `value="36501"`)
	b.post(t, "/admin/channels/nowhere/edit", "keep_days", "1").want(t, http.StatusNotFound)
	b.get(t, "/admin/channels/nowhere/edit").want(t, http.StatusNotFound)
	b.get(t, "/admin/channels/Gossip").want(t, http.StatusNotFound)

	b.get(t, "/admin/channels?q=anything").want(t, http.StatusOK, "1 channel<")
	b.get(t, "/admin/channels?filter=hidden").want(t, http.StatusOK, "builders", "1 channel<")
	b.get(t, "/admin/channels?filter=paused").want(t, http.StatusOK, "Nothing matches.")
	b.get(t, "/admin/channels?sort=day&desc=on").want(t, http.StatusOK, `aria-sort="descending"`)

	b.post(t, "/admin/channels/builders/remove", "confirm", "Builders").want(t, http.StatusUnprocessableEntity, "its letter case counts")
	b.post(t, "/admin/channels/builders/remove", "confirm", " builders ").want(t, http.StatusSeeOther, "/admin/channels")
	b.get(t, "/admin/channels").want(t, http.StatusOK, "The channel builders is removed in 10s.", "Undo")
	b.post(t, "/admin/undo", "kind", "channel", "name", "builders").want(t, http.StatusSeeOther, "/admin/channels")
	b.get(t, "/admin/channels").want(t, http.StatusOK, "The channel builders stays.")
	if all, err := s.Store.Removals(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("about to be removed: %+v, %v", all, err)
	}
}

// A moderator pauses, and sees nothing of what only admins may.
func TestChannels_pause(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Moderator)
	credential, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	game := connect(t, s, credential)
	say := func() string {
		t.Helper()
		answer, err := game.Ask(t.Context(), wire.ChannelsSend, map[string]any{"channel": "gossip", "name": "Ann", "message": "Hello"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Error
	}
	await := func(want string) { // the hub follows the file
		t.Helper()
		hubtest.Eventually(t, fmt.Sprintf("the answer %q", want), func() bool { return say() == want })
	}
	for _, path := range []string{"/admin/channels", "/admin/channels/gossip"} {
		for _, forbidden := range []string{"New channel", ">Edit<"} {
			if text := b.get(t, path).want(t, http.StatusOK).text; strings.Contains(text, forbidden) {
				t.Errorf("%s shows a moderator %q", path, forbidden)
			}
		}
	}

	b.post(t, "/admin/channels/gossip/pause", "minutes", "5").want(t, http.StatusSeeOther, "/admin/channels/gossip")
	b.get(t, "/admin/channels/gossip").want(t, http.StatusOK, "Paused gossip", "Paused until 20", "End the pause")
	await(wire.ErrorPaused)
	b.get(t, "/admin/channels?filter=paused").want(t, http.StatusOK, "gossip", "1 channel<")
	b.post(t, "/admin/channels/gossip/pause", "minutes", "").want(t, http.StatusSeeOther)
	b.get(t, "/admin/channels/gossip").want(t, http.StatusOK, "Paused until somebody ends it")
	b.post(t, "/admin/channels/gossip/unpause").want(t, http.StatusSeeOther, "/admin/channels/gossip")
	b.get(t, "/admin/channels/gossip").want(t, http.StatusOK, "gossip takes messages again.", "What is said")
	await("")
	for _, minutes := range []string{"0", "-5", "soon", "525601", "99999999999999"} {
		b.post(t, "/admin/channels/gossip/pause", "minutes", minutes).
			want(t, http.StatusUnprocessableEntity, `aria-invalid="true"`, fmt.Sprintf("value=%q", minutes))
	}
	b.post(t, "/admin/channels/nowhere/pause", "minutes", "5").want(t, http.StatusNotFound)
	b.post(t, "/admin/channels/nowhere/unpause").want(t, http.StatusNotFound)
}

// TestChannel_bytes: a page that goes on by itself gets only what is new, and a page with a
// secret on it is not compressed.
func TestChannel_bytes(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	for i := range 60 {
		s.say(t, 1, "Alpha", "Ann", fmt.Sprint("Has anybody seen my lantern? ", i))
	}
	lines := bufio.NewReader(b.stream(t, "/admin/live/conversation?channel=gossip").Body)
	until := func(text string) string {
		t.Helper()
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(line, text) {
				return line
			}
		}
	}
	until("lantern? 59")
	s.say(t, 1, "Alpha", "Ann", "Is it this one?")
	if got := until("Is it this one?"); len(got) > 1000 {
		t.Errorf("a message costs %d bytes: %s", len(got), got)
	}

	for _, test := range []struct {
		path   string
		zipped bool
	}{{"/admin/channels/gossip", true}, {"/admin/games/Beta/secret", false}, {"/account/totp", false}} {
		if test.path == "/admin/games/Beta/secret" {
			b.post(t, "/admin/new/game", "short_name", "Beta", "name", "Beta").want(t, http.StatusSeeOther)
		}
		if got := b.get(t, test.path).want(t, http.StatusOK); got.Uncompressed != test.zipped {
			t.Errorf("%s: compressed: %v", test.path, got.Uncompressed)
		}
	}
}
