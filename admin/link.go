package admin

import (
	"net/http"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// link is the page on which a user sets a password with a link.
type link struct {
	page.Frame
	page.Form
	Token    string
	Username string
}

const linkMend = "Ask an admin for another."

func (s *server) serveLink(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	u, err := s.Store.LinkFor(r.Context(), token, time.Now())
	if err != nil || u.ID == 0 {
		return s.badLink(w, r, err, linkMend)
	}
	return s.Show(w, r, linkPage(link{s.Frame(r, "Choose a password"), page.Form{}, token, u.Username}))
}

func (s *server) serveLinkUse(w http.ResponseWriter, r *http.Request) error {
	f, token := page.Posted(r), r.PathValue("token")
	password := r.PostFormValue("password")
	u, err := s.Store.LinkFor(r.Context(), token, time.Now())
	if err != nil || u.ID == 0 {
		return s.badLink(w, r, err, linkMend)
	}
	if password != r.PostFormValue("again") {
		err = page.Invalid("again", "these two are not the same; write the password twice")
	}
	if err == nil {
		ctx := store.WithActor(r.Context(), store.Actor{Name: u.Username, Address: s.Remote(r).String()})
		_, err = s.Store.UsePasswordLink(ctx, token, password, time.Now())
	}
	if f.Fault(err) {
		s.Render(w, r, http.StatusUnprocessableEntity, linkPage(link{s.Frame(r, "Choose a password"), f, token, u.Username}))
		return nil
	}
	if err != nil {
		return s.badLink(w, r, err, linkMend)
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}
