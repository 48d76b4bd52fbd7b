package hubtest

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const (
	casesAtOnce = 4 // they mostly wait
	longestCase = 60 * time.Second
)

// PlayDialogues plays every dialogue of a folder as a subtest, with its cases
// inside. program is the hub's binary; it may be a test binary that acts as one.
func PlayDialogues(t *testing.T, program, dir string) {
	t.Helper()
	program, err := filepath.Abs(program)
	if err != nil {
		t.Fatal(err)
	}
	all, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	slots := make(chan struct{}, casesAtOnce)
	for _, d := range all {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			playDialogue(t, program, d, slots)
		})
	}
}

func playDialogue(t *testing.T, program string, d *dialogue, slots chan struct{}) {
	dir := t.TempDir()
	template := sync.OnceValues(func() (map[string]credential, error) {
		return newDatabase(program, dir).provision(t.Context(), d.Fixture)
	})
	for _, c := range d.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			who, err := template()
			if err != nil {
				t.Fatalf("%s: fixture: %v", d.Name, err)
			}
			own := t.TempDir()
			if err := os.CopyFS(own, os.DirFS(dir)); err != nil {
				t.Fatalf("%s/%s: %v", d.Name, c.Name, err)
			}
			settings := map[string]string{}
			maps.Copy(settings, d.Server)
			maps.Copy(settings, c.Server)
			h, err := newHub(newDatabase(program, own), settings)
			if err != nil {
				t.Fatalf("%s/%s: %v", d.Name, c.Name, err)
			}
			t.Cleanup(h.kill)
			if err := playCase(t.Context(), h, c, who); err != nil {
				t.Errorf("%s/%s: %v", d.Name, c.Name, err)
				t.Logf("the hub printed:\n%s", &h.printed)
			}
		})
	}
}

// playCase plays a case on a fresh hub, which it starts and ends.
func playCase(ctx context.Context, h *hub, c *testCase, who map[string]credential) error {
	ctx, cancel := context.WithTimeout(ctx, longestCase)
	defer cancel()
	err := h.start(ctx)
	if err == nil {
		p := newPerformance(newScope(who), "ws://"+h.addr+"/socket")
		p.hub = h
		err = p.perform(ctx, c)
	}
	return errors.Join(h.finish(), err)
}
