package admin

import (
	"net/http"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// registerPath is where people register games.
const registerPath = minePath + "/new"

// register is the page on which somebody registers a game.
type register struct {
	page.Frame
	page.Form
	Mode store.GameRegistration
}

// registration is the mode in which games are registered now.
func (s *server) registration() store.GameRegistration {
	return store.GameRegistration(s.Settings.Config().GameRegistration)
}

func (s *server) serveRegister(w http.ResponseWriter, r *http.Request) error {
	return s.showRegister(w, r, http.StatusOK, page.Form{})
}

func (s *server) showRegister(w http.ResponseWriter, r *http.Request, code int, f page.Form) error {
	mode := s.registration()
	if mode == store.RegistrationOperator {
		s.Problem(w, r, http.StatusNotFound, "Operators add the games here", "Ask an admin to add yours, and to make you its owner.")
		return nil
	}
	s.Render(w, r, code, registerPage(register{s.Frame(r, "Register a game"), f, mode}))
	return nil
}

// serveRegisterGame adds it in the visitor's name, and shows its credentials.
func (s *server) serveRegisterGame(w http.ResponseWriter, r *http.Request) error {
	mode := s.registration()
	if mode == store.RegistrationOperator {
		return s.showRegister(w, r, http.StatusNotFound, page.Form{})
	}
	f := page.Posted(r)
	g := store.Game{ShortName: f.Text("short_name"), Name: f.Text("name"), Tagline: f.Text("tagline"), HomepageURL: f.Text("homepage_url")}
	c, err := s.Store.RegisterGame(r.Context(), mode, page.Who(r).Username, g)
	if f.Fault(err) {
		return s.showRegister(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	s.keepSecret(page.Who(r).ID, page.NewSecret{Credential: c, Noun: gameKind.noun, ShortName: g.ShortName})
	http.Redirect(w, r, gameKind.path(g.ShortName)+"/secret", http.StatusSeeOther)
	return nil
}

func (s *server) serveGameApprove(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.Store.ApproveGame(r.Context(), name); err != nil {
		return err
	}
	s.Mail.GameApproved(r.Context(), name)
	return s.changed(w, r, gameKind.path(name), "Approved "+name+": it may connect, and is in the lists.")
}

func (s *server) serveGameDeny(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if err := s.Store.DenyGame(r.Context(), name); err != nil {
		return err
	}
	return s.Done(w, r, gameKind.list(), "Denied "+name+": the game is gone.")
}
