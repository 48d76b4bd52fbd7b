package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/spf13/pflag"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/admin/setting"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	"hearsay/hub/wire"
	"hearsay/sync/mirror"
)

// program is this test's binary under the name hearsay: then it is the hub.
var program string

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "hearsay" {
		main()
		return
	}
	dir, err := os.MkdirTemp("", "hearsay-")
	if err == nil {
		program, err = hubtest.Link(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = flag.Set("test.parallel", "4") // dialogues mostly wait; the command line may say otherwise
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// TestDialogues plays the contract against the real program.
func TestDialogues(t *testing.T) {
	hubtest.PlayDialogues(t, program, "hub/testdata/dialogues")
}

// TestDialogues_beyond plays what this hub does beyond the contract.
func TestDialogues_beyond(t *testing.T) {
	hubtest.PlayDialogues(t, program, "hub/testdata/beyond")
}

// TestImports keeps the arrows between packages as ARCHITECTURE.md draws them.
func TestImports(t *testing.T) {
	allowed := map[string][]string{
		"hearsay":                     {"hearsay/admin", "hearsay/admin/command", "hearsay/admin/setting", "hearsay/hub", "hearsay/hub/page", "hearsay/hub/site", "hearsay/hub/site/mail", "hearsay/hub/store", "hearsay/sync"},
		"hearsay/admin":               {"hearsay/admin/setting", "hearsay/assets", "hearsay/hub", "hearsay/hub/page", "hearsay/hub/quota", "hearsay/hub/site/mail", "hearsay/hub/store", "hearsay/hub/wire"},
		"hearsay/admin/command":       {"hearsay/admin/setting", "hearsay/assets", "hearsay/hub/client", "hearsay/hub/store", "hearsay/hub/wire", "hearsay/sync/mirror"},
		"hearsay/admin/setting":       {"hearsay/hub", "hearsay/hub/site/mail", "hearsay/hub/store"},
		"hearsay/assets":              nil,
		"hearsay/hub":                 {"hearsay/hub/fold", "hearsay/hub/store", "hearsay/hub/wire"},
		"hearsay/hub/client":          {"hearsay/hub/fold", "hearsay/hub/wire"},
		"hearsay/hub/client/chatroom": {"hearsay/hub/client", "hearsay/hub/wire"},
		"hearsay/hub/fold":            {"hearsay/hub/wire"},
		"hearsay/hub/hubtest":         {"hearsay/hub/store", "hearsay/hub/wire"},
		"hearsay/hub/hubtest/load":    {"hearsay/hub/store", "hearsay/hub/wire"},
		"hearsay/hub/hubtest/chrome":  nil,
		"hearsay/hub/page":            {"hearsay/assets", "hearsay/hub/quota", "hearsay/hub/store"},
		"hearsay/hub/quota":           nil,
		"hearsay/hub/site":            {"hearsay/assets", "hearsay/hub", "hearsay/hub/page", "hearsay/hub/quota", "hearsay/hub/site/mail", "hearsay/hub/site/oauth", "hearsay/hub/store", "hearsay/hub/wire"},
		"hearsay/hub/site/mail":       {"hearsay/hub/store"},
		"hearsay/hub/site/oauth":      {"hearsay/hub/quota", "hearsay/hub/store"},
		"hearsay/hub/store":           {"hearsay/hub/fold", "hearsay/hub/wire", "hearsay/migrations"},
		"hearsay/hub/wire":            nil,
		"hearsay/migrations":          nil,
		"hearsay/sync":                {"hearsay/hub/store", "hearsay/hub/wire"},
		"hearsay/sync/mirror":         {"hearsay/hub/client", "hearsay/hub/wire"},
		"hearsay/sync/mirror/listing": {"hearsay/sync/mirror"},
	}
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if _, known := allowed[words[0]]; !known {
			t.Errorf("package %s has no place in the layout", words[0])
		}
		for _, other := range words[1:] {
			ours := other == "hearsay" || strings.HasPrefix(other, "hearsay/")
			if ours && !slices.Contains(allowed[words[0]], other) {
				t.Errorf("%s must not import %s", words[0], other)
			}
			if words[0] == "hearsay/hub/wire" && strings.Contains(other, ".") {
				t.Errorf("%s must import the standard library alone, not %s", words[0], other)
			}
			if strings.HasPrefix(other, "github.com/pressly/goose") && words[0] != "hearsay/migrations" {
				t.Errorf("%s must not import goose", words[0])
			}
		}
	}
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestServe(t *testing.T) {
	p := hubtest.NewProgram(t, program, nil)
	p.Start()
	hubtest.Eventually(t, "the greeting", func() bool { return strings.Contains(p.Printed(), "Stop with Ctrl-C") })
	for _, want := range []string{p.Socket(), p.Page("/"), p.Path(), p.Page("/setup/"), "dev"} {
		if !strings.Contains(p.Printed(), want) {
			t.Errorf("the greeting lacks %q:\n%s", want, p.Printed())
		}
	}
	for path, want := range map[string]string{"/": "<h1", "/healthz": "ok", "/readyz": "ready"} {
		if status, body := get(t, p.Page(path)); status != 200 || !strings.Contains(body, want) {
			t.Errorf("GET %s: status %d, want 200 with %q in %.200s", path, status, want, body)
		}
	}
	if out, err := p.Try("serve", "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(out, "another server") {
		t.Errorf("a second server on the file: %v, %s", err, out)
	}
	p.Stop()
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(p.Path() + suffix); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a clean stop left %s behind", suffix)
		}
	}
	p.Start()
	p.Stop()
}

