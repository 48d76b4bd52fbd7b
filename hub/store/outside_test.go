package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
)

// outsiders are the ways in which other programs write the file.
var outsiders = map[string]func(testing.TB, *store.Store, string){
	"shell": func(t testing.TB, s *store.Store, script string) { t.Helper(); shell(t, s.Path(), script) },
	"connection": func(t testing.TB, s *store.Store, script string) {
		t.Helper()
		conn := connect(t, s.Path())
		for query := range strings.SplitSeq(script, ";") {
			if query = strings.TrimSpace(query); query != "" {
				check(t, sqlitex.Execute(conn, query, nil))
			}
		}
	},
}

// Whoever writes, what was committed is in the log, once, and nothing else.
func TestOutside(t *testing.T) {
	for name, write := range outsiders {
		t.Run(name, func(t *testing.T) {
			s, conn := full(t)
			for _, test := range []struct {
				script    string
				want      []string
				reconcile []string // what is logged only then
			}{
				{"UPDATE games SET tagline = 'é' WHERE short_name = 'ALPHA';", []string{"games 1 update"}, nil},
				{"INSERT INTO channels (name) VALUES ('fresh');", []string{"channels 3 create"}, nil},
				{"DELETE FROM channels WHERE name = 'fresh';", []string{"channels 3 delete"}, nil},
				{"BEGIN; UPDATE games SET tagline = 'x'; DELETE FROM channels; ROLLBACK;", nil, nil},
				{"BEGIN; UPDATE games SET tagline = 'y' WHERE id = 1; UPDATE channels SET hidden = 1 WHERE id = 2; COMMIT;", []string{"games 1 update", "channels 2 update"}, nil},
				{"PRAGMA foreign_keys = ON; DELETE FROM games WHERE id = 2;", []string{"events 2 delete", "achievements 2 delete", "games 2 delete"}, nil},

				// REPLACE deletes without the triggers' knowledge.
				{"INSERT OR REPLACE INTO channels (name) VALUES ('gossip');", []string{"channels 4 create"}, []string{"channels 1 delete"}},
				{"INSERT OR REPLACE INTO channels (id, name) VALUES (4, 'gossipx');", []string{"channels 4 create"}, nil},
				{"INSERT OR REPLACE INTO events (id, game_id, title, start_date, end_date) VALUES (9, 1, 'x', '2026-01-01', '2026-01-01');", []string{"events 9 create"}, nil},
				{"INSERT OR REPLACE INTO achievements (game_id, key, title) VALUES (1, 'k1', 'x');", []string{"achievements 3 create"}, []string{"achievements 1 delete"}},
				{"UPDATE OR REPLACE channels SET name = 'testing' WHERE id = 4;", []string{"channels 4 update"}, []string{"channels 2 delete"}},
				{"INSERT OR REPLACE INTO games (short_name, name) VALUES ('Alpha', 'Another');", []string{"games 3 create"},
					[]string{"events 1 delete", "events 9 delete", "achievements 3 delete", "games 1 delete"}},

				// What foreign_keys would have refused.
				{"INSERT INTO events (id, game_id, title, start_date, end_date) VALUES (20, 77, 'x', '2026-01-01', '2026-01-01');", []string{"events 20 create"}, []string{"events 20 delete"}},
				{"INSERT INTO achievements (id, game_id, title) VALUES (20, 77, 'x');", []string{"achievements 20 create"}, []string{"achievements 20 delete"}},
				{"INSERT INTO connections (game_id, type, url) VALUES (77, 'web', 'x'); INSERT INTO redirect_uris (game_id, uri) VALUES (77, 'x'); INSERT INTO ignores (game_id, name, game) VALUES (77, 'x', '*');", nil, nil},
			} {
				got := logged(t, s, func() { write(t, s, test.script) })
				if !slices.Equal(brief(got), test.want) && len(got)+len(test.want) > 0 {
					t.Fatalf("%s\nlogged %q, want %q", test.script, brief(got), test.want)
				}
				got = logged(t, s, func() { check(t, s.Reconcile(t.Context())) })
				if !slices.Equal(brief(got), test.reconcile) && len(got)+len(test.reconcile) > 0 {
					t.Fatalf("%s\nthen Reconcile logged %q, want %q", test.script, brief(got), test.reconcile)
				}
				if got := logged(t, s, func() { check(t, s.Reconcile(t.Context())) }); len(got) > 0 {
					t.Errorf("%s\nReconcile again logged %q", test.script, brief(got))
				}
				checkNewestIsState(t, conn)
				checkOrder(t, versions(t, s, 0))
				for _, table := range []string{"events", "achievements", "connections", "redirect_uris", "ignores"} {
					if got := ask(t, conn, `SELECT count(*) FROM `+table+` WHERE game_id NOT IN (SELECT id FROM games)`)[0]; got != "0" {
						t.Errorf("%s\nleaves %s orphans in %s", test.script, got, table)
					}
				}
			}
		})
	}
}

