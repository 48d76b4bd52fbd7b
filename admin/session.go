package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"hearsay/hub/page"
	"hearsay/hub/store"
)

// serveLogOut signs out, and leads to the login, which may lead back to where one was. It is
// no harm to do so twice.
func (s *server) serveLogOut(w http.ResponseWriter, r *http.Request) error {
	if v := page.Who(r); v.SignedIn() {
		if err := s.Store.EndSession(r.Context(), v.Token); err != nil {
			return err
		}
	}
	s.SetCookie(w, r, "", -time.Second)
	http.Redirect(w, r, page.Login(page.Local(page.Posted(r).Text("next"))), http.StatusSeeOther)
	return nil
}

// sessions is the list of browsers that are signed in.
type sessions struct {
	page.Frame
	page.Listing // of the page of all
	List         []store.Session
	Current      int64  // the visitor's own
	Revoke       string // where the forms go: before the id
}

func (s *server) serveSessions(w http.ResponseWriter, r *http.Request) (err error) {
	p := sessions{Frame: s.Frame(r, "Sessions"), Listing: page.ReadListing(r), Current: page.Who(r).ID, Revoke: "/admin/sessions/"}
	if p.Sort == "" {
		p.Listing = p.Sorted("seen").At(p.Number)
	}
	if p.List, p.Total, err = s.Store.SessionsPage(r.Context(), p.Page()); err != nil {
		return err
	}
	return s.Show(w, r, sessionsPage(p))
}

func (s *server) serveSessionRevoke(w http.ResponseWriter, r *http.Request) error {
	return s.revoke(w, r, 0, "/admin/sessions")
}

// revoke ends the session that the path names, which must be that user's unless of is 0.
func (s *server) revoke(w http.ResponseWriter, r *http.Request, of int64, back string) error {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64) // no session has the id 0, or the largest
	switch err := s.Store.RevokeSession(r.Context(), id, of); {
	case errors.Is(err, store.ErrNotFound):
		return s.Done(w, r, back, "That session is over already.")
	case err != nil:
		return err
	}
	return s.Done(w, r, back, "Signed that browser out.")
}
