package hubtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A credential is what the hub gives a game or an application.
type credential struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// A database is a file that the hub's own commands have made.
type database struct {
	program string // the hub's
	path    string
	shell   shell
}

func newDatabase(program, dir string) database {
	return database{program: program, path: filepath.Join(dir, "hearsay.db"), shell: newShell()}
}

// provision makes the database hold the fixture and nothing else.
func (db database) provision(ctx context.Context, f fixture) (map[string]credential, error) {
	who := map[string]credential{}
	add := func(noun, name string, set map[string]any) error {
		c, err := db.administer(ctx, noun+" add", name, set)
		who[name] = c
		return err
	}
	for _, g := range f.Games {
		set := map[string]any{"name": g.Name}
		if g.Display != nil {
			set["display"] = *g.Display
		}
		if g.Description != nil {
			set["description"] = *g.Description
		}
		if err := add("game", g.ShortName, set); err != nil {
			return nil, err
		}
	}
	// A new database comes with channels.
	if _, err := db.query(ctx, "DELETE FROM channels"); err != nil {
		return nil, err
	}
	for _, c := range f.Channels {
		set := map[string]any{"public": !c.Hidden}
		if c.Description != nil {
			set["description"] = *c.Description
		}
		if _, err := db.administer(ctx, "channel add", c.Name, set); err != nil {
			return nil, err
		}
	}
	for _, a := range f.Applications {
		set := map[string]any{"name": a.Name}
		if a.SyncForm != "" {
			set["sync_form"] = a.SyncForm
		}
		if err := add("application", a.ShortName, set); err != nil {
			return nil, err
		}
	}
	return who, nil
}

// administer runs a command such as "game edit". One that adds a game or an
// application gives its credential.
func (db database) administer(ctx context.Context, command, name string, set map[string]any) (credential, error) {
	noun, verb, _ := strings.Cut(command, " ")
	gives := verb == "add" && noun != "channel"
	args := []string{noun, verb, "--db", db.path}
	if gives {
		args = append(args, "--json", "--short-name", name)
	} else {
		args = append(args, name)
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		value := set[key]
		if value == nil {
			value = ""
		}
		args = append(args, fmt.Sprintf("--%s=%v", asFlag(key), value))
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	out, err := output(exec.CommandContext(ctx, db.program, args...))
	var c credential
	if err != nil || !gives {
		return c, err
	}
	if err := json.Unmarshal(out, &c); err != nil || c.ClientID == "" || c.ClientSecret == "" {
		return c, fmt.Errorf("%s: want a credential, got %s", strings.Join(args, " "), excerpt(out))
	}
	return c, nil
}

func (db database) query(ctx context.Context, sql string) ([]record, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return db.shell.query(ctx, db.path, sql)
}

func asFlag(key string) string { return strings.ReplaceAll(key, "_", "-") }

// A hub is a database with the process that serves it, one at a time.
type hub struct {
	database
	settings map[string]string
	addr     string
	claim    io.Closer // keeps addr
	printed  transcript
	process  *process

	descriptors int // that it may have; 0: as many as this process
}

func newHub(db database, settings map[string]string) (*hub, error) {
	addr, claim, err := claimAddr()
	if err != nil {
		return nil, err
	}
	return &hub{database: db, settings: settings, addr: addr, claim: claim}, nil
}

// claimAddr finds an address that stays ours while a hub restarts. Its port
// lies below those that kernels give to outgoing connections; the UDP port of
// the same number tells other test processes that it is taken.
func claimAddr() (string, io.Closer, error) {
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(10000+rand.IntN(20000)))
		claim, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err == nil {
			return addr, claim, l.Close()
		}
		if err := claim.Close(); err != nil {
			return "", nil, err
		}
	}
	return "", nil, errors.New("no free port")
}

