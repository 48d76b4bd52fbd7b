package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

// open opens a new file, or the one that is named.
func open(t testing.TB, path ...string) *store.Store {
	t.Helper()
	if len(path) == 0 {
		path = []string{hubtest.NewFile(t)}
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

func addApplication(t testing.TB, s *store.Store, shortName string) store.Credential {
	t.Helper()
	c, err := s.CreateApplication(t.Context(), store.Application{ShortName: shortName, Name: shortName + " site", SyncForm: "records"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func versions(t testing.TB, s *store.Store, after store.VersionID) []store.Version {
	t.Helper()
	all, err := s.Versions(t.Context(), after, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func newest(t testing.TB, s *store.Store) store.VersionID {
	t.Helper()
	id, err := s.Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// brief says of each version "KIND RECORD ACTION".
func brief(all []store.Version) []string {
	texts := []string{}
	for _, v := range all {
		texts = append(texts, fmt.Sprintf("%s %d %s", v.Kind, v.Record, v.Action))
	}
	return texts
}

// logged are the versions that do adds to the log.
func logged(t testing.TB, s *store.Store, do func()) []store.Version {
	t.Helper()
	was := newest(t, s)
	do()
	return versions(t, s, was)
}

func pointer[T any](value T) *T { return &value }

// check is for calls that must succeed.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must is for calls that must succeed and give something.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// wantErr is for calls that must fail in a certain way.
func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got the error %v, want %v", what, got, want)
	}
}

// connect opens a connection as another program would, with SQLite's own settings.
func connect(t testing.TB, path string) *sqlite.Conn {
	t.Helper()
	conn, err := sqlite.OpenConn((&url.URL{Scheme: "file", Path: path}).String(), sqlite.OpenReadWrite|sqlite.OpenURI)
	check(t, err)
	conn.SetBusyTimeout(10 * time.Second)
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// run executes statements of which none fails.
func run(t testing.TB, conn *sqlite.Conn, queries string, args ...any) {
	t.Helper()
	var err error
	if len(args) > 0 {
		err = sqlitex.Execute(conn, queries, &sqlitex.ExecOptions{Args: args})
	} else {
		err = sqlitex.ExecuteScript(conn, "SAVEPOINT run;"+queries+";RELEASE run;", nil)
	}
	if err != nil {
		t.Fatalf("%s: %v", queries, err)
	}
}

// ask gives the rows of a query, the columns of each joined by "|".
func ask(t testing.TB, conn *sqlite.Conn, query string, args ...any) []string {
	t.Helper()
	all := []string{}
	err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(stmt *sqlite.Stmt) error {
		columns := make([]string, stmt.ColumnCount())
		for i := range columns {
			if columns[i] = stmt.ColumnText(i); stmt.ColumnIsNull(i) {
				columns[i] = "NULL"
			}
		}
		all = append(all, strings.Join(columns, "|"))
		return nil
	}})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

// shell runs SQL in the sqlite3 program.
func shell(t testing.TB, path, script string) string {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		if os.Getenv("HEARSAY_TEST_TOOLS") == "1" {
			t.Fatal("HEARSAY_TEST_TOOLS=1, but the sqlite3 program is not in PATH")
		}
		t.Skip("the sqlite3 program is not in PATH")
	}
	cmd := exec.CommandContext(t.Context(), program, "-batch", "-bail", path)
	cmd.Stdin = strings.NewReader(".timeout 10000\n" + script)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("sqlite3: %v: %s\n%s", err, &stderr, script)
	}
	return string(out)
}

func TestStore(t *testing.T) {
	s := open(t)
	wake, stop := s.Watch()
	defer stop()
	began := versions(t, s, 0)
	if want := []string{"channels 1 create", "channels 2 create"}; !slices.Equal(brief(began), want) {
		t.Fatalf("a new file has the log %q, want %q", brief(began), want)
	}
	addGame(t, s, "Alpha")
	<-wake
	check(t, s.UpdateGame(t.Context(), "alpha", store.GameEdit{Name: pointer("Beta MUD")}))
	got := versions(t, s, began[1].ID)
	if want := []string{"games 1 create", "games 1 update"}; !slices.Equal(brief(got), want) || !got[0].LoggedAt.Before(got[1].LoggedAt) {
		t.Errorf("got %+v, want a create and an update", got)
	}
	if len(got[0].Secret) != 32 || !got[1].CreatedAt.Equal(got[0].LoggedAt) {
		t.Errorf("got %+v", got)
	}
}

func TestStore_Watch(t *testing.T) {
	s := open(t)
	addGame(t, s, "Alpha")
	addGame(t, s, "Beta")
	run(t, connect(t, s.Path()), `CREATE TRIGGER no AFTER UPDATE ON games WHEN NEW.tagline = 'no' BEGIN SELECT RAISE(ABORT, 'no'); END`)
	path := s.Path()
	check(t, s.Close())
	s = open(t, path)
	wake, stop := s.Watch()
	other, stopOther := s.Watch()
	if n := s.Watchers(); n != 2 {
		t.Errorf("got %d watchers, want 2", n)
	}
	stopOther()
	stopOther()
	if n := s.Watchers(); n != 1 {
		t.Errorf("got %d watchers, want 1", n)
	}
	awake := func() bool {
		select {
		case <-wake:
			return true
		default:
			return false
		}
	}
	for _, test := range []struct {
		name string
		do   func() error
		want bool
	}{
		{"an edit", func() error {
			return s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Tagline: pointer("x")})
		}, true},
		{"two edits, one wake", func() error {
			return errors.Join(s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Tagline: pointer("y")}),
				s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Tagline: pointer("z")}))
		}, true},
		{"a refused edit", func() error {
			err := s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Name: pointer("Beta MUD")})
			wantErr(t, "a name that is taken", err, store.ErrConflict)
			return nil
		}, false},
		{"an edit that is taken back, and a message", func() error {
			if err := s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Tagline: pointer("no")}); err == nil {
				return errors.New("the edit is not taken back")
			}
			return s.Append(t.Context(), store.Message{Channel: 1, Text: "hi"}, func(store.Message) {})
		}, false},
		{"a suspension", func() error {
			return s.UpdateGame(t.Context(), "Alpha", store.GameEdit{Suspended: pointer(true)})
		}, true},
		{"an application", func() error { addApplication(t, s, "Site"); return nil }, true},
		{"a message", func() error {
			return s.Append(t.Context(), store.Message{Channel: 1, Text: "hi"}, func(store.Message) {})
		}, false},
		{"reading", func() error { _, err := s.Games(t.Context()); return err }, false},
	} {
		check(t, test.do())
		if got := awake(); got != test.want {
			t.Errorf("%s: woken %t, want %t", test.name, got, test.want)
		}
		if awake() {
			t.Errorf("%s: woken twice", test.name)
		}
	}
	stop()
	addGame(t, s, "Gamma")
	if awake() {
		t.Error("woken after the end")
	}
	select {
	case <-other:
		t.Error("woken after the end")
	default:
	}
	if s.SinceCommit() < 0 {
		t.Errorf("the last commit was %v ago", s.SinceCommit())
	}
}

