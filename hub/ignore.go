package hub

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hearsay/hub/store"
)

// heedIgnores reads the games' ignore lists anew. They count for what is said from then on.
func (h *Hub) heedIgnores(ctx context.Context) error {
	all, err := h.store.Ignorers(ctx)
	if err != nil {
		return fmt.Errorf("read the ignore lists: %w", err)
	}
	h.ignorers.Store(all)
	return nil
}

// deaf gives the games that ignore a player, or with an empty name a game as a whole. Where
// there are no ignore lists it costs a look at a pointer, and where nobody ignores the
// sender a receiver costs nothing.
func (h *Hub) deaf(name, game string) store.Deaf { return h.ignorers.Load().To(name, game) }

// in reports whether it is one of the games.
func (o owner) in(d store.Deaf) bool { return !o.application && d.Has(store.GameID(o.id)) }

// ignores reports whether the session's game ignores a player of another one.
func (s *session) ignores(name, game string) bool {
	return s.owner().in(s.hub.deaf(name, game)) && !strings.EqualFold(game, s.peer.ShortName)
}

// heeded leaves out the players of a game that the session's game ignores.
func (s *session) heeded(players []string, game string) []string {
	if s.hub.ignorers.Load() == nil {
		return players
	}
	return slices.DeleteFunc(players, func(name string) bool { return s.ignores(name, game) })
}
