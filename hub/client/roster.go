package client

import (
	"slices"
	"sync"
	"time"

	"hearsay/hub/fold"
)

// askFor is how long a heartbeat waits for the game to say who is on.
const askFor = 5 * time.Second

// A roster knows who is on, for heartbeats.
type roster struct {
	ask func() []string // nil: who was added and not removed

	mu     sync.Mutex // guards what follows
	names  []string   // as ask gave them last, or as they were added
	asking chan struct{}
}

// now asks, and gives what was said last if that takes too long.
func (r *roster) now() []string {
	r.mu.Lock()
	if r.ask == nil {
		defer r.mu.Unlock()
		return slices.Clone(r.names)
	}
	if r.asking == nil {
		asking := make(chan struct{})
		r.asking = asking
		go func() {
			names := r.ask()
			r.mu.Lock()
			defer r.mu.Unlock()
			r.names, r.asking = slices.Clone(names), nil
			close(asking)
		}()
	}
	asking := r.asking
	r.mu.Unlock()
	late := time.NewTimer(askFor)
	defer late.Stop()
	select {
	case <-asking:
	case <-late.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.names
}

// set adds or removes a name, where the game is not asked.
func (r *roster) set(name string, on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ask != nil {
		return
	}
	r.names = slices.DeleteFunc(r.names, func(known string) bool { return fold.Key(known) == fold.Key(name) })
	if on {
		r.names = append(r.names, name)
	}
}
