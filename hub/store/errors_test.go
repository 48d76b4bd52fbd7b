package store_test

import (
	"errors"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
)

// What is not there is told by type, whatever else the error says.
func TestMissing(t *testing.T) {
	s := open(t)
	_, err := s.Game(t.Context(), "Nope")
	for what, err := range map[string]error{
		"show": err,
		"edit": s.UpdateGame(t.Context(), "Nope", store.GameEdit{Tagline: pointer("x")}),
	} {
		var missing store.Missing
		if !errors.As(err, &missing) || missing != (store.Missing{Noun: "game", Key: "Nope"}) || !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: got %#v", what, err)
		}
	}
	_, err = s.UsePasswordLink(t.Context(), "horse", "correct horse battery", time.Now())
	if err == nil || err.Error() != "link: not found" {
		t.Errorf("of a link that is not there: got %v", err)
	}
}

// A fault of the file is no mistake of the person who adds a rule.
func TestCreateRule_fault(t *testing.T) {
	s := open(t)
	conn, err := sqlite.OpenConn(s.Path(), sqlite.OpenReadWrite)
	check(t, err)
	defer conn.Close()
	check(t, sqlitex.ExecuteScript(conn, `ALTER TABLE channels RENAME COLUMN description TO moved`, nil))
	_, err = s.CreateRule(t.Context(), store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Mute, Channel: "gossip", Enabled: true})
	if err == nil || errors.Is(err, store.ErrInvalid) {
		t.Errorf("got %v, want the fault of the file", err)
	}
}
