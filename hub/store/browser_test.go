package store_test

import (
	"testing"
	"time"

	"hearsay/hub/store"
)

// TestKnowsBrowser: a browser is known to the account in which it has signed in, for a time.
func TestKnowsBrowser(t *testing.T) {
	s := open(t)
	now := time.Now()
	ann, err := s.InviteUser(t.Context(), store.User{Username: "ann", Role: store.Admin})
	check(t, err)
	_, err = s.InviteUser(t.Context(), store.User{Username: "bob", Role: store.Person})
	check(t, err)
	token, err := s.RememberBrowser(t.Context(), ann.ID, now)
	check(t, err)
	knows := func(token, username string, at time.Time, want bool) {
		t.Helper()
		if got, err := s.KnowsBrowser(t.Context(), token, username, at); err != nil || got != want {
			t.Errorf("%s: got %t, %v", username, got, err)
		}
	}
	knows(token, "Ann", now, true)
	knows(token, "bob", now, false)
	knows("", "ann", now, false)
	knows(token, "ann", now.Add(store.BrowserLasts), false)

	for range 20 { // the last are known
		_, err := s.RememberBrowser(t.Context(), ann.ID, now.Add(time.Second))
		check(t, err)
	}
	knows(token, "ann", now, false)
	a, err := s.ExportAccount(t.Context(), "ann", "Hearsay", now)
	check(t, err)
	if a.Browsers != 20 {
		t.Errorf("%d browsers are in the export", a.Browsers)
	}
	check(t, s.PurgeAccounts(t.Context(), now.Add(store.BrowserLasts+time.Second)))
	if got := ask(t, connect(t, s.Path()), `SELECT count(*) FROM browsers`); got[0] != "0" {
		t.Errorf("%s browsers are kept after their time", got[0])
	}
}
