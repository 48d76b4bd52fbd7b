package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
)

// full is a store with one record of each kind and more, all written by another
// program's connection.
func full(t testing.TB) (*store.Store, *sqlite.Conn) {
	t.Helper()
	s := open(t)
	conn := connect(t, s.Path())
	run(t, conn, `
		INSERT INTO games (id, short_name, name, secret_hash) VALUES (1, 'Alpha', 'Alpha MUD', zeroblob(32)), (2, 'Beta', 'Beta MUD', NULL);
		INSERT INTO connections (id, game_id, type, url) VALUES ('w', 1, 'web', 'https://x.example');
		INSERT INTO connections (id, game_id, type, host, port) VALUES ('t', 1, 'telnet', 'x.example', 4000);
		INSERT INTO redirect_uris (id, game_id, uri) VALUES (1, 1, 'https://x.example/auth');
		INSERT INTO events (id, game_id, title, start_date, end_date) VALUES (1, 1, 'Fair', '2026-01-01', '2026-01-02'), (2, 2, 'Fair', '2026-01-01', '2026-01-02');
		INSERT INTO achievements (id, game_id, key, title) VALUES (1, 1, 'k1', 'First'), (2, 2, 'k2', 'First');
		INSERT INTO rules (id, kind, subject, action) VALUES (1, 'word', 'darn', 'hold');
		INSERT INTO ignores (game_id, name, game) VALUES (1, 'Bob', 'Beta'), (2, 'Bob', '*');
		INSERT INTO applications (id, short_name, name) VALUES (1, 'Site', 'A site')`)
	return s, conn
}

