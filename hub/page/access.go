package page

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"hearsay/hub/store"
)

// Access is who may use a route.
type Access int

// Who may use routes.
const (
	Anyone    Access = iota
	Person           // who is signed in, in whatever role
	Moderator        // moderators and admins
	Admin            // admins
	Owner            // admins, and whoever owns the game that {name} in the path says
)

// May reports whether a role alone gives that access.
func (a Access) May(role store.Role) bool {
	switch a {
	case Anyone:
		return true
	case Person:
		return role != ""
	case Moderator:
		return role == store.Moderator || role == store.Admin
	}
	return role == store.Admin
}

// A Visitor is who asks for a page.
type Visitor struct {
	store.Session        // zero: nobody is signed in
	Token         string // of the session
}

// SignedIn reports whether it is somebody whom the hub knows.
func (v Visitor) SignedIn() bool { return v.ID != 0 }

type visitorKey struct{}

// Who is the request's visitor.
func Who(r *http.Request) Visitor {
	v, _ := r.Context().Value(visitorKey{}).(Visitor)
	return v
}

// admit makes a route's handler: it finds out who asks, and lets nobody in who may not.
// What the store does for a request is done in the visitor's name.
func (p *Pages) admit(one Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := p.Visitor(r)
		if err != nil {
			p.Refuse(w, r, err)
			return
		}
		ctx := context.WithValue(r.Context(), visitorKey{}, v)
		if v.SignedIn() {
			ctx = store.WithActor(ctx, store.Actor{Name: v.Username, Address: p.o.Remote(r).String()})
		}
		r = r.WithContext(ctx)
		err = p.may(r, v, one.Who)
		switch {
		case err == nil:
			if err := one.Serve(w, r); err != nil {
				p.Refuse(w, r, err)
			}
		case !errors.Is(err, errSignedOut):
			p.Refuse(w, r, err)
		case strings.Contains(r.Header.Get("Accept"), "text/event-stream"):
			p.Refuse(w, r, errSignedOut) // a script would follow a redirect, and show the form of the login
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			http.Redirect(w, r, Login(r.URL.RequestURI()), http.StatusSeeOther)
		default:
			p.Refuse(w, r, errSignedOut)
		}
	})
}

// may says why a visitor may not have what is asked for; nil: they may. A game of somebody
// else is not there, like one that is nowhere: nobody learns which.
func (p *Pages) may(r *http.Request, v Visitor, who Access) error {
	switch {
	case who.May(v.User.Role):
		return nil
	case !v.SignedIn():
		return errSignedOut
	case who != Owner:
		return ErrForbidden
	}
	name := r.PathValue("name")
	owns, err := p.o.Store.Owns(r.Context(), v.User.ID, name)
	if err == nil && !owns {
		err = store.Missing{Noun: "game", Key: name}
	}
	return err
}

// Visitor finds the session of the request's cookie.
func (p *Pages) Visitor(r *http.Request) (v Visitor, err error) {
	cookie, err := r.Cookie(p.cookieName(r))
	if err != nil || p.o.Store == nil {
		return Visitor{}, nil
	}
	v.Session, err = p.o.Store.Session(r.Context(), cookie.Value, time.Now())
	if errors.Is(err, store.ErrUnauthorized) {
		return Visitor{}, nil
	}
	v.Token = cookie.Value
	return v, err
}

var (
	ErrForbidden = errors.New("forbidden")
	errSignedOut = errors.New("signed out")
	ErrTooMany   = errors.New("too many failed logins")
	ErrOften     = errors.New("too often")
)

// Refuse makes a page of what is wrong. What the visitor cannot mend is logged.
func (p *Pages) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	var field *store.FieldError
	var barred *store.Barred
	var missing store.Missing
	heading, text, code := "Something went wrong", "It is in the hub's log. Try again; if it stays so, look there.", http.StatusInternalServerError
	switch {
	case errors.Is(err, ErrForbidden) && !Moderator.May(Who(r).User.Role):
		heading, text, code = "That is for the operators", "You are signed in as "+Who(r).Username+", who runs nothing here. Ask an admin if you should.", http.StatusForbidden
	case errors.Is(err, ErrForbidden):
		heading, text, code = "That is for admins", "You are signed in as a moderator. Ask an admin to do it, or to make you one.", http.StatusForbidden
	case errors.Is(err, errSignedOut):
		heading, text, code = "You are signed out", "Nothing was changed. Sign in again, go back, and send the form once more.", http.StatusUnauthorized
	case errors.Is(err, ErrTooMany):
		heading, text, code = "Too many failed logins", "Wait a few minutes, then try again.", http.StatusTooManyRequests
	case errors.Is(err, ErrOften):
		heading, text, code = "That was too often", "From where you are, this was done too often within an hour. Wait a while, then try again.", http.StatusTooManyRequests
	case errors.As(err, &barred):
		heading, text, code = "You may not sign in", Capital(barred.Reason)+".", http.StatusForbidden
	case errors.As(err, &missing):
		heading, text, code = "It is not there", Capital(missing.Named())+" is not there, or not any more.", http.StatusNotFound
	case errors.Is(err, store.ErrNotFound):
		heading, text, code = "It is not there", "What you asked for is not there, or not any more.", http.StatusNotFound
	case errors.As(err, &field):
		heading, text, code = "That will not do", Capital(Label(field.Field))+": "+field.Reason+".", http.StatusUnprocessableEntity
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrConflict):
		heading, text, code = "That will not do", Capital(err.Error())+".", http.StatusUnprocessableEntity
	case r.Context().Err() != nil:
		return // nobody waits for the answer
	default:
		p.o.Log.Error("a page failed", "method", r.Method, "path", logged(r), "err", err)
	}
	p.Problem(w, r, code, heading, text)
}

// logged is the path of a request as the log has it: a token in it is a secret.
func logged(r *http.Request) string {
	if token := r.PathValue("token"); token != "" {
		return strings.ReplaceAll(r.URL.Path, token, "…")
	}
	return r.URL.Path
}

// Problem answers with a page that says what is wrong.
func (p *Pages) Problem(w http.ResponseWriter, r *http.Request, code int, heading, text string) {
	p.Render(w, r, code, problemPage(problem{p.Frame(r, heading), text}))
}

// A problem is what such a page shows.
type problem struct {
	Frame
	Text string
}