func TestServe_badSettings(t *testing.T) {
	p := hubtest.NewProgram(t, program, nil)
	p.Run("game", "add", "--short-name", "Alpha", "--name", "Alpha MUD")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"serve", "--heartbeat", "0s"}, "heartbeat: must be more than 0"},
		{[]string{"serve", "--name", "Not A Name"}, "short_name"},
		{[]string{"serve", "--name", "alpha"}, "taken"},
		{[]string{"--listen", "nonsense"}, `hearsay: listen: "nonsense" is no address to listen on; write it as HOST:PORT`},
		{[]string{"--listen", "127.0.0.1:99999"}, "hearsay: listen: "},
		{[]string{"--listen", "192.0.2.1:8080"}, "hearsay: listen: "}, // of no machine: RFC 5737
		{[]string{"--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0"}, "--listen is given twice; give it once"},
		{[]string{"--metrics-token", "horse", "--metrics-token", "horse"}, "--metrics-token is given twice; give it once"},
		{[]string{"serve", "--log-format", "xml"}, "use text or json"},
		{[]string{"serve", "--log-level", "loud"}, "use debug, info, warn or error"},
		{[]string{"serve", "--limit-events", "many"}, "BURST,PER_SECOND"},
		{[]string{"serve", "--trusted-proxies", "home"}, "neither an address nor a network"},
		{[]string{"serve", "--tls-cert", "x.pem"}, "tls_key"},
		{[]string{"serve", "--smtp-url", "smtp://mail.example"}, "public_url"},
		{[]string{"serve", "extra"}, "extra"},
		{[]string{"srve"}, "unknown command"},
	} {
		out, err := p.Try(test.args...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(out, test.want) || strings.Contains(out, "horse") {
			t.Errorf("%q: %v, want exit code 2 and %q in: %s", test.args, err, test.want, out)
		}
	}
}

// What the machine, and not the input, is at fault for is told with the mend, too; and a
// misspelt variable is told without its value.
func TestServe_addressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("HEARSAY_SMPT_URL", "horse")
	p := hubtest.NewProgram(t, program, nil)
	out, err := p.Try("--listen", l.Addr().String())
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(out, "or choose another with --listen") ||
		!strings.Contains(out, "did you mean HEARSAY_SMTP_URL?") || strings.Contains(out, "horse") {
		t.Errorf("got %v: %s", err, out)
	}
}

func TestVersion(t *testing.T) {
	p := hubtest.NewProgram(t, program, nil)
	if got, want := p.Run("--version"), p.Run("version"); got != want || !strings.HasPrefix(got, "hearsay ") {
		t.Errorf("--version prints %q, version %q", got, want)
	}
}

// A container may have no zone files: they are in the program.
func TestZones(t *testing.T) {
	info, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil || !strings.Contains(string(info), "time/tzdata\n") {
		t.Errorf("the zones are not linked: %v", err)
	}
}

