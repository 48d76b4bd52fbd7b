package hubtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
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

// A performance is one case being played, seen from one scope: a round of a
// repeat sees the same stage from a scope of its own.
type performance struct {
	*scope
	*stage
}

// A stage is what all steps of a case share.
type stage struct {
	hub      *hub   // nil where only the socket is played
	url      string // of the socket
	big      bool
	patience time.Duration // the longest wait for a frame, unless a step says otherwise
	fences   atomic.Int64
	requests atomic.Int64

	peersMu sync.Mutex // guards peers, all
	peers   map[string]*peer
	all     []*peer // also those whose name was taken over
}

func newPerformance(sc *scope, url string) *performance {
	return &performance{sc, &stage{url: url, patience: 3 * time.Second, peers: map[string]*peer{}}}
}

// perform plays a case to its end and checks what nobody read.
func (p *performance) perform(ctx context.Context, c *testCase) error {
	defer p.hangUp()
	p.big = c.BigFrames
	for i, e := range c.Peers {
		if err := e.play(ctx, p); err != nil {
			return fmt.Errorf("peer %d: %w", i+1, err)
		}
	}
	if err := p.play(ctx, c.Steps); err != nil {
		return err
	}
	for _, one := range p.all {
		if err := one.checkUnread(); err != nil {
			return fmt.Errorf("after the last step: %w", err)
		}
	}
	return nil
}

func (p *performance) play(ctx context.Context, steps []*step) error {
	for i, s := range steps {
		err := ctx.Err()
		if err == nil {
			err = s.play(ctx, p)
		}
		if err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, s.verb, err)
		}
	}
	return nil
}

func (p *performance) hangUp() {
	var hangUps sync.WaitGroup
	for _, one := range p.all {
		hangUps.Go(one.hangUp)
	}
	hangUps.Wait()
}

func (p *performance) enter(one *peer) {
	p.peersMu.Lock()
	defer p.peersMu.Unlock()
	p.peers[one.id] = one
	p.all = append(p.all, one)
}

func (p *performance) peer(id string) (*peer, error) {
	p.peersMu.Lock()
	defer p.peersMu.Unlock()
	if one := p.peers[id]; one != nil {
		return one, nil
	}
	return nil, fmt.Errorf("no peer %q", id)
}

// patient bounds one wait: by within, or by the patience of the case.
func (p *performance) patient(ctx context.Context, within duration) (context.Context, context.CancelFunc) {
	if within != 0 {
		return context.WithTimeout(ctx, time.Duration(within))
	}
	return context.WithTimeout(ctx, p.patience)
}

// next takes the next frame of one, but no heartbeat.
func (p *performance) next(ctx context.Context, one *peer) (frame, error) {
	ctx, cancel := p.patient(ctx, 0)
	defer cancel()
	return one.next(ctx, false)
}

// send writes a frame that has no placeholders.
func (p *performance) send(ctx context.Context, one *peer, object any) error {
	if request, ok := object.(map[string]any); ok && request["event"] == "sync" {
		one.mirror.beginRequest()
	}
	return one.write(ctx, messageText, encode(object))
}

// fence asks for something that does not exist and gives the frames that came
// before the answer. Answers come in the order of requests.
func (p *performance) fence(ctx context.Context, one *peer) ([]frame, error) {
	ref := fmt.Sprintf("f-%d", p.fences.Add(1))
	if err := p.send(ctx, one, map[string]any{"event": "fence", "ref": ref}); err != nil {
		return nil, err
	}
	answer := map[string]any{"event": "fence", "ref": ref, "status": "failure",
		"error": map[string]any{"$in": []any{"unknown", "unauthenticated"}}}
	var before []frame
	for {
		f, err := p.next(ctx, one)
		if err != nil {
			return nil, fmt.Errorf("want the answer to fence %s after %d frames %s: %w", ref, len(before), excerpt(fmt.Append(nil, before)), err)
		}
		if p.match("frame", answer, f.object) == nil {
			return before, nil
		}
		before = append(before, f)
	}
}

// A parallelStep plays lists of steps at the same time and waits for all.
type parallelStep struct {
	Branches [][]*step `json:"parallel"`
}

func (s *parallelStep) play(ctx context.Context, p *performance, _ *peer) error {
	failed := make([]error, len(s.Branches))
	var branches sync.WaitGroup
	for i, steps := range s.Branches {
		branches.Go(func() {
			if err := p.play(ctx, steps); err != nil {
				failed[i] = fmt.Errorf("branch %d: %w", i+1, err)
			}
		})
	}
	branches.Wait()
	return errors.Join(failed...)
}

// A repeatStep plays a list of steps several times.
type repeatStep struct {
	Rounds int     `json:"repeat"`
	Steps  []*step `json:"steps"`
}

func (s *repeatStep) play(ctx context.Context, p *performance, _ *peer) error {
	for i := range s.Rounds {
		round := &performance{p.scope.round(i + 1), p.stage}
		if err := round.play(ctx, s.Steps); err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
	}
	return nil
}

// A waitStep waits where time itself is the matter.
type waitStep struct {
	Time duration `json:"wait"`
}

func (s *waitStep) play(ctx context.Context, _ *performance, _ *peer) error {
	return pause(ctx, time.Duration(s.Time))
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
