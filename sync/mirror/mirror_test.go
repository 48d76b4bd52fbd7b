package mirror_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub"
	"hearsay/hub/client"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
	backbone "hearsay/sync"
	"hearsay/sync/mirror"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a hub on a file and a loopback address, which stays when it stops.
type world struct {
	t      testing.TB
	path   string
	st     *store.Store
	server *httptest.Server
	hub    atomic.Pointer[hub.Hub]
	stop   func()
	site   store.Credential
	feeds  func(*store.Store) hub.Backbone // nil: backbone.New
}

func open(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, path: hubtest.NewFile(t), stop: func() {}}
	w.server = httptest.NewServer(w)
	w.start()
	t.Cleanup(func() {
		w.stop()
		w.server.Close()
	})
	w.site = w.application("Site", "versions")
	return w
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if h := w.hub.Load(); h != nil {
		h.ServeHTTP(rw, r)
		return
	}
	http.Error(rw, "nobody is here", http.StatusBadGateway)
}

func (w *world) url() string { return "ws" + strings.TrimPrefix(w.server.URL, "http") + "/socket" }

func (w *world) start() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	w.st, err = store.Open(ctx, w.path, store.Options{})
	check(w.t, err)
	h, err := hub.New(ctx, w.st, hub.Options{Backbone: w.backbone()})
	check(w.t, err)
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		h.Run(ctx)
	}()
	w.hub.Store(h)
	w.stop = func() {
		w.stop = func() {}
		w.hub.Store(nil)
		cancel()
		h.Shutdown(ctx, 0) // cuts them off: a notice of a restart would have the copy wait
		<-ran
		check(w.t, w.st.Close())
	}
}

func (w *world) backbone() hub.Backbone {
	if w.feeds != nil {
		return w.feeds(w.st)
	}
	return backbone.New(w.st)
}

func (w *world) application(name, form string) store.Credential {
	w.t.Helper()
	c, err := w.st.CreateApplication(w.t.Context(), store.Application{ShortName: name, Name: name, SyncForm: form}, store.LongSecret)
	check(w.t, err)
	return c
}

func (w *world) game(name string) store.Credential {
	w.t.Helper()
	c, err := w.st.CreateGame(w.t.Context(), store.Game{ShortName: name, Name: name + " MUD", Display: true}, store.LongSecret)
	check(w.t, err)
	return c
}

// sql changes the hub's file as another program would, in one transaction.
func (w *world) sql(script string) {
	w.t.Helper()
	conn, err := sqlite.OpenConn(w.path, sqlite.OpenReadWrite)
	check(w.t, err)
	defer conn.Close()
	conn.SetBusyTimeout(30 * time.Second)
	check(w.t, sqlitex.ExecuteScript(conn, script, nil))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %.2000s\nwant %.2000s", what, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
	}
}

// A copy is a mirror that runs.
type copied struct {
	*mirror.Mirror
	t        testing.TB
	path     string
	levels   chan mirror.Level
	received atomic.Int64 // of the last catch-up
	wait     func() error // for the end of Run
	stop     func() error

	mu      sync.Mutex
	changes []string
}

// copy runs a mirror on a file; what options say is added.
func (w *world) copy(path string, options ...func(*mirror.Options)) *copied {
	w.t.Helper()
	c := &copied{t: w.t, path: path, levels: make(chan mirror.Level, 100)}
	o := mirror.Options{
		URL: w.url(), ClientID: w.site.ClientID, ClientSecret: w.site.Secret,
		RetryLeast: 10 * time.Millisecond, RetryMost: 50 * time.Millisecond,
		Level:    func(l mirror.Level) { c.levels <- l },
		Progress: func(p mirror.Progress) { c.received.Store(int64(p.Received)) },
		Changed: func(all []mirror.Change) {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, one := range all {
				c.changes = append(c.changes, fmt.Sprintf("%s %s %s", one.Action, one.Kind, one.Name))
			}
		},
	}
	for _, option := range options {
		option(&o)
	}
	var err error
	c.Mirror, err = mirror.Open(w.t.Context(), path, o)
	check(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var ended error
	go func() {
		defer close(done)
		ended = c.Run(ctx)
	}()
	c.wait = func() error {
		<-done
		return ended
	}
	c.stop = sync.OnceValue(func() error {
		cancel()
		err := c.wait()
		check(w.t, c.Close())
		return err
	})
	w.t.Cleanup(func() { c.stop() })
	return c
}

// level waits for the next one.
func (c *copied) level() mirror.Level {
	c.t.Helper()
	select {
	case l := <-c.levels:
		return l
	case <-time.After(time.Minute):
		c.t.Fatal("the copy never was level")
		panic("unreachable")
	}
}

func (c *copied) took() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	changes := c.changes
	c.changes = nil
	return changes
}

