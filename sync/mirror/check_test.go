package mirror_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"hearsay/hub"
	"hearsay/hub/store"
	"hearsay/hub/wire"
	backbone "hearsay/sync"
	"hearsay/sync/mirror"
)

// TestMirror_anotherLog copies two hubs one after the other from the same address. Their logs
// have the same ids, and the digests of both would be equal but for the logs' own.
func TestMirror_anotherLog(t *testing.T) {
	w := open(t)
	w.game("G1")
	w.game("G2")
	path := filepath.Join(t.TempDir(), "site.db")
	c := w.copy(path)
	if l := c.level(); !l.Verified || l.Repaired || l.Log != w.st.LogID() {
		t.Errorf("the first hub: %+v", l)
	}
	_ = c.stop() // it was told to
	first := w.st.LogID()

	w.stop()
	w.path = filepath.Join(t.TempDir(), "other.db")
	w.start()
	w.site = w.application("Site", "versions")
	w.game("H1")
	w.game("H2")
	c = w.copy(path)
	l := c.level()
	if !l.Verified || !l.Repaired || l.Log != w.st.LogID() || !strings.Contains(l.Why, first) {
		t.Errorf("the second hub: %+v", l)
	}
	w.same(c)
	equal(t, "games", ask(t, path, `SELECT group_concat(game) FROM hub_games WHERE deleted_at IS NULL`), "H1,H2")
	_ = c.stop()
	c = w.copy(path)
	if l := c.level(); !l.Verified || l.Repaired {
		t.Errorf("the second hub again: %+v", l)
	}
}

// TestMirror_restoreOther restores a backup and then makes other edits, up to the ids that the
// copy has: the log is another one, although its beginning is the same.
func TestMirror_restoreOther(t *testing.T) {
	w := open(t)
	w.game("Kept")
	backup, path := filepath.Join(t.TempDir(), "backup.db"), filepath.Join(t.TempDir(), "site.db")
	check(t, store.Backup(t.Context(), w.path, backup))
	w.game("Lost")
	w.sql(`UPDATE games SET tagline = 'before' WHERE name = 'Kept MUD'`)
	c := w.copy(path)
	before := c.level()
	w.same(c)
	_ = c.stop() // it was told to
	w.stop()
	must(store.Restore(t.Context(), backup, w.path))
	w.start()
	w.game("Other")
	w.sql(`UPDATE games SET tagline = 'after' WHERE name = 'Kept MUD'`)
	c = w.copy(path)
	l := c.level()
	if l.Cursor != before.Cursor {
		t.Errorf("the log ends with %d, and ended with %d before the restore", l.Cursor, before.Cursor)
	}
	if !l.Verified || !l.Repaired || l.Log != w.st.LogID() || !strings.Contains(l.Why, before.Log) {
		t.Errorf("got %+v, want a full resync because of the log %s", l, before.Log)
	}
	w.same(c)
	w.sameRecords(c)
	equal(t, "games", ask(t, path, `SELECT group_concat(game || ' ' || coalesce(tagline, '-')) FROM hub_games WHERE deleted_at IS NULL`), "Kept after,Other -")
}

// TestMirror_altered: what another program does to the copy is found by the next run, told and
// undone, in whichever form the hub gives its records.
func TestMirror_altered(t *testing.T) {
	w := open(t)
	w.sql(games(20))
	old, url := w.application("Old", "records"), w.old()
	for form, options := range map[string]func(*mirror.Options){
		"cursor": func(*mirror.Options) {},
		"since":  func(o *mirror.Options) { o.URL = url },
		"records": func(o *mirror.Options) {
			o.URL, o.ClientID, o.ClientSecret = url, old.ClientID, old.Secret
		},
	} {
		t.Run(form, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "site.db")
			c := w.copy(path, options)
			c.level()
			_ = c.stop() // it was told to
			for script, why := range map[string]string{
				`UPDATE hub_games SET description = 'forged' WHERE id = 7`:                                       "games 7",
				`UPDATE hub_channels SET description = '' WHERE id = 1`:                                          "channels 1",
				`UPDATE hub_connections SET port = 23 WHERE game_id IN (3, 4)`:                                   "games 3, 4",
				`DELETE FROM hub_connections WHERE game_id = 5`:                                                  "games 5",
				`DELETE FROM hub_games WHERE id < 9`:                                                             "games 1, 2, 3, 4, 5, and 3 more",
				`UPDATE hub_games SET deleted_at = '2026-01-01T00:00:00Z' WHERE id = 2`:                          "games 2",
				`INSERT INTO hub_channels (id, name, hidden, version) VALUES (99, 'mine', 0, 99)`:                "channels 99",
				`UPDATE hub_games SET version = version + 1 WHERE id = 1; DELETE FROM hub_channels WHERE id = 2`: "channels 2; games 1",
			} {
				run(t, path, script)
				c := w.copy(path, options)
				if l := c.level(); !l.Repaired || l.Why != "another program has changed "+why {
					t.Errorf("%s: %+v, want %q", script, l, why)
				}
				w.sameRecords(c)
				_ = c.stop()
			}
			c = w.copy(path, options)
			if l := c.level(); l.Repaired {
				t.Errorf("untouched: %+v", l)
			}
		})
	}
}

// TestMirror_upgrade goes on with the tables of an older program, after one full resync.
func TestMirror_upgrade(t *testing.T) {
	w := open(t)
	w.sql(games(20))
	for form, url := range map[string]string{"cursor": w.url(), "since": w.old()} {
		t.Run(form, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "site.db")
			through := func(o *mirror.Options) { o.URL = url }
			c := w.copy(path, through)
			c.level()
			_ = c.stop() // it was told to
			run(t, path, `DROP TABLE hub_checks; ALTER TABLE hub_sync DROP COLUMN log; UPDATE hub_sync SET layout = 1`)
			for _, repaired := range []bool{true, false} {
				c := w.copy(path, through)
				if l := c.level(); l.Repaired != repaired || l.Why != "" || l.Form != form {
					t.Errorf("level: %+v, want repaired %t", l, repaired)
				}
				w.sameRecords(c)
				equal(t, "changes", len(c.took()), 0)
				_ = c.stop()
			}
		})
	}
}

// An older is a backbone of a hub whose log has no id.
type older struct{ hub.Backbone }

func (o older) Versions(ctx context.Context, p store.Peer, r wire.SyncRequest, send hub.Send, level func(json.RawMessage)) error {
	p.UserAgent = "hearsay-mirror"
	return o.Backbone.Versions(ctx, p, r, send, level)
}

// TestMirror_olderHub: a hub that says nothing of its log is copied all the same; once it does,
// there is one full resync.
func TestMirror_olderHub(t *testing.T) {
	w := open(t)
	w.stop()
	w.feeds = func(st *store.Store) hub.Backbone { return older{backbone.New(st)} }
	w.start()
	w.sql(games(20))
	path := filepath.Join(t.TempDir(), "site.db")
	for range 2 {
		c := w.copy(path)
		if l := c.level(); !l.Verified || l.Repaired || l.Log != "" {
			t.Errorf("level: %+v", l)
		}
		_ = c.stop() // it was told to
	}
	w.stop()
	w.feeds = nil
	w.start()
	for _, repaired := range []bool{true, false} {
		c := w.copy(path)
		if l := c.level(); !l.Verified || l.Repaired != repaired || l.Log != w.st.LogID() {
			t.Errorf("level: %+v, want repaired %t", l, repaired)
		}
		_ = c.stop()
	}
}
