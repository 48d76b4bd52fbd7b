package migrations_test

import (
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"hearsay/migrations"
)

// file is a new file, made by a script.
func file(t *testing.T, script string) (uri string, db *sql.DB) {
	t.Helper()
	uri = (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(t.TempDir(), "a b#?.db"))}).String()
	db, err := sql.Open("sqlite", uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
	return uri, db
}

func apply(t *testing.T, uri string) {
	t.Helper()
	if err := migrations.Apply(t.Context(), uri); err != nil {
		t.Fatal(err)
	}
}

// ask gives the first column of each row.
func ask(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// schema is all that a file declares, by name.
func schema(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, line := range ask(t, db, `SELECT type || ' ' || name || ':' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'`) {
		name, text, _ := strings.Cut(line, ":")
		all[name] = text
	}
	return all
}

// counts are the rows of each table.
func counts(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, table := range ask(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`) {
		all[table] = ask(t, db, `SELECT count(*) FROM `+table)[0]
	}
	return all
}

func TestApply(t *testing.T) {
	uri, db := file(t, "")
	apply(t, uri)
	first, rows := schema(t, db), counts(t, db)
	apply(t, uri)
	if !maps.Equal(schema(t, db), first) || !maps.Equal(counts(t, db), rows) {
		t.Error("the second time changes the file")
	}
	if got := ask(t, db, `SELECT max(version_id) FROM `+migrations.VersionTable); got[0] != fmt.Sprint(migrations.Newest()) {
		t.Errorf("the file has the schema %s, want %d", got[0], migrations.Newest())
	}
	if got := ask(t, db, `PRAGMA application_id`); got[0] != fmt.Sprint(0x48525359) {
		t.Errorf("got the application id %s", got[0])
	}
	if rows["channels"] != "2" || rows["versions"] != "2" || rows["blocks"] != "6" || rows["games"] != "0" {
		t.Errorf("a new file has %v", rows)
	}
	for table, text := range first {
		ours := table != "table "+migrations.VersionTable && !strings.HasPrefix(table, "table search") // FTS5 makes its own
		if strings.HasPrefix(table, "table ") && !strings.HasSuffix(text, "STRICT") && ours {
			t.Errorf("%s is not STRICT", table)
		}
	}
}

func TestNewest(t *testing.T) {
	files, err := filepath.Glob("[0-9]*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if got := migrations.Newest(); got != int64(len(files)) {
		t.Errorf("got %d with the files %q", got, files)
	}
	for i, name := range files {
		if !strings.HasPrefix(name, fmt.Sprintf("%05d_", i+1)) {
			t.Errorf("%s is not number %d", name, i+1)
		}
	}
}

// A file of the first schema becomes one like a new file, and keeps what it has.
func TestApply_v1(t *testing.T) {
	script, err := os.ReadFile("testdata/v1.sql")
	if err != nil {
		t.Fatal(err)
	}
	uri, old := file(t, string(script))
	rows := counts(t, old)
	records := ask(t, old, `SELECT kind || payload FROM records ORDER BY 1`)
	log := ask(t, old, `SELECT id || kind || record_id || action || payload || coalesce(hex(secret_hash), '') || logged_at FROM versions ORDER BY id`)
	apply(t, uri)

	fresh, db := file(t, "")
	apply(t, fresh)
	got, want := schema(t, old), schema(t, db)
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s:\nupgraded %s\n     new %s", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("the upgraded file declares %d things, a new one %d", len(got), len(want))
	}
	after := counts(t, old)
	for table, n := range rows {
		if n == "0" {
			t.Errorf("testdata/v1.sql has nothing in %s", table)
		}
		if after[table] != n && table != migrations.VersionTable {
			t.Errorf("%s has %s rows after the upgrade, before %s", table, after[table], n)
		}
	}
	if got := ask(t, old, `SELECT kind || payload FROM records ORDER BY 1`); strings.Join(got, "\n") != strings.Join(records, "\n") {
		t.Errorf("the records are\n%s\nand were\n%s", strings.Join(got, "\n"), strings.Join(records, "\n"))
	}
	if got := ask(t, old, `SELECT id || kind || record_id || action || payload || coalesce(hex(secret_hash), '') || logged_at FROM versions ORDER BY id`); strings.Join(got, "\n") != strings.Join(log, "\n") {
		t.Errorf("the log is\n%s\nand was\n%s", strings.Join(got, "\n"), strings.Join(log, "\n"))
	}
}

// Users are in a table that was made anew, with all that belongs to them.
func TestApply_v8(t *testing.T) {
	uri, old := file(t, "")
	db, err := sql.Open("sqlite", uri)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("."), goose.WithTableName(migrations.VersionTable))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 8); err != nil {
		t.Fatal(err)
	}
	if err := provider.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Exec(`
		INSERT INTO users (username, password_hash, role, created_at, password_at, seen_at, totp_secret, totp_step) VALUES
			('Ann', 'a', 'admin', 1, 2, 3, 'ABC', 4), ('gone', 'g', 'admin', 1, 2, 3, NULL, 0), ('bob', 'b', 'moderator', 5, 0, NULL, NULL, 0), ('last', 'l', 'admin', 1, 1, 1, NULL, 0);
		DELETE FROM users WHERE username IN ('gone', 'last');
		INSERT INTO sessions (hash, user_id, address, agent, created_at, seen_at, expires_at) VALUES (zeroblob(32), 3, 'x', 'y', 1, 2, 3);
		INSERT INTO links (hash, user_id, expires_at) VALUES (zeroblob(32), 3, 1), (randomblob(32), NULL, 2);
		INSERT INTO recovery_codes (user_id, hash) VALUES (1, zeroblob(32)), (3, zeroblob(32));
		INSERT INTO games (short_name, name, owner_id) VALUES ('Alpha', 'Alpha', 3), ('Beta', 'Beta', NULL);
		INSERT INTO audit (at, actor, action, subject, address) VALUES (1, 'ann', 'user add', 'bob', 'x')`); err != nil {
		t.Fatal(err)
	}
	belongings := map[string]string{
		`SELECT id || username || password_hash || role || created_at || ' ' || password_at || ' ' || coalesce(seen_at, '-') || coalesce(totp_secret, '-') || totp_step FROM users ORDER BY id`: "1Annaadmin1 2 3ABC4, 3bobbmoderator5 0 --0",
		`SELECT user_id || address || agent || created_at || seen_at || expires_at FROM sessions`:                                                                                               "3xy123",
		`SELECT coalesce(user_id, '-') || expires_at FROM links ORDER BY expires_at`:                                                                                                            "31, -2",
		`SELECT user_id FROM recovery_codes ORDER BY 1`:                                                                                                                                         "1, 3",
		`SELECT short_name || coalesce(owner_id, '-') FROM games ORDER BY id`:                                                                                                                   "Alpha3, Beta-",
		`SELECT actor || action || subject || address FROM audit`:                                                                                                                               "annuser addbobx",
	}
	wants := func(when string) {
		t.Helper()
		for query, want := range belongings {
			if got := strings.Join(ask(t, old, query), ", "); got != want {
				t.Errorf("%s, %s: got %s, want %s", when, query, got, want)
			}
		}
	}
	wants("before")
	apply(t, uri)
	wants("after")
	if got := strings.Join(ask(t, old, `SELECT username || (approved_at = created_at) || (banned_at IS NULL) || (email IS NULL) FROM users ORDER BY id`), ", "); got != "Ann111, bob111" {
		t.Errorf("who was there before is %s; they are approved", got)
	}

	// References are to the new table.
	db, err = sql.Open("sqlite", uri+"?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := ask(t, db, `INSERT INTO users (username, password_hash, role) VALUES ('cid', 'c', 'person') RETURNING id`); got[0] != "5" {
		t.Errorf("the next id is %s, want 5", got[0])
	}
	if _, err := db.Exec(`INSERT INTO sessions (hash, user_id, address, agent, created_at, seen_at, expires_at) VALUES (randomblob(32), 2, '', '', 1, 1, 1)`); err == nil {
		t.Error("nobody has a session")
	}
	if _, err := db.Exec(`DELETE FROM users WHERE username = 'bob'`); err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]string{"sessions": "0", "links": "1", "recovery_codes": "1", "games WHERE owner_id IS NULL": "2"} {
		if got := ask(t, db, `SELECT count(*) FROM `+table); got[0] != want {
			t.Errorf("%s: %s rows are left, want %s", table, got[0], want)
		}
	}
}

// A step that leaves a row without its parent is found.
func TestApply_orphan(t *testing.T) {
	uri, db := file(t, "")
	apply(t, uri)
	if _, err := db.Exec(`INSERT INTO events (game_id, title, start_date, end_date) VALUES (9, 'x', '2026-01-01', '2026-01-01')`); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Apply(t.Context(), uri); err == nil || !strings.Contains(err.Error(), "events") {
		t.Errorf("got %v", err)
	}
}