// What is logged, and what is not.
func TestTriggers(t *testing.T) {
	s, conn := full(t)
	before := versions(t, s, 0)
	games := func(n int) []string { return slices.Repeat([]string{"games 1 update"}, n) }
	for _, test := range []struct {
		query string
		want  []string
	}{
		// Nothing changes.
		{`UPDATE games SET name = name, display = display, description = description, homepage_url = homepage_url, tagline = tagline, user_agent = user_agent,
			user_agent_url = user_agent_url, allow_character_registration = allow_character_registration, client_id = client_id, secret_hash = secret_hash, short_name = short_name, id = id`, nil},
		{`UPDATE channels SET id = id, name = name, description = description, hidden = hidden`, nil},
		{`UPDATE events SET id = id, game_id = game_id, title = title, description = description, start_date = start_date, end_date = end_date`, nil},
		{`UPDATE achievements SET id = id, game_id = game_id, key = key, title = title, description = description, points = points, display = display,
			partial_progress = partial_progress, total_progress = total_progress`, nil},
		{`UPDATE connections SET id = id, game_id = game_id, type = type, url = url, host = host, port = port`, nil},
		{`UPDATE redirect_uris SET game_id = game_id, uri = uri`, nil},
		{`UPDATE rules SET id = id, kind = kind, subject = subject, channel = channel, action = action, replacement = replacement, reason = reason,
			ends_at = ends_at, enabled = enabled, created_by = created_by, created_at = created_at`, nil},
		{`DELETE FROM games WHERE id = 99`, nil},

		// What is not part of the record, or changes all the time.
		{`UPDATE games SET last_seen_at = 1, suspended = 1, version = '2', secret_used_at = 1`, nil},
		{`UPDATE games SET old_secret_hash = zeroblob(32), old_secret_used_at = 1, old_secret_ends_at = 1, created_at = 1`, nil},
		{`UPDATE channels SET keep_days = 0, paused_until = 1, slow_seconds = 5`, nil},
		{`INSERT INTO applications (short_name, name) VALUES ('Bot', 'Bot'); UPDATE applications SET name = 'x' WHERE id = 1; DELETE FROM applications`, nil},
		{`INSERT INTO blocks VALUES ('name', 'x'); DELETE FROM blocks`, nil},
		{`INSERT INTO ignores (game_id, name, game) VALUES (1, 'x', '*'); UPDATE ignores SET name = 'y' WHERE game = '*'; DELETE FROM ignores`, nil},
		{`INSERT INTO users (username, password_hash) VALUES ('ann', ''); DELETE FROM users`, nil},
		{`INSERT INTO users (id, username, password_hash) VALUES (9, 'ann', ''); INSERT INTO registration_keys VALUES (9, '000000000000', 1);
			INSERT INTO characters (user_id, game_id, name, folded, created_at) VALUES (9, 1, 'A', 'a', 1); UPDATE characters SET state = 'approved', decided_at = 1;
			DELETE FROM characters; DELETE FROM users`, nil},
		{`INSERT INTO messages (channel_id, game, name, message, sent_at) VALUES (1, 'g', 'n', 'm', 1); UPDATE messages SET hidden_at = 1; DELETE FROM messages`, nil},
		{`INSERT INTO held (channel_id, application, sender_id, game, name, message, rule_id, held_at) VALUES (1, 0, 1, 'g', 'n', 'm', 1, 1); DELETE FROM held`, nil},

		// Each field of each kind.
		{`UPDATE games SET name = 'x' WHERE id = 1`, games(1)},
		{`UPDATE games SET name = 'ALPHA mud' WHERE id = 1`, games(1)},
		{`UPDATE games SET display = 0 WHERE id = 1`, games(1)},
		{`UPDATE games SET description = 'x' WHERE id = 1`, games(1)},
		{`UPDATE games SET homepage_url = 'x' WHERE id = 1`, games(1)},
		{`UPDATE games SET tagline = 'x' WHERE id = 1; UPDATE games SET tagline = NULL WHERE id = 1`, games(2)},
		{`UPDATE games SET user_agent = 'x' WHERE id = 1`, games(1)},
		{`UPDATE games SET user_agent_url = 'x' WHERE id = 1`, games(1)},
		{`UPDATE games SET mssp_last_seen_at = 1 WHERE id = 1`, games(1)},
		{`UPDATE games SET allow_character_registration = 0 WHERE id = 1`, games(1)},
		{`UPDATE games SET client_id = 'x' WHERE id = 1`, games(1)},
		{`UPDATE games SET secret_hash = x'` + strings.Repeat("01", 32) + `' WHERE id = 1`, games(1)},
		{`UPDATE games SET secret_hash = NULL WHERE id = 1`, games(1)},
		{`UPDATE games SET name = 'x', tagline = 'y', suspended = 1 WHERE id = 1`, games(1)},
		{`UPDATE games SET tagline = 'x'`, []string{"games 1 update", "games 2 update"}},
		{`UPDATE channels SET name = 'GOSSIP' WHERE id = 1`, []string{"channels 1 update"}},
		{`UPDATE channels SET name = 'other' WHERE id = 1`, []string{"channels 1 update"}},
		{`UPDATE channels SET description = NULL WHERE id = 1`, []string{"channels 1 update"}},
		{`UPDATE channels SET hidden = 1 WHERE id = 2`, []string{"channels 2 update"}},
		{`INSERT INTO channels (name) VALUES ('one'), ('two')`, []string{"channels 3 create", "channels 4 create"}},
		{`DELETE FROM channels`, []string{"channels 1 delete", "channels 2 delete"}},
		{`UPDATE events SET title = 'x' WHERE id = 1`, []string{"events 1 update"}},
		{`UPDATE events SET title = 'FAIR' WHERE id = 1`, []string{"events 1 update"}},
		{`UPDATE events SET description = 'x' WHERE id = 1`, []string{"events 1 update"}},
		{`UPDATE events SET start_date = '2025-01-01' WHERE id = 1`, []string{"events 1 update"}},
		{`UPDATE events SET end_date = '2027-01-01' WHERE id = 1`, []string{"events 1 update"}},
		{`UPDATE events SET game_id = 2 WHERE id = 1`, []string{"events 1 update"}},
		{`DELETE FROM events`, []string{"events 1 delete", "events 2 delete"}},
		{`UPDATE achievements SET key = 'x' WHERE id = 1`, []string{"achievements 1 update"}},
		{`UPDATE achievements SET title = 'x' WHERE id = 1`, []string{"achievements 1 update"}},
		{`UPDATE achievements SET description = '' WHERE id = 1`, []string{"achievements 1 update"}},
		{`UPDATE achievements SET points = 1 WHERE id = 1`, []string{"achievements 1 update"}},
		{`UPDATE achievements SET display = 0 WHERE id = 1`, []string{"achievements 1 update"}},
		{`UPDATE achievements SET total_progress = 5 WHERE id = 1`, []string{"achievements 1 update"}},
		{`UPDATE achievements SET partial_progress = 1, total_progress = 5 WHERE id = 1`, []string{"achievements 1 update"}},
		{`UPDATE achievements SET game_id = 2 WHERE id = 1`, []string{"achievements 1 update"}},
		{`DELETE FROM achievements`, []string{"achievements 1 delete", "achievements 2 delete"}},
		{`INSERT INTO rules (kind, subject, action) VALUES ('player', 'a@b', 'mute')`, []string{"rules 2 create"}},
		{`UPDATE rules SET kind = 'pattern'`, []string{"rules 1 update"}},
		{`UPDATE rules SET subject = 'Darn'`, []string{"rules 1 update"}},
		{`UPDATE rules SET channel = 'gossip'`, []string{"rules 1 update"}},
		{`UPDATE rules SET action = 'mute'; UPDATE rules SET action = 'replace', replacement = 'x'; UPDATE rules SET replacement = 'y'`,
			[]string{"rules 1 update", "rules 1 update", "rules 1 update"}},
		{`UPDATE rules SET reason = 'x'`, []string{"rules 1 update"}},
		{`UPDATE rules SET ends_at = 1`, []string{"rules 1 update"}},
		{`UPDATE rules SET enabled = 0`, []string{"rules 1 update"}},
		{`UPDATE rules SET created_by = 'x'; UPDATE rules SET created_at = 1`, []string{"rules 1 update", "rules 1 update"}},
		{`DELETE FROM rules`, []string{"rules 1 delete"}},

		// What belongs to a game's record.
		{`INSERT INTO connections (game_id, type, url) VALUES (1, 'web', 'x')`, games(1)},
		{`UPDATE connections SET url = 'x' WHERE id = 'w'`, games(1)},
		{`UPDATE connections SET id = 'x' WHERE id = 'w'`, games(1)},
		{`UPDATE connections SET port = 1, host = 'y' WHERE id = 't'`, games(1)},
		{`UPDATE connections SET type = 'secure telnet' WHERE id = 't'`, games(1)},
		{`UPDATE connections SET game_id = 2 WHERE id = 'w'`, []string{"games 1 update", "games 2 update"}},
		{`DELETE FROM connections`, games(2)},
		{`INSERT INTO redirect_uris (game_id, uri) VALUES (1, 'x'), (2, 'y')`, []string{"games 1 update", "games 2 update"}},
		{`UPDATE redirect_uris SET uri = 'x'`, games(1)},
		{`UPDATE redirect_uris SET game_id = 2`, []string{"games 1 update", "games 2 update"}},
		{`DELETE FROM redirect_uris`, games(1)},

		// A game goes with all it has, and last.
		{`DELETE FROM games WHERE id = 1`, []string{"events 1 delete", "achievements 1 delete", "games 1 delete"}},
		{`DELETE FROM games`, []string{"events 1 delete", "achievements 1 delete", "games 1 delete", "events 2 delete", "achievements 2 delete", "games 2 delete"}},

		// Upserts, and what is taken back.
		{`INSERT INTO channels (name) VALUES ('gossip') ON CONFLICT DO NOTHING`, nil},
		{`INSERT INTO channels (name, hidden) VALUES ('gossip', 1) ON CONFLICT (name) DO UPDATE SET hidden = excluded.hidden`, []string{"channels 1 update"}},
		{`INSERT OR IGNORE INTO channels (name) VALUES ('gossip')`, nil},
		{`SAVEPOINT a; DELETE FROM games; ROLLBACK TO a; RELEASE a`, nil},
	} {
		for _, foreignKeys := range []string{"OFF", "ON"} {
			check(t, sqlitex.Execute(conn, `PRAGMA foreign_keys = `+foreignKeys, nil))
			check(t, sqlitex.Execute(conn, `BEGIN IMMEDIATE`, nil))
			run(t, conn, test.query)
			all := readLog(t, conn)
			if got := brief(all[len(before):]); !slices.Equal(got, test.want) && len(got)+len(test.want) > 0 {
				t.Errorf("%s\nwith foreign_keys %s logged %q, want %q", test.query, foreignKeys, got, test.want)
			}
			checkLog(t, all)
			checkNewestIsState(t, conn)
			check(t, sqlitex.Execute(conn, `ROLLBACK`, nil))
			if t.Failed() {
				t.Fatalf("after %s", test.query)
			}
		}
	}
	if got := versions(t, s, 0); len(got) != len(before) {
		t.Errorf("what was rolled back is in the log: %q", brief(got[len(before):]))
	}
}

