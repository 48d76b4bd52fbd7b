package hub

import (
	"net/netip"
	"slices"

	"hearsay/hub/wire"
)

const (
	tooManySockets = "too many sockets"

	// pendingShare is what part of all sockets may be pending, and pendingLeast how many may
	// be at any rate.
	pendingShare = 10
	pendingLeast = 16
)

// pending are the sockets that have not authenticated, so that those which never do keep
// nobody out. It is guarded by Hub.mu.
type pending struct {
	queue []*session         // the oldest first, with some that are not pending any more
	of    map[netip.Addr]int // how many, by network
	n     int
}

func (p *pending) add(s *session) {
	if len(p.queue) >= 2*p.n+pendingLeast {
		p.queue = slices.DeleteFunc(p.queue, func(s *session) bool { return !s.pending })
	}
	s.pending = true
	p.queue = append(p.queue, s)
	p.of[network(s.remote)]++
	p.n++
}

// remove takes out a socket that has authenticated or ends. It may be called twice.
func (p *pending) remove(s *session) {
	if !s.pending {
		return
	}
	s.pending = false
	p.n--
	of := network(s.remote)
	if p.of[of]--; p.of[of] == 0 {
		delete(p.of, of)
	}
}

// oldest gives the socket that makes way for a newcomer: the one that has been pending for
// longest, of the newcomer's own network if that has half of them. nil: there is none.
func (p *pending) oldest(newcomer netip.Addr) *session {
	own := p.of[newcomer] > 0 && 2*p.of[newcomer] >= p.n
	for i, s := range p.queue {
		if s.pending && (!own || network(s.remote) == newcomer) {
			if i > 0 && !own {
				p.queue = slices.Delete(p.queue, 0, i) // which are not pending
			}
			return s
		}
	}
	return nil
}

// pendingMost is how many sockets may be pending.
func (h *Hub) pendingMost() int {
	all := h.Limits().AllSockets
	if all <= 0 {
		all = DefaultLimits().AllSockets
	}
	most := min(all, max(pendingLeast, all/pendingShare))
	if h.o.Descriptors > 0 {
		most = min(most, max(1, h.o.Descriptors/4))
	}
	return most
}

// makeRoom counts a new socket as pending. When there are too many of those, or too many
// sockets in all, the oldest pending one makes way; if there is none, the new one does.
// It is under mu.
func (h *Hub) makeRoom(s *session) {
	full := ending{code: wire.CloseTryLater, reason: tooManySockets, cut: true}
	all := h.Limits().AllSockets
	if h.pending.n >= h.pendingMost() || all > 0 && len(h.sessions) >= all {
		oldest := h.pending.oldest(network(s.remote))
		if oldest == nil {
			s.end(full)
			return
		}
		h.pending.remove(oldest)
		oldest.end(full)
	}
	h.pending.add(s)
}
