package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// invites is the list of links with which somebody signs up.
type invites struct {
	page.Frame
	List []store.Invite
	Link string // the new one; shown once
	Mode store.SignUpMode
}

func (s *server) serveInvites(w http.ResponseWriter, r *http.Request) error {
	return s.showInvites(w, r, "")
}

func (s *server) showInvites(w http.ResponseWriter, r *http.Request, link string) error {
	p := invites{Frame: s.Frame(r, "Invites"), Link: link, Mode: s.SignUp()}
	var err error
	if p.List, err = s.Store.Invites(r.Context()); err != nil {
		return err
	}
	return s.Show(w, r, invitesPage(p))
}

// serveInviteAdd answers with the list and a new link on it.
func (s *server) serveInviteAdd(w http.ResponseWriter, r *http.Request) error {
	token, _, err := s.Store.CreateInvite(r.Context(), time.Now())
	if err != nil {
		return err
	}
	return s.showInvites(w, r, s.Origin(r)+"/sign-up/"+token)
}

func (s *server) serveInviteRevoke(w http.ResponseWriter, r *http.Request) error {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64) // no invite has the id 0, or the largest
	switch err := s.Store.RevokeInvite(r.Context(), id); {
	case errors.Is(err, store.ErrNotFound):
		return s.Done(w, r, "/admin/invites", "That invite was used, or is not there any more.")
	case err != nil:
		return err
	}
	return s.Done(w, r, "/admin/invites", "The invite works no more.")
}
