package admin

import (
	"net/http"

	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

// minePath is the list of the visitor's games.
const minePath = "/admin/mine"

// mine is what somebody sees of the games that they answer for.
type mine struct {
	page.Frame
	List   []store.OwnedGame
	Offers []store.Transfer // of games that others give to the visitor
	Online map[store.GameID]hub.GameStatus
}

func (s *server) serveMine(w http.ResponseWriter, r *http.Request) (err error) {
	p := mine{Frame: s.Frame(r, "My games"), Online: map[store.GameID]hub.GameStatus{}}
	if p.List, err = s.Store.OwnedGames(r.Context(), page.Who(r).User.ID); err != nil {
		return err
	}
	if p.Offers, err = s.Store.Transfers(r.Context(), page.Who(r).Username, p.Now); err != nil {
		return err
	}
	for _, g := range p.List {
		if now, online := s.Hub.Game(g.ID); online {
			p.Online[g.ID] = now
		}
	}
	return s.Show(w, r, minePage(p))
}

// runsAll reports whether the visitor has all games, not only the own ones.
func runsAll(f page.Frame) bool { return page.Admin.May(f.User.Role) }

// listItem leads from the page of a game or application to those that the visitor has.
func listItem(f page.Frame, k peerKind) page.Item {
	if k.noun == gameKind.noun && !runsAll(f) {
		return page.Item{Path: minePath, Label: "My games"}
	}
	return page.Item{Path: k.list(), Label: page.Capital(k.noun) + "s"}
}

func gamesItem(f page.Frame) page.Item { return listItem(f, gameKind) }

// home is where the visitor's pages of this package begin.
func home(r *http.Request) string {
	if page.Moderator.May(page.Who(r).User.Role) {
		return "/admin"
	}
	return minePath
}
