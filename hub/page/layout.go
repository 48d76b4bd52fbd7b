package page

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
	Icon    = assets.URL("favicon.svg")
)

// A Frame is what every page shows around its own content.
type Frame struct {
	Title string
	Name  string // of the network
	Build string
	Path  string     // of the request
	User  store.User // who is signed in; without name: nobody
	Flash Flash
	Now   time.Time

	Waiting   int  // messages that wait for review
	Owns      bool // the visitor answers for a game, or is offered one
	Registers bool // the visitor may register games

	SignUp bool // somebody may make an account

	Canonical string // of a public page: its one address, with scheme and host
	Listens   bool   // a public page has parts that are live
	Next      string // where the browser goes on to by itself, at once

	navigation [][]Item
}

// Frame makes it. It takes out of the visitor's drawer what the page is to say, so it is made once
// a page.
func (p *Pages) Frame(r *http.Request, title string) Frame {
	v := Who(r)
	f := Frame{Title: title, Name: p.o.Heading(), Build: p.o.Build, Path: r.URL.Path, User: v.User, Now: time.Now(), SignUp: p.o.SignUp() != store.SignUpClosed, navigation: p.navigation}
	if v.SignedIn() {
		f.Flash = p.drawers.takeFlash(v.ID)
		f.Waiting, _ = p.o.Store.Waiting(r.Context()) // a page does without it
		f.Owns, _ = p.o.Store.OwnsAny(r.Context(), v.User.ID, f.Now)
		f.Registers = p.o.Registers()
	}
	return f
}

// Operator reports whether the visitor runs something here.
func (f Frame) Operator() bool { return Moderator.May(f.User.Role) }

// HasGames reports whether the visitor has to do with games of their own.
func (f Frame) HasGames() bool { return f.Owns || f.Registers }

// Home is where the mark of the network leads from an operators' page.
func (f Frame) Home() string {
	if f.Operator() {
		return "/admin"
	}
	return "/"
}

// Navigation is what this visitor may reach. What is for owners is for those who own
// something, whatever else they are.
func (f Frame) Navigation() (groups [][]Item) {
	for _, group := range f.navigation {
		var mine []Item
		for _, one := range group {
			if one.Who.May(f.User.Role) && one.Who != Owner || one.Who == Owner && f.HasGames() {
				mine = append(mine, one)
			}
		}
		if mine != nil {
			groups = append(groups, mine)
		}
	}
	return groups
}
