package site

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

// games is the list of them.
type games struct {
	page.Frame
	page.Listing
	List []line
}

var gameFilters = []page.Choice{{Value: "", Label: "All"}, {Value: "online", Label: "Online"}, {Value: "offline", Label: "Offline"}}

// serveGames lists games: those that are online first, with the most players.
func (s *Site) serveGames(w http.ResponseWriter, r *http.Request) error {
	p := games{Frame: s.Open(w, r, "Games"), Listing: page.ReadListing(r)}
	if p.Sort == "" {
		p.Listing = p.Sorted("players").At(p.Number)
	}
	on, err := s.online(r.Context())
	if err != nil {
		return err
	}
	if p.List, p.Total, err = s.lines(r.Context(), on, p.Page()); err != nil {
		return err
	}
	return s.Show(w, r, gamesPage(p))
}

// game is the page of one.
type game struct {
	page.Frame
	line
	Names        []string // of its players
	Connections  []store.Connection
	Events       []store.Event
	Achievements []store.Achievement
	Curves       []page.Curve
}

func (s *Site) serveGame(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	g, err := s.Store.PublicGame(ctx, r.PathValue("name"))
	if err != nil {
		return err
	}
	if name := r.PathValue("name"); name != g.ShortName { // one address for each
		http.Redirect(w, r, gamePath(g.ShortName), http.StatusMovedPermanently)
		return nil
	}
	p := game{Frame: s.Open(w, r, g.Name), line: line{Game: g, Players: -1}}
	var now hub.GameStatus
	if now, p.Online = s.Hub.Game(g.ID); p.Online && !g.HidePlayers {
		p.Players, p.Names = now.Players, s.Hub.Players(g.ID)
	}
	if p.Connections, err = s.Store.Connections(ctx, g.ShortName); err != nil {
		return err
	}
	events, err := s.Store.Events(ctx, g.ShortName)
	if err != nil {
		return err
	}
	today := p.Now.UTC().Format("2006-01-02")
	for _, e := range events {
		if e.EndDate >= today {
			p.Events = append(p.Events, e)
		}
	}
	if p.Achievements, err = s.Store.Achievements(ctx, g.ID); err != nil {
		return err
	}
	slices.SortStableFunc(p.Achievements, func(a, b store.Achievement) int { return hiddenLast(a) - hiddenLast(b) })
	if !g.HidePlayers {
		if p.Curves, err = page.PlayersOverTime(ctx, s.Store, g.ID, p.Now); err != nil {
			return err
		}
	}
	return s.Show(w, r, gamePage(p))
}

func hiddenLast(a store.Achievement) int {
	if a.Display {
		return 0
	}
	return 1
}

// Description is what search engines show of the page.
func (g game) Description() string {
	return short(cmp.Or(g.Tagline, g.line.Description, "A text game on this network."))
}

func gamePath(shortName string) string { return "/games/" + url.PathEscape(shortName) }

// connectAddress is where a client goes: a web page, or telnet://HOST:PORT, with IPv6 in
// brackets. Templates take no scheme of telnet, and this one is ours, not the game's.
func connectAddress(c store.Connection) templ.SafeURL {
	if c.Type == "web" {
		return templ.URL(c.URL)
	}
	host := strings.Trim(c.Host, "[]") // old files may have them
	u := url.URL{Scheme: "telnet", Host: net.JoinHostPort(host, strconv.Itoa(c.Port))}
	if c.Type == "secure telnet" {
		u.Scheme = "telnets"
	}
	return templ.SafeURL(u.String())
}
