package hubtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// TestMain makes the test binary a fake hub when it runs under the hub's name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "hearsay" {
		if err := fakeHub(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func fakeProgram(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "hearsay")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	return program
}

// fakeHub is as much of the hub's command line as the tests need.
func fakeHub(args []string) error {
	flags := map[string]string{}
	var rest []string
	for i := 2; i < len(args); i++ {
		key, value, ok := strings.Cut(strings.TrimPrefix(args[i], "--"), "=")
		switch {
		case !strings.HasPrefix(args[i], "--"):
			rest = append(rest, args[i])
		case !ok && key != "json":
			i++
			flags[key] = args[i]
		default:
			flags[key] = value
		}
	}
	if args[0] == "serve" {
		return fakeServe(args[4])
	}
	conn, err := sqlite.OpenConn(flags["db"])
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := sqlitex.ExecuteScript(conn, `
CREATE TABLE IF NOT EXISTS games (short_name TEXT, name TEXT, display TEXT, description TEXT);
CREATE TABLE IF NOT EXISTS channels (name TEXT, description TEXT, public TEXT);
INSERT INTO channels SELECT 'seeded', NULL, 'true' WHERE NOT EXISTS (SELECT 1 FROM games);`, nil); err != nil {
		return err
	}
	switch command := strings.Join(args[:2], " "); command {
	case "game add", "application add":
		fmt.Printf(`{"id":1,"client_id":"id of %s","client_secret":"secret"}`, flags["short-name"])
		return sqlitex.Execute(conn, "INSERT INTO games VALUES (?, ?, ?, ?)",
			&sqlitex.ExecOptions{Args: []any{flags["short-name"], flags["name"], flags["display"], flags["description"]}})
	case "channel add":
		return sqlitex.Execute(conn, "INSERT INTO channels VALUES (?, ?, ?)",
			&sqlitex.ExecOptions{Args: []any{rest[0], flags["description"], flags["public"]}})
	case "channel edit":
		return sqlitex.Execute(conn, "UPDATE channels SET description = ? WHERE name = ?",
			&sqlitex.ExecOptions{Args: []any{flags["description"], rest[0]}})
	default:
		return errors.New("unknown command " + command)
	}
}

func fakeServe(addr string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server := &http.Server{Addr: addr, Handler: http.HandlerFunc(serveFake)}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

const fakeFixture = `{
	"games": [{"short_name": "Alpha", "name": "Alpha MUD", "display": false, "description": "A game"}],
	"channels": [{"name": "gossip"}, {"name": "testing", "hidden": true, "description": "Tests"}],
	"applications": [{"short_name": "Vine", "name": "Grapevine", "sync_form": "versions"}]}`

func TestPlayDialogues(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "talk.json"), `{"fixture": `+fakeFixture+`, "cases": [
		{"name": "talk", "peers": [{"id": "a", "as": "Alpha", "authenticate": {}}, {"id": "b", "as": "Vine", "authenticate": {}}],
		 "steps": [`+send("right")+`,`+right+`,{"quiet": ["a", "b"]}]},
		{"name": "restart", "peers": [{"id": "a"}], "steps": [
			{"do": "restart"}, {"close": "a", "code": -1}, {"connect": {"id": "a", "as": "Alpha", "authenticate": {}}},`+quiet+`]},
		{"name": "stop", "steps": [{"do": "stop"}]},
		{"name": "administer", "peers": [{"id": "a"}], "steps": [
			{"do": "game add", "name": "Beta", "set": {"name": "Beta MUD", "display": true}},
			{"connect": {"id": "b", "as": "Beta", "authenticate": {"id": "${Beta.id}"}}},
			{"do": "channel edit", "name": "testing", "set": {"description": null}},
			{"sql": "UPDATE games SET short_name = 'C' WHERE short_name = 'Vine'"},`+
		send("records")+`, {"mirror": "a", "kind": "games", "query": "SELECT 'A' AS game UNION ALL SELECT 'B'"}]}]}`)
	PlayDialogues(t, fakeProgram(t), dir)
}

func TestPlayCase_fallenHub(t *testing.T) {
	program := fakeProgram(t)
	for _, test := range []struct{ name, steps, want string }{
		{"a panic", send("panic") + "," + right, `the hub printed "panic: it fell"`},
		{"a panic, from its steps", send("panic") + "," + right, "step 2 (expect)"},
		{"an end", send("exit") + `,{"close":"a","code":-1}`, "the hub ended by itself"},
		{"a race", send("race") + `,{"expect":"a","frame":{"event":"race"}}`, `the hub printed "WARNING: DATA RACE"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, err := newHub(newDatabase(program, t.TempDir()), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(h.kill)
			err = playCase(t.Context(), h, decodeCase(t, `{"peers":[{"id":"a"}],"steps":[`+test.steps+`]}`), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if !h.process.hasEnded() {
				t.Error("the process runs on")
			}
		})
	}
}

func TestDatabase_provision(t *testing.T) {
	var f fixture
	if err := decodeStrict([]byte(fakeFixture), &f); err != nil {
		t.Fatal(err)
	}
	db := newDatabase(fakeProgram(t), t.TempDir())
	who, err := db.provision(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := who["Alpha"], (credential{"id of Alpha", "secret"}); got != want || len(who) != 2 {
		t.Errorf("got %v, want two credentials, that of Alpha %v", who, want)
	}
	for _, test := range []struct{ query, want string }{
		{"SELECT * FROM channels", `[{"description":null,"name":"gossip","public":"true"},{"description":"Tests","name":"testing","public":"false"}]`},
		{"SELECT * FROM games WHERE short_name = 'Alpha'", `[{"description":"A game","display":"false","name":"Alpha MUD","short_name":"Alpha"}]`},
	} {
		rows, err := db.query(t.Context(), test.query)
		if got := strings.ReplaceAll(string(encode(rows)), `"description":""`, `"description":null`); err != nil || got != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.query, got, err, test.want)
		}
	}
}

func TestDatabase_administer(t *testing.T) {
	db := newDatabase(fakeProgram(t), t.TempDir())
	if _, err := db.administer(t.Context(), "channel burn", "gossip", nil); err == nil || !strings.Contains(err.Error(), "unknown command channel burn") {
		t.Errorf("got %v, want what the program printed", err)
	}
}

func TestClaimAddr(t *testing.T) {
	var taken []string
	for range 20 {
		addr, claim, err := claimAddr()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = claim.Close() })
		if slices.Contains(taken, addr) {
			t.Errorf("%s was given twice", addr)
		}
		taken = append(taken, addr)
	}
}

func TestTranscript(t *testing.T) {
	for _, test := range []struct {
		parts []string
		want  string
	}{
		{[]string{"http: panic serving: x\n", "a panic: no\n"}, ""},
		{[]string{"one\n", "pan", "ic: ", "it fell\nand more\n"}, "panic: it fell"},
		{[]string{"fatal error: all asleep\n", strings.Repeat("x\n", 100<<10)}, "fatal error: all asleep"},
		{[]string{"==\nWARNING: DATA RACE\n"}, "WARNING: DATA RACE"},
	} {
		var printed transcript
		for _, part := range test.parts {
			fmt.Fprint(&printed, part)
		}
		if got := printed.disaster(); got != test.want {
			t.Errorf("%.80q: got %q, want %q", test.parts, got, test.want)
		}
	}
}
