package admin

import (
	"net/http"
	"time"

	"hearsay/assets"
	"hearsay/hub/store"
)

// Asked for here so that a missing file stops the program at its start.
var (
	picoCSS = assets.URL("vendor/pico.min.css")
	appCSS  = assets.URL("app.css")
	icon    = assets.URL("favicon.svg")
)

// frame is what every page shows around its own content.
type frame struct {
	Title string
	Name  string // of the network
	Build string
	Path  string     // of the request
	User  store.User // who is signed in; without name: nobody
	Flash flash
	Now   time.Time

	Waiting int // messages that wait for review
}

// frame takes out of the visitor's drawer what the page is to say, so it is made once
// a page.
func (s *server) frame(r *http.Request, title string) frame {
	v := who(r)
	f := frame{Title: title, Name: s.heading(), Build: s.Build, Path: r.URL.Path, User: v.User, Now: time.Now()}
	if v.signedIn() {
		f.Flash = s.drawers.takeFlash(v.ID)
		f.Waiting, _ = s.Store.Waiting(r.Context()) // a page does without it
	}
	return f
}

// Operator reports whether the visitor runs something here.
func (f frame) Operator() bool { return moderator.may(f.User.Role) }

// Navigation is what this visitor may reach.
func (f frame) Navigation() (groups [][]item) {
	for _, group := range navigation {
		var mine []item
		for _, one := range group {
			if one.who.may(f.User.Role) {
				mine = append(mine, one)
			}
		}
		if mine != nil {
			groups = append(groups, mine)
		}
	}
	return groups
}