// start returns once the hub listens.
func (h *hub) start(ctx context.Context) error {
	args := []string{"serve", "--db", h.path, "--listen", h.addr}
	for _, key := range slices.Sorted(maps.Keys(h.settings)) {
		args = append(args, "--"+asFlag(key), h.settings[key])
	}
	program := h.program
	if h.descriptors > 0 {
		args = append([]string{"-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(h.descriptors), program}, args...)
		program = "sh"
	}
	var err error
	if h.process, err = startProcess(&h.printed, program, args...); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		err := h.probe(ctx)
		if err == nil {
			return nil
		}
		if h.process.hasEnded() {
			return errors.New("want the hub to listen, but it ended")
		}
		if pause(ctx, 10*time.Millisecond) != nil {
			return fmt.Errorf("want the hub to listen, but %w", err)
		}
	}
}

// probe asks whether the hub serves. That somebody takes a connection proves nothing: while
// the test starts other processes, these hold what claimAddr has closed, until they exec.
func (h *hub) probe(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.addr+"/healthz", nil)
	if err != nil {
		return err
	}
	answer, err := prober.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

var prober = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}

// stop asks the hub to end, as an operator would; it does not wait.
func (h *hub) stop() error {
	if h.process == nil {
		return errors.New("no hub to stop")
	}
	return h.process.stop()
}

// startAgain starts a hub on the same database and address when the one before has ended.
func (h *hub) startAgain(ctx context.Context) error {
	if h.process != nil {
		if err := h.process.wait(stopTime); err != nil {
			return err
		}
	}
	return h.start(ctx)
}

// finish ends the process and reports what it did wrong, whatever the case saw.
func (h *hub) finish() error {
	var err error
	if h.process != nil {
		err = h.process.finish()
	}
	if line := h.printed.disaster(); line != "" {
		err = errors.Join(fmt.Errorf("the hub printed %q", line), err)
	}
	return errors.Join(err, h.claim.Close())
}

// kill leaves no process behind, even where finish was never reached.
func (h *hub) kill() {
	if h.process != nil {
		h.process.kill()
	}
}

// stopTime is how long a planned stop may take.
const stopTime = 10 * time.Second

// A process is one run of the hub.
type process struct {
	cmd      *exec.Cmd
	ended    chan struct{} // closed at the end
	stopping bool          // stop was called
}

func startProcess(printed io.Writer, program string, args ...string) (*process, error) {
	pr := &process{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	pr.cmd.Stdout, pr.cmd.Stderr = printed, printed
	pr.cmd.WaitDelay = time.Second
	dieWithParent(pr.cmd)
	if err := pr.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the hub: %w", err)
	}
	go func() {
		defer close(pr.ended)
		_ = pr.cmd.Wait() // the end counts, not the exit code
	}()
	return pr, nil
}

func (pr *process) hasEnded() bool {
	select {
	case <-pr.ended:
		return true
	default:
		return false
	}
}

func (pr *process) stop() error {
	pr.stopping = true
	if err := pr.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the hub: %w", err)
	}
	return nil
}

func (pr *process) wait(longest time.Duration) error {
	select {
	case <-pr.ended:
		return nil
	case <-time.After(longest):
		return fmt.Errorf("want the hub to end within %v of SIGTERM, but it runs", longest)
	}
}

// finish kills what runs, but a stop that has begun may end in its time.
func (pr *process) finish() error {
	fell := pr.hasEnded() && !pr.stopping
	var err error
	if pr.stopping {
		err = pr.wait(stopTime)
	}
	pr.kill()
	// It may have ended in the moment before the kill.
	if fell || !pr.stopping && pr.cmd.ProcessState.Exited() {
		err = fmt.Errorf("the hub ended by itself: %v", pr.cmd.ProcessState)
	}
	return err
}

// kill leaves nothing behind; it may be called again.
func (pr *process) kill() {
	_ = pr.cmd.Process.Kill() // fails if it has ended
	<-pr.ended
}

// A transcript keeps the last of what a hub prints and the line that must not
// be there, wherever it stood.
type transcript struct {
	mu   sync.Mutex // guards text, bad
	text []byte
	bad  string
}

var disaster = regexp.MustCompile(`(?m)^(panic:|fatal error:|WARNING: DATA RACE).*\n`)

func (t *transcript) Write(p []byte) (int, error) {
	const most = 32 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	line := bytes.LastIndexByte(t.text, '\n') + 1 // a line may come in parts
	t.text = append(t.text, p...)
	if t.bad == "" {
		t.bad = strings.TrimSpace(string(disaster.Find(t.text[line:])))
	}
	t.text = t.text[max(0, len(t.text)-most):]
	return len(p), nil
}

func (t *transcript) disaster() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bad
}

// String gives the end of it.
func (t *transcript) String() string {
	const most = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text[max(0, len(t.text)-most):])
}
