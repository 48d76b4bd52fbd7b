package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"zombiezen.com/go/sqlite"

	"hearsay/hub/store"
)

func TestOpen_mode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no such modes here")
	}
	path := t.TempDir() + "/hearsay.db"
	check(t, os.WriteFile(path, nil, 0o644)) // as somebody's touch leaves it
	s := open(t, path)
	addGame(t, s, "Alpha")
	must(s.Games(t.Context()))
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		st, err := os.Stat(file)
		check(t, err)
		if st.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", file, st.Mode())
		}
	}
	check(t, s.Close())
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + suffix); err == nil {
			t.Errorf("%s is left", path+suffix)
		}
	}
	check(t, os.Chmod(path, 0o666))
	open(t, path)
	if st := must(os.Stat(path)); st.Mode().Perm() != 0o600 {
		t.Errorf("%s has the mode %v", path, st.Mode())
	}
}

// A file that is not ours, or too new, is refused and stays as it is.
func TestOpen_refuses(t *testing.T) {
	make := map[string]func(path string){
		"a text file": func(path string) {
			check(t, os.WriteFile(path, []byte(strings.Repeat("not a database\n", 1000)), 0o644))
		},
		"a short file": func(path string) {
			check(t, os.WriteFile(path, []byte("name = 1\n"), 0o644))
		},
		"another program's database": func(path string) {
			conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
			check(t, err)
			run(t, conn, `CREATE TABLE games (id); PRAGMA application_id = 7`)
			check(t, conn.Close())
		},
		"another program's database without an id": func(path string) {
			conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
			check(t, err)
			run(t, conn, `CREATE TABLE goose_db_version (version_id); CREATE TABLE other (id)`)
			check(t, conn.Close())
		},
		"a newer schema": func(path string) {
			check(t, open(t, path).Close())
			conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
			check(t, err)
			run(t, conn, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
			check(t, conn.Close())
		},
	}
	for name, create := range make {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir() + "/some.db"
			create(path)
			check(t, os.Chmod(path, 0o640))
			was := sha256.Sum256(must(os.ReadFile(path)))
			s, err := store.Open(t.Context(), path, store.Options{})
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), path) || name == "a newer schema" && !strings.Contains(err.Error(), "newer") || name != "a newer schema" && !strings.Contains(err.Error(), "no hearsay database") {
				t.Errorf("got %v", err)
			}
			if sha256.Sum256(must(os.ReadFile(path))) != was {
				t.Error("the file has changed")
			}
			if st := must(os.Stat(path)); runtime.GOOS != "windows" && st.Mode().Perm() != 0o640 {
				t.Errorf("the file's mode has changed to %v", st.Mode())
			}
			if err := store.Backup(t.Context(), path, path+".copy"); err == nil && name != "a newer schema" {
				t.Error("backed up")
			}
			if problems, err := store.Check(t.Context(), path); err == nil {
				t.Errorf("checked: %q", problems)
			}
		})
	}
	for name, path := range map[string]string{"a folder": t.TempDir(), "no folder": t.TempDir() + "/none/hearsay.db"} {
		if s, err := store.Open(t.Context(), path, store.Options{}); err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
		} else if !strings.Contains(err.Error(), "folder") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A file of a newer program is refused with the name of a copy that serves.
