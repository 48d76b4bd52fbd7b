package admin_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/admin"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
)

func TestDashboard_empty(t *testing.T) {
	s := newSite(t)
	s.signedIn(t, store.Admin).get(t, "/admin").want(t, http.StatusOK,
		"<h1>Dashboard</h1>", ">Games online<", ">Sync lag<", `aria-label="Players in the last 24 hours: nothing was measured yet."`,
		"Nothing does.", "No game is online.", "There are no applications.", `hx-sse:connect="/admin/live/dashboard?period=24h"`)
}

func TestDashboard(t *testing.T) {
	s := newSite(t)
	ctx, now := t.Context(), time.Now()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.Store.AddReading(ctx, now.Add(-time.Hour), store.Reading{Games: 2, Players: 7, Messages: 10}))
	check(s.Store.AddReading(ctx, now.Add(-48*time.Hour), store.Reading{Games: 3, Players: 90}))
	c, err := s.Store.CreateGame(ctx, store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret)
	check(err)
	connect(t, s, c, "Ann", "Bob")
	for _, a := range []store.Application{{ShortName: "Portal", Name: "Portal", SyncForm: "records"}, {ShortName: "Bridge", Name: "Bridge", SyncForm: "versions"}} {
		c, err := s.Store.CreateApplication(ctx, a, store.LongSecret)
		check(err)
		connect(t, s, c)
	}
	_, err = s.Store.CreateApplication(ctx, store.Application{ShortName: "Later", Name: "Later", SyncForm: "versions"}, store.LongSecret)
	check(err)

	b := s.signedIn(t, store.Admin)
	b.get(t, "/admin").want(t, http.StatusOK, "Players in the last 24 hours: 7 at least, 7 at most, 7 at last.",
		`<a href="/admin/games/Alpha">Alpha</a>`, `<td class="num">2</td>`, "AlphaMUD",
		">level<", ">has not asked for the sync<", ">never connected<", `<a href="/admin/applications/Bridge">`)
	b.get(t, "/admin?period=30d").want(t, http.StatusOK, "Players in the last 30 days: 7 at least, 90 at most, 7 at last.", "/admin/live/dashboard?period=30d")

	b.get(t, "/admin").want(t, http.StatusOK, ">What operators did<", "Nothing yet.")
	b.post(t, "/admin/games/Alpha/suspend", "reason", "spam").want(t, http.StatusSeeOther)
	b.get(t, "/admin").want(t, http.StatusOK, `<th scope="row">admin</th>`, "game suspend Alpha", `<a href="/admin/audit">`)

	page := s.signedIn(t, store.Moderator).get(t, "/admin").want(t, http.StatusOK, "Portal", "/admin/live/overview?")
	for _, path := range []string{`href="/admin/games`, `href="/admin/applications`, `href="/admin/new`} {
		if strings.Contains(page.text, path) || strings.Contains(page.text, "What operators did") {
			t.Errorf("a moderator sees a link %s, who may not go there", path)
		}
	}
}

