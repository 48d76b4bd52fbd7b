package admin_test

import (
	"net/http"
	"testing"
	"time"

	"hearsay/hub/store"
)

// TestGame_history draws how many players a game had.
func TestGame_history(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, store.Admin)
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	const none = "Players in the last 24 hours: nothing was measured yet."
	b.get(t, "/admin/games/Alpha").want(t, http.StatusOK, none)
	for hours, players := range map[int]int{1: 2, 3: 7, 50: 30} {
		if err := s.Store.AddGameReadings(t.Context(), time.Now().Add(-time.Duration(hours)*time.Hour),
			[]store.GameReading{{Game: store.GameID(c.ID), Looks: 10, Players: 10 * players, Most: players + 1}}); err != nil {
			t.Fatal(err)
		}
	}
	page := b.get(t, "/admin/games/Alpha")
	for _, want := range []string{
		"Players in the last 24 hours: 2 at least, 7 at most, 2 at last.", "8 at most",
		"Players in the last 30 days: ", "31 at most", "Players in the last 365 days: ",
	} {
		page.want(t, http.StatusOK, want)
	}
}
