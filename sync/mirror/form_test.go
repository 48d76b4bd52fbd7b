package mirror_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"hearsay/hub/client"
	"hearsay/hub/wire"
	"hearsay/sync/mirror"
)

// old makes the hub one that does not know what its authors added: what asks for it is
// taken out on the way.
func (w *world) old() (url string) {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		near, err := websocket.Accept(rw, r, nil)
		if err != nil {
			return
		}
		defer near.CloseNow()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		far, _, err := websocket.Dial(ctx, w.url(), nil)
		if err != nil {
			return
		}
		defer far.CloseNow()
		far.SetReadLimit(1 << 20)
		back := make(chan struct{})
		go func() {
			defer close(back)
			defer near.CloseNow()
			for {
				_, text, err := far.Read(ctx)
				if err != nil || near.Write(ctx, websocket.MessageText, text) != nil {
					return
				}
			}
		}()
		for {
			_, text, err := near.Read(ctx)
			if err != nil {
				break
			}
			f, err := wire.Decode(text)
			if err != nil || far.Write(ctx, websocket.MessageText, forget(f).Encode()) != nil {
				break
			}
		}
		far.CloseNow()
		<-back
	}))
	w.t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/socket"
}

// forget takes the extension out of a frame.
func forget(f wire.Frame) wire.Frame {
	extension := map[string][]string{wire.Authenticate: {"sync"}, wire.Sync: {"after", "cursor"}}[f.Event]
	if o, err := wire.DecodeObject(f.Payload); err == nil && extension != nil {
		for _, key := range extension {
			delete(o, key)
		}
		f.Payload = wire.Encode(o)
	}
	return f
}

// TestMirror_old copies hubs without the extension, in both forms.
func TestMirror_old(t *testing.T) {
	for form, want := range map[string]struct {
		form    string
		changed int64 // records that come after 10,000 changes of 51 games
	}{
		"versions": {"since", 51},
		"records":  {"records", 1000}, // all that there are: 998 games, 2 channels
	} {
		t.Run(form, func(t *testing.T) {
			w := open(t)
			w.sql(games(1000))
			w.site = w.application("Old", form)
			url := w.old()
			path := filepath.Join(t.TempDir(), "site.db")
			through := func(o *mirror.Options) { o.URL = url }
			c := w.copy(path, through)
			if l := c.level(); l.Form != want.form || l.Verified || l.Repaired || l.Counts["games"] != 1000 {
				t.Errorf("level: %+v", l)
			}
			equal(t, "at first", c.received.Load(), int64(1002))
			w.sameRecords(c)
			c.took()

			// Live.
			w.sql(`UPDATE games SET tagline = 'live' WHERE id = 3; DELETE FROM games WHERE id = 4; UPDATE channels SET description = 'new' WHERE id = 1`)
			w.settle(c, `SELECT count(*) FROM hub_channels WHERE description = 'new'`, "1")
			w.sameRecords(c)
			equal(t, "live changes", c.took(), []string{"update games Game3", "delete games Game4", "update channels gossip"})

			// Away.
			_ = c.stop() // it was told to
			w.sql(changes + `DELETE FROM connections WHERE game_id = 61`)
			c = w.copy(path, through)
			c.level()
			w.sameRecords(c)
			if got := len(c.took()); got != 51 {
				t.Errorf("%d records changed in the tables, want 51", got)
			}
			equal(t, "what came after 10,000 changes", c.received.Load(), want.changed)
			_ = c.stop()

			// The hub learns the extension.
			c = w.copy(path)
			for {
				if l := c.level(); l.Verified {
					break
				}
			}
			w.same(c)
		})
	}
}

// A client that is no application, or that the hub does not let in, is told so.
func TestMirror_refused(t *testing.T) {
	w := open(t)
	path := filepath.Join(t.TempDir(), "site.db")
	site := w.site
	w.site = w.game("Alpha")
	if err := w.copy(path).wait(); !errors.Is(err, mirror.ErrNoRecords) {
		t.Errorf("a game's credentials: %v", err)
	}
	w.site.Secret = "wrong"
	if err := w.copy(path).wait(); !errors.Is(err, client.ErrCredentials) {
		t.Errorf("a wrong secret: %v", err)
	}
	if err := w.copy(path, func(o *mirror.Options) { o.URL = "nowhere" }).wait(); !errors.Is(err, client.ErrOptions) {
		t.Errorf("no address: %v", err)
	}
	w.site = site
	c := w.copy(path)
	c.level()
	w.same(c)
}

// Files and prefixes that will not do are refused, and nothing is written into them.
func TestOpen(t *testing.T) {
	w := open(t)
	if _, err := mirror.Open(t.Context(), w.path, mirror.Options{}); !errors.Is(err, mirror.ErrHubFile) {
		t.Errorf("the hub's own file: %v", err)
	}
	if n := ask(t, w.path, `SELECT count(*) FROM sqlite_schema WHERE name GLOB 'hub_*'`); n != "0" {
		t.Errorf("%s tables were made in the hub's own file", n)
	}
	dir := t.TempDir()
	for _, prefix := range []string{"1_", "hub-", "x; DROP", strings.Repeat("x", 40)} {
		if m, err := mirror.Open(t.Context(), filepath.Join(dir, "a.db"), mirror.Options{Prefix: prefix}); err == nil {
			m.Close()
			t.Errorf("the prefix %q will do", prefix)
		}
	}
	path := filepath.Join(dir, "site.db")
	m := must(mirror.Open(t.Context(), path, mirror.Options{}))
	if s := must(m.Status(t.Context())); s.Form != "" || s.Counts["games"] != 0 || !s.LevelAt.IsZero() {
		t.Errorf("an empty copy: %+v", s)
	}
	check(t, m.Close())
	run(t, path, `CREATE TABLE mine (game_id INTEGER); UPDATE hub_sync SET layout = 1000`)
	if _, err := mirror.Open(t.Context(), path, mirror.Options{}); !errors.Is(err, mirror.ErrLayout) {
		t.Errorf("a newer program's tables: %v", err)
	}
	check(t, os.WriteFile(path+".txt", []byte(strings.Repeat("no database\n", 1000)), 0o600))
	if _, err := mirror.Open(t.Context(), path+".txt", mirror.Options{}); err == nil {
		t.Error("a text file will do")
	}
}