// same waits until the copy holds what the hub does, by counts and digest.
func (w *world) same(c *copied) {
	w.t.Helper()
	ctx := w.t.Context()
	hubtest.Eventually(w.t, "the hub's digest", func() bool {
		catchUp := must(w.st.CatchUp(ctx, store.Since{}))
		defer catchUp.Close()
		theirs := must(catchUp.Level(ctx, w.st.LogID()))
		ours := must(c.Status(ctx))
		for _, kind := range store.Kinds {
			if ours.Digest[string(kind)] != theirs.Digest[kind] || ours.Counts[string(kind)] != theirs.Counts[kind] {
				return false
			}
		}
		return true
	})
	w.sameRecords(c)
}

// sameRecords compares every field.
func (w *world) sameRecords(c *copied) {
	w.t.Helper()
	ctx := w.t.Context()
	equal(w.t, "games", byID(must(c.Games(ctx)), func(g wire.GameRecord) int64 { return g.ID }), records[wire.GameRecord](w, store.Games))
	equal(w.t, "channels", byID(must(c.Channels(ctx)), func(g wire.ChannelRecord) int64 { return g.ID }), records[wire.ChannelRecord](w, store.Channels))
}

// records gives what the hub has of a kind, by id.
func records[T any](w *world, kind store.Kind) []T {
	w.t.Helper()
	catchUp := must(w.st.CatchUp(w.t.Context(), store.Since{}))
	defer catchUp.Close()
	all := []T{}
	for _, v := range must(catchUp.NextRecords(w.t.Context(), kind, 1_000_000)) {
		all = append(all, decode[T](w.t, v.Payload))
	}
	return all
}

func decode[T any](t testing.TB, text string) (v T) {
	t.Helper()
	check(t, json.Unmarshal([]byte(text), &v))
	return v
}

func byID[T any](all []T, id func(T) int64) []T {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	return all
}

// games is a script that adds some.
func games(n int) string {
	return fmt.Sprintf(`
		INSERT INTO games (short_name, name, description, client_id)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT 'Game' || i, 'Game number ' || i, 'A game of dragons, and of tea, number ' || i, 'id-' || i FROM n;
		INSERT INTO connections (id, game_id, type, host, port)
		SELECT printf('%%08x-0000-4000-8000-000000000000', id), id, 'telnet', 'game' || id || '.example', 4000 FROM games;`, n)
}

// changes is a script that makes 10,000 of them to 50 games, and takes one of those away.
var changes = func() string {
	var script strings.Builder
	for i := range 200 {
		fmt.Fprintf(&script, `UPDATE games SET tagline = 'No. %d' WHERE id BETWEEN 10 AND 59;`, i)
	}
	return script.String() + `DELETE FROM games WHERE id = 59;`
}()

// run changes the copy's file, as the application might.
func run(t testing.TB, path, script string) {
	t.Helper()
	conn := must(sqlite.OpenConn(path, sqlite.OpenReadWrite))
	defer conn.Close()
	conn.SetBusyTimeout(30 * time.Second)
	check(t, sqlitex.ExecuteScript(conn, script, nil))
}

func ask(t testing.TB, path, query string) (answer string) {
	t.Helper()
	conn := must(sqlite.OpenConn(path, sqlite.OpenReadOnly))
	defer conn.Close()
	check(t, sqlitex.Execute(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		answer = stmt.ColumnText(0)
		return nil
	}}))
	return answer
}

// copyFrom is copy by way of another address, without a look ahead at how much comes.
func (w *world) copyFrom(url, path string) *copied {
	w.t.Helper()
	return w.copy(path, func(o *mirror.Options) { o.URL, o.Progress = url, nil })
}

// settle waits until a query of the copy has that answer.
func (w *world) settle(c *copied, query, answer string) {
	w.t.Helper()
	hubtest.Eventually(w.t, query, func() bool { return ask(w.t, c.path, query) == answer })
}