func TestStore_closed(t *testing.T) {
	s := open(t)
	check(t, s.Ready(t.Context()))
	check(t, s.Close())
	check(t, s.Close())
	if err := s.Ready(t.Context()); err == nil {
		t.Error("a closed store is ready")
	}
	if _, err := s.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha"}, store.LongSecret); err == nil {
		t.Error("a closed store can be written")
	}
	if _, err := s.Games(t.Context()); err == nil {
		t.Error("a closed store can be read")
	}
	err := s.Append(t.Context(), store.Message{Channel: 1}, func(store.Message) { t.Error("a closed store delivers") })
	if err == nil {
		t.Error("a closed store takes messages")
	}
}

// A context that has ended stops what has not begun.
func TestStore_context(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Games(ctx); err == nil {
		t.Error("reads although the context has ended")
	}
	busy, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- s.Append(t.Context(), store.Message{Channel: 1, Text: "hi"}, func(store.Message) { close(busy); <-release })
	}()
	<-busy // the writer delivers
	wantErr(t, "a write that has not begun", s.DeleteChannel(ctx, "gossip"), context.Canceled)
	close(release)
	check(t, <-first)
	if channels, err := s.Channels(t.Context()); err != nil || len(channels) != 2 {
		t.Errorf("got %v, %v", channels, err)
	}
}
