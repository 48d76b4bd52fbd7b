package hub

import (
	"slices"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// presence knows which games and applications are online, on which sockets, and
// who plays there. It is guarded by Hub.mu.
type presence map[owner]*online

// An online owner has an active socket, or had one not long ago. Section 8.
type online struct {
	shortName string
	since     time.Time
	sessions  []*session // the oldest first; none while the link is down
	told      bool       // others know that it is online: a browser's socket alone is no news
	gone      *time.Timer
	supports  wire.Supports                // of the sockets, while the link is down the last known
	channels  map[store.ChannelID]struct{} // the same
}

// join notes an active socket. It reports whether its owner came online with it.
func (p presence) join(s *session) (came bool) {
	on := p[s.owner()]
	if on == nil {
		on = &online{shortName: s.peer.ShortName, since: time.Now()}
		p[s.owner()] = on
	}
	if s.loan == nil {
		came, on.told = !on.told, true
		on.stopTimer()
	}
	on.sessions = append(on.sessions, s)
	return came
}

// leave forgets a socket. If it was the last of its owner's own, offline is called after
// a while; one that nobody was told of goes at once.
func (p presence) leave(s *session, after time.Duration, offline func()) {
	on := p[s.owner()]
	if on == nil {
		return // the owner was removed
	}
	i := slices.Index(on.sessions, s)
	if i < 0 {
		return
	}
	if len(on.sessions) == 1 {
		on.supports, on.channels = on.allSupports(), on.allChannels()
	}
	on.sessions = slices.Delete(on.sessions, i, i+1)
	switch {
	case on.told && s.loan == nil && !on.own():
		on.gone = time.AfterFunc(after, offline)
	case !on.told && len(on.sessions) == 0:
		delete(p, s.owner())
	}
}

// own reports whether one of the sockets is no browser's.
func (on *online) own() bool {
	return slices.ContainsFunc(on.sessions, func(s *session) bool { return s.loan == nil })
}

func (on *online) stopTimer() {
	if on.gone != nil {
		on.gone.Stop()
		on.gone = nil
	}
}

func (p presence) stopTimers() {
	for _, on := range p {
		on.stopTimer()
	}
}

func (on *online) allSupports() wire.Supports {
	if len(on.sessions) == 0 {
		return on.supports
	}
	var all wire.Supports
	for _, s := range on.sessions {
		all |= s.supports
	}
	return all
}

func (on *online) allChannels() map[store.ChannelID]struct{} {
	if len(on.sessions) == 0 {
		return on.channels
	}
	all := map[store.ChannelID]struct{}{}
	for _, s := range on.sessions {
		for _, id := range s.channels {
			all[id] = struct{}{}
		}
	}
	return all
}

// players is the union over the sockets, each name in its first spelling.
func (on *online) players() []string {
	all := []string{}
	seen := map[string]struct{}{}
	for _, s := range on.sessions {
		for _, key := range s.players.order {
			if _, known := seen[key]; !known {
				seen[key] = struct{}{}
				all = append(all, s.players.shown[key])
			}
		}
	}
	return all
}

// count is how many players there are.
func (on *online) count() int {
	if len(on.sessions) == 1 {
		return len(on.sessions[0].players.order)
	}
	return len(on.players())
}

// find gives the first spelling of a player's name.
func (on *online) find(name string) (string, bool) {
	for _, s := range on.sessions {
		if spelling, ok := s.players.find(name); ok {
			return spelling, true
		}
	}
	return "", false
}

// teller is the socket that a tell for a player goes to: one that has both the
// flag and the player, else the newest with the flag, else nil.
func (on *online) teller(name string) (to *session) {
	for _, s := range on.sessions {
		if !s.supports.Has(wire.SupportTells) {
			continue
		}
		if _, has := s.players.find(name); has {
			return s
		}
		to = s
	}
	return to
}