func TestMirror(t *testing.T) {
	w := open(t)
	ctx := t.Context()
	alpha := w.game("Alpha")
	path := filepath.Join(t.TempDir(), "site.db")
	c := w.copy(path)
	l := c.level()
	if !l.Verified || l.Repaired || l.Form != "cursor" || l.Counts["games"] != 1 || l.Counts["channels"] != 2 {
		t.Errorf("level: %+v", l)
	}
	equal(t, "the first records", c.took(), []string{"create channels gossip", "create channels testing", "create games Alpha"})

	// Every kind, live.
	_, err := w.st.AddConnection(ctx, "Alpha", store.Connection{Type: "telnet", Host: "alpha.example", Port: 4000})
	check(t, err)
	_, err = w.st.AddConnection(ctx, "Alpha", store.Connection{Type: "web", URL: "https://alpha.example/play"})
	check(t, err)
	check(t, w.st.UpdateGame(ctx, "Alpha", store.GameEdit{Description: new("Dragons, and “tea”")}))
	event, err := w.st.CreateEvent(ctx, store.Event{Game: "Alpha", Title: "Midsummer", StartDate: "2026-06-20", EndDate: "2026-06-22"})
	check(t, err)
	_, err = w.st.CreateRule(ctx, store.Rule{Kind: store.WordRule, Subject: "darn", Action: store.Drop, Reason: "rude", Enabled: true})
	check(t, err)
	g := must(client.Dial(ctx, client.Options{URL: w.url(), ClientID: alpha.ClientID, ClientSecret: alpha.Secret, Supports: []string{"achievements"}}))
	check(t, g.Connected(ctx))
	_, err = g.CreateAchievement(ctx, wire.Achievement{Title: "First steps", Points: 5, Display: true})
	check(t, err)
	w.same(c)
	record := must(c.Game(ctx, "Alpha"))
	if len(record.Connections) != 2 || record.Connections[0].Host != "alpha.example" || *record.Description != "Dragons, and “tea”" {
		t.Errorf("the game: %+v", record)
	}
	equal(t, "events", must(c.Events(ctx)), []wire.EventRecord{
		{ID: int64(event.ID), GameID: record.ID, Title: "Midsummer", StartDate: "2026-06-20", EndDate: "2026-06-22"},
	})
	if all := must(c.Achievements(ctx, record.ID)); len(all) != 1 || all[0].Title != "First steps" || all[0].Points != 5 || all[0].Key == "" {
		t.Errorf("achievements: %+v", all)
	}
	if all := must(c.Rules(ctx)); len(all) != 1 || all[0].Subject != "darn" || all[0].Action != "drop" || !all[0].Enabled {
		t.Errorf("rules: %+v", all)
	}

	// What is gone stays as a tombstone, until it is old.
	c.took()
	check(t, w.st.DeleteGame(ctx, "Alpha"))
	w.same(c)
	if took := c.took(); len(took) != 3 || took[2] != "delete games Alpha" && took[0] != "delete games Alpha" {
		t.Errorf("a game is removed: %q", took)
	}
	if _, err := c.Game(ctx, "Alpha"); !errors.Is(err, mirror.ErrNotFound) {
		t.Errorf("a game that is gone: %v", err)
	}
	tombstones := `SELECT count(*) FROM hub_games WHERE deleted_at IS NOT NULL`
	equal(t, "tombstones", ask(t, path, tombstones), "1")
	equal(t, "its connections", ask(t, path, `SELECT count(*) FROM hub_connections`), "0")
	run(t, path, `UPDATE hub_games SET deleted_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-91 days') WHERE deleted_at IS NOT NULL`)
	w.stop()
	w.start()
	c.level()
	equal(t, "old tombstones", ask(t, path, tombstones), "0")
	if s := must(c.Status(ctx)); s.Hub != w.url() || s.Cursor == 0 || s.Since.IsZero() || time.Since(s.LevelAt) > time.Minute || s.Repairing {
		t.Errorf("status: %+v", s)
	}
	if err := c.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// TestMirror_away gets only what has changed.
func TestMirror_away(t *testing.T) {
	w := open(t)
	w.sql(games(1000))
	path := filepath.Join(t.TempDir(), "site.db")
	c := w.copy(path)
	c.level()
	equal(t, "at first", c.received.Load(), int64(1002))
	_ = c.stop() // it was told to

	w.sql(changes)
	c = w.copy(path)
	if l := c.level(); !l.Verified || l.Repaired {
		t.Errorf("level: %+v", l)
	}
	equal(t, "what came of 10,000 changes", c.received.Load(), int64(50))
	equal(t, "what changed", len(c.took()), 50)
	w.same(c)
}

// A hub that was put back to an older backup is noticed, whether its log has grown beyond
// the copy's place meanwhile or not.
func TestMirror_restored(t *testing.T) {
	for name, edits := range map[string]int{"cursor ahead of the log": 0, "log grown again": 300} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			w.sql(games(100))
			backup := filepath.Join(t.TempDir(), "backup.db")
			check(t, store.Backup(t.Context(), w.path, backup))
			w.sql(`UPDATE games SET tagline = 'after the backup'; DELETE FROM games WHERE id % 7 = 0;`)
			w.game("Lost")
			c := w.copy(filepath.Join(t.TempDir(), "site.db"))
			c.level()
			w.same(c)
			w.stop()
			check(t, os.Remove(w.path))
			os.Remove(w.path + "-wal")
			check(t, os.Rename(backup, w.path))
			w.start()
			for i := range edits {
				w.sql(fmt.Sprintf(`UPDATE games SET tagline = 'edit %d' WHERE id = %d`, i, 1+i%20))
			}
			if edits > 0 { // the copy may have come back before they were made
				w.stop()
				w.start()
			}
			hubtest.Eventually(t, "the repair", func() bool { return c.level().Repaired })
			w.same(c)
			if _, err := c.Game(t.Context(), "Lost"); !errors.Is(err, mirror.ErrNotFound) {
				t.Errorf("a game that the backup has not: %v", err)
			}
		})
	}
}

