package page

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"hearsay/hub/store"
)

// cookieName is the name of the session's cookie: over TLS one that no other host, and
// no page of http, can set.
func (p *Pages) cookieName(r *http.Request) string {
	if p.o.Secure(r) {
		return "__Host-hearsay"
	}
	return "hearsay"
}

// SetCookie gives the browser the token of its session; a negative age takes it away.
func (p *Pages) SetCookie(w http.ResponseWriter, r *http.Request, token string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: p.cookieName(r), Value: token, Path: "/", MaxAge: int(age / time.Second),
		Secure: p.o.Secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// SignIn begins a session with a new token, and ends the one that the browser had. The next
// page says the text, if there is one.
func (p *Pages) SignIn(w http.ResponseWriter, r *http.Request, u store.User, text string) error {
	if v := Who(r); v.SignedIn() {
		if err := p.o.Store.EndSession(r.Context(), v.Token); err != nil {
			return err
		}
	}
	token, err := p.o.Store.StartSession(r.Context(), u.ID, p.o.Remote(r).String(), r.UserAgent())
	if err != nil {
		return err
	}
	p.SetCookie(w, r, token, store.SessionLasts)
	if text == "" {
		return nil
	}
	one, err := p.o.Store.Session(r.Context(), token, time.Now())
	if err == nil {
		p.Drawer(one.ID, func(d *Drawer) { d.Flash = Flash{Text: text} })
	}
	return err
}

// Login is the address of the login that leads on to a page of ours; next may be "".
func Login(next string) string {
	if next == "" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {next}}.Encode()
}

// Local gives back the path of a page of ours, and "" for whatever might lead elsewhere.
func Local(path string) string {
	odd := strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' })
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || odd { // browsers read \ as /, and skip tabs
		return ""
	}
	if u, err := url.Parse(path); err != nil || u.Scheme != "" || u.Host != "" {
		return ""
	}
	return path
}
