package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"hearsay/hub/store"
)

// cookieName is the name of the session's cookie: over TLS one that no other host, and
// no page of http, can set.
func (s *server) cookieName(r *http.Request) string {
	if s.Secure(r) {
		return "__Host-hearsay"
	}
	return "hearsay"
}

func (s *server) setCookie(w http.ResponseWriter, r *http.Request, token string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(r), Value: token, Path: "/", MaxAge: int(age / time.Second),
		Secure: s.Secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// signIn begins a session with a new token, and ends the one that the browser had.
func (s *server) signIn(w http.ResponseWriter, r *http.Request, u store.User) error {
	if v := who(r); v.signedIn() {
		if err := s.Store.EndSession(r.Context(), v.token); err != nil {
			return err
		}
	}
	token, err := s.Store.StartSession(r.Context(), u.ID, s.Remote(r).String(), r.UserAgent())
	if err == nil {
		s.setCookie(w, r, token, store.SessionLasts)
	}
	return err
}

// serveLogOut signs out. It is no harm to do so twice.
func (s *server) serveLogOut(w http.ResponseWriter, r *http.Request) error {
	if v := who(r); v.signedIn() {
		if err := s.Store.EndSession(r.Context(), v.token); err != nil {
			return err
		}
	}
	s.setCookie(w, r, "", -time.Second)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

// sessions is the list of browsers that are signed in.
type sessions struct {
	frame
	listing // of the page of all
	List    []store.Session
	Current int64  // the visitor's own
	Revoke  string // where the forms go: before the id
}

func (s *server) serveSessions(w http.ResponseWriter, r *http.Request) (err error) {
	p := sessions{frame: s.frame(r, "Sessions"), listing: readListing(r), Current: who(r).ID, Revoke: "/admin/sessions/"}
	if p.Sort == "" {
		p.listing = p.Sorted("seen").At(p.Number)
	}
	if p.List, p.Total, err = s.Store.SessionsPage(r.Context(), p.page()); err != nil {
		return err
	}
	return s.show(w, r, sessionsPage(p))
}

func (s *server) serveSessionRevoke(w http.ResponseWriter, r *http.Request) error {
	return s.revoke(w, r, 0, "/admin/sessions")
}

// revoke ends the session that the path names, which must be that user's unless of is 0.
func (s *server) revoke(w http.ResponseWriter, r *http.Request, of int64, back string) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err == nil {
		err = s.Store.RevokeSession(r.Context(), id, of)
	}
	if errors.Is(err, strconv.ErrSyntax) || errors.Is(err, store.ErrNotFound) {
		return s.done(w, r, back, "That session is over already.")
	}
	if err != nil {
		return err
	}
	return s.done(w, r, back, "Signed that browser out.")
}
