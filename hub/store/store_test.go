package store_test

import (
	"context"
	"testing"
	"time"

	"hearsay/hub/store"
)

// open opens a new file, or the one that is named.
func open(t testing.TB, path ...string) *store.Store {
	t.Helper()
	if len(path) == 0 {
		path = []string{t.TempDir() + "/hearsay.db"}
	}
	s, err := store.Open(t.Context(), path[0], store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func addGame(t testing.TB, s *store.Store, shortName string) store.Credential {
	t.Helper()
	c, err := s.CreateGame(t.Context(), store.Game{ShortName: shortName, Name: shortName + " MUD", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func versions(t testing.TB, s *store.Store, after store.VersionID) []store.Version {
	t.Helper()
	all, err := s.Versions(t.Context(), after, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOpen(t *testing.T) {
	s := open(t)
	wake, stop := s.Watch()
	defer stop()
	began := versions(t, s, 0)
	if len(began) != 2 {
		t.Fatalf("a new file has %d versions, want those of two channels", len(began))
	}
	addGame(t, s, "Alpha")
	<-wake
	name := "Beta MUD"
	if err := s.UpdateGame(t.Context(), "alpha", store.GameEdit{Name: &name}); err != nil {
		t.Fatal(err)
	}
	got := versions(t, s, began[1].ID)
	if len(got) != 2 || got[0].Action != store.Create || got[1].Action != store.Update || !got[0].LoggedAt.Before(got[1].LoggedAt) {
		t.Errorf("got %+v, want a create and an update", got)
	}
	if len(got[0].Secret) != 32 {
		t.Errorf("got a hash of %d bytes", len(got[0].Secret))
	}
}

func TestAuthenticate(t *testing.T) {
	s := open(t)
	c := addGame(t, s, "Alpha")
	now := time.Now()
	p, err := s.Authenticate(t.Context(), c.ClientID, c.Secret, now)
	if err != nil || p.ShortName != "Alpha" || p.Application {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := s.Authenticate(context.Background(), c.ClientID, "", now); err == nil {
		t.Error("an empty secret authenticates")
	}
}
