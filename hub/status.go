package hub

import (
	"cmp"
	"slices"
	"time"

	"hearsay/hub/store"
	"hearsay/hub/wire"
)

// A Status says who is connected at one moment.
type Status struct {
	Sockets      int    // authenticated or not
	Players      int    // of all games
	Messages     uint64 // that were said in channels since the hub began
	Minute       int    // of them, in the last 60 seconds
	Newest       store.VersionID
	Games        []GameStatus
	Applications []ApplicationStatus
}

// A GameStatus is of a game that is online, hidden or not.
type GameStatus struct {
	ID        store.GameID
	ShortName string
	Name      string // that people read
	UserAgent string // of its client, without the version
	Since     time.Time
	Players   int
	Sockets   int // 0: the link is down, but not for long
}

// An ApplicationStatus is of an application that is connected.
type ApplicationStatus struct {
	ID        int64
	ShortName string
	Form      string // that its newest socket is fed in
	Since     time.Time
	Sockets   int             // 0: the link is down, but not for long
	Fed       int             // sockets that get the log; in the form versions only those that asked
	Cursor    store.VersionID // up to which all that are fed have the log; 0: one is in its catch-up
	SentAt    time.Time       // of the last frame of the sync; zero: none was
	Waiting   int             // bytes that its sockets have not taken
}

// Synced reports whether all its sockets that are fed have a version.
func (a ApplicationStatus) Synced(version store.VersionID) bool {
	return a.Fed > 0 && a.Cursor >= version
}

// byPlayers orders games: those with the most players first.
func byPlayers(a, b GameStatus) int {
	return cmp.Or(cmp.Compare(b.Players, a.Players), cmp.Compare(a.ShortName, b.ShortName))
}

// DisplayedGames are the games that are online and that anybody may know of, those with the
// most players first.
func (h *Hub) DisplayedGames() []GameStatus {
	h.mu.Lock()
	all := make([]GameStatus, 0, len(h.presence))
	for o, on := range h.presence {
		if g := h.directory.games[store.GameID(o.id)]; !o.application && on.told && g != nil && g.Display {
			all = append(all, on.game(g))
		}
	}
	h.mu.Unlock()
	slices.SortFunc(all, byPlayers)
	return all
}

// Game is the status of one, hidden or not, and whether it is online.
func (h *Hub) Game(id store.GameID) (g GameStatus, online bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	on, record := h.presence[owner{id: int64(id)}], h.directory.games[id]
	if on == nil || !on.told || record == nil { // only a browser is there, or it was removed this moment
		return g, false
	}
	return on.game(record), true
}

// game is the status of a game; under Hub.mu.
func (on *online) game(record *wire.GameRecord) GameStatus {
	g := GameStatus{store.GameID(record.ID), on.shortName, record.DisplayName, "", on.since, on.count(), len(on.sessions)}
	if record.UserAgent != nil {
		g.UserAgent = *record.UserAgent
	}
	return g
}

// Status gives it; the games with the most players come first.
func (h *Hub) Status() (st Status) {
	now := time.Now()
	st.Newest, st.Messages = store.VersionID(h.reached.Load()), h.messages.Load()
	h.mu.Lock()
	st.Sockets, st.Minute = len(h.sessions), h.minute.sum(now.Unix())
	st.Games = make([]GameStatus, 0, len(h.presence))
	for o, on := range h.presence {
		if o.application {
			st.Applications = append(st.Applications, on.application(o.id))
			continue
		}
		record := h.directory.games[store.GameID(o.id)]
		if !on.told || record == nil { // only a browser is there, or it was removed this moment
			continue
		}
		g := on.game(record)
		st.Players += g.Players
		st.Games = append(st.Games, g)
	}
	h.mu.Unlock()
	slices.SortFunc(st.Games, byPlayers)
	slices.SortFunc(st.Applications, func(a, b ApplicationStatus) int { return cmp.Compare(a.ShortName, b.ShortName) })
	return st
}

// application is the status of an application; under Hub.mu.
func (on *online) application(id int64) ApplicationStatus {
	a := ApplicationStatus{ID: id, ShortName: on.shortName, Since: on.since, Sockets: len(on.sessions)}
	a.Fed, a.Cursor = on.fed()
	var sent int64
	for _, s := range on.sessions {
		a.Form = s.form
		a.Waiting += s.link.waiting()
		if p := s.progress.Load(); p != nil {
			sent = max(sent, p.sent.Load())
		}
	}
	if sent > 0 {
		a.SentAt = time.Unix(0, sent)
	}
	return a
}

// fed is how many sockets get the log, and how far they all are; under Hub.mu.
func (on *online) fed() (n int, through store.VersionID) {
	for _, s := range on.sessions {
		if p := s.progress.Load(); p != nil {
			if at := store.VersionID(p.through.Load()); n == 0 || at < through {
				through = at
			}
			n++
		}
	}
	return n, through
}

// Synced says how many of the applications that are fed have a version.
func (h *Hub) Synced(version store.VersionID) (n, of int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for o, on := range h.presence {
		if !o.application {
			continue
		}
		fed, through := on.fed()
		if fed > 0 {
			of++
		}
		if fed > 0 && through >= version {
			n++
		}
	}
	return n, of
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

// A minute counts what happens, second by second.
type minute struct {
	last   int64 // the newest second, since 1970
	counts [60]int
}

func (m *minute) add(second int64) {
	m.pass(second)
	m.counts[second%60]++
}

// sum is the count of the 60 seconds that end with now.
func (m *minute) sum(now int64) (n int) {
	m.pass(now)
	for _, count := range m.counts {
		n += count
	}
	return n
}

// pass empties the seconds between the newest and this one. A clock that was set back
// counts on in the newest.
func (m *minute) pass(second int64) {
	if second-m.last >= 60 {
		m.counts = [60]int{}
		m.last = second
	}
	for ; m.last < second; m.last++ {
		m.counts[(m.last+1)%60] = 0
	}
}
