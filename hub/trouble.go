package hub

import (
	"slices"
	"strings"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A Trouble is of a game or application whose client tries to be here, and cannot come in or
// does not stay.
type Trouble struct {
	Application bool
	ID          int64
	Stays       bool   // it comes in, but its sockets end again and again
	Cause       string // a clause, such as "the secret was wrong"
	Count       int    // how often it has happened; of endings those of the last hour, 5 at most
	Last        time.Time
}

const (
	// endsMost is how many sockets may end in the same way within endsWithin.
	endsMost   = 2
	endsWithin = time.Hour
	// endsOver is how long after the last one a client that is here is well again.
	endsOver = 10 * time.Minute
)

// cause is why a socket ended, if a client should not go on like that; else nothing.
func (e Ending) cause() string {
	switch e.Code {
	case wire.CloseHeartbeat:
		return "it left heartbeats unanswered"
	case wire.CloseTooLarge:
		return "it sent a message larger than the hub takes"
	case codeCut:
		return "the link was cut without a close frame"
	case wire.CloseTryLater, wire.CloseRemoved:
		return e.Reason
	}
	return ""
}

// Troubles lists them, those of the last moment first. A failure counts for a day, unless the
// client has come in since.
func (h *Hub) Troubles() []Trouble {
	now := time.Now()
	failing, ending := h.memories.troubles(now)
	h.mu.Lock()
	here := func(t Trouble) bool {
		on := h.presence[owner{t.Application, t.ID}]
		return on != nil && on.own()
	}
	failing = slices.DeleteFunc(failing, here)
	ending = slices.DeleteFunc(ending, func(t Trouble) bool { return now.Sub(t.Last) > endsOver && here(t) })
	h.mu.Unlock()
	all := slices.Concat(failing, ending)
	slices.SortFunc(all, func(a, b Trouble) int { return b.Last.Compare(a.Last) })
	return all
}

// TroubledGame is the short name of a game in trouble; "": it was removed.
func (h *Hub) TroubledGame(t Trouble) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if g := h.directory.games[store.GameID(t.ID)]; g != nil {
		return g.Game
	}
	return ""
}

// troubles are those of clients that cannot come in, if they are not here, and of those that
// do not stay. Nobody is in both.
func (m *memories) troubles(now time.Time) (failing, ending []Trouble) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for o, one := range m.of {
		if f := one.failing(now); f != nil {
			cause := lowerFirst(strings.TrimSuffix(f.Words(), "."))
			failing = append(failing, Trouble{o.application, o.id, false, cause, f.Count, f.Last})
		} else if n := one.ends(now); n > endsMost {
			last := one.endings[len(one.endings)-1]
			ending = append(ending, Trouble{o.application, o.id, true, last.cause(), n, last.At})
		}
	}
	return failing, ending
}

// failing is the last failure that keeps the client out, or nil if it has come in since. That
// too many have failed is only said if nothing says why.
func (one *memory) failing(now time.Time) (last *Failure) {
	var came time.Time
	for _, e := range one.endings {
		if e.Opened.After(came) {
			came = e.Opened
		}
	}
	for i := range one.failures {
		f := &one.failures[i]
		switch {
		case f.Why == Suspended || f.Why == TooManySockets || now.Sub(f.Last) > lately || f.Last.Before(came):
		case last == nil || f.Why != TooManyFailures:
			last = f
		}
	}
	return last
}

// ends is how many of the sockets that ended lately ended as the last one did, if that needs
// mending.
func (one *memory) ends(now time.Time) (n int) {
	cause := ""
	for i, e := range slices.Backward(one.endings) {
		if i == len(one.endings)-1 {
			cause = e.cause()
		}
		if cause == "" || e.cause() != cause || now.Sub(e.At) > endsWithin {
			break
		}
		n++
	}
	return n
}
