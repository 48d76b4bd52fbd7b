package site

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// How much of each the front page shows.
const (
	homeGames  = 12
	homeSaid   = 8
	homeEvents = 5
)

// home is the front page.
type home struct {
	page.Frame
	Welcome []string // paragraphs
	Network networkNow
	Events  []store.GameEvent
	Socket  string // where games connect, with scheme and host
}

// networkNow is what goes on, which is live.
type networkNow struct {
	Games   []line // online, most players first; the first few
	Online  int    // games in all
	Players int    // of those that show them
	Said    []store.SaidOn
	Hub     string // short name of the hub itself
}

func (s *Site) serveHome(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	h := home{Frame: s.Open(w, r, "A chat network for text games"), Welcome: paragraphs(s.Texts().Welcome), Socket: s.Socket(r)}
	h.Listens = true
	var err error
	if h.Network, err = s.loadNetwork(ctx, nil); err != nil {
		return err
	}
	if h.Events, err = s.Store.PublicEvents(ctx, h.Now, homeEvents); err != nil {
		return err
	}
	return s.Show(w, r, homePage(h))
}

func (s *Site) loadNetwork(ctx context.Context, _ url.Values) (n networkNow, err error) {
	on, err := s.online(ctx)
	if err != nil {
		return n, err
	}
	n.Online, n.Players = len(on.ids), on.players
	n.Games, _, err = s.lines(ctx, on, store.Page{Filter: "online", Sort: "players", Desc: true, Limit: homeGames})
	if err != nil {
		return n, err
	}
	n.Hub = s.Hub.Terms().Name
	n.Said, err = s.Store.LatestSaid(ctx, homeSaid)
	return n, err
}

// network is the live part of the front page.
func network(n networkNow) []page.Part {
	return []page.Part{{ID: "counts", HTML: counts(n)}, {ID: "online", HTML: onlineGames(n)}, {ID: "said", HTML: lately(n)}}
}

// online is which games are there, and how many play.
type online struct {
	ids     []store.GameID       // most players first
	playing map[store.GameID]int // how many of each; -1: it does not say
	players int                  // of those that say
}

func (s *Site) online(ctx context.Context) (on online, err error) {
	hiding, err := s.Store.HidingPlayers(ctx)
	if err != nil {
		return on, err
	}
	on.playing = map[store.GameID]int{}
	for _, g := range s.Hub.DisplayedGames() {
		on.ids = append(on.ids, g.ID)
		on.playing[g.ID] = g.Players
		on.players += g.Players
	}
	for _, id := range hiding {
		if n, there := on.playing[id]; there {
			on.playing[id] = -1
			on.players -= n
		}
	}
	// Who hides its players comes after those who show some: the order would tell.
	slices.SortStableFunc(on.ids, func(a, b store.GameID) int { return on.playing[b] - on.playing[a] })
	return on, nil
}

// A line is a game in a list.
type line struct {
	store.Game
	Online  bool
	Players int // of one that is online; -1: it does not say
}

// lines gives a part of the games.
func (s *Site) lines(ctx context.Context, on online, p store.Page) (all []line, total int, err error) {
	games, total, err := s.Store.PublicGamesPage(ctx, store.GamePage{Page: p, Online: on.ids})
	for _, g := range games {
		n, there := on.playing[g.ID]
		all = append(all, line{Game: g, Online: there, Players: n})
	}
	return all, total, err
}

// conduct is the page of the code of conduct.
type conduct struct {
	page.Frame
	Text []string // paragraphs
}

func (s *Site) serveConduct(w http.ResponseWriter, r *http.Request) error {
	return s.Show(w, r, conductPage(conduct{s.Open(w, r, "Code of conduct"), paragraphs(s.Texts().Conduct)}))
}

// paragraphs are the parts of a text that are apart by empty lines.
func paragraphs(text string) (all []string) {
	for _, one := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// short is the beginning of a text, for descriptions of pages.
func short(text string) string {
	const most = 160
	text = strings.Join(strings.Fields(text), " ")
	if letters := []rune(text); len(letters) > most {
		text = string(letters[:most-1]) + "…"
	}
	return text
}

// days says when an event is.
func days(e store.Event) string {
	from, err := time.Parse(time.DateOnly, e.StartDate)
	if err != nil {
		return e.StartDate
	}
	until, err := time.Parse(time.DateOnly, e.EndDate)
	if err != nil || from.Equal(until) {
		return from.Format("2 January 2006")
	}
	return from.Format("2 January 2006") + " to " + until.Format("2 January 2006")
}