// A copy that somebody has damaged is made good.
func TestMirror_damaged(t *testing.T) {
	w := open(t)
	w.sql(games(100))
	path := filepath.Join(t.TempDir(), "site.db")
	c := w.copy(path)
	c.level()
	for _, damage := range []string{
		`DELETE FROM hub_games WHERE id = 7`,
		`UPDATE hub_games SET deleted_at = '2026-01-01T00:00:00Z' WHERE id = 8`,
		`UPDATE hub_channels SET version = 1000 WHERE id = 1`,
		`INSERT INTO hub_games SELECT 5000, 'Ghost', display_name, display, description, homepage_url, tagline, user_agent, user_agent_url, redirect_uris,
			allow_character_registration, client_id, client_secret, last_seen_at, mssp_last_seen_at, version, updated_at, deleted_at FROM hub_games WHERE id = 9`,
	} {
		run(t, path, damage)
		w.stop()
		w.start()
		if l := c.level(); !l.Repaired || !l.Verified {
			t.Errorf("%s: %+v", damage, l)
		}
		w.same(c)
	}
	w.stop()
	w.start()
	if l := c.level(); l.Repaired {
		t.Errorf("without damage: %+v", l)
	}
}

func TestMirror_two(t *testing.T) {
	w := open(t)
	w.sql(games(50))
	dir := t.TempDir()
	a, b := w.copy(filepath.Join(dir, "a.db")), w.copy(filepath.Join(dir, "b.db"))
	a.level()
	b.level()
	w.sql(`UPDATE games SET tagline = 'both'`)
	w.same(a)
	w.same(b)

	// On one file the newer one wins, and the older one says so.
	again := w.copy(filepath.Join(dir, "a.db"))
	again.level()
	w.sql(`UPDATE games SET tagline = 'again'`)
	w.same(again)
	if err := a.stop(); !errors.Is(err, mirror.ErrTaken) && !errors.Is(err, context.Canceled) {
		t.Errorf("the older one: %v", err)
	}
	run(t, filepath.Join(dir, "b.db"), `UPDATE hub_sync SET owner = 'another program'`)
	w.sql(`UPDATE games SET tagline = 'taken'`)
	if err := b.wait(); !errors.Is(err, mirror.ErrTaken) {
		t.Errorf("a mirror whose tables were taken: %v", err)
	}
	// Two hubs in one file, by their prefixes.
	other := w.copy(filepath.Join(dir, "a.db"), func(o *mirror.Options) { o.Prefix = "far_" })
	other.level()
	w.same(other)
}
