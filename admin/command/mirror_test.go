package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hearsay/admin/command"
	"hearsay/hub"
	"hearsay/hub/hubtest"
	"hearsay/hub/store"
	backbone "hearsay/sync"
)

// A far is a hub that mirrors copy, on a loopback address.
type far struct {
	st   *store.Store
	url  string
	args []string // of mirror, for an application of the hub's
}

func newFar(t *testing.T) *far {
	t.Helper()
	st, err := store.Open(t.Context(), hubtest.NewFile(t), store.Options{})
	check(t, err)
	h, err := hub.New(t.Context(), st, hub.Options{Backbone: backbone.New(st)})
	check(t, err)
	server := httptest.NewServer(h)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		h.Run(ctx)
	}()
	t.Cleanup(func() {
		h.Shutdown(context.Background(), hub.Downtime)
		server.Close()
		cancel()
		<-ran
		check(t, st.Close())
	})
	f := &far{st: st, url: "ws" + strings.TrimPrefix(server.URL, "http") + "/socket"}
	f.args = f.as(t, add(t, st.CreateApplication, store.Application{ShortName: "Site", Name: "Site", SyncForm: "versions"}))
	add(t, st.CreateGame, store.Game{ShortName: "Alpha", Name: "Alpha", Display: true})
	return f
}

func add[T any](t *testing.T, create func(context.Context, T, store.SecretForm) (store.Credential, error), v T) store.Credential {
	t.Helper()
	c, err := create(t.Context(), v, store.LongSecret)
	check(t, err)
	return c
}

