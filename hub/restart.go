package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hearsay/hub/store"
)

// Announce tells active sockets of a planned stop of about downtime, and does nothing
// else. It gives the short names of those whom it has told. Section 4.
func (h *Hub) Announce(downtime time.Duration) (told []string) {
	all, told := h.active()
	for _, s := range all {
		s.shard.put(operation{session: s, call: func() { s.send(restartFrame(downtime)) }}) // after what was published
	}
	return told
}

// active are the sockets that have authenticated, and the short names of their owners.
func (h *Hub) active() (all []*session, names []string) {
	h.mu.Lock()
	for s := range h.sessions {
		if s.active() && !s.left {
			all = append(all, s)
			names = append(names, s.peer.ShortName)
		}
	}
	h.mu.Unlock()
	slices.Sort(names)
	return all, slices.Compact(names)
}

// restart does what the store was asked for. If the hub dies in the middle, the next
// may announce it a second time, which games do not mind.
func (h *Hub) restart(ctx context.Context) error {
	all, err := h.store.UntoldRestarts(ctx)
	if err != nil {
		return fmt.Errorf("read the restarts: %w", err)
	}
	for _, r := range all {
		downtime := time.Duration(r.Downtime) * time.Second
		_, told := h.active()
		if !r.Again { // else Shutdown tells them
			told = h.Announce(downtime)
		}
		err := h.store.ToldRestart(ctx, r.ID, told)
		if errors.Is(err, store.ErrNotFound) {
			continue // it was withdrawn
		}
		if err != nil {
			return fmt.Errorf("note the restart %d: %w", r.ID, err)
		}
		h.log.Info("a restart was asked for", "downtime", downtime, "told", len(told), "again", r.Again)
		if r.Again && h.o.Restart != nil {
			h.o.Restart(downtime)
		}
	}
	return nil
}
