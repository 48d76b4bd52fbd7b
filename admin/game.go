package admin

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hearsay/hub"
	"hearsay/hub/page"
	"hearsay/hub/store"
)

// games is the list of games.
type games struct {
	page.Frame
	page.Listing
	List   []store.Game
	Online map[store.GameID]hub.GameStatus
}

var gameFilters = []page.Choice{{Value: "", Label: "All"}, {Value: "online", Label: "Online"}, {Value: "offline", Label: "Offline"}, {Value: "suspended", Label: "Suspended"}, {Value: "hidden", Label: "Hidden"}, {Value: "waiting", Label: "Waiting"}}

func (s *server) serveGames(w http.ResponseWriter, r *http.Request) error {
	p := games{Frame: s.Frame(r, "Games"), Listing: page.ReadListing(r), Online: map[store.GameID]hub.GameStatus{}}
	var online []store.GameID
	for _, one := range s.Hub.Status().Games {
		p.Online[one.ID] = one
		online = append(online, one.ID)
	}
	var err error
	if p.List, p.Total, err = s.Store.GamesPage(r.Context(), store.GamePage{Page: p.Page(), Online: online}); err != nil {
		return err
	}
	return s.Show(w, r, gamesPage(p))
}

// gameForm is the page on which a game is made or changed.
type gameForm struct {
	page.Frame
	page.Form
	ShortName string // of the game that is changed; "": a new one
}

func (s *server) showGameForm(w http.ResponseWriter, r *http.Request, code int, f page.Form, shortName string) error {
	title := "New game"
	if shortName != "" {
		title = "Edit " + shortName
	}
	s.Render(w, r, code, gameFormPage(gameForm{Frame: s.Frame(r, title), Form: f, ShortName: shortName}))
	return nil
}

func (s *server) serveGameNew(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query() // of who has named a game while the hub was set up
	f := page.Form{Values: url.Values{"short_name": q["short_name"], "name": q["name"], "display": {"on"}, "allow_character_registration": {"on"}}}
	return s.showGameForm(w, r, http.StatusOK, f, "")
}

func (s *server) serveGameAdd(w http.ResponseWriter, r *http.Request) error {
	f := page.Posted(r)
	g := store.Game{
		ShortName: f.Text("short_name"), Name: f.Text("name"), Display: f.On("display"), HidePlayers: f.On("hide_players"), Tagline: f.Text("tagline"),
		Description: f.Text("description"), HomepageURL: f.Text("homepage_url"), UserAgentURL: f.Text("user_agent_url"),
		AllowCharacterRegistration: f.On("allow_character_registration"), Owner: f.Text("owner"),
	}
	c, err := s.Store.CreateGame(r.Context(), g, store.SecretForm(f.On("uuid")))
	if f.Fault(err) {
		return s.showGameForm(w, r, http.StatusUnprocessableEntity, f, "")
	}
	if err != nil {
		return err
	}
	s.keepSecret(page.Who(r).ID, page.NewSecret{Credential: c, Noun: "game", ShortName: g.ShortName})
	http.Redirect(w, r, gameKind.path(g.ShortName)+"/secret", http.StatusSeeOther)
	return nil
}

