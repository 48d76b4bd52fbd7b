package hubtest

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

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
	if fell {
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
