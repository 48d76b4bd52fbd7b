package store_test

import (
	"os"
	"strings"
	"testing"

	"hearsay/hub/store"
)

// What a file declares that is not the hub's is named, and is no backup to restore.
func TestCheck_strangers(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"trigger": {
			`CREATE TRIGGER promote AFTER INSERT ON users BEGIN UPDATE users SET role = 'admin'; END`,
			`the trigger promote on users is not the hub's; if nobody needs it: DROP TRIGGER "promote"`,
		},
		"view":          {`CREATE VIEW "a ""b" AS SELECT 1`, `the view a "b is not the hub's; if nobody needs it: DROP VIEW "a ""b"`},
		"table":         {`CREATE TABLE notes (text)`, `the table notes is not the hub's`},
		"index":         {`CREATE INDEX fast ON games (name)`, `the index fast on games is not the hub's`},
		"virtual table": {`CREATE VIRTUAL TABLE words USING fts5 (x)`, `the table words is not the hub's`},
		"changed": {
			`DROP TRIGGER games_update; CREATE TRIGGER games_update AFTER UPDATE ON games BEGIN SELECT 1; END`,
			`the trigger games_update is not as the hub declares it`,
		},
		"missing":       {`DROP TRIGGER games_update`, `the trigger games_update is missing`},
		"column":        {`ALTER TABLE games ADD COLUMN more TEXT`, `the table games is not as the hub declares it`},
		"statistics":    {`ANALYZE`, ``},
		"Litestream":    {`CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER); CREATE TABLE _litestream_lock (id INTEGER)`, ``},
		"first release": {``, ``},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			source, path := folder+"/source.db", folder+"/hearsay.db"
			if name == "first release" {
				firstSchema(t, source)
			} else {
				check(t, open(t, source).Close())
			}
			if test.script != "" {
				run(t, connect(t, source), test.script)
			}
			problems := must(store.Check(t.Context(), source))
			kept, err := store.Restore(t.Context(), source, path)
			if test.want == "" {
				if len(problems) > 0 || err != nil {
					t.Errorf("got %q, %v", problems, err)
				}
				return
			}
			if !strings.Contains(strings.Join(problems, "\n"), test.want) {
				t.Errorf("got %q, want %q", problems, test.want)
			}
			if err == nil || !strings.Contains(err.Error(), "restored") {
				t.Errorf("restored: %q, %v", kept, err)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("there is a file now")
			}
		})
	}
}

// What is damaged is not called somebody else's.
func TestRestore_damaged(t *testing.T) {
	folder := t.TempDir()
	source := folder + "/source.db"
	check(t, open(t, source).Close())
	whole := must(os.ReadFile(source))
	for name, change := range map[string]func([]byte) []byte{
		"beginning": func(all []byte) []byte { copy(all, make([]byte, 60)); return all },
		"schema":    func(all []byte) []byte { copy(all[100:], strings.Repeat("\xff", 3900)); return all },
		"page size": func(all []byte) []byte { copy(all[16:], "\xff\xff"); return all },
		"half":      func(all []byte) []byte { return all[:len(all)/2] },
	} {
		t.Run(name, func(t *testing.T) {
			path := folder + "/damaged-" + strings.ReplaceAll(name, " ", "")
			check(t, os.WriteFile(path, change(append([]byte{}, whole...)), 0o600))
			_, err := store.Restore(t.Context(), path, folder+"/hearsay.db")
			if err == nil || strings.Contains(err.Error(), "no hearsay database") || !strings.Contains(err.Error(), "damaged") && !strings.Contains(err.Error(), "malformed") {
				t.Errorf("got %v", err)
			}
		})
	}
}