func (s *server) serveGameEdit(w http.ResponseWriter, r *http.Request) error {
	g, err := s.Store.Game(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	f := page.Form{Values: url.Values{
		"name": {g.Name}, "display": {page.Checkbox(g.Display)}, "hide_players": {page.Checkbox(g.HidePlayers)}, "tagline": {g.Tagline}, "description": {g.Description},
		"homepage_url": {g.HomepageURL}, "user_agent_url": {g.UserAgentURL}, "owner": {g.Owner},
		"allow_character_registration": {page.Checkbox(g.AllowCharacterRegistration)},
	}}
	return s.showGameForm(w, r, http.StatusOK, f, g.ShortName)
}

func (s *server) serveGameChange(w http.ResponseWriter, r *http.Request) error {
	f, name := page.Posted(r), r.PathValue("name")
	text := func(field string) *string { value := f.Text(field); return &value }
	on := func(field string) *bool { value := f.On(field); return &value }
	edit := store.GameEdit{
		Name: text("name"), Tagline: text("tagline"), Description: text("description"), HomepageURL: text("homepage_url"),
		UserAgentURL: text("user_agent_url"), Display: on("display"), HidePlayers: on("hide_players"),
		AllowCharacterRegistration: on("allow_character_registration"),
	}
	if page.Admin.May(page.Who(r).User.Role) {
		edit.Owner = text("owner")
	}
	err := s.Store.UpdateGame(r.Context(), name, edit)
	if f.Fault(err) {
		return s.showGameForm(w, r, http.StatusUnprocessableEntity, f, name)
	}
	if err != nil {
		return err
	}
	return s.changed(w, r, gameKind.path(name), "Saved "+name+".")
}

// changed is done for a change of a record: the page shows how far it has got.
func (s *server) changed(w http.ResponseWriter, r *http.Request, path, text string) error {
	return s.changedFlash(w, r, path, page.Flash{Text: text})
}

func (s *server) changedFlash(w http.ResponseWriter, r *http.Request, path string, f page.Flash) error {
	id, err := s.Store.Newest(r.Context())
	if err != nil {
		return err
	}
	return s.DoneFlash(w, r, path+"?version="+strconv.FormatInt(int64(id), 10), f)
}

// game is the page of one game.
type game struct {
	page.Frame
	page.Form
	store.Game
	Online      *hub.GameStatus // nil: it is offline
	Players     []string
	Connections []store.Connection
	Redirects   []string
	Events      []store.Event
	History     []page.Curve   // how many players there were
	Transfer    store.Transfer // to whom it is offered; zero: to nobody
	Synced      synced         // how far the last change has got
}

// Access is what the page says of its credentials.
func (g game) Access() peerAccess {
	return peerAccess{
		gameKind, g.ShortName, g.ClientID, g.SecretUsedAt, g.OldSecretUsedAt, g.OldSecretEndsAt,
		g.Suspended, g.SuspendedReason, g.SuspendedUntil, g.Now,
	}
}

func (s *server) serveGame(w http.ResponseWriter, r *http.Request) error {
	return s.showGame(w, r, http.StatusOK, page.Form{})
}

func (s *server) showGame(w http.ResponseWriter, r *http.Request, code int, f page.Form) (err error) {
	p := game{Form: f, Synced: s.synced(r.URL.Query())}
	ctx := r.Context()
	if p.Game, err = s.Store.Game(ctx, r.PathValue("name")); err != nil {
		return err
	}
	p.Synced.at = gameKind.path(p.ShortName) + "/live"
	if p.Connections, err = s.Store.Connections(ctx, p.ShortName); err != nil {
		return err
	}
	if p.Redirects, err = s.Store.RedirectURIs(ctx, p.ShortName); err != nil {
		return err
	}
	if p.Events, err = s.Store.Events(ctx, p.ShortName); err != nil {
		return err
	}
	if p.History, err = page.PlayersOverTime(ctx, s.Store, p.ID, time.Now()); err != nil {
		return err
	}
	if p.Transfer, err = s.transfer(r, p.ShortName); err != nil {
		return err
	}
	if now, online := s.Hub.Game(p.ID); online {
		p.Online, p.Players = &now, s.Hub.Players(p.ID)
	}
	p.Frame = s.Frame(r, p.ShortName)
	s.Render(w, r, code, gamePage(p))
	return nil
}

// partOf makes the handler of a form on a game's page.
func (s *server) partOf(do func(r *http.Request, shortName string, f page.Form) (page.Flash, error)) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, name := page.Posted(r), r.PathValue("name")
		done, err := do(r, name, f)
		if f.Fault(err) {
			return s.showGame(w, r, http.StatusUnprocessableEntity, f)
		}
		if err != nil {
			return err
		}
		return s.changedFlash(w, r, gameKind.path(name), done)
	}
}

func (s *server) addConnection(r *http.Request, shortName string, f page.Form) (page.Flash, error) {
	c := store.Connection{Type: f.Text("type"), URL: f.Text("url"), Host: f.Text("host")}
	if text := f.Text("port"); text != "" {
		port, err := strconv.Atoi(text)
		if err != nil {
			return page.Flash{}, page.Invalid("port", "is no number; use 1 to 65535")
		}
		c.Port = port
	}
	_, err := s.Store.AddConnection(r.Context(), shortName, c)
	return page.Flash{Text: "Added the connection."}, err
}

func (s *server) removeConnection(r *http.Request, shortName string, f page.Form) (done page.Flash, err error) {
	all, err := s.Store.Connections(r.Context(), shortName)
	if err != nil {
		return done, err
	}
	done.Text = "Removed the connection."
	for _, one := range all {
		if one.ID == f.Text("id") {
			v := url.Values{"type": {one.Type}, "url": {one.URL}, "host": {one.Host}}
			if one.Port != 0 {
				v.Set("port", strconv.Itoa(one.Port))
			}
			done.Undo = &page.Undo{Path: gameKind.path(shortName) + "/connections", Values: v}
		}
	}
	return done, s.Store.RemoveConnection(r.Context(), shortName, f.Text("id"))
}

func (s *server) addRedirect(r *http.Request, shortName string, f page.Form) (page.Flash, error) {
	return page.Flash{Text: "Added the redirect URI."}, s.Store.AddRedirectURI(r.Context(), shortName, f.Text("uri"))
}

func (s *server) removeRedirect(r *http.Request, shortName string, f page.Form) (page.Flash, error) {
	undo := &page.Undo{Path: gameKind.path(shortName) + "/redirects", Values: url.Values{"uri": {f.Text("uri")}}}
	return page.Flash{Text: "Removed the redirect URI.", Undo: undo}, s.Store.RemoveRedirectURI(r.Context(), shortName, f.Text("uri"))
}
