package command_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hearsay/admin/command"
)

// terminal opens a pseudo-terminal: what is written to far is typed at near, and what
// near echoes is read from far.
func terminal(t *testing.T) (far, near *os.File) {
	t.Helper()
	open := func(name string) *os.File {
		f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			t.Skipf("no pseudo-terminal: %v", err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	far = open("/dev/ptmx")
	if err := unix.IoctlSetPointerInt(int(far.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(far.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return far, open(fmt.Sprintf("/dev/pts/%d", number))
}

func echoes(t *testing.T, near *os.File) bool {
	t.Helper()
	settings, err := unix.IoctlGetTermios(int(near.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return settings.Lflag&unix.ECHO != 0
}

// addUser runs "user add" at the terminal until it has the echo turned off.
func addUser(ctx context.Context, t *testing.T, near *os.File) (ended chan error) {
	t.Helper()
	root := newRoot()
	root.SetIn(near)
	root.SetOut(io.Discard)
	root.SetErr(io.Discard)
	root.SetArgs([]string{"user", "add", "ann", "--db", filepath.Join(t.TempDir(), "hearsay.db")})
	ended = make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	for echoes(t, near) {
		select {
		case err := <-ended:
			t.Fatalf("it ended without a question: %v", err)
		default:
			runtime.Gosched()
		}
	}
	return ended
}

func TestPassword_noEcho(t *testing.T) {
	far, near := terminal(t)
	ended := addUser(t.Context(), t, near)
	// Both at once: between the two questions the echo is on for a moment.
	if _, err := far.WriteString("correct horse\ncorrect horse\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if !echoes(t, near) {
		t.Error("the echo is still off")
	}
	if _, err := near.WriteString("end"); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	for buf := make([]byte, 100); !strings.Contains(seen.String(), "end"); {
		n, err := far.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		seen.Write(buf[:n])
	}
	if strings.Contains(seen.String(), "horse") {
		t.Errorf("the terminal shows %q", seen.String())
	}
}

func TestPassword_interrupted(t *testing.T) {
	_, near := terminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := addUser(ctx, t, near)
	cancel()
	err := <-ended
	if !errors.Is(err, context.Canceled) || command.ExitCode(err) != 1 {
		t.Errorf("got %v, want that it was canceled", err)
	}
	if !echoes(t, near) {
		t.Error("the echo is still off")
	}
}

// TestMirror_bar shows how far a copy is, on a terminal.
func TestMirror_bar(t *testing.T) {
	f := newFar(t)
	far, near := terminal(t)
	root := newRoot()
	root.SetOut(near)
	root.SetErr(io.Discard)
	root.SetArgs(append(f.args, "--once"))
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 4096)
	n, err := far.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	out := string(text[:n])
	if !strings.Contains(out, "[##############################] 3 of 3 records, ") || !strings.Contains(out, "Level with the hub") {
		t.Errorf("got %q", out)
	}
}
