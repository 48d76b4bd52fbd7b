package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
)

// firstSchema makes a file of the first release.
func firstSchema(t *testing.T, path string) {
	t.Helper()
	script := string(must(os.ReadFile("../../migrations/testdata/v1.sql")))
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	check(t, err)
	for _, part := range []string{"PRAGMA foreign_keys=OFF;", "BEGIN TRANSACTION;", "COMMIT;"} {
		script = strings.Replace(script, part, "", 1)
	}
	run(t, conn, strings.TrimSpace(script))
	check(t, conn.Close())
}

// A server prepares while it runs, and the old file makes room when it has stopped.
func TestPrepareRestore(t *testing.T) {
	folder := t.TempDir()
	path, source := folder+"/hearsay.db", folder+"/backup.db"
	firstSchema(t, source)
	s := open(t, path)
	unlock, err := store.Lock(path)
	check(t, err)
	addGame(t, s, "Alpha")
	dropped := must(store.PrepareRestore(t.Context(), source, path))
	dropped.Drop()
	r := must(store.PrepareRestore(t.Context(), source, path))
	addGame(t, s, "Beta")
	check(t, s.Close())
	kept := must(r.Replace(t.Context()))
	s = open(t, path) // no upgrade, which would need the lock
	if _, err := s.Game(t.Context(), "exventure"); err != nil {
		t.Error(err)
	}
	check(t, unlock())
	if games := must(open(t, kept).Games(t.Context())); len(games) != 2 {
		t.Errorf("the old file has %d games", len(games))
	}
	if all := must(filepath.Glob(folder + "/.*")); len(all) > 0 {
		t.Errorf("left behind: %q", all)
	}
	if all := must(filepath.Glob(path + ".before-v*")); len(all) > 0 {
		t.Errorf("left behind: %q", all)
	}
	if _, err := store.PrepareRestore(t.Context(), folder+"/none.db", path); err == nil {
		t.Error("prepared what is not there")
	}
}