func checkOrder(t testing.TB, all []store.Version) {
	t.Helper()
	for i := 1; i < len(all); i++ {
		if all[i].ID <= all[i-1].ID || !all[i].LoggedAt.After(all[i-1].LoggedAt) {
			t.Errorf("%+v comes after %+v", all[i], all[i-1])
		}
	}
}

// What Reconcile logs for many at once carries their last states, in order.
func TestReconcile(t *testing.T) {
	s, conn := full(t)
	run(t, conn, `UPDATE versions SET logged_at = logged_at + 86400000000, created_at = created_at + 86400000000`) // the clock went back
	before := versions(t, s, 0)
	for _, query := range []string{`DROP TRIGGER games_delete`, `DROP TRIGGER channels_delete`, `DELETE FROM games`, `DELETE FROM channels`} {
		run(t, conn, query)
	}
	got := logged(t, s, func() { check(t, s.Reconcile(t.Context())) })
	want := []string{"events 1 delete", "events 2 delete", "achievements 1 delete", "achievements 2 delete", "channels 1 delete", "channels 2 delete", "games 2 delete", "games 1 delete"}
	if !slices.Equal(brief(got), want) {
		t.Errorf("logged %q, want %q", brief(got), want)
	}
	checkLog(t, append(before, got...))
	if l := ask(t, conn, `SELECT count(*) FROM connections`); l[0] != "0" {
		t.Errorf("%s connections are left", l[0])
	}
}

// Another program's commit wakes, soon; what it rolls back is no commit.
func TestOutside_wake(t *testing.T) {
	t.Parallel()
	for name, write := range outsiders {
		t.Run(name, func(t *testing.T) {
			s, _ := full(t)
			observer := connect(t, s.Path())
			changes := func() string { return ask(t, observer, `PRAGMA data_version`)[0] }
			wake, stop := s.Watch()
			defer stop()
			cursor := newest(t, s)
			for i := range 3 {
				was := changes()
				write(t, s, "BEGIN; UPDATE games SET tagline = 'never'; ROLLBACK;")
				if changes() != was { // it is all that the store looks at
					t.Error("a rollback looks like a commit")
				}
				if got := versions(t, s, cursor); len(got) > 0 {
					t.Errorf("a rollback is in the log: %q", brief(got))
				}
				write(t, s, fmt.Sprintf("UPDATE games SET tagline = '%d' WHERE id = 1;", i))
				var got []store.Version
				for len(got) == 0 { // the commits before the watch may wake, too
					<-wake
					got = versions(t, s, cursor)
				}
				if !slices.Equal(brief(got), []string{"games 1 update"}) {
					t.Errorf("got %q", brief(got))
				}
				cursor = got[0].ID
			}
		})
	}
}

// The store waits for another program's transaction.
func TestOutside_busy(t *testing.T) {
	s, conn := full(t)
	check(t, sqlitex.Execute(conn, `BEGIN IMMEDIATE`, nil))
	run(t, conn, `UPDATE games SET tagline = 'first' WHERE id = 1`)
	done := make(chan error, 1)
	go func() { done <- s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Tagline: pointer("second")}) }()
	if g, err := s.Game(t.Context(), "Alpha"); err != nil || g.Tagline != "" {
		t.Errorf("reading meanwhile: got %+v, %v", g, err)
	}
	check(t, sqlitex.Execute(conn, `COMMIT`, nil))
	check(t, <-done)
	if got := ask(t, conn, `SELECT tagline FROM games WHERE id = 1`); got[0] != "second" {
		t.Errorf("got %q", got)
	}
}

// The shell gets the sentences of the schema.
func TestOutside_sentences(t *testing.T) {
	_, conn := full(t)
	for query, want := range map[string]string{
		`UPDATE games SET short_name = 'x' WHERE id = 1`:                   "games: short_name never changes",
		`INSERT INTO games (short_name, name) VALUES ('site', 'x')`:        "games: short_name is taken among applications",
		`INSERT INTO applications (short_name, name) VALUES ('beta', 'x')`: "applications: short_name is taken among games",
		`UPDATE channels SET id = 5 WHERE id = 1`:                          "channels: id never changes",
	} {
		err := sqlitex.Execute(conn, query, nil)
		if err == nil || !strings.Contains(err.Error(), want) || sqlite.ErrCode(err) != sqlite.ResultConstraintTrigger {
			t.Errorf("%s: got %v, want %q", query, err, want)
		}
	}
}
