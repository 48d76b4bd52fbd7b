package hub

import (
	"context"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// handleHeartbeat takes the players that a heartbeat lists. It is never answered.
// Section 4.
func (s *session) handleHeartbeat(f wire.Frame) {
	s.answered.Store(true)
	if s.loan == nil {
		s.hub.store.Touch(*s.peer, time.Now())
	}
	players := newRoster(wire.HeartbeatPlayers(f.Payload))
	s.hub.mu.Lock()
	s.players = players
	s.hub.mu.Unlock()
}

// mostPlayers bounds what sign-ins add to a socket's players until its next heartbeat
// says who is on.
const mostPlayers = 10000

// handleSignIn serves players/sign-in. Section 6.
func (s *session) handleSignIn(_ context.Context, f wire.Frame) {
	s.sign(f, func(on *online, name string) (spelling string, news bool) {
		spelling, known := on.find(name)
		if !known {
			spelling = name
		}
		if len(s.players.order) < mostPlayers {
			s.players.add(spelling)
		}
		return spelling, !known
	})
}

// handleSignOut serves players/sign-out. Section 6.
func (s *session) handleSignOut(_ context.Context, f wire.Frame) {
	s.sign(f, func(on *online, name string) (spelling string, news bool) {
		spelling, known := on.find(name)
		for _, other := range on.sessions {
			other.players.remove(name)
		}
		return spelling, known
	})
}

// sign changes who is on, and tells others if that is news.
func (s *session) sign(f wire.Frame, change func(on *online, name string) (spelling string, news bool)) {
	name, ok := wire.DecodeName(f.Payload)
	if !ok {
		s.fail(f, wire.ErrorMalformed)
		return
	}
	name, reason := cleanName(name)
	if reason != "" {
		s.fail(f, reason)
		return
	}
	s.hub.waitForRoom()
	s.hub.mu.Lock()
	if on := s.hub.presence[s.owner()]; on != nil {
		spelling, news := change(on, name)
		game := s.hub.directory.games[store.GameID(s.peer.ID)]
		if news && !s.peer.Application && game != nil && game.Display && !s.hub.directory.hiding[store.GameID(game.ID)] {
			payload := wire.Encode(wire.PlayerPayload{Game: game.Game, Name: spelling})
			s.hub.publish(topic{kind: topicPlayers}, s.owner(), s.hub.deaf(spelling, game.Game), notice(f.Event, payload))
		}
	}
	s.hub.mu.Unlock()
	s.succeed(f)
}

// playersOf gives the players of an online game that the session may know of: of a game that
// hides them only itself, and none that its own game ignores; under Hub.mu.
func (s *session) playersOf(g *wire.GameRecord) []string {
	id := owner{id: g.ID}
	if s.hub.directory.hiding[store.GameID(g.ID)] && s.owner() != id {
		return []string{}
	}
	return s.heeded(s.hub.presence[id].players(), g.Game)
}

// handlePlayersStatus serves players/status. Section 6.
func (s *session) handlePlayersStatus(_ context.Context, f wire.Frame) {
	s.answerStatus(f, func(g *wire.GameRecord) any {
		if on := s.hub.presence[owner{id: g.ID}]; on != nil && on.told {
			return wire.PlayersPayload{Game: g.Game, Players: s.playersOf(g)}
		}
		return nil
	})
}