// TestDashboard_attention: what is wrong is there, the worst first, and not for moderators.
func TestDashboard_attention(t *testing.T) {
	s := newSite(t, func(o *admin.Options) {
		o.LastBackup = func(context.Context) (time.Time, error) { return time.Now().Add(-220 * time.Hour), nil }
	})
	ctx, now := t.Context(), time.Now()
	for i := range 7 {
		c, err := s.Store.CreateGame(ctx, store.Game{ShortName: fmt.Sprint("Quiet", i), Name: fmt.Sprint("Quiet ", i)}, store.LongSecret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Store.Authenticate(ctx, c.ClientID, c.Secret, now.Add(-time.Duration(30+i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Store.RotateGame(ctx, "Quiet0", store.Rotation{OldEnds: now.Add(3 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	text := s.signedIn(t, store.Admin).get(t, "/admin").want(t, http.StatusOK).text
	rest := text
	for _, want := range []string{
		"Urgent: ", "The game Quiet0 still uses its old secret, which ends in 2 hours.", "Soon: ", "The last backup is 9 days old.",
		"The game Quiet0 has been silent for 1 day.", "The game Quiet4 has been silent for 1 day.", "2 others that used to be connected are silent too.",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("%q is not there, or not in its place: %s", want, text)
		}
		rest = after
	}
	s.signedIn(t, store.Moderator).get(t, "/admin").want(t, http.StatusOK, "Nothing does.")
}

// TestDashboard_proxy: a proxy that nobody has declared is named, with the flag that declares it.
func TestDashboard_proxy(t *testing.T) {
	at := netip.Addr{}
	s := newSite(t, func(o *admin.Options) { o.UndeclaredProxy = func() netip.Addr { return at } })
	s.signedIn(t, store.Admin).get(t, "/admin").want(t, http.StatusOK, "Nothing does.")
	at = netip.MustParseAddr("172.17.0.1")
	s = newSite(t, func(o *admin.Options) { o.UndeclaredProxy = func() netip.Addr { return at } })
	s.signedIn(t, store.Admin).get(t, "/admin").want(t, http.StatusOK, "through a proxy at 172.17.0.1", "--trusted-proxies 172.17.0.1")
	s.signedIn(t, store.Moderator).get(t, "/admin").want(t, http.StatusOK, "Nothing does.")
}

func TestDashboard_held(t *testing.T) {
	s := newSite(t)
	if err := s.Store.Hold(t.Context(), store.Held{Channel: 1, Sender: 1, Game: "Alpha", Name: "Ann", Text: "Buy gold", Rule: 1}); err != nil {
		t.Fatal(err)
	}
	for _, role := range []store.Role{store.Moderator, store.Admin} {
		s.signedIn(t, role).get(t, "/admin").want(t, http.StatusOK, `<a href="/admin/review">1 message waits for review.</a>`)
	}
}

func TestDashboard_backups(t *testing.T) {
	for want, last := range map[string]func() (time.Time, error){
		"There is no backup.":                          func() (time.Time, error) { return time.Time{}, nil },
		"The last backup failed: no room on the disk.": func() (time.Time, error) { return time.Now(), errors.New("no room on the disk") },
		"Nothing does.":                                func() (time.Time, error) { return time.Now().Add(-time.Hour), nil },
	} {
		s := newSite(t, func(o *admin.Options) {
			o.LastBackup = func(context.Context) (time.Time, error) { return last() }
		})
		s.signedIn(t, store.Admin).get(t, "/admin").want(t, http.StatusOK, want)
	}
}

// TestDashboard_wal: somebody reads an old state of the file, and its log grows.
func TestDashboard_wal(t *testing.T) {
	s := newSite(t)
	reader, err := sqlite.OpenConn(s.Store.Path(), sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, query := range []string{`BEGIN`, `SELECT count(*) FROM messages`} {
		if err := sqlitex.ExecuteTransient(reader, query, nil); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Repeat("x", 256<<10)
	for range 300 {
		if err := s.Store.Append(t.Context(), store.Message{Channel: 1, Game: "Alpha", Name: "Ann", Text: text}, func(store.Message) {}); err != nil {
			t.Fatal(err)
		}
	}
	hubtest.Eventually(t, "that it is known to be held", func() bool {
		w, err := s.Store.WAL()
		return err == nil && !w.Held.IsZero()
	})
	s.signedIn(t, store.Admin).get(t, "/admin").want(t, http.StatusOK, "write-ahead log takes", "A program has kept it from shrinking for")
}

// TestDashboard_live: what comes is there, in its part and no other.
func TestDashboard_live(t *testing.T) {
	s := newSite(t)
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.signedIn(t, store.Moderator).stream(t, "/admin/live/dashboard").StatusCode; got != http.StatusForbidden {
		t.Errorf("a moderator: got %d", got)
	}
	resp := s.signedIn(t, store.Admin).stream(t, "/admin/live/dashboard?period=24h")
	lines := bufio.NewScanner(resp.Body)
	wait := func(wants ...string) {
		t.Helper()
		for lines.Scan() {
			line := lines.Text()
			for i := 0; i < len(wants); i++ {
				if strings.Contains(line, wants[i]) {
					wants = append(wants[:i], wants[i+1:]...)
					i--
				}
			}
			if len(wants) == 0 {
				return
			}
		}
		t.Fatalf("the stream ended: %v; wanted %q", lines.Err(), wants)
	}
	wait(`hx-target="#games" hx-swap="innerMorph">0<`, `hx-target="#games-curve"`, "No game is online.")
	connect(t, s, c, "Ann")
	wait(`hx-target="#games" hx-swap="innerMorph">1<`, `hx-target="#players" hx-swap="innerMorph">1<`, `<a href="/admin/games/Alpha">Alpha</a>`)
}

// TestDashboard_inBrowser: a game that connects appears on an open dashboard.
func TestDashboard_inBrowser(t *testing.T) {
	t.Parallel() // most of the time is waiting; before sockets are there, which must not wait
	s := newSite(t)
	s.user(t, store.Admin)
	c, err := s.Store.CreateGame(t.Context(), store.Game{ShortName: "Alpha", Name: "Alpha MUD", Display: true}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	b := s.tab(t)
	b.signIn(t, "admin")
	b.Open(t, "/admin")
	b.Await(t, "#games", "0")
	b.See(t, "No game is online.")
	socket := connect(t, s, c, "Ann", "Bob")
	b.Await(t, "#games", "1")
	b.Await(t, "#players", "2")
	b.Await(t, "#busiest", "Alpha")
	_ = socket.Conn.CloseNow()
	b.Await(t, "#busiest", "link down")
}

// TestDashboard_clients: a client that tries in vain is named with the cause, silence is not
// forgotten, and both lead to the doctor.
func TestDashboard_clients(t *testing.T) {
	s := newSite(t)
	ctx, now := t.Context(), time.Now()
	for name, ago := range map[string]time.Duration{"Alpha": 3 * 24 * time.Hour, "Beta": 30 * 24 * time.Hour} {
		c, err := s.Store.CreateGame(ctx, store.Game{ShortName: name, Name: name}, store.LongSecret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Store.Authenticate(ctx, c.ClientID, c.Secret, now.Add(-ago)); err != nil {
			t.Fatal(err)
		}
		if name == "Alpha" {
			c.Secret = "wrong"
			for range 2 {
				_ = dialSite(t, s).Authenticate(ctx, c, nil) // fails
			}
		}
	}
	c, err := s.Store.CreateApplication(ctx, store.Application{ShortName: "Site", Name: "A player site", SyncForm: "versions"}, store.LongSecret)
	if err != nil {
		t.Fatal(err)
	}
	c.Secret = "wrong"
	_ = dialSite(t, s).Authenticate(ctx, c, nil) // fails
	if err := s.Store.FlushTouches(ctx); err != nil {
		t.Fatal(err)
	}
	s.signedIn(t, store.Admin).get(t, "/admin").want(t, http.StatusOK,
		`<a href="/admin/games/Alpha/doctor">The game Alpha has been silent for 3 days: the secret was wrong, 2 times, last just now.</a>`,
		`<a href="/admin/games/Beta/doctor">The game Beta has been silent for 1 month.</a>`,
		`<a href="/admin/applications/Site/doctor">The application Site cannot connect: the secret was wrong, 1 time, last just now.</a>`)
}
