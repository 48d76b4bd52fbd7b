package hubtest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"hearsay/hub/store"
)

// A Program is a database file and the hub's binary, which serves it as a process of
// its own or runs a command on it.
type Program struct {
	t testing.TB
	h *hub
}

// NewProgram has a new database in a folder of the test. settings are serve's
// flags, with underscores. Nothing runs yet; what runs at the test's end is killed,
// and fails the test if it has panicked or ended by itself.
func NewProgram(t testing.TB, program string, settings map[string]string) *Program {
	t.Helper()
	h, err := newHub(newDatabase(program, t.TempDir()), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.finish(); err != nil {
			t.Errorf("%v; the hub printed:\n%s", err, &h.printed)
		}
	})
	return &Program{t, h}
}

// Path is that of the database file.
func (p *Program) Path() string { return p.h.path }

// Socket is the URL of the socket; Page that of a page.
func (p *Program) Socket() string          { return "ws://" + p.h.addr + "/socket" }
func (p *Program) Page(path string) string { return "http://" + p.h.addr + path }

// Start starts the hub, and returns when it listens.
func (p *Program) Start() {
	p.t.Helper()
	if err := p.h.start(p.t.Context()); err != nil {
		p.t.Fatalf("%v; the hub printed:\n%s", err, &p.h.printed)
	}
}

// Kill ends the hub as a power switch would.
func (p *Program) Kill() {
	p.h.kill()
	p.h.process = nil
}

// Limit has the hub start with so few files and sockets that it may have open. It needs sh.
func (p *Program) Limit(descriptors int) { p.h.descriptors = descriptors }

// Signal sends the hub a signal, and does not wait.
func (p *Program) Signal(signal os.Signal) {
	p.t.Helper()
	if err := p.h.process.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// Stop ends the hub as an operator would, and waits for it.
func (p *Program) Stop() {
	p.t.Helper()
	if code := p.End(); code != 0 {
		p.t.Fatalf("the hub ended with %d and printed:\n%s", code, &p.h.printed)
	}
}

// End is Stop for a hub that may end with another exit code than 0, which it gives.
func (p *Program) End() (code int) {
	p.t.Helper()
	if err := p.h.stop(); err != nil {
		p.t.Fatal(err)
	}
	if err := p.h.process.wait(stopTime); err != nil {
		p.t.Fatal(err)
	}
	code = p.h.process.cmd.ProcessState.ExitCode()
	p.h.process = nil
	return code
}

// Printed is the last of what the hub printed.
func (p *Program) Printed() string { return p.h.printed.String() }

// Run runs a command on the database, as another process, and gives what it printed.
func (p *Program) Run(args ...string) string {
	p.t.Helper()
	out, err := output(p.command(p.t.Context(), args...))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(out)
}

// Try is Run for a command that may fail.
func (p *Program) Try(args ...string) (string, error) {
	out, err := p.command(p.t.Context(), args...).CombinedOutput()
	return string(out), err
}

func (p *Program) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, p.h.program, append(args, "--db", p.h.path)...)
}

// Add runs a command that adds a game or an application.
func (p *Program) Add(args ...string) store.Credential {
	p.t.Helper()
	var c store.Credential
	if err := json.Unmarshal([]byte(p.Run(append(args, "--json")...)), &c); err != nil {
		p.t.Fatal(err)
	}
	return c
}

// SQL runs statements in the sqlite3 program, or in a connection of the test where
// that program is missing, and gives the rows as JSON objects.
func (p *Program) SQL(text string) []map[string]any {
	p.t.Helper()
	rows, err := p.h.query(p.t.Context(), text)
	if err != nil {
		p.t.Fatal(err)
	}
	return rows
}

// Link makes the running test binary known under the hub's name. A TestMain that
// sees that name in os.Args[0] must be the hub.
func Link(dir string) (program string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	program = filepath.Join(dir, "hearsay")
	return program, os.Symlink(self, program)
}

// Eventually asks until ok, and fails the test after some seconds.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
		_ = pause(t.Context(), 10*time.Millisecond)
	}
}
