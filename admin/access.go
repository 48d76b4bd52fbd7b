package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hearsay/hub/store"
)

// access is who may use a route. Persons may only use those for anyone.
type access int

const (
	anyone    access = iota
	moderator        // moderators and admins
	admin            // admins
)

// may reports whether a user has that access.
func (a access) may(role store.Role) bool {
	switch a {
	case anyone:
		return true
	case moderator:
		return role == store.Moderator || role == store.Admin
	}
	return role == store.Admin
}

// A visitor is who asks for a page.
type visitor struct {
	store.Session        // zero: nobody is signed in
	token         string // of the session
}

func (v visitor) signedIn() bool { return v.ID != 0 }

type visitorKey struct{}

// who is the request's visitor.
func who(r *http.Request) visitor {
	v, _ := r.Context().Value(visitorKey{}).(visitor)
	return v
}

// admit makes a route's handler: it finds out who asks, and lets nobody in who may not.
// What the store does for a request is done in the visitor's name.
func (s *server) admit(one route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.visitor(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		ctx := context.WithValue(r.Context(), visitorKey{}, v)
		if v.signedIn() {
			ctx = store.WithActor(ctx, store.Actor{Name: v.Username, Address: s.Remote(r).String()})
		}
		r = r.WithContext(ctx)
		switch {
		case one.who.may(v.User.Role):
			if err := one.serve(w, r); err != nil {
				s.refuse(w, r, err)
			}
		case v.signedIn():
			s.refuse(w, r, errForbidden)
		case strings.Contains(r.Header.Get("Accept"), "text/event-stream"):
			s.refuse(w, r, errSignedOut) // a script would follow a redirect, and show the form of the login
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		default:
			s.refuse(w, r, errSignedOut)
		}
	})
}

// visitor finds the session of the request's cookie.
func (s *server) visitor(r *http.Request) (v visitor, err error) {
	cookie, err := r.Cookie(s.cookieName(r))
	if err != nil || s.Store == nil {
		return visitor{}, nil
	}
	v.Session, err = s.Store.Session(r.Context(), cookie.Value, time.Now())
	if errors.Is(err, store.ErrUnauthorized) {
		return visitor{}, nil
	}
	v.token = cookie.Value
	return v, err
}

var (
	errForbidden = errors.New("forbidden")
	errSignedOut = errors.New("signed out")
	errTooMany   = errors.New("too many failed logins")
)

// refuse makes a page of what is wrong. What the visitor cannot mend is logged.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var field *store.FieldError
	var barred *store.Barred
	heading, text, code := "Something went wrong", "It is in the hub's log. Try again; if it stays so, look there.", http.StatusInternalServerError
	switch {
	case errors.Is(err, errForbidden) && !moderator.may(who(r).User.Role):
		heading, text, code = "That is for the operators", "You are signed in as "+who(r).Username+", who runs nothing here. Ask an admin if you should.", http.StatusForbidden
	case errors.Is(err, errForbidden):
		heading, text, code = "That is for admins", "You are signed in as a moderator. Ask an admin to do it, or to make you one.", http.StatusForbidden
	case errors.Is(err, errSignedOut):
		heading, text, code = "You are signed out", "Nothing was changed. Sign in again, go back, and send the form once more.", http.StatusUnauthorized
	case errors.Is(err, errTooMany):
		heading, text, code = "Too many failed logins", "Wait a few minutes, then try again. A forgotten password is set with: hearsay user password NAME", http.StatusTooManyRequests
	case errors.As(err, &barred):
		heading, text, code = "You may not sign in", capital(barred.Reason)+".", http.StatusForbidden
	case errors.Is(err, store.ErrNotFound):
		heading, text, code = "It is not there", capital(strings.TrimSuffix(err.Error(), ": "+store.ErrNotFound.Error()))+" is not there, or not any more.", http.StatusNotFound
	case errors.As(err, &field):
		heading, text, code = "That will not do", capital(label(field.Field))+": "+field.Reason+".", http.StatusUnprocessableEntity
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrConflict):
		heading, text, code = "That will not do", capital(err.Error())+".", http.StatusUnprocessableEntity
	case r.Context().Err() != nil:
		return // nobody waits for the answer
	default:
		s.Log.Error("a page failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	s.render(w, r, code, problemPage(problem{s.frame(r, heading), text}))
}

// A problem is a page that says what is wrong.
type problem struct {
	frame
	Text string
}