// TestServe_mail: the settings reach the pages, and a link leads to the address of the
// settings, whatever host the request names.
func TestServe_mail(t *testing.T) {
	post := hubtest.NewPostOffice(t, false)
	p := hubtest.NewProgram(t, program, map[string]string{"smtp_url": post.URL, "public_url": "https://hub.example", "mail_from": "hub@hub.example", "sign_up": "open"})
	st, err := store.Open(t.Context(), p.Path(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.InviteUser(t.Context(), store.User{Username: "Ann", Role: store.Person}); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	p.Run("user", "email", "Ann", "ann@mail.example", "--verified")
	p.Start()
	if status, body := get(t, p.Page("/sign-up")); status != 200 || !strings.Contains(body, "For a new password when you forget") {
		t.Errorf("/sign-up: status %d: %s", status, body)
	}
	answer, err := http.PostForm(p.Page("/forgotten"), url.Values{"email": {"ann@mail.example"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if l := post.Await(t); l.From != "hub@hub.example" || l.To != "ann@mail.example" || !strings.Contains(l.Text, "https://hub.example/password/") {
		t.Errorf("got %+v", l)
	}
	p.Stop()
}

// TestShell: what the sqlite3 program writes on the live file arrives within a
// second, and what it takes back never.
func TestShell(t *testing.T) {
	p := hubtest.NewProgram(t, program, nil)
	app := p.Add("application", "add", "--short-name", "Vine", "--name", "Vine", "--sync-form", "versions")
	p.Run("game", "add", "--short-name", "Alpha", "--name", "Alpha MUD")
	p.Start()
	a := hubtest.NewApplication("versions")
	if err := a.Connect(t.Context(), p.Socket(), app); err != nil {
		t.Fatal(err)
	}
	defer a.Conn.CloseNow()
	for _, test := range []struct{ sql, want string }{
		{`INSERT INTO channels (name, description, hidden) VALUES ('shell', NULL, 0)`, `sync/channels create "name":"shell"`},
		{`UPDATE channels SET description = 'One' WHERE name = 'shell'`, `sync/channels update "description":"One"`},
		{`BEGIN; UPDATE channels SET description = 'Never' WHERE name = 'shell'; ROLLBACK; DELETE FROM channels WHERE name = 'shell'`, `sync/channels delete "description":"One"`},
		{`UPDATE games SET tagline = 'Two'`, `sync/games update "tagline":"Two"`},
		{`INSERT INTO connections (game_id, type, host, port) SELECT id, 'telnet', 'mud.example', 4000 FROM games`, `sync/games update "port":4000`},
		{`UPDATE connections SET port = 4001`, `sync/games update "port":4001`},
		{`DELETE FROM connections`, `sync/games update "connections":[]`},
		{`INSERT INTO events (game_id, title, start_date, end_date) SELECT id, 'Fair', '2026-12-24', '2026-12-26' FROM games`, `sync/events create "title":"Fair"`},
		{`INSERT INTO games (short_name, name) VALUES ('Beta', 'Beta MUD')`, `sync/games create "game":"Beta"`},
		{`DELETE FROM games WHERE short_name = 'Beta'`, `sync/games delete "game":"Beta"`},
	} {
		p.SQL(test.sql)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		f, err := a.Read(ctx)
		cancel()
		if err != nil {
			t.Fatalf("%s: no frame within a second: %v", test.sql, err)
		}
		b, err := wire.DecodeSync(f.Event, f.Payload)
		if err != nil || len(b.Versions) != 1 {
			t.Fatalf("%s: got %s %s, %v", test.sql, f.Event, f.Payload, err)
		}
		event, rest, _ := strings.Cut(test.want, " ")
		action, part, _ := strings.Cut(rest, " ")
		if f.Event != event || b.Versions[0].Action != action || !strings.Contains(string(f.Payload), part) {
			t.Errorf("%s: got %s %s, want %s", test.sql, f.Event, f.Payload, test.want)
		}
	}
}

// TestCatchUp_editing: what three writers do during four catch-ups is neither lost
// nor doubled, in either form.
func TestCatchUp_editing(t *testing.T) {
	p := hubtest.NewProgram(t, program, map[string]string{"limit_sockets": "0"})
	app := p.Add("application", "add", "--short-name", "Vine", "--name", "Vine")
	p.SQL(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1900)
		INSERT INTO games (short_name, name) SELECT 'G' || i, 'Game ' || i FROM n`)
	p.SQL(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
		INSERT INTO channels (name, hidden) SELECT 'room-' || char(97 + i / 26, 97 + i % 26), 0 FROM n`)
	p.Start()
	st, err := store.Open(t.Context(), p.Path(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var writers, readers sync.WaitGroup
	var level atomic.Int64
	const mark = "the last edit"
	for w := range 3 {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil && (level.Load() < 4 || i < 300); i++ {
				if err := edit(ctx, st, w, i); err != nil {
					t.Errorf("writer %d, edit %d: %v", w, i, err)
					return
				}
			}
		})
	}
	apps := make([]*hubtest.Application, 4)
	for i := range apps {
		apps[i] = hubtest.NewApplication([]string{"records", "versions"}[i%2])
		readers.Go(func() {
			a := apps[i]
			err := a.Connect(ctx, p.Socket(), app)
			level.Add(1)
			for ended := false; err == nil && !ended; {
				var f wire.Frame
				if f, err = a.Read(ctx); err == nil {
					err = a.Apply(f)
					ended = strings.Contains(string(f.Payload), mark)
				}
			}
			if err != nil {
				t.Errorf("application %d: %v", i, err)
				cancel()
			}
		})
	}
	writers.Wait()
	text := mark
	if err := st.UpdateChannel(ctx, "gossip", store.ChannelEdit{Description: &text}); err != nil {
		t.Error(err)
	}
	readers.Wait()
	fresh := hubtest.NewApplication("versions")
	if err := fresh.Connect(ctx, p.Socket(), app); err != nil {
		t.Fatal(err)
	}
	for i, a := range append(apps, fresh) {
		if got, want := a.Content(), fresh.Content(); got != want {
			t.Errorf("application %d ends with other records than the hub", i)
		}
		a.Conn.CloseNow()
	}
	if n := len(fresh.Records[wire.KindGames]); n < 1900 {
		t.Errorf("%d games are left", n)
	}
}

// edit is one of many: writer w edits, adds and removes games of its own.
func edit(ctx context.Context, st *store.Store, w, i int) error {
	text := fmt.Sprintf("writer %d, edit %d", w, i)
	switch {
	case i%10 == 3:
		_, err := st.CreateGame(ctx, store.Game{ShortName: fmt.Sprintf("W%dn%d", w, i), Name: text, Display: true}, store.LongSecret)
		return err
	case i%10 == 8 && i%20 > 10:
		return st.DeleteGame(ctx, fmt.Sprintf("W%dn%d", w, i-5))
	}
	return st.UpdateGame(ctx, fmt.Sprintf("G%d", 1+(w+3*i*37)%1900), store.GameEdit{Description: &text})
}

// TestKill: kill -9 in the middle of everything, again and again, loses nothing
// that was acknowledged and leaves nothing that was not.
func TestKill(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 3
	}
	p := hubtest.NewProgram(t, program, map[string]string{"limit_events": "0", "limit_sends": "0"})
	k := &killing{
		Program: p, app: p.Add("application", "add", "--short-name", "Vine", "--name", "Vine", "--sync-form", "versions"),
		alpha:  p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha MUD"),
		beta:   p.Add("game", "add", "--short-name", "Beta", "--name", "Beta MUD"),
		mirror: hubtest.NewApplication("versions"),
		edits:  map[string]int{},
	}
	for round := range rounds {
		p.Start()
		k.round(t, round)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d rounds: %d messages said and %d heard, %d edits, the mirror at version %d",
		rounds, len(k.said), len(k.heard), k.edited, k.mirror.Cursor)
	if problems, err := store.Check(t.Context(), p.Path()); err != nil || len(problems) > 0 {
		t.Errorf("after the last kill: %v, %q", err, problems)
	}
	p.Start()
	k.verify(t)
	p.Stop()
}

// TestKill_mirror: kill -9 of a mirror, of the hub, and of both, while records change; each
// time the copy goes on where it was, and ends as the hub.
func TestKill_mirror(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 3
	}
	p := hubtest.NewProgram(t, program, nil)
	c := p.Add("application", "add", "--short-name", "Site", "--name", "Site", "--sync-form", "versions")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(c.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "mirror.db")
	start := func(more ...string) (cmd *exec.Cmd, lines *bufio.Scanner) {
		cmd = exec.Command(program, append([]string{"mirror", "--json", "--hub", p.Socket(), "--client-id", c.ClientID,
			"--client-secret-file", secret, "--db", db}, more...)...)
		out, err := cmd.StdoutPipe()
		if err == nil {
			cmd.Stderr = os.Stderr
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, unless the test failed
		return cmd, bufio.NewScanner(out)
	}
	up, edits := false, 0
	for round := range rounds {
		if !up {
			p.Start()
			up = true
		}
		cmd, lines := start()
		stop := make(chan struct{})
		var busy sync.WaitGroup
		busy.Go(func() { // the operator edits, by SQL
			conn, err := sqlite.OpenConn(p.Path(), sqlite.OpenReadWrite)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			conn.SetBusyTimeout(10 * time.Second)
			for {
				select {
				case <-stop:
					return
				default:
				}
				edits++
				if err := sqlitex.ExecuteScript(conn, fmt.Sprintf(`
					INSERT INTO games (short_name, name, client_id) VALUES ('E%[1]d', 'Edit %[1]d', 'id-%[1]d');
					UPDATE games SET tagline = 'edit %[1]d' WHERE id %% 7 = %[1]d %% 7;
					DELETE FROM games WHERE id %% 50 = %[1]d %% 50 AND id < (SELECT max(id) FROM games) - 20;`, edits), nil); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Millisecond) // an operator breathes
			}
		})
		for n := 0; n < 1+round*7%40 && lines.Scan(); n++ { // each is a batch, or a change
		}
		if round%3 > 0 {
			p.Kill()
			up = false
		}
		if round%3 < 2 {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it says that it was killed
		}
		close(stop)
		busy.Wait()
		if !up {
			p.Start()
			up = true
		}
		if round%3 == 2 { // it is there still: when it is level, it must be so by itself
			for lines.Scan() && !strings.Contains(lines.Text(), `"event":"level"`) {
			}
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		cmd, lines = start("--once", "--timeout", "1m")
		last := ""
		for lines.Scan() {
			last = lines.Text()
		}
		if err := cmd.Wait(); err != nil || !strings.Contains(last, `"verified":true`) || strings.Contains(last, `"repaired"`) {
			t.Fatalf("round %d: %v, %s", round, err, last)
		}
	}
	p.Stop()
	t.Logf("%d rounds, %d edits", rounds, edits)
	m, err := mirror.Open(t.Context(), db, mirror.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	status, err := m.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rows := p.SQL(`SELECT count(*) AS n FROM games`); fmt.Sprint(rows[0]["n"]) != fmt.Sprint(status.Counts["games"]) {
		t.Errorf("%v games, and %d in the copy", rows[0]["n"], status.Counts["games"])
	}
}

// killing is what the rounds of TestKill share: what the hub has acknowledged.
type killing struct {
	*hubtest.Program
	app, alpha, beta store.Credential
	mirror           *hubtest.Application

	said, heard []string
	edits       map[string]int // per channel or game the last edit that was acknowledged
	edited      int
}

// round chats, edits and mirrors until the hub is killed in the middle.
func (k *killing) round(t *testing.T, round int) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var busy sync.WaitGroup
	var progress [4]atomic.Int64
	busy.Go(func() { // Alpha talks
		s := k.enter(ctx, t, k.alpha)
		for i := 0; s != nil; i++ {
			text := fmt.Sprintf("round %d, message %d", round, i)
			f, err := s.Ask(ctx, wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: text}, nil)
			if err != nil {
				return
			}
			if f.Status != wire.StatusSuccess {
				t.Errorf("%s: %s", text, f.Error)
				return
			}
			k.said = append(k.said, text)
			progress[0].Add(1)
		}
	})
	busy.Go(func() { // Beta listens
		for s := k.enter(ctx, t, k.beta); s != nil; {
			f, err := s.Read(ctx)
			if err != nil {
				return
			}
			if f.Event == wire.ChannelsBroadcast {
				var said wire.SendPayload
				if err := json.Unmarshal(f.Payload, &said); err != nil {
					t.Error(err)
				}
				k.heard = append(k.heard, said.Message)
				progress[1].Add(1)
			}
		}
	})
	busy.Go(func() { // the application mirrors
		err := k.mirror.Connect(ctx, k.Socket(), k.app)
		if err != nil && strings.Contains(err.Error(), "digest") {
			t.Errorf("round %d: %v", round, err)
		}
		for err == nil {
			var f wire.Frame
			if f, err = k.mirror.Read(ctx); err != nil {
				return
			}
			if err = k.mirror.Apply(f); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			progress[2].Add(1)
		}
	})
	stop := make(chan struct{})
	busy.Go(func() { // the operator edits, by commands
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			k.edited++
			name, args := "Alpha", []string{"game", "edit", "Alpha"}
			if i%2 == 1 {
				name, args = "gossip", []string{"channel", "edit", "gossip"}
			}
			if out, err := k.Try(append(args, "--description", fmt.Sprintf("edit %d", k.edited))...); err != nil {
				t.Errorf("edit %d: %v: %s", k.edited, err, out)
			}
			k.edits[name] = k.edited
			progress[3].Add(1)
		}
	})
	hubtest.Eventually(t, "progress", func() bool {
		for i := range progress {
			if progress[i].Load() < int64(1+round%3) {
				return false
			}
		}
		return true
	})
	k.Kill()
	close(stop)
	busy.Wait()
}

// enter connects a game that hears gossip, or gives nil if the hub has gone.
func (k *killing) enter(ctx context.Context, t *testing.T, c store.Credential) *hubtest.Socket {
	s, err := hubtest.Dial(ctx, k.Socket())
	if err == nil {
		err = s.Authenticate(ctx, c, map[string]any{"channels": []string{"gossip"}})
	}
	if err != nil {
		t.Logf("a game did not get in: %v", err)
		return nil
	}
	return s
}

// verify compares what was acknowledged with what is there.
func (k *killing) verify(t *testing.T) {
	logged := map[string]bool{}
	for _, row := range k.SQL(`SELECT message FROM messages`) {
		logged[row["message"].(string)] = true
	}
	for what, texts := range map[string][]string{"said": k.said, "heard": k.heard} {
		for _, text := range texts {
			if !logged[text] {
				t.Errorf("%q was %s and is not in the log", text, what)
			}
		}
	}
	for name, least := range k.edits {
		row := k.SQL(`SELECT description FROM games WHERE short_name = '` + name + `'
			UNION SELECT description FROM channels WHERE name = '` + name + `'`)[0]
		var n int
		if _, err := fmt.Sscanf(fmt.Sprint(row["description"]), "edit %d", &n); err != nil || n < least {
			t.Errorf("%s has %q, want edit %d", name, row["description"], least)
		}
	}
	if err := k.mirror.Connect(t.Context(), k.Socket(), k.app); err != nil {
		t.Errorf("the mirror: %v", err)
	}
	k.mirror.Conn.CloseNow()
	fresh := hubtest.NewApplication("versions")
	if err := fresh.Connect(t.Context(), k.Socket(), k.app); err != nil {
		t.Fatal(err)
	}
	defer fresh.Conn.CloseNow()
	if k.mirror.Content() != fresh.Content() {
		t.Error("the mirror differs from a fresh one")
	}
	for kind, query := range map[string]string{wire.KindGames: `SELECT count(*) AS n FROM games`, wire.KindChannels: `SELECT count(*) AS n FROM channels`} {
		if got, want := len(k.mirror.Records[kind]), fmt.Sprint(k.SQL(query)[0]["n"]); fmt.Sprint(got) != want {
			t.Errorf("the mirror has %d %s, the file %s", got, kind, want)
		}
	}
}

// connect connects a game to a running hub.
func connect(t *testing.T, p *hubtest.Program, c store.Credential) *hubtest.Socket {
	t.Helper()
	s, err := hubtest.Dial(t.Context(), p.Socket())
	if err == nil {
		t.Cleanup(func() { s.Conn.CloseNow() })
		err = s.Authenticate(t.Context(), c, map[string]any{"channels": []string{"gossip"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantRestart reads a restart notice, and the close if the hub stops.
func wantRestart(t *testing.T, s *hubtest.Socket, stops bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		f, err := s.Read(ctx)
		if err != nil {
			t.Errorf("no restart was announced: %v", err)
			return
		}
		if f.Event == wire.Restart {
			break
		}
	}
	for stops {
		if _, err := s.Read(ctx); err != nil {
			if websocket.CloseStatus(err) != wire.ClosePlannedStop {
				t.Errorf("the socket ended with %v", err)
			}
			return
		}
	}
}

// TestRestart: settings of the file hold at once or after a restart, which the server does
// by itself; who connects meanwhile waits.
func TestRestart(t *testing.T) {
	p := hubtest.NewProgram(t, program, map[string]string{"max_history": "50"})
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.SQL(`INSERT INTO settings VALUES ('offline-after', 'soon'), ('max-history', '60')`)
	p.Start()
	hubtest.Eventually(t, "the warning", func() bool { return strings.Contains(p.Printed(), "setting=offline-after") })
	s := connect(t, p, c)
	say := func(s *hubtest.Socket, text string) string {
		t.Helper()
		f, err := s.Ask(t.Context(), wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: text}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return f.Status
	}
	if got := say(s, "Hello"); got != wire.StatusSuccess {
		t.Errorf("before: %s", got)
	}
	p.Run("setting", "set", "max-text", "3")
	hubtest.Eventually(t, "the limit", func() bool { return say(s, "Hi, all") == wire.StatusFailure })

	if out := p.Run("restart", "announce", "--downtime", "60"); out != "Told Alpha. Now stop the server, and start it again.\n" {
		t.Errorf("announced: %s", out)
	}
	wantRestart(t, s, false)
	if got := say(s, "Hi"); got != wire.StatusSuccess {
		t.Errorf("afterwards: %s", got)
	}

	p.Run("setting", "set", "name", "Moonlight")
	if out := p.Run("restart", "now"); out != "Told Alpha. The server starts again.\n" {
		t.Errorf("restarted: %s", out)
	}
	wantRestart(t, s, true)
	s = connect(t, p, c) // at once: it waits
	if got := say(s, "Hello"); got != wire.StatusFailure {
		t.Errorf("the limit is forgotten: %s", got)
	}
	f, err := s.Ask(t.Context(), wire.TellsSend, map[string]any{
		"from_name": "Ann", "to_game": "Moonlight", "to_name": "system", "sent_at": "2026-01-01T00:00:00Z", "message": "Hi",
	}, nil)
	if err != nil || f.Error == "unknown game" {
		t.Errorf("the hub is not called Moonlight: %s %s, %v", f.Status, f.Error, err)
	}
	if n := strings.Count(p.Printed(), "Stop with Ctrl-C"); n != 2 {
		t.Errorf("it started %d times", n)
	}
	s.Conn.CloseNow() // else the stop waits for it
	p.Stop()
}

// TestLasting: a connection that a closing listener still gets is the next server's.
func TestLasting(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &lasting{TCPListener: tcp.(*net.TCPListener), closed: true} // and no deadline: so it is in that moment
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if c, err := l.Accept(); c != nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the closed listener gives %v, %v", c, err)
	}
	if err := l.reopen(); err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil || c.RemoteAddr().String() != client.LocalAddr().String() {
		t.Fatalf("the next server gets %v, %v", c, err)
	}
	if err := errors.Join(c.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	if c, err := l.Accept(); c != nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after Close: %v, %v", c, err)
	}
	if err := l.end(); err != nil {
		t.Error(err)
	}
}

// TestRestore: the server puts a backup in the place of its own file, from the browser.
func TestRestore(t *testing.T) {
	p := hubtest.NewProgram(t, program, nil)
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	st, err := store.Open(t.Context(), p.Path(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.CreateUser(t.Context(), store.User{Username: "ann", Role: store.Admin}, "correct horse"); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	var made store.BackupFile
	if err := json.Unmarshal([]byte(p.Run("backup", "--json")), &made); err != nil {
		t.Fatal(err)
	}
	p.Add("game", "add", "--short-name", "Beta", "--name", "Beta")
	p.Start()
	s := connect(t, p, c)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: 30 * time.Second}
	ask := func(path string, form url.Values) string {
		t.Helper()
		var answer *http.Response
		var err error
		if form == nil {
			answer, err = browser.Get(p.Page(path))
		} else {
			answer, err = browser.PostForm(p.Page(path), form)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	signIn := url.Values{"username": {"ann"}, "password": {"correct horse"}, "next": {"/admin/backups"}}
	if page := ask("/login", signIn); !strings.Contains(page, made.Name) {
		t.Fatalf("no backup is on the page: %s", page)
	}
	// The answer is the login of the server that comes after.
	told := make(chan struct{})
	go func() {
		defer close(told)
		wantRestart(t, s, true)
	}()
	if page := ask("/admin/backups/"+made.Name+"/restore", url.Values{"confirm": {"restore"}}); !strings.Contains(page, `id="password"`) {
		t.Errorf("after the restore: %s", page)
	}
	<-told
	page := ask("/login", signIn)
	for _, want := range []string{"Restored " + made.Name, ".before-restore-"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q: %s", want, page)
		}
	}
	connect(t, p, c).Conn.CloseNow() // else the next stop waits for it
	if games := p.SQL(`SELECT short_name FROM games`); len(games) != 1 {
		t.Errorf("there are the games %v", games)
	}
	if rows := p.SQL(`SELECT actor FROM audit WHERE action = 'backup restore'`); len(rows) != 1 || rows[0]["actor"] != "ann" {
		t.Errorf("on record is %v", rows)
	}
	kept, err := filepath.Glob(p.Path() + ".before-restore-*")
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept is %q, %v", kept, err)
	}
	if problems, err := store.Check(t.Context(), kept[0]); err != nil || len(problems) > 0 {
		t.Errorf("the old file: %q, %v", problems, err)
	}
	if f, err := store.Inspect(t.Context(), kept[0]); err != nil || f.Games != 2 {
		t.Errorf("the old file: %+v, %v", f, err)
	}

	// What cannot be restored because another program has the file open leaves it as it is.
	other, err := store.Open(t.Context(), p.Path(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ask("/admin/backups/"+made.Name+"/restore", url.Values{"confirm": {"restore"}})
	hubtest.Eventually(t, "the server", func() bool { return strings.Count(p.Printed(), "Stop with Ctrl-C") == 3 })
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	if page := ask("/admin/backups", nil); !strings.Contains(page, "was not restored") || !strings.Contains(page, "another program") {
		t.Errorf("the page says nothing: %s", page)
	}
	p.Stop()
}

// TestReadme: the README knows every setting, with its default.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	setting.Default().Flags(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		for line := range strings.Lines(string(readme)) {
			if strings.HasPrefix(line, "| ") && strings.Contains(line, "`--"+f.Name+"`") {
				if value := f.DefValue; value != "" && value != "[]" && !strings.Contains(line, "`"+value+"`") {
					t.Errorf("the README has another default than %s of --%s: %s", value, f.Name, line)
				}
				return
			}
		}
		t.Errorf("the README does not know --%s", f.Name)
	})
}

// TestReadme_metrics: what the README says to look at is there once a game and an
// application have done something.
func TestReadme_metrics(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	free.Close()
	p := hubtest.NewProgram(t, program, map[string]string{"limit_sends": "1,1", "metrics_token": "correct-horse", "metrics_listen": at})
	game, listener := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha"), p.Add("game", "add", "--short-name", "Beta", "--name", "Beta")
	site := p.Add("application", "add", "--short-name", "Site", "--name", "Site")
	p.Run("backup")
	p.Start()
	a := hubtest.NewApplication("records")
	if err := a.Connect(t.Context(), p.Socket(), site); err != nil {
		t.Fatal(err)
	}
	defer a.Conn.CloseNow()
	var sockets []*hubtest.Socket
	for _, c := range []store.Credential{game, listener} {
		s, err := hubtest.Dial(t.Context(), p.Socket())
		if err == nil {
			defer s.Conn.CloseNow()
			err = s.Authenticate(t.Context(), c, map[string]any{"channels": []string{"gossip"}, "user_agent": "test"})
		}
		if err != nil {
			t.Fatal(err)
		}
		sockets = append(sockets, s)
	}
	for range 2 { // the second is over the limit
		if _, err := sockets[0].Ask(t.Context(), wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: "Hello"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sockets[1].Read(t.Context()); err != nil { // the message
		t.Fatal(err)
	}
	for f := (wire.Frame{}); f.Event != wire.SyncPrefix+wire.KindGames; { // the client's name is news
		if f, err = a.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	lines := regexp.MustCompile(`hearsay_[a-z_]+`).FindAllString(string(readme), -1)
	if len(lines) < 7 {
		t.Errorf("the README names only %q", lines)
	}
	lines = append(lines, "hearsay_events_dropped_total 1\n", "hearsay_deliveries_total 2\n")
	for _, line := range lines {
		hubtest.Eventually(t, line, func() bool {
			_, body := get(t, "http://"+at+"/metrics")
			return strings.Contains(body, "\n"+line)
		})
	}
}

// TestMetrics: on the hub's own address every request needs the token.
func TestMetrics(t *testing.T) {
	p := hubtest.NewProgram(t, program, map[string]string{"metrics_token": "correct-horse"})
	p.Start()
	for token, want := range map[string]int{"": http.StatusUnauthorized, "correct-horse": http.StatusOK} {
		r, err := http.NewRequest(http.MethodGet, p.Page("/metrics"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("with token %q: status %d, want %d", token, answer.StatusCode, want)
		}
	}
	if out, err := p.Try("serve", "--listen", "127.0.0.1:0", "--metrics-listen", "nowhere"); err == nil || !strings.Contains(out, "metrics_listen") {
		t.Errorf("%v: %s", err, out)
	}
}

// signedIn makes ann an admin, and is her browser.
func signedIn(t *testing.T, p *hubtest.Program) *http.Client {
	t.Helper()
	st, err := store.Open(t.Context(), p.Path(), store.Options{})
	if err == nil {
		_, err = st.CreateUser(t.Context(), store.User{Username: "ann", Role: store.Admin}, "correct horse")
		err = errors.Join(err, st.Close())
	}
	jar, err2 := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Timeout: 30 * time.Second}
	answer, err3 := browser.PostForm(p.Page("/login"), url.Values{"username": {"ann"}, "password": {"correct horse"}})
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return browser
}

// TestServe_lost: the file goes away under the running hub, which then takes nothing more,
// saves what it has, says so, and comes back with it.
func TestServe_lost(t *testing.T) {
	p := hubtest.NewProgram(t, program, map[string]string{"metrics_token": "correct-horse"})
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.Start()
	browser := signedIn(t, p)
	s := connect(t, p, c)
	send := func(text string) wire.Frame {
		t.Helper()
		f, err := s.Ask(t.Context(), wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: text}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := send("before"); f.Status != wire.StatusSuccess {
		t.Fatalf("got %+v", f)
	}
	if err := os.Remove(p.Path()); err != nil {
		t.Fatal(err)
	}
	hubtest.Eventually(t, "not ready", func() bool {
		status, body := get(t, p.Page("/readyz"))
		return status == http.StatusServiceUnavailable && strings.Contains(body, "lost")
	})
	if f := send("after"); f.Status == wire.StatusSuccess {
		t.Errorf("a message was taken: %+v", f)
	}
	rescue := regexp.MustCompile(`hearsay-[0-9TZ]+-rescued\.db`)
	var name string
	hubtest.Eventually(t, "the dashboard", func() bool {
		answer, err := browser.Get(p.Page("/admin"))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		name = rescue.FindString(string(text))
		return err == nil && strings.Contains(string(text), "Urgent") && name != ""
	})
	r, err := http.NewRequest(http.MethodGet, p.Page("/metrics"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer correct-horse")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || !strings.Contains(string(body), "hearsay_file_lost 1\n") {
		t.Errorf("the metrics say nothing: %v", err)
	}
	s.Conn.CloseNow()
	saved := filepath.Join(filepath.Dir(p.Path()), "backups", name)
	if code := p.End(); code == 0 || !strings.Contains(p.Printed(), "hearsay restore "+saved) || strings.Count(p.Printed(), "level=ERROR") != 1 {
		t.Errorf("it ended with %d and printed:\n%s", code, p.Printed())
	}
	if out, err := p.Try("serve", "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(out, "is gone") {
		t.Errorf("it starts with an empty file: %v, %s", err, out)
	}
	if err := os.Remove(p.Path() + "-wal"); err != nil {
		t.Fatal(err)
	}
	if out, err := p.Try("serve", "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(out, "hearsay restore "+saved) {
		t.Errorf("it starts with an empty file when the WAL is gone as well: %v, %s", err, out)
	}
	p.Run("restore", saved)
	if rows := p.SQL(`SELECT message FROM messages`); len(rows) != 1 || rows[0]["message"] != "before" {
		t.Errorf("restored are %v", rows)
	}
	p.Start()
	connect(t, p, c).Conn.CloseNow()
	p.Stop()
}

// TestServe_lostAndRestored: an admin puts the file that was saved in the place of the lost
// one, and the hub goes on with it.
func TestServe_lostAndRestored(t *testing.T) {
	p := hubtest.NewProgram(t, program, nil)
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.Start()
	browser := signedIn(t, p)
	if err := os.Rename(p.Path(), p.Path()+".old"); err != nil {
		t.Fatal(err)
	}
	var saved []string
	hubtest.Eventually(t, "the rescue", func() bool {
		saved, _ = filepath.Glob(filepath.Join(filepath.Dir(p.Path()), "backups", "hearsay-*-rescued.db"))
		return len(saved) == 1 && strings.Contains(p.Printed(), "saved the lost database")
	})
	answer, err := browser.PostForm(p.Page("/admin/backups/"+filepath.Base(saved[0])+"/restore"), url.Values{"confirm": {"restore"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	hubtest.Eventually(t, "the hub", func() bool {
		status, _ := get(t, p.Page("/readyz"))
		return status == http.StatusOK && strings.Count(p.Printed(), "Stop with Ctrl-C") == 2
	})
	connect(t, p, c).Conn.CloseNow()
	p.Stop()
	if rows := p.SQL(`SELECT actor FROM audit WHERE action = 'backup restore'`); len(rows) != 1 || rows[0]["actor"] != "ann" {
		t.Errorf("on record is %v", rows)
	}
}

// TestServe_otherNames: a second hub does not start on the file, whatever it calls it.
func TestServe_otherNames(t *testing.T) {
	p := hubtest.NewProgram(t, program, nil)
	p.Run("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.Start()
	folder := t.TempDir()
	soft, again, hard := filepath.Join(folder, "soft.db"), filepath.Join(folder, "again.db"), filepath.Join(filepath.Dir(p.Path()), "hard.db")
	if err := errors.Join(os.Symlink(p.Path(), soft), os.Symlink("soft.db", again)); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{soft, again} {
		if out, err := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--db", link).CombinedOutput(); err == nil || !strings.Contains(string(out), "another server") {
			t.Errorf("a second server by %s: %v, %s", link, err, out)
		}
		if out, err := exec.Command(program, "game", "edit", "Alpha", "--tagline", link, "--db", link).CombinedOutput(); err != nil {
			t.Errorf("a command by %s: %v, %s", link, err, out)
		}
	}
	if err := os.Link(p.Path(), hard); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"game", "list"}} {
		if out, err := exec.Command(program, append(args, "--db", hard)...).CombinedOutput(); err == nil || !strings.Contains(string(out), "2 names") {
			t.Errorf("%q by a hard link: %v, %s", args, err, out)
		}
	}
	if err := os.Remove(hard); err != nil {
		t.Fatal(err)
	}
	p.Stop()
}

// BenchmarkStart is the time from the start of the process to its first answer.
func BenchmarkStart(b *testing.B) {
	for _, games := range []int{0, 10000} {
		b.Run(fmt.Sprintf("games=%d", games), func(b *testing.B) {
			p := hubtest.NewProgram(b, program, nil)
			if games > 0 {
				p.Run("channel", "add", "first")
				p.SQL(fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
					INSERT INTO games (short_name, name) SELECT 'G' || i, 'Game ' || i FROM n`, games))
			}
			for b.Loop() {
				p.Start()
				p.Kill()
			}
		})
	}
}

// TestServe_certificate: a hub whose certificate was replaced by one that does not fit serves on.
func TestServe_certificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	cert1, key1 := hubtest.Certificate(t, 1)
	cert2, _ := hubtest.Certificate(t, 2)
	for path, text := range map[string][]byte{cert: cert1, key: key1} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := hubtest.NewProgram(t, program, map[string]string{"tls_cert": cert, "tls_key": key})
	p.Start()
	address := strings.TrimSuffix(strings.TrimPrefix(p.Page("/"), "http://"), "/")
	if err := os.WriteFile(cert, append(cert2, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // it has signed itself
		if err != nil {
			t.Fatal(err)
		}
		if n := conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(); n != 1 {
			t.Errorf("got certificate %d", n)
		}
		conn.Close()
	}
	if n := strings.Count(p.Printed(), "no pair"); n != 1 {
		t.Errorf("the fault was logged %d times at once: %s", n, p.Printed())
	}
}

// TestServe_hangup: SIGHUP has certificates and settings read again, and disconnects nobody.
func TestServe_hangup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGHUP")
	}
	p := hubtest.NewProgram(t, program, nil)
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.Start()
	s := connect(t, p, c)
	for n := range 2 {
		p.Signal(syscall.SIGHUP)
		if n == 0 { // the second line within a minute is counted
			hubtest.Eventually(t, "the word of it", func() bool { return strings.Contains(p.Printed(), "were read again") })
		}
		f, err := s.Ask(t.Context(), wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: "Hello"}, nil)
		if err != nil || f.Status != wire.StatusSuccess {
			t.Fatalf("after SIGHUP: %+v, %v", f, err)
		}
	}
	s.Conn.CloseNow() // else the stop waits for it
	p.Stop()
	if !strings.Contains(p.Printed(), "repeated=1") {
		t.Errorf("the second is not counted: %s", p.Printed())
	}
}

// TestServe_pause: what a command has changed holds when it returns.
func TestServe_pause(t *testing.T) {
	p := hubtest.NewProgram(t, program, map[string]string{"limit_sends": "0"})
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.Start()
	s := connect(t, p, c)
	for range 5 {
		for _, step := range []struct{ command, want string }{{"pause", wire.ErrorPaused}, {"unpause", ""}} {
			p.Run("channel", step.command, "gossip")
			f, err := s.Ask(t.Context(), wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: "Hello"}, nil)
			if err != nil || f.Error != step.want {
				t.Errorf("after channel %s: %+v, %v", step.command, f, err)
			}
		}
	}
	s.Conn.CloseNow() // else the stop waits for it
	p.Stop()
}

// TestServe_flood: with few descriptors, connections that trickle their requests and sockets
// that never authenticate keep no game out.
func TestServe_flood(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no limit of descriptors")
	}
	p := hubtest.NewProgram(t, program, nil)
	c := p.Add("game", "add", "--short-name", "Alpha", "--name", "Alpha")
	p.Limit(100)
	p.Start()
	hubtest.Eventually(t, "the warning", func() bool { return strings.Contains(p.Printed(), "open_files=100") })
	address := strings.TrimSuffix(strings.TrimPrefix(p.Page("/"), "http://"), "/")
	for i := range 300 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		request := "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na"
		if i%3 == 0 {
			request = "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
		}
		_, _ = io.WriteString(conn, request) // the hub may have closed it
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // before the first of the others is timed out
	defer cancel()
	s, err := hubtest.Dial(ctx, p.Socket())
	if err == nil {
		defer s.Conn.CloseNow()
		err = s.Authenticate(ctx, c, map[string]any{"channels": []string{"gossip"}})
	}
	if err != nil {
		t.Fatalf("a game is kept out: %v", err)
	}
	if status, _ := get(t, p.Page("/healthz")); status != http.StatusOK {
		t.Errorf("a page: status %d", status)
	}
	if f, err := s.Ask(ctx, wire.ChannelsSend, wire.SendPayload{Channel: "gossip", Name: "Ann", Message: "Hello"}, nil); err != nil || f.Status != wire.StatusSuccess {
		t.Errorf("a game: %+v, %v", f, err)
	}
}

// TestTopLevel: package main is one file; what it wires has rooms of its own.
func TestTopLevel(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if want := []string{"main.go", "main_test.go"}; err != nil || !slices.Equal(files, want) {
		t.Errorf("got %q, want %q, %v", files, want, err)
	}
}
