package admin

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// setup is the first page that an operator sees.
type setup struct {
	page.Frame
	page.Form
	Token    string
	Nameless bool // neither a flag nor the environment has named the network
}

// serveSetup shows the form, if the link works.
func (s *server) serveSetup(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	if u, err := s.Store.LinkFor(r.Context(), token, time.Now()); err != nil || u.ID != 0 {
		return s.badLink(w, r, err, "Start the hub again, and it prints another, as long as there is no admin.")
	}
	return s.Show(w, r, setupPage(setup{Frame: s.Frame(r, "Welcome"), Token: token, Nameless: s.nameless()}))
}

func (s *server) nameless() bool {
	title, err := s.Settings.Setting("title")
	return err == nil && title.Fixed == ""
}

// badLink is the page of a link that does not work.
func (s *server) badLink(w http.ResponseWriter, r *http.Request, err error, mend string) error {
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrConflict) {
		return err
	}
	s.Problem(w, r, http.StatusNotFound, "This link does not work", "It was used before, or its time is over. "+mend)
	return nil
}

// serveSetUp makes the first admin, names the network if that is wanted, and makes the
// first game if one is named: all of it or nothing, so that the link is not used up in vain.
func (s *server) serveSetUp(w http.ResponseWriter, r *http.Request) error {
	p := setup{Form: page.Posted(r), Token: r.PathValue("token"), Nameless: s.nameless()}
	game := store.Game{ShortName: p.Text("short_name"), Name: p.Text("name"), Display: true, AllowCharacterRegistration: true}
	wanted := game.ShortName != "" || game.Name != ""
	_, err := s.Store.LinkFor(r.Context(), p.Token, time.Now())
	var faulty error // what is wrong with the game: that does not cost the passwords
	if err == nil && wanted {
		if faulty = s.Store.CheckGame(r.Context(), game); !p.Fault(faulty) {
			err = faulty
		}
	}
	title := p.Text("title")
	if err == nil && title != "" {
		err = s.Settings.Check(r.Context(), "title", title)
	}
	password := r.PostFormValue("password")
	if err == nil && password != r.PostFormValue("again") {
		err = page.Invalid("again", "these two are not the same; write the password twice")
	}
	var b store.Begun
	if err == nil {
		first := store.FirstRun{
			Token: p.Token, Username: p.Text("username"), Password: password, Title: title, Address: s.Remote(r).String(), Agent: r.UserAgent(),
		}
		if wanted && faulty == nil {
			first.Game = &game
		}
		ctx := store.WithActor(r.Context(), store.Actor{Name: first.Username, Address: first.Address})
		b, err = s.Store.Setup(ctx, first, time.Now())
	}
	switch {
	case p.Fault(err):
		p.Frame = s.Frame(r, "Welcome")
		s.Render(w, r, http.StatusUnprocessableEntity, setupPage(p))
		return nil
	case err != nil:
		return s.badLink(w, r, err, "If there is an admin already, sign in.")
	}
	s.SetCookie(w, r, b.Token, store.SessionLasts)
	if faulty != nil {
		text := "Your account is made, the game is not. " + page.Sentence(p.Faulty, p.Why)
		s.Drawer(b.Session, func(d *page.Drawer) { d.Flash = page.Flash{Text: text} })
		query := url.Values{"short_name": {game.ShortName}, "name": {game.Name}}
		http.Redirect(w, r, "/admin/new/game?"+query.Encode(), http.StatusSeeOther)
		return nil
	}
	if !wanted {
		http.Redirect(w, r, "/admin", http.StatusSeeOther)
		return nil
	}
	s.keepSecret(b.Session, page.NewSecret{Credential: b.Game, Noun: "game", ShortName: game.ShortName})
	http.Redirect(w, r, "/admin/games/"+game.ShortName+"/secret", http.StatusSeeOther)
	return nil
}
