package hub

import (
	"context"
	"slices"
	"strings"

	"hearsay/hub/fold"
	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// announce tells that a game came or went, but not the game itself; under Hub.mu.
// Section 8.
func (h *Hub) announce(event string, o owner, game string) {
	h.publish(topic{kind: topicGames}, o, h.deaf("", game), notice(event, wire.Encode(wire.GamePayload{Game: game})))
}

// offline forgets that a game or application is online, and tells others; under Hub.mu.
func (h *Hub) offline(o owner) {
	on := h.presence[o]
	told := on.told
	on.stopTimer()
	if on.told = false; len(on.sessions) == 0 { // else browsers are still there
		delete(h.presence, o)
	}
	if game := h.directory.games[store.GameID(o.id)]; told && !o.application && game != nil && game.Display && !h.stopping {
		h.announce(wire.GamesDisconnect, o, game.Game)
	}
}

// sees reports whether the session may know of a game; under Hub.mu. Hidden games
// are for themselves and applications.
func (s *session) sees(g *wire.GameRecord) bool {
	return g.Display || s.peer.Application || s.owner() == owner{id: g.ID}
}

// othersOnline lists the displayed games that are online, but not the session's
// own, by short name; under Hub.mu. Both status requests list exactly these: a
// known client crashes on a game that only one of them names.
func (s *session) othersOnline() []*wire.GameRecord {
	var all []*wire.GameRecord
	for o, on := range s.hub.presence {
		if g := s.hub.directory.games[store.GameID(o.id)]; !o.application && on.told && g != nil && g.Display && o != s.owner() {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b *wire.GameRecord) int {
		return strings.Compare(fold.Key(a.Game), fold.Key(b.Game))
	})
	return all
}

// find gives the game of exactly that short name, if the session may know of it;
// under Hub.mu.
func (s *session) find(shortName string) *wire.GameRecord {
	g := s.hub.directory.games[s.hub.directory.gameNames[fold.Key(shortName)]]
	if g == nil || g.Game != shortName || !s.sees(g) {
		return nil
	}
	return g
}

// handleGamesStatus serves games/status. Section 8.
func (s *session) handleGamesStatus(_ context.Context, f wire.Frame) {
	s.answerStatus(f, func(g *wire.GameRecord) any { return s.status(g) })
}

// answerStatus answers a status request, which is about one game or all that are
// online. status makes the payload for a game under Hub.mu; nil is none.
func (s *session) answerStatus(f wire.Frame, status func(*wire.GameRecord) any) {
	name, all, ok := wire.DecodeGame(f.Payload)
	if !ok {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	s.hub.mu.Lock()
	var games []*wire.GameRecord
	if all {
		games = s.othersOnline()
	} else if g := s.find(name); g != nil {
		games = append(games, g)
	}
	var payloads []any
	for _, g := range games {
		if payload := status(g); payload != nil {
			payloads = append(payloads, payload)
		}
	}
	s.hub.mu.Unlock()
	if len(payloads) == 0 && !all {
		s.fail(f, wire.ErrorUnknownGame)
	}
	for _, payload := range payloads {
		if s.sendWaiting(success(f, wire.Encode(payload))) != nil {
			return
		}
	}
}

// status is what games/status tells the session of a game; under Hub.mu.
func (s *session) status(g *wire.GameRecord) wire.GameStatus {
	h := s.hub
	st := wire.GameStatus{
		Game: g.Game, DisplayName: g.DisplayName, Description: g.Description, HomepageURL: g.HomepageURL,
		UserAgent: g.UserAgent, UserAgentURL: g.UserAgentURL, UserAgentRepoURL: g.UserAgentURL,
		Connections: g.Connections,
	}
	if st.Connections == nil {
		st.Connections = []wire.Connection{}
	}
	on := h.presence[owner{id: g.ID}]
	if on == nil || !on.told {
		return st
	}
	channels := []string{}
	for id := range on.allChannels() {
		if c, there := h.directory.channels[id]; there && !c.Hidden {
			channels = append(channels, c.Name)
		}
	}
	slices.Sort(channels)
	st.Supports, st.Channels = on.allSupports().Names(), &channels
	if !h.directory.hiding[store.GameID(g.ID)] || s.owner() == (owner{id: g.ID}) {
		st.PlayerOnlineCount = on.count()
	}
	st.PlayersOnline = st.PlayerOnlineCount
	return st
}