// Who had a key then may not have one any more: sessions, links and unused invites stay behind.
func TestPrepareRestore_keys(t *testing.T) {
	folder := t.TempDir()
	path, source := folder+"/hearsay.db", folder+"/backup.db"
	then := open(t, source)
	ann, now := addUser(t, then, "ann", store.Admin), time.Now()
	check(t, then.SetEmail(t.Context(), "ann", "ann@example.org"))
	must(then.StartSession(t.Context(), ann.ID, "", ""))
	must(then.CreateEmailLink(t.Context(), "ann", now))
	must(then.CreatePasswordLink(t.Context(), "ann", now))
	for range 2 {
		if _, _, err := then.CreateInvite(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	run(t, connect(t, source), `UPDATE invites SET used_at = 1, used_by = 1 WHERE id = 1`)
	check(t, then.Close())
	check(t, open(t, path).Close())
	must(must(store.PrepareRestore(t.Context(), source, path)).Replace(t.Context()))
	conn := connect(t, path)
	for table, want := range map[string]string{"users": "1", "sessions": "0", "links": "0", "email_links": "0", "invites": "1"} {
		if got := ask(t, conn, `SELECT count(*) FROM `+table); got[0] != want {
			t.Errorf("%s has %s rows, want %s", table, got[0], want)
		}
	}
}

// A file that somebody else has open stays: what they write there would be lost, and
// their WAL would be taken for the new file's.
func TestRestore_open(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path, source := folder+"/hearsay.db", folder+"/backup.db"
	s := open(t, path)
	addGame(t, s, "Alpha")
	check(t, store.Backup(t.Context(), path, source))
	addGame(t, s, "Beta")
	check(t, s.Close())
	conn := connect(t, path)
	ask(t, conn, `SELECT count(*) FROM games`)
	if kept, err := store.Restore(t.Context(), source, path); err == nil || !strings.Contains(err.Error(), "another program has") || kept != "" {
		t.Errorf("got %q, %v", kept, err)
	}
	if got := ask(t, conn, `SELECT count(*) FROM games`)[0]; got != "2" {
		t.Errorf("there are %s games", got)
	}
	if all := must(os.ReadDir(folder)); len(all) != 5 { // with the WAL, its index and the lock
		t.Errorf("there is now %v", all)
	}
}

// What is cut off is cleared away by whoever takes the lock next, and nothing else is.
func TestLock_sweeps(t *testing.T) {
	folder := t.TempDir()
	path := folder + "/hearsay.db"
	check(t, open(t, path).Close())
	for _, name := range []string{
		".hearsay.db-1234567890", ".hearsay.db.before-v3-1234567890-journal", ".hearsay.db.hearsay-copy-1",
		".hearsay.db-20261224", ".hearsay.db-x", ".hearsay.db.mine-1234567890", ".other.db-1234567890", "hearsay.db-123", "hearsay.db.before-restore-2",
	} {
		check(t, os.WriteFile(filepath.Join(folder, name), nil, 0o600))
	}
	check(t, os.Link(path, path+".before-restore-1"))
	unlock, err := store.Lock(path)
	check(t, err)
	check(t, unlock())
	var left []string
	for _, entry := range must(os.ReadDir(folder)) {
		left = append(left, entry.Name())
	}
	if got, want := strings.Join(left, " "), ".hearsay.db-20261224 .hearsay.db-x .hearsay.db.mine-1234567890 .other.db-1234567890 hearsay.db hearsay.db-123 hearsay.db.before-restore-2 hearsay.db.lock"; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
}

// The log that goes on behind a restore is another one than that of the old file; the rest of
// what is declared stays, and nobody else changes the UUID.
func TestRestore_log(t *testing.T) {
	folder := t.TempDir()
	path, source := folder+"/hearsay.db", folder+"/backup.db"
	s := open(t, path)
	old := s.LogID()
	check(t, store.Backup(t.Context(), path, source))
	check(t, s.Close())
	seen := []string{old}
	for range 2 {
		must(store.Restore(t.Context(), source, path))
		if problems := must(store.Check(t.Context(), path)); len(problems) > 0 {
			t.Errorf("the check says %q", problems)
		}
		s = open(t, path)
		if slices.Contains(seen, s.LogID()) {
			t.Errorf("the log %s was there before: %q", s.LogID(), seen)
		}
		seen = append(seen, s.LogID())
		check(t, s.Close())
	}
	if got := ask(t, connect(t, source), `SELECT uuid FROM log`)[0]; got != old {
		t.Errorf("the backup has the log %s now, it had %s", got, old)
	}
	if err := sqlitex.Execute(connect(t, path), `UPDATE log SET uuid = 'x'`, nil); err == nil {
		t.Error("anybody can change the UUID")
	}
}

// Restoring by a link works on the file that the link leads to.
func TestRestore_link(t *testing.T) {
	folder, elsewhere := t.TempDir(), t.TempDir()
	path, link, source := elsewhere+"/hearsay.db", folder+"/link.db", folder+"/backup.db"
	check(t, open(t, path).Close())
	s := open(t, path)
	addGame(t, s, "Alpha")
	check(t, store.Backup(t.Context(), path, source))
	addGame(t, s, "Beta")
	check(t, s.Close())
	check(t, os.Symlink(path, link))
	kept, err := store.Restore(t.Context(), source, link)
	if err != nil || !strings.HasPrefix(kept, path+".before-restore-") {
		t.Fatalf("got %q, %v", kept, err)
	}
	if st := must(os.Lstat(link)); st.Mode()&os.ModeSymlink == 0 {
		t.Error("the link has gone")
	}
	for file, want := range map[string]int{path: 1, link: 1, kept: 2} {
		s := open(t, file)
		if games := must(s.Games(t.Context())); len(games) != want {
			t.Errorf("%s has %d games, want %d", file, len(games), want)
		}
		if file == link && s.Path() != path {
			t.Errorf("the path is %s, want %s", s.Path(), path)
		}
		check(t, s.Close())
	}
	if all := must(filepath.Glob(folder + "/*")); len(all) != 2 {
		t.Errorf("beside the link there is %q", all)
	}

	// A link to a file that is not there yet, by way of others.
	check(t, os.Symlink("b.db", folder+"/a.db"))
	check(t, os.Symlink(elsewhere+"/c.db", folder+"/b.db"))
	if kept, err := store.Restore(t.Context(), source, folder+"/a.db"); err != nil || kept != "" {
		t.Errorf("got %q, %v", kept, err)
	}
	if games := must(open(t, elsewhere+"/c.db").Games(t.Context())); len(games) != 1 {
		t.Errorf("there are %d games", len(games))
	}
	check(t, os.Symlink("round.db", folder+"/round.db"))
	if _, err := store.Restore(t.Context(), source, folder+"/round.db"); err == nil || !strings.Contains(err.Error(), "links") {
		t.Errorf("got %v", err)
	}
}

// Of the files that made room for restored ones, the newest three stay.
func TestRestore_kept(t *testing.T) {
	folder := t.TempDir()
	path := folder + "/hearsay.db"
	check(t, open(t, path).Close())
	for i := range 6 {
		name := fmt.Sprintf("%s.before-restore-2024010%dT000000.000Z", path, i+1)
		check(t, os.WriteFile(name, nil, 0o600))
		check(t, os.WriteFile(name+"-wal", nil, 0o600))
	}
	check(t, os.WriteFile(path+".before-restore-mine", nil, 0o600))
	check(t, store.Backup(t.Context(), path, folder+"/backup.db"))
	kept := must(store.Restore(t.Context(), folder+"/backup.db", path))
	want := []string{path + ".before-restore-20240105T000000.000Z", path + ".before-restore-20240105T000000.000Z-wal",
		path + ".before-restore-20240106T000000.000Z", path + ".before-restore-20240106T000000.000Z-wal", kept, path + ".before-restore-mine"}
	if all := must(filepath.Glob(path + ".before-restore-*")); !slices.Equal(all, want) {
		t.Errorf("there is %q, want %q", all, want)
	}
}

// A transaction that was cut off is taken back by whoever looks next, a server too.
func TestOpen_journal(t *testing.T) {
	folder := t.TempDir()
	path := folder + "/hearsay.db"
	s := open(t, path)
	addGame(t, s, "Alpha")
	check(t, s.Close())
	conn := connect(t, path)
	ask(t, conn, `PRAGMA journal_mode = DELETE`)
	run(t, conn, `PRAGMA cache_size = 1`)
	check(t, sqlitex.ExecuteTransient(conn, `BEGIN IMMEDIATE`, nil))
	check(t, sqlitex.ExecuteTransient(conn, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
		INSERT INTO messages (channel_id, game, name, message, sent_at) SELECT 1, 'g', 'n', hex(randomblob(500)), 1 FROM n`, nil))
	cut := folder + "/cut.db" // as a kill would leave it
	for _, suffix := range []string{"", "-journal"} {
		check(t, os.WriteFile(cut+suffix, must(os.ReadFile(path+suffix)), 0o600))
	}
	check(t, sqlitex.ExecuteTransient(conn, `ROLLBACK`, nil))
	if f, err := store.Inspect(t.Context(), cut); err != nil || f.Games != 1 || f.Messages != 0 {
		t.Errorf("got %+v, %v", f, err)
	}
	for _, suffix := range []string{"", "-journal"} {
		if all := must(filepath.Glob(cut + suffix)); (len(all) == 1) != (suffix == "") {
			t.Errorf("there is %q", all)
		}
	}
	open(t, cut)
}

// TestRestore_kill: whenever it is killed, there is the old file or the new one, whole.
func TestRestore_kill(t *testing.T) {
	if path := os.Getenv("HEARSAY_TEST_RESTORE"); path != "" { // the process that is killed
		for {
			for _, source := range []string{"/old.db", "/new.db"} {
				if _, err := store.Restore(context.Background(), filepath.Dir(path)+source, path); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	t.Parallel()
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	folder := t.TempDir()
	path := folder + "/hearsay.db"
	s := open(t, path)
	addGame(t, s, "Old")
	check(t, store.Backup(t.Context(), path, folder+"/old.db"))
	check(t, s.DeleteGame(t.Context(), "Old"))
	addGame(t, s, "New")
	check(t, store.Backup(t.Context(), path, folder+"/new.db"))
	check(t, s.Close())
	seen := map[string]int{}
	for round := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestRestore_kill$")
		cmd.Env = append(os.Environ(), "HEARSAY_TEST_RESTORE="+path)
		check(t, cmd.Start())
		time.Sleep(time.Duration(40+round*17) * time.Millisecond) // anywhere in the middle
		check(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
		if problems, err := store.Check(t.Context(), path); err != nil || len(problems) > 0 {
			t.Fatalf("round %d: %q, %v", round, problems, err)
		}
		s := open(t, path)
		games := must(s.Games(t.Context()))
		if len(games) != 1 {
			t.Fatalf("round %d: the file has %d games", round, len(games))
		}
		seen[games[0].ShortName]++
		must(s.RotateGame(t.Context(), games[0].ShortName, store.Rotation{OldEnds: time.Now()})) // a WAL for the next round
		check(t, s.Close())
	}
	unlock, err := store.Lock(path)
	check(t, err)
	check(t, unlock())
	for _, name := range must(filepath.Glob(path + ".before-restore-*")) {
		if problems, err := store.Check(t.Context(), name); err != nil || len(problems) > 0 {
			t.Errorf("%s: %q, %v", name, problems, err)
		}
		if os.SameFile(must(os.Stat(name)), must(os.Stat(path))) {
			t.Errorf("%s is also the database", name)
		}
	}
	t.Logf("killed with %v in its place, %d made room", seen, len(must(filepath.Glob(path+".before-restore-*"))))
}
