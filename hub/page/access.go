package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
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
// What the store does for a request is done in the visitor's name. No query that a handler sees
// is longer than addressMost, and no form is cut off.
func (p *Pages) admit(one Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > addressMost {
			p.Problem(w, r, http.StatusRequestURITooLong, "That address is too long", fmt.Sprintf("It has %d bytes. Use at most %d: search for less.", len(r.RequestURI), addressMost))
			return
		}
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
			if strings.HasPrefix(one.Pattern, "POST ") {
				err = r.ParseForm()
			}
			if err != nil {
				p.refuseForm(w, r, err)
			} else if err := one.Serve(w, r); err != nil {
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

// addressMost is how many bytes the path and the query of a request have at most. The longest
// that pages make is the login that leads on to a request of a game's site.
const addressMost = 8 << 10

// refuseForm answers a form that did not come whole, and was not acted on. A browser that went
// away while it sent it is no error of the hub's.
func (p *Pages) refuseForm(w http.ResponseWriter, r *http.Request, err error) {
	long, isLong := errors.AsType[*http.MaxBytesError](err)
	_, isNet := errors.AsType[net.Error](err)
	gone := r.Context().Err() != nil
	r = r.WithContext(context.WithoutCancel(r.Context())) // a body that took too long has ended it, and its sender may still read
	switch {
	case isLong:
		p.Problem(w, r, http.StatusRequestEntityTooLarge, "That is too much", fmt.Sprintf("A form may have %d bytes. Nothing was changed. Go back, and send less.", long.Limit))
	case isNet, errors.Is(err, io.ErrUnexpectedEOF), gone:
		p.Problem(w, r, http.StatusRequestTimeout, "The form did not arrive", "It was cut off on its way. Nothing was changed. Go back, and send it again.")
	default:
		p.Problem(w, r, http.StatusBadRequest, "The form cannot be read", "Nothing was changed. Send it as a browser does.")
	}
}

// serveForeign refuses a form that a page of another address has sent. Without the header
// Sec-Fetch-Site, which browsers send by TLS only, that may be a proxy's fault.
func (p *Pages) serveForeign(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if u, err := url.Parse(origin); err != nil || u.Host == "" || r.Header.Get("Sec-Fetch-Site") != "" {
		p.Problem(w, r, http.StatusForbidden, "This form came from another site", "Nothing was changed. Open the page of this hub, and send its form.")
		return
	}
	p.Problem(w, r, http.StatusForbidden, "This form came from another address", fmt.Sprintf(
		"Your browser is at %s, but the request that arrived has the header Host: %s. Nothing was changed. If both are this hub, the proxy in front of it "+
			"must pass on the header Host as it came (nginx: proxy_set_header Host $http_host;), or the hub needs --public-url %s.",
		Cut(origin, 200), Cut(r.Host, 200), Cut(origin, 200)))
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
	case errors.Is(err, store.ErrLost): // which is logged once
		heading, code = "Nothing is saved any more", http.StatusServiceUnavailable
		text = "The hub has lost its database file, and what you entered was not saved. An operator has to put the file back."
	case errors.Is(err, store.ErrBusy):
		heading, code = "The database is locked", http.StatusServiceUnavailable
		text = "Another program on the hub's machine keeps it locked, and nothing was changed. Try again in a minute. If it stays so, an operator has to end that program."
		p.o.Log.Warn("a page could not write", "method", r.Method, "path", logged(r), "err", err)
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
