//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"hearsay/hub/store"
)

// A server is a process that is measured, the hub or raw.
type server struct {
	port, pid int
	stop      func() // ends it, as an operator would, and waits
}

// startServer returns when the process has printed its address. It ends with ctx, and
// with this process.
func startServer(ctx context.Context, stdin io.Reader, program string, args ...string) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stdin, cmd.Stderr = stdin, os.Stderr
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "HEARSAY_") }) // they are settings of serve
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	s := &server{pid: cmd.Process.Pid, stop: func() {
		cancel()
		_ = cmd.Wait() // how it ended says nothing about the figures
	}}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) == 2 && words[0] == "socket" {
			_, port, _ := strings.Cut(strings.TrimSuffix(words[1], "/socket"), "127.0.0.1:")
			s.port, err = strconv.Atoi(port)
			return s, err
		}
	}
	s.stop()
	return nil, fmt.Errorf("%s has printed no address", filepath.Base(program))
}

// cpu is the processor time that all threads of the server have taken, those that have
// ended too.
func (s *server) cpu() time.Duration {
	var t unix.Timespec
	clock := ^int32(s.pid)<<3 | 2 // clock_getcpuclockid(3)
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0 // it is gone, which its sockets tell
	}
	return time.Duration(t.Nano())
}

// rss is the server's resident memory, in bytes.
func (s *server) rss() float64 { return procBytes(fmt.Sprintf("/proc/%d/status", s.pid), "VmRSS:") }

// slab is what the kernel holds for its own objects, in bytes.
func slab() float64 { return procBytes("/proc/meminfo", "Slab:") }

func procBytes(path, key string) float64 {
	b, _ := os.ReadFile(path) // a process that is gone has nothing
	_, rest, _ := bytes.Cut(b, []byte(key))
	fields := strings.Fields(string(rest))
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(fields[0], 64)
	return kib * 1024
}

// startRaw starts this program in its other role.
func startRaw(ctx context.Context, s script) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if s.Heartbeat == 0 {
		s.Heartbeat = 15 * time.Second
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return startServer(ctx, bytes.NewReader(text), self, "raw")
}

// A stage is a database, with what a scenario needs in it, and the settings.
type stage struct {
	*bench
	scenario, db     string
	sender, listener store.Credential // games
	site             store.Credential // an application
	achievement      string           // the key of one of sender
}

// silent is a channel whose messages are not logged, with a name as long as gossip.
const silent = "silent"

func (b *bench) newStage(ctx context.Context, scenario string) (*stage, error) {
	st := &stage{bench: b, scenario: scenario, db: filepath.Join(b.dir, scenario+".db"), achievement: uuid.NewString()}
	for _, add := range []struct {
		into *store.Credential
		args []string
	}{
		{&st.sender, []string{"game", "add", "--short-name", "Sender", "--name", "Sender"}},
		{&st.listener, []string{"game", "add", "--short-name", "Listener", "--name", "Listener"}},
		{&st.site, []string{"application", "add", "--short-name", "Site", "--name", "Site", "--sync-form", "versions"}},
		{new(store.Credential), []string{"channel", "add", silent, "--keep-days", "0"}},
	} {
		cmd := exec.CommandContext(ctx, b.program, append(add.args, "--json", "--db", st.db)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(out, add.into)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(add.args, " "), err)
		}
	}
	return st, st.sql(`INSERT INTO achievements (game_id, key, title, points) VALUES (?1, ?2, 'Found the treasure', 10)`,
		st.sender.ID, st.achievement)
}

// addGames adds games until there are so many; no hub must run.
func (st *stage) addGames(count int) error {
	return st.sql(`
		INSERT INTO games (short_name, name, description, homepage_url)
		WITH RECURSIVE n (i) AS (SELECT max(id) + 1 FROM games UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
		SELECT 'g' || i, 'Game ' || i, 'A game of some words, as games have', 'https://game.example/' || i FROM n`, count)
}

func (st *stage) sql(text string, args ...any) (err error) {
	conn, err := sqlite.OpenConn(st.db, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return sqlitex.Execute(conn, text, &sqlitex.ExecOptions{Args: args})
}

// startHub starts the hub without limits; part is what a scenario with many hubs calls
// this one.
func (st *stage) startHub(ctx context.Context, part string, args ...string) (*server, error) {
	args = append([]string{"serve", "--db", st.db, "--listen", "127.0.0.1:0", "--log-level", "error",
		"--limit-events", "0", "--limit-sends", "0", "--limit-subscribes", "0", "--limit-tells", "0",
		"--limit-sockets", "0", "--limit-all-sockets", "0"}, args...)
	if st.profile != "" {
		args = append(args, "--cpu-profile", filepath.Join(st.profile, st.scenario+part+".prof"))
	}
	s, err := startServer(ctx, nil, st.program, args...)
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: patience} // the hub listens already, so this waits until it serves
	answer, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", s.port))
	if err == nil {
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return s, nil
		}
		err = errors.New(answer.Status)
	}
	s.stop()
	return nil, fmt.Errorf("the hub is not ready: %w", err)
}
