package hub

import "strings"

// A quirk is what a known client takes amiss, and what the hub does for its sockets instead.
type quirk struct {
	agent     string // how its user_agent begins
	origin    string // Origin of its upgrade, by which it is known before it authenticates; "": none of its own
	bareClose bool   // close frames have no payload
}

var quirks = []quirk{
	// CoffeeMud keeps the payload of a close frame in its buffer, and puts it before the first
	// message of its next socket. It then asks for no status and syncs no achievements.
	{agent: "CoffeeMud ", origin: "http://coffeemud.net", bareClose: true},
}

// heed looks whether the client takes something amiss, by what its user agent and the Origin of
// its upgrade are; either may be unknown yet.
func (s *session) heed(agent, origin string) {
	for _, q := range quirks {
		if q.bareClose && (strings.HasPrefix(agent, q.agent) || q.origin != "" && origin == q.origin) {
			s.hub.mu.Lock()
			s.bare = true
			s.hub.mu.Unlock()
		}
	}
}
