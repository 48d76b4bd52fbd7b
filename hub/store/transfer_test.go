package store_test

import (
	"testing"
	"time"

	"hearsay/hub/store"
)

// An offer of a game is over after a week, and when the game gets another owner.
func TestTransfer(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	for _, name := range []string{"ann", "bob"} {
		_, err := s.CreateUser(ctx, store.User{Username: name, Role: store.Person}, "correct horse battery")
		check(t, err)
	}
	_, err := s.CreateGame(ctx, store.Game{ShortName: "Alpha", Name: "Alpha", Owner: "ann"}, store.LongSecret)
	check(t, err)
	now := time.Now()
	check(t, s.OfferGame(ctx, "alpha", "BOB", now))
	late := now.Add(store.TransferLasts)
	wantErr(t, "too late", s.AcceptGame(ctx, "Alpha", "bob", late), store.ErrNotFound)
	if all, err := s.Transfers(ctx, "bob", late); err != nil || len(all) != 0 {
		t.Errorf("got %v, %v", all, err)
	}
	if all, err := s.Transfers(ctx, "bob", now); err != nil || len(all) != 1 || all[0].Game != "Alpha" || all[0].To != "bob" {
		t.Errorf("got %v, %v", all, err)
	}
	for username, want := range map[string]int{"": 1, "ann": 0} {
		if all, err := s.Transfers(ctx, username, now); err != nil || len(all) != want {
			t.Errorf("%q: got %v, %v", username, all, err)
		}
	}
	if all, err := s.Transfers(ctx, "", late); err != nil || len(all) != 0 {
		t.Errorf("got %v, %v", all, err)
	}
	nobody := ""
	check(t, s.UpdateGame(ctx, "Alpha", store.GameEdit{Owner: &nobody}))
	wantErr(t, "an offer of who was the owner", s.AcceptGame(ctx, "Alpha", "bob", now), store.ErrNotFound)
	check(t, s.OfferGame(ctx, "Alpha", "bob", now))
	check(t, s.AcceptGame(ctx, "Alpha", "bob", now.Add(time.Hour)))
	if g, err := s.Game(ctx, "Alpha"); err != nil || g.Owner != "bob" {
		t.Errorf("got %+v, %v", g, err)
	}
	check(t, s.OfferGame(ctx, "Alpha", "ann", now))
	check(t, s.DeleteUser(ctx, "ann"))
	_, err = s.Transfer(ctx, "Alpha", now)
	wantErr(t, "to who is gone", err, store.ErrNotFound)
}