func TestOpen_newer(t *testing.T) {
	path := t.TempDir() + "/hearsay.db"
	check(t, open(t, path).Close())
	newer := func(path string) {
		conn := must(sqlite.OpenConn(path, sqlite.OpenReadWrite))
		run(t, conn, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		check(t, conn.Close())
	}
	for _, to := range []string{"97", "98", "99"} {
		check(t, store.Backup(t.Context(), path, path+".before-v"+to))
	}
	newer(path)
	newer(path + ".before-v99")
	_, err := store.Open(t.Context(), path, store.Options{})
	if err == nil || !strings.HasSuffix(err.Error(), "hearsay restore "+path+".before-v98 --db "+path) {
		t.Fatalf("got %v", err)
	}
	must(store.Restore(t.Context(), path+".before-v98", path))
	open(t, path)
}

// Several first commands at once make one file.
func TestOpen_concurrent(t *testing.T) {
	path := t.TempDir() + "/hearsay.db"
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			s, err := store.Open(t.Context(), path, store.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if _, err := s.CreateGame(t.Context(), store.Game{ShortName: fmt.Sprint("Game", i), Name: fmt.Sprint("Game", i)}, store.LongSecret); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := open(t, path)
	if games, err := s.Games(t.Context()); err != nil || len(games) != 4 {
		t.Errorf("got %+v, %v", games, err)
	}
	if channels, err := s.Channels(t.Context()); err != nil || len(channels) != 2 {
		t.Errorf("got %+v, %v", channels, err)
	}
}

func TestOpen_path(t *testing.T) {
	for _, name := range []string{"a b#c.db", "a?mode=memory&x=y;z", "é%20%.db", `a[1]*\"'.db`, ":memory:"} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.ContainsAny(name, `?*\":`) {
				t.Skip("no file has that name here")
			}
			folder := filepath.Join(t.TempDir(), "x y#?%41")
			check(t, os.Mkdir(folder, 0o700))
			path := filepath.Join(folder, name)
			s := open(t, path)
			addGame(t, s, "Alpha")
			check(t, s.Close())
			if s = open(t, path); s.Path() != path {
				t.Errorf("got the path %s", s.Path())
			}
			if _, err := s.Game(t.Context(), "Alpha"); err != nil {
				t.Error(err)
			}
			check(t, store.Backup(t.Context(), path, path+" copy#?%"))
			check(t, s.Close())
			kept, err := store.Restore(t.Context(), path+" copy#?%", path)
			check(t, err)
			for _, file := range []string{path, kept, path + " copy#?%"} {
				if problems, err := store.Check(t.Context(), file); err != nil || len(problems) > 0 {
					t.Errorf("%s: %q, %v", file, problems, err)
				}
			}
			for _, entry := range must(os.ReadDir(folder)) {
				if !strings.HasPrefix(entry.Name(), name) {
					t.Errorf("there is a file %s", entry.Name())
				}
			}
		})
	}
	// A path that is not absolute.
	t.Chdir(t.TempDir())
	open(t, "relative.db")
	if _, err := os.Stat("relative.db"); err != nil {
		t.Error(err)
	}
}

func TestLock(t *testing.T) {
	path := t.TempDir() + "/hearsay.db"
	unlock, err := store.Lock(path)
	check(t, err)
	_, err = store.Lock(path)
	wantErr(t, "twice", err, store.ErrLocked)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := store.Open(ctx, path, store.Options{}); err == nil { // a new file needs the lock for its schema
		s.Close()
		t.Error("opened a new file under another's lock")
	}
	check(t, unlock())
	s := open(t, path)
	unlock, err = store.Lock(path)
	check(t, err)
	open(t, path) // beside a server
	check(t, unlock())
	check(t, s.Close())
}