// readLog reads the log as another program sees it.
func readLog(t testing.TB, conn *sqlite.Conn) (all []store.Version) {
	t.Helper()
	check(t, sqlitex.Execute(conn, `SELECT id, kind, record_id, action, payload, secret_hash, logged_at, created_at FROM versions ORDER BY id`,
		&sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			v := store.Version{
				ID: store.VersionID(stmt.ColumnInt64(0)), Kind: store.Kind(stmt.ColumnText(1)), Record: stmt.ColumnInt64(2), Action: store.Action(stmt.ColumnText(3)),
				Payload: stmt.ColumnText(4), Secret: make([]byte, stmt.ColumnLen(5)), LoggedAt: time.UnixMicro(stmt.ColumnInt64(6)), CreatedAt: time.UnixMicro(stmt.ColumnInt64(7)),
			}
			stmt.ColumnBytes(5, v.Secret)
			all = append(all, v)
			return nil
		}}))
	return all
}

// checkLog proves that a log is in order, and that the actions of each record are.
func checkLog(t testing.TB, all []store.Version) {
	t.Helper()
	type record struct {
		kind store.Kind
		id   int64
	}
	last := map[record]store.Version{}
	for i, v := range all {
		if i > 0 && (v.ID <= all[i-1].ID || !v.LoggedAt.After(all[i-1].LoggedAt)) {
			t.Errorf("%+v comes after %+v", v, all[i-1])
		}
		key := record{v.Kind, v.Record}
		was, there := last[key]
		switch {
		case v.Action == store.Create && (there && was.Action != store.Delete || !v.CreatedAt.Equal(v.LoggedAt)),
			v.Action != store.Create && (!there || was.Action == store.Delete || !v.CreatedAt.Equal(was.CreatedAt)):
			t.Errorf("%+v comes after %+v", v, was)
		case v.Action == store.Delete && (v.Payload != was.Payload || string(v.Secret) != string(was.Secret)):
			t.Errorf("the delete %+v does not carry the last state %+v", v, was)
		}
		last[key] = v
	}
}

// seen changes without a version.
var seen = regexp.MustCompile(`"(mssp_)?last_seen_at":[^,}]*`)

// checkNewestIsState proves that the newest versions are what the tables hold.
func checkNewestIsState(t testing.TB, conn *sqlite.Conn) {
	t.Helper()
	state := map[string]string{}
	for _, v := range readLog(t, conn) {
		key := fmt.Sprintf("%s|%d", v.Kind, v.Record)
		if state[key] = seen.ReplaceAllString(v.Payload, ""); v.Action == store.Delete {
			delete(state, key)
		}
	}
	got := []string{}
	for key, payload := range state {
		got = append(got, key+"|"+payload)
	}
	want := []string{}
	for _, line := range ask(t, conn, `SELECT kind, id, payload FROM records`) {
		want = append(want, seen.ReplaceAllString(line, ""))
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("only the log says %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("only the tables say %s", line)
		}
	}
}

// logged_at increases strictly, within one statement, and when the clock goes back.
func TestTriggers_loggedAt(t *testing.T) {
	s, conn := full(t)
	run(t, conn, `INSERT INTO channels (name)
		WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 675) SELECT 'x' || char(97 + i / 26) || char(97 + i % 26) FROM n`)
	all := versions(t, s, 0)
	if len(all) < 676 {
		t.Fatalf("got %d versions", len(all))
	}
	checkLog(t, all)
	if late := time.Since(all[len(all)-676].LoggedAt); late < -time.Second || late > time.Minute {
		t.Errorf("the first version is of %v ago", late)
	}
	future := time.Now().Add(24 * time.Hour).Truncate(time.Microsecond).UTC()
	run(t, conn, `UPDATE versions SET logged_at = ?1 WHERE id = (SELECT max(id) FROM versions)`, future.UnixMicro())
	got := logged(t, s, func() {
		run(t, conn, `UPDATE games SET tagline = 'x'`)
		check(t, s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Tagline: pointer("y")}))
		run(t, conn, `DELETE FROM games`)
	})
	for i, v := range got {
		if want := future.Add(time.Duration(i+1) * time.Microsecond); !v.LoggedAt.Equal(want) {
			t.Errorf("version %d is of %v, want %v", i, v.LoggedAt, want)
		}
	}
}