// as gives the arguments with which a mirror uses a credential.
func (f *far) as(t *testing.T, c store.Credential) []string {
	t.Helper()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.txt")
	check(t, os.WriteFile(secret, []byte(c.Secret+"\n"), 0o600))
	return []string{"mirror", "--hub", f.url, "--client-id", c.ClientID, "--client-secret-file", secret, "--db", filepath.Join(dir, "mirror.db")}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A printed is what a command has printed so far.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// mirrorWith runs the command until it ends, and gives its exit code.
func mirrorWith(ctx context.Context, in string, args ...string) (code int, out, problems string) {
	root := newRoot()
	var stdout, stderr printed
	root.SetIn(strings.NewReader(in))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	problems = stderr.String()
	if err != nil {
		problems += err.Error()
	}
	return command.ExitCode(err), stdout.String(), problems
}

func TestMirror_once(t *testing.T) {
	f := newFar(t)
	code, out, problems := mirrorWith(t.Context(), "", append(f.args, "--once")...)
	const level = "Level with the hub: 2 channels, 1 games, 0 events, 0 achievements, 0 rules at version 3; the digests are equal.\n"
	if code != 0 || out != level || problems != "" {
		t.Errorf("got %d, %q, %q", code, out, problems)
	}
	code, out, _ = mirrorWith(t.Context(), "", append(f.args, "--once", "--json")...)
	var line map[string]any
	if lines := strings.Split(strings.TrimSpace(out), "\n"); code != 0 || json.Unmarshal([]byte(lines[len(lines)-1]), &line) != nil {
		t.Fatalf("got %d, %q", code, out)
	}
	delete(line, "at")
	if log, _ := line["log"].(string); len(log) != 36 {
		t.Errorf("got the log %q, want a UUID", log)
	}
	delete(line, "log")
	text, err := json.Marshal(line)
	check(t, err)
	if want := `{"counts":{"achievements":0,"channels":2,"events":0,"games":1,"rules":0},"cursor":3,"event":"level","form":"cursor","verified":true}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func TestMirror_live(t *testing.T) {
	f := newFar(t)
	for _, form := range [][]string{nil, {"--json"}} {
		ctx, stop := context.WithCancel(t.Context())
		root := newRoot()
		var stdout printed
		root.SetOut(&stdout)
		root.SetErr(&stdout)
		root.SetArgs(append(f.args, form...))
		ended := make(chan error, 1)
		go func() { ended <- root.ExecuteContext(ctx) }()
		level, change := "Level with", " update games Alpha (id 1, version "
		if form != nil {
			level, change = `"event":"level"`, `"event":"change"`
		}
		hubtest.Eventually(t, "the level", func() bool { return strings.Contains(stdout.String(), level) })
		check(t, f.st.UpdateGame(ctx, "Alpha", store.GameEdit{Tagline: new("new " + level)}))
		hubtest.Eventually(t, "the change", func() bool { return strings.Contains(stdout.String(), change) })
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stopped: %v", err)
		}
	}
}

func TestMirror_exit(t *testing.T) {
	f := newFar(t)
	game := f.as(t, add(t, f.st.CreateGame, store.Game{ShortName: "Beta", Name: "Beta"}))
	without := func(flag string) []string {
		var args []string
		for i := 0; i < len(f.args); i++ {
			if f.args[i] == flag {
				i++
				continue
			}
			args = append(args, f.args[i])
		}
		return args
	}
	with := func(flag, value string) []string { return append(without(flag), flag, value) }
	empty := filepath.Join(t.TempDir(), "empty")
	check(t, os.WriteFile(empty, []byte(" \n"), 0o600))
	page := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer page.Close()
	address := strings.TrimPrefix(page.URL, "http://")
	for name, c := range map[string]struct {
		args []string
		in   string
		code int
		says string
	}{
		"a byte order mark":   {with("--client-secret-file", "-"), "\ufeffsecret", 2, "begins with a byte order mark. Save it as UTF-8 without one"},
		"UTF-16":              {with("--client-secret-file", "-"), "\xff\xfes\x00e\x00c\x00", 2, "is in UTF-16. Save it as UTF-8"},
		"UTF-16, no mark":     {with("--client-secret-file", "-"), "s\x00e\x00c\x00", 2, "is in UTF-16. Save it as UTF-8"},
		"two lines":           {with("--client-secret-file", "-"), "id\nsecret", 2, "Leave nothing but the secret there"},
		"no scheme":           {with("--hub", address), "", 2, "the address cannot be read: first path segment in URL cannot contain colon. One looks like wss://hub.example/socket"},
		"no path":             {with("--hub", "ws://"+address), "", 2, "A hub's socket is at ws://" + address + "/socket"},
		"a page's path":       {with("--hub", "ws://"+address+"/games"), "", 2, "the address answered 200, so there is no socket. A hub's address ends in /socket"},
		"a password":          {with("--hub", "ws://ann:hunter2@"+address+"/socket"), "", 2, "Take them out"},
		"a password, no ws":   {with("--hub", "https://ann:hunter2@"+address+"/socket"), "", 2, "Take them out"},
		"a password, no port": {with("--hub", "ann:hunter2@hub.example"), "", 2, "no address of a hub"},
		"no hub":              {without("--hub"), "", 2, "hub"},
		"no secret":           {without("--client-secret-file"), "", 2, "client-secret-file"},
		"no such file":        {with("--client-secret-file", "/none"), "", 2, "/none"},
		"an empty file":       {with("--client-secret-file", empty), "", 2, "is empty"},
		"no address":          {with("--hub", "hub.example"), "", 2, "wss://"},
		"a bad prefix":        {with("--prefix", "x-y"), "", 2, "prefix"},
		"the hub's own file":  {with("--db", f.st.Path()), "", 2, "a hub's own"},
		"a wrong secret":      {with("--client-secret-file", "-"), "wrong", 3, "invalid credentials"},
		"a game's credential": {game, "", 3, "an application"},
		"nobody there":        {append(with("--hub", "ws://127.0.0.1:1/socket"), "--timeout", "200ms"), "", 4, "within 200ms"},
	} {
		code, out, problems := mirrorWith(t.Context(), c.in, c.args...)
		if code != c.code || out != "" || !strings.Contains(problems, c.says) {
			t.Errorf("%s: got %d, %q, %q", name, code, out, problems)
		}
		if strings.Contains(problems, "hunter2") {
			t.Errorf("%s: a password is told: %q", name, problems)
		}
	}
}