func TestBackup(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := open(t, folder+"/hearsay.db")
	addGame(t, s, "Alpha")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Tagline: pointer(fmt.Sprint(i))}); err != nil {
				t.Error(err)
				return
			}
			if err := s.Append(t.Context(), store.Message{Channel: 1, Text: fmt.Sprint(i)}, func(store.Message) {}); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for i := range 5 {
		dest := fmt.Sprintf("%s/copy%d", folder, i)
		before := newest(t, s)
		check(t, store.Backup(t.Context(), s.Path(), dest))
		after := newest(t, s)
		if problems, err := store.Check(t.Context(), dest); err != nil || len(problems) > 0 {
			t.Errorf("got %q, %v", problems, err)
		}
		if st := must(os.Stat(dest)); runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
			t.Errorf("the copy has the mode %v", st.Mode())
		}
		copied := open(t, dest)
		if end := newest(t, copied); end < before || end > after {
			t.Errorf("the copy's log ends with %d, not within %d and %d", end, before, after)
		}
		checkNewestIsState(t, connect(t, dest))
	}
	close(stop)
	<-done
	wantErr(t, "over a file", store.Backup(t.Context(), s.Path(), folder+"/copy0"), store.ErrConflict)
	if err := store.Backup(t.Context(), folder+"/none", folder+"/copy9"); err == nil {
		t.Error("backed up what is not there")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Backup(ctx, s.Path(), folder+"/copy9"); err == nil {
		t.Error("backed up although the context has ended")
	}
	if names := must(filepath.Glob(folder + "/.copy*")); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

func TestRestore(t *testing.T) {
	folder := t.TempDir()
	path, source := folder+"/hearsay.db", folder+"/backup"
	s := open(t, path)
	addGame(t, s, "Alpha")
	check(t, store.Backup(t.Context(), path, source))
	addGame(t, s, "Beta")

	_ = os.Remove(path + ".lock")
	unlock, err := store.Lock(path)
	check(t, err)
	_, err = store.Restore(t.Context(), source, path)
	wantErr(t, "a file on which a server runs", err, store.ErrLocked)
	check(t, unlock())
	check(t, s.Close())

	whole := must(os.ReadFile(source))
	damaged := bytes.Clone(whole)
	for i := 4096 * 3; i < 4096*12; i++ {
		damaged[i] = 0xff
	}
	check(t, os.WriteFile(folder+"/damaged", damaged, 0o600))
	check(t, os.WriteFile(folder+"/short", whole[:len(whole)/2], 0o600))
	check(t, os.WriteFile(folder+"/text", []byte(strings.Repeat("text ", 1000)), 0o600))
	check(t, os.WriteFile(folder+"/empty", nil, 0o600))
	newer := open(t, folder+"/newer")
	check(t, newer.Close())
	conn := connect(t, folder+"/newer")
	run(t, conn, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	orphans := open(t, folder+"/orphans")
	check(t, orphans.Close())
	run(t, connect(t, folder+"/orphans"), `INSERT INTO events (game_id, title, start_date, end_date) VALUES (9, 'x', '2026-01-01', '2026-01-01')`)
	if problems, err := store.Check(t.Context(), folder+"/orphans"); err != nil || len(problems) != 1 || !strings.Contains(problems[0], "events") {
		t.Errorf("got %q, %v", problems, err)
	}
	was := must(os.ReadFile(path))
	for _, name := range []string{"damaged", "short", "text", "empty", "newer", "none", "orphans"} {
		if kept, err := store.Restore(t.Context(), folder+"/"+name, path); err == nil || kept != "" {
			t.Errorf("%s: restored, the old file is %s", name, kept)
		} else if !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if !bytes.Equal(must(os.ReadFile(path)), was) {
		t.Error("the file has changed")
	}
	if names := must(filepath.Glob(path + ".before*")); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}

	kept, err := store.Restore(t.Context(), source, path)
	if err != nil || !strings.HasPrefix(kept, path+".before-restore-") {
		t.Fatalf("got %q, %v", kept, err)
	}
	for file, want := range map[string]int{path: 1, kept: 2} {
		if games := must(open(t, file).Games(t.Context())); len(games) != want {
			t.Errorf("%s has %d games, want %d", file, len(games), want)
		}
	}
	if kept, err := store.Restore(t.Context(), source, folder+"/fresh.db"); err != nil || kept != "" {
		t.Errorf("where nothing was: got %q, %v", kept, err)
	}
	if names := must(filepath.Glob(folder + "/.*")); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}

	// A damaged file makes room, too, and is kept.
	check(t, os.WriteFile(folder+"/fresh.db", []byte("damaged"), 0o600))
	kept, err = store.Restore(t.Context(), source, folder+"/fresh.db")
	if err != nil || string(must(os.ReadFile(kept))) != "damaged" {
		t.Errorf("got %q, %v", kept, err)
	}
}

// A file of the first release.
func TestOpen_v1(t *testing.T) {
	script := string(must(os.ReadFile("../../migrations/testdata/v1.sql")))
	path := t.TempDir() + "/hearsay.db"
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	check(t, err)
	for _, part := range []string{"PRAGMA foreign_keys=OFF;", "BEGIN TRANSACTION;", "COMMIT;"} {
		script = strings.Replace(script, part, "", 1)
	}
	run(t, conn, strings.TrimSpace(script))
	check(t, conn.Close())
	s := open(t, path)
	g, err := s.Game(t.Context(), "exventure")
	if err != nil || g.Name != "ExVenture MUD" || g.Tagline != "Play it" || g.OldSecretEndsAt == nil {
		t.Errorf("got %+v, %v", g, err)
	}
	want := []string{"channels 1 create", "channels 2 create", "games 1 create", "games 2 create", "events 1 create", "achievements 1 create", "games 1 update"}
	if got := brief(rest(t, catchUp(t, s, store.Since{}), 3)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if c := addGame(t, s, "Gone"); c.ID != 4 {
		t.Errorf("got the id %d, want 4", c.ID)
	}
	checkNewestIsState(t, connect(t, path))
	if problems, err := store.Check(t.Context(), path); err != nil || len(problems) > 0 {
		t.Errorf("got %q, %v", problems, err)
	}
}