// The rotation of a secret is a version with the new hash.
func TestTriggers_rotation(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	was := versions(t, s, 0)
	got := logged(t, s, func() { must(s.RotateGame(t.Context(), "Alpha", store.Rotation{OldEnds: time.Now()})) })
	if !slices.Equal(brief(got), []string{"games 1 update"}) || len(got[0].Secret) != 32 || string(got[0].Secret) == string(was[2].Secret) || got[0].Payload != was[2].Payload {
		t.Errorf("got %+v after %+v", got, was[2])
	}
}

// What the schema refuses, from whichever program.
func TestConstraints(t *testing.T) {
	s, conn := full(t)
	check(t, sqlitex.Execute(conn, `PRAGMA foreign_keys = ON`, nil))
	long := func(n int) string { return "'" + strings.Repeat("é", n) + "'" }
	const (
		breaks  = sqlite.ResultConstraintCheck
		unique  = sqlite.ResultConstraintUnique
		primary = sqlite.ResultConstraintPrimaryKey
		missing = sqlite.ResultConstraintNotNull
		trigger = sqlite.ResultConstraintTrigger
		typed   = sqlite.ResultConstraint | 12<<8 // SQLITE_CONSTRAINT_DATATYPE
		foreign = sqlite.ResultConstraintForeignKey
	)
	const uid = "00000000-0000-4000-8000-000000000000"
	for _, test := range []struct {
		query string
		want  sqlite.ResultCode
	}{
		{`INSERT INTO channels (name) VALUES (NULL)`, missing},
		{`INSERT INTO channels (name) VALUES ('ab')`, breaks},
		{`INSERT INTO channels (name) VALUES ('abcdefghijklmnop')`, breaks},
		{`INSERT INTO channels (name) VALUES ('a b c')`, breaks},
		{`INSERT INTO channels (name) VALUES ('abc1')`, breaks},
		{`INSERT INTO channels (name) VALUES ('abcé')`, breaks},
		{`INSERT INTO channels (name) VALUES ('abc' || char(10))`, breaks},
		{`INSERT INTO channels (name) VALUES ('GOSSIP')`, unique},
		{`INSERT INTO channels (id, name) VALUES (1, 'other')`, primary},
		{`INSERT INTO channels (name) VALUES (x'616263')`, typed},
		{`UPDATE channels SET description = ''`, breaks},
		{`UPDATE channels SET description = ` + long(2001), breaks},
		{`UPDATE channels SET description = 'a' || char(13)`, breaks},
		{`UPDATE channels SET hidden = 2`, breaks},
		{`UPDATE channels SET hidden = NULL`, missing},
		{`UPDATE channels SET hidden = 'yes'`, typed},
		{`UPDATE channels SET keep_days = -1`, breaks},
		{`UPDATE channels SET keep_days = 36501`, breaks},
		{`UPDATE channels SET slow_seconds = -1`, breaks},
		{`UPDATE channels SET slow_seconds = 3601`, breaks},
		{`UPDATE channels SET id = 99 WHERE id = 1`, trigger},

		{`UPDATE games SET short_name = 'Gamma' WHERE id = 1`, trigger},
		{`UPDATE games SET short_name = 'ALPHA' WHERE id = 1`, trigger},
		{`UPDATE games SET id = 99 WHERE id = 1`, trigger},
		{`INSERT INTO games (short_name, name) VALUES ('', 'x')`, breaks},
		{`INSERT INTO games (short_name, name) VALUES ('abcdefghijklmnop', 'x')`, breaks},
		{`INSERT INTO games (short_name, name) VALUES ('a-b', 'x')`, breaks},
		{`INSERT INTO games (short_name, name) VALUES ('é', 'x')`, breaks},
		{`INSERT INTO games (short_name, name) VALUES ('ALPHA', 'x')`, unique},
		{`INSERT INTO games (short_name, name) VALUES ('x', 'ALPHA MUD')`, unique},
		{`INSERT INTO games (short_name, name) VALUES ('SITE', 'x')`, trigger},
		{`INSERT INTO games (short_name) VALUES ('x')`, missing},
		{`INSERT INTO games (name) VALUES ('x')`, missing},
		{`INSERT INTO games (short_name, name, client_id) SELECT 'x', 'x', client_id FROM games`, unique},
		{`UPDATE games SET name = ''`, breaks},
		{`UPDATE games SET name = ` + long(101), breaks},
		{`UPDATE games SET name = 'x'`, unique},
		{`UPDATE games SET display = 2`, breaks},
		{`UPDATE games SET description = ''`, breaks},
		{`UPDATE games SET description = ` + long(2001), breaks},
		{`UPDATE games SET description = char(13)`, breaks},
		{`UPDATE games SET homepage_url = ''`, breaks},
		{`UPDATE games SET homepage_url = ` + long(256), breaks},
		{`UPDATE games SET tagline = ''`, breaks},
		{`UPDATE games SET tagline = ` + long(201), breaks},
		{`UPDATE games SET user_agent = ''`, breaks},
		{`UPDATE games SET user_agent = ` + long(256), breaks},
		{`UPDATE games SET user_agent_url = ''`, breaks},
		{`UPDATE games SET user_agent_url = ` + long(256), breaks},
		{`UPDATE games SET version = ''`, breaks},
		{`UPDATE games SET version = ` + long(256), breaks},
		{`UPDATE games SET allow_character_registration = -1`, breaks},
		{`UPDATE games SET suspended = 2`, breaks},
		{`UPDATE games SET client_id = NULL`, missing},
		{`UPDATE games SET secret_hash = zeroblob(31)`, breaks},
		{`UPDATE games SET secret_hash = 'a text of the length thirty-two.'`, typed},
		{`UPDATE games SET old_secret_hash = zeroblob(33)`, breaks},
		{`UPDATE games SET last_seen_at = 'now'`, typed},

		{`INSERT INTO connections (game_id, type, url) VALUES (99, 'web', 'x')`, foreign},
		{`INSERT INTO connections (game_id, type, url) VALUES (NULL, 'web', 'x')`, missing},
		{`INSERT INTO connections (game_id, type, url) VALUES (1, 'ssh', 'x')`, breaks},
		{`INSERT INTO connections (game_id, type) VALUES (1, 'web')`, breaks},
		{`INSERT INTO connections (game_id, type, url) VALUES (1, 'web', '')`, breaks},
		{`INSERT INTO connections (game_id, type, url) VALUES (1, 'web', ` + long(256) + `)`, breaks},
		{`INSERT INTO connections (game_id, type, url, host) VALUES (1, 'web', 'x', 'y')`, breaks},
		{`INSERT INTO connections (game_id, type, url, port) VALUES (1, 'web', 'x', 1)`, breaks},
		{`INSERT INTO connections (game_id, type, host) VALUES (1, 'telnet', 'x')`, breaks},
		{`INSERT INTO connections (game_id, type, port) VALUES (1, 'telnet', 1)`, breaks},
		{`INSERT INTO connections (game_id, type, host, port, url) VALUES (1, 'telnet', 'x', 1, 'y')`, breaks},
		{`INSERT INTO connections (game_id, type, host, port) VALUES (1, 'telnet', '', 1)`, breaks},
		{`INSERT INTO connections (game_id, type, host, port) VALUES (1, 'telnet', ` + long(256) + `, 1)`, breaks},
		{`INSERT INTO connections (game_id, type, host, port) VALUES (1, 'secure telnet', 'x', 0)`, breaks},
		{`INSERT INTO connections (game_id, type, host, port) VALUES (1, 'secure telnet', 'x', 65536)`, breaks},
		{`INSERT INTO connections (id, game_id, type, url) VALUES ('w', 1, 'web', 'x')`, primary},
		{`INSERT INTO connections (id, game_id, type, url) VALUES (NULL, 1, 'web', 'x')`, missing},

		{`INSERT INTO redirect_uris (game_id, uri) VALUES (99, 'x')`, foreign},
		{`INSERT INTO redirect_uris (game_id, uri) VALUES (1, '')`, breaks},
		{`INSERT INTO redirect_uris (game_id, uri) VALUES (1, ` + long(256) + `)`, breaks},
		{`INSERT INTO redirect_uris (game_id, uri) SELECT game_id, uri FROM redirect_uris`, unique},

		{`INSERT INTO events (game_id, title, start_date, end_date) VALUES (99, 'x', '2026-01-01', '2026-01-01')`, foreign},
		{`UPDATE events SET id = 99 WHERE id = 1`, trigger},
		{`UPDATE events SET title = ''`, breaks},
		{`UPDATE events SET title = ` + long(256), breaks},
		{`UPDATE events SET description = ''`, breaks},
		{`UPDATE events SET description = ` + long(2001), breaks},
		{`UPDATE events SET description = char(13)`, breaks},
		{`UPDATE events SET start_date = NULL`, missing},
		{`UPDATE events SET start_date = '2025-02-30'`, breaks},
		{`UPDATE events SET start_date = '2025-1-1'`, breaks},
		{`UPDATE events SET start_date = '2025-01-01 00:00'`, breaks},
		{`UPDATE events SET start_date = 'now'`, sqlite.ResultError}, // SQLite itself
		{`UPDATE events SET start_date = ''`, breaks},
		{`UPDATE events SET end_date = '2025-12-31'`, breaks},
		{`UPDATE events SET end_date = '2026-02-29'`, breaks},

		{`INSERT INTO achievements (game_id, title) VALUES (99, 'x')`, foreign},
		{`INSERT INTO achievements (game_id, key, title) VALUES (1, 'k1', 'x')`, unique},
		{`UPDATE achievements SET id = 99 WHERE id = 1`, trigger},
		{`UPDATE achievements SET title = ''`, breaks},
		{`UPDATE achievements SET title = ` + long(256), breaks},
		{`UPDATE achievements SET description = ` + long(1001), breaks},
		{`UPDATE achievements SET points = -1`, breaks},
		{`UPDATE achievements SET points = 101`, breaks},
		{`UPDATE achievements SET points = 1.5`, typed},
		{`UPDATE achievements SET display = 2`, breaks},
		{`UPDATE achievements SET partial_progress = 2`, breaks},
		{`UPDATE achievements SET partial_progress = 1`, breaks},
		{`UPDATE achievements SET partial_progress = 1, total_progress = 0`, breaks},

		{`INSERT INTO applications (short_name, name) VALUES ('ALPHA', 'x')`, trigger},
		{`INSERT INTO applications (short_name, name) VALUES ('SITE', 'x')`, unique},
		{`INSERT INTO applications (short_name, name) VALUES ('x', 'A SITE')`, unique},
		{`INSERT INTO applications (short_name, name) VALUES ('a b', 'x')`, breaks},
		{`UPDATE applications SET short_name = 'SITE'`, trigger},
		{`UPDATE applications SET name = ''`, breaks},
		{`UPDATE applications SET name = ` + long(101), breaks},
		{`UPDATE applications SET sync_form = 'both'`, breaks},
		{`UPDATE applications SET credentials = 2`, breaks},
		{`UPDATE applications SET suspended = 2`, breaks},
		{`UPDATE applications SET secret_hash = zeroblob(31)`, breaks},
		{`UPDATE applications SET old_secret_hash = zeroblob(31)`, breaks},

		{`INSERT INTO blocks VALUES ('game', 'x')`, breaks},
		{`INSERT INTO blocks VALUES ('name', '')`, breaks},
		{`INSERT INTO blocks VALUES ('name', ` + long(101) + `)`, breaks},
		{`INSERT INTO blocks VALUES ('channel', 'ALL')`, primary},

		{`INSERT INTO users (username, password_hash) VALUES ('ab', '')`, breaks},
		{`INSERT INTO users (username, password_hash) VALUES ('a b', '')`, breaks},
		{`INSERT INTO users (username, password_hash) VALUES ('ann', NULL)`, missing},
		{`INSERT INTO users (username, password_hash, role) VALUES ('ann', '', 'root')`, breaks},
		{`INSERT INTO users (username, password_hash) VALUES ('ann', ''), ('ANN', '')`, unique},
		{`INSERT INTO users (username, password_hash, email) VALUES ('ann', '', '')`, breaks},
		{`INSERT INTO users (username, password_hash, email) VALUES ('ann', '', 'ann')`, breaks},
		{`INSERT INTO users (username, password_hash, email) VALUES ('ann', '', 'a nn@example.org')`, breaks},
		{`INSERT INTO users (username, password_hash, email) VALUES ('ann', '', 'ann@example.org' || char(10))`, breaks},
		{`INSERT INTO users (username, password_hash, email) VALUES ('ann', '', 'ann@' || ` + long(251) + `)`, breaks},
		{`INSERT INTO users (username, password_hash, email_verified_at) VALUES ('ann', '', 1)`, breaks},
		{`INSERT INTO users (username, password_hash, email, email_verified_at) VALUES ('ann', '', 'a@x.org', 1), ('bob', '', 'A@X.org', 1)`, unique},
		{`INSERT INTO users (username, password_hash, banned_at) VALUES ('ann', '', 1)`, breaks},
		{`INSERT INTO users (username, password_hash, banned_at, banned_reason) VALUES ('ann', '', 1, '')`, breaks},
		{`INSERT INTO users (username, password_hash, banned_at, banned_reason) VALUES ('ann', '', 1, ` + long(201) + `)`, breaks},
		{`INSERT INTO users (username, password_hash, banned_reason) VALUES ('ann', '', 'x')`, breaks},
		{`INSERT INTO users (username, password_hash, banned_until) VALUES ('ann', '', 1)`, breaks},
		{`INSERT INTO invites (hash, made_by, created_at, expires_at) VALUES (zeroblob(31), '', 1, 1)`, breaks},
		{`INSERT INTO invites (hash, made_by, created_at, expires_at) VALUES (zeroblob(32), '', 1, 1), (zeroblob(32), '', 1, 1)`, unique},
		{`INSERT INTO invites (hash, made_by, created_at, expires_at, used_by) VALUES (zeroblob(32), '', 1, 1, 99)`, foreign},
		{`INSERT INTO email_links (hash, user_id, email, expires_at) VALUES (zeroblob(32), 99, 'a@x.org', 1)`, foreign},
		{`INSERT INTO email_links (hash, user_id, email, expires_at) VALUES (zeroblob(31), 1, 'a@x.org', 1)`, breaks},
		{`INSERT INTO closed_names (hash, free_at) VALUES (zeroblob(31), 1)`, breaks},

		{`INSERT INTO settings VALUES ('', 'x')`, breaks},
		{`INSERT INTO settings VALUES ('title', NULL)`, missing},
		{`INSERT INTO settings VALUES ('title', ` + long(1001) + `)`, breaks},
		{`INSERT INTO restarts (asked_at, downtime) VALUES (1, 0)`, breaks},
		{`INSERT INTO restarts (asked_at, downtime) VALUES (1, 86401)`, breaks},
		{`INSERT INTO restarts (asked_at, downtime, again) VALUES (1, 1, 2)`, breaks},
		{`INSERT INTO restarts (asked_at, downtime, told_at) VALUES (1, 1, 1)`, breaks},
		{`INSERT INTO restarts (asked_at, downtime, told_at, told) VALUES (1, 1, 1, 'Alpha')`, breaks},
		{`INSERT INTO backups VALUES ('a.db', 1, 1, '')`, breaks},
		{`INSERT INTO backups VALUES (NULL, 1, 1, NULL)`, missing},

		{`INSERT INTO subjects VALUES (99, '` + uid + `')`, foreign},
		{`INSERT INTO subjects VALUES (1, 'x')`, breaks},
		{`INSERT INTO grants (user_id, game_id, scope, created_at) VALUES (99, 1, 'profile', 1)`, foreign},
		{`INSERT INTO grants (user_id, game_id, scope, created_at) VALUES (1, 1, 'email profile', 1)`, breaks},
		{`INSERT INTO grants (user_id, game_id, scope, created_at) VALUES (1, 1, '', 1)`, breaks},
		{`INSERT INTO grant_codes (grant_id, hash, redirect_uri, scope, created_at, expires_at) VALUES (99, zeroblob(32), 'x', 'profile', 1, 1)`, foreign},
		{`INSERT INTO grant_codes (grant_id, hash, redirect_uri, scope, created_at, expires_at) VALUES (1, zeroblob(31), 'x', 'profile', 1, 1)`, breaks},
		{`INSERT INTO grant_codes (grant_id, hash, redirect_uri, scope, challenge, created_at, expires_at) VALUES (1, zeroblob(32), 'x', 'profile', '', 1, 1)`, breaks},
		{`INSERT INTO grant_codes (grant_id, hash, redirect_uri, scope, created_at, expires_at, used_at) VALUES (1, zeroblob(32), 'x', 'profile', 1, 1, 1)`, breaks},
		{`INSERT INTO grant_tokens VALUES (zeroblob(32), 99, 'profile', 1)`, foreign},
		{`INSERT INTO grant_tokens VALUES (zeroblob(31), 1, 'profile', 1)`, breaks},

		{`INSERT INTO messages (channel_id, game, name, message, sent_at) VALUES (1, 'g', 'n', NULL, 1)`, missing},
		{`INSERT INTO rules (kind, subject, action) VALUES ('game', 'x', 'mute')`, breaks},
		{`INSERT INTO rules (kind, subject, action) VALUES ('word', '', 'mute')`, breaks},
		{`INSERT INTO rules (kind, subject, action) VALUES ('word', ` + long(201) + `, 'mute')`, breaks},
		{`INSERT INTO rules (kind, subject, action) VALUES ('word', 'x', 'kick')`, breaks},
		{`INSERT INTO rules (kind, subject, action) VALUES ('word', 'x', 'replace')`, breaks},
		{`INSERT INTO rules (kind, subject, action, replacement) VALUES ('word', 'x', 'mute', 'y')`, breaks},
		{`INSERT INTO rules (kind, subject, action, replacement) VALUES ('word', 'x', 'replace', '')`, breaks},
		{`INSERT INTO rules (kind, subject, action, replacement) VALUES ('player', 'x@y', 'replace', 'y')`, breaks},
		{`INSERT INTO rules (kind, subject, action) VALUES ('player', 'x', 'mute')`, breaks},
		{`INSERT INTO rules (kind, subject, action) VALUES ('player', '@x', 'mute')`, breaks},
		{`INSERT INTO rules (kind, subject, action) VALUES ('player', 'x@', 'mute')`, breaks},
		{`UPDATE rules SET channel = 'ab'`, breaks},
		{`UPDATE rules SET reason = ''`, breaks},
		{`UPDATE rules SET reason = ` + long(201), breaks},
		{`UPDATE rules SET enabled = 2`, breaks},
		{`UPDATE rules SET ends_at = 'tomorrow'`, typed},
		{`UPDATE rules SET id = 99 WHERE id = 1`, trigger},

		{`INSERT INTO ignores (game_id, name, game) VALUES (99, 'x', '*')`, foreign},
		{`INSERT INTO ignores (game_id, name, game) VALUES (1, '', '*')`, breaks},
		{`INSERT INTO ignores (game_id, name, game) VALUES (1, ` + long(65) + `, '*')`, breaks},
		{`INSERT INTO ignores (game_id, name, game) VALUES (1, 'x', '')`, breaks},
		{`INSERT INTO ignores (game_id, name, game) VALUES (1, 'x', 'a-b')`, breaks},
		{`INSERT INTO ignores (game_id, name, game) VALUES (1, 'x', 'abcdefghijklmnop')`, breaks},
		{`INSERT INTO ignores (game_id, name, game) VALUES (1, '*', '*')`, breaks},
		{`INSERT INTO ignores (game_id, name, game) VALUES (1, 'BOB', 'BETA')`, unique},
		{`UPDATE ignores SET created_by = ` + long(101), breaks},

		{`INSERT INTO held (channel_id, application, sender_id, game, name, message, rule_id, held_at) VALUES (1, 2, 1, 'g', 'n', 'm', 1, 1)`, breaks},
		{`INSERT INTO held (channel_id, application, sender_id, game, name, message, rule_id, held_at, decision) VALUES (1, 0, 1, 'g', 'n', 'm', 1, 1, 'maybe')`, breaks},
		{`INSERT INTO held (channel_id, application, sender_id, game, name, message, rule_id, held_at, decision) VALUES (1, 0, 1, 'g', 'n', 'm', 1, 1, 'approve')`, breaks},

		{`INSERT INTO versions (kind, record_id, action, payload, logged_at, created_at) VALUES ('users', 1, 'create', '{}', 1, 1)`, breaks},
		{`INSERT INTO versions (kind, record_id, action, payload, logged_at, created_at) VALUES ('games', 1, 'upsert', '{}', 1, 1)`, breaks},
		{`INSERT INTO versions (kind, record_id, action, payload, logged_at, created_at) SELECT kind, record_id, action, payload, logged_at, created_at FROM versions`, unique},
	} {
		if got := logged(t, s, func() {
			err := sqlitex.Execute(conn, test.query, nil)
			if code := sqlite.ErrCode(err); code != test.want {
				t.Errorf("%s: got %v (%v), want %v", test.query, code, err, test.want)
			}
		}); len(got) > 0 {
			t.Errorf("%s: logged %q", test.query, brief(got))
		}
	}
	checkNewestIsState(t, conn)
	// The limits themselves.
	run(t, conn, `
		UPDATE channels SET name = 'abcdefghijklm-_', description = `+long(2000)+`, keep_days = 36500, slow_seconds = 3600 WHERE id = 1;
		UPDATE games SET name = `+long(100)+`, description = `+long(2000)+`, homepage_url = `+long(255)+`, tagline = `+long(200)+`, user_agent = `+long(255)+`,
			user_agent_url = `+long(255)+`, version = `+long(255)+` WHERE id = 1;
		INSERT INTO games (short_name, name) VALUES ('abcdefghijklm09', 'x');
		INSERT INTO connections (game_id, type, host, port) VALUES (1, 'telnet', `+long(255)+`, 65535);
		INSERT INTO redirect_uris (game_id, uri) VALUES (1, `+long(255)+`);
		UPDATE events SET title = `+long(255)+`, description = `+long(2000)+`, start_date = '2024-02-29', end_date = '2024-02-29';
		UPDATE rules SET subject = `+long(200)+`, reason = `+long(200)+`, action = 'replace', replacement = `+long(100)+`, channel = 'abcdefghijklm-_';
		UPDATE achievements SET title = `+long(255)+`, description = `+long(1000)+`, points = 100, partial_progress = 1, total_progress = 1;
		UPDATE ignores SET name = `+long(64)+`, game = 'abcdefghijklm09', created_by = `+long(100)+`;
		INSERT INTO blocks VALUES ('name', `+long(100)+`)`)
	checkNewestIsState(t, conn)
}

