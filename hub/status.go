package hub

import (
	"cmp"
	"slices"

	"hearsay/hub/store"
)

// A Status says who is connected at one moment.
type Status struct {
	Sockets      int // authenticated or not
	Players      int // of all games
	Games        []GameStatus
	Applications []ApplicationStatus
}

// A GameStatus is of a game that is online, hidden or not.
type GameStatus struct {
	ID        store.GameID
	ShortName string
	Players   int
	Sockets   int // 0: the link is down, but not for long
}

// An ApplicationStatus is of an application that is connected.
type ApplicationStatus struct {
	ID        int64
	ShortName string
	Sockets   int
}

// Status gives it; the games with the most players come first.
func (h *Hub) Status() (st Status) {
	h.mu.Lock()
	st.Sockets = len(h.sessions)
	for o, on := range h.presence {
		if o.application {
			st.Applications = append(st.Applications, ApplicationStatus{o.id, on.shortName, len(on.sessions)})
			continue
		}
		if !on.told { // only a browser is there
			continue
		}
		n := on.count()
		st.Players += n
		st.Games = append(st.Games, GameStatus{store.GameID(o.id), on.shortName, n, len(on.sessions)})
	}
	h.mu.Unlock()
	slices.SortFunc(st.Games, func(a, b GameStatus) int {
		return cmp.Or(cmp.Compare(b.Players, a.Players), cmp.Compare(a.ShortName, b.ShortName))
	})
	slices.SortFunc(st.Applications, func(a, b ApplicationStatus) int { return cmp.Compare(a.ShortName, b.ShortName) })
	return st
}

// Players are the names of a game's players, in the order in which they came.
func (h *Hub) Players(id store.GameID) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if on := h.presence[owner{id: int64(id)}]; on != nil {
		return on.players()
	}
	return nil
}