// What is on record stays there, whoever would have it otherwise.
func TestSchema_audit(t *testing.T) {
	_, conn := full(t)
	run(t, conn, `INSERT INTO audit (at, actor, action, subject, address) VALUES (1, 'ann', 'game add', 'Alpha', NULL), (2, 'ann', 'game edit', 'Alpha', '203.0.113.9')`)
	was := ask(t, conn, `SELECT * FROM audit`)
	for _, query := range []string{
		`UPDATE audit SET actor = 'bob'`, `UPDATE audit SET at = at`, `UPDATE audit SET id = 99 WHERE id = 1`,
		`UPDATE audit SET address = 'x'`, `UPDATE audit SET address = NULL`, `UPDATE audit SET address = NULL, actor = 'bob' WHERE id = 2`,
		`DELETE FROM audit`, `DELETE FROM audit WHERE id = 1`,
		`INSERT OR REPLACE INTO audit (id, at, actor, action, subject) VALUES (1, 1, 'bob', 'game add', 'Alpha')`,
		`REPLACE INTO audit SELECT * FROM audit`,
	} {
		err := sqlitex.Execute(conn, query, nil)
		if code := sqlite.ErrCode(err); code != sqlite.ResultConstraintTrigger {
			t.Errorf("%s: got %v (%v)", query, code, err)
		}
	}
	run(t, conn, `INSERT INTO audit (at, actor, action, subject) VALUES (3, 'ann', 'game edit', 'Alpha')`)
	if got := ask(t, conn, `SELECT * FROM audit`); len(got) != 3 || !slices.Equal(got[:2], was) {
		t.Errorf("on record is now %q, was %q", got, was)
	}
	run(t, conn, `UPDATE audit SET address = NULL WHERE id = 2`) // that alone can be forgotten
	if got := ask(t, conn, `SELECT count(address) FROM audit`); got[0] != "0" {
		t.Errorf("%s addresses are on record", got[0])
	}
}

// Ids are never used twice: applications remember them.
func TestSchema_idsOnce(t *testing.T) {
	_, conn := full(t)
	for _, test := range []struct{ table, insert string }{
		{"channels", `INSERT INTO channels (name) VALUES ('fresh')`},
		{"games", `INSERT INTO games (short_name, name) VALUES ('fresh', 'fresh')`},
		{"events", `INSERT INTO events (game_id, title, start_date, end_date) VALUES (1, 'x', '2026-01-01', '2026-01-01')`},
		{"achievements", `INSERT INTO achievements (game_id, title) VALUES (1, 'x')`},
		{"applications", `INSERT INTO applications (short_name, name) VALUES ('fresher', 'fresher')`},
		{"redirect_uris", `INSERT INTO redirect_uris (game_id, uri) VALUES (1, 'x')`},
		{"users", `INSERT INTO users (username, password_hash) VALUES ('ann', '')`},
		{"invites", `INSERT INTO invites (hash, made_by, created_at, expires_at) VALUES (randomblob(32), 'ann', 1, 1)`},
		{"messages", `INSERT INTO messages (channel_id, game, name, message, sent_at) VALUES (1, 'g', 'n', 'm', 1)`},
		{"rules", `INSERT INTO rules (kind, subject, action) VALUES ('word', 'x', 'mute')`},
		{"held", `INSERT INTO held (channel_id, application, sender_id, game, name, message, rule_id, held_at) VALUES (1, 0, 1, 'g', 'n', 'm', 1, 1)`},
		{"versions", `UPDATE channels SET hidden = 1 - hidden WHERE id = 1`},
	} {
		run(t, conn, test.insert)
		first := ask(t, conn, `SELECT max(id) FROM `+test.table)[0]
		run(t, conn, `DELETE FROM `+test.table+` WHERE id = (SELECT max(id) FROM `+test.table+`)`)
		run(t, conn, test.insert)
		if got := ask(t, conn, `SELECT max(id) > ?1 FROM `+test.table, must(parse(first)))[0]; got != "1" {
			t.Errorf("%s: the id %s is used again", test.table, first)
		}
	}
}

func parse(text string) (n int64, err error) {
	_, err = fmt.Sscan(text, &n)
	return n, err
}

// The defaults that the schema gives to what another program adds are UUIDs v4.
func TestSchema_uuids(t *testing.T) {
	_, conn := full(t)
	run(t, conn, `
		INSERT INTO achievements (game_id, title) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT 1, 'x' FROM n;
		INSERT INTO connections (game_id, type, url) VALUES (1, 'web', 'x')`)
	const v4 = `[0-9a-f][0-9a-f][0-9a-f][0-9a-f]`
	pattern := v4 + v4 + "-" + v4 + "-4" + v4[:3*len(v4)/4] + "-[89ab]" + v4[:3*len(v4)/4] + "-" + v4 + v4 + v4
	for _, query := range []string{
		`SELECT key FROM achievements WHERE title = 'x'`, `SELECT id FROM connections WHERE url = 'x'`, `SELECT client_id FROM games`, `SELECT client_id FROM applications`,
	} {
		for _, id := range ask(t, conn, query) {
			if ask(t, conn, `SELECT ?1 GLOB ?2`, id, pattern)[0] != "1" {
				t.Errorf("%s: %q is no UUID v4", query, id)
			}
		}
	}
}
